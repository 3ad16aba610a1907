"""Norms of matrices, and what chooses between norms of vectors and of matrices."""

from __future__ import annotations

from .._define import COMPLEX, FLOATING, Unsupported, op, refuses, samples
from .._help import axes
from ..errors import expected
from ..magnitude import norm_form, vector_norm
from .svd import singular_values

DTYPES = (*FLOATING, *COMPLEX)
BY_SINGULAR_VALUES = (2, -2, "nuc")
INFINITE = float("inf")


@op(
    "composite",
    spaces="linalg",
    methods=False,
    dtypes=DTYPES,
    peer="linalg.matrix_norm",
    out="exact",
    onnx=Unsupported("a norm of matrices"),
)
def linalg_matrix_norm(input, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """Take the norm of matrices.

    "fro": the root of the sum of squares. "nuc": the sum of the singular values; 2 and -2: the largest and the smallest one.
    1 and -1: the largest and smallest sum of sizes in a column; inf and -inf: in a row.

    Args:
        input: Tensor of a floating or complex dtype.
        ord: One of these norms.
        dim: The two dimensions that are rows and columns; they go.
        keepdim: Keep them with size 1.
        dtype: What `input` is converted to first.

    Shape:
        input: (*, m, n); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`, of the real one if that is complex.

    Raises:
        RuntimeError: `input` is neither floating nor complex, or of half precision where singular values are needed; `ord` is another one;
            `dim` are not two dimensions.
        IndexError: there are no such dimensions.

    Example:
        >>> linalg.matrix_norm(tensor([[3.0, 0.0], [0.0, 4.0]]), "nuc")
        tensor(7.)
    """
    return _of_matrices("linalg.matrix_norm", input, ord, dim, keepdim, dtype)


def _of_matrices(name, input, ord, dim, keepdim, dtype):
    if input.ndim < 2:
        raise expected(name, "input of 2 or more dimensions", input, error=RuntimeError)
    if not (input.is_floating_point() or input.is_complex()):
        raise expected(name, "input of a floating or complex dtype", input, "cast with input.float()", RuntimeError)
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise expected(name, "dim to be two dimensions", dim, error=RuntimeError)
    rows, columns = axes(name, dim, input.ndim)
    if ord == "fro":
        return vector_norm(input, 2, (rows, columns), keepdim, dtype=dtype)
    if ord in BY_SINGULAR_VALUES:
        return _by_singular_values(name, input if dtype is None else input.to(dtype), ord, rows, columns, keepdim)
    if isinstance(ord, str) or ord not in (1, -1, INFINITE, -INFINITE):
        raise expected(name, 'ord to be "fro", "nuc", 1, -1, 2, -2, inf or -inf', ord, error=RuntimeError)
    within, across = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = vector_norm(input, 1, within, True, dtype=dtype)
    found = _extreme(sums, ord, across)
    return found if keepdim else found.squeeze((rows, columns))


def _by_singular_values(name, input, ord, rows, columns, keepdim):
    if input.dtype.itemsize < 4:
        raise expected(name, f"input of float32 or wider for the norm {ord}", input, "cast it", RuntimeError)
    values = singular_values(input.movedim((rows, columns), (-2, -1)))
    found = values.sum(-1) if ord == "nuc" else _extreme(values, ord, -1).squeeze(-1)
    for d in sorted((rows, columns)) if keepdim else ():
        found = found.unsqueeze(d)
    return found


def _extreme(values, ord, dim):
    """The largest of them, or the smallest where ord < 0; the largest of no sizes is 0."""
    if ord < 0:
        return values.amin(dim, True)
    return values.amax(dim, True) if values.shape[dim] else values.sum(dim, True)


@samples(linalg_matrix_norm)
def _(s):
    for ord in ("fro", "nuc", 2, -2, 1, -1, INFINITE, -INFINITE):
        yield s(s.normal(3, 4), ord)
    yield s(s.normal(2, 3, 4), "nuc", (2, 0), True)
    yield s(s.normal(2, 3, 4), 1, (0, -1), True)


@refuses(linalg_matrix_norm)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "linalg.matrix_norm: expected input of 2 or more dimensions")
    yield s(s.integers(3, 3)).raises(RuntimeError, "linalg.matrix_norm: expected input of a floating or complex dtype")
    yield s(s.normal(3, 3), 3).raises(RuntimeError, 'linalg.matrix_norm: expected ord to be "fro"')
    yield s(s.normal(3, 3), dim=(0,)).raises(RuntimeError, "linalg.matrix_norm: expected dim to be two dimensions")
    yield s(s.normal(3, 3), dim=(0, 0)).raises(RuntimeError, "linalg.matrix_norm: expected each dimension once")
    yield s(s.normal(3, 3).half(), "nuc").raises(RuntimeError, "linalg.matrix_norm: expected input of float32 or wider")


@op(
    "composite",
    spaces="linalg",
    methods=False,
    dtypes=DTYPES,
    peer="linalg.norm",
    out="exact",
    onnx=Unsupported("a norm of vectors or matrices"),
)
def linalg_norm(input, ord=None, dim=None, keepdim=False, *, dtype=None):
    """Take the norm of vectors or of matrices.

    Without `ord`, the root of the sum of squares over `dim`. With it, `linalg.vector_norm` over one dimension, and
    `linalg.matrix_norm` over two, of `dim` or else of `input`.

    Args:
        input: Tensor of a floating or complex dtype.
        ord: Order of the norm.
        dim: One or two dimensions that go; None means all.
        keepdim: Keep them with size 1.
        dtype: What `input` is converted to first.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`, of the real one if that is complex.

    Raises:
        RuntimeError: `input` is neither floating nor complex, `ord` is no such norm, or there are other than one or two dimensions.
        IndexError: there are no such dimensions.

    Example:
        >>> linalg.norm(tensor([[3.0, 0.0], [0.0, 4.0]]), 1)
        tensor(4.)
    """
    many = dim is not None and not isinstance(dim, int)
    if ord is None:
        return vector_norm(input, 2, dim, keepdim, dtype=dtype)
    if isinstance(ord, str) or (many and len(dim) == 2) or (dim is None and input.ndim == 2):
        return _of_matrices("linalg.norm", input, ord, tuple(range(input.ndim)) if dim is None else dim, keepdim, dtype)
    if (many and len(dim) != 1) or (dim is None and input.ndim != 1):
        raise expected("linalg.norm", "one or two dimensions where ord is given", input if dim is None else dim, error=RuntimeError)
    return vector_norm(input, ord, dim, keepdim, dtype=dtype)


@samples(linalg_norm)
def _(s):
    yield s(s.normal(2, 3, 2))
    yield s(s.normal(4), 3)
    yield s(s.normal(3, 4), "nuc")
    yield s(s.normal(2, 3, 4), 1, (0, 2), True)
    yield s(s.normal(2, 3, 4), INFINITE, -1)


@refuses(linalg_norm)
def _(s):
    yield s(s.integers(3)).raises(RuntimeError, "vector_norm: expected x of a floating or complex dtype")
    yield s(s.normal(2, 2, 2), 2).raises(RuntimeError, "linalg.norm: expected one or two dimensions")
    yield s(s.normal(3), "fro").raises(RuntimeError, "linalg.norm: expected input of 2 or more dimensions")


def _norm_form(b, x, p, dim, keepdim, dtype):
    return Unsupported("the nuclear norm") if p == "nuc" else norm_form(b, x, 2 if p in ("fro", None) else p, dim, keepdim, dtype)


@op("composite", dtypes=DTYPES, out="exact", onnx=_norm_form)
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """Take the norm of vectors, of matrices as vectors, or the nuclear norm of matrices; `linalg.norm` is the newer form.

    y = sum(|input| ** p) ** (1 / p)

    Args:
        input: Tensor of a floating or complex dtype.
        p: Order of the norm; "fro" and None mean 2, "nuc" the sum of singular values.
        dim: Dimension or dimensions that go, two for "nuc"; None means all.
        keepdim: Keep them with size 1.
        dtype: What `input` is converted to first.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`, of the real one if that is complex.

    Raises:
        RuntimeError: `input` is neither floating nor complex, `p` is another word, or it is one and there are not two dimensions.

    Example:
        >>> norm(tensor([3.0, 4.0]))
        tensor(5.)
    """
    many = dim is not None and not isinstance(dim, int)
    if not isinstance(p, str) or (p == "fro" and not (many and len(dim) > 2)):
        return vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)
    dims = dim if many else tuple(range(input.ndim)) if dim is None else (dim,)
    return _of_matrices("norm", input, p, dims, keepdim, dtype)


@samples(norm)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.away(3, 4), 1, 0)
    yield s(s.normal(2, 3, 4), "nuc", (1, 2))
    yield s(s.normal(2, 3, 4), None, (0, 1), True)


@refuses(norm)
def _(s):
    yield s(s.normal(3), "nuc").raises(RuntimeError, "norm: expected input of 2 or more dimensions")
    yield s(s.normal(3, 3), "max").raises(RuntimeError, 'norm: expected ord to be "fro"')
    yield s(s.normal(3, 3, 3), "fro", (0, 1, 2)).raises(RuntimeError, "norm: expected dim to be two dimensions")
