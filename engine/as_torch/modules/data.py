"""What programs take from inside of `torch.utils.data`."""

from __future__ import annotations

from ...data.loader import DataLoader

_BaseDataLoaderIter = _SingleProcessDataLoaderIter = type(iter(DataLoader([0])))


class _MultiProcessingDataLoaderIter:
    """What PyTorch iterates with where there are workers; every loader has the same iterator here."""
