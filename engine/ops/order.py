"""Views that reorder, add or drop dimensions."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, derivative, infer, op, refuses, samples
from ._help import axes, axis, broadcast
from ._space import public
from .errors import expected
from .expand import expand

Tensor = core.Tensor


def _reordered(input, dims):
    shape, strides = tuple(input.shape), input.stride()
    return tuple(shape[d] for d in dims), tuple(strides[d] for d in dims), 0


@op("view", star="dims", dtypes=ALL, onnx=lambda b, x, dims: b.node("Transpose", x, perm=[d % len(dims) for d in dims]))
def permute(input, dims):
    """Reorder dimensions.

    Args:
        input: Tensor.
        dims: For each dimension of the result, the one of `input` that it is.

    Shape:
        input: (*); result: the sizes of input in the order of dims.

    Returns:
        A view.

    Raises:
        RuntimeError: `dims` does not name every dimension once.

    Example:
        >>> permute(zeros(2, 3, 4), (2, 0, 1)).shape
        torch.Size([4, 2, 3])
    """
    return np.transpose(input, dims)


@infer(permute)
def _(input, dims):
    if len(dims) != input.ndim:
        raise expected("permute", f"{input.ndim} dims", tuple(dims), error=RuntimeError)
    return _reordered(input, axes("permute", tuple(dims), input.ndim, "dims"))


def _permute_input(g, dims):
    n = len(dims)
    back = [0] * n
    for i, d in enumerate(dims):
        back[d % n] = i
    return g.permute(tuple(back))


derivative(permute, input=_permute_input)


@samples(permute)
def _(s):
    yield s(s.normal(2, 3, 4), (2, 0, 1))
    yield s(s.normal(2, 3, 4), (0, -1, 1))


@refuses(permute)
def _(s):
    yield s(s.normal(2, 3), (0,)).raises(RuntimeError, "permute: expected 2 dims")
    yield s(s.normal(2, 3), (0, 0)).raises(RuntimeError, "permute: expected each dim")


def _swap_form(b, x, dim0, dim1):
    order = list(range(len(b.shape(x))))
    if order:
        order[dim0], order[dim1] = order[dim1], order[dim0]
    return b.node("Transpose", x, perm=order)


@op("view", methods=("transpose", "swapaxes", "swapdims"), inplace=True, dtypes=ALL, onnx=_swap_form)
def transpose(input, dim0, dim1):
    """Swap two dimensions.

    Args:
        input: Tensor.
        dim0: One dimension.
        dim1: The other.

    Shape:
        input: (*, a, *, b, *); result: (*, b, *, a, *).

    Returns:
        A view.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> transpose(tensor([[1, 2], [3, 4]]), 0, 1)
        tensor([[1, 3],
                [2, 4]])
    """
    return np.swapaxes(input, dim0, dim1) if input.ndim else input


@infer(transpose)
def _(input, dim0, dim1):
    i, j = axis("transpose", dim0, input.ndim, "dim0"), axis("transpose", dim1, input.ndim, "dim1")
    dims = list(range(input.ndim))
    if dims:
        dims[i], dims[j] = dims[j], dims[i]
    return _reordered(input, dims)


derivative(transpose, input=lambda g, dim0, dim1: g.transpose(dim0, dim1))


@samples(transpose)
def _(s):
    yield s(s.normal(3, 4), 0, 1)
    yield s(s.normal(2, 3, 4), -1, 0)


@refuses(transpose)
def _(s):
    yield s(s.normal(3, 4), 0, 2).raises(IndexError, "transpose: expected dim")


@op("view", inplace=True, dtypes=ALL, onnx=lambda b, x: b.node("Transpose", x))
def t(input):
    """Transpose a matrix; vectors and scalars stay as they are.

    Args:
        input: Tensor of at most 2 dimensions.

    Shape:
        input: (n, m), (n,) or (); result: (m, n), (n,) or ().

    Returns:
        A view.

    Raises:
        RuntimeError: `input` has more dimensions.

    Example:
        >>> t(tensor([[1, 2], [3, 4]]))
        tensor([[1, 3],
                [2, 4]])
    """
    return np.transpose(input)


@infer(t)
def _(input):
    if input.ndim > 2:
        raise expected("t", "input of at most 2 dimensions", input, "use transpose or mT", RuntimeError)
    return _reordered(input, range(input.ndim)[::-1])


derivative(t, input=lambda g: g.t())


@samples(t)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(3))


@refuses(t)
def _(s):
    yield s(s.normal(2, 3, 4)).raises(RuntimeError, "t: expected")


def _matrix_transposed(input: Tensor) -> Tensor:
    """The tensor with its last two dimensions swapped."""
    if input.ndim < 2:
        raise expected("mT", "a tensor of 2 or more dimensions", input, error=RuntimeError)
    return transpose(input, -2, -1)


def _all_reversed(input: Tensor) -> Tensor:
    """The tensor with all of its dimensions in reverse order."""
    return permute(input, tuple(range(input.ndim))[::-1])


core.add_method("mT", property(_matrix_transposed))
core.add_method("T", property(_all_reversed))


def _moved(ndim, source, destination):
    source, destination = axes("movedim", source, ndim, "source"), axes("movedim", destination, ndim, "destination")
    if len(source) != len(destination):
        raise expected("movedim", "as many destinations as sources", f"{len(destination)} and {len(source)}", error=RuntimeError)
    rest = iter(d for d in range(ndim) if d not in source)
    place = dict(zip(destination, source, strict=True))
    return tuple(place[i] if i in place else next(rest) for i in range(ndim))


@op("composite", methods=("movedim", "moveaxis"), dtypes=ALL,
    onnx=lambda b, x, source, destination: b.node("Transpose", x, perm=list(_moved(len(b.shape(x)), source, destination))))  # fmt: skip
def movedim(input, source, destination):
    """Move dimensions to other places; the rest keep their order.

    Args:
        input: Tensor.
        source: Dimension or dimensions to move.
        destination: Where each of them goes.

    Shape:
        input: (*); result: the same sizes in another order.

    Returns:
        A view.

    Raises:
        RuntimeError: there are not as many destinations as sources.

    Example:
        >>> movedim(zeros(2, 3, 4), 0, 2).shape
        torch.Size([3, 4, 2])
    """
    return permute(input, _moved(input.ndim, source, destination))


@samples(movedim)
def _(s):
    yield s(s.normal(2, 3, 4), 0, 2)
    yield s(s.normal(2, 3, 4), (0, 1), (-1, 0))


@refuses(movedim)
def _(s):
    yield s(s.normal(2, 3), (0, 1), (0,)).raises(RuntimeError, "movedim: expected as many")


def _squeeze_form(b, x, dim):
    shape = b.shape(x)
    dims = [d for d in (range(len(shape)) if dim is None else axes("squeeze", dim, len(shape))) if shape[d] == 1]
    return b.node("Squeeze", x, b.constant(np.array(dims, np.int64))) if dims else x


@op("view", inplace=True, dtypes=ALL, onnx=_squeeze_form)
def squeeze(input, dim=None):
    """Drop dimensions of size 1.

    Args:
        input: Tensor.
        dim: Dimension or dimensions to drop if their size is 1; None means all of size 1.

    Shape:
        input: (*, 1, *); result: (*, *).

    Returns:
        A view.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> squeeze(zeros(2, 1, 3)).shape
        torch.Size([2, 3])
    """
    dims = range(input.ndim) if dim is None else axes("squeeze", dim, input.ndim)
    return np.squeeze(input, tuple(d for d in dims if input.shape[d] == 1))


@infer(squeeze)
def _(input, dim):
    gone = range(input.ndim) if dim is None else axes("squeeze", dim, input.ndim) if dim != () else ()
    return _reordered(input, [d for d in range(input.ndim) if d not in gone or input.shape[d] != 1])


derivative(squeeze, input=lambda g, input_shape: g.reshape(input_shape))


@samples(squeeze)
def _(s):
    yield s(s.normal(1, 3, 1))
    yield s(s.normal(1, 3, 1), 0)
    yield s(s.normal(1, 3, 1), 1)
    yield s(s.normal(1, 3, 1), (0, -1))


@op("view", inplace=True, dtypes=ALL, onnx=lambda b, x, dim: b.node("Unsqueeze", x, b.constant(np.array([dim], np.int64))))
def unsqueeze(input, dim):
    """Add a dimension of size 1.

    Args:
        input: Tensor.
        dim: Where it will be.

    Shape:
        input: (*, *); result: (*, 1, *).

    Returns:
        A view.

    Raises:
        IndexError: the result has no such dimension.

    Example:
        >>> unsqueeze(tensor([1, 2]), 1)
        tensor([[1],
                [2]])
    """
    return np.expand_dims(input, dim)


@infer(unsqueeze)
def _(input, dim):
    d = axis("unsqueeze", dim, input.ndim + 1)
    shape, strides = tuple(input.shape), input.stride()
    step = shape[d] * strides[d] if d < input.ndim else 1
    return (*shape[:d], 1, *shape[d:]), (*strides[:d], step, *strides[d:]), 0


derivative(unsqueeze, input=lambda g, input_shape: g.reshape(input_shape))


@samples(unsqueeze)
def _(s):
    yield s(s.normal(3, 4), 0)
    yield s(s.normal(3, 4), 1)
    yield s(s.normal(3, 4), -1)


@refuses(squeeze)
@refuses(unsqueeze)
def _(s):
    yield s(s.normal(3), 3).raises(IndexError, ": expected dim")


@public("torch")
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Expand tensors to the shape that all of them broadcast to.

    Args:
        tensors: Tensors, or one sequence of them.

    Shape:
        tensors: shapes that broadcast; results: the broadcast shape.

    Returns:
        Views in which several elements share memory.

    Raises:
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> [t.shape for t in broadcast_tensors(zeros(3, 1), zeros(2))]
        [torch.Size([3, 2]), torch.Size([3, 2])]
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = broadcast("broadcast_tensors", *(x.shape for x in given))
    return tuple(expand(x, shape) for x in given)


@public("torch")
def broadcast_shapes(*shapes: tuple[int, ...] | int) -> tuple[int, ...]:
    """Tell the shape that all of them broadcast to.

    Args:
        shapes: Shapes.

    Shape:
        shapes: any that broadcast.

    Returns:
        The broadcast shape.

    Raises:
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> broadcast_shapes((3, 1), (2,))
        torch.Size([3, 2])
    """
    return core.Size(broadcast("broadcast_shapes", *((s,) if isinstance(s, int) else s for s in shapes)))
