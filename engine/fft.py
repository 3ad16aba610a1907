"""Discrete Fourier transforms, under the names of PyTorch's `torch.fft`; the definitions are in `engine.ops`."""

from .ops import space as _space

globals().update(_space("fft"))
