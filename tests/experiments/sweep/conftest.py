"""A folder of its own for each sweep, and the recipe of milliseconds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    yield tmp_path
    sys.modules.pop("sweep.milli", None)
    sys.modules.pop("sweep", None)
