"""The borders of Tensor: NumPy, buffers, DLPack, pickles, numbers; and what must never crash."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from workbench import engine
from workbench.ext.core import _core as core


def test_numpy_shares_memory_both_ways():
    a = np.arange(6.0).reshape(2, 3)
    t = engine.from_numpy(a)
    a[0, 0] = 7
    assert t[0, 0].item() == 7
    t.numpy()[1, 1] = 9
    assert a[1, 1] == 9
    assert np.shares_memory(np.asarray(t), a)
    assert engine.from_numpy(a.T).stride() == (1, 3)


def test_negative_strides_are_refused_as_by_torch_and_read_only_memory_is_copied():
    a = np.arange(4.0)
    for f in (engine.from_numpy, engine.as_tensor, engine.tensor):
        with pytest.raises(ValueError, match="negative strides"):
            f(a[::-1])
    assert engine.array_api.asarray(a[::-1]).tolist() == [3, 2, 1, 0]
    a.flags.writeable = False
    engine.from_numpy(a).add_(1)
    assert a.tolist() == [0, 1, 2, 3]


def test_dlpack_both_ways():
    a = np.arange(3, dtype=np.float32)
    t = engine.from_numpy(a)
    assert np.shares_memory(np.from_dlpack(t), a)
    torch = pytest.importorskip("torch")
    theirs = torch.from_dlpack(t)
    theirs[0] = 5
    assert t[0].item() == 5
    assert engine.from_dlpack(theirs).tolist() == [5, 1, 2]


def test_buffer_protocol():
    view = memoryview(engine.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert view.shape == (2, 2)
    assert view.format == "f"
    assert view[1, 0] == 3.0
    with pytest.raises(BufferError, match="contiguous"):
        bytes(np.frombuffer(engine.ones(2, 2).t().contiguous().t(), dtype=np.float32))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "int64", "bool"])
def test_pickle_and_deepcopy(dtype):
    t = engine.tensor([[1, 0], [1, 1]]).to(getattr(engine, dtype))
    for u in (pickle.loads(pickle.dumps(t)), copy.deepcopy(t)):
        assert u.dtype is t.dtype
        assert u.tolist() == t.tolist()
        assert u.data_ptr() != t.data_ptr()


def test_numbers():
    assert float(engine.tensor(1.5)) == 1.5
    assert int(engine.tensor(3)) == 3
    assert bool(engine.tensor([1]))
    assert [10, 20, 30][engine.tensor(1)] == 20
    with pytest.raises(RuntimeError, match="one element"):
        bool(engine.ones(2))
    with pytest.raises(RuntimeError, match="one element"):
        engine.ones(2).item()


def test_cuda_answers_with_a_sentence():
    with pytest.raises(RuntimeError, match="no kernels for cuda"):
        engine.zeros(1, device="cuda")
    with pytest.raises(RuntimeError, match="no kernels for cuda"):
        engine.ones(1).cuda()


@pytest.mark.parametrize("made", [lambda: core.Tensor(), lambda: core.Tensor.__new__(core.Tensor), lambda: engine.Tensor(2, 3)])
def test_bare_tensors_are_whole(made):
    t = made()
    repr(t)
    (t + t).sum()
    t.numpy()


@pytest.mark.parametrize(
    "act",
    [
        lambda: core.Node(),
        lambda: engine.zeros(-1),
        lambda: engine.zeros(2**40, 2**40),
        lambda: engine.ones(2)[5],
        lambda: engine.ones(2)[0, 0],
        lambda: engine.ones(2)["a"],
        lambda: engine.ones(2)[::-1],
        lambda: engine.ones(2).view(3),
        lambda: engine.ones(2).reshape(-1, -1),
        lambda: engine.ones(2).expand(3),
        lambda: engine.ones(2) + "a",
        lambda: engine.ones(2) + engine.ones(3),
        lambda: engine.ones(2).sum(5),
        lambda: engine.ones(2, 3).permute(0, 0),
        lambda: engine.ones((1,) * 13),
        lambda: engine.ones(2).add(),
        lambda: engine.ones(2).add(1, 2, 3, 4),
        lambda: engine.ones(2).add(1, alfa=2),
        lambda: engine.ones(2).add_(engine.ones(3)),
        lambda: engine.arange(2).add_(0.5),
        lambda: setattr(engine.ones(2, requires_grad=True), "grad", engine.ones(3)),
    ],
)
def test_bad_input_raises(act):
    with pytest.raises((TypeError, ValueError, RuntimeError, IndexError, MemoryError)):
        act()


def test_views_share_and_channels_last_is_kept():
    x = engine.arange(24.0).reshape(1, 2, 3, 4)
    y = x.to(memory_format=engine.channels_last)
    assert y.is_contiguous(memory_format=engine.channels_last)
    assert not y.is_contiguous()
    assert (y + 1).stride() == y.stride()
    assert (y + 1).tolist() == (x + 1).tolist()
    assert y.view(1, -1).tolist() == x.view(1, -1).tolist()
    v = x[0, 1]
    v.zero_()
    assert x[0, 1].sum().item() == 0
    assert v._base is x._base


@pytest.mark.parametrize("read", [lambda x: x.numpy(), np.asarray], ids=["numpy", "asarray"])
@pytest.mark.parametrize("inner", [False, True])
def test_numpy_reads_what_requires_grad_where_nothing_is_recorded(read, inner):
    torch = pytest.importorskip("torch")
    for lib in (engine, torch):
        x = lib.ones(2, requires_grad=True)
        y = x * 2 if inner else x
        with pytest.raises(RuntimeError, match=r"requires? grad"):
            read(y)
        with lib.no_grad():
            assert read(y).tolist() == [2.0 if inner else 1.0] * 2
