"""`torch.cuda.amp`: autocast with the device left out, and the scaler for half precision, which both do nothing without CUDA."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core

from ...amp import GradScaler as _GradScaler
from ...amp import autocast as _autocast


class autocast(_autocast):  # noqa: N801 - PyTorch's name
    """Autocast on CUDA: without a device of that kind it changes nothing, as in PyTorch."""

    def __init__(self, enabled: bool = True, dtype: Any = core.float16, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)


class GradScaler(_GradScaler):
    """The scaler of CUDA: without a device of that kind it changes nothing, as in PyTorch."""

    def __init__(
        self,
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
