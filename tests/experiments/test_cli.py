"""The command: fast help, exit codes, lists."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from workbench.experiments.cli import main

COMMAND = [sys.executable, "-m", "workbench.experiments.cli"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def put(name, recipe="resnet", result=None, **fields):
    from pathlib import Path

    folder = Path("runs") / recipe / name
    folder.mkdir(parents=True)
    about = {"id": name, "recipe": recipe, "status": "finished", "created_s": time.time() - 60, "ended_s": time.time(), "step": 10} | fields
    (folder / "run.json").write_text(json.dumps(about))
    (folder / "config.yaml").write_text("seed: 0\n")
    if result:
        (folder / "result.json").write_text(json.dumps(result))
    return folder


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom workbench.experiments.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'hydra', 'omegaconf', 'rich', 'numpy', 'tensorboardX', 'workbench.engine', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["runs", "--help"], ["show", "--help"]])
def test_help_has_examples(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    assert "examples:\n  workbench " in capsys.readouterr().out


def test_no_command_prints_help(capsys):
    assert main([]) == 0
    assert "COMMAND" in capsys.readouterr().out


def test_version():
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("workbench ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], 'workbench: no command "trian"; did you mean "train"?'),
        (["train", "--resum-e", "x"], 'train: no option "--resum-e"; did you mean "--resume"?'),
        (["train"], "train: no recipe chosen"),
        (["train", "+recipe=resnet", "--plain", "optim.lrr=1"], 'did you mean "optim.lr"'),
        (["train", "--resume", "last"], "there are no runs in runs/"),
        (["runs", "--jsn"], 'runs: no option "--jsn"; did you mean "--json"?'),
        (["show", "nothing"], "no run 'nothing': there are no runs in runs/"),
    ],
)
def test_mistakes_end_with_2_and_a_sentence(words, message, capsys):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_mistakes_of_the_process():
    done = subprocess.run([*COMMAND, "train", "+recipe=resnt"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'train: no option "resnt" in recipe; did you mean "resnet"? (conf/recipe/)\n'


def test_show_configuration(capsys):
    assert main(["train", "+recipe=resnet", "--show", "optim=adamw"]) == 0
    out = capsys.readouterr().out
    assert "name: adamw" in out
    assert "  data=  cifar10  digits" in out


def test_no_runs(capsys):
    assert main(["runs"]) == 0
    assert capsys.readouterr().out == "no runs in runs/; workbench train +recipe=resnet makes one\n"


def test_list(capsys):
    put("a", result={"metrics": {"test/loss": 0.5, "test/accuracy": 0.991}, "train_s": 7.25})
    put("b", status="failed", created_s=time.time() - 7200, step=3, total_steps=1200)
    put("c", recipe="gpt", metrics={"val/loss": 1.5}, created_s=time.time() - 100_000)
    assert main(["runs"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["run", "recipe", "status", "result", "steps", "time", "age"]
    assert lines[1] == ["a", "resnet", "finished", "test/accuracy", "0.9910", "10", "7.2", "s", "1:00"]
    assert lines[2][:4] == ["b", "resnet", "failed", "3/1,200"]
    assert lines[3][:5] == ["c", "gpt", "finished", "val/loss", "1.5000"]
    assert main(["runs", "gpt", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["metrics"]) == ("c", {"val/loss": 1.5})
    assert main(["runs", "gpr"]) == 2
    assert 'there is no run of a recipe "gpr" in runs/; did you mean "gpt"?' in capsys.readouterr().err


def test_list_of_many_is_cut(capsys):
    for number in range(25):
        put(f"run-{number:02}", created_s=float(number))
    main(["runs"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 22
    assert lines[1].startswith("run-24")
    assert lines[-1] == "5 older ones: workbench runs --all"
    main(["runs", "--all"])
    assert len(capsys.readouterr().out.splitlines()) == 26


def test_show_run(capsys):
    put("a", status="interrupted", parameters=77754, error="train: interrupted")
    assert main(["show", "last"]) == 0
    out = capsys.readouterr().out
    for words in (
        "status       interrupted",
        "parameters   77,754",
        "checkpoints  none",
        "seed: 0",
        "workbench train --resume a goes on with it",
    ):
        assert words in out
    assert main(["show", "a", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["parameters"] == 77754


def test_a_closed_pipe_is_no_error():
    for number in range(50):
        put(f"run-{number}")
    done = subprocess.run(
        f"{' '.join(COMMAND)} runs --all --json | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
