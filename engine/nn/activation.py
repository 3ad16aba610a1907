"""Activations. Unless a class says otherwise, input and result have the same shape (*)."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import Forward, Tensor

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter, empty


class _Activation(Module):
    """An activation whose settings are the attributes named in `_settings`, in the order of the function's parameters after input."""

    _settings: tuple[str, ...] = ()

    def _set(self, **settings: Any) -> None:
        super().__init__()
        self.__dict__.update(settings)

    def extra_repr(self) -> str:
        text = ", ".join(f"{name}={getattr(self, name)}" for name in self._settings)
        inplace = getattr(self, "inplace", False)
        return (f"{text}, inplace=True" if text else "inplace=True") if inplace else text


class Threshold(_Activation):
    """y = x where x > threshold, else value.

    Shape:
        input and result: (*).
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self._set(threshold=threshold, value=value, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}{', inplace=True' if self.inplace else ''}"


class ReLU(_Activation):
    """y = max(x, 0).

    Shape:
        input and result: (*).
    """

    def __init__(self, inplace: bool = False) -> None:
        self._set(inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return input.relu_() if self.inplace else F.relu(input)


class RReLU(_Activation):
    """y = x where x >= 0, else a x, with a drawn from U(lower, upper) in training and their mean otherwise.

    Shape:
        input and result: (*).
    """

    _settings = ("lower", "upper")

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        self._set(lower=lower, upper=upper, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class Hardtanh(_Activation):
    """y = x cut to [min_val, max_val].

    Shape:
        input and result: (*).
    """

    _settings: tuple[str, ...] = ("min_val", "max_val")

    def __init__(
        self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False, min_value: None = None, max_value: None = None
    ) -> None:
        if min_value is not None or max_value is not None:
            raise TypeError("Hardtanh: expected min_value and max_value to be left out; use min_val and max_val")
        if not max_val > min_val:
            raise ValueError(f"Hardtanh: expected max_val above min_val, got {max_val} and {min_val}")
        self._set(min_val=min_val, max_val=max_val, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """y = min(max(x, 0), 6).

    Shape:
        input and result: (*).
    """

    _settings = ()

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Sigmoid(_Activation):
    """y = 1 / (1 + exp(-x)).

    Shape:
        input and result: (*).
    """

    forward = Forward(F.sigmoid)


class Hardsigmoid(_Activation):
    """y = x / 6 + 1/2 cut to [0, 1].

    Shape:
        input and result: (*).
    """

    def __init__(self, inplace: bool = False) -> None:
        self._set(inplace=inplace)

    def extra_repr(self) -> str:
        return ""

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Tanh(_Activation):
    """y = tanh(x).

    Shape:
        input and result: (*).
    """

    forward = Forward(F.tanh)


class SiLU(_Activation):
    """y = x sigmoid(x), also known as swish.

    Shape:
        input and result: (*).
    """

    def __init__(self, inplace: bool = False) -> None:
        self._set(inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, inplace=self.inplace)


class Mish(_Activation):
    """y = x tanh(softplus(x)).

    Shape:
        input and result: (*).
    """

    def __init__(self, inplace: bool = False) -> None:
        self._set(inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, inplace=self.inplace)


class Hardswish(_Activation):
    """y = x min(max(x + 3, 0), 6) / 6.

    Shape:
        input and result: (*).
    """

    def __init__(self, inplace: bool = False) -> None:
        self._set(inplace=inplace)

    def extra_repr(self) -> str:
        return ""

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class ELU(_Activation):
    """y = x where x > 0, else alpha (exp(x) - 1).

    Shape:
        input and result: (*).
    """

    _settings = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self._set(alpha=alpha, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


class CELU(_Activation):
    """y = max(x, 0) + min(0, alpha (exp(x / alpha) - 1)).

    Shape:
        input and result: (*).
    """

    _settings = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self._set(alpha=alpha, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)


class SELU(_Activation):
    """y = scale (max(x, 0) + min(0, alpha (exp(x) - 1))), with scale 1.0507 and alpha 1.6733.

    Shape:
        input and result: (*).
    """

    def __init__(self, inplace: bool = False) -> None:
        self._set(inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class GLU(_Activation):
    """y = a sigmoid(b) for the two halves a and b of the input along dim.

    Shape:
        input: (*, 2n, *); result: (*, n, *).
    """

    _settings = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        self._set(dim=dim)

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)


class GELU(_Activation):
    """y = x Phi(x) with the normal distribution's Phi; approximate="tanh" takes the usual approximation of it.

    Shape:
        input and result: (*).
    """

    def __init__(self, approximate: str = "none") -> None:
        self._set(approximate=approximate)

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Hardshrink(_Activation):
    """y = x where |x| > lambd, else 0.

    Shape:
        input and result: (*).
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self._set(lambd=lambd)

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """y = x moved towards 0 by lambd, and 0 within it.

    Shape:
        input and result: (*).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)


class Tanhshrink(_Activation):
    """y = x - tanh(x).

    Shape:
        input and result: (*).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class LeakyReLU(_Activation):
    """y = x where x >= 0, else negative_slope x.

    Shape:
        input and result: (*).
    """

    _settings = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self._set(negative_slope=negative_slope, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class LogSigmoid(_Activation):
    """y = log(sigmoid(x)).

    Shape:
        input and result: (*).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Softplus(_Activation):
    """y = log(1 + exp(beta x)) / beta, and x itself where beta x > threshold.

    Shape:
        input and result: (*).
    """

    _settings = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self._set(beta=beta, threshold=threshold)

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


class PReLU(Module):
    """y = x where x >= 0, else weight x, with a learned weight, one for all or one a channel (dimension 1).

    Args:
        num_parameters: 1, or the number of channels.
        init: The weight to begin with.

    Shape:
        input and result: (*).
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty((num_parameters,), device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to `init`."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class Softsign(_Activation):
    """y = x / (1 + |x|).

    Shape:
        input and result: (*).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)
