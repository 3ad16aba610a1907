"""Datasets, samplers and loaders, under the name where PyTorch has them."""

from ..data import *  # noqa: F403
from ..data import __all__ as __all__
