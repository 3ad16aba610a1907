"""Recurrent networks over sequences: layers, both directions, and sequences of unequal length.

Everything runs on packed rows: those of the first time step, then those of the second, each step with as many rows as sequences are
that long. Sequences of one length are the case of equal steps. The input's part of the gates is one product over all steps.
"""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, op, refuses, samples
from ._help import tensors
from .dropping import dropout as drop
from .errors import expected
from .linear import linear
from .pieces import cat, stack
from .recurrent_cell import gru_step, lstm_step, relu_step, tanh_step
from .recurrent_layer import fits, recurrent_layer
from .recurrent_plain import MODES

Tensor = core.Tensor
STEPS = {"LSTM": lstm_step, "GRU": gru_step, "RNN_TANH": tanh_step, "RNN_RELU": relu_step}
EXPORT = Unsupported("its weights stand in another order in ONNX")


def _forward(gates, sizes, state, step):
    """Outputs of the steps in order, and the state that each sequence ends with."""
    rows, outputs, ended = sizes[0], [], []
    for g, n in zip(gates, sizes, strict=True):
        if n < rows:
            ended.append(tuple(s[n:] for s in state))
            state, rows = tuple(s[:n] for s in state), n
        state = step(g, state)
        outputs.append(state[0])
    if not ended:
        return outputs, state
    ended.append(state)
    return outputs, tuple(cat(parts, 0) for parts in zip(*ended[::-1], strict=True))


def _backward(gates, sizes, state, step):
    """The same from the last step to the first: longer sequences begin earlier."""
    first, rows, outputs = state, sizes[-1], []
    state = tuple(s[:rows] for s in first)
    for g, n in zip(gates[::-1], sizes[::-1], strict=True):
        if n > rows:
            state, rows = tuple(cat((s, f[rows:n]), 0) for s, f in zip(state, first, strict=True)), n
        state = step(g, state)
        outputs.append(state[0])
    return outputs[::-1], state


def _at_once(mode, rows, n, state, weights, direction):
    """A layer over `n` sequences of one length as one op; None where it has to go step by step."""
    h, c = state if mode == "LSTM" else (*state, None)
    place = MODES.index(mode)
    if not fits(place, n, rows, h, c, *weights):
        return None
    found, end = recurrent_layer(rows, h, c, *weights, place, bool(direction))[:2]
    last = found[:n] if direction else found[found.shape[0] - n :]
    return found, (last,) if c is None else (last, end)


def run(mode, rows, sizes, states, params, has_biases, num_layers, dropout, train, bidirectional):
    """A recurrent network on packed rows.

    Args:
        mode: "LSTM", "GRU", "RNN_TANH" or "RNN_RELU".
        rows: The input, (sum of sizes, I).
        sizes: Rows of each time step, not rising.
        states: (h,) or (h, c), each (layers * directions, N, H).
        params: Weights of each layer and direction: w_ih, w_hh, then b_ih, b_hh with biases, then w_hr with a projection.
        has_biases: Whether there are biases.
        num_layers: Number of layers.
        dropout: Probability of 0 between layers.
        train: Whether dropout is active.
        bidirectional: Whether there are two directions.

    Returns:
        The rows of the last layer, and the states at the end.
    """
    name, directions = mode.lower(), 2 if bidirectional else 1
    lead = states[0].shape[2] if mode == "LSTM" and states[0].shape[2] != states[-1].shape[2] else 0
    each = 2 + 2 * bool(has_biases) + bool(lead)
    if len(params) != num_layers * directions * each:
        raise expected(name, f"{num_layers * directions * each} parameters", f"{len(params)}", error=RuntimeError)
    if any(s.shape[0] != num_layers * directions for s in states):
        raise expected(name, f"hx of {num_layers * directions} layers", states[0], error=RuntimeError)
    if not len(sizes):
        raise expected(name, "sequences of 1 or more steps", "none", error=RuntimeError)
    sizes, ends = tuple(sizes), []
    for layer in range(num_layers):
        outputs = []
        for direction in range(directions):
            at = layer * directions + direction
            w_ih, w_hh, *rest = params[at * each : (at + 1) * each]
            b_ih, b_hh = rest[:2] if has_biases else (None, None)
            state = tuple(s[at] for s in states)
            whole = None if lead or sizes[0] != sizes[-1] else _at_once(mode, rows, sizes[0], state, (w_ih, w_hh, b_ih, b_hh), direction)
            if whole is not None:
                outputs.append(whole[0])
                ends.append(whole[1])
                continue
            more = {"w_hr": rest[-1]} if lead else {}
            gates = linear(rows, w_ih, b_ih).split(sizes)
            step = lambda g, state, w=w_hh, b=b_hh, m=more: STEPS[mode](g, state, w, b, **m)  # noqa: E731
            found, end = (_backward if direction else _forward)(gates, sizes, state, step)
            outputs.append(cat(found, 0))
            ends.append(end)
        rows = outputs[0] if directions == 1 else cat(outputs, 1)
        if dropout and train and layer + 1 < num_layers:
            rows = drop(rows, dropout, True)
    return rows, tuple(stack(parts, 0) for parts in zip(*ends, strict=True))


def _sequences(mode, input, states, params, has_biases, num_layers, dropout, train, bidirectional, batch_first):
    """`run` for padded sequences (T, N, I), or (N, T, I) with batch_first."""
    tensors(mode.lower(), input=input)
    if input.ndim != 3:
        raise expected(mode.lower(), "input of 3 dimensions", input, error=RuntimeError)
    x = input.transpose(0, 1) if batch_first else input
    t, n = x.shape[:2]
    rows, ends = run(mode, x.reshape(t * n, x.shape[2]), (n,) * t, states, params, has_biases, num_layers, dropout, train, bidirectional)
    out = rows.reshape(t, n, rows.shape[1])
    return (out.transpose(0, 1) if batch_first else out, *ends)


def _called(mode, *args):
    """Both forms that PyTorch's functions have: (input, hx, params, ...) and, for packed rows, (data, batch_sizes, hx, params, ...)."""
    if isinstance(args[1], Tensor) and (mode == "LSTM" or isinstance(args[2], Tensor)):
        data, batch_sizes, hx, *rest = args
        rows, ends = run(mode, data, batch_sizes.tolist(), tuple(hx) if mode == "LSTM" else (hx,), *rest)
        return (rows, *ends)
    return _sequences(mode, args[0], tuple(args[1]) if mode == "LSTM" else (args[1],), *args[2:])


@op("composite", tensors=("input",), methods=False, onnx=EXPORT)
def lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False):
    """A long short-term memory over sequences, as `nn.LSTM` runs it; for packed rows (data, batch_sizes, hx, params, ...).

    Args:
        input: Sequences.
        hx: The states (h, c) at the beginning.
        params: Weights of each layer and direction: w_ih, w_hh, then b_ih, b_hh with biases, then w_hr with a projection.
        has_biases: Whether there are biases.
        num_layers: Number of layers.
        dropout: Probability of 0 between layers.
        train: Whether dropout is active.
        bidirectional: Whether there are two directions.
        batch_first: Whether the batch is the first dimension of `input` and of the result.

    Shape:
        input: (T, N, I); h, c: (layers * directions, N, H); results: (T, N, directions * H) and those of h and c.

    Returns:
        The outputs of the last layer, h and c at the end.

    Raises:
        RuntimeError: shapes, or the number of parameters, do not fit.

    References:
        Hochreiter and Schmidhuber (1997), Long short-term memory.

    Example:
        >>> state = zeros(1, 1, 2)
        >>> lstm(ones(3, 1, 1), (state, state), [zeros(8, 1), zeros(8, 2)], False, 1, 0.0, False, False, False)[0].shape
        torch.Size([3, 1, 2])
    """
    return _called("LSTM", input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)


@op("composite", tensors=("input", "hx"), methods=False, onnx=EXPORT)
def gru(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False):
    """A network of gated recurrent units over sequences, as `nn.GRU` runs it; arguments as those of lstm.

    Args:
        input: Sequences.
        hx: The state at the beginning.
        params: Weights of each layer and direction.
        has_biases: Whether there are biases.
        num_layers: Number of layers.
        dropout: Probability of 0 between layers.
        train: Whether dropout is active.
        bidirectional: Whether there are two directions.
        batch_first: Whether the batch is the first dimension of `input` and of the result.

    Shape:
        input: (T, N, I); hx: (layers * directions, N, H); results: (T, N, directions * H) and that of hx.

    Returns:
        The outputs of the last layer, and the state at the end.

    Raises:
        RuntimeError: shapes, or the number of parameters, do not fit.

    References:
        Cho et al. (2014), arXiv:1406.1078.

    Example:
        >>> gru(ones(3, 1, 1), ones(1, 1, 1), [zeros(3, 1), zeros(3, 1)], False, 1, 0.0, False, False, False)[1]
        tensor([[[0.1250]]])
    """
    return _called("GRU", input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)


@op("composite", tensors=("input", "hx"), methods=False, onnx=EXPORT)
def rnn_tanh(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False):
    """A plain recurrent network with tanh over sequences, as `nn.RNN` runs it; arguments as those of lstm.

    Args:
        input: Sequences.
        hx: The state at the beginning.
        params: Weights of each layer and direction.
        has_biases: Whether there are biases.
        num_layers: Number of layers.
        dropout: Probability of 0 between layers.
        train: Whether dropout is active.
        bidirectional: Whether there are two directions.
        batch_first: Whether the batch is the first dimension of `input` and of the result.

    Shape:
        input: (T, N, I); hx: (layers * directions, N, H); results: (T, N, directions * H) and that of hx.

    Returns:
        The outputs of the last layer, and the state at the end.

    Raises:
        RuntimeError: shapes, or the number of parameters, do not fit.

    Example:
        >>> rnn_tanh(ones(3, 1, 1), zeros(1, 1, 1), [ones(1, 1), zeros(1, 1)], False, 1, 0.0, False, False, False)[1]
        tensor([[[0.7616]]])
    """
    return _called("RNN_TANH", input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)


@op("composite", tensors=("input", "hx"), methods=False, onnx=EXPORT)
def rnn_relu(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False):
    """A plain recurrent network with rectifiers over sequences, as `nn.RNN` runs it; arguments as those of lstm.

    Args:
        input: Sequences.
        hx: The state at the beginning.
        params: Weights of each layer and direction.
        has_biases: Whether there are biases.
        num_layers: Number of layers.
        dropout: Probability of 0 between layers.
        train: Whether dropout is active.
        bidirectional: Whether there are two directions.
        batch_first: Whether the batch is the first dimension of `input` and of the result.

    Shape:
        input: (T, N, I); hx: (layers * directions, N, H); results: (T, N, directions * H) and that of hx.

    Returns:
        The outputs of the last layer, and the state at the end.

    Raises:
        RuntimeError: shapes, or the number of parameters, do not fit.

    Example:
        >>> rnn_relu(ones(3, 1, 1), zeros(1, 1, 1), [ones(1, 1), ones(1, 1)], False, 1, 0.0, False, False, False)[1]
        tensor([[[3.]]])
    """
    return _called("RNN_RELU", input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)


def _drawn(s, parts, both=False):
    """Samples with one and more layers, directions, biases and a projection, of equal and of unequal length."""
    for layers, directions, bias, first, project, sizes in (
        (1, 1, True, False, 0, None),
        (2, 2, False, True, 0, None),
        (2, 1, True, True, both, None),
        (1, 2, True, False, both, (3, 2, 2, 1)),
        (2, 1, False, False, 0, (3, 3, 1)),
    ):
        hidden, out = 3, 2 if project else 3
        params = []
        for layer in range(layers):
            for _ in range(directions):
                size = 2 if layer == 0 else out * directions
                params += [s.normal(parts * hidden, size), s.normal(parts * hidden, out)]
                params += [s.normal(parts * hidden), s.normal(parts * hidden)] if bias else []
                params += [s.normal(out, hidden)] if project else []
        h = s.normal(layers * directions, 3, out)
        state = [h, s.normal(layers * directions, 3, hidden)] if both else h
        options = (params, bias, layers, 0.0, False, directions == 2)
        if sizes is None:
            yield s(s.normal(3, 4, 2) if first else s.normal(4, 3, 2), state, *options, first).without(
                "empty", because="cutting off the first size of weights makes no network"
            )
        else:
            yield s(s.normal(sum(sizes), 2), s.tensor(sizes, "int64"), state, *options).without(
                "empty", because="cutting off the first size of weights makes no network"
            )


@samples(lstm)
def _(s):
    yield from _drawn(s, 4, True)


@samples(gru)
def _(s):
    yield from _drawn(s, 3)


@samples(rnn_tanh)
@samples(rnn_relu)
def _(s):
    yield from _drawn(s, 1)


@refuses(lstm)
def _(s):
    x, h, w = s.normal(3, 2, 1), s.normal(1, 2, 2), [s.normal(8, 1), s.normal(8, 2)]
    yield s(x, (h, h), w, True, 1, 0.0, False, False, False).raises(RuntimeError, "lstm: expected 4 parameters, got 2")
    yield s(x, (s.normal(2, 2, 2),) * 2, w, False, 1, 0.0, False, False).raises(RuntimeError, "lstm: expected hx of 1 layers")
    yield s(x[0], (h, h), w, False, 1, 0.0, False, False, False).raises(RuntimeError, "lstm: expected input of 3 dimensions")
    yield s(x[:0], (h, h), w, False, 1, 0.0, False, False, False).raises(RuntimeError, "lstm: expected sequences of 1 or more steps")
    yield s(1.0, (h, h), w, False, 1, 0.0, False, False, False).raises(TypeError, "lstm: expected input to be a Tensor, got float")
