"""`out=`: what is written where, and what is refused, as PyTorch has it."""

from __future__ import annotations

import warnings

import pytest

from workbench import engine

torch = pytest.importorskip("torch")

CALLS = """
add(x, y, out=x); add(x, y, out=y); add(x, y, out=z); add(x, y, out=buffer[1:10].view(3, 3)); add(part, y, out=x[:1].expand(3, 3))
add(overlap, y, out=shifted); exp(overlap, out=shifted); sub(x[0], x, out=x); add(x.t(), x, out=x); cumsum(overlap, 0, out=shifted)
clamp(overlap, 0, 1, out=shifted); addmm(overlap, x, y, out=shifted); scatter(overlap, 0, i, y, out=shifted); add(x, y, out=(z, z))
gather(x, 0, i, out=x); gather(x, 0, i, out=z); gather(i, 0, i, out=i); take(x, i, out=x); index_select(x, 0, i[0], out=x)
gather(x[0], 0, i[2], out=x[0, :1]); gather(i[0], 0, i[0, 1:], out=i[0, :1]); cat([empty, y], out=empty); cat([y, x], out=x[:2])
cat([x], out=x); cat([x[:1], y[:2]], out=x); stack([x[0], x[1], x[2]], out=x); masked_select(x, x > 0, out=x)
take_along_dim(x, i, 0, out=x); cross(x, y, out=x); mode(x, 0, out=(x[0], i[0])); linalg.svd(x, out=(double, double, double))
where(x > 0, x, y, out=x); add(x, y, out=expanded); matmul(x, y, out=expanded); gather(x, 0, i, out=expanded)
cumsum(x, 0, out=expanded); add(x, y, out=whole); add(whole, whole, out=z); add(x, y, out=double); add(double, x, out=z)
matmul(x, y, out=double); neg(x, out=double); gather(x, 0, i, out=double); cat([x, y], out=whole)
cat([x, y], out=empty.to(double.dtype)); eq(x, y, out=z); any(x, 0, out=byte[0]); all(x, 0, out=whole[0])
searchsorted(x[0], y[0], out=byte[0]); sort(x, out=(z, z)); sort(x, out=(z, i)); sort(x, out=(double, i)); sort(x, out=z)
add(x, y, out=empty); matmul(x, y[:, :2], out=empty); add(x, y, out=z[:2]); add(x, y, out=buffer[:4]); sum(x, 0, out=z)
nn.functional.normalize(x, out=z); tensordot(x, y, out=z[0, 0]); tensordot(x, y, 1, out=z); tensordot(x, y, 1, out=double)
add(g, y, out=z); add(x, y, out=g); mul(x, 2, out=x); mul(2, x, out=x); eq(x, y, out=flag)
""".replace("\n", ";").split(";")


def outcome(lib, call):
    """The result, whether it is `out`, what lies in the memory afterwards, and whether a warning came; or the class of what is raised."""
    x, y = lib.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0], [0.0, 1.0, 0.5]]), lib.tensor([[2.0, 0.0, 1.0], [1.0, 1.0, 4.0], [3.0, 2.0, 2.0]])
    i, z, buffer, line = lib.tensor([[0, 1, 2], [2, 1, 0], [1, 1, 1]]), lib.zeros(3, 3), lib.zeros(12), lib.arange(10.0)
    names = {
        "x": x, "y": y, "i": i, "z": z, "buffer": buffer, "part": line[:9].view(3, 3), "overlap": line[:9].view(3, 3), "double": z.double(),
        "shifted": line[1:].view(3, 3), "expanded": lib.zeros(1, 3).expand(3, 3), "empty": lib.empty(0),
        "whole": lib.zeros(3, 3, dtype=lib.int64), "byte": lib.zeros(3, 3, dtype=lib.uint8),
        "flag": lib.zeros(3, 3, dtype=lib.bool), "g": lib.ones(3, 3, requires_grad=True),
    }  # fmt: skip
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = eval(f"lib.{call}", {"lib": lib, **names})
        except Exception as error:
            return type(error)
    results = result if isinstance(result, tuple) else (result,)
    memory = [names[k].tolist() for k in ("x", "y", "z", "buffer", "double", "whole", "byte", "flag")]
    kinds = [str(r.dtype) for r in results]
    return [r.tolist() for r in results], kinds, memory, [w.category for w in warned]


@pytest.mark.parametrize("call", [c.strip() for c in CALLS if c.strip()])
def test_outcome_is_pytorchs(call):
    ours, theirs = outcome(engine, call), outcome(torch, call)
    if isinstance(ours, type) and isinstance(theirs, type):
        assert issubclass(ours, theirs)
    else:
        assert ours == theirs


def test_what_comes_back_is_out():
    z = engine.zeros(3)
    address, version = z.data_ptr(), z._version
    assert engine.exp(engine.zeros(3), out=z) is z
    assert (z.data_ptr(), z._version) == (address, version + 1)
    assert engine.add(engine.ones(2, 2), 1, out=z.data[:0]).tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_resized_memory_is_used_again_where_there_is_enough_of_it():
    buffer = engine.zeros(12)
    end = buffer[:0]
    engine.add(engine.ones(2, 2), 1, out=end)
    assert buffer.tolist() == [2.0] * 4 + [0.0] * 8
    with pytest.warns(UserWarning, match="an out of shape"):
        engine.add(engine.ones(2), 1, out=end)
