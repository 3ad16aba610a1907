"""Every public name of PyTorch is here, or docs/coming_from_pytorch.md says why it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.conformance import names

PAGE = (Path(__file__).parents[2] / "docs/coming_from_pytorch.md").read_text()
NAMES = names.walk()


def section(title):
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_name_is_here_or_accounted_for():
    absent = {n.path for n in NAMES if not n.out and not n.present}
    told = set(re.findall(r"`(torch\.[\w.]+)`", section("What is not here yet")))
    assert absent - told == set(), "neither here nor told"
    assert told - absent == set(), "told to be absent, and here"


def test_the_reasons_are_told():
    used = {n.out for n in NAMES if n.out}
    told = {cell.strip() for cell in re.findall(r"^\| ([^|]+) \|", section("What is left out"), re.M)} - {"what", "---"}
    assert used == told


def test_the_walk_sees_pytorch():
    assert len(NAMES) > 2000
    assert {"torch.add", "torch.nn.Linear", "torch.Tensor.add_"} <= {n.path for n in NAMES if n.present}


@pytest.mark.parametrize("pattern", names.OUT)
def test_no_reason_is_stale(pattern):
    assert any(re.fullmatch(pattern, n.path) for n in NAMES)
