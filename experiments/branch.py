"""Going on from a checkpoint of a run with a declared difference, as a run of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .checkpoint import Checkpoint, CheckpointStore
from .compose import overridden
from .config_file import of_run
from .differences import config_differences
from .errors import UserError
from .record import find
from .start import FOLDER, Start
from .train import begin_with


def branch(name: str, overrides: Sequence[str], command: list[str], root: Path, plain: bool | None = None) -> int:
    """Begin a run from a checkpoint of another one.

    Args:
        name: `RUN@STEP`, where the run is one as `record.find` takes it and the step one of its checkpoints, "best" or "last"; RUN
            alone means the last.
        overrides: What is to differ, as `optim.lr=1e-4`.
        command: The command line, for the record.
        root: Folder of the runs.
        plain: See `Progress`.

    Returns:
        The exit code.
    """
    run, _, at = name.partition("@")
    folder = find(root, run)
    before = of_run(folder)
    checkpoint = checkpoint_of(folder, at or "last", before)
    config = overridden(before, overrides) if overrides else before
    changed = [each.name for each in config_differences(_plain(before), _plain(config))]
    config.runs = str(folder.parents[1])
    lineage = {"kind": "branch", "parent": folder.name, "step": checkpoint.step, "overrides": list(overrides), "changed": changed}
    start = Start(checkpoint.folder, folder, changed, config.seed if "seed" in changed else None)
    return begin_with(config, command, plain, start, parent=folder.name, lineage=lineage, step=checkpoint.step)


def checkpoint_of(folder: Path, at: str, config: Any) -> Checkpoint:
    """A checkpoint of a run.

    Args:
        folder: The run's folder.
        at: A step, "best" or "last".
        config: The run's configuration, which says by what the best is chosen.

    Raises:
        UserError: There is none.
    """
    keep = config.trainer.checkpoint
    store = CheckpointStore(folder / "checkpoints", metric=keep.metric, mode=keep.mode)
    found = {each.step: each for each in [*CheckpointStore(folder / FOLDER).found(), *store.found()]}
    if not found:
        raise UserError(f"branch: run {folder.name} has no checkpoint yet, so there is nothing to go on from")
    if at == "last":
        return found[max(found)]
    if at == "best":
        best = store.best()
        if best is None:
            raise UserError(f"branch: no checkpoint of run {folder.name} has the metric {keep.metric}; give a step: {_steps(found)}")
        return best
    if not at.isdigit():
        raise UserError(f'branch: expected RUN@STEP with a step, "best" or "last", got "{at}"; there are the steps {_steps(found)}')
    if int(at) not in found:
        raise UserError(f"branch: run {folder.name} has no checkpoint of step {at}; there are {_steps(found)}. {_MORE}")
    return found[int(at)]


_MORE = "trainer.checkpoint.every_steps and keep_steps say which a run keeps"


def _steps(found: dict[int, Checkpoint]) -> str:
    return ", ".join(map(str, sorted(found)))


def _plain(config: Any) -> Any:
    from omegaconf import OmegaConf

    return OmegaConf.to_container(config)
