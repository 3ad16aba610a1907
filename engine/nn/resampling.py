"""Layers that rearrange or resample positions, and distances between vectors."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import Tensor

from . import functional as F
from .module import Module


class PixelShuffle(Module):
    """Move channels into space: (*, C r², H, W) becomes (*, C, H r, W r).

    Shape:
        input: (*, C r², H, W); result: (*, C, H r, W r).
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Move space into channels: (*, C, H r, W r) becomes (*, C r², H, W).

    Shape:
        input: (*, C, H r, W r); result: (*, C r², H, W).
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Deal the channels of (N, C, *) out to `groups` groups in turn.

    Shape:
        input and result: (N, C, *).
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Upsample(Module):
    """Resample to `size`, or by `scale_factor`: (N, C, L), (N, C, H, W) or (N, C, D, H, W).

    Args:
        size: Sizes of the result.
        scale_factor: Factors instead of sizes.
        mode: "nearest", "linear", "bilinear", "bicubic", "trilinear", "nearest-exact" or "area".
        align_corners: Whether the centres of the corner elements stay in place.
        recompute_scale_factor: Take the factors from the rounded sizes.

    Shape:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W); result: the same with the new sizes.
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.scale_factor = tuple(map(float, scale_factor)) if isinstance(scale_factor, tuple) else scale_factor and float(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor)

    def extra_repr(self) -> str:
        what = f"scale_factor={self.scale_factor!r}" if self.scale_factor is not None else f"size={self.size!r}"
        return f"{what}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Upsample images, (N, C, H, W), by repeating elements.

    Shape:
        input: (N, C, H, W); result: (N, C, H', W').
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Upsample images, (N, C, H, W), by bilinear interpolation with aligned corners.

    Shape:
        input: (N, C, H, W); result: (N, C, H', W').
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class _Windows(Module):
    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Unfold(_Windows):
    """All windows of images as columns: (N, C, H, W) becomes (N, C kH kW, windows).

    Shape:
        input: (N, C, H, W); result: (N, C kH kW, windows).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(_Windows):
    """The sum of windows where they overlap, the transpose of Unfold: (N, C kH kW, windows) becomes (N, C, *output_size).

    Shape:
        input: (N, C kH kW, windows); result: (N, C, *output_size).
    """

    def __init__(self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"


class CosineSimilarity(Module):
    """x1 x2 / (max(|x1|, eps) max(|x2|, eps)) along dim. x1: (*, D, *); x2 broadcasts with it; result: without D.

    Shape:
        x1: (*, D, *); x2 broadcasts with it; result: without D.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The p-norm of x1 - x2 + eps along the last dimension. x1 and x2: (N, D) or (D,); result: (N,), or (N, 1) with keepdim.

    Shape:
        x1 and x2: (N, D) or (D,); result: (N,) or (), with 1 last for keepdim.
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
