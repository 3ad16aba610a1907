"""The ops that the core itself is built on: copies, casts, and views of any geometry. Users reach them through others."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, Unsupported, derivative, op, refuses, samples
from ._help import product


@op("clone", onnx="Identity", dtypes=ALL)
def clone(input, *, memory_format=None):
    """Copy a tensor; the gradient passes through to `input`.

    Args:
        input: Any tensor.
        memory_format: torch.channels_last for 4-D tensors, or torch.contiguous_format; None and others keep the order of `input`,
            without gaps.

    Shape:
        input: any; result: that of input.

    Returns:
        Tensor with memory of its own.

    Example:
        >>> clone(tensor([1.0, 2.0]))
        tensor([1., 2.])
    """
    return input.copy()


derivative(clone, input=lambda g: g)


@samples(clone)
def _(s):
    yield s(s.normal(2, 3))
    yield s(s.normal(0, 2))
    yield s(s.channels_last(2, 3, 4, 5))


@refuses(clone)
def _(s):
    yield s([1.0]).raises(TypeError, "clone: expected input to be a Tensor, got list")


@op("contiguous", onnx="Identity", dtypes=ALL)
def contiguous(input, memory_format=None):
    """The tensor itself if its memory is row-major (or channels-last, where that is asked for), else a copy whose memory is.

    Args:
        input: Any tensor.
        memory_format: None, or channels_last for 4-D tensors.

    Shape:
        input: any; result: that of input.

    Returns:
        Tensor of the same values.

    Raises:
        RuntimeError: channels_last is asked of a tensor that is not 4-D.

    Example:
        >>> contiguous(tensor([[1.0, 2.0], [3.0, 4.0]]).t())
        tensor([[1., 3.],
                [2., 4.]])
    """
    return np.ascontiguousarray(input)


derivative(contiguous, input=lambda g: g)


@samples(contiguous)
def _(s):
    yield s(s.normal(2, 3))
    yield s(s.channels_last(2, 3, 4, 5))


@refuses(contiguous)
def _(s):
    yield s(s.normal(2, 3), "torch.channels_last").raises(RuntimeError, "contiguous: expected 4 dimensions for channels_last")


@op("cast", spaces=(), methods=False, onnx=lambda b, input, dtype: b.node("Cast", input, to=b.element_type(dtype)))
def cast(input, dtype):
    """Convert to a dtype: the tensor itself where it has it already.

    Args:
        input: Any tensor.
        dtype: The dtype of the result. Floating to integer truncates towards zero.

    Shape:
        input: any; result: that of input.

    Returns:
        Tensor of `dtype`.

    Example:
        >>> cast(tensor([1.5, -1.5]), int64)
        tensor([ 1, -1])
    """
    return input.astype(core.as_dtype(dtype).numpy)


derivative(cast, input=lambda g, input_dtype: cast(g, input_dtype))


@samples(cast)
def _(s):
    yield s(s.normal(2, 3), core.float64)
    yield s(s.normal(2, 3), core.float32).without("gradcheck", "gradgradcheck", because="rounding has no differences")


@refuses(cast)
def _(s):
    yield s(s.normal(2), "float31").raises(TypeError, "dtype: expected one of")


@op("copy", tensors=2, spaces=(), methods=(), inplace=True, onnx=Unsupported("a copy into a tensor is an assignment"))
def copy(input, other, non_blocking=False):
    """The values of `other`, broadcast to `input`; `input.copy_(other)` writes them into it, converted to its dtype.

    Args:
        input: The destination.
        other: The source, of a shape that broadcasts to that of `input`.
        non_blocking: Accepted for PyTorch's sake.

    Shape:
        input: (*); other: broadcasts to (*); result: (*).

    Returns:
        Tensor with the shape of `input`.

    Raises:
        RuntimeError: `other` does not broadcast to `input`.

    Example:
        >>> zeros(2).copy_(tensor(3.0))
        tensor([3., 3.])
    """
    return np.broadcast_to(other, input.shape).copy()


derivative(copy, other=lambda g: g)


@samples(copy)
def _(s):
    yield s(s.normal(2, 3), s.normal(2, 3))
    yield s(s.normal(2, 3), s.normal(3))


@op("view", spaces=(), methods=False, onnx=Unsupported("ONNX has no strides"))
def restride(input, size, strides, offset, input_strides):
    """Any geometry over the memory of `input`: what keeps the history of a view whose base was written in place.

    Args:
        input: The base.
        size: Shape of the view.
        strides: Strides of the view, in elements.
        offset: Of the view's first element from that of `input`, in elements.
        input_strides: Strides of `input`, which its gradient needs.

    Shape:
        input: any; result: size.

    Returns:
        Tensor that shares memory with `input`.
    """
    item = input.itemsize
    return np.lib.stride_tricks.as_strided(input.reshape(-1)[offset:], size, [s * item for s in strides]).copy()


derivative(
    restride,
    input=lambda g, input_shape, size, strides, offset, input_strides: restride_backward(
        g, input_shape, input_strides, size, strides, offset
    ),
)


@samples(restride)
def _(s):
    yield s(s.normal(2, 6), (2, 2), (6, 2), 1, (6, 1)).without("layout", "layout_gradient", "empty", because="it says the strides itself")


def restride_backward(grad, shape, base_strides, size, strides, offset):
    """Add `grad` into zeros of the base's shape, at the places that the view shows. Places shown twice are added twice; where the view
    shows memory beyond the base, there is nothing to add to; elements of the base that share memory share what comes.

    Shape:
        grad: size; result: shape.
    """
    shown = _reach(size, strides)
    before, after = max(-offset, 0), max(offset + shown, _reach(shape, base_strides))
    flat = core.make_empty((before + after,), grad.dtype)
    core.fill(flat, 0)
    places = np.full(size, before + offset, dtype=np.int64)
    for d, (n, stride) in enumerate(zip(size, strides)):
        places += (np.arange(n) * stride).reshape([-1 if i == d else 1 for i in range(len(size))])
    index = core.from_numpy(places.reshape(-1))
    total = flat.index_put((index,), grad.reshape(-1), accumulate=True)
    shared = product([n for n, step in zip(shape, base_strides) if step == 0])
    return restride(total if shared < 2 else total / shared, tuple(shape), tuple(base_strides), before, (1,))


def _reach(shape, strides):
    return 0 if 0 in shape else 1 + sum((n - 1) * s for n, s in zip(shape, strides))


@op("view", spaces=(), methods=False, onnx="Identity")
def identity(input):
    """The same tensor under a new name, with a history of one step: stands for an input whose derivative is taken on its own.

    Shape:
        input: any; result: that of input.
    """
    return input.copy()


derivative(identity, input=lambda g: g)


@samples(identity)
def _(s):
    yield s(s.normal(2, 3))
