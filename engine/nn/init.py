"""Initialisation: functions that fill a tensor in place and return it. They draw from the engine's generator."""

from __future__ import annotations

import functools
import math
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.errors import expected

_UNIT_GAIN = {"linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid"}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity shrinks the standard deviation, to be made up for by the weights.

    Args:
        nonlinearity: "linear", the name of a convolution, "sigmoid", "tanh", "relu", "leaky_relu" or "selu".
        param: The negative slope of leaky_relu; 0.01 by default.

    Raises:
        ValueError: The name is none of these, or the slope is not a number.
    """
    if nonlinearity in _UNIT_GAIN:
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"calculate_gain: expected param to be a number, the negative slope, got {param!r}")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise expected("calculate_gain", "nonlinearity to be one of PyTorch's names", nonlinearity)


def _fans(tensor: Tensor, who: str) -> tuple[int, int]:
    """How many inputs an output sees, and how many outputs an input."""
    if tensor.ndim < 2:
        raise expected(who, "a tensor with at least 2 dimensions", f"one of shape {tuple(tensor.shape)}", "give fan-less ones uniform_")
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    return _fans(tensor, "fan in and fan out")


def _fan(tensor: Tensor, mode: str, who: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise expected(who, "mode to be 'fan_in' or 'fan_out'", repr(mode))
    return _fans(tensor, who)[mode == "fan_out"]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with draws from U(a, b)."""
    with core.no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with draws from N(mean, std²)."""
    with core.no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None) -> Tensor:
    """Fill with draws from N(mean, std²) of which only those in [a, b] count, by inversion of the distribution function."""

    def below(x: float) -> float:
        return (1.0 + math.erf((x - mean) / std / math.sqrt(2.0))) / 2.0

    with core.no_grad():
        drawn = core.make_empty(tuple(tensor.shape), core.float64).uniform_(2 * below(a) - 1, 2 * below(b) - 1, generator=generator)
        return tensor.copy_((_erfinv(drawn) * (std * math.sqrt(2.0)) + mean).clamp(a, b))


def _erfinv(y: Tensor) -> Tensor:
    """The inverse of erf in float64: Winitzki's approximation, made exact by Newton's steps."""
    y = y.clamp(-1 + 1e-15, 1 - 1e-15)
    log = (1 - y * y).log()
    t = 2 / (math.pi * 0.147) + log / 2
    x = y.sign() * ((t * t - log / 0.147).sqrt() - t).sqrt()
    for _ in range(3):
        x = x - (x.erf() - y) * (math.sqrt(math.pi) / 2) * (x * x).exp()
    return x


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    with core.no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity."""
    if tensor.ndim != 2:
        raise expected("eye_", "a tensor with 2 dimensions", f"one of shape {tuple(tensor.shape)}")
    with core.no_grad():
        tensor.zero_()
        tensor.diagonal().fill_(1)
    return tensor


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that it passes its input on, as many channels as there are.

    Args:
        tensor: Weight with 3 to 5 dimensions.
        groups: Groups of the convolution; each gets an identity of its own.
    """
    if tensor.ndim not in (3, 4, 5):
        raise expected("dirac_", "a tensor with 3, 4 or 5 dimensions", f"one of shape {tuple(tensor.shape)}")
    if tensor.shape[0] % groups:
        raise expected("dirac_", f"out_channels to be divisible by groups={groups}", f"{tensor.shape[0]}")
    per_group = tensor.shape[0] // groups
    centre = tuple(size // 2 for size in tensor.shape[2:])
    with core.no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(per_group, tensor.shape[1])):
                place = (group * per_group + channel, channel, *centre)
                tensor[place] = 1
    return tensor


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)).

    References:
        Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
    """
    bound = gain * math.sqrt(6.0 / sum(_fans(tensor, "xavier_uniform_")))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with N(0, std²), std = gain sqrt(2 / (fan_in + fan_out)); see `xavier_uniform_`."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor, "xavier_normal_"))), generator)


def _nothing(tensor: Tensor) -> Tensor:
    import warnings

    warnings.warn(f"a tensor of shape {tuple(tensor.shape)} has no elements to initialise", stacklevel=3)
    return tensor


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None) -> Tensor:
    """Fill with U(-b, b), b = gain sqrt(3 / fan).

    Args:
        tensor: Weight with at least 2 dimensions.
        a: Negative slope of the leaky_relu that follows.
        mode: "fan_in" keeps the variance of the forward pass, "fan_out" that of the backward pass.
        nonlinearity: What follows, as for `calculate_gain`.

    References:
        He, Zhang, Ren and Sun (2015), arXiv:1502.01852.
    """
    if 0 in tensor.shape:
        return _nothing(tensor)
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode, "kaiming_uniform_"))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None) -> Tensor:
    """Fill with N(0, std²), std = gain / sqrt(fan); arguments as for `kaiming_uniform_`."""
    if 0 in tensor.shape:
        return _nothing(tensor)
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode, "kaiming_normal_")), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Fill with a (semi-)orthogonal matrix: the tensor, seen as shape[0] rows, has orthonormal rows or columns, times gain.

    References:
        Saxe, McClelland and Ganguli (2013), arXiv:1312.6120.
    """
    if tensor.ndim < 2:
        raise expected("orthogonal_", "a tensor with at least 2 dimensions", f"one of shape {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        return tensor
    import numpy as np

    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    with core.no_grad():
        normal_(tensor, 0.0, 1.0, generator)
        drawn = tensor.detach().numpy().reshape(rows, columns).astype(np.float64)
        q, r = np.linalg.qr(drawn if rows >= columns else drawn.T)
        q *= np.sign(np.diag(r))  # makes the distribution uniform over orthogonal matrices
        q = q if rows >= columns else q.T
        tensor.copy_(core.from_numpy(np.ascontiguousarray(q.reshape(tensor.shape) * gain)))
    return tensor


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Fill a matrix with N(0, std²), of which in each column the fraction `sparsity` is 0.

    References:
        Martens (2010), Deep learning via Hessian-free optimization.
    """
    if tensor.ndim != 2:
        raise expected("sparse_", "a tensor with 2 dimensions", f"one of shape {tuple(tensor.shape)}")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with core.no_grad():
        order = tensor.new_empty((rows, columns)).uniform_(0, 1, generator=generator).argsort(dim=0)
        normal_(tensor, 0.0, std, generator)
        for column in range(columns):
            tensor[order[:zeros, column], column] = 0
    return tensor


def _older(function: Any) -> Any:
    """The function under its name without the underscore, with a warning that the name is out of use."""
    name = function.__name__.removesuffix("_")

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Tensor:
        import warnings

        warnings.warn(f"nn.init.{name} is out of use; call nn.init.{name}_", FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    call.__name__ = name
    return call


uniform, normal, constant, eye, dirac = map(_older, (uniform_, normal_, constant_, eye_, dirac_))
xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal, orthogonal, sparse = map(
    _older, (xavier_uniform_, xavier_normal_, kaiming_uniform_, kaiming_normal_, orthogonal_, sparse_)
)
