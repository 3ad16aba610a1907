"""Recurrent layers and cells against PyTorch's, on padded, packed and single sequences."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn

from .like_torch import arrays, compare, pair, torch

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's
LAYERS = [
    ("RNN", (3, 4), {}),
    ("RNN", (3, 4, 2, "relu"), {"batch_first": True, "bidirectional": True}),
    ("RNN", (3, 4), {"nonlinearity": "relu", "bias": False}),
    ("LSTM", (3, 4), {}),
    ("LSTM", (3, 4, 2, False, True), {"bidirectional": True}),
    ("LSTM", (3, 4), {"num_layers": 2, "proj_size": 2, "bidirectional": True}),
    ("LSTM", (3, 4), {"proj_size": 3, "bias": False, "batch_first": True}),
    ("GRU", (3, 4), {}),
    ("GRU", (3, 4, 2), {"bidirectional": True, "batch_first": True}),
    ("GRU", (3, 4), {"num_layers": 3, "bias": False}),
]
CELLS = [
    ("RNNCell", {}),
    ("RNNCell", {"nonlinearity": "relu", "bias": False}),
    ("LSTMCell", {}),
    ("GRUCell", {"bias": False}),
    ("GRUCell", {}),
]
IDS = [f"{n}-{i}" for i, (n, *_) in enumerate(LAYERS)]


def flat(result):
    """Outputs and states, and the data of packed sequences, in a row."""
    if isinstance(result, tuple) and hasattr(result, "batch_sizes"):
        return [result.data]
    return [leaf for part in result for leaf in flat(part)] if isinstance(result, (tuple, list)) else [result]


def joined(call):
    """A call whose results are one vector, so that all of them get gradients."""
    return lambda *args: (torch if isinstance(flat(r := call(*args))[0], torch.Tensor) else engine).cat([t.reshape(-1) for t in flat(r)])


def sizes(layer, batch):
    """Shapes of an input of 5 steps and of the states."""
    lead = layer.num_layers * (2 if layer.bidirectional else 1)
    x = (5, *batch, 3)
    if batch and layer.batch_first:
        x = (*batch, 5, 3)
    states = [(lead, *batch, layer.proj_size or 4)]
    return x, [*states, (lead, *batch, 4)] if layer.mode == "LSTM" else states


def state(layer, states):
    return tuple(states) if layer.mode == "LSTM" else states[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [(2,), ()], ids=["batch", "single"])
@pytest.mark.parametrize(("name", "args", "kwargs"), LAYERS, ids=IDS)
def test_layer(name, args, kwargs, batch, dtype):
    ours, theirs = pair(name, *args, dtype=dtype, **kwargs)
    assert [(k, tuple(v.shape)) for k, v in ours.state_dict().items()] == [(k, tuple(v.shape)) for k, v in theirs.state_dict().items()]
    assert repr(ours) == repr(theirs)
    x, states = sizes(ours, batch)
    compare(ours, theirs, [x], dtype, call=joined(lambda layer, x: layer(x)))
    compare(ours, theirs, [x, *states], dtype, call=joined(lambda layer, x, *s: layer(x, state(layer, s))))
    output, end = ours(engine.zeros(*x, dtype=getattr(engine, dtype)))
    assert isinstance(end, tuple) == (name == "LSTM")
    assert output.shape == theirs(torch.zeros(*x, dtype=getattr(torch, dtype)))[0].shape


@pytest.mark.parametrize("lengths", [[4, 3, 1], [2, 4, 3], [3, 3, 3]], ids=str)
@pytest.mark.parametrize(("name", "args", "kwargs"), LAYERS, ids=IDS)
def test_packed_layer(name, args, kwargs, lengths):
    ours, theirs = pair(name, *args, **kwargs)
    first = ours.batch_first
    _, states = sizes(ours, (3,))

    def call(layer, x, *given):
        rnn = (torch if isinstance(x, torch.Tensor) else engine).nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, lengths, first, enforce_sorted=False)
        output, end = layer(packed, state(layer, given) if given else None)
        return rnn.pad_packed_sequence(output, first)[0], end

    x = (3, 4, 3) if first else (4, 3, 3)
    compare(ours, theirs, [x], call=joined(call))
    compare(ours, theirs, [x, *states], call=joined(call))


@pytest.mark.parametrize("batch", [(2,), ()], ids=["batch", "single"])
@pytest.mark.parametrize(("name", "kwargs"), CELLS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CELLS)])
def test_cell(name, kwargs, batch):
    ours, theirs = pair(name, 3, 4, **kwargs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    n = 2 if name == "LSTMCell" else 1
    compare(ours, theirs, [(*batch, 3)], call=joined(lambda layer, x: layer(x)))
    shapes = [(*batch, 3), *[(*batch, 4)] * n]
    compare(ours, theirs, shapes, call=joined(lambda layer, x, *s: layer(x, s if n == 2 else s[0])))


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_layer_is_its_cell_step_by_step(name):
    layer, cell = getattr(nn, name)(3, 4), getattr(nn, f"{name}Cell")(3, 4)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x, h = engine.from_numpy(arrays([(6, 2, 3)], "float32")[0]), None
    output, _ = layer(x)
    for t in range(6):
        h = cell(x[t], h)
        assert np.allclose(output[t].detach().numpy(), flat(h)[0].detach().numpy(), atol=1e-6)


def test_dropout_lies_between_layers():
    layer = nn.GRU(3, 50, 2, dropout=0.5)
    x = engine.from_numpy(arrays([(6, 2, 3)], "float32")[0])
    assert not np.array_equal(layer(x)[0].detach().numpy(), layer(x)[0].detach().numpy())
    # the first layer's own output is not touched: its state at the end is the same each time
    assert np.array_equal(layer(x)[1][0].detach().numpy(), layer(x)[1][0].detach().numpy())
    assert (layer(x)[0] != 0).all()
    layer.eval()
    assert np.array_equal(layer(x)[0].detach().numpy(), layer(x)[0].detach().numpy())
    with pytest.warns(UserWarning, match="LSTM: dropout lies between layers"):
        nn.LSTM(3, 4, dropout=0.5)


def test_initial_weights():
    layer = nn.LSTM(3, 400, bidirectional=True)
    for p in layer.parameters():
        assert float(p.detach().abs().max()) <= 400**-0.5
    assert abs(float(layer.weight_hh_l0.detach().std()) - 400**-0.5 / 3**0.5) < 1e-3
    assert layer.flatten_parameters() is None
    assert [len(each) for each in layer.all_weights] == [4, 4]
    assert layer.all_weights[1][0] is layer.weight_ih_l0_reverse


def zeros(*shape):
    return engine.zeros(*shape)


BAD = [
    (lambda: nn.RNN(3, 4, nonlinearity="x"), ValueError, "RNN: expected nonlinearity to be tanh or relu, got x"),
    (lambda: nn.RNN(3, 4, proj_size=2), ValueError, "RNN: expected proj_size to be left out"),
    (lambda: nn.GRU(3, 4, proj_size=2), ValueError, "GRU: expected proj_size to be left out"),
    (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "LSTM: expected proj_size from 0 to less than hidden_size=4, got 4"),
    (lambda: nn.LSTM(3, 4, proj_size=-1), ValueError, "proj_size from 0"),
    (lambda: nn.LSTM(3, 4, dropout=2), ValueError, "LSTM: expected dropout to be a probability from 0 to 1, got 2"),
    (lambda: nn.LSTM(3, 4, dropout=True), ValueError, "dropout to be a probability"),
    (lambda: nn.LSTM(3, 0), ValueError, "LSTM: expected hidden_size of 1 or more, got 0"),
    (lambda: nn.LSTM(3, 4.0), TypeError, "LSTM: expected hidden_size to be an int, got 4.0"),
    (lambda: nn.LSTM(3, 4, 0), ValueError, "LSTM: expected num_layers of 1 or more, got 0"),
    (lambda: nn.RNNBase("x", 3, 4), ValueError, "RNNBase: expected mode to be one of LSTM, GRU, RNN_TANH, RNN_RELU, got x"),
    (lambda: nn.LSTM(3, 4)(zeros(2, 2, 2)), RuntimeError, "LSTM: expected input of 3 features"),
    (lambda: nn.LSTM(3, 4)(zeros(3)), ValueError, "LSTM: expected input of 2 or 3 dimensions"),
    (lambda: nn.LSTM(3, 4)(zeros(2, 2, 3).double()), ValueError, "LSTM: expected input of the weights' dtype float32"),
    (lambda: nn.LSTM(3, 4)(zeros(2, 2, 3), (zeros(1, 2, 4), zeros(1, 1, 4))), RuntimeError, "LSTM: expected hx[1] of shape (1, 2, 4)"),
    (lambda: nn.GRU(3, 4)(zeros(2, 2, 3), zeros(1, 2, 5)), RuntimeError, "GRU: expected hx of shape (1, 2, 4)"),
    (lambda: nn.GRU(3, 4)(zeros(2, 2, 3), zeros(1, 4)), RuntimeError, "GRU: expected hx of 3 dimensions, as the input, got 2"),
    (lambda: nn.GRU(3, 4)(zeros(2, 3), zeros(1, 2, 4)), RuntimeError, "GRU: expected hx of 2 dimensions, as the input, got 3"),
    (lambda: nn.GRU(3, 4)(zeros(0, 2, 3)), RuntimeError, "gru: expected sequences of 1 or more steps"),
    (lambda: nn.RNNCell(2, 3, nonlinearity="x")(zeros(2)), RuntimeError, "RNNCell: expected nonlinearity to be tanh or relu"),
    (lambda: nn.GRUCell(2, 3)(zeros(1, 1, 2)), ValueError, "GRUCell: expected input of 1 or 2 dimensions"),
    (lambda: nn.GRUCell(2, 3)(zeros(1, 3)), RuntimeError, "GRUCell: expected input of 2 features"),
    (lambda: nn.GRUCell(2, 3)(zeros(1, 2), zeros(2, 3)), RuntimeError, "GRUCell: expected hx of shape (1, 3)"),
    (lambda: nn.LSTMCell(2, 3)(zeros(1, 2), (zeros(1, 1, 3), zeros(3))), ValueError, "LSTMCell: expected hx[0] of 1 or 2 dimensions"),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD, ids=[f"{i}-{m[:30]}" for i, (*_, m) in enumerate(BAD)])
def test_bad_arguments(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert message in str(caught.value)


def test_no_rows():
    ours, theirs = pair("LSTM", 3, 4)
    assert ours(zeros(2, 0, 3))[0].shape == theirs(torch.zeros(2, 0, 3))[0].shape
