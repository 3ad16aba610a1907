"""Running sums, products and extremes along a dimension, and differences."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis, made, ordered
from .arithmetic import sub
from .comparison import eq, where
from .errors import expected
from .logical import logical_xor
from .pieces import cat
from .rearrange import flip

Tensor = core.Tensor


def _scan(name, input, dim):
    return [(tuple(input.shape), input.dtype)], [axis(name, dim, input.ndim)], []


def _wide(input, dtype):
    """What is summed: in int64 unless floating."""
    if dtype is not None:
        return input.to(dtype)
    return input if input.dtype.is_floating_point or input.dtype.is_complex else input.to(core.int64)


def _in(dtype):
    """What NumPy adds up in, so that float32 does not lose digits on the way."""
    return {"f": np.float64, "c": np.complex128}.get(dtype.kind)


@op("call", spaces=(), methods=False, kernel="cumsum", peer="cumsum", dtypes=(*FLOATING, *COMPLEX, "int64"),
    onnx=lambda b, x, dim: b.node("CumSum", x, b.constant(np.array(dim, np.int64))))  # fmt: skip
def cumsum_along(input, dim):
    """`cumsum` in the dtype of its input."""
    if not input.ndim:
        return input.copy()
    return np.cumsum(input, axis=dim, dtype=_in(input.dtype)).astype(input.dtype)


@infer(cumsum_along)
def _(input, dim):
    return _scan("cumsum", input, dim)


derivative(cumsum_along, input=lambda g, dim: _from_end(g, dim))


def _from_end(g, dim):
    """Sums from the end."""
    return flip(cumsum_along(flip(g, (dim,)), dim), (dim,)) if g.ndim else g


@op("composite", inplace=True, dtypes=(*NUMBER, *COMPLEX),
    out="whole", onnx=lambda b, x, dim, dtype: b.node("CumSum", x, b.constant(np.array(dim, np.int64))))  # fmt: skip
def cumsum(input, dim, *, dtype=None):
    """Add up along a dimension, keeping all partial sums.

    y_i = input_0 + ... + input_i

    Args:
        input: Tensor.
        dim: The dimension.
        dtype: What `input` is converted to first.

    Shape:
        input: (*, n, *); result: (*, n, *).

    Returns:
        Tensor of the dtype of `input`; of int64 for bool and whole numbers.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> cumsum(tensor([1, 2, 3]), 0)
        tensor([1, 3, 6])
    """
    return cumsum_along(_wide(input, dtype), dim)


@op(
    "call",
    spaces=(),
    methods=False,
    kernel="cumprod",
    peer="cumprod",
    dtypes=(*FLOATING, *COMPLEX, "int64"),
    onnx=Unsupported("ONNX has running sums only"),
)
def cumprod_along(input, dim):
    """`cumprod` in the dtype of its input."""
    if not input.ndim:
        return input.copy()
    return np.cumprod(input, axis=dim, dtype=_in(input.dtype)).astype(input.dtype)


@infer(cumprod_along)
def _(input, dim):
    return _scan("cumprod", input, dim)


def _cumprod_input(g, input, result, dim):
    """Without zeros the product of the others is a quotient; with zeros each input in turn is replaced by 1."""
    if not input.ndim:
        return g
    if not bool(eq(input, 0).any()):
        return _from_end(g * result, dim) / input
    n, rows = input.shape[dim], input.movedim(dim, -1)
    one_left_out = where(core.from_numpy(np.eye(n, dtype=bool)), 1, rows.unsqueeze(-2).expand((*rows.shape[:-1], n, n)))
    products = where(core.from_numpy(np.triu(np.ones((n, n), bool))), cumprod_along(one_left_out, -1), 0)
    return (products * g.movedim(dim, -1).unsqueeze(-2)).sum(-1).movedim(-1, dim)


derivative(cumprod_along, input=_cumprod_input)


@op("composite", inplace=True, dtypes=(*NUMBER, *COMPLEX), out="whole", onnx=Unsupported("ONNX has running sums only"))
def cumprod(input, dim, *, dtype=None):
    """Multiply along a dimension, keeping all partial products.

    y_i = input_0 * ... * input_i

    Args:
        input: Tensor.
        dim: The dimension.
        dtype: What `input` is converted to first.

    Shape:
        input: (*, n, *); result: (*, n, *).

    Returns:
        Tensor of the dtype of `input`; of int64 for bool and whole numbers.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> cumprod(tensor([1, 2, 3]), 0)
        tensor([1, 2, 6])
    """
    return cumprod_along(_wide(input, dtype), dim)


@samples(cumsum)
@samples(cumsum_along)
@samples(cumprod)
@samples(cumprod_along)
def _(s):
    yield s(s.positive(3, 4), 0)
    yield s(s.positive(3, 4), -1)
    yield s(s.tensor([[1, 2, 0], [3, 0, 0]]), 1)


@refuses(cumsum)
@refuses(cumprod)
def _(s):
    yield s(s.normal(3), 1).raises(IndexError, ": expected dim")


@op("call", outputs=("values", "indices"), dtypes=NUMBER, onnx=Unsupported("ONNX has running sums only"))
def cummax(input, dim):
    """Take the largest element so far along a dimension; the last of equal ones.

    Args:
        input: Tensor.
        dim: The dimension.

    Shape:
        input: (*, n, *); results: (*, n, *).

    Returns:
        A named tuple of `values` and the `indices` where they are.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> cummax(tensor([1, 3, 2]), 0).values
        tensor([1, 3, 3])
    """
    if not input.ndim:
        return input, np.zeros((), np.int64)
    values = np.maximum.accumulate(input, axis=dim)
    places = np.arange(input.shape[dim]).reshape([-1 if i == dim % input.ndim else 1 for i in range(input.ndim)])
    return values, np.maximum.accumulate(np.where((input == values) | (input != input), places, 0), axis=dim)


@infer(cummax)
def _(input, dim):
    ordered("cummax", input)
    ((shape, dtype),), ints, _ = _scan("cummax", input, dim)
    return [(shape, dtype), (shape, core.int64)], ints, []


@op("call", outputs=("values", "indices"), dtypes=NUMBER, onnx=Unsupported("ONNX has running sums only"))
def cummin(input, dim):
    """Take the smallest element so far along a dimension; the last of equal ones.

    Args:
        input: Tensor.
        dim: The dimension.

    Shape:
        input: (*, n, *); results: (*, n, *).

    Returns:
        A named tuple of `values` and the `indices` where they are.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> cummin(tensor([3, 1, 2]), 0).values
        tensor([3, 1, 1])
    """
    if not input.ndim:
        return input, np.zeros((), np.int64)
    values = np.minimum.accumulate(input, axis=dim)
    places = np.arange(input.shape[dim]).reshape([-1 if i == dim % input.ndim else 1 for i in range(input.ndim)])
    return values, np.maximum.accumulate(np.where((input == values) | (input != input), places, 0), axis=dim)


@infer(cummin)
def _(input, dim):
    ordered("cummin", input)
    ((shape, dtype),), ints, _ = _scan("cummin", input, dim)
    return [(shape, dtype), (shape, core.int64)], ints, []


def _extreme_input(g, result, input_shape, dim):
    if not input_shape:
        return g[0]
    return made(input_shape, g[0].dtype, g[0].device).scatter_add(dim, result[1], g[0])


derivative(cummax, input=_extreme_input)
derivative(cummin, input=_extreme_input)


@samples(cummax)
@samples(cummin)
def _(s):
    yield s(s.distinct(3, 4), 0)
    yield s(s.distinct(3, 4), -1)


@op("composite", tensors=("input", "prepend", "append"), dtypes=(*ALL, *COMPLEX), onnx=Unsupported("export slices and a subtraction"))
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """Subtract each element along a dimension from the next; of bool, tell where they differ.

    y_i = input_(i + 1) - input_i, n times

    Args:
        input: Tensor.
        n: How often; 0 gives `input` itself, whatever else is given.
        dim: The dimension.
        prepend: What to put in front along `dim` first.
        append: What to put behind along `dim` first.

    Shape:
        input: (*, m, *); result: (*, m - n, *).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `n` is negative, or `input` has no dimension.

    Example:
        >>> diff(tensor([1, 3, 2]))
        tensor([ 2, -1])
    """
    if n < 0 or not input.ndim:
        raise expected("diff", "n >= 0 and input of 1 or more dimensions", f"{n} and {input.ndim} dimensions", error=RuntimeError)
    d = axis("diff", dim, input.ndim)
    parts = [x for x in (prepend, input, append) if x is not None]
    y = cat(parts, d) if len(parts) > 1 and n else input
    less = logical_xor if y.dtype is core.bool_ else sub
    for _ in range(min(n, y.shape[d])):
        m = y.shape[d]
        y = less(y.narrow(d, 1, m - 1), y.narrow(d, 0, m - 1))
    return y


@samples(diff)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(5, 2), 2, 0)
    yield s(s.normal(3), 1, 0, s.normal(1), s.normal(2))
    yield s(s.normal(3), 0, 0, s.normal(1))


@refuses(diff)
def _(s):
    yield s(s.normal(3), -1).raises(RuntimeError, "diff: expected n >= 0")
