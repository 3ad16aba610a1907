"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.ext.core._core import Tensor

from ...ops.errors import expected
from ...ops.pieces import cat


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of the parameters, one after the other, in a tensor of shape (n,); gradients flow through it."""
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Cut a vector into pieces of the parameters' sizes and make them their values; memory is shared with the vector.

    Raises:
        TypeError: `vec` is not a Tensor.
        ValueError: Its length is not that of all parameters together.
    """
    if not isinstance(vec, Tensor):
        raise expected("vector_to_parameters", "vec to be a Tensor", vec, error=TypeError)
    parameters = list(parameters)
    total = sum(parameter.numel() for parameter in parameters)
    if vec.numel() != total:
        raise expected("vector_to_parameters", f"vec with the {total} elements of the parameters", f"{vec.numel()}")
    at = 0
    for parameter in parameters:
        parameter.data = vec.detach()[at : at + parameter.numel()].reshape(parameter.shape)
        at += parameter.numel()
