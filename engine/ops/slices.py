"""Views of a part: indexing, narrowing, diagonals, windows, and cutting into pieces."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis, made, sizes
from .errors import expected
from .primitive import restride

Tensor = core.Tensor


def _placed(g, shape, part):
    """Zeros of `shape` with `g` in the part that a view shows."""
    whole = made(shape, g.dtype, g.device)
    part(whole).copy_(g)
    return whole


def _getitem_form(b, x, index):
    """Slice along every dimension at once, then drop those that an int took, then add those that None asks for."""
    index, shape = index if isinstance(index, tuple) else (index,), b.shape(x)
    at = sum(i is not None and i is not Ellipsis for i in index)
    starts, ends, dims, steps, gone, new, d, out = [], [], [], [], [], [], 0, 0
    for i in index:
        if i is None:
            new.append(out)
            out += 1
        elif i is Ellipsis:
            d, out = d + len(shape) - at, out + len(shape) - at
        else:
            low, high, step = (i.start or 0, i.stop, i.step or 1) if isinstance(i, slice) else (i, i + 1 or None, 1)
            for held, v in zip((starts, ends, dims, steps), (low, 2**62 if high is None else high, d, step), strict=True):
                held.append(v)
            gone += [] if isinstance(i, slice) else [d]
            d, out = d + 1, out + isinstance(i, slice)
    y = b.node("Slice", x, *(b.constant(np.array(v, np.int64)) for v in (starts, ends, dims, steps))) if dims else x
    y = b.node("Squeeze", y, b.constant(np.array(gone, np.int64))) if gone else y
    return b.node("Unsqueeze", y, b.constant(np.array(new, np.int64))) if new else y


@op("view", spaces=(), methods=False, dtypes=ALL, onnx=_getitem_form, peer=lambda torch, x, index: x[index])
def getitem(input, index):
    """Take a part, as `input[index]` does where the index consists of ints, slices, None and `...`.

    Args:
        input: Tensor.
        index: An index or a tuple of them; slices have positive steps.

    Shape:
        input: (*); result: as NumPy and PyTorch say.

    Returns:
        A view.

    Raises:
        IndexError: an int is out of range, or there are too many indices.

    Example:
        >>> tensor([[1, 2], [3, 4]])[:, 0]
        tensor([1, 3])
    """
    return input[index]


@infer(getitem)
def _(input, index):
    probe = np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), tuple(input.shape), input.stride())
    part = probe[index]
    return part.shape, part.strides, part.__array_interface__["data"][0] - probe.__array_interface__["data"][0]


derivative(getitem, input=lambda g, input_shape, index: _placed(g, input_shape, lambda whole: getitem(whole, index)))


@samples(getitem)
def _(s):
    yield s(s.normal(3, 4), 1)
    yield s(s.normal(3, 4), (slice(None), -1))
    yield s(s.normal(5, 4), (slice(1, 5, 2), None, slice(2)))
    yield s(s.normal(2, 3, 4), (..., slice(1, 3)))
    yield s(s.normal(2, 3), (1, 2))


@refuses(getitem)
def _(s):
    yield s(s.normal(3), 3).raises(IndexError, "getitem: expected an index in the range")
    yield s(s.normal(3), (0, 0)).raises(IndexError, "getitem: expected at most 1")


@op("view", dtypes=ALL, onnx=lambda b, x, dim, index: b.node("Gather", x, b.constant(np.array(index, np.int64)), axis=dim))
def select(input, dim, index):
    """Take the slice at an index of a dimension, without that dimension.

    Args:
        input: Tensor.
        dim: The dimension.
        index: Where; negative ones count from the end.

    Shape:
        input: (*, n, *); result: (*, *).

    Returns:
        A view.

    Raises:
        IndexError: there is no such index or dimension.

    Example:
        >>> select(tensor([[1, 2], [3, 4]]), 1, 0)
        tensor([1, 3])
    """
    return np.take(input, index, axis=dim)


@infer(select)
def _(input, dim, index):
    d = axis("select", dim, input.ndim)
    n, shape, strides = input.shape[d], tuple(input.shape), input.stride()
    if not -n <= index < n:
        raise expected("select", f"an index in the range [{-n}, {n - 1}] for dimension {d}", index, error=IndexError)
    return shape[:d] + shape[d + 1 :], strides[:d] + strides[d + 1 :], index % n * strides[d]


derivative(select, input=lambda g, input_shape, dim, index: _placed(g, input_shape, lambda whole: select(whole, dim, index)))


@samples(select)
def _(s):
    yield s(s.normal(3, 4), 0, 1)
    yield s(s.normal(2, 3, 4), -1, -2)


@refuses(select)
def _(s):
    yield s(s.normal(3, 4), 0, 3).raises(IndexError, "select: expected an index in the range")


def _narrow_form(b, x, dim, start, length):
    start = int(start)
    return b.node("Slice", x, *(b.constant(np.array([v], np.int64)) for v in (start, start + length or 2**62, dim)))


@op("view", dtypes=ALL, onnx=_narrow_form)
def narrow(input, dim, start, length):
    """Take some consecutive indices of a dimension.

    Args:
        input: Tensor.
        dim: The dimension.
        start: First index; negative ones count from the end.
        length: How many.

    Shape:
        input: (*, n, *); result: (*, length, *).

    Returns:
        A view.

    Raises:
        IndexError: there is no index `start`.
        RuntimeError: there are fewer than `length` from there.

    Example:
        >>> narrow(tensor([1, 2, 3, 4]), 0, 1, 2)
        tensor([2, 3])
    """
    start = int(start) % max(input.shape[dim], 1) if start < 0 else int(start)
    return np.take(input, range(start, start + length), axis=dim)


@infer(narrow)
def _(input, dim, start, length):
    d, start = axis("narrow", dim, input.ndim), int(start)
    n = input.shape[d]
    if not -n <= start <= n:
        raise expected("narrow", f"start in the range [{-n}, {n}]", start, error=IndexError)
    start += n if start < 0 else 0
    if not 0 <= length <= n - start:
        raise expected("narrow", f"a length of 0 to {n - start} from {start} in dimension {d}", length, error=RuntimeError)
    shape = tuple(input.shape)
    return (*shape[:d], length, *shape[d + 1 :]), input.stride(), start * input.stride()[d]


derivative(
    narrow,
    input=lambda g, input_shape, dim, start, length: _placed(g, input_shape, lambda whole: narrow(whole, dim, start, length)),
)


@samples(narrow)
def _(s):
    yield s(s.normal(3, 4), 0, 1, 2)
    yield s(s.normal(3, 4), 1, -3, 2)
    yield s(s.normal(3, 4), 1, 4, 0)


@refuses(narrow)
def _(s):
    yield s(s.normal(3, 4), 0, 2, 2).raises(RuntimeError, "narrow: expected a length")
    yield s(s.normal(3, 4), 0, 4, 0).raises(IndexError, "narrow: expected start")


@op("view", dtypes=ALL, onnx=Unsupported("ONNX has no diagonal"))
def diagonal(input, offset=0, dim1=0, dim2=1):
    """Take a diagonal of two dimensions; it becomes the last dimension.

    Args:
        input: Tensor of 2 or more dimensions.
        offset: Which diagonal: 0 the main one, above it > 0, below it < 0.
        dim1: First dimension.
        dim2: Second dimension.

    Shape:
        input: (*, n, *, m, *); result: (*, *, *, length).

    Returns:
        A view.

    Raises:
        RuntimeError: both dimensions are the same.

    Example:
        >>> diagonal(tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    return np.diagonal(input, offset, dim1, dim2)


@infer(diagonal)
def _(input, offset, dim1, dim2):
    i, j = axis("diagonal", dim1, input.ndim, "dim1"), axis("diagonal", dim2, input.ndim, "dim2")
    if i == j:
        raise expected("diagonal", "two different dimensions", f"{dim1} and {dim2}", error=RuntimeError)
    shape, strides = tuple(input.shape), input.stride()
    rest = [d for d in range(input.ndim) if d not in (i, j)]
    length = max(0, min(shape[i], shape[j] - offset) if offset >= 0 else min(shape[i] + offset, shape[j]))
    start = (offset * strides[j] if offset >= 0 else -offset * strides[i]) if length else 0
    return (*(shape[d] for d in rest), length), (*(strides[d] for d in rest), strides[i] + strides[j]), start


derivative(
    diagonal,
    input=lambda g, input_shape, offset, dim1, dim2: _placed(g, input_shape, lambda whole: diagonal(whole, offset, dim1, dim2)),
)


@samples(diagonal)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(3, 4), 1)
    yield s(s.normal(3, 4), -2)
    yield s(s.normal(2, 3, 3), 0, -1, -2)


@refuses(diagonal)
def _(s):
    yield s(s.normal(3, 4), 0, 1, 1).raises(RuntimeError, "diagonal: expected two different")


@op(
    "view",
    spaces=(),
    methods=("unfold",),
    dtypes=ALL,
    onnx=Unsupported("ONNX has no sliding windows"),
    peer=lambda torch, x, *a: x.unfold(*a),
)
def windows(input, dimension, size, step):
    """Take all windows of a dimension; they become one more dimension, the last.

    Args:
        input: Tensor.
        dimension: The dimension.
        size: Length of a window.
        step: From one window to the next.

    Shape:
        input: (*, n, *); result: (*, (n - size) // step + 1, *, size).

    Returns:
        A view, in which windows that overlap share memory.

    Raises:
        RuntimeError: a window is longer than the dimension, or `step` is less than 1.

    Example:
        >>> tensor([1, 2, 3, 4]).unfold(0, 2, 1)
        tensor([[1, 2],
                [2, 3],
                [3, 4]])
    """
    if not input.ndim:
        return np.broadcast_to(input, (size,))
    found = np.lib.stride_tricks.sliding_window_view(input, size, axis=dimension)
    return np.take(found, range(0, found.shape[dimension], step), axis=dimension)


@infer(windows)
def _(input, dimension, size, step):
    d = axis("unfold", dimension, input.ndim, "dimension")
    shape, strides = list(input.shape) or [1], list(input.stride()) or [1]
    if not input.ndim and size in (0, 1) and step > 0:  # PyTorch's result has one dimension only
        return (size,), (1,), 0
    if not 0 <= size <= shape[d]:
        raise expected("unfold", f"size of 0 to {shape[d]}", size, error=RuntimeError)
    if step < 1:
        raise expected("unfold", "step of 1 or more", step, error=RuntimeError)
    shape[d], last, strides[d] = (shape[d] - size) // step + 1, strides[d], strides[d] * step
    return (*shape, size), (*strides, last), 0


def _unfold_input(g, input_shape, dimension, size, step):
    """Add the windows up, one place of all windows at a time."""
    if not input_shape:
        return g.sum()
    whole = made(input_shape, g.dtype, g.device)
    d = dimension % max(len(input_shape), 1)
    for k in range(size):
        one = g.select(-1, k)
        part = [slice(None)] * d + [slice(k, k + (one.shape[d] - 1) * step + 1, step)]
        whole = whole + _placed(one, input_shape, lambda w, part=tuple(part): w[part])
    return whole


derivative(windows, input=_unfold_input)


@samples(windows)
def _(s):
    yield s(s.normal(5), 0, 2, 1)
    yield s(s.normal(2, 7), 1, 3, 2)
    yield s(s.normal(7, 2), -2, 2, 3)


@refuses(windows)
def _(s):
    yield s(s.normal(3), 0, 4, 1).raises(RuntimeError, "unfold: expected size")
    yield s(s.normal(3), 0, 2, 0).raises(RuntimeError, "unfold: expected step")


def strided_place(name, input, size, stride, storage_offset):
    """Sizes, strides and where the view starts, in elements from the first of `input`."""
    size, stride = sizes(name, size), sizes(name, stride, "stride")
    if len(size) != len(stride):
        raise expected(name, "as many strides as sizes", f"{stride} for {size}", error=RuntimeError)
    start = input.storage_offset() if storage_offset is None else int(storage_offset)
    room = input.untyped_storage().nbytes() // input.itemsize
    last = start + sum((n - 1) * k for n, k in zip(size, stride, strict=True)) if 0 not in size else start - 1
    if start < 0 or last >= room:
        raise expected(name, f"places within the {room} elements of memory", f"one up to {last}", error=RuntimeError)
    return size, stride, start - input.storage_offset()


@op("composite", dtypes=(*ALL, *COMPLEX), onnx=Unsupported("ONNX has no strides"))
def as_strided(input, size, stride, storage_offset=None):
    """View the memory of `input` with any strides.

    Args:
        input: Tensor.
        size: Shape of the view.
        stride: Strides of the view, in elements, >= 0.
        storage_offset: First element, counted from the start of the memory; None means that of `input`.

    Shape:
        input: (*); result: size.

    Returns:
        A view, in which elements may share memory.

    Raises:
        RuntimeError: the view would reach out of the memory.

    Example:
        >>> as_strided(tensor([1, 2, 3, 4]), (2, 2), (1, 1))
        tensor([[1, 2],
                [2, 3]])
    """
    size, stride, start = strided_place("as_strided", input, size, stride, storage_offset)
    return restride(input, size, stride, start, tuple(input.stride()))


@samples(as_strided)
def _(s):
    for call in (s(s.normal(6), (2, 3), (3, 1)), s(s.normal(6), (2, 2), (1, 1), 2), s(s.normal(3, 4), (4, 2), (1, 4))):
        yield call.without("layout", "layout_gradient", because="it shows the memory as it is")


@refuses(as_strided)
def _(s):
    yield s(s.normal(6), (2,), (1, 1)).raises(RuntimeError, "as_strided: expected as many strides")
    yield s(s.normal(6), (7,), (1,)).raises(RuntimeError, "as_strided: expected places within the 6 elements")
