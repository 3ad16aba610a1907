"""The error function's relatives: scaled, inverted, and as probabilities of the normal distribution. Bodies are SciPy's."""

from __future__ import annotations

import math

from ._define import COMPLEX, HALF, Unsupported, derivative, op, samples
from .exponential import exp
from .power import square

NO_FORM = Unsupported("ONNX has erf alone of its family")


@op("map", refused=(*HALF, *COMPLEX), result="float", spaces="special", methods=False, onnx=NO_FORM)
def erfcx(input):
    """Take the complementary error function, scaled so that it does not underflow.

    y = e ** (input ** 2) * erfc(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> special.erfcx(tensor([0.0, 10.0]))
        tensor([1.0000, 0.0561])
    """
    from scipy import special

    return special.erfcx(input)


derivative(erfcx, input=lambda g, input, result: g * (input * result - 1 / math.sqrt(math.pi)) * 2)


@op("map", inplace=True, result="float", spaces=("torch", "special"), onnx=NO_FORM)
def erfinv(input):
    """Take the number whose error function each element is; infinite at -1 and 1, nan beyond.

    y = erf ** -1 (input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> erfinv(tensor([0.0, 0.5, -1.0]))
        tensor([0.0000, 0.4769,   -inf])
    """
    from scipy import special

    return special.erfinv(input)


derivative(erfinv, input=lambda g, result: g * exp(square(result)) * (math.sqrt(math.pi) / 2))


@op("map", refused=COMPLEX, result="float", spaces="special", methods=False, onnx=NO_FORM)
def ndtr(input):
    """Tell the probability that a standard normal value is at most each element.

    y = (1 + erf(input / sqrt(2))) / 2

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> special.ndtr(tensor([0.0, 1.96]))
        tensor([0.5000, 0.9750])
    """
    from scipy import special

    return special.ndtr(input)


derivative(ndtr, input=lambda g, input: g * exp(square(input) * -0.5) * (1 / math.sqrt(2 * math.pi)))


@op("map", refused=HALF, result="float", spaces="special", methods=False, onnx=NO_FORM)
def ndtri(input):
    """Tell the standard normal value that each element is the probability of staying under; nan outside [0, 1].

    y = sqrt(2) erfinv(2 input - 1)

    Args:
        input: Tensor of probabilities; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> special.ndtri(tensor([0.5, 0.975]))
        tensor([0.0000, 1.9600])
    """
    from scipy import special

    return special.ndtri(input)


derivative(ndtri, input=lambda g, result: g * exp(square(result) * 0.5) * math.sqrt(2 * math.pi))


@op("map", refused=(*HALF, *COMPLEX), result="float", spaces="special", methods=False, onnx=NO_FORM)
def log_ndtr(input):
    """Take the logarithm of `ndtr`, exactly where that underflows.

    y = log((1 + erf(input / sqrt(2))) / 2)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> special.log_ndtr(tensor([0.0, -30.0]))
        tensor([  -0.6931, -454.3213])
    """
    from scipy import special

    return special.log_ndtr(input)


derivative(log_ndtr, input=lambda g, input: g / erfcx(input * -math.sqrt(0.5)) * math.sqrt(2 / math.pi))


@samples(erfcx)
@samples(ndtr)
@samples(log_ndtr)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.tensor([-3.0, -0.5, 0.0, 0.5, 3.0]))


@samples(erfinv)
def _(s):
    yield s(s.uniform(3, 4, low=-0.9, high=0.9))
    yield s(s.tensor([-1.0, 1.0, 2.0, 0.0])).without("gradcheck", "gradgradcheck", because="there are no differences at infinity")


@samples(ndtri)
def _(s):
    yield s(s.uniform(3, 4, low=0.1, high=0.9))
    yield s(s.tensor([0.0, 1.0, 2.0, 0.5])).without("gradcheck", "gradgradcheck", because="there are no differences at infinity")
