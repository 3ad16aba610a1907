"""Products added to what is there, in half precision: rounded once, from what PyTorch computes in float64."""

from __future__ import annotations

import pytest

from workbench import engine

torch = pytest.importorskip("torch")

SHAPES = {
    "addmm": ((5, 10), (5, 7), (7, 10)),
    "addmv": ((5,), (5, 7), (7,)),
    "addr": ((5, 10), (5,), (10,)),
    "addbmm": ((5, 10), (4, 5, 6), (4, 6, 10)),
    "baddbmm": ((4, 5, 10), (4, 5, 6), (4, 6, 10)),
}
HALF_A_STEP = {"float16": 2.0**-11, "bfloat16": 2.0**-8}


@pytest.mark.parametrize("kind", HALF_A_STEP)
@pytest.mark.parametrize("name", SHAPES)
def test_rounded_once(name, kind):
    generator = torch.Generator().manual_seed(0)
    given = [torch.randn(shape, generator=generator).to(getattr(torch, kind)) for shape in SHAPES[name]]
    expected = getattr(torch, name)(*(t.double() for t in given), beta=0.625, alpha=0.375)
    mine = [engine.tensor(t.double().numpy()).to(getattr(engine, kind)) for t in given]
    found = getattr(engine, name)(*mine, beta=0.625, alpha=0.375)
    assert found.dtype is getattr(engine, kind)
    gap = (torch.tensor(found.double().numpy()) - expected).abs()
    assert (gap <= expected.abs() * HALF_A_STEP[kind] * 1.01 + 1e-6).all()
