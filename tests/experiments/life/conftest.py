"""The recipe `life.tiny`, in a folder of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    import life.tiny

    yield life.tiny
    sys.modules.pop("life.tiny", None)
    sys.modules.pop("life", None)
