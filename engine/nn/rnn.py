"""Recurrent layers over sequences: (T, N, features), (N, T, features) with batch_first, (T, features), or a PackedSequence."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

from workbench.ext.core._core import Tensor

from ..ops._help import made
from ..ops.errors import expected
from ..ops.recurrent import run
from . import init
from .module import Module
from .parameter import Parameter, empty
from .utils.rnn import PackedSequence

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module):
    """What recurrent layers share: the weights of all layers and directions, and the run over sequences.

    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 and, with a projection, weight_hr_l0 belong to the first layer; those of the
    other direction end in _reverse. All begin uniform in ±1 / sqrt(hidden_size).

    Args:
        mode: "LSTM", "GRU", "RNN_TANH" or "RNN_RELU".
        input_size: Size of the input.
        hidden_size: Size of the state.
        num_layers: Number of layers, each on top of the other.
        bias: Whether there are biases.
        batch_first: Whether the batch is the first dimension of input and output.
        dropout: Probability of 0 between layers.
        bidirectional: Whether a second network runs from the end to the beginning; outputs are put side by side.
        proj_size: Size that h is projected to, 0 for none; for LSTM alone.

    Shape:
        input: (T, N, input_size); state: (layers * directions, N, hidden_size); output: (T, N, directions * hidden_size).

    Raises:
        ValueError: A size, the dropout or the mode is none.
        TypeError: hidden_size is no whole number.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if mode not in GATES:
            raise expected(name, f"mode to be one of {', '.join(GATES)}", mode)
        if isinstance(dropout, bool) or not isinstance(dropout, numbers.Number) or not 0 <= dropout <= 1:
            raise expected(name, "dropout to be a probability from 0 to 1", f"{dropout}")
        if dropout > 0 and num_layers == 1:
            warnings.warn(f"{name}: dropout lies between layers, so with num_layers=1 dropout={dropout} does nothing", UserWarning, 2)
        if not isinstance(hidden_size, int):
            raise expected(name, "hidden_size to be an int", hidden_size, error=TypeError)
        if hidden_size <= 0:
            raise expected(name, "hidden_size of 1 or more", f"{hidden_size}")
        if num_layers <= 0:
            raise expected(name, "num_layers of 1 or more", f"{num_layers}")
        if not 0 <= proj_size < hidden_size:
            raise expected(name, f"proj_size from 0 to less than hidden_size={hidden_size}", f"{proj_size}")
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        rows, out = GATES[mode] * hidden_size, proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            width = input_size if layer == 0 else out * (2 if bidirectional else 1)
            for suffix in ("", "_reverse") if bidirectional else ("",):
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, out)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                for key, shape in shapes.items():
                    self.register_parameter(f"{key}_l{layer}{suffix}", Parameter(empty(shape, device=device, dtype=dtype)))
                self._all_weights.append([f"{key}_l{layer}{suffix}" for key in shapes])
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: weights need no particular place in memory here."""

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def _initial(self, rows: Tensor, n: int, given: tuple[Any, ...] | None) -> tuple[Tensor, ...]:
        """The states at the beginning, checked; zeros if none are given."""
        lead = self.num_layers * (2 if self.bidirectional else 1)
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)[: 2 if self.mode == "LSTM" else 1]
        if given is None:
            return tuple(made((lead, n, size), rows.dtype, rows.device) for size in sizes)
        for i, (state, size) in enumerate(zip(given, sizes, strict=True)):
            if tuple(state.shape) != (lead, n, size):
                argument = f"hx[{i}]" if self.mode == "LSTM" else "hx"
                raise expected(type(self).__name__, f"{argument} of shape {(lead, n, size)}", state, error=RuntimeError)
        return given

    def _run(self, rows: Tensor, sizes: Any, states: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        weights = [p for each in self.all_weights for p in each]
        return run(self.mode, rows, sizes, states, weights, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional)

    def _packed(self, input: PackedSequence, states: tuple[Any, ...] | None) -> tuple[PackedSequence, tuple[Tensor, ...]]:
        data, batch_sizes, order, back = input
        self._check(data)
        sizes = batch_sizes.tolist()
        if states is not None and order is not None:
            states = tuple(s.index_select(1, order) for s in states)
        rows, ends = self._run(data, sizes, self._initial(data, sizes[0], states))
        if back is not None:
            ends = tuple(s.index_select(1, back) for s in ends)
        return PackedSequence(rows, batch_sizes, order, back), ends

    def _check(self, rows: Tensor) -> None:
        name, dtype = type(self).__name__, self.weight_ih_l0.dtype
        if rows.shape[-1] != self.input_size:
            raise expected(name, f"input of {self.input_size} features", rows, error=RuntimeError)
        if rows.dtype != dtype:
            raise expected(name, f"input of the weights' dtype {dtype.name}", rows, f"cast with input.to({dtype.name})")

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The output of the last layer at each step, and the state at the end: h, or (h, c) for an LSTM."""
        name, pair = type(self).__name__, self.mode == "LSTM"
        states = None if hx is None else tuple(hx) if pair else (hx,)
        if isinstance(input, PackedSequence):
            output, ends = self._packed(input, states)
            return output, ends if pair else ends[0]
        if input.ndim not in (2, 3):
            raise expected(name, "input of 2 or 3 dimensions", input)
        self._check(input)
        single = input.ndim == 2
        if states is not None:
            if any(s.ndim != input.ndim for s in states):
                found = ", ".join(f"{s.ndim}" for s in states)
                raise expected(name, f"hx of {input.ndim} dimensions, as the input", found, error=RuntimeError)
            states = tuple(s.unsqueeze(1) for s in states) if single else states
        x = input.unsqueeze(1) if single else input.transpose(0, 1) if self.batch_first else input
        t, n = x.shape[:2]
        rows, ends = self._run(x.reshape(t * n, x.shape[2]), (n,) * t, self._initial(x, n, states))
        output = rows.reshape(t, n, rows.shape[1])
        if single:
            output, ends = output.squeeze(1), tuple(s.squeeze(1) for s in ends)
        elif self.batch_first:
            output = output.transpose(0, 1)
        return output, ends if pair else ends[0]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        plain = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        return text + "".join(f", {key}={getattr(self, key)}" for key, usual in plain.items() if getattr(self, key) != usual)


def _without_projection(name: str, kwargs: dict[str, Any]) -> None:
    if "proj_size" in kwargs:
        raise expected(name, "proj_size to be left out", f"{kwargs['proj_size']}", "projections are for LSTM alone")


class RNN(RNNBase):
    """The plain recurrent network: h' = tanh(x weight_ih^T + bias_ih + h weight_hh^T + bias_hh), layer on layer.

    Args:
        input_size: Size of the input.
        hidden_size: Size of the state.
        num_layers: Number of layers.
        nonlinearity: "tanh" or "relu".
        bias: Whether there are biases.
        batch_first: Whether the batch is the first dimension of input and output.
        dropout: Probability of 0 between layers.
        bidirectional: Whether a second network runs from the end to the beginning.

    Shape:
        input: (T, N, input_size); h: (layers * directions, N, hidden_size); output: (T, N, directions * hidden_size).

    References:
        Elman (1990), Finding structure in time.

    Example:
        >>> output, h = RNN(3, 4)(zeros(5, 2, 3))
        >>> output.shape, h.shape
        (torch.Size([5, 2, 4]), torch.Size([1, 2, 4]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _without_projection("RNN", kwargs)
        if len(args) > 3:
            nonlinearity, args = args[3], args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise expected("RNN", "nonlinearity to be tanh or relu", nonlinearity)
        self.nonlinearity = nonlinearity
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)


class LSTM(RNNBase):
    """Long short-term memory, layer on layer; see `ops.recurrent_cell.lstm_cell` for a step.

    Args:
        input_size: Size of the input.
        hidden_size: Size of c, and of h without a projection.
        num_layers: Number of layers.
        bias: Whether there are biases.
        batch_first: Whether the batch is the first dimension of input and output.
        dropout: Probability of 0 between layers.
        bidirectional: Whether a second network runs from the end to the beginning.
        proj_size: Size that h is projected to; 0 for none.

    Shape:
        input: (T, N, input_size); h, c: (layers * directions, N, hidden_size), h of proj_size with a projection;
        output: (T, N, directions * size of h).

    References:
        Hochreiter and Schmidhuber (1997), Long short-term memory; Sak et al. (2014), arXiv:1402.1128, for projections.

    Example:
        >>> output, (h, c) = LSTM(3, 4, proj_size=2)(zeros(5, 2, 3))
        >>> output.shape, c.shape
        (torch.Size([5, 2, 2]), torch.Size([1, 2, 4]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Gated recurrent units, layer on layer; see `ops.recurrent_cell.gru_cell` for a step.

    Args:
        input_size: Size of the input.
        hidden_size: Size of the state.
        num_layers: Number of layers.
        bias: Whether there are biases.
        batch_first: Whether the batch is the first dimension of input and output.
        dropout: Probability of 0 between layers.
        bidirectional: Whether a second network runs from the end to the beginning.

    Shape:
        input: (T, N, input_size); h: (layers * directions, N, hidden_size); output: (T, N, directions * hidden_size).

    References:
        Cho et al. (2014), arXiv:1406.1078.

    Example:
        >>> GRU(3, 4, bidirectional=True, batch_first=True)(zeros(2, 5, 3))[0].shape
        torch.Size([2, 5, 8])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _without_projection("GRU", kwargs)
        super().__init__("GRU", *args, **kwargs)
