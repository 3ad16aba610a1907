"""Layers that put pooled values back, and those whose windows lie at random."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.conv import pair
from ..ops.errors import expected
from . import functional as F
from .module import Module


class _MaxUnpool(Module):
    _n = 0

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        name = type(self).__name__
        self.kernel_size = pair(name, kernel_size, "kernel_size", self._n, 1)
        self.stride = self.kernel_size if stride is None else pair(name, stride, "stride", self._n, 1)
        self.padding = pair(name, padding, "padding", self._n)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Put what MaxPool1d(..., return_indices=True) gave back in its place, among zeros.

    Shape:
        input and indices: (N, C, L) or (C, L); result: (N, C, (L - 1) stride - 2 padding + kernel_size), or of `output_size`.
    """

    _n = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpool):
    """Put what MaxPool2d(..., return_indices=True) gave back in its place, among zeros.

    Args:
        kernel_size: Height and width of a window, or one number for both.
        stride: Step between windows; kernel_size by default.
        padding: What was added around the input.

    Shape:
        input and indices: (N, C, H, W) or (C, H, W); result: (N, C, (H - 1) stride - 2 padding + kernel_size, the same for W), or of
        `output_size`.

    Example:
        >>> y, where = MaxPool2d(2, return_indices=True)(tensor([[[1.0, 2.0], [4.0, 3.0]]]))
        >>> MaxUnpool2d(2)(y, where)
        tensor([[[0., 0.],
                 [4., 0.]]])
    """

    _n = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpool):
    """Put what MaxPool3d(..., return_indices=True) gave back in its place, among zeros.

    Shape:
        input and indices: (N, C, D, H, W) or (C, D, H, W); result: the same with each size (size - 1) stride - 2 padding + kernel_size, or
        of `output_size`.
    """

    _n = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class _FractionalMaxPool(Module):
    _n = 0

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name, n = type(self).__name__, self._n
        if (output_size is None) == (output_ratio is None):
            raise expected(name, "one of output_size and output_ratio", "neither" if output_size is None else "both")
        ratio = output_ratio if output_ratio is None or isinstance(output_ratio, (tuple, list)) else (output_ratio,) * n
        if ratio is not None and not all(0 < r < 1 for r in ratio):
            raise expected(name, "output_ratio between 0 and 1", f"{output_ratio}")
        self.kernel_size = pair(name, kernel_size, "kernel_size", n, 1)
        self.output_size = None if output_size is None else pair(name, output_size, "output_size", n, 1)
        self.output_ratio = None if ratio is None else tuple(ratio)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)

    def _pool(self, function: Any, input: Tensor) -> Any:
        return function(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples)


class FractionalMaxPool2d(_FractionalMaxPool):
    """The maximum of windows of images that lie at random, drawn anew at each call.

    Args:
        kernel_size: Height and width of a window, or one number for both.
        output_size: Sizes of the result.
        output_ratio: Sizes of the result as shares of the input's; one of both is given.
        return_indices: Also return where each maximum was.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: (N, C, *output_size).

    References:
        Graham (2014), arXiv:1412.6071.
    """

    _n = 2

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.fractional_max_pool2d, input)


class FractionalMaxPool3d(_FractionalMaxPool):
    """The maximum of windows of volumes that lie at random; arguments as for FractionalMaxPool2d.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); result: (N, C, *output_size).
    """

    _n = 3

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.fractional_max_pool3d, input)
