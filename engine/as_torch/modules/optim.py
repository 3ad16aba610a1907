"""What programs take from inside of `torch.optim`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.ext.core import _core as core

from ...optim.lr_scheduler import LRScheduler as _LRScheduler  # noqa: F401 - its name before PyTorch 2

ParamsT = Iterable[Any]
StateDict = dict[str, Any]
_use_grad_for_differentiable = core.no_grad()  # a decorator: steps run without recording
_params_t = ParamsT


def _default_to_fused_or_foreach(params: Any, differentiable: bool, use_fused: bool = False) -> tuple[bool, bool]:
    """Whether an optimizer should fuse its step, and whether it should work on lists of tensors: neither gains anything on the CPU."""
    return False, False


def _get_capturable_supported_devices(supports_xla: bool = True) -> list[str]:
    """Kinds of device whose steps can be captured: none that is here."""
    return ["cuda", "xpu", "hpu"]


def _get_value(x: Any) -> Any:
    """A tensor of one element as a number."""
    return x.item() if isinstance(x, core.Tensor) else x


def _get_foreach_kernels_supported_devices() -> list[str]:
    """Kinds of device where lists of tensors are taken at once: none that is here."""
    return ["cuda", "xpu", "mtia"]


_get_fused_kernels_supported_devices = _get_foreach_kernels_supported_devices


def _group_tensors_by_device_and_dtype(tensorlistlist: Any, with_indices: bool = False) -> dict[Any, Any]:
    """Parallel lists of tensors, split by device and dtype of the first; with the places that they had."""
    found: dict[Any, tuple[list[list[Any]], list[int]]] = {}
    for i, together in enumerate(zip(*tensorlistlist, strict=True)):
        lists, places = found.setdefault((together[0].device, together[0].dtype), ([[] for _ in tensorlistlist], []))
        places.append(i)
        for kept, tensor in zip(lists, together, strict=True):
            kept.append(tensor)
    return {key: (lists, places if with_indices else list(range(len(places)))) for key, (lists, places) in found.items()}
