"""Other shapes of the same memory: reshaping, reordering and broadcasting dimensions."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import ALL, derivative, infer, op, refuses, samples
from ._help import axis, product, row_major
from ._space import public
from .errors import expected


def _filled(name, shape, input):
    """`shape` with its one -1 worked out."""
    shape = [shape] if not isinstance(shape, (tuple, list)) else list(shape)
    holes = shape.count(-1)
    known = product([n for n in shape if n != -1])
    if holes > 1 or any(n < -1 for n in shape):
        raise expected(name, "sizes of 0 or more and at most one -1", tuple(shape), error=RuntimeError)
    if holes and known:
        shape[shape.index(-1)] = product(input.shape) // known
    if product(shape) != product(input.shape) or -1 in shape:
        raise expected(name, f"a shape of {product(input.shape)} elements", tuple(shape), error=RuntimeError)
    return tuple(shape)


def _regroup(input, shape):
    """Strides of another shape over the same memory, None where that takes a copy."""
    if input.is_contiguous():
        return shape, row_major(shape), 0
    old = [(n, s) for n, s in zip(input.shape, input.stride(), strict=True) if n != 1]
    if product(shape) == 0 or not old:
        return shape, row_major(shape), 0
    strides, k = [0] * len(shape), len(old) - 1
    size, step = old[k]
    for i in reversed(range(len(shape))):
        if shape[i] == 1:
            strides[i] = step
            continue
        while size % shape[i] and k > 0 and old[k - 1][1] == old[k][1] * old[k][0]:
            k -= 1
            size *= old[k][0]
        if size % shape[i]:
            return None
        strides[i], step, size = step, step * shape[i], size // shape[i]
        if size == 1 and k > 0:
            k -= 1
            size, step = old[k]
    return shape, tuple(strides), 0


def _shape_form(b, x, shape):
    return b.node("Reshape", x, b.constant(np.atleast_1d(np.asarray(shape, np.int64))), allowzero=1)


@op("view", star="shape", dtypes=ALL, onnx=_shape_form)
def reshape(input, shape):
    """Give the elements another shape, in the same row-major order.

    Args:
        input: Tensor.
        shape: Sizes, at most one of them -1 for what remains.

    Shape:
        input: (*); result: shape.

    Returns:
        A view where strides allow it, otherwise a copy.

    Raises:
        RuntimeError: the numbers of elements differ.

    Example:
        >>> reshape(tensor([[1, 2], [3, 4]]), (4,))
        tensor([1, 2, 3, 4])
    """
    return np.reshape(input, shape)


@infer(reshape)
def _(input, shape):
    return _regroup(input, _filled("reshape", shape, input))


@op("view", spaces=(), star="shape", dtypes=ALL, onnx=_shape_form, peer=lambda torch, x, shape: x.view(shape))
def view(input, shape):
    """Give the same memory another shape.

    Args:
        input: Tensor with strides that allow it.
        shape: Sizes, at most one of them -1 for what remains.

    Shape:
        input: (*); result: shape.

    Returns:
        A view.

    Raises:
        RuntimeError: the numbers of elements differ, or it would take a copy.

    Example:
        >>> tensor([[1, 2], [3, 4]]).view(-1)
        tensor([1, 2, 3, 4])
    """
    return np.reshape(input, shape)


@infer(view)
def _(input, shape):
    plan = _regroup(input, _filled("view", shape, input))
    if plan is None:
        raise expected("view", f"strides that allow shape {shape} without a copy", str(input.stride()), "use reshape()", RuntimeError)
    return plan


derivative(reshape, input=lambda g, input_shape: g.reshape(input_shape))
derivative(view, input=lambda g, input_shape: g.reshape(input_shape))


@samples(reshape)
@samples(view)
def _(s):
    yield s(s.normal(3, 4), (2, 6))
    yield s(s.normal(3, 4), (-1,))
    yield s(s.normal(2, 3, 4), (2, -1))
    yield s(s.normal(1), ())


@refuses(reshape)
@refuses(view)
def _(s):
    yield s(s.normal(3, 4), (5, -1)).raises(RuntimeError, ": expected a shape of 12 elements")
    yield s(s.normal(3, 4), (-1, -1)).raises(RuntimeError, ": expected at most one -1")


@op(
    "composite",
    spaces=(),
    tensors=2,
    dtypes=ALL,
    onnx=lambda b, x, other: b.node("Reshape", x, b.node("Shape", other)),
    peer=lambda torch, x, y: x.view_as(y),
)
def view_as(input, other):
    """View `input` in the shape of `other`.

    Args:
        input: Tensor.
        other: Tensor with as many elements.

    Shape:
        input, other: (*); result: that of other.

    Returns:
        A view.

    Example:
        >>> tensor([1, 2, 3, 4]).view_as(zeros(2, 2))
        tensor([[1, 2],
                [3, 4]])
    """
    return view(input, tuple(other.shape))


@op(
    "composite",
    spaces=(),
    tensors=2,
    dtypes=ALL,
    onnx=lambda b, x, other: b.node("Reshape", x, b.node("Shape", other)),
    peer=lambda torch, x, y: x.reshape_as(y),
)
def reshape_as(input, other):
    """Reshape `input` to the shape of `other`.

    Args:
        input: Tensor.
        other: Tensor with as many elements.

    Shape:
        input, other: (*); result: that of other.

    Returns:
        A view where strides allow it, otherwise a copy.

    Example:
        >>> tensor([1, 2, 3, 4]).reshape_as(zeros(2, 2))
        tensor([[1, 2],
                [3, 4]])
    """
    return reshape(input, tuple(other.shape))


@samples(view_as)
@samples(reshape_as)
def _(s):
    yield s(s.normal(3, 4), s.normal(2, 6))


def _flat_form(b, x, start_dim, end_dim):
    shape = b.shape(x)
    first, last = (d % max(len(shape), 1) for d in (start_dim, end_dim))
    sizes = [0 if n is None else n for n in shape[:first]] + [-1] + [0 if n is None else n for n in shape[last + 1 :]]
    return b.node("Reshape", x, b.constant(np.array(sizes if shape else [1], np.int64)))


@op("composite", dtypes=ALL, onnx=_flat_form)
def flatten(input, start_dim=0, end_dim=-1):
    """Make one dimension of several.

    Args:
        input: Tensor.
        start_dim: First of the dimensions.
        end_dim: Last of them.

    Shape:
        input: (*, a, ..., z, *); result: (*, a ... z, *).

    Returns:
        A view where strides allow it, otherwise a copy.

    Raises:
        RuntimeError: `start_dim` comes after `end_dim`.

    Example:
        >>> flatten(zeros(2, 3, 4), 1).shape
        torch.Size([2, 12])
    """
    if not input.ndim:
        return input.reshape((1,))
    first, last = axis("flatten", start_dim, input.ndim, "start_dim"), axis("flatten", end_dim, input.ndim, "end_dim")
    if first > last:
        raise expected("flatten", "start_dim before end_dim", f"{start_dim} and {end_dim}", error=RuntimeError)
    shape = tuple(input.shape)
    return input.reshape((*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :]))


@public("torch", methods=("ravel",))
def ravel(input):
    """Flatten all dimensions: a view where strides allow it, otherwise a copy."""
    return input.reshape(-1)


@samples(flatten)
def _(s):
    yield s(s.normal(2, 3, 4))
    yield s(s.normal(2, 3, 4), 1)
    yield s(s.normal(2, 3, 4), 0, 1)


@refuses(flatten)
def _(s):
    yield s(s.normal(2, 3), 1, 0).raises(RuntimeError, "flatten: expected start_dim before end_dim")
    yield s(s.normal(2, 3), 2).raises(IndexError, "flatten: expected start_dim")


@op(
    "composite",
    dtypes=ALL,
    onnx=lambda b, x, dim, sizes: b.node("Reshape", x, b.constant(np.array(_split_sizes(b.shape(x), dim, sizes), np.int64))),
)
def unflatten(input, dim, sizes):
    """Make several dimensions of one.

    Args:
        input: Tensor.
        dim: The dimension.
        sizes: Its new sizes, at most one of them -1.

    Shape:
        input: (*, a ... z, *); result: (*, a, ..., z, *).

    Returns:
        A view where strides allow it, otherwise a copy.

    Raises:
        RuntimeError: the product of `sizes` is not the size of `dim`.

    Example:
        >>> unflatten(zeros(2, 12), 1, (3, -1)).shape
        torch.Size([2, 3, 4])
    """
    return input.reshape(_split_sizes(tuple(input.shape), dim, sizes))


def _split_sizes(shape, dim, sizes):
    d, sizes = axis("unflatten", dim, len(shape)), list(sizes)
    known = product([n for n in sizes if n != -1])
    if sizes.count(-1) == 1 and known and shape[d] % known == 0:
        sizes[sizes.index(-1)] = shape[d] // known
    if -1 in sizes or product(sizes) != shape[d]:
        raise expected("unflatten", f"sizes whose product is {shape[d]}", tuple(sizes), error=RuntimeError)
    return tuple(shape[:d]) + tuple(sizes) + tuple(shape[d + 1 :])


@samples(unflatten)
def _(s):
    yield s(s.normal(2, 12), 1, (3, 4))
    yield s(s.normal(12, 2), 0, (3, -1))


@refuses(unflatten)
def _(s):
    yield s(s.normal(2, 12), 1, (5, -1)).raises(RuntimeError, "unflatten: expected sizes")
