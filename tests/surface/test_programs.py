"""Programs in the style of public code, `import torch` at their top: they print the same numbers under this engine as under PyTorch."""

from __future__ import annotations

import re

import pytest

from .twice import ours, run, scripts

torch = pytest.importorskip("torch")
SCRIPTS = scripts()


@pytest.fixture(scope="module")
def printed():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # the programs are small: a second thread only waits
    yield ours(SCRIPTS)
    torch.set_num_threads(before)


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_program(name, printed):
    theirs = run(SCRIPTS[name])
    assert "Traceback" not in theirs, theirs
    assert "Traceback" not in printed[name], printed[name]
    shape = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
    assert shape.sub("#", printed[name]) == shape.sub("#", theirs)
    assert numbers(printed[name]) == pytest.approx(numbers(theirs), rel=1e-4, abs=2e-6)
    assert len(numbers(theirs)) > 5
