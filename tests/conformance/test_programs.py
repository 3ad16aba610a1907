"""Every program of ours does the same with PyTorch and with the engine."""

from __future__ import annotations

import pytest

from . import names
from .programs import load
from .side_by_side import differences, run


@pytest.mark.parametrize("program", load().values(), ids=lambda p: p.key.removeprefix("programs."))
def test_program(program):
    tallies = run(program).tallies
    assert [text for t in tallies.values() for text in (*t.refused, *t.wrong)] == []
    assert sum(t.agree + len(t.meant) for t in tallies.values()) > 0
    assert not program.meant or any(t.meant for t in tallies.values()), "it differs no more"


def test_programs_sample_names_that_are_public():
    public = {name.path for name in names.walk() if not name.out}
    assert {n for p in load().values() for n in p.names} - public == set()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (1, True),
        (1.0, 1),
        ("a", "b"),
        ((1,), [1]),
        ({"a": 1}, {"b": 1}),
        (1.001, 1.0),
        (None, 0),
        (ValueError(), TypeError()),
        (int, float),
    ],
)
def test_what_differs_is_told(found, expected):
    assert [text for _, _, text in differences(found, expected) if text is not None]
