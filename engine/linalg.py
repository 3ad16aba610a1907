"""Linear algebra, under the names of PyTorch's `torch.linalg`; the definitions are in `engine.ops`."""

from .ops import space as _space

globals().update(_space("linalg"))
