"""Convolutions and linear layers that learn the size of their input from the first one."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .lazy import LazyModuleMixin
from .linear import Linear
from .parameter import UninitializedParameter


class LazyLinear(LazyModuleMixin, Linear):
    """Linear with `in_features` taken from the last dimension of the first input.

    Shape:
        input: (*, in_features); result: (*, out_features).

    Example:
        >>> layer = LazyLinear(5)
        >>> layer(zeros(2, 3)).shape, layer
        (torch.Size([2, 5]), Linear(in_features=3, out_features=5, bias=True))
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, once they have shapes."""
        if self.in_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take the shapes from `input`."""
        self.in_features = input.shape[-1]
        if not self.has_uninitialized_params():
            return
        with core.no_grad():
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()


class _LazyConv(LazyModuleMixin):
    """What the lazy convolutions share: everything is known but the number of channels that come in."""

    def __init__(self, out_channels: int, kernel_size: Any, *args: Any, bias: bool, device: Any, dtype: Any, **kwargs: Any) -> None:
        super().__init__(0, 0, kernel_size, *args, bias=False, **kwargs)
        module: Any = self
        module.weight = UninitializedParameter(device=device, dtype=dtype)
        module.out_channels = out_channels
        if bias:
            module.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, once they have shapes."""
        module: Any = self
        if module.in_channels and not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take the number of channels from `input`."""
        module: Any = self
        n = module._n
        if input.ndim not in (n + 1, n + 2):
            raise expected(type(self).__name__, f"input of {n + 2} dimensions (or {n + 1} without a batch)", input, error=RuntimeError)
        module.in_channels = input.shape[-n - 1]
        if not self.has_uninitialized_params():
            return
        if module.in_channels % module.groups:
            raise expected(type(self).__name__, f"channels divisible by groups={module.groups}", f"{module.in_channels}")
        first, second = (module.in_channels, module.out_channels) if module.transposed else (module.out_channels, module.in_channels)
        with core.no_grad():
            module.weight.materialize((first, second // module.groups, *module.kernel_size))
            if module.bias is not None:
                module.bias.materialize((module.out_channels,))
            self.reset_parameters()


class LazyConv1d(_LazyConv, Conv1d):
    """Conv1d with `in_channels` taken from the first input.

    Shape:
        input: (N, in_channels, L) or (in_channels, L); result: (N, out_channels, L').
    """

    cls_to_become = Conv1d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            out_channels, kernel_size, stride, padding, dilation, groups, padding_mode=padding_mode, bias=bias, device=device, dtype=dtype
        )


class LazyConv2d(_LazyConv, Conv2d):
    """Conv2d with `in_channels` taken from the first input.

    Shape:
        input: (N, in_channels, H, W) or (in_channels, H, W); result: (N, out_channels, H', W').
    """

    cls_to_become = Conv2d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            out_channels, kernel_size, stride, padding, dilation, groups, padding_mode=padding_mode, bias=bias, device=device, dtype=dtype
        )


class LazyConv3d(_LazyConv, Conv3d):
    """Conv3d with `in_channels` taken from the first input.

    Shape:
        input: (N, in_channels, D, H, W) or (in_channels, D, H, W); result: (N, out_channels, D', H', W').
    """

    cls_to_become = Conv3d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            out_channels, kernel_size, stride, padding, dilation, groups, padding_mode=padding_mode, bias=bias, device=device, dtype=dtype
        )


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """ConvTranspose1d with `in_channels` taken from the first input.

    Shape:
        input: (N, in_channels, L) or (in_channels, L); result: (N, out_channels, L').
    """

    cls_to_become = ConvTranspose1d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = {"dilation": dilation, "padding_mode": padding_mode, "bias": bias, "device": device, "dtype": dtype}
        super().__init__(out_channels, kernel_size, stride, padding, output_padding, groups, **options)


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """ConvTranspose2d with `in_channels` taken from the first input.

    Shape:
        input: (N, in_channels, H, W) or (in_channels, H, W); result: (N, out_channels, H', W').
    """

    cls_to_become = ConvTranspose2d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = {"dilation": dilation, "padding_mode": padding_mode, "bias": bias, "device": device, "dtype": dtype}
        super().__init__(out_channels, kernel_size, stride, padding, output_padding, groups, **options)


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """ConvTranspose3d with `in_channels` taken from the first input.

    Shape:
        input: (N, in_channels, D, H, W) or (in_channels, D, H, W); result: (N, out_channels, D', H', W').
    """

    cls_to_become = ConvTranspose3d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = {"dilation": dilation, "padding_mode": padding_mode, "bias": bias, "device": device, "dtype": dtype}
        super().__init__(out_channels, kernel_size, stride, padding, output_padding, groups, **options)
