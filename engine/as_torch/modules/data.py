"""What programs take from inside of `torch.utils.data`."""

from __future__ import annotations

from ...data.loader import DataLoader

_BaseDataLoaderIter = type(iter(DataLoader([0])))
