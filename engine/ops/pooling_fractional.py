"""Max pooling whose windows lie at random, so that sizes shrink by any factor."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, op, refuses, samples
from ._help import product
from .conv import pair
from .drawing import uniform as uniform_draw
from .errors import expected
from .generator import key_of
from .pooling import _check

RANDOM = Unsupported("its windows lie at random")


def _starts(u, size, out, kernel):
    """Where windows begin: steps of (size - kernel) / (out - 1) from a random phase, rounded down; the last window ends the input."""
    if out == 1:
        return np.full((*u.shape, 1), size - kernel)
    step = u.dtype.type(size - kernel) / u.dtype.type(out - 1)
    i = np.arange(out).astype(u.dtype)
    found = ((i + u[..., None]) * step).astype(np.int64) - (u[..., None] * step).astype(np.int64)
    found[..., -1] = size - kernel
    return found


def _fractional(name, n, input, kernel_size, output_size, output_ratio, return_indices, drawn):
    _check(name, input, n)
    if (output_size is None) == (output_ratio is None):
        raise expected(name, "one of output_size and output_ratio", "neither" if output_size is None else "both")
    kernel, spatial = pair(name, kernel_size, "kernel_size", n, 1), tuple(input.shape[-n:])
    if output_size is None:
        ratio = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * n
        if len(ratio) != n or not all(0 < r < 1 for r in ratio):
            raise expected(name, f"output_ratio between 0 and 1, one or {n} of them", f"{output_ratio}")
        output_size = tuple(int(m * r) for m, r in zip(spatial, ratio, strict=True))
    size = pair(name, output_size, "output_size", n, 1)
    if any(o + k - 1 > m for o, k, m in zip(size, kernel, spatial, strict=True)):
        raise expected(
            name, f"input of at least {tuple(o + k - 1 for o, k in zip(size, kernel, strict=True))}", f"{spatial}", error=RuntimeError
        )
    x = input if input.ndim == n + 2 else input.unsqueeze(0)
    lead = tuple(x.shape[:2])
    if drawn is None:
        drawn = uniform_draw((*lead, n), x.dtype, key_of(None), 0.0, 1.0)
    if x is not input and drawn.ndim == 3:  # PyTorch takes those of a batch too, and the first of them
        drawn = drawn[:1]
    if tuple(drawn.shape) != (*lead, n) or drawn.dtype != x.dtype:
        raise expected(name, f"_random_samples of shape {(*lead, n)} and the input's dtype", drawn, error=RuntimeError)
    wide = drawn.detach() if drawn.dtype in (core.float32, core.float64) else drawn.detach().float()
    u = wide.numpy()
    if n == 2:
        u = u[..., ::-1]  # PyTorch's first number is the width's in images, the depth's in volumes
    places = np.zeros((*lead, *(1,) * (2 * n)), np.int64)
    for d in range(n):
        along = _starts(u[..., d], spatial[d], size[d], kernel[d])[..., None] + np.arange(kernel[d])
        shape = [1] * (2 * n)
        shape[d], shape[n + d] = size[d], kernel[d]
        places = places * spatial[d] + along.reshape(*lead, *shape)
    flat = core.from_numpy(np.ascontiguousarray(places).reshape(*lead, product(size), product(kernel)))
    values, at = x.flatten(2).gather(2, flat.flatten(2)).reshape(flat.shape).max(-1)
    shape = (*lead, *size) if x is input else (lead[1], *size)
    if not return_indices:
        return values.reshape(shape)
    return values.reshape(shape), flat.gather(3, at.unsqueeze(3)).reshape(shape)


@op("composite", spaces="functional", methods=False, onnx=RANDOM)
def fractional_max_pool2d(input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
    """The largest value of windows that lie at random, as many as `output_size` says.

    Args:
        input: Images.
        kernel_size: Of the window: an int or two.
        output_size: Sizes of the result.
        output_ratio: Sizes of the result as shares of the input's, between 0 and 1; one of both is given.
        return_indices: Also return where each value came from, as an index into its plane.
        _random_samples: Two numbers in [0, 1) for each plane, for width and height; None draws them.

    Shape:
        input: (N, C, H, W) or (C, H, W); _random_samples: (N, C, 2); result: (N, C, *output_size).

    Returns:
        Tensor of the dtype of `input`; with indices, a pair.

    Raises:
        ValueError: not one of `output_size` and `output_ratio` is given, or the ratio lies outside.
        RuntimeError: the input is too small.

    References:
        Graham (2014), arXiv:1412.6071.

    Example:
        >>> functional.fractional_max_pool2d(tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2, output_size=1)
        tensor([[[4.]]])
    """
    return _fractional("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


@op("composite", spaces="functional", methods=False, onnx=RANDOM)
def fractional_max_pool3d(input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
    """The largest value of windows of volumes that lie at random, as many as `output_size` says.

    Args:
        input: Volumes.
        kernel_size: Of the window: an int or three.
        output_size: Sizes of the result.
        output_ratio: Sizes of the result as shares of the input's, between 0 and 1; one of both is given.
        return_indices: Also return where each value came from, as an index into its volume.
        _random_samples: Three numbers in [0, 1) for each volume; None draws them.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); _random_samples: (N, C, 3); result: (N, C, *output_size).

    Returns:
        Tensor of the dtype of `input`; with indices, a pair.

    Raises:
        ValueError: not one of `output_size` and `output_ratio` is given, or the ratio lies outside.
        RuntimeError: the input is too small.

    References:
        Graham (2014), arXiv:1412.6071.

    Example:
        >>> functional.fractional_max_pool3d(tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), (1, 2, 2), output_size=1)
        tensor([[[[4.]]]])
    """
    return _fractional("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


FIXED = "PyTorch refuses random samples that require grad"


@samples(fractional_max_pool2d)
def _(s):
    for shape, kernel, options in (
        ((2, 3, 7, 6), 2, {"output_size": 4}),
        ((2, 3, 6, 8), (2, 3), {"output_ratio": (0.5, 0.6), "return_indices": True}),
        ((2, 5, 5), (3, 2), {"output_size": (1, 4)}),
    ):
        drawn = s.uniform(*((1, *shape) if len(shape) == 3 else shape)[:2], 2)
        yield s(s.distinct(*shape), kernel, **options, _random_samples=drawn).without("peer_gradient", because=FIXED)


@samples(fractional_max_pool3d)
def _(s):
    for shape, kernel, options in (
        ((2, 2, 5, 6, 4), 2, {"output_size": (3, 4, 2)}),
        ((1, 2, 6, 5, 4), (2, 1, 2), {"output_ratio": 0.5, "return_indices": True}),
        ((2, 4, 5, 5), (3, 2, 1), {"output_size": (1, 3, 3)}),
    ):
        drawn = s.uniform(*((1, *shape) if len(shape) == 4 else shape)[:2], 3)
        yield s(s.distinct(*shape), kernel, **options, _random_samples=drawn).without("peer_gradient", because=FIXED)


@refuses(fractional_max_pool2d)
def _(s):
    x = s.normal(1, 2, 4, 4)
    yield s(x, 2).raises(ValueError, "fractional_max_pool2d: expected one of output_size and output_ratio, got neither")
    yield s(x, 2, 2, 0.5).raises(ValueError, "fractional_max_pool2d: expected one of output_size and output_ratio, got both")
    yield s(x, 2, output_ratio=1.5).raises(ValueError, "fractional_max_pool2d: expected output_ratio between 0 and 1")
    yield s(x, 3, 3).raises(RuntimeError, "fractional_max_pool2d: expected input of at least (5, 5), got (4, 4)")
    yield s(x, 2, 2, _random_samples=s.uniform(1, 2)).raises(RuntimeError, "fractional_max_pool2d: expected _random_samples of shape")
    yield s(s.normal(4), 2, 2).raises(RuntimeError, "fractional_max_pool2d: expected input of 4 dimensions")


@refuses(fractional_max_pool3d)
def _(s):
    yield s(s.normal(1, 2, 4, 4, 4), 3, 3).raises(RuntimeError, "fractional_max_pool3d: expected input of at least (5, 5, 5)")
