"""What a file cannot do: run code, change classes, name what is not plain data; and what damage says."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import struct
import zipfile

import pytest

from workbench import engine
from workbench.engine import serialization

FULL = {"w": engine.arange(300.0), "list": [1, "a", engine.ones(2, dtype=engine.int64)]}


class Attack:
    def __init__(self, f, *args):
        self.f, self.args = f, args

    def __reduce__(self):
        return self.f, self.args


class Mine:
    def __init__(self, x=0):
        self.x = x


def saved(obj) -> bytes:
    file = io.BytesIO()
    engine.save(obj, file)
    return file.getvalue()


def archive(pickled: bytes) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("archive/data.pkl", pickled)
        target.writestr("archive/version", b"3\n")
    return io.BytesIO(out.getvalue())


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize(
    "attack",
    [
        Attack(os.system, "touch broken"), Attack(eval, "1"), Attack(builtins.getattr, dict, "pop"), Attack(io.open, "broken", "w"),
        Attack(pickle.loads, b"."), Attack(engine.load, "x"),
    ],
    ids=["system", "eval", "getattr", "open", "loads", "load"],
)  # fmt: skip
def test_code_is_refused(attack, weights_only, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pickle.UnpicklingError, match=r"nothing of it was run.*add_safe_globals"):
        engine.load(io.BytesIO(saved({"x": attack})), weights_only=weights_only)
    legacy = b"".join(pickle.dumps(x, 2) for x in (serialization.legacy.MAGIC, 1001, {"little_endian": True}, attack))
    with pytest.raises(pickle.UnpicklingError, match="nothing of it was run"):
        engine.load(io.BytesIO(legacy), weights_only=weights_only)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02ctorch\nTensor\n}X\x04\x00\x00\x00itemK\x01sb.",  # a state for a class
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}X\x0c\x00\x00\x00__defaults__)s\x86b.",  # slots of a function
        b"\x80\x02ccollections\nOrderedDict\n}X\x01\x00\x00\x00xK\x01sb.",
        b"\x80\x02}X\x01\x00\x00\x00a(cbuiltins\nset\no.",  # OBJ
        b"(S'a'\nibuiltins\nlist\n.",  # INST
        b"\x80\x02ctorch\nFloatStorage\n)R.",  # a storage type that is called
        b"\x80\x02ctorch\nfloat32\n)R.",
        b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(cbuiltins\nlist\nctorch\nTensor\n)}tR.",
        b"\x80\x02cbuiltins\nstr\nX\x01\x00\x00\x00a\x85\x81.",
        b"\x80\x02X\x01\x00\x00\x00aQ.",
        b"\x80\x02(X\x06\x00\x00\x00modulecbuiltins\nlist\nX\x01\x00\x00\x00aX\x01\x00\x00\x00aX\x01\x00\x00\x00atQ.",
    ],
)  # fmt: skip
def test_steps_of_a_pickle_that_plain_data_does_not_need(pickled):
    before = engine.Tensor.item, serialization.names.rebuild_tensor.__defaults__
    with pytest.raises(pickle.UnpicklingError, match="load: expected"):
        engine.load(archive(pickled))
    assert before == (engine.Tensor.item, serialization.names.rebuild_tensor.__defaults__)


def test_a_tensor_cannot_reach_out_of_its_storage():
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    torch.save(torch.arange(4.0), file)
    raw = file.getvalue()
    with zipfile.ZipFile(io.BytesIO(raw)) as source:
        pickled = source.read("archive/data.pkl")
    at = pickled.index(b"QK\x00K\x04\x85")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("archive/data.pkl", pickled[:at] + b"QK\x00K\x09\x85" + pickled[at + 6 :])
        target.writestr("archive/data/0", b"\0" * 16)
    with pytest.raises(pickle.UnpicklingError, match="the file is damaged"):
        engine.load(io.BytesIO(out.getvalue()))


def test_admitted_classes():
    raw = saved({"mine": Mine(engine.ones(2))})
    with pytest.raises(pickle.UnpicklingError, match=r"Mine"):
        engine.load(io.BytesIO(raw))
    names = serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(raw))
    assert [n.rsplit(".", 1)[1] for n in names] == ["Mine"]
    with serialization.safe_globals([Mine]):
        assert engine.load(io.BytesIO(raw))["mine"].x.tolist() == [1, 1]
    with pytest.raises(pickle.UnpicklingError):
        engine.load(io.BytesIO(raw))
    try:
        serialization.add_safe_globals([(Mine, names[0])])
        assert serialization.get_safe_globals() == [Mine]
        assert engine.load(io.BytesIO(raw))["mine"].x.tolist() == [1, 1]
    finally:
        serialization.clear_safe_globals()
    with pytest.raises(TypeError, match="add_safe_globals: expected classes"):
        serialization.add_safe_globals([1])


def test_whole_models_are_refused_with_a_way_out():
    with pytest.raises(pickle.UnpicklingError, match=r"state_dict\(\) instead of whole objects"):
        engine.load(io.BytesIO(saved(engine.nn.Linear(1, 1))), weights_only=False)


def test_every_cut_says_that_the_file_is_not_whole():
    raw = saved(FULL)
    for cut in range(1, len(raw), 97):
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match="load: expected"):
            engine.load(io.BytesIO(raw[:cut]))
    with pytest.raises(EOFError, match="empty"):
        engine.load(io.BytesIO(b""))


def test_a_flipped_byte_is_noticed():
    raw = bytearray(saved(FULL))
    with zipfile.ZipFile(io.BytesIO(bytes(raw))) as source:
        at = source.getinfo("archive/data/0").header_offset + 200
    raw[at] ^= 1
    with pytest.raises(RuntimeError, match="whole file"):
        engine.load(io.BytesIO(bytes(raw)))


def test_legacy_files_cut_or_damaged():
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    torch.save({"w": torch.arange(300.0), "b": torch.ones(2)}, file, _use_new_zipfile_serialization=False)
    raw = file.getvalue()
    for cut in (*range(1, len(raw), 61), len(raw) - 1):
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match="load: expected"):
            engine.load(io.BytesIO(raw[:cut]))
    at = raw.rindex(struct.pack("<q", 300))
    with pytest.raises(RuntimeError, match="300 elements"):
        engine.load(io.BytesIO(raw[:at] + struct.pack("<q", 10**9) + raw[at + 8 :]))


@pytest.mark.parametrize("raw", [b"not a file of tensors", pickle.dumps({"a": 1}), b"PK\x03\x04 and no more"])
def test_other_files(raw):
    with pytest.raises((RuntimeError, pickle.UnpicklingError), match="load: expected"):
        engine.load(io.BytesIO(raw))


def test_other_archives():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("word/document.xml", "x")
    with pytest.raises(RuntimeError, match=r"document\.xml"):
        engine.load(io.BytesIO(out.getvalue()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("archive/data.pkl", pickle.dumps({}))
        target.writestr("archive/constants.pkl", pickle.dumps(()))
    with pytest.raises(RuntimeError, match="TorchScript"):
        engine.load(io.BytesIO(out.getvalue()))


@pytest.mark.filterwarnings("ignore:.*quantized tensor creation:UserWarning", "ignore:TypedStorage is deprecated")
def test_what_is_not_here_says_so():
    torch = pytest.importorskip("torch")
    for x, word in (
        (torch.zeros(2, dtype=torch.float8_e4m3fn), "float8_e4m3fn"),
        (torch.eye(2).to_sparse(), "dense"),
        (torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.qint8), "dense|dtype"),
    ):
        file = io.BytesIO()
        torch.save(x, file)
        with pytest.raises(pickle.UnpicklingError, match=word):
            engine.load(io.BytesIO(file.getvalue()))
    for wrong in ({"pickle_module": os}, {"pickle_protocol": 2}):
        with pytest.raises((RuntimeError, TypeError), match="load: expected"):
            engine.load(io.BytesIO(saved(1)), **wrong)
    with pytest.raises(ValueError, match="mmap"):
        engine.load(io.BytesIO(saved(1)), mmap=True)
    with pytest.raises(ValueError, match="legacy"):
        engine.save(1, io.BytesIO(), _use_new_zipfile_serialization=False)
