"""Draws of counts: from Poisson and binomial distributions.

An element of a draw depends on the draw's key, on its place and on its own parameters alone. Small means by adding up probabilities until
they exceed an even number; larger ones by Hörmann's transformed rejection.
"""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import derivative, infer, op, samples
from ._help import broadcast, floating, nothing, tensors
from ._space import public
from ._streams import Streams
from .drawing import KEY
from .errors import expected
from .generator import key_of
from .sampling import NO_FORM

_SMALL = 10  # means below are drawn by sums


def _by_sum(found, which, streams, first, ratio):
    """The first k up to which probabilities add up to more than an even number; `ratio(k)` is that of the k-th to the one before."""
    u, k = streams.block(which, 0).double(0), 0
    total = chance = first
    while (more := (u >= total) & ((chance > 1e-18) | (k < _SMALL))).any():
        k += 1
        chance = chance * ratio(k)
        total = np.where(more, total + chance, np.inf)
        found[which[more]] = k


def _by_rejection(found, which, streams, shape, log_chance):
    """Hörmann's way: k from a ratio of even numbers, kept with a chance that makes up for the difference.

    Args:
        found: Where the draws go, flat.
        which: The elements that are drawn.
        streams: Where the even numbers come from.
        shape: Takes elements, gives what the ratio is made of, how much is kept untried, and the height over the chances.
        log_chance: Takes numbers and the elements that they are drawn for; -inf where there is no such number.
    """
    attempt = 0
    while which.size:
        block = streams.block(which, attempt)
        u, v = block.double(0) - 0.5, 1 - block.double(1)
        a, b, centre, inside, height = shape(which)
        apart = 0.5 - np.abs(u)
        k = np.floor((2 * a / apart + b) * u + centre)
        taken = (apart >= 0.07) & (v <= inside) | (np.log(v * height / (a / apart**2 + b)) <= log_chance(k, which))
        found[which[taken]] = k[taken]
        which, attempt = which[~taken], attempt + 1


def _poisson_shape(rate):
    b = 0.931 + 2.53 * np.sqrt(rate)
    return 0.02483 * b - 0.059, b, rate + 0.43, 0.9277 - 3.6224 / (b - 2), 1.1239 + 1.1328 / (b - 3.4)


def _log_poisson(k, rate):
    from scipy import special

    return np.where(k < 0, -np.inf, k * np.log(rate) - rate - special.gammaln(k + 1))


def _binomial_shape(n, p):
    spread = np.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    return 0.0248 * b + 0.01 * p - 0.0873, b, n * p + 0.5, 0.92 - 4.2 / b, (2.83 + 5.1 / b) * spread


def _log_binomial(k, n, p):
    """Relative to the chance of the most likely number."""
    from scipy import special

    ways = lambda k: special.gammaln(k + 1) + special.gammaln(n - k + 1)  # noqa: E731
    mode = np.floor((n + 1) * p)
    return np.where((k < 0) | (k > n), -np.inf, (k - mode) * np.log(p / (1 - p)) + ways(mode) - ways(k))


@op("call", spaces=(), methods=False, onnx=NO_FORM)
def poisson_drawn(input, key):
    """`poisson` with its key.

    References:
        Hörmann (1993), doi:10.1016/0167-6687(93)90997-4.
    """
    streams, rate = Streams(key), input.astype(np.float64).reshape(-1)
    found = np.where(rate == 0, 0, np.nan)
    with np.errstate(all="ignore"):
        few, many = np.flatnonzero((rate > 0) & (rate < _SMALL)), np.flatnonzero((rate >= _SMALL) & (rate < np.inf))
        found[few] = 0
        _by_sum(found, few, streams, np.exp(-rate[few]), lambda k: rate[few] / k)
        _by_rejection(found, many, streams, lambda which: _poisson_shape(rate[which]), lambda k, which: _log_poisson(k, rate[which]))
    return found.reshape(input.shape).astype(input.dtype)


@op("call", tensors=2, spaces=(), methods=False, onnx=NO_FORM)
def binomial_drawn(count, prob, key):
    """`binomial` with its key, of tensors of one shape.

    References:
        Hörmann (1993), doi:10.1080/00949659308811496.
    """
    n, p = count.astype(np.float64).reshape(-1), prob.astype(np.float64).reshape(-1)
    streams, less = Streams(key), np.where(p > 0.5, 1 - p, p)
    found = np.where((n <= 0) | (p <= 0), 0, np.where(p >= 1, n, np.nan))
    with np.errstate(all="ignore"):
        drawn = (n > 0) & (n < np.inf) & (p > 0) & (p < 1)
        few, many = np.flatnonzero(drawn & (n * less < _SMALL)), np.flatnonzero(drawn & (n * less >= _SMALL))
        found[few] = 0
        _by_sum(
            found, few, streams, np.exp(n[few] * np.log1p(-less[few])),
            lambda k: np.maximum(n[few] - k + 1, 0) / k * (less[few] / (1 - less[few])),
        )  # fmt: skip
        _by_rejection(
            found, many, streams, lambda which: _binomial_shape(n[which], less[which]),
            lambda k, which: _log_binomial(k, n[which], less[which]),
        )  # fmt: skip
        turned = drawn & (p > 0.5)
        found[turned] = n[turned] - found[turned]
    return found.reshape(count.shape).astype(count.dtype)


@infer(poisson_drawn)
def _(input, key):
    return [(tuple(input.shape), input.dtype)], list(key), ()


derivative(poisson_drawn, input=nothing)


@infer(binomial_drawn)
def _(count, prob, key):
    return [(tuple(count.shape), count.dtype)], list(key), ()


@public("torch")
def poisson(input, generator=None):
    """Draw numbers of events from Poisson distributions.

    P(y = k) = rate ** k * e ** -rate / k!

    Args:
        input: Rates >= 0.
        generator: Where random numbers come from; None means the default generator.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: a rate is negative, or `input` is not floating.

    Example:
        >>> poisson(tensor([0.0, 0.0]))
        tensor([0., 0.])
    """
    tensors("poisson", input=input)
    floating("poisson", input)
    if not (input.detach() >= 0).all():
        raise expected("poisson", "rates >= 0", "another one", error=RuntimeError)
    return poisson_drawn(input, key_of(generator))


@public("torch")
def binomial(count, prob, generator=None):
    """Draw numbers of successes from binomial distributions.

    P(y = k) = n! / (k! (n - k)!) * p ** k * (1 - p) ** (n - k)

    Args:
        count: Numbers of trials n, whole numbers >= 0 of a floating dtype.
        prob: Probabilities of success p, in [0, 1].
        generator: Where random numbers come from; None means the default generator.

    Shape:
        count, prob: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the dtype of `count`.

    Raises:
        ValueError: the arguments are not floating.
        RuntimeError: they are of two dtypes.

    Example:
        >>> binomial(tensor([4.0, 4.0]), tensor([0.0, 1.0]))
        tensor([0., 4.])
    """
    tensors("binomial", count=count, prob=prob)
    if not (count.dtype.is_floating_point and prob.dtype.is_floating_point):
        raise expected("binomial", "count and prob of a floating dtype", count, "cast with count.float()")
    if prob.dtype is not count.dtype:
        raise expected("binomial", f"prob of dtype {count.dtype.name}", prob, error=RuntimeError)
    shape = broadcast("binomial", count.shape, prob.shape)
    return binomial_drawn(count.detach().expand(shape), prob.detach().expand(shape), key_of(generator))


@samples(poisson_drawn)
def _(s):
    for rates in (s.positive(3, 5, low=0.1, high=9), s.uniform(40, low=9, high=90), s.tensor([0.0, 0.01, 10.0, 1e6])):
        yield s(rates, KEY).without("gradcheck", "gradgradcheck", because="what is drawn has no slope")


@samples(binomial_drawn)
def _(s):
    yield s(s.tensor([[1, 5, 9], [30, 90, 1000]]), s.uniform(2, 3, low=0.1), KEY)
    yield s(s.tensor([0, 4, 4, 400, 30]), s.tensor([0.5, 0, 1, 0.97, 0.5]), KEY)
