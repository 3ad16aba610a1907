"""The run that a recipe sees: it keeps the records and the state, and decides when to save and when to stop."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from . import provenance
from .checkpoint import CheckpointStore
from .digest import EVERY, RollingDigest
from .early_stop import EarlyStop
from .errors import DivergedError, PrunedError, UserError, did_you_mean
from .events import Events
from .metrics import MetricsWriter
from .progress import Progress
from .random_state import RandomState
from .record import Record
from .saver import Saver
from .signals import StopRequest
from .tensorfile import digest_tensors, raw

T = TypeVar("T")


class Trial(Protocol):
    """What a sweep has to do with a run that is a trial of it.

    Attributes:
        folder: Where the run goes.
        about: Which trial of which sweep it is, for `run.json`.
    """

    folder: Path
    about: Mapping[str, Any]

    def report(self, step: int, values: Mapping[str, float]) -> bool:
        """Take the scalars of a step, or with "epoch" those of an epoch; true ends the run as pruned."""


class Run:
    """A training in progress. It satisfies `recipes.common.contract.Run`, which says what the methods mean to a recipe.

    Args:
        config: The resolved configuration.
        record: The run's folder.
        progress: What the user sees.
        stop: Whether somebody asked to stop.
        state: The state tree of the checkpoint to go on from; None begins.
        trial: What the sweep asks, if the run is a trial of one.
        adopt: Gives a part its state, by name, where the run differs from the one that wrote the checkpoint.
    """

    def __init__(
        self,
        config: Any,
        record: Record,
        progress: Progress,
        stop: StopRequest,
        state: Any = None,
        trial: Trial | None = None,
        adopt: Callable[[str, Any, Any], None] | None = None,
    ) -> None:
        self.config, self.folder, self.resumed = config, record.folder, state is not None
        self._record, self._progress, self._stop, self._state = record, progress, stop, state
        self._trial, self._pruned, self._adopt = trial, False, adopt
        keep = config.trainer.checkpoint
        self._store = CheckpointStore(self.folder / "checkpoints", keep.keep_last, keep.keep_best, keep.metric, keep.mode, keep.keep_steps)
        early = config.trainer.early_stop
        self._early = EarlyStop(keep.metric, keep.mode, early.patience, early.min_delta)
        if state is not None and "early" in state["run"]:
            self._early.load_state_dict(state["run"]["early"])
        self._saved_at: int | None = None
        self._step_values: dict[str, float] = {}
        self._parts: dict[str, Any] = {}
        self._random = RandomState()
        self._total = self._epochs = 0
        self._data = self._recorded_data()
        own: dict[str, Any] = state["run"] if state else {"step": 0, "epoch": 0, "train_s": 0.0}
        self.step, self.epoch, self._train_s = own["step"], own["epoch"], own["train_s"]
        self._open = own.get("open", False)  # whether steps of this epoch are done and its end is not
        self._began: float | None = None
        positions: dict[str, Any] = state["log"] if state else {"metrics": 0, "events": {}}
        self._metrics = MetricsWriter(self.folder / "metrics.bin", positions["metrics"])
        self._saver = Saver(self._store, self._metrics.sync)
        self._digest = RollingDigest()
        if state and "digest" in state:  # checkpoints of earlier versions have none
            self._digest.load_state_dict(state["digest"])
        self._events = Events(self.folder, positions["events"], self.warn) if config.logger.tensorboard else None

    def data(self, name: str, fingerprint: Mapping[str, Any]) -> None:
        before = self._data.get(name)
        if self.resumed and before is not None and before != dict(fingerprint):
            changed = ", ".join(sorted(key for key in fingerprint if before.get(key) != fingerprint[key]))
            raise UserError(f"train: the data set {name} has changed since the run began ({changed} differs); start a new run")
        self._data = provenance.record_data(self.folder / "provenance", name, fingerprint)

    def plan(self, epochs: int, batches: int) -> int:
        if batches < 1:
            raise UserError("train: there is no whole batch of training samples; lower data.batch_size")
        most = self.config.trainer.max_steps
        self._epochs, self._total = epochs, epochs * batches if most is None else min(most, epochs * batches)
        self._record.update(total_steps=self._total)
        return self._total

    def track(self, **parts: Any) -> None:
        self._parts.update(parts)
        if self._state is None:
            return
        for name, part in parts.items():
            if name not in self._state["parts"]:
                raise UserError(f"train: the checkpoint holds no state for {name}, so this recipe is not the one that wrote it")
            if self._adopt is not None:
                self._adopt(name, part, self._state["parts"][name])
            else:
                part.load_state_dict(self._state["parts"][name])

    def parameters(self, n: int) -> None:
        self._record.update(parameters=n)

    def images(self, name: str, images: Any) -> None:
        if self._events is not None and not self.resumed and self.config.logger.images:
            self._events.images(self.step, name, _array(images)[: self.config.logger.images])

    def histograms(self, prefix: str, arrays: Mapping[str, Any]) -> None:
        if self._events is not None and self.config.logger.histograms:
            for name, array in arrays.items():
                self._events.histogram(self.step, f"{prefix}/{name}", _array(array))

    def graph(self, nodes: Iterable[Any]) -> None:
        if self._events is not None and not self.resumed and self.config.logger.graph:
            self._events.graph(nodes)

    def text(self, name: str, text: str) -> None:
        self._progress.message(f"{name}:\n{text}")
        if self._events is not None:
            self._events.text(self.step, name, f"```\n{text}\n```")

    def epochs(self) -> Iterator[int]:
        if self._state is not None:
            if self._state["random"] is not None:
                self._random.load_state_dict(self._state["random"])
            self._state = None
        self._stop.be_patient()
        self._began = time.perf_counter()
        self._progress.start(self._total, self.step, self._epochs)
        while self._open or (self.epoch < self._epochs and self.step < self._total and not self._early.over):
            yield self.epoch

    def batches(self, loader: Iterable[T]) -> Iterator[T]:
        self._progress.begin_epoch(self.epoch)
        if self.step >= self._total:
            return
        for batch in loader:
            yield batch
            if self.step >= self._total:
                return

    def evaluation(self, loader: Iterable[T]) -> Iterator[T]:
        return iter(loader)

    def advance(self, values: Mapping[str, Any], items: int) -> None:
        self.step += 1
        self._open = True
        self._saver.check()
        numbers = {name: _number(value) for name, value in values.items()}
        self._metrics.write(self.step, numbers)
        self._refuse_nan(numbers)
        if self.step % EVERY == 0 or self.step == self._total:
            self._metrics.digest(self.step, *self._digest.add(self.step, self._tensors()))
        if self._events is not None and (self.step % self.config.logger.every_steps == 0 or self.step == self._total):
            self._events.scalars(self.step, numbers)
        self._record.update(step=self.step)
        self._step_values = numbers
        self._progress.advance(self.step, numbers, items)
        self._report(numbers)
        every = self.config.trainer.checkpoint.every_steps
        if self._stop.asked or self._pruned or (every and self.step % every == 0):
            self._save({})
        self._stop.heed()
        self._heed_pruning()

    def end_epoch(self, values: Mapping[str, Any]) -> None:
        numbers = {name: _number(value) for name, value in values.items()}
        self._refuse_nan(numbers)
        self.epoch += 1
        self._open = False
        self._metrics.write(self.step, {"epoch": self.epoch, **numbers})
        if self._events is not None:
            self._events.scalars(self.step, numbers)
        plain = {name: float(value) for name, value in numbers.items()}
        if self.epoch == 1:
            self._tell_unknown_metric({*plain, *self._step_values})
        self._record.update(metrics=plain)
        self._progress.end_epoch(self.epoch, plain)
        self._report({"epoch": self.epoch, **plain})
        every = self.config.trainer.checkpoint.every_epochs
        done = self._early.offer(plain) or self.epoch >= self._epochs or self.step >= self._total
        if self._early.over:
            self._progress.message(
                f"stopped early: {self._early.metric} was not better in {self._early.waited} epochs; the best was {self._early.value:g}"
            )
        if done or self._stop.asked or self._pruned or (every and self.epoch % every == 0):
            self._save(plain)
        if not done:
            self._stop.heed()
            self._heed_pruning()

    def warn(self, text: str) -> None:
        """Tell the user about something that does not end the run."""
        self._progress.message(f"warning: {text}")

    def result(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """What the run came to: content of `result.json`."""
        self._saver.wait()
        return {
            "schema": 1,
            "metrics": {name: float(_number(value)) for name, value in metrics.items()},
            "sha256": digest_tensors(self._tensors()),
            "parameters": self._record.about["parameters"],
            "steps": self.step,
            "epochs": self.epoch,
            "train_s": round(self._seconds(), 3),
        }

    def last_checkpoint(self) -> str:
        """Where a resumption would go on, in words."""
        with contextlib.suppress(OSError):
            self._saver.wait()
        found = self._store.found()
        return f"step {found[-1].step}" if found else "the beginning: there is no checkpoint yet"

    def close(self) -> None:
        """Wait for the checkpoint that is being written, and close the files of the run."""
        self._progress.stop()
        try:
            self._saver.wait()
        finally:
            self._metrics.close()
            if self._events is not None:
                self._events.close()

    def _save(self, metrics: Mapping[str, float]) -> None:
        if self._saved_at == self.step and not metrics:
            return
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        self._refuse_broken_parameters(parts)
        state = {
            "run": {
                "step": self.step,
                "epoch": self.epoch,
                "open": self._open,
                "train_s": self._seconds(),
                "early": self._early.state_dict(),
            },
            "parts": parts,
            "random": self._random.state_dict(),
            "digest": self._digest.state_dict(),
            "log": {"metrics": self._metrics.position(), "events": self._events.position() if self._events is not None else {}},
        }
        values = {name: float(value) for name, value in self._step_values.items()}
        self._saver.save(self.step, state, {**values, **metrics})
        self._saved_at = self.step

    def _report(self, values: Mapping[str, Any]) -> None:
        """Tell the sweep, before the state is saved: a run that is killed here tells it again when it goes on, rather than never."""
        if self._trial is not None and self._trial.report(self.step, values):
            self._pruned = True

    def _heed_pruning(self) -> None:
        if self._pruned and self.step < self._total:
            raise PrunedError(f"pruned at step {self.step}: other trials of the sweep did better up to here")

    def _tell_unknown_metric(self, known: set[str]) -> None:
        """Say when checkpoints are to be ranked by what the recipe does not measure; nothing held out is no mistake."""
        metric = self._store.metric
        if metric not in known and (not metric.startswith("val/") or any(name.startswith("val/") for name in known)):
            self.warn(f"trainer.checkpoint.metric is {metric}, which this recipe does not measure; {did_you_mean(metric, known)}")

    def _refuse_nan(self, numbers: Mapping[str, Any]) -> None:
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise self._diverged(f"{name} is {value}")

    def _refuse_broken_parameters(self, parts: Mapping[str, Any]) -> None:
        """A step may break the parameters and show it only in the next loss: such a state is not saved."""
        for name, value in self._tensors(parts).items():
            _, array = raw(value)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise self._diverged(f"{name} is not finite")

    def _diverged(self, what: str) -> DivergedError:
        tries = [f"a lower optim.lr (it is {self.config.optim.lr:g})"] if "lr" in self.config.optim else []
        if self.config.trainer.clip_norm is None:
            tries.append("trainer.clip_norm=1")
        return DivergedError(
            f"{what} at step {self.step}, so the training stopped; try {', '.join([*tries, 'a look at the data'])}. "
            f"What was saved is intact and ends at {self.last_checkpoint()}",
            self.step,
        )

    def _tensors(self, states: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The tensors of the models among the parts, by name; of their `states` where those were taken already."""
        models = {name: part for name, part in self._parts.items() if hasattr(part, "parameters")}
        taken = {name: part.state_dict() if states is None else states[name] for name, part in models.items()}
        return {f"{name}.{key}": value for name, state in taken.items() for key, value in state.items()}

    def _seconds(self) -> float:
        return self._train_s + (time.perf_counter() - self._began if self._began is not None else 0.0)

    def _recorded_data(self) -> dict[str, Any]:
        from .files import read_object

        return read_object(Path(self.folder) / "provenance" / "data.json")


def _number(value: Any) -> Any:
    """A scalar as a Python or NumPy number; those of float32 stay so, for their four bytes are what is recorded."""
    dtype = str(getattr(value, "dtype", "")).rpartition(".")[2]
    if hasattr(value, "item"):
        value = value.item()
    return np.float32(value) if dtype == "float32" else value


def _array(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach()
    return value.numpy() if hasattr(value, "numpy") else np.asarray(value)
