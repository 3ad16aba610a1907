"""Checkpoints: folders `step-N` of a safetensors file and a JSON tree, complete when their manifest says so and its checksums hold.

    step-1200/
      tensors.safetensors   every tensor of the state, by its dotted path
      tree.json             the rest of the state, with references to the tensors
      manifest.json         format, step, metrics, size and sha256 of the files above

A checkpoint is written beside its place and renamed, so a crash leaves the earlier ones and at worst a `.step-N.*.tmp` that the next save
clears away. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import UserError
from .files import folder_beside, is_disk_full, read_json, sha256_file, size_text
from .tensorfile import cooked, raw, read_tensors, write_tensors
from .tree import pack, unpack

FORMAT = 1
_TENSORS, _TREE, _MANIFEST = "tensors.safetensors", "tree.json", "manifest.json"


class DamagedCheckpointError(UserError):
    """A checkpoint that cannot be used: a file is missing, cut short or altered. The message names the file."""


@dataclass
class Checkpoint:
    """What the manifest of a checkpoint says.

    Args:
        folder: Where it is.
        step: Training steps done when it was written.
        metrics: Values by which the best is chosen, as "val/accuracy".
        n_bytes: Size of its files.
    """

    folder: Path
    step: int
    metrics: dict[str, float] = field(default_factory=dict)
    n_bytes: int = 0


class CheckpointStore:
    """The checkpoints of one run.

    Args:
        folder: Folder that holds the `step-N` folders; made when the first is saved.
        keep_last: How many of the newest to keep; at least 1.
        keep_best: How many of the best by `metric` to keep beside them.
        metric: Name of the value that ranks checkpoints; those without it are not ranked.
        mode: "max" if larger is better, else "min".
        keep_steps: Keep also those of every so many steps, for ever; 0: none.
    """

    def __init__(
        self, folder: Path, keep_last: int = 2, keep_best: int = 1, metric: str = "", mode: str = "max", keep_steps: int = 0
    ) -> None:
        self.folder, self.keep_last, self.keep_best, self.metric, self.mode = Path(folder), max(1, keep_last), keep_best, metric, mode
        self.keep_steps = keep_steps

    def save(self, step: int, state: Any, metrics: Mapping[str, float] | None = None) -> Checkpoint:
        """Write the state of a training after `step` steps, then delete what the keep policy does not hold.

        Raises:
            OSError: The disk is full or fails; what was saved before stays as it was.
        """
        return self.write(step, *pack(state), metrics)

    def write(self, step: int, packed: Any, tensors: Mapping[str, Any], metrics: Mapping[str, float] | None = None) -> Checkpoint:
        """Do what `save` does, for a state that `tree.pack` has split already."""
        self._clear()
        metrics = {name: float(value) for name, value in (metrics or {}).items()}
        tree = json.dumps(packed, separators=(",", ":"), allow_nan=False).encode()
        place = self.folder / f"step-{step}"
        try:
            with folder_beside(place) as beside:
                digest, n_bytes = write_tensors(beside / _TENSORS, tensors)
                _write_through(beside / _TREE, tree)
                manifest = {
                    "format": FORMAT,
                    "step": step,
                    "metrics": metrics,
                    "files": {
                        _TENSORS: {"bytes": n_bytes, "sha256": digest},
                        _TREE: {"bytes": len(tree), "sha256": hashlib.sha256(tree).hexdigest()},
                    },
                }
                _write_through(beside / _MANIFEST, json.dumps(manifest, indent=2).encode())
        except OSError as error:
            if not is_disk_full(error):
                raise
            need = sum(raw(tensor).array.nbytes for tensor in tensors.values()) + len(tree)
            free = shutil.disk_usage(self.folder).free
            raise OSError(
                error.errno,
                f"no space left for the checkpoint of step {step}: it needs {size_text(need)}, {size_text(free)} are free; "
                f"earlier checkpoints are intact, so make room and resume the run",
                str(self.folder),
            ) from error
        self._prune()
        return Checkpoint(place, step, metrics, n_bytes + len(tree))

    def found(self) -> list[Checkpoint]:
        """The checkpoints with a readable manifest, oldest first; whether their content is intact shows when one is loaded."""
        found = []
        for folder in self.folder.glob("step-*"):
            manifest = read_json(folder / _MANIFEST)
            if isinstance(manifest, dict) and isinstance(manifest.get("step"), int):
                n_bytes = sum(entry.get("bytes", 0) for entry in manifest.get("files", {}).values())
                found.append(Checkpoint(folder, manifest["step"], manifest.get("metrics", {}), n_bytes))
        return sorted(found, key=lambda checkpoint: checkpoint.step)

    def load_latest(
        self,
        warn: Callable[[str], None],
        tensor: Callable[[str, np.ndarray], Any] = cooked,
        objection: Callable[[Any], str | None] = lambda state: None,
    ) -> tuple[Checkpoint, Any] | None:
        """The newest checkpoint that is intact, and its state; None where there is none at all.

        Args:
            warn: Is told of each damaged checkpoint that is passed over.
            tensor: Makes a tensor of a dtype code and an array.
            objection: What speaks against an intact one, by its state; one is taken all the same where there is no other.

        Raises:
            DamagedCheckpointError: There are checkpoints, but none that can be used.
        """
        self._take_back()
        steps = sorted((int(p.name[5:]), p) for p in self.folder.glob("step-*") if p.name[5:].isdigit())
        problem = second = None
        for _, folder in reversed(steps):
            try:
                found = load(folder, tensor)
            except DamagedCheckpointError as error:
                problem = error
                warn(f"{error}; trying the one before")
                continue
            against = objection(found[1])
            if against is None:
                return found
            warn(f"checkpoint {folder}: {against}")
            second = second or found
        if second is not None:
            return second
        if problem is not None:
            raise DamagedCheckpointError(f"none of the {len(steps)} checkpoints in {self.folder} can be used; the oldest: {problem}")
        return None

    def best(self) -> Checkpoint | None:
        """The best checkpoint by the store's metric."""
        ranked = self._ranked(self.found())
        return ranked[0] if ranked else None

    def _ranked(self, found: list[Checkpoint]) -> list[Checkpoint]:
        sign = -1 if self.mode == "max" else 1
        rated = [c for c in found if self.metric and np.isfinite(c.metrics.get(self.metric, np.nan))]
        return sorted(rated, key=lambda c: (sign * c.metrics[self.metric], -c.step))  # of equally good ones, the later

    def _prune(self) -> None:
        found = self.found()
        keep = {c.step for c in found[-self.keep_last :]} | {c.step for c in self._ranked(found)[: self.keep_best]}
        if self.keep_steps:
            keep |= {c.step for c in found if c.step % self.keep_steps == 0}
        for checkpoint in found:
            if checkpoint.step not in keep:
                shutil.rmtree(checkpoint.folder, ignore_errors=True)

    def _take_back(self) -> None:
        """Put a checkpoint back that a kill left moved aside, just before a newer one of its step took its place."""
        for aside in self.folder.glob(".step-*.old"):
            place = self.folder / aside.name[1:].split(".")[0]
            if not place.exists():
                aside.rename(place)

    def _clear(self) -> None:
        self._take_back()
        for left_over in [*self.folder.glob(".step-*.tmp"), *self.folder.glob(".step-*.old")]:
            shutil.rmtree(left_over, ignore_errors=True)


def load(folder: Path, tensor: Callable[[str, np.ndarray], Any] = cooked) -> tuple[Checkpoint, Any]:
    """Read a checkpoint, its checksums verified first.

    Raises:
        DamagedCheckpointError: A file is missing or does not match its checksum; the message names it.
    """
    manifest = read_json(folder / _MANIFEST)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files", {}), dict):
        raise DamagedCheckpointError(f"checkpoint {folder}: {_MANIFEST} is missing or no JSON, so it was not written to its end")
    if manifest.get("format") != FORMAT:
        got = manifest.get("format")
        raise DamagedCheckpointError(f"checkpoint {folder}: expected format {FORMAT}, got {got}; another version of workbench wrote it")
    for name in (_TENSORS, _TREE):
        entry = manifest.get("files", {}).get(name)
        if not isinstance(entry, dict):
            raise DamagedCheckpointError(f"checkpoint {folder}: {_MANIFEST} says nothing of {name}, so it was altered")
        path = folder / name
        if not path.exists():
            raise DamagedCheckpointError(f"checkpoint {folder}: {name} is missing")
        if path.stat().st_size != entry["bytes"]:
            raise DamagedCheckpointError(f"checkpoint {folder}: {name} has {path.stat().st_size} bytes, its manifest says {entry['bytes']}")
        if sha256_file(path) != entry["sha256"]:
            raise DamagedCheckpointError(f"checkpoint {folder}: {name} does not match its sha256, so it was altered or the disk is failing")
    arrays = read_tensors(folder / _TENSORS)
    tree = json.loads((folder / _TREE).read_bytes())
    state = unpack(tree, lambda name: tensor(*arrays[name]), lambda name: arrays[name][1])
    return Checkpoint(folder, manifest["step"], manifest.get("metrics", {})), state


def _write_through(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
