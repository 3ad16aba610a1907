"""Signal processing: PyTorch's `torch.signal`."""

from . import windows

__all__ = ["windows"]
