"""`torch.nn.parallel`: with one device, a parallel module is the module itself in a wrapper."""

from __future__ import annotations

from typing import Any

from ...nn.module import Module


class DataParallel(Module):
    """A module that would spread a batch over devices; on the CPU it runs the module that it wraps, as in PyTorch.

    Args:
        module: What is run.
        device_ids: Accepted for PyTorch's sake.
        output_device: Accepted for PyTorch's sake.
        dim: Accepted for PyTorch's sake.

    Shape:
        Those of `module`.
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module computes."""
        return self.module(*inputs, **kwargs)


class DistributedDataParallel(Module):
    """Not here: it needs a process group."""

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> None:
        raise ValueError("DistributedDataParallel: expected a process group, got none; train in one process, with the module itself")


def data_parallel(module: Module, inputs: Any, *args: Any, module_kwargs: Any = None, **kwargs: Any) -> Any:
    """What the module computes of `inputs`."""
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))
