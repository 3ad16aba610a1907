"""Padded and packed sequences against PyTorch's."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from workbench import engine
from workbench.engine.nn.utils import rnn
from workbench.engine.testing.compare import assert_close

from .like_torch import arrays, torch

peer = torch.nn.utils.rnn
X = arrays([(4, 3, 2)], "float32")[0]
NAMES = ["pack_padded_sequence", "pad_packed_sequence", "pad_sequence", "unpad_sequence", "pack_sequence", "unpack_sequence"]


@pytest.mark.parametrize("name", [*NAMES, "invert_permutation", "PackedSequence"])
def test_signature(name):
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (rnn, peer))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


def both(first=False):
    x = X.swapaxes(0, 1).copy() if first else X
    return engine.from_numpy(x.copy()), torch.from_numpy(x.copy())


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(("lengths", "ordered"), [([4, 2, 1], True), ([2, 4, 1], False), ([3, 3, 2], True), ([1, 1, 4], False)])
def test_pack_and_pad(lengths, ordered, first):
    x, y = both(first)
    a = rnn.pack_padded_sequence(x, engine.tensor(lengths), first, ordered)
    b = peer.pack_padded_sequence(y, torch.tensor(lengths), first, ordered)
    assert_close(a.data, b.data)
    assert_close(a.batch_sizes, b.batch_sizes)
    for indices in ("sorted_indices", "unsorted_indices"):
        assert_close(getattr(a, indices), getattr(b, indices))
    for args in ((first,), (not first, -1.5), (first, 0.0, 6)):
        for mine, other in zip(rnn.pad_packed_sequence(a, *args), peer.pad_packed_sequence(b, *args), strict=True):
            assert_close(mine, other)
    assert [t.tolist() for t in rnn.unpack_sequence(a)] == [t.tolist() for t in peer.unpack_sequence(b)]


def test_gradients_pass_through():
    x, y = both()
    x.requires_grad_()
    y.requires_grad_()
    for library, t in ((rnn, x), (peer, y)):
        packed = library.pack_padded_sequence(t, [2, 4, 1], enforce_sorted=False)
        padded, _ = library.pad_packed_sequence(packed, padding_value=2.0)
        (padded * padded).sum().backward()
    assert_close(x.grad, y.grad)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("rest", [(), (2,)])
def test_pad_sequence(first, side, rest):
    parts = arrays([(3, *rest), (1, *rest), (4, *rest)], "float64")
    a = rnn.pad_sequence([engine.from_numpy(p.copy()) for p in parts], first, 0.5, side)
    b = peer.pad_sequence([torch.from_numpy(p) for p in parts], first, 0.5, side)
    assert_close(a, b)
    if side == "right":
        found = rnn.unpad_sequence(a, engine.tensor([3, 1, 4]), first)
        assert all(np.array_equal(f.numpy(), p) for f, p in zip(found, parts, strict=True))


def test_pack_sequence():
    parts = arrays([(2, 3), (4, 3)], "float32")
    a = rnn.pack_sequence([engine.from_numpy(p.copy()) for p in parts], enforce_sorted=False)
    b = peer.pack_sequence([torch.from_numpy(p) for p in parts], enforce_sorted=False)
    assert_close(a.data, b.data)
    assert_close(a.sorted_indices, b.sorted_indices)
    assert_close(rnn.pad_sequence(engine.ones(2, 3)), peer.pad_sequence(torch.ones(2, 3)))


def test_packed_sequence_converts():
    a = rnn.pack_sequence([engine.tensor([1.5, 2.0]), engine.tensor([3.0])])
    assert isinstance(a, tuple)
    for name, dtype in (("double", "float64"), ("half", "float16"), ("long", "int64"), ("int", "int32"), ("byte", "uint8")):
        converted = getattr(a, name)()
        assert isinstance(converted, rnn.PackedSequence)
        assert converted.data.dtype is getattr(engine, dtype)
        assert converted.batch_sizes is a.batch_sizes
    assert (a.short().data.dtype, a.char().data.dtype) == (engine.int16, engine.int8)
    assert a.to("cpu") is a
    assert a.cpu() is a
    assert a.float() is a
    assert a.pin_memory() is a
    assert not a.is_cuda
    assert not a.is_pinned()
    pair = rnn.PackedSequence((a.data, a.batch_sizes))
    assert pair.data is a.data
    back = rnn.PackedSequence(a.data, a.batch_sizes, engine.tensor([2, 0, 1])).unsorted_indices
    assert back.tolist() == peer.invert_permutation(torch.tensor([2, 0, 1])).tolist()
    assert rnn.invert_permutation(None) is None


x = engine.from_numpy(X)
BAD = [
    (
        lambda: rnn.pack_padded_sequence(x, [2, 4, 1]),
        RuntimeError,
        "lengths that fall, got [2, 4, 1]; sort them, or",
    ),
    (lambda: rnn.pack_padded_sequence(x, [4, 0, 0]), RuntimeError, "pack_padded_sequence: expected lengths from 1 to 4, got [4, 0, 0]"),
    (lambda: rnn.pack_padded_sequence(x, [5, 1, 1]), RuntimeError, "pack_padded_sequence: expected lengths from 1 to 4, got [5, 1, 1]"),
    (lambda: rnn.pack_padded_sequence(x, [4, 1]), RuntimeError, "pack_padded_sequence: expected 3 lengths, got 2"),
    (lambda: rnn.pack_padded_sequence(x[:0], [1, 1, 1]), RuntimeError, "pack_padded_sequence: expected input with elements"),
    (lambda: rnn.pad_packed_sequence(rnn.pack_sequence([x[0]]), total_length=2), ValueError, "total_length of 3 or more, got 2"),
    (lambda: rnn.pad_sequence([]), RuntimeError, "pad_sequence: expected 1 or more sequences, got none"),
    (lambda: rnn.pad_sequence(3), RuntimeError, "pad_sequence: expected a list of tensors, got 3"),
    (lambda: rnn.pad_sequence([x[0], x[0, :, :1]]), RuntimeError, "pad_sequence: expected sequences that differ in their first size alone"),
    (lambda: rnn.pad_sequence([x[0]], padding_side="up"), RuntimeError, "pad_sequence: expected padding_side to be left or right, got up"),
    (lambda: rnn.PackedSequence(x), AssertionError, "PackedSequence: expected data and batch_sizes, or a pair of both"),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD, ids=[m[:45] for *_, m in BAD])
def test_bad_arguments(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert message in str(caught.value)
