"""Ops alone, the machine's ceilings, and what is varied."""

from __future__ import annotations

import shutil

import pytest

from workbench import engine
from workbench.experiments.bench.cases import CASES
from workbench.experiments.bench.ceilings import Ceilings, measure
from workbench.experiments.bench.ops import OPS, make_step
from workbench.experiments.bench.rounds import gap
from workbench.experiments.bench.scaling import points
from workbench.experiments.bench.worker import flops, numbers

QUICK = ("matmul-small", "bmm", "conv-transpose", "layer-norm", "embedding", "sum-rows")


@pytest.mark.parametrize(("name", "mode"), [(name, mode) for name in QUICK for mode in OPS[name].modes])
def test_engines_agree(name, mode):
    torch = pytest.importorskip("torch")
    op = OPS[name]
    runs = [[numbers(make_step(module, op.build(module), mode, "contiguous")())] for module in (engine, torch)]
    assert gap(*runs) < 1e-5
    assert max(map(abs, runs[0][0])) > 1e-3


def test_costs_of_a_product():
    op = OPS["matmul-small"]
    read, written = 64 * 256 + 256 * 256, 64 * 256
    assert op.cost("forward") == (2 * 64 * 256 * 256, 4 * (read + written))
    assert op.cost("both")[0] == 3 * op.cost("forward")[0]
    assert flops(make_step(engine, op.build(engine), "both", "contiguous")) == op.cost("both")[0]
    assert OPS["add"].cost("both") == OPS["add"].cost("forward") == (0.0, 3 * 4 * 2**22)


def test_every_op_costs_something():
    assert [op.name for op in OPS.values() if op.moved <= 0] == []
    assert all(op.flops > 0 for name, op in OPS.items() if name.startswith(("matmul", "conv", "depthwise", "bmm", "attention")))


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_ceilings_are_measured():
    one = measure(1, 0.01)
    assert one.flops > 1e8
    assert [size for size, _ in one.bandwidth] == sorted(size for size, _ in one.bandwidth)
    assert all(rate > 1e7 for _, rate in one.bandwidth)
    assert one.text().startswith("ceilings: ")
    assert Ceilings(1e9, ((100, 1e3), (10**6, 10.0))).seconds(0.0, 200.0) == 20.0


def test_what_is_varied():
    found = list(points(CASES["lstm"], ["width", "length", "threads"], 2))
    assert [value for name, value, _, _ in found if name == "width"] == [64, 128, 256, 512]
    assert [sizes for name, _, _, sizes in found if name == "length"] == [{"length": n} for n in (16, 32, 64, 128)]
    assert {threads for name, _, threads, _ in found if name == "threads"} >= {1, 2}


@pytest.mark.parametrize(("case", "mode"), [("mlp", "train"), ("policy-latency", "infer")])
def test_jax_agrees(case, mode):
    pytest.importorskip("jax")
    from workbench.experiments.bench import in_jax
    from workbench.experiments.bench.case import make_step as model_step

    _, step = in_jax.make(case, mode)
    own = model_step(engine, CASES[case].build(engine), mode, "contiguous")
    assert gap([numbers(own()) for _ in range(3)], [numbers(step()) for _ in range(3)]) < 1e-4
