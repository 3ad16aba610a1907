"""Weight normalisation, as hooks of a module: the older form; `nn.utils.parametrizations.weight_norm` is the newer."""

from __future__ import annotations

from typing import Any, TypeVar

from workbench.ext.core._core import Tensor

from ...errors import expected
from ..module import Module
from ..parameter import Parameter
from ._named_hook import find

T = TypeVar("T", bound=Module)


def norm_except(v: Tensor, dim: int | None) -> Tensor:
    """The norm over all dimensions but one, of which sizes are kept; over all of them where `dim` is None or -1."""
    if dim is None or dim == -1:
        return v.norm()
    others = [d for d in range(v.ndim) if d != dim % v.ndim]
    return (v * v).sum(others, keepdim=True).sqrt() if others else v.abs()


def weight_of(v: Tensor, g: Tensor, dim: int | None) -> Tensor:
    """g * v / |v|"""
    return v * (g / norm_except(v, dim))


class WeightNorm:
    """The hook: before each forward the weight is computed from its length `<name>_g` and direction `<name>_v`."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight from its two parts."""
        return weight_of(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: T, name: str = "weight", dim: int | None = 0) -> T:
    """Replace a weight by a length and a direction: w = g * v / |v|.

    Args:
        module: The module.
        name: Name of its weight.
        dim: The dimension over which lengths differ; None: one length for all.

    Returns:
        `module`, with parameters `<name>_g` and `<name>_v` in place of `<name>`.

    Raises:
        RuntimeError: the weight is normalised already.

    References:
        Salimans and Kingma (2016), arXiv:1602.07868.
    """
    if find(module, WeightNorm, name):
        raise expected("weight_norm", f"{name} not to be normalised yet", "a second hook", error=RuntimeError)
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    delattr(module, name)
    module.register_parameter(name + "_g", Parameter(norm_except(weight.detach(), hook.dim)))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: T, name: str = "weight") -> T:
    """Make the present weight a parameter again.

    Args:
        module: The module.
        name: Name of its weight.

    Returns:
        `module`.

    Raises:
        ValueError: the weight is not normalised.
    """
    found = find(module, WeightNorm, name)
    if found is None:
        raise expected("remove_weight_norm", f"a normalised {name}", type(module).__name__)
    key, hook = found
    weight = hook.compute_weight(module).detach()
    delattr(module, name)
    delattr(module, name + "_g")
    delattr(module, name + "_v")
    module.register_parameter(name, Parameter(weight))
    del module._forward_pre_hooks[key]
    return module
