"""Switches of `torch.backends` that programs for PyTorch read and set, which change no result here; and one of our own, `winograd`."""

import sys
from types import ModuleType, SimpleNamespace

from ..ops.conv import WINOGRAD
from . import cpu, cuda, cudnn, mha, mkl, mkldnn, mps, openmp, opt_einsum

__all__ = ["cpu", "cuda", "cudnn", "mha", "mkl", "mkldnn", "mps", "nnpack", "openmp", "opt_einsum", "quantized", "winograd"]

quantized = SimpleNamespace(engine="none", supported_engines=["none"])
nnpack = SimpleNamespace(is_available=lambda: False, set_flags=lambda enabled: (False,))
winograd: str


class _Backends(ModuleType):
    """The module itself, so that setting `winograd` is seen and checked."""

    @property
    def winograd(self) -> str:
        """Tiles of 3 x 3 convolutions in float32: "F2" is as accurate as sums; "F4" is faster and loses about a decimal digit."""
        return f"F{WINOGRAD['tile']}"

    @winograd.setter
    def winograd(self, value: str) -> None:
        if value not in ("F2", "F4"):
            raise ValueError(f"expected backends.winograd to be 'F2' or 'F4', got {value!r}")
        WINOGRAD["tile"] = int(value[1])


sys.modules[__name__].__class__ = _Backends
