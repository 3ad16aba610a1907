"""A run that is killed, at whatever moment, ends with the bits of one that was not: parameters, every scalar, every digest, every event.

Processes are forked here rather than started: the kill then falls into the run, not into the imports before it. The long version
starts them as a user would.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from workbench.experiments.cli import main
from workbench.experiments.files import read_json
from workbench.experiments.metrics import read_digests, read_metrics

from ..test_events import scalars

HERE = Path(__file__).parents[1]
TINY = ["recipe=life.tiny", "trainer.epochs=6", "trainer.checkpoint.every_steps=4", "optim.lr=0.05"]
RECIPES = {
    "tiny": TINY,
    "resnet": [
        "+recipe=resnet", "model.widths=[4,8,8]", "model.blocks=[1,1,1]", "trainer.max_steps=30", "trainer.epochs=2",
        "trainer.checkpoint.every_steps=7", "trainer.test=false", "logger.images=0",
    ],
    "gpt": [
        "+recipe=gpt", f"data.path={__file__}", "model.layers=1", "model.width=32", "model.dropout=0.1", "data.batches=15",
        "trainer.epochs=3", "trainer.checkpoint.every_steps=7", "trainer.sample=5", "logger=quiet",
    ],
    "ppo": [
        "+recipe=ppo", "env.copies=4", "env.steps=3200", "trainer.passes=3", "trainer.epochs=2", "trainer.eval_episodes=2",
        "trainer.checkpoint.every_steps=7", "logger=quiet",
    ],
}  # fmt: skip
OTHER_WORKERS = {"resnet": ["data.workers=1"], "gpt": ["data.workers=1"]}
CALLS = ("fsync", "rename", "write", "rmtree", "replace")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.syspath_prepend(str(HERE))
    yield
    sys.modules.pop("life.tiny", None)
    sys.modules.pop("life", None)


@pytest.fixture(scope="module", autouse=True)
def imports(tmp_path_factory):
    """What a run imports is imported once, before processes are forked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("imports"))
        patch.setenv("WORKBENCH_DATA", "data")
        patch.syspath_prepend(str(HERE))
        for recipe in ("resnet", "gpt", "ppo"):
            assert main(["train", "--plain", *RECIPES[recipe], "trainer.max_steps=1"]) == 0


def forked(words, prepare=None):
    """A process that runs `workbench train` with these words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, about forking beside threads
        pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        quiet = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        if prepare is not None:
            prepare()
        code = main(["train", "--plain", *words])
    finally:
        os._exit(code)


def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def the_run(root):
    """The only run below a folder; None where the process was killed before there was one."""
    runs = [path.parent for path in Path(root).glob("*/*/run.json")]
    assert len(runs) <= 1
    return runs[0] if runs else None


def came_to(run):
    """All that a run left which must be equal."""
    path = run / "metrics.bin"
    rows = [(row.step, row.values) for row in read_metrics(path)]
    steps = [step for step, values in rows if any(name.startswith("train/") for name in values)]
    assert steps == list(range(1, len(steps) + 1))
    return read_json(run / "result.json")["sha256"], rows, read_digests(path), scalars(run)


WHOLE = {}


def whole_run(recipe):
    """What the run comes to that nobody kills, and its seconds; done once."""
    if recipe not in WHOLE:
        began = time.perf_counter()
        assert ended(forked([*RECIPES[recipe], "runs=whole"])) == 0, Path("log").read_text()
        WHOLE[recipe] = came_to(the_run("whole")), time.perf_counter() - began
    return WHOLE[recipe]


def finish(recipe, root, more=()):
    """Go on with a killed run to its end; begin it again where nothing of it is there."""
    run = the_run(root)
    if run is not None and read_json(run / "run.json")["status"] == "finished":  # the kill came too late
        return came_to(run)
    words = [*RECIPES[recipe], f"runs={root}"] if run is None else ["--resume", str(run), *more]
    assert ended(forked(words)) == 0, Path("log").read_text()
    return came_to(the_run(root))


def kill_at(recipe, root, after_s):
    pid = forked([*RECIPES[recipe], f"runs={root}"])
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    return ended(pid)


@pytest.mark.parametrize("recipe", RECIPES)
def test_killed_at_a_random_moment(recipe):
    whole, took_s = whole_run(recipe)
    draw = random.Random(recipe)
    for i in range(2 if recipe == "tiny" else 1):
        kill_at(recipe, f"killed{i}", (0.3 + 0.65 * draw.random()) * took_s)
        assert finish(recipe, f"killed{i}", OTHER_WORKERS.get(recipe, [])) == whole


@pytest.mark.parametrize(("call", "number", "step"), [("fsync", 24, 6), ("rename", 6, 12), ("rmtree", 20, 24), ("write", 30, 24)])
def test_killed_while_a_file_is_written(call, number, step):
    """At the n-th call of something that writes, moves or deletes files; the run goes on from this step."""
    whole, _ = whole_run("tiny")
    assert ended(forked([*TINY, "runs=killed"], lambda: kill_in_call(call, number))) == -signal.SIGKILL
    assert finish("tiny", "killed") == whole
    assert [each["step"] for each in read_json(the_run("killed") / "run.json")["resumed"]] == [step]


def kill_in_call(call, number):
    """Let this process die in the n-th call of a function that changes files."""
    import shutil

    left = [number]

    def dying(original):
        def f(*args, **kwargs):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return f

    if call == "fsync":
        os.fsync = dying(os.fsync)
    elif call == "rmtree":
        shutil.rmtree = dying(shutil.rmtree)
    elif call == "write":
        from workbench.experiments.metrics import MetricsWriter

        MetricsWriter._append = dying(MetricsWriter._append)
    else:
        setattr(Path, call, dying(getattr(Path, call)))


@pytest.mark.long
@pytest.mark.parametrize("call", ["fsync", "rename", "write", "rmtree", "replace"])
def test_killed_at_every_call_that_changes_files(call):
    whole, _ = whole_run("tiny")
    for number in range(1, 1000):
        root = f"killed{number}"
        if ended(forked([*TINY, f"runs={root}"], lambda at=number: kill_in_call(call, at))) == 0:
            return
        assert finish("tiny", root) == whole, f"killed in call {number} of {call}"


@pytest.mark.long
@pytest.mark.parametrize("recipe", RECIPES)
def test_killed_at_twenty_random_moments(recipe):
    """As a user's processes are: started, killed, resumed by commands."""
    whole, _ = whole_run(recipe)
    began = time.perf_counter()
    assert command(*RECIPES[recipe], "runs=timed").wait() == 0
    took_s = time.perf_counter() - began
    draw = random.Random(recipe)
    for i in range(20):
        process = command(*RECIPES[recipe], f"runs=killed{i}")
        time.sleep(took_s * draw.random())
        process.kill()
        process.wait()
        run = the_run(f"killed{i}")
        if run is None:
            assert command(*RECIPES[recipe], f"runs=killed{i}").wait() == 0
        elif read_json(run / "run.json")["status"] != "finished":
            assert command("--resume", str(run)).wait() == 0
        assert came_to(the_run(f"killed{i}")) == whole


def command(*words):
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "workbench.experiments.cli", "train", "--plain", *words],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
