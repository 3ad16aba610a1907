"""Tensors filled with random numbers in place."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._space import public
from .drawing import normal as normal_draw
from .drawing import uniform as uniform_draw
from .errors import expected
from .random import _coins, drawn, whole

Tensor = core.Tensor


def _floating(name, input, complex_too=False):
    if not (input.dtype.is_floating_point or (complex_too and input.is_complex())):
        raise expected(name, "a tensor of a floating dtype", input, "draw into a floating one", NotImplementedError)


def _real(name, input):
    if input.is_complex():
        raise expected(name, "a tensor of real numbers", input, error=NotImplementedError)


def _unit(name, input, generator):
    """Numbers in [0, 1) of the shape of a tensor, in its dtype or wider."""
    _floating(name, input)
    wide = core.float64 if input.dtype is core.float64 else core.float32
    return drawn(name, tuple(input.shape), wide, generator, uniform_draw, 0.0, 1.0)


def _bounds(low, high, named):
    """`from`, which Python does not let a parameter be called, and `to`."""
    low, high = named.pop("from", low), named.pop("to", high)
    if named:
        raise TypeError(f"expected from, to or generator, got {next(iter(named))!r}")
    return low, high


@public(methods=("uniform_",))
def uniform_(input, low=0.0, high=1.0, *, generator=None, **named):
    """Fill with numbers evenly distributed in [low, high).

    y ~ U(low, high)

    Args:
        input: Tensor that is written.
        low: Least number; PyTorch calls it `from`.
        high: Upper end; PyTorch calls it `to`.
        generator: Where random numbers come from; None means the default generator.
        named: `from` and `to` under these names.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: the tensor is not floating, or `low` exceeds `high`.
    """
    low, high = _bounds(low, high, named)
    _floating("uniform_", input, True)
    if low > high:
        raise expected("uniform_", "low <= high", f"{low} and {high}", error=RuntimeError)
    return input.copy_(drawn("uniform_", tuple(input.shape), input.dtype, generator, uniform_draw, low, high))


@public(methods=("normal_",))
def normal_(input, mean=0.0, std=1.0, *, generator=None):
    """Fill with normally distributed numbers.

    y ~ N(mean, std ** 2)

    Args:
        input: Tensor that is written.
        mean: Mean.
        std: Standard deviation, >= 0.
        generator: Where random numbers come from; None means the default generator.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: the tensor is not floating, or `std` is negative.
    """
    _floating("normal_", input, True)
    if std < 0:
        raise expected("normal_", "std >= 0", std, error=RuntimeError)
    return input.copy_(drawn("normal_", tuple(input.shape), input.dtype, generator, normal_draw, mean, std))


@public(methods=("log_normal_",))
def log_normal_(input, mean=1.0, std=2.0, *, generator=None):
    """Fill with numbers whose logarithm is normally distributed.

    log y ~ N(mean, std ** 2)

    Args:
        input: Tensor that is written.
        mean: Mean of the logarithm.
        std: Standard deviation of the logarithm, > 0.
        generator: Where random numbers come from; None means the default generator.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: the tensor is not floating, or `std` is not positive.
    """
    _floating("log_normal_", input)
    if std <= 0:
        raise expected("log_normal_", "std > 0", std, error=RuntimeError)
    return normal_(input, mean, std, generator=generator).exp_()


@public(methods=("bernoulli_",))
def bernoulli_(input, p=0.5, *, generator=None):
    """Fill with ones, with a probability, and zeros.

    P(y = 1) = p

    Args:
        input: Tensor that is written.
        p: The probability, a number or a tensor that broadcasts.
        generator: Where random numbers come from; None means the default generator.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: a probability is not in [0, 1].
        NotImplementedError: the dtype is complex.
    """
    _real("bernoulli_", input)
    return input.copy_(_coins("bernoulli_", tuple(input.shape), p, generator))


@public(methods=("exponential_",))
def exponential_(input, lambd=1.0, *, generator=None):
    """Fill with exponentially distributed numbers.

    p(y) = lambd * e ** (-lambd * y)

    Args:
        input: Tensor that is written.
        lambd: Rate, > 0.
        generator: Where random numbers come from; None means the default generator.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: the tensor is not floating, or the rate is not positive.
    """
    if lambd <= 0:
        raise expected("exponential_", "lambd > 0", lambd, error=RuntimeError)
    return input.copy_((-_unit("exponential_", input, generator)).log1p() / -lambd)


@public(methods=("geometric_",))
def geometric_(input, p, *, generator=None):
    """Fill with the number of trials up to the first success.

    P(y = k) = (1 - p) ** (k - 1) * p

    Args:
        input: Tensor that is written.
        p: Probability of success, in (0, 1).
        generator: Where random numbers come from; None means the default generator.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: `p` is out of range.
        NotImplementedError: the dtype is complex or bool.
    """
    _real("geometric_", input)
    if input.dtype is core.bool_:
        raise expected("geometric_", "a tensor of numbers", input, error=NotImplementedError)
    if not 0 < p < 1:
        raise expected("geometric_", "p in (0, 1)", p, error=RuntimeError)
    u = drawn("geometric_", tuple(input.shape), core.float64, generator, uniform_draw, 0.0, 1.0)
    return input.copy_(((-u).log1p() / float(np.log1p(-p))).floor() + 1)


@public(methods=("cauchy_",))
def cauchy_(input, median=0.0, sigma=1.0, *, generator=None):
    """Fill with numbers from a Cauchy distribution.

    p(y) = sigma / (pi * ((y - median) ** 2 + sigma ** 2))

    Args:
        input: Tensor that is written.
        median: Median.
        sigma: Half width at half height, > 0.
        generator: Where random numbers come from; None means the default generator.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: the tensor is not floating, or `sigma` is not positive.
    """
    if sigma <= 0:
        raise expected("cauchy_", "sigma > 0", sigma, error=RuntimeError)
    return input.copy_(((_unit("cauchy_", input, generator) - 0.5) * float(np.pi)).tan() * sigma + median)


@public(methods=("random_",))
def random_(input, low=None, high=None, *, generator=None, **named):
    """Fill with whole numbers evenly distributed in [low, high).

    P(y = k) = 1 / (high - low)

    Args:
        input: Tensor that is written.
        low: Least number; the only argument is `high`, and 0 the least.
        high: One more than the largest; None means what the dtype holds exactly.
        generator: Where random numbers come from; None means the default generator.
        named: `from` and `to` under these names.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: there is no number in the range, or one that the dtype does not hold.
        NotImplementedError: the dtype is complex.
    """
    _real("random_", input)
    low, high = _bounds(low, high, named)
    if high is None:
        low, high = 0, _TOP.get(input.dtype.name, 1 << 63) if low is None else low
    dtype = core.int64 if input.dtype.is_floating_point else input.dtype
    return input.copy_(whole("random_", tuple(input.shape), dtype, generator, low or 0, min(high, (1 << 63) - 1)))


_TOP = {
    "bool": 2, "uint8": 1 << 8, "int8": 1 << 7, "int16": 1 << 15, "int32": 1 << 31, "float16": (1 << 11) + 1, "bfloat16": (1 << 8) + 1,
    "float32": (1 << 24) + 1, "float64": (1 << 53) + 1,
}  # fmt: skip
