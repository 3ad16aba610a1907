"""Normalisation layers."""

from __future__ import annotations

import warnings
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops._help import made
from ..ops.errors import expected
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter, empty


class _Statistics(Module):
    """What batch and instance norm share: affine parameters and running statistics. `_ndims` are the allowed dimensions of the input."""

    _version = 2
    _ndims: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: Any,
        dtype: Any,
        bias: bool,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, Parameter(empty((num_features,), device=device, dtype=dtype)) if wanted else None)
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, empty((num_features,), device=device, dtype=dtype) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", empty((), device=device, dtype=core.int64) if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches seen."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0 and forget the batches seen."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check(self, input: Tensor) -> None:
        if input.ndim not in self._ndims:
            allowed = " or ".join(f"{n}D" for n in self._ndims)
            raise ValueError(f"{type(self).__name__}: expected {allowed} input, got {input.ndim}D of shape {tuple(input.shape)}")

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], *rest: Any) -> None:
        key = prefix + "num_batches_tracked"
        if (local_metadata.get("version") or 0) < 2 and self.track_running_stats and key not in state_dict:
            state_dict[key] = made((), core.int64, None)  # states from before the counter existed
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Statistics):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check(input)
        momentum = self.momentum
        training, tracking = self.training, self.track_running_stats
        if training and tracking and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if momentum is None:  # the plain mean over all batches
                momentum = 1.0 / float(self.num_batches_tracked)
        mean, var = (self.running_mean, self.running_var) if tracking or not training else (None, None)
        use_batch = training or (mean is None and var is None)
        return F.batch_norm(input, mean, var, self.weight, self.bias, use_batch, 0.0 if momentum is None else momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """Batch norm for vectors and sequences; see BatchNorm2d.

    Shape:
        input and result: (N, C) or (N, C, L).
    """

    _ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalise each channel over the batch: y = (x - mean) / sqrt(var + eps) * weight + bias.

    In training mean and biased variance are the batch's, and running_mean and running_var (unbiased) follow them by
    new = (1 - momentum) old + momentum batch; in evaluation the running ones are used.

    Args:
        num_features: Number of channels C.
        eps: Added to the variance.
        momentum: Weight of the new batch in the running statistics; None takes the mean over all batches.
        affine: Whether there are weight and bias.
        track_running_stats: Whether there are running statistics; without them the batch's are always used.
        bias: Whether there is a bias beside the weight.

    Shape:
        input and result: (N, C, H, W).

    References:
        Ioffe and Szegedy (2015), arXiv:1502.03167.
    """

    _ndims = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch norm for volumes; see BatchNorm2d.

    Shape:
        input and result: (N, C, D, H, W).
    """

    _ndims = (5,)


class _InstanceNorm(_Statistics):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check(input)
        batched = input.ndim == self._ndims[-1]
        channels = input.shape[-self._ndims[0]]
        if channels != self.num_features:
            what = f"{type(self).__name__}: expected {self.num_features} channels, got {channels}"
            if self.affine:
                raise ValueError(what)
            warnings.warn(f"{what}; num_features is not needed without affine", stacklevel=3)
        result = F.instance_norm(
            input if batched else input.unsqueeze(0),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return result if batched else result.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Normalise each channel of each sequence by itself; arguments as for BatchNorm2d.

    Shape:
        input and result: (N, C, L) or (C, L).
    """

    _ndims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each image by itself; arguments as for BatchNorm2d.

    Shape:
        input and result: (N, C, H, W) or (C, H, W).

    References:
        Ulyanov, Vedaldi and Lempitsky (2016), arXiv:1607.08022.
    """

    _ndims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalise each channel of each volume by itself; arguments as for BatchNorm2d.

    Shape:
        input and result: (N, C, D, H, W) or (C, D, H, W).
    """

    _ndims = (4, 5)


class LayerNorm(Module):
    """Normalise the last dimensions: y = (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance.

    Args:
        normalized_shape: Sizes of the last dimensions, or the size of the last one.
        eps: Added to the variance.
        elementwise_affine: Whether there are weight and bias.
        bias: Whether there is a bias beside the weight.

    Shape:
        input and result: (*, *normalized_shape); weight and bias: normalized_shape.

    References:
        Ba, Kiros and Hinton (2016), arXiv:1607.06450.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...] | list[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            self.register_parameter(name, Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        text = f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        return f"{text}, bias={self.bias is not None}"


class RMSNorm(Module):
    """Divide by the root mean square of the last dimensions: y = x / sqrt(mean(x²) + eps) * weight.

    Args:
        normalized_shape: Sizes of the last dimensions, or the size of the last one.
        eps: Added to the mean square; None takes the dtype's epsilon.
        elementwise_affine: Whether there is a weight.

    Shape:
        input and result: (*, *normalized_shape); weight: normalized_shape.

    References:
        Zhang and Sennrich (2019), arXiv:1910.07467.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...] | list[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalise groups of channels of each sample: y = (x - mean) / sqrt(var + eps) * weight + bias.

    Args:
        num_groups: Number of groups; divides num_channels.
        num_channels: Number of channels C.
        eps: Added to the variance.
        affine: Whether there are weight and bias, one a channel.
        bias: Whether there is a bias beside the weight.

    Shape:
        input and result: (N, C, *); weight and bias: (C,).

    References:
        Wu and He (2018), arXiv:1803.08494.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise expected("GroupNorm", f"num_channels to be divisible by num_groups={num_groups}", f"{num_channels}")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, Parameter(empty((num_channels,), device=device, dtype=dtype)) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"
