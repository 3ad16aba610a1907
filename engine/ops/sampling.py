"""Draws from gamma and Dirichlet distributions, and of categories.

An element of a draw depends on the draw's key, on its place and on its own parameters alone.
"""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, infer, op, refuses, samples
from ._help import floating, tensors
from ._space import public
from ._streams import Streams
from .drawing import KEY
from .drawing import uniform as uniform_draw
from .errors import expected
from .generator import key_of
from .sampling_slope import dirichlet_slope, gamma_slope

NO_FORM = Unsupported("random numbers are not part of a network in use")
_AT_ONCE = 1 << 16  # comparisons, so that they stay in the cache


def even(shape, generator=None):
    """Numbers evenly distributed in (0, 1), of float64."""
    return uniform_draw(tuple(shape), core.float64, key_of(generator), 2.0**-54, 1.0)


def _above_zero(x, dtype):
    return np.maximum(x, np.finfo(dtype).tiny).astype(dtype)


def _log_gamma(a, key):
    """Logarithms of samples, by Marsaglia and Tsang's rejection; a concentration below 1 by a power of an even number besides."""
    streams, flat = Streams(key), a.reshape(-1)
    d = np.where(flat < 1, flat + 1, flat) - 1 / 3
    found = np.where(flat == 0, -np.inf, np.where(flat > 0, np.inf, np.nan))
    waiting = np.flatnonzero((flat > 0) & (flat < np.inf))
    attempt = 0
    while waiting.size:
        block, scale = streams.block(waiting, attempt), d[waiting]
        x = np.sqrt(-2 * np.log1p(-block.double(0))) * np.cos(2 * np.pi * block.single(2))
        v = (1 + x / np.sqrt(9 * scale)) ** 3
        taken = np.log(block.single(3)) < 0.5 * x * x + scale * (1 - v + np.log(v))
        found[waiting[taken]] = np.log(scale[taken] * v[taken])
        waiting, attempt = waiting[~taken], attempt + 1
    small = np.flatnonzero((flat > 0) & (flat < 1))
    found[small] += np.log1p(-streams.block(small, streams.last).double(0)) / flat[small]
    return found.reshape(a.shape)


@op("call", spaces=(), methods=False, onnx=NO_FORM)
def gamma_drawn(input, key):
    """Samples of standard gamma distributions with the concentrations `input`.

    References:
        Marsaglia and Tsang (2000), doi:10.1145/358407.358414.
    """
    with np.errstate(all="ignore"):
        return _above_zero(np.exp(_log_gamma(input.astype(np.float64), key)), input.dtype)


@op("call", spaces=(), methods=False, onnx=NO_FORM)
def dirichlet_drawn(input, key):
    """Vectors of Dirichlet distributions along the last dimension: gamma samples over their sum.

    They are taken as logarithms, so that small concentrations do not give nothing but zeros.
    """
    with np.errstate(all="ignore"):
        logs = _log_gamma(input.astype(np.float64), key)
        x = np.exp(logs - logs.max(-1, keepdims=True, initial=-np.inf))
        return _above_zero(x / x.sum(-1, keepdims=True), input.dtype)


@infer(gamma_drawn)
@infer(dirichlet_drawn)
def _(input, key):
    return [(tuple(input.shape), input.dtype)], list(key), ()


derivative(gamma_drawn, input=lambda g, input, result: g * gamma_slope(input, result))


def _by_concentration(g, input, result):
    each = dirichlet_slope(result, input, input.sum(-1, True).expand(input.shape))
    return each * (g - (result * g).sum(-1, True))


derivative(dirichlet_drawn, input=_by_concentration)


@op("call", tensors=2, spaces=(), methods=False, onnx=NO_FORM)
def category_at(input, u):
    """For each even number u the first index at which running sums of weights, along the last dimension, exceed that part of their total.

    Shape:
        input: (*batch, k); u: (n, *batch); result: that of u.
    """
    total = np.cumsum(input.reshape(-1, input.shape[-1]), axis=1, dtype=np.float64)
    if not ((total[:, -1] > 0) & np.isfinite(total[:, -1])).all():
        raise expected("category_at", "weights with a finite sum above 0", f"sums {total[:, -1]}", error=RuntimeError)
    rows, k = total.shape
    at = u.reshape(len(u), rows) * total[:, -1]
    if len(at) > k:  # many draws: a search for each
        return np.stack([np.searchsorted(t, v, "right") for t, v in zip(total, at.T)], 1).reshape(u.shape)
    found = np.empty(at.shape, np.int64)
    step = max(1, _AT_ONCE // max(1, len(at) * k))
    for start in range(0, rows, step):
        part = slice(start, start + step)
        found[:, part] = (total[part] <= at[:, part, None]).sum(-1)
    return found.reshape(u.shape)


@infer(category_at)
def _(input, u):
    return [(tuple(u.shape), core.int64)], (), ()


@public("torch")
def _standard_gamma(input, generator=None):
    """Draw from standard gamma distributions; the samples have a derivative with respect to the concentrations `input`."""
    tensors("_standard_gamma", input=input)
    floating("_standard_gamma", input)
    return gamma_drawn(input, key_of(generator))


@public("torch")
def _sample_dirichlet(input, generator=None):
    """Draw from Dirichlet distributions along the last dimension, with a derivative with respect to the concentrations `input`."""
    tensors("_sample_dirichlet", input=input)
    floating("_sample_dirichlet", input)
    if not input.ndim:
        raise expected("_sample_dirichlet", "input of 1 or more dimensions", input, error=IndexError)
    return dirichlet_drawn(input, key_of(generator))


@samples(gamma_drawn)
def _(s):
    implicit = "the derivative is that of the distribution, not that of this way of drawing"
    for a in (s.positive(3, 5), s.positive(4, low=5, high=80), s.tensor([0.0, 1e-3, 1.0, 1e9])):
        yield s(a, KEY).without("gradcheck", "gradgradcheck", because=implicit)


@samples(dirichlet_drawn)
def _(s):
    implicit = "the derivative is that of the distribution, not that of this way of drawing"
    for a in (s.positive(3, 5), s.tensor([1e-3, 1e-4, 2.0])):
        yield s(a, KEY).without("gradcheck", "gradgradcheck", because=implicit)


@samples(category_at)
def _(s):
    yield s(s.positive(3, 5), s.uniform(2, 3))
    yield s(s.positive(4), s.uniform(9))


@refuses(category_at)
def _(s):
    yield s(s.tensor([0.0, 0.0]), s.uniform(1)).raises(RuntimeError, "category_at: expected weights with a finite sum above 0")
