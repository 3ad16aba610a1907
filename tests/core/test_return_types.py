"""Named tuples of results: printed, pickled, unpacked and refused as PyTorch's."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

from workbench import engine

torch = pytest.importorskip("torch")

CALLS = [
    "linalg.svd(x)", "linalg.eigh(x)", "linalg.qr(x)", "linalg.slogdet(x)", "linalg.inv_ex(x)", "linalg.cholesky_ex(x)", "linalg.lu(x)",
    "linalg.lu_factor(x)", "linalg.ldl_factor(x)", "linalg.solve_ex(x, x)", "linalg.lstsq(x, x)", "linalg.eig(x)",
    "max(x, 0)", "min(x, 0)", "sort(x)", "topk(x, 1)",
    "median(x, 0)", "nanmedian(x, 0)", "mode(x, 0)", "kthvalue(x, 1)", "cummax(x, 0)", "cummin(x, 0)", "aminmax(x)", "frexp(x)",
    "histogram(x, 2)", "slogdet(x)", "geqrf(x)", "svd(x)", "max(x, 0, out=(z, i))", "sort(x, out=(y, k))", "lu_unpack(x, p)",
]  # fmt: skip


def result(lib, call):
    names = {"x": lib.tensor([[2.0, 0.0], [0.0, 1.0]]), "z": lib.empty(2), "y": lib.empty(2, 2), "p": lib.tensor([1, 2], dtype=lib.int32)}
    return eval(f"lib.{call}", {"lib": lib, **names, "i": lib.empty(2, dtype=lib.int64), "k": lib.empty(2, 2, dtype=lib.int64)})


@pytest.mark.filterwarnings("ignore:torch.svd is deprecated", "ignore:An output with one or more elements")
@pytest.mark.parametrize("call", CALLS)
def test_type_and_text(call):
    ours, theirs = result(engine, call), result(torch, call)
    assert repr(ours).replace("-0.", "0.") == repr(theirs).replace("-0.", "0.").replace("_out(", "(")
    assert str(ours) == repr(ours)
    kind = type(ours)
    assert kind.__name__ == type(theirs).__name__.removesuffix("_out")
    assert kind is getattr(engine.return_types, kind.__name__)
    assert kind.__match_args__ == type(theirs).__match_args__ == kind._fields
    assert (ours.n_fields, ours.n_sequence_fields, ours.n_unnamed_fields) == (
        theirs.n_fields,
        theirs.n_sequence_fields,
        theirs.n_unnamed_fields,
    )


def test_it_is_a_tuple():
    r = engine.sort(engine.tensor([2.0, 1.0]))
    values, indices = r
    assert values is r.values is r[0] is r[-2]
    assert indices is r.indices
    assert isinstance(r, tuple)
    assert type(r[:1]) is type(r + r) is tuple
    assert len(r) == 2
    with pytest.raises(AttributeError):
        r.values = 3
    with pytest.raises(AttributeError):
        r.other = 3


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_copies_are_of_the_type(again):
    r = engine.linalg.svd(engine.tensor([[2.0, 0.0], [0.0, 1.0]]))
    other = again(r)
    assert type(other) is type(r)
    assert repr(other) == repr(r)


def test_construction():
    for lib in (engine, torch):
        x = lib.zeros(2)
        assert lib.return_types.max((x, x)).indices is x
        for wrong in ((), ([x],), ([x, x, x],)):
            with pytest.raises(TypeError):
                lib.return_types.max(*wrong)
        with pytest.raises(AttributeError):
            _ = lib.return_types.nothing
    assert engine.return_types.max(x, 3).indices == 3  # as a namedtuple is made, by what gathers results and lets them go again
    assert "topk" in dir(engine.return_types)


def test_types_are_made_when_they_are_needed():
    code = "from workbench import engine; m = engine.return_types; print(len(m._MADE)); engine.sort(engine.ones(2)); print(*m._MADE)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "sort"]


def test_programs_find_the_module_under_pytorchs_name():
    code = "import torch; from torch.return_types import topk; print(type(torch.topk(torch.ones(2), 1)) is topk)"
    done = subprocess.run([sys.executable, "-m", "workbench.engine.as_torch", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
