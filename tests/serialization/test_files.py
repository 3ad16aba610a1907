"""Files written by one side are read by the other: `torch` is the judge of ours, and we of its."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn, serialization

torch = pytest.importorskip("torch")

DTYPES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
]  # fmt: skip


def ours(obj, **options) -> io.BytesIO:
    file = io.BytesIO()
    engine.save(obj, file, **options)
    return io.BytesIO(file.getvalue())


def theirs(obj, legacy=False) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(obj, file, _use_new_zipfile_serialization=not legacy)
    return io.BytesIO(file.getvalue())


def values(x):
    """Tensors of either side as lists, everything else as it is."""
    if isinstance(x, (torch.Tensor, engine.Tensor)):
        dtype = str(x.dtype)
        wide = x.float() if dtype.endswith("float16") else x
        return dtype, tuple(x.shape), tuple(x.stride()), bool(x.requires_grad), wide.detach().tolist()
    if isinstance(x, dict):
        return type(x).__name__, {k: values(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)) and not isinstance(x, (torch.Size, engine.Size)):
        return type(x).__name__, [values(v) for v in x]
    return str(x) if type(x).__module__.split(".")[0] in ("torch", "workbench") else x


def everything(t):
    """One of each thing that a state dictionary may hold, made with `t`."""
    x = t.arange(24, dtype=t.float32).reshape(2, 3, 4)
    dtypes = {name: t.tensor([[0, 1], [1, 0]]).to(getattr(t, name)) for name in DTYPES}
    return {
        **dtypes,
        "whole": x, "transposed": x.transpose(0, 2), "part": x[1, 1:, ::2], "expanded": x[0, 0].expand(3, 4), "scalar": t.tensor(2.5),
        "empty": t.zeros(0, 3), "none": t.zeros(3)[3:], "leaf": t.zeros(2, requires_grad=True), "parameter": t.nn.Parameter(t.ones(2)),
        "frozen": t.nn.Parameter(t.ones(2), requires_grad=False), "dtype": t.bfloat16, "device": t.device("cpu"),
        "size": t.zeros(2, 3).shape,
        "numbers": [1, -(2**70), 0.5, True, None, 2 + 1j], "text": ("a", "\u00e9", b"bytes"), "set": {1, 2},
        "ordered": OrderedDict(a=1, b=t.ones(1)), "layout": t.strided,
    }  # fmt: skip


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_everything_comes_from_torch(legacy):
    assert values(engine.load(theirs(everything(torch), legacy))) == values(everything(engine))


def test_everything_goes_to_torch():
    assert values(torch.load(ours(everything(engine)), weights_only=True)) == values(everything(torch))


def test_everything_comes_back():
    assert values(engine.load(ours(everything(engine)))) == values(everything(engine))
    assert type(engine.load(ours(nn.Parameter(engine.ones(1))))) is nn.Parameter


@pytest.mark.parametrize("protocol", range(6))
def test_protocols(protocol):
    assert values(engine.load(ours(everything(engine), pickle_protocol=protocol))) == values(everything(engine)) if protocol >= 2 else True


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_sharing_is_kept(legacy):
    x = torch.arange(10.0)
    got = engine.load(theirs({"x": x, "part": x[2:4], "same": x}, legacy))
    got["x"][3] = 7.0
    assert got["part"].tolist() == [2.0, 7.0]
    assert got["same"] is got["x"]
    assert got["part"].storage_offset() == 2
    back = torch.load(ours(got), weights_only=True)
    back["x"][2] = -1.0
    assert back["part"].tolist() == [-1.0, 7.0]


def test_conjugates_come_as_values():
    x = torch.tensor([1 + 2j, 3 - 1j])
    assert engine.load(theirs(x.conj())).tolist() == x.conj().tolist()
    assert engine.load(theirs(x.conj().imag)).tolist() == x.conj().imag.tolist()


def test_one_memory_as_two_dtypes_is_refused_as_in_torch():
    x = engine.zeros(4)
    with pytest.raises(RuntimeError, match=r"save: expected tensors that share memory to be of one dtype"):
        ours([x, x.view(engine.int32)])
    y = torch.zeros(4)
    with pytest.raises(RuntimeError):
        theirs([y, y.view(torch.int32)])


def test_storages_begin_at_multiples_of_64():
    file = ours({"a": engine.ones(3), "long name": engine.ones(5), "c": engine.ones(7)})
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            head = file.getvalue()[info.header_offset : info.header_offset + 30]
            start = info.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
            assert start % 64 == 0


def test_mmap(tmp_path):
    path = tmp_path / "m.pt"
    torch.save({"w": torch.arange(6.0), "i": torch.arange(3), "e": torch.zeros(0)}, path)
    got = engine.load(path, mmap=True)
    assert got["w"].tolist() == [0, 1, 2, 3, 4, 5]
    got["w"][0] = 9.0  # stays in memory
    assert engine.load(str(path))["w"][0] == 0
    assert torch.load(path, mmap=True)["w"].tolist() == [0, 1, 2, 3, 4, 5]
    engine.save(got, path.with_suffix(".own"))
    assert torch.load(path.with_suffix(".own"), mmap=True)["i"].tolist() == [0, 1, 2]


def test_map_location():
    file = theirs({"w": torch.ones(2)})
    seen = []
    for where in ("cpu", engine.device("cpu"), {"cuda:0": "cpu"}, lambda s, place: seen.append((s.nbytes(), place))):
        file.seek(0)
        assert engine.load(file, map_location=where)["w"].tolist() == [1, 1]
    assert seen == [(8, "cpu")]
    file.seek(0)
    with pytest.raises(RuntimeError, match="map_location='cpu'"):
        engine.load(file, map_location="cuda")


def test_what_was_saved_on_a_gpu_needs_a_map():
    raw = theirs({"w": torch.ones(2)}).getvalue().replace(b"X\x03\x00\x00\x00cpu", b"X\x03\x00\x00\x00xpu")
    data = _rewritten(raw, lambda pickled: pickled)
    with pytest.raises(RuntimeError, match="map_location='cpu'"):
        engine.load(io.BytesIO(data))
    assert engine.load(io.BytesIO(data), map_location="cpu")["w"].tolist() == [1, 1]


def _rewritten(raw: bytes, change) -> bytes:
    """The archive `raw` with another pickle in it, and checksums that are right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w") as target:
        source_crc = zipfile.ZipExtFile._update_crc
        zipfile.ZipExtFile._update_crc = lambda self, data: None
        try:
            for name in source.namelist():
                data = source.read(name)
                target.writestr(name, change(data) if name.endswith("data.pkl") else data)
        finally:
            zipfile.ZipExtFile._update_crc = source_crc
    return out.getvalue()


def test_big_endian():
    out = io.BytesIO()
    file = ours({"w": engine.tensor([1.5, -2.0]), "c": engine.tensor([1 + 2j], dtype=engine.complex64)})
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = b"big" if name.endswith("byteorder") else source.read(name)
            target.writestr(name, np.frombuffer(data, "<f4").astype(">f4").tobytes() if "/data/" in name else data)
    assert torch.load(io.BytesIO(out.getvalue()))["w"].tolist() == [1.5, -2.0]
    assert engine.load(io.BytesIO(out.getvalue()))["w"].tolist() == [1.5, -2.0]
    assert engine.load(io.BytesIO(out.getvalue()))["c"].tolist() == [1 + 2j]


def test_numpy_values():
    values_ = {
        "a": np.arange(6, dtype=np.int16).reshape(2, 3).T,
        "s": np.float32(2.5),
        "d": np.dtype(">f4"),
        "b": np.arange(3, dtype=">i4"),
    }
    for protocol in (2, 4):
        got = engine.load(ours(values_, pickle_protocol=protocol))
        assert got["a"].tolist() == values_["a"].tolist()
        assert (got["a"].dtype, got["b"].dtype, got["d"]) == (
            np.dtype(np.int16),
            pickle.loads(pickle.dumps(values_["b"])).dtype,
            values_["d"],
        )
        assert got["b"].tolist() == [0, 1, 2]
        assert got["s"] == 2.5
        assert type(got["s"]) is np.float32
    with pytest.raises(pickle.UnpicklingError, match="numbers"):
        engine.load(ours(np.array([None, 1], dtype=object)))


def test_attributes_of_tensors():
    x = engine.ones(2)
    x.tag = "mine"
    got = engine.load(ours(x))
    assert (got.tolist(), got.tag) == ([1, 1], "mine")
    y = torch.nn.Parameter(torch.ones(2))
    y.tag = "theirs"
    assert engine.load(theirs(y)).tag == "theirs"
    assert torch.load(ours(engine.load(theirs(y)))).tag == "theirs"


def test_paths(tmp_path):
    engine.save({"w": engine.ones(1)}, tmp_path / "model.bin")
    with zipfile.ZipFile(tmp_path / "model.bin") as archive:
        assert archive.namelist()[0] == "model/data.pkl"
    with pytest.raises(RuntimeError, match=r"save: expected a path in a folder that exists"):
        engine.save({}, tmp_path / "missing" / "x.pt")
    with pytest.raises(RuntimeError):
        torch.save({}, tmp_path / "missing" / "x.pt")
    with pytest.raises(FileNotFoundError):
        engine.load(tmp_path / "none.pt")


def test_safetensors(tmp_path):
    from safetensors.torch import save_file

    tensors = {name: torch.tensor([[0, 1], [1, 0]]).to(getattr(torch, name)) for name in DTYPES if name != "complex128"}
    tensors |= {"empty": torch.zeros(0, 2), "scalar": torch.tensor(3.0)}
    save_file(tensors, tmp_path / "x.safetensors", {"format": "pt"})
    for mmap in (False, True):
        got = engine.load(tmp_path / "x.safetensors", mmap=mmap)
        assert {k: values(v) for k, v in got.items()} == {k: values(v) for k, v in tensors.items()}
    raw = (tmp_path / "x.safetensors").read_bytes()
    for cut in (20, len(raw) - 1):
        with pytest.raises(RuntimeError, match="whole safetensors file"):
            engine.load(io.BytesIO(raw[:cut]))


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
def test_storage_of_a_tensor():
    x, y = engine.arange(6.0)[2:4], torch.arange(6.0)[2:4]
    for t in (x, y):
        s = t.untyped_storage()
        assert (s.nbytes(), len(s), t.data_ptr() - s.data_ptr()) == (24, 24, 8)
        assert (len(t.storage()), t.storage()[2]) == (6, 2.0)
    assert x.untyped_storage() == x[1:].untyped_storage()
    assert repr(x.untyped_storage()).endswith("of size 24]")
    assert engine.is_storage(x.storage())
    assert values(engine.load(ours(x.storage())).tensor()) == values(engine.arange(6.0))
    assert serialization.UntypedStorage(4).fill_(1).tolist() == [1, 1, 1, 1]
