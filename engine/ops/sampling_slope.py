"""How samples of gamma and Dirichlet distributions grow with their parameters: implicit reparameterisation.

A sample x with the distribution function P keeps its rank, P(x, a) = u, while the parameter a changes: dx / da = -(dP / da) / density
(Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498), however it was drawn.
"""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, op, samples
from ._space import alias

NO_SLOPE = Unsupported("ONNX has no incomplete gamma and beta functions")
_STEP = 0.02  # of the differences, relative to the distance over which the logarithm of a distribution function changes
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


alias("torch", _standard_gamma_grad=gamma_slope, _dirichlet_grad=dirichlet_slope)


@samples(gamma_slope)
@samples(gamma_slope_backward)
def _(s):
    third = "there is no third derivative"
    yield s(s.positive(3, 4), s.positive(3, 4)).without("gradgradcheck", because=third)
    yield s(s.positive(3, 1, low=30, high=60), s.positive(4, low=30, high=60)).without("gradgradcheck", because=third)


@samples(dirichlet_slope)
def _(s):
    yield s(s.uniform(3, 4, low=0.1, high=0.9), s.positive(3, 4), s.positive(4, low=4, high=9))
