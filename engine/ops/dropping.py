"""Dropout in its forms: randomly chosen elements or channels are set to 0."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._help import floating
from ._space import public
from .comparison import where
from .drawing import dropped
from .drawing import uniform as uniform_draw
from .errors import expected
from .generator import key_of

Tensor = core.Tensor


def _checked(name, p):
    if not 0 <= p <= 1:
        raise expected(name, "p in [0, 1]", p)


@public("functional")
def dropout(input, p=0.5, training=True, inplace=False):
    """Set elements to 0 at random, and scale the rest so that the mean stays.

    y = input * m / (1 - p), P(m = 0) = p

    Args:
        input: Activations.
        p: Probability of 0, in [0, 1].
        training: Otherwise the result is `input`.
        inplace: Write the result into `input`.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `p` is not in [0, 1].

    References:
        Srivastava et al. (2014), JMLR 15:1929-1958.

    Example:
        >>> functional.dropout(tensor([1.0, 2.0]), 0.5, training=False)
        tensor([1., 2.])
    """
    _checked("dropout", p)
    if not training or p == 0:
        return input
    result = dropped(input, p, key_of(None)) if p < 1 else input * 0
    return input.copy_(result) if inplace else result


def _channels(name, input, p, training, inplace, dims):
    """Dropout of whole channels, drawn on one element for each."""
    _checked(name, p)
    if input.ndim not in dims:
        raise expected(name, f"input of {' or '.join(map(str, dims))} dimensions", input, "(N, C, ...) or (C, ...)", RuntimeError)
    if not training or p == 0:
        return input
    lead = 2 if input.ndim == dims[-1] else 1
    shape = tuple(input.shape[:lead]) + (1,) * (input.ndim - lead)
    ones = core.fill(core.make_empty(shape, input.dtype, input.device), 1)
    result = input * (dropped(ones, p, key_of(None)) if p < 1 else ones * 0)
    return input.copy_(result) if inplace else result


@public("functional")
def dropout1d(input, p=0.5, training=True, inplace=False):
    """Set whole channels to 0 at random, and scale the rest so that the mean stays.

    Args:
        input: Activations.
        p: Probability of 0, in [0, 1].
        training: Otherwise the result is `input`.
        inplace: Write the result into `input`.

    Shape:
        input: (N, C, L) or (C, L); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `p` is not in [0, 1].
        RuntimeError: `input` has another number of dimensions.

    References:
        Tompson et al. (2014), arXiv:1411.4280.
    """
    return _channels("dropout1d", input, p, training, inplace, (2, 3))


@public("functional")
def dropout2d(input, p=0.5, training=True, inplace=False):
    """Set whole channels to 0 at random, and scale the rest so that the mean stays.

    Args:
        input: Activations.
        p: Probability of 0, in [0, 1].
        training: Otherwise the result is `input`.
        inplace: Write the result into `input`.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `p` is not in [0, 1].
        RuntimeError: `input` has another number of dimensions.

    References:
        Tompson et al. (2014), arXiv:1411.4280.
    """
    return _channels("dropout2d", input, p, training, inplace, (3, 4))


@public("functional")
def dropout3d(input, p=0.5, training=True, inplace=False):
    """Set whole channels to 0 at random, and scale the rest so that the mean stays.

    Args:
        input: Activations.
        p: Probability of 0, in [0, 1].
        training: Otherwise the result is `input`.
        inplace: Write the result into `input`.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `p` is not in [0, 1].
        RuntimeError: `input` has another number of dimensions.

    References:
        Tompson et al. (2014), arXiv:1411.4280.
    """
    return _channels("dropout3d", input, p, training, inplace, (4, 5))


ALPHA = -1.7580993408473766  # what selu approaches far below 0


def _alpha(input, p, mask):
    """Set what is dropped to the value that selu saturates at, and restore mean and variance."""
    a = ((1 - p) * (1 + p * ALPHA * ALPHA)) ** -0.5
    return where(mask, input, ALPHA) * a - a * p * ALPHA


def _kept(input, shape, p):
    return uniform_draw(shape, core.float32, key_of(None), 0.0, 1.0) >= p


@public("functional")
def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout that keeps mean and variance of what comes out of `selu`.

    Args:
        input: Activations.
        p: Probability of being dropped, in [0, 1).
        training: Otherwise the result is `input`.
        inplace: Write the result into `input`.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `p` is not in [0, 1].

    References:
        Klambauer et al. (2017), arXiv:1706.02515.
    """
    _checked("alpha_dropout", p)
    if not training or p == 0:
        return input
    result = _alpha(input, p, _kept(input, tuple(input.shape), p)) if p < 1 else input * 0
    return input.copy_(result) if inplace else result


@public("functional")
def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """`alpha_dropout` of whole channels.

    Args:
        input: Activations.
        p: Probability of being dropped, in [0, 1).
        training: Otherwise the result is `input`.
        inplace: Write the result into `input`.

    Shape:
        input: (N, C, *); result: (N, C, *).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `p` is not in [0, 1].
        RuntimeError: `input` has fewer than 2 dimensions.

    References:
        Klambauer et al. (2017), arXiv:1706.02515.
    """
    _checked("feature_alpha_dropout", p)
    floating("feature_alpha_dropout", input)
    if not training or p == 0:
        return input
    if input.ndim < 2:
        raise expected("feature_alpha_dropout", "input of 2 or more dimensions", input, error=RuntimeError)
    shape = tuple(input.shape[:2]) + (1,) * (input.ndim - 2)
    result = _alpha(input, p, _kept(input, shape, p)) if p < 1 else input * 0
    return input.copy_(result) if inplace else result
