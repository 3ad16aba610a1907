"""The life of a run: however it ends, its record says so, and a resumed run ends with the bits of an uninterrupted one."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.experiments import checkpoint, record
from workbench.experiments.cli import main
from workbench.experiments.errors import Interrupted
from workbench.experiments.metrics import read_digests, read_metrics
from workbench.experiments.run import Run

from .test_events import scalars

HERE = Path(__file__).parent
WORDS = ["recipe=life.tiny", "trainer.epochs=4", "trainer.checkpoint.every_steps=4", "logger.every_steps=1", "optim.lr=0.05"]
STEPS = 24


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    import life.tiny

    yield life.tiny
    sys.modules.pop("life.tiny", None)
    sys.modules.pop("life", None)


def train(*more):
    return main(["train", "--plain", *WORDS, *more])


def resume(*more):
    return main(["train", "--plain", "--resume", "last", *more])


def folder():
    return max(Path("runs/tiny").iterdir(), key=lambda run: run.stat().st_ctime_ns)  # two runs may share a second


def about():
    return json.loads((folder() / "run.json").read_text())


def result():
    return json.loads((folder() / "result.json").read_text())


def rows():
    return all_rows(folder())


def all_rows(run):
    """Scalars and digests."""
    path = run / "metrics.bin"
    return [(row.step, row.values) for row in read_metrics(path)] + read_digests(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What an uninterrupted run comes to: sha256, exact metrics, TensorBoard's scalars."""
    root = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        assert train(f"runs={root}") == 0
    (made,) = (root / "tiny").iterdir()
    sha256 = json.loads((made / "result.json").read_text())["sha256"]
    return sha256, all_rows(made), scalars(made)


def check_whole(whole):
    """The run in runs/ is equal to the uninterrupted one, and no step is there twice."""
    assert about()["status"] == "finished"
    assert (result()["sha256"], rows(), scalars(folder())) == whole


def test_a_run_leaves_everything_that_the_design_names(tiny, capsys):
    assert train() == 0
    assert {path.name.split(".")[0] for path in folder().iterdir()} == {
        "run", "config", "provenance", "events", "metrics", "checkpoints", "log", "result",
    }  # fmt: skip
    assert {path.name for path in (folder() / "provenance").iterdir()} >= {
        "code.json",
        "packages.txt",
        "machine.json",
        "data.json",
        "command.json",
    }
    assert about() | {"status": "finished", "step": STEPS, "total_steps": STEPS, "parameters": 6, "error": None} == about()
    assert (result()["steps"], result()["parameters"], len(result()["sha256"])) == (STEPS, 6, 64)
    whole = list(read_metrics(folder() / "metrics.bin"))
    assert [row.step for row in whole if "train/loss" in row.values] == list(range(1, STEPS + 1))
    assert [digest.step for digest in read_digests(folder() / "metrics.bin")] == [STEPS]
    out = capsys.readouterr().out
    assert "test accuracy  0." in out
    assert f"run            {folder()}" in out
    assert "epoch 4/4" in (folder() / "log.txt").read_text()


def test_same_seed_same_bits(tiny, whole):
    assert train() == 0
    check_whole(whole)
    assert train("seed=1") == 0
    assert result()["sha256"] != whole[0]


@pytest.mark.parametrize("step", [1, 5, 6, 12, 23])
def test_ctrl_c_saves_and_resumes_exactly(tiny, whole, capsys, step, monkeypatch):
    monkeypatch.setattr(tiny, "at_step", lambda at: os.kill(os.getpid(), signal.SIGINT) if at == step else None)
    assert train() == 130
    captured = capsys.readouterr()
    assert "stopping after this step, with a checkpoint; Ctrl-C again stops at once" in captured.out
    assert f"workbench train --resume {folder().name} goes on from step {step}" in captured.err
    assert (about()["status"], about()["step"]) == ("interrupted", step)
    monkeypatch.setattr(tiny, "at_step", lambda at: None)
    assert resume() == 0
    check_whole(whole)
    assert about()["resumed"][0]["step"] == step


def test_an_epoch_that_ended_without_its_last_line_gets_it_from_who_resumes(tiny, whole, monkeypatch):
    """The checkpoint of the last step is there, and the end of the epoch was never reached."""
    end = Run.end_epoch

    def stopped(self, values):
        if self.step == STEPS:
            raise Interrupted
        end(self, values)

    monkeypatch.setattr(Run, "end_epoch", stopped)
    assert train() == 130
    monkeypatch.setattr(Run, "end_epoch", end)
    assert resume() == 0
    check_whole(whole)


def test_ctrl_c_twice_stops_at_once(tiny, monkeypatch):
    def impatient(step):
        if step == 6:
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
            pytest.fail("went on after the second signal")

    monkeypatch.setattr(tiny, "at_step", impatient)
    assert train() == 130
    assert about()["status"] == "interrupted"
    assert [c.step for c in checkpoint.CheckpointStore(folder() / "checkpoints").found()] == [4]


def test_termination_has_its_own_code(tiny, monkeypatch):
    monkeypatch.setattr(tiny, "at_step", lambda at: os.kill(os.getpid(), signal.SIGTERM) if at == 3 else None)
    assert train() == 143
    assert about()["status"] == "interrupted"


def test_handlers_are_put_back(tiny):
    before = signal.getsignal(signal.SIGINT)
    train("trainer.max_steps=1")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("kill", [{"TINY_KILL_STEP": "3"}, {"TINY_KILL_STEP": "7"}, {"TINY_KILL_STEP": "18"}, {"TINY_KILL_SAVE": "3"}])
def test_a_killed_run_resumes_exactly(tiny, whole, kill, capsys):
    command = [sys.executable, "-m", "workbench.experiments.cli", "train", *WORDS]
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    killed = subprocess.run(command, env={**os.environ, **kill, "PYTHONPATH": path}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert main(["runs"]) == 0
    assert " lost " in capsys.readouterr().out
    assert resume() == 0
    check_whole(whole)


def test_a_damaged_checkpoint_is_passed_over(tiny, whole, capsys, monkeypatch):
    monkeypatch.setattr(tiny, "at_step", lambda at: os.kill(os.getpid(), signal.SIGINT) if at == 14 else None)
    assert train() == 130
    monkeypatch.setattr(tiny, "at_step", lambda at: None)
    os.truncate(folder() / "checkpoints" / "step-14" / "tensors.safetensors", 50)
    assert resume() == 0
    out = capsys.readouterr().out
    assert "step-14: tensors.safetensors has 50 bytes" in out
    assert "goes on from step 12" in out
    check_whole(whole)


def test_without_a_usable_checkpoint_nothing_is_touched(tiny, capsys, monkeypatch):
    monkeypatch.setattr(tiny, "at_step", lambda at: os.kill(os.getpid(), signal.SIGINT) if at == 2 else None)
    assert train() == 130
    (folder() / "checkpoints" / "step-2" / "manifest.json").unlink()
    before = (folder() / "metrics.bin").read_bytes()
    assert resume() == 2
    assert "none of the 1 checkpoints" in capsys.readouterr().err
    assert (folder() / "metrics.bin").read_bytes() == before
    assert about()["status"] == "interrupted"


def test_nan_stops_with_a_sentence_and_keeps_what_was_saved(tiny, capsys, monkeypatch):
    monkeypatch.setattr(tiny, "at_step", lambda at: float("nan") if at == 10 else None)
    assert train() == 1
    err = capsys.readouterr().err
    assert "train: train/loss is nan at step 10, so the training stopped; try a lower optim.lr (it is 0.05), trainer.clip_norm=1" in err
    assert "ends at step 8" in err
    assert "Traceback" not in err
    assert about()["status"] == "failed"
    assert about()["error"] in err


def test_broken_parameters_are_not_saved(tiny, monkeypatch, capsys):
    model = tiny.Model

    class Broken(model):
        def state_dict(self):
            self.weight[0, 0] = float("inf")
            return super().state_dict()

    monkeypatch.setattr(tiny, "Model", Broken)
    assert train() == 1
    assert "model.weight is not finite at step" in capsys.readouterr().err


def test_a_full_disk_is_told_and_resumed(tiny, whole, capsys, monkeypatch):
    write, calls = checkpoint.write_tensors, []

    def full(path, tensors):
        calls.append(path)
        if len(calls) == 3:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write(path, tensors)

    monkeypatch.setattr(checkpoint, "write_tensors", full)
    assert train() == 1
    err = capsys.readouterr().err
    assert "train: no space left for the checkpoint of step" in err
    assert "make room and resume the run" in err
    assert "Traceback" not in err
    assert about()["status"] == "failed"
    assert resume() == 0
    check_whole(whole)


def test_resuming_on_a_full_disk_is_told(tiny, capsys, monkeypatch):
    monkeypatch.setattr(tiny, "at_step", lambda at: os.kill(os.getpid(), signal.SIGINT) if at == 5 else None)
    assert train() == 130
    capsys.readouterr()
    before = about()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(record, "write_json", full)
    assert resume() == 2
    assert capsys.readouterr().err == (
        f"train: cannot write to the folder of run {folder().name} (No space left on device); nothing in it was changed\n"
    )
    assert about() == before


def test_an_error_of_the_recipe_keeps_its_traceback(tiny, capsys, monkeypatch):
    def wrong(step):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(tiny, "at_step", wrong)
    assert train() == 1
    assert "train: RuntimeError: shapes differ" in capsys.readouterr().err
    assert "Traceback" in (folder() / "log.txt").read_text()
    assert about()["status"] == "failed"


def test_a_missing_data_set_is_the_users_to_mend(tiny, capsys, monkeypatch):
    from workbench.recipes.common.image_files import DataError

    def missing(config, run):
        raise DataError("data: expected x, got no such file")

    monkeypatch.setattr(tiny, "train", missing)
    assert train() == 2
    assert capsys.readouterr().err == "data: expected x, got no such file\n"


def test_resume_refuses(tiny, capsys, monkeypatch):
    monkeypatch.setattr(tiny, "at_step", lambda at: os.kill(os.getpid(), signal.SIGINT) if at == 5 else None)
    assert train() == 130
    assert resume("optim.lr=1") == 2
    assert "optim.lr cannot change when a run is resumed" in capsys.readouterr().err
    monkeypatch.setenv("TINY_DATA", "changed")
    assert resume() == 2
    assert "the data set none has changed since the run began (sha256 differs)" in capsys.readouterr().err
    monkeypatch.delenv("TINY_DATA")
    monkeypatch.setattr(tiny, "at_step", lambda at: None)
    assert resume("data.workers=1", "threads=1") == 0
    assert resume() == 2
    assert "is finished; workbench show" in capsys.readouterr().err


def test_a_running_run_is_not_resumed(tiny, capsys, monkeypatch):
    codes = []
    monkeypatch.setattr(tiny, "at_step", lambda at: codes.append(resume()) if at == 5 else None)
    assert train() == 0
    assert codes == [2]
    assert "is still running (process" in capsys.readouterr().err


@pytest.mark.parametrize(("metric", "told"), [("val/acuracy", True), ("val/accuracy", False), ("train/loss", False)])
def test_a_metric_that_is_not_measured_is_told(tiny, capsys, metric, told):
    assert train(f"trainer.checkpoint.metric={metric}", "trainer.epochs=1") == 0
    said = 'trainer.checkpoint.metric is val/acuracy, which this recipe does not measure; did you mean "val/accuracy"?'
    assert (said in capsys.readouterr().out) is told


def test_a_checkpoint_of_the_first_version_goes_on(tiny, whole, monkeypatch):
    """It had neither digests nor what early stopping keeps; its run's configuration, no keep_steps."""
    monkeypatch.setattr(tiny, "at_step", lambda at: os.kill(os.getpid(), signal.SIGINT) if at == 5 else None)
    assert train() == 130
    monkeypatch.setattr(tiny, "at_step", lambda at: None)
    store = checkpoint.CheckpointStore(folder() / "checkpoints")
    _, state = store.load_latest(lambda _: None)
    del state["digest"], state["run"]["early"]
    store.save(5, state)
    config = folder() / "config.yaml"
    config.write_text("".join(line for line in config.read_text().splitlines(True) if "keep_steps" not in line))
    assert resume() == 0
    check_whole(whole)


def test_max_steps(tiny):
    assert train("trainer.max_steps=9") == 0
    assert result()["steps"] == 9
    assert about()["total_steps"] == 9


def test_a_folder_that_cannot_be_written(tiny, capsys):
    Path("file").write_text("")
    assert train("runs=file/runs") == 2
    assert "cannot make a folder for the run in file/runs/: Not a directory; choose another with runs=FOLDER" in capsys.readouterr().err
