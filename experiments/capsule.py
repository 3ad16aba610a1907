"""A capsule: what is needed to see again the step at which a training made its first nan or infinity.

When a run meets one, the steps since its last checkpoint are done again, with a copy of the state before each, until the value comes up
again (a training is exact, so it does, at the same step). State and batch of that step go into `capsules/step-N/` of the run, in the
format of a checkpoint, and the step is done once more with every operation watched, which names the one that made it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from . import provenance
from .checkpoint import CheckpointStore, load
from .errors import UserError
from .files import read_object
from .quiet import QuietRun, alone
from .random_state import seed_all
from .record import find
from .start import Start, where_to_go_on
from .tensorfile import raw

T = TypeVar("T")
Recipe = Callable[[Any, Any], Any]


class _FoundError(Exception):
    """A value that is not finite, at the step in hand."""


class _NotFoundError(Exception):
    """The step has been done again, and everything is finite."""


@dataclass
class Finding:
    """What came of looking.

    Args:
        step: The step, from 1.
        what: Which value is not finite.
        origin: The operation, the line of the program and the layer that made it, in one line.
        trace: How that line was come to.
        folder: The capsule.
    """

    step: int
    what: str
    origin: str
    trace: str
    folder: Path


class _Watched(QuietRun):
    """A run whose every step is checked for values that are not finite."""

    def advance(self, values: Mapping[str, Any], items: int) -> None:
        super().advance(values, items)
        self._check(values)
        for name, tensor in self._tensors():
            _, array = raw(tensor)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise _FoundError(f"the step of the optimizer made {name} not finite")

    def end_epoch(self, values: Mapping[str, Any]) -> None:
        super().end_epoch(values)
        self._check(values)

    def _check(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            number = float(value)
            if not math.isfinite(number):
                raise _FoundError(f"{name} is {number}")

    def _tensors(self) -> Iterator[tuple[str, Any]]:
        for part, model in self.parts.items():
            if hasattr(model, "parameters"):
                yield from ((f"{part}.{name}", tensor) for name, tensor in model.state_dict().items())


class _Search(_Watched):
    """Goes on until a value is not finite, and knows the state and the batch that led to it."""

    def __init__(self, config: Any, folder: Path, until: int, state: Any, start: Start | None) -> None:
        super().__init__(config, folder, state, start.adopt if start is not None else None)
        self.until = until
        self.before: Any = None
        self.batch: Any = None

    def epochs(self) -> Iterator[int]:
        for epoch in super().epochs():
            if self.before is None:
                self.before = self.state()
            yield epoch

    def batches(self, loader: Iterable[T]) -> Iterator[T]:
        for batch in super().batches(loader):
            self.batch = batch
            yield batch

    def advance(self, values: Mapping[str, Any], items: int) -> None:
        super().advance(values, items)
        if self.step > self.until:
            raise _NotFoundError
        if self.step < self.until:
            self.before = self.state()


class _Once(_Watched):
    """Does one step, or what follows it in the epoch, with every operation watched."""

    def __init__(self, config: Any, folder: Path, state: Any, batch: Any, watch: ExitStack) -> None:
        super().__init__(config, folder, state)
        self._batch, self._watch, self._last = batch, watch, self.step + 1

    def epochs(self) -> Iterator[int]:
        from workbench.engine.autograd import detect_anomaly

        self._watch.enter_context(detect_anomaly())
        yield from super().epochs()

    def batches(self, loader: Iterable[T]) -> Iterator[T]:
        for batch in super().batches(loader):
            if self.step >= self._last:
                raise _NotFoundError
            yield self._batch if self._batch is not None else batch


def capture(config: Any, recipe: Recipe, folder: Path, until: int) -> Finding | None:
    """Find the origin of the value that stopped a run, and keep it in a capsule.

    Args:
        config: The run's configuration.
        recipe: The function `train(config, run)`.
        folder: The run's folder.
        until: The step at which the run stopped.

    Returns:
        What was found; None if the value did not come up again.
    """
    config = alone(config)
    search = _Search(config, folder, until, *where_to_go_on(folder, read_object(folder / "run.json"), lambda _: None))
    what = None
    try:
        seed_all(config.seed)
        recipe(config, search)
    except _FoundError as found:
        what = str(found)
    except _NotFoundError:
        pass
    if what is None:
        return None
    origin, trace = _watch(config, recipe, folder, search.before, search.batch)
    step = search.before["run"]["step"] + 1
    tree = {"step": step, "what": what, "origin": origin, "config": _yaml(config), "machine": _versions(), "state": search.before}
    store = CheckpointStore(folder / "capsules", keep_last=1000, keep_best=0)
    try:
        kept = store.save(step, tree | {"batch": search.batch})
    except TypeError:  # a batch of a class of the recipe's own: it is read from the data again
        kept = store.save(step, tree | {"batch": None})
    return Finding(step, what, origin, trace, kept.folder)


def replay(folder: Path, recipe_of: Callable[[str], Recipe], say: Callable[[str], None]) -> tuple[Finding, bool]:
    """Do the step of a capsule again.

    Args:
        folder: The capsule.
        recipe_of: Gives the recipe of a name.
        say: Is told what differs from where the capsule was made.

    Returns:
        What was found, and whether it is what the capsule says.

    Raises:
        UserError: It is no capsule.
    """
    from omegaconf import OmegaConf

    from .compose import check

    _, tree = load(folder)
    if not isinstance(tree, dict) or not {"config", "state", "origin"} <= tree.keys():
        raise UserError(f"replay: expected {folder} to be a capsule, got a checkpoint; workbench train --resume goes on from those")
    for name, before in tree["machine"].items():
        now = _versions().get(name)
        if now != before:
            say(f"{name} was {before} where the capsule was made, and is {now} here; the result may differ")
    config = check(OmegaConf.create(tree["config"]))  # type: ignore[arg-type]
    origin, trace = _watch(config, recipe_of(config.recipe), folder, tree["state"], tree["batch"])
    return Finding(tree["step"], tree["what"], origin, trace, folder), origin == tree["origin"]


def find_capsule(root: Path, name: str) -> Path:
    """The folder of the capsule that a user means.

    Args:
        root: Folder of the runs.
        name: A capsule's folder, or a run as `record.find` takes it, of which the newest capsule is meant.

    Raises:
        UserError: There is none.
    """
    if (Path(name) / "manifest.json").is_file():
        return Path(name)
    folder = find(root, name)
    found = CheckpointStore(folder / "capsules").found()
    if not found:
        raise UserError(f"replay: run {folder.name} has no capsule: none of its values was nan or infinite")
    return found[-1].folder


def _watch(config: Any, recipe: Recipe, folder: Path, state: Any, batch: Any) -> tuple[str, str]:
    """Do one step with every operation watched. Returns who made the first value that is not finite, and how it was come to."""
    with ExitStack() as watch:
        try:
            seed_all(config.seed)
            recipe(config, _Once(config, folder, state, batch, watch))
        except RuntimeError as error:
            first, _, rest = str(error).partition("\n")
            return first, _below_recipe(rest, recipe)
        except _FoundError as error:
            return f"no operation: {error}, and every operation before it gave finite values", ""
        except _NotFoundError:
            pass
    return "no operation: every value of the step is finite here", ""


def _below_recipe(trace: str, recipe: Recipe) -> str:
    """The part of a stack that begins in the recipe."""
    at = trace.find(f'  File "{recipe.__code__.co_filename}"')
    return trace[max(0, at) :].rstrip()


def _yaml(config: Any) -> str:
    from omegaconf import OmegaConf

    return OmegaConf.to_yaml(config)


def _versions() -> dict[str, Any]:
    """What decides the bits of a step."""
    about, installed = provenance.machine(), provenance.packages()
    return {**{key: about.get(key) for key in ("python", "cpu", "kernels")}, **{key: installed.get(key) for key in ("numpy", "workbench")}}
