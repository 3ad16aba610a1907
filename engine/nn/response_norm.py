"""Local response normalisation: each channel against its neighbours."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor
from workbench.ext.core.lazy import np

from ..ops.errors import expected
from . import functional as F
from .module import Module


class LocalResponseNorm(Module):
    """y = x / (k + alpha mean(x²))^beta, the mean being over `size` neighbouring channels.

    Shape:
        input and result: (N, C, *).
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(LocalResponseNorm):
    """PyTorch's legacy layer for images, which adds channel 0 to the mean of every channel from (size + 1) / 2 on.

    Shape:
        input and result: (N, C, H, W).
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim != 4:
            raise expected("CrossMapLRN2d", "input of 4 dimensions", input)
        reach, channels = (self.size - 1) // 2 + 1, np.arange(input.shape[1])
        near = abs(channels[:, None] - channels) < reach
        near[reach:, :1] = True
        window = core.from_numpy(near.T.astype("float64")).to(input.dtype)
        total = ((input * input).movedim(1, -1) @ window).movedim(-1, 1)
        return input * (total * (self.alpha / self.size) + self.k) ** -self.beta
