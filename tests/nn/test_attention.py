"""The function behind MultiheadAttention against PyTorch's, and the layer with a causal mask that is not read."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn
from workbench.engine.testing.compare import assert_close

from .like_torch import pair, torch

L, S, N, E, HEADS = 3, 5, 2, 4, 2
PADDING = np.array([[False] * 5, [False, False, True, True, False]])


def both(**given):
    """The function with the same arguments in both libraries: results, and gradients of the queries."""
    found = []
    for lib, port in ((engine, engine.from_numpy), (torch, torch.from_numpy)):
        args = {k: port(v.copy()) if isinstance(v, np.ndarray) else v for k, v in given.items()}
        args["query"].requires_grad_()
        out, weights = lib.nn.functional.multi_head_attention_forward(**args)
        out.sum().backward()
        found.append((out, args["query"].grad) if weights is None else (out, args["query"].grad, weights))
    return found


def arguments(**changes):
    draw = np.random.Generator(np.random.Philox(key=3)).standard_normal
    given = {
        "query": draw((L, N, E)), "key": draw((S, N, E)), "value": draw((S, N, E)), "embed_dim_to_check": E, "num_heads": HEADS,
        "in_proj_weight": draw((3 * E, E)), "in_proj_bias": draw(3 * E), "bias_k": None, "bias_v": None, "add_zero_attn": False,
        "dropout_p": 0.0, "out_proj_weight": draw((E, E)), "out_proj_bias": draw(E),
    }  # fmt: skip
    return given | changes


DRAW = np.random.Generator(np.random.Philox(key=4)).standard_normal
CHANGES = [
    {"add_zero_attn": True, "in_proj_bias": None, "out_proj_bias": None},
    {"bias_k": DRAW((1, 1, E)), "bias_v": DRAW((1, 1, E)), "add_zero_attn": True, "key_padding_mask": PADDING},
    {"use_separate_proj_weight": True, "q_proj_weight": DRAW((E, E)), "k_proj_weight": DRAW((E, 6)), "v_proj_weight": DRAW((E, 7)),
     "key": DRAW((S, N, 6)), "value": DRAW((S, N, 7)), "in_proj_weight": None},
    {"static_k": DRAW((N * HEADS, 6, E // HEADS)), "static_v": DRAW((N * HEADS, 6, E // HEADS)), "add_zero_attn": True},
    {"attn_mask": DRAW((N * HEADS, L, S)), "average_attn_weights": False},
    {"query": DRAW((L, E)), "key": DRAW((S, E)), "value": DRAW((S, E)), "key_padding_mask": PADDING[1]},
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "need"), list(product(CHANGES, (True, False))), ids=lambda v: "-".join(v) if isinstance(v, dict) else v
)
def test_function(changes, need):
    found, expected = both(**arguments(**changes, need_weights=need))
    for a, b in zip(found, expected, strict=True):
        assert_close(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kwargs", [{}, {"add_zero_attn": True}, {"add_bias_kv": True}], ids=str)
@pytest.mark.parametrize("need", [True, False])
def test_causal_mask(kwargs, need):
    ours, theirs = pair("MultiheadAttention", E, HEADS, dtype="float64", **kwargs)
    x, mask = DRAW((L, N, E)), np.triu(np.ones((L, L), bool), 1)
    a, _ = ours(*[engine.from_numpy(x)] * 3, attn_mask=engine.from_numpy(mask), is_causal=True, need_weights=need)
    b, _ = theirs(*[torch.from_numpy(x)] * 3, attn_mask=torch.from_numpy(mask), is_causal=True, need_weights=need)
    assert_close(a, b, rtol=1e-9, atol=1e-12)
    assert repr(ours) == repr(theirs)


BAD = [
    ({"embed_dim_to_check": 6}, AssertionError),
    ({"num_heads": 3}, AssertionError),
    ({"is_causal": True}, RuntimeError),
    ({"attn_mask": np.zeros((2, 2))}, RuntimeError),
    ({"attn_mask": np.zeros((L, S), np.int64)}, AssertionError),
    ({"attn_mask": np.zeros(3)}, AssertionError),
    ({"key_padding_mask": PADDING[:1]}, AssertionError),
    ({"key_padding_mask": PADDING[0]}, AssertionError),
    ({"query": np.zeros((1, 1, 1, E))}, AssertionError),
    ({"static_k": np.zeros((1, 2, 2))}, AssertionError),
    ({"bias_k": np.zeros((1, 1, E)), "bias_v": np.zeros((1, 1, E)), "static_k": np.zeros((4, 2, 2))}, AssertionError),
    ({"use_separate_proj_weight": True}, AssertionError),
]


@pytest.mark.parametrize(("changes", "error"), BAD, ids=lambda v: "-".join(v) if isinstance(v, dict) else v.__name__)
def test_refuses(changes, error):
    for lib, port in ((engine, engine.from_numpy), (torch, torch.from_numpy)):
        args = {k: port(v.copy()) if isinstance(v, np.ndarray) else v for k, v in arguments(**changes).items()}
        with pytest.raises(error):
            lib.nn.functional.multi_head_attention_forward(**args)


def test_masks_of_two_kinds_warn():
    layer, x = nn.MultiheadAttention(E, HEADS), engine.zeros(L, N, E)
    with pytest.warns(UserWarning, match="one dtype"):
        layer(x, x, x, attn_mask=engine.zeros(L, L), key_padding_mask=engine.zeros(N, L, dtype=engine.bool))


@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"batch_first": False}, {"activation": "gelu"}, {"bias": False}], ids=str)
@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("at_the_end", [True, False])
@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's
def test_padding_of_an_encoder_in_evaluation(options, nested, at_the_end):
    """PyTorch gives zeros there where it goes over nested tensors, numbers elsewhere."""
    x, padding = DRAW((2, 3, 4)), np.array([[False, False, True], [False, not at_the_end, False]])
    found = []
    state = None
    for lib, port in ((torch, torch.from_numpy), (engine, engine.from_numpy)):
        with lib.no_grad():
            layer = lib.nn.TransformerEncoderLayer(4, 2, 8, 0.0, **{"batch_first": True} | options)
            m = lib.nn.TransformerEncoder(layer, 2, lib.nn.LayerNorm(4), nested).double().eval()
            state = m.state_dict() if state is None else {k: port(v.numpy().copy()) for k, v in state.items()}
            m.load_state_dict(state)
            given = x if options.get("batch_first", True) else x.swapaxes(0, 1).copy()
            found.append(m(port(given), src_key_padding_mask=port(padding)))
    assert_close(found[1], found[0], rtol=1e-6, atol=1e-9)
