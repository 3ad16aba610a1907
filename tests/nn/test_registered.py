"""What a module registers, seen as the dictionaries that programs take it for."""

from __future__ import annotations

import pytest

from workbench import engine

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", ["_parameters", "_buffers", "_modules"])
def test_views_behave_like_dictionaries(name):
    def seen(e):
        model = e.nn.Sequential(e.nn.Linear(2, 3), e.nn.BatchNorm1d(3))
        found = getattr(model if name == "_modules" else model[1], name)
        return (
            list(found), list(reversed(found)), [k for k, _ in reversed(found.items())], len(list(reversed(found.values()))),
            "weight" in found, found.get("nothing"), len(found), list(found.copy()),
        )  # fmt: skip

    assert seen(engine) == seen(torch)
