"""One step of recurrent networks, as layers."""

from __future__ import annotations

import math
from typing import Any

from workbench.ext.core._core import Tensor

from ..ops._help import made
from ..ops.errors import expected
from ..ops.recurrent_cell import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from . import init
from .module import Module
from .parameter import Parameter, empty


class RNNCellBase(Module):
    """What the cells share: weight_ih, weight_hh, bias_ih and bias_hh, of `num_chunks` parts each.

    Args:
        input_size: Size of the input.
        hidden_size: Size of the state.
        bias: Whether there are biases.
        num_chunks: How many times hidden_size the gates have.

    Shape:
        input: (N, input_size) or (input_size,); state: (N, hidden_size) or (hidden_size,).
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        for name, shape in (
            ("weight_ih", (rows, input_size)),
            ("weight_hh", (rows, hidden_size)),
            ("bias_ih", (rows,)),
            ("bias_hh", (rows,)),
        ):
            wanted = bias or name.startswith("weight")
            self.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, uniform in ±1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _batched(self, input: Tensor, states: tuple[Any, ...], names: tuple[str, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Input and states with a batch; states that are None are zeros."""
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise expected(name, "input of 1 or 2 dimensions", input)
        for argument, state in zip(names, states, strict=True):
            if state is not None and state.ndim not in (1, 2):
                raise expected(name, f"{argument} of 1 or 2 dimensions", state)
        x = input if input.ndim == 2 else input.unsqueeze(0)
        if x.shape[1] != self.input_size:
            raise expected(name, f"input of {self.input_size} features", input, error=RuntimeError)
        found = []
        for argument, state in zip(names, states, strict=True):
            if state is None:
                state = made((x.shape[0], self.hidden_size), x.dtype, x.device)
            state = state if state.ndim == 2 else state.unsqueeze(0)
            if tuple(state.shape) != (x.shape[0], self.hidden_size):
                raise expected(name, f"{argument} of shape {(x.shape[0], self.hidden_size)}", state, error=RuntimeError)
            found.append(state)
        return x, tuple(found)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"


class RNNCell(RNNCellBase):
    """h' = tanh(x weight_ih^T + bias_ih + h weight_hh^T + bias_hh).

    Args:
        input_size: Size of the input.
        hidden_size: Size of the state.
        bias: Whether there are biases.
        nonlinearity: "tanh" or "relu".

    Shape:
        input: (N, input_size) or (input_size,); hx and result: (N, hidden_size) or (hidden_size,).
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise expected("RNNCell", "nonlinearity to be tanh or relu", self.nonlinearity, error=RuntimeError)
        x, (h,) = self._batched(input, (hx,), ("hx",))
        cell = rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell
        out = cell(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return out if input.ndim == 2 else out.squeeze(0)


class LSTMCell(RNNCellBase):
    """One step of a long short-term memory, from (h, c) to (h', c').

    Args:
        input_size: Size of the input.
        hidden_size: Size of the state.
        bias: Whether there are biases.

    Shape:
        input: (N, input_size) or (input_size,); h and c, given and resulting: (N, hidden_size) or (hidden_size,).

    References:
        Hochreiter and Schmidhuber (1997), Long short-term memory.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        x, states = self._batched(input, (None, None) if hx is None else tuple(hx), ("hx[0]", "hx[1]"))
        h, c = lstm_cell(x, states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return (h, c) if input.ndim == 2 else (h.squeeze(0), c.squeeze(0))


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit.

    Args:
        input_size: Size of the input.
        hidden_size: Size of the state.
        bias: Whether there are biases.

    Shape:
        input: (N, input_size) or (input_size,); hx and result: (N, hidden_size) or (hidden_size,).

    References:
        Cho et al. (2014), arXiv:1406.1078.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        x, (h,) = self._batched(input, (hx,), ("hx",))
        out = gru_cell(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return out if input.ndim == 2 else out.squeeze(0)
