"""Datasets, samplers and loaders, under the name where PyTorch has them."""

from ..data import *  # noqa: F403
from ..data import __all__ as __all__
from ..data import dataset as dataset
from ..data import distributed as distributed
from ..data import loader as dataloader  # noqa: F401
from ..data import sampler as sampler
