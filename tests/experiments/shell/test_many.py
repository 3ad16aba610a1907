"""Ten thousand runs: a list of them is right and reads none twice. How long it takes tells `python -m tests.experiments.shell.many`."""

from __future__ import annotations

import json

import pytest

from workbench.experiments import index
from workbench.experiments.cli import main

from .many import make

N = 10_000


@pytest.mark.long
def test_ten_thousand_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(index, "_SETTLED_NS", -(10**12))
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "runs", N)
    assert len(index.entries(tmp_path / "runs")) == N
    monkeypatch.setattr(index, "read", lambda folder: pytest.fail(f"{folder} was read again"))
    assert main(["runs", "--where", "recipe=resnet and optim.lr<0.1", "--sort", "-test/accuracy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = [path for path in (tmp_path / "runs" / "resnet").iterdir() if int(path.name[7:13]) % 4 < 2]
    assert {row["id"] for row in found} == {path.name for path in expected}
    values = [row["metrics"]["test/accuracy"] for row in found if "test/accuracy" in row["metrics"]]
    assert values == sorted(values, reverse=True)
