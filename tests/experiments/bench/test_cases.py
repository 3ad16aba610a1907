"""The cases: the same model, losses and outputs on both engines."""

from __future__ import annotations

import pytest

from workbench import engine
from workbench.experiments.bench.case import make_step
from workbench.experiments.bench.cases import CASES
from workbench.experiments.bench.rounds import gap
from workbench.experiments.bench.worker import numbers

SMALL = {"batch": 2, "length": 8}
WIDTHS = {"gpt": 64, "lm": 64, "encoder": 64, "lstm": 8, "mlp": 8, "policy": 8, "resnet18": 4, "resnet20": 4, "unet": 4, "mobile": 8}


def small(case):
    sizes = {name: SMALL[name] for name in case.sizes if name in SMALL}
    return sizes | ({"width": WIDTHS[case.name]} if "width" in case.sizes else {})


@pytest.mark.parametrize(("name", "mode"), [(name, mode) for name, case in CASES.items() for mode in case.modes])
def test_engines_agree(name, mode):
    torch = pytest.importorskip("torch")
    case = CASES[name]
    runs = []
    for module in (engine, torch):
        step = make_step(module, case.build(module, **small(case)), mode, "contiguous")
        runs.append([numbers(step()) for _ in range(2)])
    assert gap(*runs) < 1e-4
    assert max(abs(v) for v in runs[0][0]) > 1e-3  # zeros would agree as well


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "channels_last" in case.layouts])
def test_layouts_agree(name):
    torch = pytest.importorskip("torch")
    case = CASES[name]
    steps = [make_step(torch, case.build(torch, **small(case)), "infer", layout) for layout in case.layouts]
    first, second = ([numbers(step())] for step in steps)
    assert gap(first, second) < 1e-4


def test_sizes_are_those_of_the_builder():
    import inspect

    for case in CASES.values():
        defaults = {name: p.default for name, p in inspect.signature(case.build).parameters.items() if name != "torch"}
        assert defaults == dict(case.sizes), case.name
