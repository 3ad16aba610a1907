"""Spectral normalisation, as a hook of a module: the older form; `nn.utils.parametrizations.spectral_norm` is the newer."""

from __future__ import annotations

from typing import Any, TypeVar

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...errors import expected
from ...ops.distance import normalize
from ..module import Module
from ..parameter import Parameter
from ._named_hook import find

T = TypeVar("T", bound=Module)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight with dimension `dim` in front and all others as one."""
    if dim:
        weight = weight.permute(dim, *[d for d in range(weight.ndim) if d != dim])
    return weight.reshape(weight.shape[0], -1)


def power_iterations(matrix: Tensor, u: Tensor, v: Tensor, n: int, eps: float) -> None:
    """Bring u and v nearer to the first singular vectors, in place."""
    with core.no_grad():
        for _ in range(n):
            u.copy_(normalize(matrix.detach() @ v, dim=0, eps=eps))
            v.copy_(normalize(matrix.detach().T @ u, dim=0, eps=eps))


class SpectralNorm:
    """The hook: before each forward the weight is computed as `<name>_orig` / sigma."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise expected("spectral_norm", "n_power_iterations of 1 or more", n_power_iterations)
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight divided by its largest singular value, as far as the iteration has come."""
        weight, u, v = (getattr(module, self.name + end) for end in ("_orig", "_u", "_v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with core.no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(normalize(matrix.detach().T @ u, dim=0, eps=self.eps))
                    u.copy_(normalize(matrix.detach() @ v, dim=0, eps=self.eps))
            u, v = u.clone(), v.clone()  # the graph must not see the next iteration's writes
        return weight / (u @ (matrix @ v))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(module: T, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None) -> T:
    """Divide a weight by its largest singular value, which is followed by power iterations, one or more in each training forward.

    Args:
        module: The module.
        name: Name of its weight.
        n_power_iterations: Iterations in each forward; 1 or more.
        eps: The least norm of a vector.
        dim: The dimension of outputs; None: 1 for transposed convolutions, else 0.

    Returns:
        `module`, with `<name>_orig` as the parameter, `<name>_u` and `<name>_v` as buffers.

    Raises:
        RuntimeError: the weight is normalised already.

    References:
        Miyato et al. (2018), arXiv:1802.05957.
    """
    if find(module, SpectralNorm, name):
        raise expected("spectral_norm", f"{name} not to be normalised yet", "a second hook", error=RuntimeError)
    hook = SpectralNorm(name, n_power_iterations, default_dim(module) if dim is None else dim, eps)
    weight = getattr(module, name)
    with core.no_grad():
        matrix = as_matrix(weight.detach(), hook.dim)
        u = normalize(matrix.new_empty(matrix.shape[0]).normal_(), dim=0, eps=eps)
        v = normalize(matrix.new_empty(matrix.shape[1]).normal_(), dim=0, eps=eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def default_dim(module: Module) -> int:
    """Where a layer's weight has its outputs."""
    return 1 if type(module).__name__.startswith("ConvTranspose") else 0


def remove_spectral_norm(module: T, name: str = "weight") -> T:
    """Make the present weight a parameter again.

    Args:
        module: The module.
        name: Name of its weight.

    Returns:
        `module`.

    Raises:
        ValueError: the weight is not normalised.
    """
    found = find(module, SpectralNorm, name)
    if found is None:
        raise expected("remove_spectral_norm", f"a normalised {name}", type(module).__name__)
    key, hook = found
    with core.no_grad():
        weight = hook.compute_weight(module, False).detach()
    for end in ("", "_u", "_v", "_orig"):
        delattr(module, name + end)
    module.register_parameter(name, Parameter(weight))
    del module._forward_pre_hooks[key]
    return module
