"""The gamma function's family: logarithms, derivatives, incomplete forms, and Hurwitz' zeta. Bodies are SciPy's."""

from __future__ import annotations

import math

from workbench.ext.core import _core as core

from ._define import FLOATING, HALF, INTEGERS, Unsupported, derivative, op, refuses, samples
from ._help import ordered, tensors
from ._space import alias
from .comparison import where
from .errors import expected
from .exponential import exp, log
from .sampling_slope import gamma_slope

NO_FORM = Unsupported("ONNX has no function of the gamma family")


@op("map", inplace=True, result="float", onnx=NO_FORM)
def digamma(input):
    """Take the derivative of the logarithm of the gamma function; -inf at 0, nan at negative whole numbers.

    y = gamma'(input) / gamma(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> digamma(tensor([1.0, 0.5]))
        tensor([-0.5772, -1.9635])
    """
    ordered("digamma", input)
    from scipy import special

    return special.psi(input)


@op("map", inplace=True, result="float", onnx=NO_FORM)
def lgamma(input):
    """Take the logarithm of the magnitude of the gamma function; inf at 0 and at negative whole numbers.

    y = log |gamma(input)|

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> lgamma(tensor([0.5, 1.0, 5.0]))
        tensor([0.5724, 0.0000, 3.1781])
    """
    from scipy import special

    return special.gammaln(input)


derivative(lgamma, input=lambda g, input: g * digamma(input))


@op("map", spaces=(), methods=False, result="float", onnx=NO_FORM, peer=lambda torch, x, n: torch.polygamma(n, x))
def polygamma_of(input, n):
    """`polygamma` with the tensor first."""
    from scipy import special

    return special.polygamma(n, input)


derivative(digamma, input=lambda g, input: g * polygamma_of(input, 1))
derivative(polygamma_of, input=lambda g, input, n: g * polygamma_of(input, n + 1))


def _order(n):
    if n < 0:
        raise expected("polygamma", "n >= 0", f"{n}", error=RuntimeError)
    return n


@op("composite", tensors=("input",), spaces=("torch", "special"), methods=False, dtypes=(*FLOATING, "int64"), onnx=NO_FORM)
def polygamma(n, input):
    """Take the n-th derivative of `digamma`.

    Args:
        n: Which derivative, a whole number >= 0.
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Raises:
        RuntimeError: `n` is negative.

    Example:
        >>> polygamma(1, tensor([1.0, 0.5]))
        tensor([1.6449, 4.9348])
    """
    tensors("polygamma", input=input)
    return polygamma_of(input, _order(n))


_polygamma_ = core.define_inplace(polygamma_of)
core.add_method("polygamma", lambda self, n: polygamma(n, self))
core.add_method("polygamma_", lambda self, n: _polygamma_(self, _order(n)))


@op("composite", inplace=True, dtypes=(*FLOATING, "int64"), onnx=NO_FORM)
def mvlgamma(input, p):
    """Take the logarithm of the multivariate gamma function of dimension `p`.

    y = p (p - 1) / 4 log(pi) + sum over j < p of lgamma(input - j / 2)

    Args:
        input: Tensor of values > (p - 1) / 2; integers are converted to the default dtype.
        p: The dimension, a whole number >= 1.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Raises:
        RuntimeError: `p` is less than 1.

    Example:
        >>> mvlgamma(tensor([2.0, 3.0]), 2)
        tensor([0.4516, 1.5502])
    """
    tensors("mvlgamma", input=input)
    if input.dtype is core.bool_:
        raise expected("mvlgamma", "input of a dtype of numbers", input, error=RuntimeError)
    if p < 1:
        raise expected("mvlgamma", "p >= 1", f"{p}", error=RuntimeError)
    return sum((lgamma(input - 0.5 * j) for j in range(1, p)), lgamma(input)) + p * (p - 1) / 4 * math.log(math.pi)


@op("map", refused=("bool", *INTEGERS), numbers=(), tensors=2, inplace=True, result="float", onnx=NO_FORM)
def igamma(input, other):
    """Take the regularised lower incomplete gamma function; nan where an operand is negative.

    y = integral of t ** (input - 1) * e ** -t from 0 to other / gamma(input)

    Args:
        input: The exponent; unlike in PyTorch it has a derivative.
        other: The upper limit.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> igamma(tensor([4.0]), tensor([3.0, 4.0, 5.0]))
        tensor([0.3528, 0.5665, 0.7350])
    """
    from scipy import special

    return special.gammainc(input, other)


@op("map", refused=("bool", *INTEGERS), numbers=(), tensors=2, inplace=True, result="float", onnx=NO_FORM)
def igammac(input, other):
    """Take the regularised upper incomplete gamma function; nan where an operand is negative.

    y = integral of t ** (input - 1) * e ** -t from other to infinity / gamma(input)

    Args:
        input: The exponent; unlike in PyTorch it has a derivative.
        other: The lower limit.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> igammac(tensor([4.0]), tensor([3.0, 4.0, 5.0]))
        tensor([0.6472, 0.4335, 0.2650])
    """
    from scipy import special

    return special.gammaincc(input, other)


def _density(input, other):
    """Of the gamma distribution: how fast `igamma` grows with its limit."""
    return exp((input - 1) * log(other) - other - lgamma(input))


def _by_exponent(input, other):
    """How fast `igamma` grows with its exponent; not at all at 0, where the density may be infinite."""
    return where(other > 0, -gamma_slope(input, other) * _density(input, other), 0.0)


derivative(
    igamma,
    input=lambda g, input, other: g * _by_exponent(input, other),
    other=lambda g, input, other: g * _density(input, other),
)
derivative(
    igammac,
    input=lambda g, input, other: -g * _by_exponent(input, other),
    other=lambda g, input, other: -g * _density(input, other),
)


@op("map", refused=HALF, tensors=2, result="float", spaces="special", methods=False, onnx=NO_FORM)
def zeta(input, other):
    """Take Hurwitz' zeta function; inf where `input` is 1 or `other` a whole number <= 0, nan for smaller `input`.

    y = sum over k >= 0 of (k + other) ** -input

    Args:
        input: The exponent, a tensor or a number; there is no derivative for it, as in PyTorch.
        other: The shift, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    Raises:
        NotImplementedError: in backward, the gradient of `input` is needed.

    Example:
        >>> special.zeta(tensor([2.0, 4.0]), 1)
        tensor([1.6449, 1.0823])
    """
    from scipy import special

    return special.zeta(input, other)


def _zeta_input(g):
    raise expected("zeta", "input to need no gradient, as it has no derivative", "one that does", "detach() it", NotImplementedError)


derivative(zeta, input=_zeta_input, other=lambda g, input, other: g * -input * zeta(input + 1, other))

alias("special", digamma=digamma, psi=digamma, gammaln=lgamma, gammainc=igamma, gammaincc=igammac, multigammaln=mvlgamma)


@samples(digamma)
@samples(lgamma)
def _(s):
    yield s(s.positive(3, 4))
    yield s(s.tensor([-2.5, -0.3, 0.7, 30.0]))


@samples(polygamma_of)
def _(s):
    yield s(s.positive(3, 4), 1)
    yield s(s.positive(5), 3)


@samples(polygamma)
def _(s):
    yield s(0, s.positive(3, 4))
    yield s(2, s.positive(5))


@refuses(polygamma)
def _(s):
    yield s(-1, s.positive(3)).raises(RuntimeError, "polygamma: expected n >= 0")
    yield s(1, 2.0).raises(TypeError, "polygamma: expected input to be a Tensor")


@samples(mvlgamma)
def _(s):
    yield s(s.positive(3, 4, low=2.5, high=5), 1)
    yield s(s.uniform(3, low=2.5, high=5), 4)


@refuses(mvlgamma)
def _(s):
    yield s(s.positive(3), 0).raises(RuntimeError, "mvlgamma: expected p >= 1")
    yield s(1.0, 1).raises(TypeError, "mvlgamma: expected input to be a Tensor")


@samples(igamma)
@samples(igammac)
def _(s):
    yield s(s.positive(3, 4), s.positive(4)).without("peer_gradient", because="PyTorch has no derivative of the exponent")


@samples(zeta)
def _(s):
    backward = ("gradcheck", "gradgradcheck", "peer_gradient", "layout_gradient", "versions", "shared")
    for call in (s(s.uniform(3, 4, low=2, high=5), s.positive(4)), s(s.uniform(3, low=2, high=5), 2)):
        yield call.without(*backward, because="there is no derivative by the exponent")
    yield s(2.5, s.positive(3))
