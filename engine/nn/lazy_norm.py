"""Batch and instance norm that learn the number of channels from the first input."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from .lazy import LazyModuleMixin
from .norm import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .parameter import UninitializedBuffer, UninitializedParameter


class _LazyNorm(LazyModuleMixin):
    """What the lazy norms share: everything is known but the number of channels."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        module: Any = self
        module.affine, module.track_running_stats = affine, track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            if wanted:
                setattr(module, name, UninitializedParameter(device=device, dtype=dtype))
        if track_running_stats:
            for name in ("running_mean", "running_var"):
                setattr(module, name, UninitializedBuffer(device=device, dtype=dtype))
            module.num_batches_tracked = core.fill(core.make_empty((), core.int64, device), 0)

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0 and forget the batches seen, once they have shapes."""
        module: Any = self
        if module.num_features and not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor) -> None:
        """Take the number of channels from `input`."""
        module: Any = self
        module.num_features = input.shape[module._channels(input)]
        if not self.has_uninitialized_params():
            return
        with core.no_grad():
            for value in self._tensors().values():
                if isinstance(value, (UninitializedParameter, UninitializedBuffer)):
                    value.materialize((module.num_features,))
            self.reset_parameters()

    def _channels(self, input: Tensor) -> int:
        return 1


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """BatchNorm1d with `num_features` taken from the first input.

    Shape:
        input and result: (N, C) or (N, C, L).
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """BatchNorm2d with `num_features` taken from the first input.

    Shape:
        input and result: (N, C, H, W).
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """BatchNorm3d with `num_features` taken from the first input.

    Shape:
        input and result: (N, C, D, H, W).
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """InstanceNorm1d with `num_features` taken from the first input; it has parameters and running statistics unless told otherwise.

    Shape:
        input and result: (N, C, L) or (C, L).
    """

    cls_to_become = InstanceNorm1d

    def _channels(self, input: Tensor) -> int:
        return input.ndim - 2


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """InstanceNorm2d with `num_features` taken from the first input; it has parameters and running statistics unless told otherwise.

    Shape:
        input and result: (N, C, H, W) or (C, H, W).
    """

    cls_to_become = InstanceNorm2d

    def _channels(self, input: Tensor) -> int:
        return input.ndim - 3


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """InstanceNorm3d with `num_features` taken from the first input; it has parameters and running statistics unless told otherwise.

    Shape:
        input and result: (N, C, D, H, W) or (C, D, H, W).
    """

    cls_to_become = InstanceNorm3d

    def _channels(self, input: Tensor) -> int:
        return input.ndim - 4
