"""Batch norm over several processes."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from .module import Module
from .norm import _BatchNorm


class SyncBatchNorm(_BatchNorm):
    """Batch norm whose statistics are those of the batches of all processes; on one process that is batch norm.

    Args:
        num_features: Number of channels C.
        eps: Added to the variance.
        momentum: Weight of the new batch in the running statistics; None takes the mean over all batches.
        affine: Whether there are weight and bias.
        track_running_stats: Whether there are running statistics; without them the batch's are always used.
        process_group: Must be None: there is one process.
        bias: Whether there is a bias beside the weight.

    Shape:
        input and result: (N, C, *).
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: None = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)
        if process_group is not None:
            raise expected("SyncBatchNorm", "process_group to be None", process_group, "there is one process", NotImplementedError)
        self.process_group = process_group

    def _check(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise expected("SyncBatchNorm", "input of 2 or more dimensions", input)

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: None = None) -> Module:
        """The module with every batch norm layer in it replaced by a SyncBatchNorm of the same state.

        Args:
            module: What is converted; if it is a batch norm layer itself, the new layer is returned.
            process_group: Must be None.
        """
        result = module
        if isinstance(module, _BatchNorm):
            result = cls(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            for name in ("weight", "bias"):
                setattr(result, name, getattr(module, name))
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                setattr(result, name, getattr(module, name))
            result.training = module.training
        for name, child in module.named_children():
            result.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return result
