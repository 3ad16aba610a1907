"""Pooling: the maximum or mean of windows. A result's size is (size + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1, or
rounded up with ceil_mode. Inputs have shape (N, C, *) or (C, *), and so do results."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import Tensor

from . import functional as F
from .module import Module


class _MaxPool(Module):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def _pool(self, function: Any, input: Tensor) -> Any:
        return function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, return_indices=self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The maximum of each window of sequences, (N, C, L); arguments as for MaxPool2d.

    Shape:
        input: (N, C, L) or without N; result: the same with its spatial sizes pooled.
    """

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.max_pool1d, input)


class MaxPool2d(_MaxPool):
    """The maximum of each window of images, (N, C, H, W).

    Args:
        kernel_size: Height and width of a window, or one number for both.
        stride: Step between windows; kernel_size by default.
        padding: -inf added around the input.
        dilation: Distance between the elements of a window.
        return_indices: Also return where each maximum was.
        ceil_mode: Let windows begin inside and end outside the input.

    Shape:
        input: (N, C, H, W) or without N; result: the same with its spatial sizes pooled.
    """

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.max_pool2d, input)


class MaxPool3d(_MaxPool):
    """The maximum of each window of volumes, (N, C, D, H, W); arguments as for MaxPool2d.

    Shape:
        input: (N, C, D, H, W) or without N; result: the same with its spatial sizes pooled.
    """

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.max_pool3d, input)


class _AvgPool(Module):
    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of each window of sequences, (N, C, L); arguments as for AvgPool2d.

    Shape:
        input: (N, C, L) or without N; result: the same with its spatial sizes pooled.
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = self.kernel_size if stride is None else _single(stride)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


def _single(value: Any) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


class AvgPool2d(_AvgPool):
    """The mean of each window of images, (N, C, H, W).

    Args:
        kernel_size: Height and width of a window, or one number for both.
        stride: Step between windows; kernel_size by default.
        padding: Zeros added around the input.
        ceil_mode: Let windows begin inside and end outside the input.
        count_include_pad: Count the zeros of the padding in the mean.
        divisor_override: Divide by this rather than by the number of elements.

    Shape:
        input: (N, C, H, W) or without N; result: the same with its spatial sizes pooled.
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def _pool(self, function: Any, input: Tensor) -> Tensor:
        return function(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override)

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(F.avg_pool2d, input)


class AvgPool3d(AvgPool2d):
    """The mean of each window of volumes, (N, C, D, H, W); arguments as for AvgPool2d.

    Shape:
        input: (N, C, D, H, W) or without N; result: the same with its spatial sizes pooled.
    """

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(F.avg_pool3d, input)


class _AdaptivePool(Module):
    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The mean of as many windows as make a result of `output_size`: (N, C, L) to (N, C, output_size).

    Shape:
        input: (N, C, L) or without N; result: the same with spatial sizes output_size.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePool):
    """The mean of as many windows as make a result of `output_size`: (N, C, H, W) to (N, C, *output_size); None keeps a size.

    Shape:
        input: (N, C, H, W) or without N; result: the same with spatial sizes output_size.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptivePool):
    """The mean of as many windows as make a result of `output_size`: (N, C, D, H, W) to (N, C, *output_size).

    Shape:
        input: (N, C, D, H, W) or without N; result: the same with spatial sizes output_size.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPool(_AdaptivePool):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The maximum of as many windows as make a result of `output_size`: (N, C, L) to (N, C, output_size).

    Shape:
        input: (N, C, L) or without N; result: the same with spatial sizes output_size.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The maximum of as many windows as make a result of `output_size`: (N, C, H, W) to (N, C, *output_size).

    Shape:
        input: (N, C, H, W) or without N; result: the same with spatial sizes output_size.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The maximum of as many windows as make a result of `output_size`: (N, C, D, H, W) to (N, C, *output_size).

    Shape:
        input: (N, C, D, H, W) or without N; result: the same with spatial sizes output_size.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class _LPPool(Module):
    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, ceil_mode={self.ceil_mode}"


class LPPool1d(_LPPool):
    """(sum of |x|^norm_type)^(1 / norm_type) over each window of sequences, (N, C, L).

    Shape:
        input: (N, C, L) or without N; result: the same with its spatial sizes pooled.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPool):
    """(sum of |x|^norm_type)^(1 / norm_type) over each window of images, (N, C, H, W).

    Shape:
        input: (N, C, H, W) or without N; result: the same with its spatial sizes pooled.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPool):
    """(sum of |x|^norm_type)^(1 / norm_type) over each window of volumes, (N, C, D, H, W).

    Shape:
        input: (N, C, D, H, W) or without N; result: the same with its spatial sizes pooled.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
