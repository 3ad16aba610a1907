"""One step of recurrent networks."""

from __future__ import annotations

from ._define import Unsupported, op, refuses, samples
from ._help import tensors
from .errors import expected
from .linear import linear

STEP = Unsupported("a step of a network in time; export whole layers")


def lstm_step(gates, state, w_hh, b_hh=None, w_hr=None):
    """State (h, c) after a step, from the input's part of the gates i, f, g, o."""
    h, c = state
    i, f, g, o = (gates + linear(h, w_hh, b_hh)).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    return (h if w_hr is None else linear(h, w_hr)), c


def gru_step(gates, state, w_hh, b_hh=None):
    """State (h,) after a step, from the input's part of the gates r, z, n."""
    (h,) = state
    r, z, n = gates.chunk(3, 1)
    hr, hz, hn = linear(h, w_hh, b_hh).chunk(3, 1)
    n = (n + (r + hr).sigmoid() * hn).tanh()
    return (n + (z + hz).sigmoid() * (h - n),)


def tanh_step(gates, state, w_hh, b_hh=None):
    """State (h,) after a step of the plain network."""
    return ((gates + linear(state[0], w_hh, b_hh)).tanh(),)


def relu_step(gates, state, w_hh, b_hh=None):
    """State (h,) after a step of the plain network with a rectifier."""
    return ((gates + linear(state[0], w_hh, b_hh)).relu(),)


def _checked(name, input, states, w_ih, w_hh, parts):
    tensors(name, input=input, hx=states[0], w_ih=w_ih, w_hh=w_hh)
    if input.ndim != 2 or any(s.ndim != 2 or s.shape[0] != input.shape[0] for s in states):
        shapes = ", ".join(str(tuple(t.shape)) for t in (input, *states))
        raise expected(name, "input (N, I) and hx (N, H)", shapes, error=RuntimeError)
    rows = parts * states[-1].shape[1]
    if tuple(w_ih.shape) != (rows, input.shape[1]) or tuple(w_hh.shape) != (rows, states[0].shape[1]):
        wanted = f"w_ih {(rows, input.shape[1])} and w_hh {(rows, states[0].shape[1])}"
        raise expected(name, wanted, f"{tuple(w_ih.shape)} and {tuple(w_hh.shape)}", error=RuntimeError)


@op("composite", tensors=("input",), methods=False, onnx=STEP)
def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a long short-term memory.

    i, f, o = sigmoid, g = tanh of (input w_ih^T + b_ih + h w_hh^T + b_hh) in four parts i, f, g, o; c' = f c + i g; h' = o tanh(c')

    Args:
        input: What comes in.
        hx: The state (h, c).
        w_ih: Weights of the input.
        w_hh: Weights of h.
        b_ih: Bias; None for none.
        b_hh: Bias; None for none.

    Shape:
        input: (N, I); h, c: (N, H); w_ih: (4 H, I); w_hh: (4 H, H); b_ih, b_hh: (4 H); results: (N, H).

    Returns:
        The pair (h', c').

    Raises:
        RuntimeError: shapes do not fit.

    References:
        Hochreiter and Schmidhuber (1997), Long short-term memory.

    Example:
        >>> lstm_cell(ones(1, 1), (zeros(1, 1), ones(1, 1)), zeros(4, 1), zeros(4, 1))[1]
        tensor([[0.5000]])
    """
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        raise expected("lstm_cell", "hx to be a pair of tensors", hx, error=RuntimeError)
    _checked("lstm_cell", input, hx, w_ih, w_hh, 4)
    return lstm_step(linear(input, w_ih, b_ih), tuple(hx), w_hh, b_hh)


@op("composite", tensors=("input", "hx", "w_ih", "w_hh", "b_ih", "b_hh"), methods=False, onnx=STEP)
def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a gated recurrent unit.

    With a = input w_ih^T + b_ih and b = h w_hh^T + b_hh, each in three parts: r = sigmoid(a_r + b_r), z = sigmoid(a_z + b_z),
    n = tanh(a_n + r b_n), h' = (1 - z) n + z h.

    Args:
        input: What comes in.
        hx: The state h.
        w_ih: Weights of the input.
        w_hh: Weights of h.
        b_ih: Bias; None for none.
        b_hh: Bias; None for none.

    Shape:
        input: (N, I); hx: (N, H); w_ih: (3 H, I); w_hh: (3 H, H); b_ih, b_hh: (3 H); result: (N, H).

    Returns:
        The state h'.

    Raises:
        RuntimeError: shapes do not fit.

    References:
        Cho et al. (2014), arXiv:1406.1078.

    Example:
        >>> gru_cell(ones(1, 1), ones(1, 1), zeros(3, 1), zeros(3, 1))
        tensor([[0.5000]])
    """
    _checked("gru_cell", input, (hx,), w_ih, w_hh, 3)
    return gru_step(linear(input, w_ih, b_ih), (hx,), w_hh, b_hh)[0]


@op("composite", tensors=("input", "hx", "w_ih", "w_hh", "b_ih", "b_hh"), methods=False, onnx=STEP)
def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a plain recurrent network: tanh(input w_ih^T + b_ih + hx w_hh^T + b_hh).

    Args:
        input: What comes in.
        hx: The state.
        w_ih: Weights of the input.
        w_hh: Weights of the state.
        b_ih: Bias; None for none.
        b_hh: Bias; None for none.

    Shape:
        input: (N, I); hx: (N, H); w_ih: (H, I); w_hh: (H, H); b_ih, b_hh: (H); result: (N, H).

    Returns:
        The new state.

    Raises:
        RuntimeError: shapes do not fit.

    References:
        Elman (1990), Finding structure in time.

    Example:
        >>> rnn_tanh_cell(ones(1, 1), zeros(1, 1), ones(1, 1), ones(1, 1))
        tensor([[0.7616]])
    """
    _checked("rnn_tanh_cell", input, (hx,), w_ih, w_hh, 1)
    return tanh_step(linear(input, w_ih, b_ih), (hx,), w_hh, b_hh)[0]


@op("composite", tensors=("input", "hx", "w_ih", "w_hh", "b_ih", "b_hh"), methods=False, onnx=STEP)
def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a plain recurrent network: max(0, input w_ih^T + b_ih + hx w_hh^T + b_hh).

    Args:
        input: What comes in.
        hx: The state.
        w_ih: Weights of the input.
        w_hh: Weights of the state.
        b_ih: Bias; None for none.
        b_hh: Bias; None for none.

    Shape:
        input: (N, I); hx: (N, H); w_ih: (H, I); w_hh: (H, H); b_ih, b_hh: (H); result: (N, H).

    Returns:
        The new state.

    Raises:
        RuntimeError: shapes do not fit.

    Example:
        >>> rnn_relu_cell(ones(1, 1), zeros(1, 1), ones(1, 1), ones(1, 1))
        tensor([[1.]])
    """
    _checked("rnn_relu_cell", input, (hx,), w_ih, w_hh, 1)
    return relu_step(linear(input, w_ih, b_ih), (hx,), w_hh, b_hh)[0]


def _drawn(s, parts, bias, both=False):
    h = (s.normal(3, 2), s.normal(3, 2)) if both else s.normal(3, 2)
    weights = [s.normal(parts * 2, 4), s.normal(parts * 2, 2)]
    return s(s.normal(3, 4), h, *weights, *((s.normal(parts * 2), s.normal(parts * 2)) if bias else ()))


@samples(lstm_cell)
def _(s):
    yield _drawn(s, 4, True, True)
    yield _drawn(s, 4, False, True)


@samples(gru_cell)
def _(s):
    yield _drawn(s, 3, True)
    yield _drawn(s, 3, False)


@samples(rnn_tanh_cell)
@samples(rnn_relu_cell)
def _(s):
    yield _drawn(s, 1, True)
    yield _drawn(s, 1, False)


@refuses(lstm_cell)
def _(s):
    x, h, w, v = s.normal(3, 4), s.normal(3, 2), s.normal(8, 4), s.normal(8, 2)
    yield s(x, h, w, v).raises(RuntimeError, "lstm_cell: expected hx to be a pair of tensors")
    yield s(x, (h, s.normal(2, 2)), w, v).raises(RuntimeError, "lstm_cell: expected input (N, I) and hx (N, H)")
    yield s(x, (h, h), w, w).raises(RuntimeError, "lstm_cell: expected w_ih (8, 4) and w_hh (8, 2)")


@refuses(gru_cell)
@refuses(rnn_tanh_cell)
@refuses(rnn_relu_cell)
def _(s):
    yield s(s.normal(3, 4), s.normal(2), s.normal(6, 4), s.normal(6, 2)).raises(RuntimeError, "expected input (N, I) and hx (N, H)")
    yield s(s.normal(3, 4), s.normal(3, 2), s.normal(9, 4), s.normal(9, 2)).raises(RuntimeError, ": expected w_ih (")
    yield s(s.normal(3, 4), 1.0, s.normal(6, 4), s.normal(6, 2)).raises(TypeError, ": expected hx to be a Tensor, got float")
