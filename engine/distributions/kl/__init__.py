"""Kullback-Leibler divergences: PyTorch's `torch.distributions.kl`."""

from . import alike as alike  # these register what they define
from . import gaussian as gaussian
from . import mixed as mixed
from .registry import _KL_REGISTRY as _KL_REGISTRY
from .registry import kl_divergence, register_kl

__all__ = ["kl_divergence", "register_kl"]
