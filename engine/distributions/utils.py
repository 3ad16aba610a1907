"""What distributions have in common: broadcasting of parameters, probabilities and their logarithms, values computed once."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from numbers import Number
from typing import Any

from workbench.ext.core import _core

from ..errors import expected
from ..limits import finfo
from ..ops.data import as_tensor
from ..ops.order import broadcast_tensors
from ..ops.random import drawn, normal_draw, uniform_draw
from ..ops.sequence import tril_indices

Tensor = _core.Tensor
euler_constant = 0.57721566490153286060  # Euler and Mascheroni's


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Tensors of one shape from tensors and numbers; numbers take the dtype of the first tensor, or the default dtype.

    Args:
        values: Tensors whose shapes broadcast, and numbers.

    Raises:
        ValueError: a value is neither.

    Example:
        >>> broadcast_all(tensor([1.0, 2.0]), 3)
        (tensor([1., 2.]), tensor([3., 3.]))
    """
    first = next((v for v in values if isinstance(v, Tensor)), None)
    dtype = _core.get_default_dtype() if first is None else first.dtype
    found = []
    shape = None
    same = True
    for v in values:
        if not isinstance(v, Tensor):
            if not isinstance(v, Number):
                raise expected("broadcast_all", "numbers and Tensors", type(v).__name__)
            v = as_tensor(v, dtype=dtype)
        same = same and (shape is None or v.shape == shape)
        shape = v.shape
        found.append(v)
    return tuple(found) if same else tuple(broadcast_tensors(*found))


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities from their unnormalised logarithms; of two outcomes (is_binary) that of the second from its log odds."""
    return logits.sigmoid() if is_binary else logits.softmax(-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities kept away from 0 and 1 by the dtype's epsilon."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logarithms of probabilities; log odds if is_binary."""
    kept = clamp_probs(probs)
    return kept.log() - (-kept).log1p() if is_binary else kept.log()


class lazy_property:  # noqa: N801 - PyTorch's name
    """A property that is computed when it is first asked for, and kept in the object.

    Args:
        wrapped: The method that computes it.
    """

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with _core.enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The lower triangle of matrices as vectors, row by row.

    Args:
        mat: Square matrices.
        diag: The last diagonal that belongs to the triangle.

    Shape:
        mat: (*, n, n); result: (*, number of elements of the triangle).

    Raises:
        ValueError: there is no such diagonal.
    """
    n = mat.shape[-1]
    if diag < -n or diag >= n:
        raise expected("tril_matrix_to_vec", f"diag in [{-n}, {n - 1}]", diag)
    rows, columns = tril_indices(n, n, diag)
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Vectors as the lower triangle of matrices, row by row.

    Args:
        vec: Vectors whose length is the number of elements of a triangle.
        diag: The last diagonal that belongs to the triangle.

    Shape:
        vec: (*, n); result: (*, m, m).

    Raises:
        ValueError: no triangle has so many elements.
    """
    # the whole n with n ** 2 + (2 diag + 1) n = twice the number of elements, give or take what `diag` cuts off or adds at the corners
    square = 8 * vec.shape[-1] + (1 if diag <= 0 else (2 * diag + 1) ** 2 + 4 * diag * (diag + 1))
    twice = isqrt(square) - (2 * diag + 1)
    if isqrt(square) ** 2 != square or twice % 2:
        raise expected("vec_to_tril_matrix", "as many elements as a triangle has", f"{vec.shape[-1]}")
    size = twice // 2
    rows, columns = tril_indices(size, size, diag)
    mat = vec.new_zeros((*vec.shape[:-1], size, size))
    mat[..., rows, columns] = vec
    return mat


def standard_normal(shape: Any, like: Tensor) -> Tensor:
    """Standard normal numbers in the dtype of another tensor."""
    return drawn("rsample", tuple(shape), like.dtype, None, normal_draw, 0.0, 1.0)


def even(shape: Any, like: Tensor) -> Tensor:
    """Numbers evenly distributed in [0, 1), in the dtype of another tensor."""
    return drawn("rsample", tuple(shape), like.dtype, None, uniform_draw, 0.0, 1.0)


def sum_rightmost(value: Tensor, n: int) -> Tensor:
    """The sum over the last n dimensions."""
    if not n:
        return value
    return value.reshape((*value.shape[: value.ndim - n], -1)).sum(-1)
