"""Joining tensors side by side, on top of each other and behind each other."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import ALL, Unsupported, op, refuses, samples
from ._space import alias, public
from .errors import expected
from .pieces import cat

Tensor = core.Tensor


def _each(f, tensors):
    """PyTorch's atleast functions take one tensor, several, or a sequence of them."""
    if len(tensors) == 1:
        tensors = tensors[0]
        if isinstance(tensors, Tensor):
            return f(tensors)
    return tuple(f(x) for x in tensors)


@public("torch")
def atleast_1d(*tensors):
    """Give tensors without dimensions one.

    Args:
        tensors: Tensors, or one sequence of them.

    Shape:
        tensors: (*); results: the same, (1,) for ().

    Returns:
        A view, or a tuple of them if several were given.

    Example:
        >>> atleast_1d(tensor(1))
        tensor([1])
    """
    return _each(lambda x: x if x.ndim else x.reshape((1,)), tensors)


@public("torch")
def atleast_2d(*tensors):
    """Give tensors of fewer than 2 dimensions more in front.

    Args:
        tensors: Tensors, or one sequence of them.

    Shape:
        tensors: (*); results: the same, (1, n) for (n,), (1, 1) for ().

    Returns:
        A view, or a tuple of them if several were given.

    Example:
        >>> atleast_2d(tensor([1, 2]))
        tensor([[1, 2]])
    """
    return _each(lambda x: x if x.ndim > 1 else x.reshape((1, -1)) if x.numel() else x.unsqueeze(0), tensors)


def _solid(x):
    return x if x.ndim > 2 else x.unsqueeze(-1) if x.ndim == 2 else x.unsqueeze(0).unsqueeze(-1) if x.ndim else x.reshape((1, 1, 1))


@public("torch")
def atleast_3d(*tensors):
    """Give tensors of fewer than 3 dimensions more: one behind a matrix, one on either side of a vector.

    Args:
        tensors: Tensors, or one sequence of them.

    Shape:
        tensors: (*); results: the same, (n, m, 1) for (n, m), (1, n, 1) for (n,), (1, 1, 1) for ().

    Returns:
        A view, or a tuple of them if several were given.

    Example:
        >>> atleast_3d(zeros(2)).shape
        torch.Size([1, 2, 1])
    """
    return _each(_solid, tensors)


def _given(name, tensors):
    """The sequence, if it is one of tensors and not empty."""
    if isinstance(tensors, Tensor) or not all(isinstance(x, Tensor) for x in tensors):
        raise expected(name, "a sequence of Tensors", tensors, error=TypeError)
    if not tensors:
        raise expected(name, "at least one tensor", "none", error=RuntimeError)
    return tensors


@op("composite", tensors=("*tensors",), methods=False, dtypes=ALL, out=("type error", "apart"), onnx=Unsupported("export cat"))
def hstack(tensors):
    """Join tensors side by side: along dimension 1, vectors along 0.

    Args:
        tensors: Tensors whose other dimensions agree.

    Shape:
        tensors: (n, m_i, *) or (m_i,); result: (n, sum of m_i, *) or (sum of m_i,).

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> hstack((tensor([1, 2]), tensor([3])))
        tensor([1, 2, 3])
    """
    parts = [atleast_1d(x) for x in _given("hstack", tensors)]
    return cat(parts, 0 if parts[0].ndim == 1 else 1)


@op("composite", tensors=("*tensors",), methods=False, dtypes=ALL, out=("type error", "apart"), onnx=Unsupported("export cat"))
def vstack(tensors):
    """Join tensors on top of each other: along dimension 0, vectors as rows.

    Args:
        tensors: Tensors whose other dimensions agree.

    Shape:
        tensors: (n_i, m, *) or (m,); result: (sum of n_i, m, *).

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> vstack((tensor([1, 2]), tensor([3, 4])))
        tensor([[1, 2],
                [3, 4]])
    """
    return cat([atleast_2d(x) for x in _given("vstack", tensors)], 0)


@op("composite", tensors=("*tensors",), methods=False, dtypes=ALL, out=("type error", "apart"), onnx=Unsupported("export cat"))
def dstack(tensors):
    """Join tensors behind each other: along dimension 2.

    Args:
        tensors: Tensors whose other dimensions agree.

    Shape:
        tensors: (n, m, k_i, *), (n, m) or (m,); result: (n, m, sum of k_i, *), with n = 1 for vectors.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> dstack((tensor([1, 2]), tensor([3, 4])))
        tensor([[[1, 3],
                 [2, 4]]])
    """
    return cat([_solid(x) for x in _given("dstack", tensors)], 2)


@op("composite", tensors=("*tensors",), methods=False, dtypes=ALL, out=("type error", "apart"), onnx=Unsupported("export cat"))
def column_stack(tensors):
    """Join tensors side by side, vectors as columns.

    Args:
        tensors: Tensors whose other dimensions agree.

    Shape:
        tensors: (n, m_i, *) or (n,); result: (n, sum of m_i, *).

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> column_stack((tensor([1, 2]), tensor([3, 4])))
        tensor([[1, 3],
                [2, 4]])
    """
    return cat([x if x.ndim > 1 else x.reshape((x.numel(), 1)) for x in _given("column_stack", tensors)], 1)


alias("torch", row_stack=vstack)


@samples(hstack)
@samples(vstack)
@samples(dstack)
@samples(column_stack)
def _(s):
    yield s((s.normal(3), s.normal(3)))
    yield s([s.normal(2, 3), s.normal(2, 3)])
    yield s((s.normal(2, 3, 1), s.normal(2, 3, 1)))
    yield s((s.normal(), s.normal()))


@refuses(hstack)
@refuses(vstack)
@refuses(dstack)
@refuses(column_stack)
def _(s):
    yield s(()).raises(RuntimeError, ": expected at least one tensor")
    yield s(s.normal(2)).raises(TypeError, ": expected a sequence of Tensors")
