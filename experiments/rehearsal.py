"""A run before the run: everything that a training does, a little of each, in a folder that is thrown away.

The recipe is called with a run of two epochs that end after some steps, and their evaluations after some batches. So whatever would stop
the training later (a missing data set, shapes that do not fit, a state that cannot be saved) stops it here, and from what was done
follows what the whole will take.
"""

from __future__ import annotations

import json
import math
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .checkpoint import CheckpointStore
from .files import read_object
from .progress import Progress
from .random_state import seed_all
from .record import Record, runs
from .run import Run
from .signals import StopRequest
from .tree import pack

T = TypeVar("T")
STEPS_S, EVALUATION_S = 0.6, 0.2  # what is spent on steps, and on each evaluation
LEAST_STEPS, LEAST_BATCHES = 3, 2


@dataclass
class Prediction:
    """What a rehearsal showed.

    Args:
        data: Fingerprints of the data that was read, by name.
        parameters: Number of trained parameters.
        steps: Steps of the whole training.
        epochs: Its epochs.
        step_s: Median time of a step.
        spread_s: Shortest and longest step.
        loss: Scalars of the first step.
        train_s: Predicted time of the training, evaluations included.
        peak_bytes: Predicted peak of the resident memory of the process.
        checkpoint_bytes: Size of a checkpoint.
        kept_bytes: What the checkpoints take on the disk, by the keep policy.
        free_bytes: What is free where the runs are.
    """

    data: dict[str, Any]
    parameters: int | None
    steps: int
    epochs: int
    step_s: float
    spread_s: tuple[float, float]
    loss: dict[str, float]
    train_s: float
    peak_bytes: int
    checkpoint_bytes: int
    kept_bytes: int
    free_bytes: int


@dataclass
class _Evaluation:
    seconds: float
    read: int
    length: int

    @property
    def whole_s(self) -> float:
        """What all of it would take."""
        return self.seconds * self.length / max(1, self.read)


@dataclass
class _Clock:
    steps: list[float] = field(default_factory=list)
    evaluations: list[_Evaluation] = field(default_factory=list)
    rest: float = 0.0

    def stop(self, since: float) -> None:
        """Take what is neither a step nor an evaluation: what has passed since the last step."""
        self.rest = time.perf_counter() - since - sum(each.seconds for each in self.evaluations)

    @property
    def step_s(self) -> float:
        """The mean step; the first one may start workers."""
        return statistics.mean(self.steps[1:] or self.steps)

    @property
    def whole_s(self) -> float:
        """What the evaluations, all of them, and the rest take."""
        return self.rest + sum(each.whole_s for each in self.evaluations)


class _Silent(Progress):
    """Shows nothing."""

    def __init__(self) -> None:
        super().__init__(lambda _: None, plain=True)

    def message(self, text: str) -> None:
        pass


class Rehearsal(Run):
    """A run that does a little of everything and keeps the time: of a second epoch where there is one, for the first makes room and
    imports what the others find ready."""

    def __init__(self, config: Any, record: Record) -> None:
        super().__init__(config, record, _Silent(), StopRequest(lambda _: None))
        self.first: dict[str, float] = {}
        self._clock = self._epoch_clock = _Clock()
        self._warm = False
        self._mark = 0.0
        self._per_epoch = 1

    def epochs(self) -> Iterator[int]:
        for n, epoch in enumerate(super().epochs()):
            self._clock, self._warm = _Clock(), n > 0 or self._epochs == 1
            yield epoch
            if self._saved_at != self.step:
                self._save({})
            self._clock.stop(self._mark)
            self._epoch_clock = self._clock
            self._saver.wait()
            if self._warm:
                break
        self._clock, self._mark = _Clock(), time.perf_counter()

    def batches(self, loader: Iterable[T]) -> Iterator[T]:
        self._per_epoch = len(loader) if isinstance(loader, Sized) else 1
        steps = self._clock.steps
        began = self._mark = time.perf_counter()
        for batch in super().batches(loader):
            yield batch
            now = time.perf_counter()
            steps.append(now - self._mark)
            self._mark = now
            if not self.first:
                self.first = {name: float(value) for name, value in self._step_values.items()}
            if not self._warm or (len(steps) >= LEAST_STEPS and now - began > STEPS_S):
                break

    def evaluation(self, loader: Iterable[T]) -> Iterator[T]:
        began, read = time.perf_counter(), 0
        for batch in super().evaluation(loader):
            yield batch
            read += 1
            if not self._warm or (read >= LEAST_BATCHES and time.perf_counter() - began > EVALUATION_S):
                break
        length = len(loader) if isinstance(loader, Sized) else read
        self._clock.evaluations.append(_Evaluation(time.perf_counter() - began, read, length))

    def predicted(self) -> Prediction:
        """What the whole training will take."""
        self._clock.stop(self._mark)
        epoch = self._epoch_clock
        epochs = max(1, math.ceil(self._total / self._per_epoch))
        begin = max(0.0, epoch.steps[0] - epoch.step_s) if self.config.get("data", {}).get("workers") else 0.0
        keep = self.config.trainer.checkpoint
        n_bytes = self._store.found()[-1].n_bytes
        return Prediction(
            data=self._data,
            parameters=self._record.about["parameters"],
            steps=self._total,
            epochs=epochs,
            step_s=epoch.step_s,
            spread_s=(min(epoch.steps), max(epoch.steps)),
            loss=self.first,
            train_s=self._total * epoch.step_s + epochs * (begin + epoch.whole_s) + self._clock.whole_s,
            peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            checkpoint_bytes=n_bytes,
            kept_bytes=n_bytes * (keep.keep_last + keep.keep_best + 1),
            free_bytes=shutil.disk_usage(_existing(Path(self.config.runs))).free,
        )

    def round_trip(self) -> list[str]:
        """Load what was saved into the parts, and name those whose state is then another one."""
        loaded = CheckpointStore(self.folder / "checkpoints").load_latest(lambda _: None)
        assert loaded is not None
        wrong = []
        for name, part in self._parts.items():
            state = loaded[1]["parts"][name]
            part.load_state_dict(state)
            if not _equal(part.state_dict(), state):
                wrong.append(name)
        return wrong


def rehearse(config: Any, recipe: Callable[[Any, Any], Any]) -> tuple[Prediction, list[str]]:
    """Train a little of everything.

    Args:
        config: The resolved configuration.
        recipe: The function `train(config, run)`.

    Returns:
        What it showed, and the parts of the state that do not come back from a checkpoint as they went in.
    """
    from omegaconf import OmegaConf

    with tempfile.TemporaryDirectory(prefix="workbench-check-") as folder:
        record = Record.create(Path(folder), config.recipe.rpartition(".")[2], OmegaConf.to_yaml(config), config.seed)
        run = Rehearsal(config, record)
        try:
            seed_all(config.seed)
            recipe(config, run)
            return run.predicted(), run.round_trip()
        finally:
            run.close()
            record.finish("finished")


def known_data(root: Path, prediction: Prediction) -> dict[str, str]:
    """For each data set, what the newest run that read it says: "same", "changed", or "" where there is none."""
    out = dict.fromkeys(prediction.data, "")
    for folder, _ in runs(root):
        recorded = read_object(folder / "provenance" / "data.json")
        for name, before in out.items():
            if not before and name in recorded:
                out[name] = "same" if recorded[name] == json.loads(json.dumps(prediction.data[name])) else "changed"
        if all(out.values()):
            break
    return out


def _equal(a: Any, b: Any) -> bool:
    from .tensorfile import digest_tensors

    (one, ours), (other, theirs) = pack(a), pack(b)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True) and digest_tensors(ours) == digest_tensors(theirs)


def _existing(path: Path) -> Path:
    """The folder, or the nearest one above that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
