"""Copies in another order: flipped, rolled, turned, repeated, triangles and diagonals."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, Unsupported, derivative, infer, op, refuses, samples
from ._help import axes, axis
from ._space import public
from .errors import expected

Tensor = core.Tensor


def _reverse_form(b, x, dims):
    dims = dims if isinstance(dims, (tuple, list)) else (dims,)
    low = -(2**62)
    return b.node(
        "Slice", x, *(b.constant(np.array(v, np.int64)) for v in ([-1] * len(dims), [low] * len(dims), list(dims), [-1] * len(dims)))
    )


@op("call", star="dims", dtypes=ALL, onnx=_reverse_form)
def flip(input, dims):
    """Reverse the order along dimensions.

    Args:
        input: Tensor.
        dims: The dimensions.

    Shape:
        input: (*); result: that of input.

    Returns:
        A copy.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> flip(tensor([1, 2, 3]), (0,))
        tensor([3, 2, 1])
    """
    return np.flip(input, dims if isinstance(dims, int) else tuple(dims))


@infer(flip)
def _(input, dims):
    chosen = axes("flip", dims, input.ndim, "dims") if dims != () else ()
    return [(tuple(input.shape), input.dtype)], [sum(1 << d for d in chosen)], []


derivative(flip, input=lambda g, dims: flip(g, dims))


@public("torch", methods=("fliplr",))
def fliplr(input):
    """Reverse the order along dimension 1.

    Args:
        input: Tensor of 2 or more dimensions.

    Shape:
        input: (n, m, *); result: (n, m, *).

    Returns:
        A copy.

    Raises:
        RuntimeError: there are fewer dimensions.
    """
    if input.ndim < 2:
        raise expected("fliplr", "input of 2 or more dimensions", input, error=RuntimeError)
    return flip(input, (1,))


@public("torch", methods=("flipud",))
def flipud(input):
    """Reverse the order along dimension 0.

    Args:
        input: Tensor of 1 or more dimensions.

    Shape:
        input: (n, *); result: (n, *).

    Returns:
        A copy.

    Raises:
        RuntimeError: `input` has no dimensions.
    """
    if not input.ndim:
        raise expected("flipud", "input of 1 or more dimensions", input, error=RuntimeError)
    return flip(input, (0,))


@samples(flip)
def _(s):
    yield s(s.normal(3, 4), (0,))
    yield s(s.normal(2, 3, 4), (0, -1))


@refuses(flip)
def _(s):
    yield s(s.normal(3), (1,)).raises(IndexError, "flip: expected dims")


@op("call", dtypes=ALL, onnx=Unsupported("ONNX has no roll; export slices and a join"))
def roll(input, shifts, dims=None):
    """Move elements along dimensions; what leaves at the end comes back at the start.

    Args:
        input: Tensor.
        shifts: By how many places, for each of `dims`.
        dims: The dimensions; None and () roll the flattened tensor. One that is named twice is rolled twice.

    Shape:
        input: (*); result: that of input.

    Returns:
        A copy.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: there are not as many shifts as dimensions.

    Example:
        >>> roll(tensor([1, 2, 3]), 1)
        tensor([3, 1, 2])
    """
    flat = dims is None or dims in ((), [])
    return np.roll(input, shifts, None if flat else dims) if input.size else input.copy()


@infer(roll)
def _(input, shifts, dims):
    shifts = shifts if isinstance(shifts, (tuple, list)) else (shifts,)
    dims = () if dims is None else dims if isinstance(dims, (tuple, list)) else (dims,)
    if not shifts:
        raise expected("roll", "one shift or more", "()", error=RuntimeError)
    if len(shifts) != max(len(dims), 1):
        raise expected("roll", "as many shifts as dims", f"{len(shifts)} and {len(dims)}", error=RuntimeError)
    for d in dims if input.numel() else ():
        if not input.ndim:
            raise expected("roll", "no dims for a tensor without dimensions", d, error=IndexError)
        axis("roll", d, input.ndim, "dims")
    return [(tuple(input.shape), input.dtype)], [], []


def _roll_back(g, shifts, dims):
    return roll(g, tuple(-n for n in shifts) if isinstance(shifts, (tuple, list)) else -shifts, dims)


derivative(roll, input=_roll_back)


@samples(roll)
def _(s):
    yield s(s.normal(5), 2)
    yield s(s.normal(3, 4), 1)
    yield s(s.normal(3, 4), (1, -2), (0, 1))
    yield s(s.normal(3, 4), (1, 1), (0, 0))
    yield s(s.normal(3, 4), 1, ())


@refuses(roll)
def _(s):
    yield s(s.normal(), 0, 0).raises(IndexError, "roll: expected no dims")
    yield s(s.normal(3), 1, 2).raises(IndexError, "roll: expected dims in [-1, 0]")
    yield s(s.normal(3), ()).raises(RuntimeError, "roll: expected one shift or more")
    yield s(s.normal(3), (1, 2), 0).raises(RuntimeError, "roll: expected as many")


@op("composite", dtypes=ALL, onnx=Unsupported("ONNX has no rotation; export transpose and flip"))
def rot90(input, k=1, dims=(0, 1)):
    """Turn by right angles in the plane of two dimensions.

    Args:
        input: Tensor.
        k: How many times, from the first of `dims` towards the second.
        dims: The plane.

    Shape:
        input: (*, n, *, m, *); result: the same, or with n and m swapped.

    Returns:
        A copy.

    Raises:
        RuntimeError: `dims` are not two different dimensions.

    Example:
        >>> rot90(tensor([[1, 2], [3, 4]]))
        tensor([[2, 4],
                [1, 3]])
    """
    if input.ndim < 2:
        raise expected("rot90", "input of 2 or more dimensions", input, error=RuntimeError)
    plane = axes("rot90", tuple(dims), input.ndim, "dims")
    if len(plane) != 2:
        raise expected("rot90", "two dims", tuple(dims), error=RuntimeError)
    i, j = plane
    if k % 4 == 0:
        return input.clone()
    if k % 4 == 2:
        return flip(input, plane)
    return flip(input.transpose(i, j), (i,) if k % 4 == 1 else (j,))


@samples(rot90)
def _(s):
    yield s(s.normal(2, 3))
    yield s(s.normal(2, 3), 2)
    yield s(s.normal(2, 3, 4), -1, (1, 2))


@refuses(rot90)
def _(s):
    yield s(s.normal(2, 3), 1, (0, 0)).raises(RuntimeError, "rot90: expected each dimension once")


@op(
    "composite",
    spaces=(),
    star="sizes",
    dtypes=ALL,
    peer=lambda torch, x, sizes: x.repeat(sizes),
    onnx=lambda b, x, sizes: b.node(
        "Tile",
        b.node("Reshape", x, b.constant(np.array((1,) * (len(sizes) - len(b.shape(x))) + tuple(b.shape(x)), np.int64))),
        b.constant(np.array(sizes, np.int64)),
    ),
)
def repeat(input, sizes):
    """Put copies of a tensor beside each other.

    Args:
        input: Tensor.
        sizes: How many along each dimension; more of them than dimensions add dimensions in front.

    Shape:
        input: (n_1, ...); result: (sizes_1 n_1, ...).

    Returns:
        A copy.

    Raises:
        RuntimeError: there are fewer sizes than dimensions.

    Example:
        >>> tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    sizes = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    if len(sizes) < input.ndim or any(n < 0 for n in sizes):
        raise expected("repeat", f"{input.ndim} or more sizes, all >= 0", sizes, error=RuntimeError)
    shape = (1,) * (len(sizes) - input.ndim) + tuple(input.shape)
    pairs = tuple(m for pair in zip((1,) * len(shape), shape, strict=True) for m in pair)
    wide = tuple(m for pair in zip(sizes, shape, strict=True) for m in pair)
    whole = input.reshape(pairs).expand(wide).clone(memory_format=None)
    return whole.reshape(tuple(n * m for n, m in zip(sizes, shape, strict=True)))


@op("composite", star="dims", dtypes=ALL, onnx=Unsupported("export repeat"))
def tile(input, dims):
    """Put copies of a tensor beside each other; missing counts in front are 1.

    Args:
        input: Tensor.
        dims: How many along each dimension.

    Shape:
        input: (n_1, ...); result: (dims_1 n_1, ...).

    Returns:
        A copy.

    Example:
        >>> tile(tensor([1, 2]), (2,))
        tensor([1, 2, 1, 2])
    """
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    return repeat(input, (1,) * (input.ndim - len(dims)) + dims)


@samples(repeat)
def _(s):
    yield s(s.normal(2, 3), (2, 3))
    yield s(s.normal(3), (2, 1, 2))
    yield s(s.normal(2, 1), (1, 3))


@samples(tile)
def _(s):
    yield s(s.normal(2, 3), (2,))
    yield s(s.normal(3), (2, 2))


@refuses(repeat)
def _(s):
    yield s(s.normal(2, 3), (2,)).raises(RuntimeError, "repeat: expected 2 or more sizes")


@op("composite", dtypes=ALL, onnx=Unsupported("counts may depend on values"))
def repeat_interleave(input, repeats, dim=None, *, output_size=None):
    """Repeat each element, or each slice along a dimension.

    Args:
        input: Tensor.
        repeats: How often: a number, or one for each index.
        dim: The dimension; None works on the flattened tensor.
        output_size: Accepted for PyTorch's sake.

    Shape:
        input: (*, n, *); result: (*, sum of repeats, *).

    Returns:
        A copy.

    Raises:
        RuntimeError: there are not as many repeats as indices.

    Example:
        >>> repeat_interleave(tensor([1, 2]), tensor([2, 1]))
        tensor([1, 1, 2])
    """
    if dim is None:
        input, dim = input.reshape((-1,)), 0
    n = input.shape[dim]
    counts = repeats.numpy() if isinstance(repeats, Tensor) else np.asarray(repeats)
    if counts.size not in (1, n):
        raise expected("repeat_interleave", f"1 or {n} repeats", str(counts.size), error=RuntimeError)
    places = np.repeat(np.arange(n), counts.reshape(-1) if counts.size > 1 else int(counts.reshape(())))
    return input.index_select(dim, core.from_numpy(places))


@samples(repeat_interleave)
def _(s):
    yield s(s.normal(2, 3), 2)
    yield s(s.normal(2, 3), 2, 1)
    yield s(s.normal(2, 3), s.integers(3, high=3), -1)


@refuses(repeat_interleave)
def _(s):
    yield s(s.normal(3), s.integers(2)).raises(RuntimeError, "repeat_interleave: expected 1 or 3")
