"""`workbench bench`: what it prints, and that it finds an engine that computes something else."""

from __future__ import annotations

import json

import pytest

from workbench.experiments.bench import machine, rounds, table
from workbench.experiments.bench.main import agree
from workbench.experiments.bench.rounds import Worker, take_turns
from workbench.experiments.cli import main


def engine(ms, ratio=None, **more):
    found = {"ms": ms, "fastest_ms": ms, "layout": "contiguous", "peak_mb": 1024.0, "grown_mb": 512.4, "joules": None, "version": "1"}
    return found | ({} if ratio is None else {"ratio": ratio, "low": 0.9 * ratio, "high": 1.1 * ratio, "best": ratio, "gap": 1e-6}) | more


def result(case="policy-latency", mode="infer", **more):
    engines = {"workbench": engine(1234.5), "torch": engine(12345.6, 10.0), "compile": engine(12345.6, 5.0), "jax": engine(1234.5, 2.5)}
    return {"case": case, "mode": mode, "what": "", "threads": 2, "rounds": 3, "sizes": {}, "engines": engines, "not_run": {}} | more


@pytest.mark.parametrize("peers", [["torch"], ["torch", "compile"], ["torch", "compile", "jax"], []])
def test_the_table_fits_a_terminal(peers):
    text = table.models([result(), result("resnet18", "train")], peers).plain()
    assert max(map(len, text.splitlines())) <= 80
    assert "1234" in text


def test_means_are_geometric():
    results = [result(), result()]
    results[1]["engines"]["torch"]["ratio"] = 2.5
    assert table.means(results, ["torch"]) == ["infer: torch's time over ours 5.00, geometric mean of 2"]


def test_a_different_loss_is_told(capsys):
    assert agree([result()]) == 0
    wrong = result(mode="train")
    wrong["engines"]["torch"]["gap"] = 0.5
    assert agree([wrong]) == 1
    assert "expected equal losses on policy-latency, got a relative difference of 5.0e-01 to torch" in capsys.readouterr().err


class Timed(Worker):
    """A worker without a process, that takes the times it is given."""

    def __init__(self, engine, layout, times):
        self.engine, self.layout, self.left, self.times = engine, layout, list(times), []

    def sample(self):
        self.times.append(self.left.pop(0))


def test_rounds_take_turns_and_the_best_layout_counts():
    ours = Timed("workbench", "contiguous", [1.0, 1.0, 1.0])
    slow, near, fast = (Timed("torch", name, times) for name, times in [("a", [9.0]), ("b", [2.1, 2.1, 2.1]), ("c", [2.0, 2.2, 2.2])])
    assert take_turns([ours, slow, near, fast], 3) == [ours, near]
    assert [len(w.times) for w in (ours, slow, near, fast)] == [3, 1, 3, 3]


def test_mistakes_are_told(capsys):
    assert main(["bench", "--cases", "resnet19"]) == 2
    assert main(["bench", "--against", "tensorflow"]) == 2
    assert main(["bench", "--threads", "0"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith('bench: no case "resnet19"; did you mean "resnet18"')
    assert told[1].startswith('bench: no engine "tensorflow"')
    assert "at least 1" in told[2]


def test_runs_and_prints_json(capsys):
    words = "bench --cases policy --modes infer --threads 1 --rounds 2 --against none --json --profile"
    assert main(words.split()) == 0
    document = json.loads(capsys.readouterr().out)
    (found,) = document["results"]
    assert 0 < found["engines"]["workbench"]["share"] < 2
    assert found["engines"]["workbench"]["cpu_ms"] > 0
    assert document["ceilings"]["1"]["flops"] > 1e8
    assert (found["case"], found["mode"], found["threads"]) == ("policy", "infer", 1)
    assert found["engines"]["workbench"]["ms"] >= found["engines"]["workbench"]["fastest_ms"] > 0
    assert {"aten::linear", "aten::tanh"} <= {name for name, _, _ in found["profile"]["workbench"]}


def test_an_engine_that_dies_takes_no_other_measurement_with_it(capsys, monkeypatch):
    kill = "import os; os._exit(3)"
    popen = rounds.subprocess.Popen
    monkeypatch.setattr(rounds.subprocess, "Popen", lambda c, **k: popen([c[0], "-c", kill] if '"train"' in c[-1] else c, **k))
    assert main(["bench", "--cases", "policy", "--threads", "1", "--rounds", "1", "--against", "none"]) == 1
    out, err = capsys.readouterr()
    assert "bench: policy, train, 1 thread: expected an answer from the workbench process, got none (exit code 3)" in err
    assert "policy" in out


def test_the_machine_tells_memory_and_energy(tmp_path, monkeypatch):
    before = machine.start_memory()
    held = bytearray(64 << 20)
    assert machine.peak_bytes() - before > 60 << 20
    del held
    folder = tmp_path / "intel-rapl:0"
    folder.mkdir()
    (folder / "max_energy_range_uj").write_text("10000000")
    (folder / "energy_uj").write_text("9000000")
    monkeypatch.setattr(machine, "_ENERGY", tmp_path)
    start = machine.energy_j()
    (folder / "energy_uj").write_text("500000")  # the counter went round at 10 J
    assert machine.energy_j(since=start) == pytest.approx(1.5)
    monkeypatch.setattr(machine, "_ENERGY", tmp_path / "none")
    assert machine.energy_j() is None
