"""Special functions, under the names of PyTorch's `torch.special`; the definitions are in `engine.ops`."""

from .ops import space as _space

globals().update(_space("special"))
