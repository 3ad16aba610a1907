"""Convolutions over one, two and three dimensions, and their transposes."""

from __future__ import annotations

import math
from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter, empty

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _tuple(value: Any, n: int, what: str) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * n
    if len(value) != n:
        raise expected("convolution", f"{what} to be a number or {n} of them", value)
    return tuple(value)


class _Conv(Module):
    """What all convolutions share: settings, weight and bias. `_n` is the number of spatial dimensions."""

    _n = 0
    _transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        output_padding: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if groups <= 0:
            raise expected(name, "groups to be positive", f"{groups}")
        if in_channels % groups:
            raise expected(name, f"in_channels to be divisible by groups={groups}", f"{in_channels}")
        if out_channels % groups:
            raise expected(name, f"out_channels to be divisible by groups={groups}", f"{out_channels}")
        if padding_mode not in _PADDING_MODES:
            raise expected(name, f"padding_mode to be one of {', '.join(_PADDING_MODES)}", repr(padding_mode))
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _tuple(kernel_size, self._n, "kernel_size")
        self.stride = _tuple(stride, self._n, "stride")
        self.dilation = _tuple(dilation, self._n, "dilation")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise expected(name, "padding to be sizes, 'same' or 'valid'", repr(padding))
            if padding == "same" and any(s != 1 for s in self.stride):
                raise expected(name, "stride 1 for padding='same'", f"{self.stride}")
            self.padding: Any = padding
        else:
            self.padding = _tuple(padding, self._n, "padding")
        self.transposed = self._transposed
        self.output_padding = _tuple(output_padding, self._n, "output_padding")
        self.groups = groups
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self._transposed else (out_channels, in_channels)
        self.weight = Parameter(empty((first, second // groups, *self.kernel_size), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty((out_channels,), device=device, dtype=dtype)) if bias else None)
        self._sides = self._around()
        self.reset_parameters()

    def _around(self) -> tuple[int, ...] | None:
        """Padding as `pad` takes it, last dimension first, where the convolution cannot do it itself."""
        if self.padding == "valid":
            return None
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            sides = [(t // 2, t - t // 2) for t in total]
        else:
            sides = [(p, p) for p in self.padding]
        if self.padding_mode == "zeros" and all(a == b for a, b in sides):
            return None
        return tuple(size for pair in reversed(sides) for size in pair)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, both uniform in ±1 / sqrt(in_channels / groups * size of the kernel)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = self.weight.shape[1] * math.prod(self.kernel_size)
            if fan_in:
                init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def _convolve(self, function: Any, input: Tensor) -> Tensor:
        padding = self.padding
        if self._sides is not None:
            input = F.pad(input, self._sides, mode="constant" if self.padding_mode == "zeros" else self.padding_mode)
            padding = (0,) * self._n
        elif padding == "valid":
            padding = (0,) * self._n
        elif padding == "same":
            padding = tuple(d * (k - 1) // 2 for d, k in zip(self.dilation, self.kernel_size, strict=True))
        return function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self._n:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._n:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self._n:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Forward(_Conv):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device, dtype)


class Conv1d(_Forward):
    """Convolution over one dimension; arguments as for Conv2d.

    Shape:
        input: (N, in_channels, L) or (in_channels, L); weight: (out_channels, in_channels / groups, kernel_size);
        result: (N, out_channels, L') or (out_channels, L').
    """

    _n = 1

    def forward(self, input: Tensor) -> Tensor:
        return self._convolve(F.conv1d, input)


class Conv2d(_Forward):
    """Convolution over two dimensions.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the result.
        kernel_size: Height and width of the kernel, or one number for both.
        stride: Step between places of the kernel.
        padding: Zeros (or what padding_mode says) around the input; "same" keeps the size, "valid" means none.
        dilation: Distance between the kernel's elements.
        groups: Input and output channels are cut into so many groups that do not see each other.
        bias: Whether a bias is added to each channel.
        padding_mode: "zeros", "reflect", "replicate" or "circular".

    Shape:
        input: (N, in_channels, H, W) or (in_channels, H, W); weight: (out_channels, in_channels / groups, kH, kW);
        result: (N, out_channels, H', W') with H' = (H + 2 padding - dilation (kH - 1) - 1) // stride + 1.

    Example:
        >>> Conv2d(3, 8, 3, padding=1)(zeros(2, 3, 5, 5)).shape
        torch.Size([2, 8, 5, 5])
    """

    _n = 2

    def forward(self, input: Tensor) -> Tensor:
        return self._convolve(F.conv2d, input)


class Conv3d(_Forward):
    """Convolution over three dimensions; arguments as for Conv2d.

    Shape:
        input: (N, in_channels, D, H, W) or without N; weight: (out_channels, in_channels / groups, kD, kH, kW);
        result: (N, out_channels, D', H', W') or without N.
    """

    _n = 3

    def forward(self, input: Tensor) -> Tensor:
        return self._convolve(F.conv3d, input)


class _Transposed(_Conv):
    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise expected(type(self).__name__, "padding_mode to be 'zeros'", repr(padding_mode))
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias, padding_mode, device, dtype
        )

    def _sizes(self, input: Tensor, output_size: list[int] | tuple[int, ...] | None) -> tuple[int, ...]:
        """The output padding that leads to `output_size`."""
        if output_size is None:
            return self.output_padding
        output_size = tuple(output_size)[-self._n :]
        smallest = [
            (size - 1) * s - 2 * p + d * (k - 1) + 1
            for size, s, p, d, k in zip(input.shape[-self._n :], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        ]
        if any(not low <= size < low + s for low, size, s in zip(smallest, output_size, self.stride, strict=True)):
            largest = [low + s - 1 for low, s in zip(smallest, self.stride, strict=True)]
            raise expected(type(self).__name__, f"output_size from {smallest} to {largest}", f"{list(output_size)}")
        return tuple(size - low for low, size in zip(smallest, output_size, strict=True))

    def _spread(self, function: Any, input: Tensor, output_size: Any) -> Tensor:
        extra = self._sizes(input, output_size)
        return function(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)


class ConvTranspose1d(_Transposed):
    """The transpose of a convolution over one dimension; arguments as for ConvTranspose2d.

    Shape:
        input: (N, in_channels, L) or without N; weight: (in_channels, out_channels / groups, kernel_size); result: (N, out_channels, L').
    """

    _n = 1

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        return self._spread(F.conv_transpose1d, input, output_size)


class ConvTranspose2d(_Transposed):
    """The transpose (gradient with respect to the input) of a convolution over two dimensions.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the result.
        kernel_size: Height and width of the kernel, or one number for both.
        stride: Step between the places of the result that neighbouring inputs reach.
        padding: What is cut off around the result.
        output_padding: What is added to one side of the result; below stride.
        groups: Groups of channels that do not see each other.
        bias: Whether a bias is added to each channel.
        dilation: Distance between the kernel's elements.

    Shape:
        input: (N, in_channels, H, W) or without N; weight: (in_channels, out_channels / groups, kH, kW);
        result: (N, out_channels, H', W') with H' = (H - 1) stride - 2 padding + dilation (kH - 1) + output_padding + 1.
    """

    _n = 2

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        return self._spread(F.conv_transpose2d, input, output_size)


class ConvTranspose3d(_Transposed):
    """The transpose of a convolution over three dimensions; arguments as for ConvTranspose2d.

    Shape:
        input: (N, in_channels, D, H, W) or without N; weight: (in_channels, out_channels / groups, kD, kH, kW);
        result: (N, out_channels, D', H', W').
    """

    _n = 3

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        return self._spread(F.conv_transpose3d, input, output_size)
