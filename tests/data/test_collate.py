"""default_collate, default_convert, the table of types and padding, compared with PyTorch's where it has them."""

import warnings
from collections import OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple

import numpy as np
import pytest

from workbench import engine
from workbench.engine import data as ours
from workbench.engine.data.collate import collate, default_collate_fn_map

Pair = namedtuple("Pair", "a b")

SAMPLES = [
    defaultdict(int, a=1), OrderedDict(a=1), UserDict(a=1), UserList([1, 2]), deque([1, 2]), range(3), (1,), [], {}, "a", b"b", None, 1j,
    np.array(["a"]), np.str_("a"), np.float32(1), np.array(1.0), np.int8(1), True, {1, 2}, np.array([1], object), bytearray(b"ab"),
    memoryview(b"ab"), np.complex64(1j), Pair(1, 2.5), np.float64(2), [{"a": (1, "x")}],
]  # fmt: skip
BATCHES = [
    [], [[1, 2], [1]], [{"a": 1}, {"b": 1}], [1, 2.5], [1.5, 2], [1, "a"], [True, 2], [2, True], [1.0, "a"], ["a", 1],
    [Pair(1, 2), Pair(3, 4)], [np.float32(1), np.float64(2)], [np.float32(1), 1.0], [np.int64(1), np.float32(2)],
]  # fmt: skip


def plain(value):
    """A batch without the side it is from."""
    if isinstance(value, engine.Tensor) or type(value).__module__ == "torch":
        return ("tensor", str(value.dtype).split(".")[-1], value.tolist())
    if isinstance(value, (dict, UserDict)):
        return (type(value).__name__, {k: plain(v) for k, v in value.items()})
    if isinstance(value, (list, tuple, UserList, deque)):
        return (type(value).__name__, [plain(v) for v in value])
    return value.tolist() if isinstance(value, np.ndarray) else value


def outcome(f, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(plain(f(*args)))
        except Exception as e:
            return type(e).__name__


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{type(s).__name__} {s!r}"[:40].partition(" at 0x")[0])
def test_samples_as_torch_does(sample):
    theirs = pytest.importorskip("torch").utils.data
    assert outcome(ours.default_collate, [sample, sample]) == outcome(theirs.default_collate, [sample, sample])
    assert outcome(ours.default_convert, sample) == outcome(theirs.default_convert, sample)


@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_batches_as_torch_does(batch):
    theirs = pytest.importorskip("torch").utils.data
    assert outcome(ours.default_collate, batch) == outcome(theirs.default_collate, batch)


@pytest.mark.parametrize(
    "make",
    [
        lambda m: [m.zeros(2), m.zeros(3)],
        lambda m: [m.zeros(2), 1],
        lambda m: [m.zeros(1), m.zeros(1, dtype=m.float64)],
        lambda m: [m.zeros(1, dtype=m.int64), m.zeros(1, dtype=m.float32)],
        lambda m: [m.ones(2, dtype=m.bfloat16), m.zeros(2, dtype=m.bfloat16)],
    ],
)
def test_tensors_as_torch_does(make):
    torch = pytest.importorskip("torch")
    assert outcome(ours.default_collate, make(engine)) == outcome(torch.utils.data.default_collate, make(torch))


def test_containers_keep_what_else_they_hold():
    made = ours.default_collate([defaultdict(list, a=1), defaultdict(list, a=2)])
    assert made["absent"] == []
    assert made["a"].tolist() == [1, 2]


class Image:
    def __init__(self, pixels):
        self.pixels = pixels


def test_types_can_be_added():
    with pytest.raises(TypeError, match="got Image; give a collate_fn, or add its type to default_collate_fn_map"):
        ours.default_collate([Image(1)])
    default_collate_fn_map[Image] = lambda batch, *, collate_fn_map: collate([i.pixels for i in batch], collate_fn_map=collate_fn_map)
    try:
        (batch,) = ours.DataLoader([{"i": Image([1, 2])}, {"i": Image([3, 4])}], batch_size=2)
        assert [t.tolist() for t in batch["i"]] == [[1, 3], [2, 4]]
    finally:
        del default_collate_fn_map[Image]
    assert collate([1, 2], collate_fn_map={(int, float): lambda batch, *, collate_fn_map: sum(batch)}) == 3


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("tail", [(), (3,)])
@pytest.mark.parametrize("form", ["tensor", "gradient", "array", "bfloat16"])
def test_pads_as_pad_sequence_does(side, tail, form):
    torch = pytest.importorskip("torch")
    arrays = [np.random.default_rng(n).standard_normal((n, *tail)).astype("f4") for n in (2, 5, 0, 3)]
    want = torch.nn.utils.rnn.pad_sequence([torch.tensor(a) for a in arrays], True, -1.5, side)
    given = arrays if form == "array" else [engine.tensor(a, requires_grad=form == "gradient") for a in arrays]
    if form == "bfloat16":
        given, want = [g.to(engine.bfloat16) for g in given], want.to(torch.bfloat16)
    made = ours.PadCollate(-1.5, side)(given)
    assert str(made.data.dtype).split(".")[-1] == str(want.dtype).split(".")[-1]
    assert made.data.tolist() == want.tolist()
    assert made.lengths.tolist() == [2, 5, 0, 3]
    assert set(made.data.float()[~made.mask].flatten().tolist()) == {-1.5}
    assert made.mask.sum(1).tolist() == [2, 5, 0, 3]
    if form == "gradient":
        made.data[made.mask].sum().backward()
        assert given[1].grad.tolist() == np.ones_like(arrays[1]).tolist()


def test_pads_members():
    samples = [{"x": [1, 2], "y": 0.5, "z": [7]}, {"x": [3], "y": 1.5, "z": []}]
    made = ours.PadCollate({"x": 0, "z": -100}, multiple_of=4)(samples)
    assert made["x"].data.tolist() == [[1, 2, 0, 0], [3, 0, 0, 0]]
    assert made["z"].data.tolist() == [[7, -100, -100, -100], [-100] * 4]
    assert (made["z"].data.dtype, made["z"].lengths.tolist()) == (engine.int64, [1, 0])
    assert made["y"].tolist() == [0.5, 1.5]
    x, y = ours.PadCollate({0: 0})([([1, 2], "a"), ([3], "b")])
    assert (x.data.tolist(), list(y)) == ([[1, 2], [3, 0]], ["a", "b"])
    made = ours.PadCollate({1: 9})([Pair(1, [1, 2]), Pair(2, [])])
    assert isinstance(made, Pair)
    assert made.b.data.tolist() == [[1, 2], [9, 9]]


def test_pads_through_workers():
    samples = [{"x": np.arange(n), "y": n} for n in (1, 4, 2, 3, 5)]
    for workers in (0, 2):
        loader = ours.DataLoader(samples, batch_size=2, num_workers=workers, collate_fn=ours.PadCollate({"x": -1}))
        assert [b["x"].lengths.tolist() for b in loader] == [[1, 4], [2, 3], [5]]
        assert next(iter(loader))["x"].data.tolist() == [[0, -1, -1, -1], [0, 1, 2, 3]]


def test_padding_refuses():
    with pytest.raises(ValueError, match='side to be "left" or "right", got middle'):
        ours.PadCollate(side="middle")
    with pytest.raises(ValueError, match="multiple_of to be an int above 0, got 0"):
        ours.PadCollate(multiple_of=0)
    with pytest.raises(ValueError, match="samples with the member 'x'"):
        ours.PadCollate({"x": 0})([{"y": 1}])
    with pytest.raises(RuntimeError, match=r"sequences of shape \(length, 3\), got \(1, 2\) in sample 1"):
        ours.PadCollate()([np.ones((2, 3)), np.ones((1, 2))])
    with pytest.raises(RuntimeError, match="sequences of shape"):
        ours.PadCollate()([1, 2])
