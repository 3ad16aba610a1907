"""Functions over the elements that a mask leaves in: reductions and normalisations that take `mask=`, as in PyTorch's `torch.masked`.

Where `mask` is true (or not zero) an element counts; elsewhere it is as if it were not there. A result of no elements is what the
reduction starts from (0 for a sum, 1 for a product, the least value for a maximum), or nan where there is no such value.
"""

from __future__ import annotations

from .normalizations import cumprod, cumsum, log_softmax, normalize, softmax, softmin
from .reductions import amax, amin, argmax, argmin, logaddexp, logsumexp, mean, median, norm, prod, std, sum, var

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median", "norm",
    "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip
