"""Beginning a run where another one was: from a checkpoint of it, and with changes that were declared."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checkpoint import CheckpointStore, load
from .errors import UserError
from .files import read_json, write_json
from .metrics import whole_bytes

_RATES = ("optim.", "schedule.", "trainer.epochs", "trainer.max_steps", "data.batch_size")
FOLDER = "start"


@dataclass
class Start:
    """A checkpoint of another run to begin from.

    Args:
        checkpoint: Its folder.
        run: Folder of the run that wrote it, or that began from it: its records up to there become the new run's.
        changed: The keys of the configuration that differ from that run's.
        seed: The seed of the new run, where it differs.
    """

    checkpoint: Path
    run: Path
    changed: Sequence[str] = ()
    seed: int | None = None

    @classmethod
    def of(cls, folder: Path, about: Mapping[str, Any]) -> Start | None:
        """Where a run began that has begun already; None for the beginning of all."""
        for checkpoint in folder.glob(f"{FOLDER}/step-*"):
            lineage = about.get("lineage") or {}
            changed = lineage.get("changed", [])
            return cls(checkpoint, folder, changed, about["seed"] if "seed" in changed else None)
        return None

    def plain(self) -> dict[str, Any]:
        """For a request in JSON."""
        return {"checkpoint": str(self.checkpoint), "run": str(self.run), "changed": list(self.changed), "seed": self.seed}

    def state(self) -> Any:
        """The state of the checkpoint."""
        _, state = load(self.checkpoint)
        if self.seed is not None:
            state["random"] = None
        return state

    def copy_to(self, folder: Path) -> Any:
        """Give a new run the checkpoint and what was recorded up to it, so that its folder is complete in itself.

        Returns:
            The state of the checkpoint.
        """
        state = self.state()
        shutil.copytree(self.checkpoint, folder / FOLDER / self.checkpoint.name)
        _copy_part(self.run / "metrics.bin", folder / "metrics.bin", state["log"]["metrics"])
        for name, n_bytes in state["log"]["events"].items():
            _copy_part(self.run / name, folder / name, n_bytes)
        known = read_json(self.run / "provenance" / "data.json")
        if known and not any(key.startswith("data.") for key in self.changed):  # else other data may be what was asked for
            (folder / "provenance").mkdir()
            write_json(folder / "provenance" / "data.json", known)
        return state

    def adopt(self, name: str, part: Any, state: Any) -> None:
        """Give a part of the training its state, but let it keep what the changed configuration has made of it.

        Rates and other settings of an optimizer are those of the new configuration at this step; its moments are the saved ones. A
        schedule has gone through its steps with the new settings.
        """
        try:
            if self.seed is not None and isinstance(state, dict) and "seed" in state:
                state = {**state, "seed": self.seed}
            if any(key.startswith(_RATES) for key in self.changed):
                if hasattr(part, "param_groups"):
                    fresh = part.state_dict()["param_groups"]
                    part.load_state_dict({**state, "param_groups": fresh})
                    return
                if hasattr(part, "last_epoch") and "last_epoch" in state:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")  # it is stepped before its optimizer, and perhaps beyond its end
                        while part.last_epoch < state["last_epoch"]:
                            part.step()
                    return
            part.load_state_dict(state)
        except (RuntimeError, ValueError, KeyError) as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            changed = ", ".join(self.changed) or "nothing"
            raise UserError(f"branch: the checkpoint's {name} does not fit the changed configuration ({changed}): {first}") from error


def where_to_go_on(folder: Path, about: Mapping[str, Any], warn: Callable[[str], None]) -> tuple[Any, Start | None]:
    """The state that a run goes on from, of its newest intact checkpoint or of the one that it began from; with the latter, how it began.

    A checkpoint whose step the log does not reach any more is taken only where there is no other: those before it are done again then,
    and none is missing.

    Args:
        folder: The run's folder.
        about: Content of its `run.json`.
        warn: Is told of each damaged checkpoint that is passed over.

    Returns:
        None twice for a run that has neither.

    Raises:
        DamagedCheckpointError: There are checkpoints, but none that can be used.
    """
    n_bytes = whole_bytes(folder / "metrics.bin")

    def objection(state: Any) -> str | None:
        if state["log"]["metrics"] <= n_bytes:
            return None
        return f"metrics.bin ends before step {state['run']['step']}: it was cut, or copied while the run went on; an earlier one is better"

    loaded = CheckpointStore(folder / "checkpoints").load_latest(warn, objection=objection)
    if loaded is not None:
        return loaded[1], None
    start = Start.of(folder, about)
    return (start.state() if start is not None else None), start


def _copy_part(source: Path, place: Path, n_bytes: int) -> None:
    """The beginning of a file; nothing where the source is gone."""
    if source.is_file():
        with source.open("rb") as file:
            place.write_bytes(file.read(n_bytes))
