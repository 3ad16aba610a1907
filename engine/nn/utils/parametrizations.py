"""Ready-made parametrizations: weight norm, spectral norm and orthogonal matrices."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...errors import expected
from ...ops.distance import normalize
from ..module import Module
from .orthogonal import orthogonal
from .parametrize import register_parametrization
from .spectral_norm import as_matrix, default_dim, power_iterations
from .weight_norm import norm_except, weight_of

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


class _WeightNorm(Module):
    """original0: lengths g, original1: directions v; the weight is g * v / |v|."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_of(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Replace a weight by a length and a direction: w = g * v / |v|.

    Args:
        module: The module.
        name: Name of its weight.
        dim: The dimension over which lengths differ; None: one length for all.

    Returns:
        `module`; `parametrizations.<name>.original0` is g, `original1` v.

    References:
        Salimans and Kingma (2016), arXiv:1602.07868.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    return module


class _SpectralNorm(Module):
    """The weight divided by its largest singular value, followed by power iterations in training mode."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise expected("spectral_norm", f"dim in [{-weight.ndim}, {weight.ndim - 1}]", dim, error=IndexError)
        if n_power_iterations <= 0:
            raise expected("spectral_norm", "n_power_iterations of 1 or more", n_power_iterations)
        self.dim, self.eps, self.n_power_iterations = dim % weight.ndim, eps, n_power_iterations
        if weight.ndim > 1:
            with core.no_grad():
                matrix = as_matrix(weight.detach(), self.dim)
                u, v = (normalize(matrix.new_empty(n).normal_(), dim=0, eps=eps) for n in matrix.shape)
                power_iterations(matrix, u, v, 15, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_iterations(matrix, self._u, self._v, self.n_power_iterations, self.eps)
        u, v = self._u.clone(), self._v.clone()
        return weight / (u @ (matrix @ v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None) -> Module:
    """Divide a weight by its largest singular value, which is followed by power iterations.

    Args:
        module: The module.
        name: Name of its weight.
        n_power_iterations: Iterations at each reading in training mode; 1 or more.
        eps: The least norm of a vector.
        dim: The dimension of outputs; None: 1 for transposed convolutions, else 0.

    Returns:
        `module`.

    Raises:
        ValueError: there is no such weight, or no iteration.

    References:
        Miyato et al. (2018), arXiv:1802.05957.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise expected("spectral_norm", f"a module with a tensor {name!r}", type(module).__name__)
    dim = default_dim(module) if dim is None else dim
    register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module
