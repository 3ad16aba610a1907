"""Draws from gamma, Dirichlet, Poisson and binomial distributions, by inverting the distribution function at even numbers.

An element of a draw depends on the even number at its place and on its own parameters alone.
"""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, infer, op, refuses, samples
from ._help import floating, tensors
from ._space import alias, public
from .drawing import uniform as uniform_draw
from .errors import expected
from .generator import key_of

NO_FORM = Unsupported("random numbers are not part of a network in use")
NO_SLOPE = Unsupported("ONNX has no incomplete gamma and beta functions")
_STEP = 0.02  # of the differences, relative to the distance over which the logarithm of a distribution function changes
_AT_ONCE = 1 << 16  # comparisons, so that they stay in the cache
# central differences of eighth order: the first derivative, and the second one with its weight in the middle
_FIRST = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
_SECOND, _MIDDLE = (8 / 5, -1 / 5, 8 / 315, -1 / 560), -205 / 72


def _tail(lower, upper, log_density, a):
    """What a distribution function does with its parameter `a`, by the logarithm of the smaller one of its tails.

    That is smooth over distances of min(a, sqrt(a)), so that differences of eighth order leave errors of about 1e-12.

    Returns:
        The sign of the tail's derivatives as those of the function, tail / density, and two derivatives of the logarithm; 0 where the tail
        is too small for a number.
    """
    h = _STEP * a / np.sqrt(1 + a)
    small = lower(a) <= 0.5

    def log(b):
        return np.log(np.where(small, lower(b), upper(b)))

    middle = log(a)
    sides = [(log(a + k * h), log(a - k * h)) for k in range(1, 5)]
    first = sum(w * (up - down) for w, (up, down) in zip(_FIRST, sides)) / h
    second = (sum(w * (up + down) for w, (up, down) in zip(_SECOND, sides)) + _MIDDLE * middle) / h**2
    known = np.isfinite(second) | np.isnan(middle)
    return np.where(small, 1, -1), np.exp(middle - log_density), np.where(known, first, 0), np.where(known, second, 0)


def _gamma(input, output):
    """Concentrations and samples in double precision, the logarithm of the density there, and `_tail`."""
    from scipy import special

    a, x = np.asarray(input, np.float64), np.asarray(output, np.float64)
    density = (a - 1) * np.log(x) - x - special.gammaln(a)
    return a, x, _tail(lambda b: special.gammainc(b, x), lambda b: special.gammaincc(b, x), density, a)


@op("map", tensors=2, spaces=(), methods=False, onnx=NO_SLOPE)
def gamma_slope(input, output):
    """How fast a sample of a standard gamma distribution grows with its concentration: -(dP / da) / density."""
    with np.errstate(all="ignore"):
        _, x, (sign, ratio, first, _) = _gamma(input, output)
        return np.where((x > 0) & (x < np.inf), -sign * ratio * first, 0).astype(np.result_type(input))


@op("map", tensors=2, spaces=(), methods=False, onnx=NO_SLOPE)
def gamma_slope_backward(input, output):
    """How fast `gamma_slope` grows with the concentration, where the sample stays: -P'' / density - slope * (log x - digamma(a))."""
    from scipy import special

    with np.errstate(all="ignore"):
        a, x, (sign, ratio, first, second) = _gamma(input, output)
        found = -sign * ratio * (second + first**2 - first * (np.log(x) - special.digamma(a)))
        return np.where((x > 0) & (x < np.inf), found, 0).astype(np.result_type(input))


derivative(
    gamma_slope,
    input=lambda g, input, output: g * gamma_slope_backward(input, output),
    output=lambda g, input, output, result: g * (input.digamma() - output.log() - result * ((input - 1) / output - 1)),
)


@op("map", tensors=3, spaces=(), methods=False, onnx=NO_SLOPE)
def dirichlet_slope(x, alpha, total):
    """How fast an element of a Dirichlet sample grows with its concentration, over 1 - x; the other elements shrink in proportion."""
    from scipy import special

    v, a, b = np.asarray(x, np.float64), np.asarray(alpha, np.float64), np.asarray(total, np.float64) - alpha
    with np.errstate(all="ignore"):
        density = (a - 1) * np.log(v) + (b - 1) * np.log1p(-v) - special.betaln(a, b)
        sign, ratio, first, _ = _tail(lambda c: special.betainc(c, b, v), lambda c: special.betainc(b, c, 1 - v), density, a)
        return np.where((v > 0) & (v < 1), -sign * ratio * first / (1 - v), 0).astype(np.result_type(x))


def even(shape, generator=None):
    """Numbers evenly distributed in (0, 1), of float64."""
    return uniform_draw(tuple(shape), core.float64, key_of(generator), 2.0**-54, 1.0)


def _above_zero(x, dtype):
    return np.maximum(x, np.finfo(dtype).tiny).astype(dtype)


@op("call", tensors=2, spaces=(), methods=False, onnx=NO_FORM)
def gamma_at(input, u):
    """The numbers below which standard gamma distributions with the concentrations `input` have the probabilities u."""
    from scipy import special

    return _above_zero(special.gammaincinv(input.astype(np.float64), u), input.dtype)


@op("call", tensors=3, spaces=(), methods=False, onnx=NO_FORM)
def dirichlet_at(input, u, v):
    """Vectors of Dirichlet distributions along the last dimension, from two even numbers for each element.

    With v even and g of a gamma distribution one step up, g * v ** (1 / a) is of the gamma distribution with concentration a; logarithms
    keep small concentrations from giving nothing but zeros.
    """
    from scipy import special

    a = input.astype(np.float64)
    logs = np.log(special.gammaincinv(a + 1, u)) + np.log(v) / a
    x = np.exp(logs - logs.max(-1, keepdims=True, initial=-np.inf))
    return _above_zero(x / x.sum(-1, keepdims=True), input.dtype)


@infer(gamma_at)
def _(input, u):
    return [(tuple(input.shape), input.dtype)], (), ()


@infer(dirichlet_at)
def _(input, u, v):
    return [(tuple(input.shape), input.dtype)], (), ()


derivative(gamma_at, input=lambda g, input, result: g * gamma_slope(input, result))


def _by_concentration(g, input, result):
    each = dirichlet_slope(result, input, input.sum(-1, True).expand(input.shape))
    return each * (g - (result * g).sum(-1, True))


derivative(dirichlet_at, input=_by_concentration)


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
    return gamma_at(input, even(input.shape, generator))


@public("torch")
def _sample_dirichlet(input, generator=None):
    """Draw from Dirichlet distributions along the last dimension, with a derivative with respect to the concentrations `input`."""
    tensors("_sample_dirichlet", input=input)
    floating("_sample_dirichlet", input)
    return dirichlet_at(input, even(input.shape, generator), even(input.shape, generator))


alias("torch", _standard_gamma_grad=gamma_slope, _dirichlet_grad=dirichlet_slope)


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
    from scipy import special

    tensors("poisson", input=input)
    floating("poisson", input)
    rate = input.detach().double().numpy()
    if (rate < 0).any():
        raise expected("poisson", "rates >= 0", f"one of {rate.min()}", error=RuntimeError)
    u = even(rate.shape, generator).numpy()
    found = _first(lambda k: special.pdtr(k, rate), special.pdtrik(u, rate), u)
    return core.from_numpy(np.where(rate > 0, found, 0)).to(input.dtype)


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
        RuntimeError: the arguments are not floating, or of two dtypes.

    Example:
        >>> binomial(tensor([4.0, 4.0]), tensor([0.0, 1.0]))
        tensor([0., 4.])
    """
    from scipy import special

    tensors("binomial", count=count, prob=prob)
    floating("binomial", count, "count")
    if prob.dtype is not count.dtype:
        raise expected("binomial", f"prob of dtype {count.dtype.name}", prob, error=RuntimeError)
    n, p = np.broadcast_arrays(count.detach().double().numpy(), prob.detach().double().numpy())
    u = even(n.shape, generator).numpy()
    with np.errstate(invalid="ignore"):
        found = _first(lambda k: np.where(k < n, special.betainc(n - np.minimum(k, n), k + 1, 1 - p), 1), special.bdtrik(u, n, p), u)
    result = np.where((p <= 0) | (n <= 0), 0, np.where(p >= 1, n, found))
    return core.from_numpy(np.where(np.isnan(p) | np.isnan(n), np.nan, result)).to(count.dtype)


def _first(distribution, near, u):
    """The first whole number with a distribution function of u or more, from a number near it."""
    k = np.ceil(near)
    below = np.maximum(k - 1, 0)
    return np.where(distribution(below) >= u, below, k)


@samples(gamma_slope)
@samples(gamma_slope_backward)
def _(s):
    third = "there is no third derivative"
    yield s(s.positive(3, 4), s.positive(3, 4)).without("gradgradcheck", because=third)
    yield s(s.positive(3, 1, low=30, high=60), s.positive(4, low=30, high=60)).without("gradgradcheck", because=third)


@samples(dirichlet_slope)
def _(s):
    yield s(s.uniform(3, 4, low=0.1, high=0.9), s.positive(3, 4), s.positive(4, low=4, high=9))


@samples(gamma_at)
def _(s):
    yield s(s.positive(3, 5), s.uniform(3, 5, low=0.01, high=0.99))
    yield s(s.positive(4, low=5, high=80), s.uniform(4, low=0.01, high=0.99))


@samples(dirichlet_at)
def _(s):
    yield s(s.positive(3, 5), s.uniform(3, 5, low=0.1), s.uniform(3, 5, low=0.1)).without(
        "gradcheck", "gradgradcheck", because="the derivative is that of the distribution, not that of this way of drawing"
    )


@samples(category_at)
def _(s):
    yield s(s.positive(3, 5), s.uniform(2, 3))
    yield s(s.positive(4), s.uniform(9))


@refuses(category_at)
def _(s):
    yield s(s.tensor([0.0, 0.0]), s.uniform(1)).raises(RuntimeError, "category_at: expected weights with a finite sum above 0")
