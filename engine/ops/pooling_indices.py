"""Max pooling that always gives the indices, under PyTorch's names for it."""

from __future__ import annotations

from ._space import public
from .pooling import max_pool1d, max_pool2d
from .pooling_adaptive_max import adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d
from .pooling_fractional import fractional_max_pool2d, fractional_max_pool3d
from .pooling_volume import max_pool3d


def _pooling(pool):
    def with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        return pool(input, kernel_size, stride, padding, dilation, ceil_mode, True)

    return with_indices


def _adaptive(pool):
    def with_indices(input, output_size, return_indices=False):
        return pool(input, output_size, True)

    return with_indices


def _fractional(pool):
    def with_indices(input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
        return pool(input, kernel_size, output_size, output_ratio, True, _random_samples)

    return with_indices


for _make, _pools in (
    (_pooling, (max_pool1d, max_pool2d, max_pool3d)),
    (_adaptive, (adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d)),
    (_fractional, (fractional_max_pool2d, fractional_max_pool3d)),
):
    for _pool in _pools:
        _function = _make(_pool)
        _function.__name__ = _function.__qualname__ = f"{_pool.name}_with_indices"
        _function.__doc__ = f"`{_pool.name}` with return_indices=True."
        public("functional")(_function)
