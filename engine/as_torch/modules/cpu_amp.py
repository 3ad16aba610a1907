"""`torch.cpu.amp`: autocast with the device left out."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core

from ...amp import autocast as _autocast


class autocast(_autocast):  # noqa: N801 - PyTorch's name
    """Autocast on the CPU."""

    def __init__(self, enabled: bool = True, dtype: Any = core.bfloat16, cache_enabled: bool = True) -> None:
        super().__init__("cpu", dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)
