"""What can be asked of a run, as one flat table: the keys of its configuration, its result, its metrics and the fields of `run.json`.

`optim.lr` is a key of the configuration, `test/accuracy` a metric, `step` a field of `run.json`, `sha256` one of `result.json`. Where two
have the same name, `run.json` counts more than `result.json`, and that more than the configuration.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from .errors import UserError, did_you_mean
from .files import read_json
from .record import status

FILES = ("run.json", "result.json", "config.yaml")  # what a table is made of
ALIASES = {"run": "id", "time": "time_s", "age": "age_s", "steps": "step"}  # the heads of `workbench runs`, as keys


class Shape(NamedTuple):
    """What runs of one kind have in common: their keys. Thousands of runs share one, so that each is kept and read as bare values."""

    keys: list[str]
    metrics: list[str]
    config: list[str]


class Entry:
    """One run as a list sees it.

    Args:
        folder: The run's folder.
        shape: Its keys, as JSON.
        values: Their values in this order, as JSON.
        created_s: When it began, in seconds since 1970.
    """

    __slots__ = ("_facts", "created_s", "folder", "shape", "values")

    def __init__(self, folder: str, shape: str, values: str, created_s: float) -> None:
        self.folder, self.shape, self.values, self.created_s = folder, shape, values, created_s
        self._facts: dict[str, Any] | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """Every key and its value, with the status and the age of this moment."""
        if self._facts is None:
            facts = self._facts = dict(zip(_shape(self.shape).keys, json.loads(self.values), strict=True))
            facts["folder"] = self.folder
            facts["age_s"] = time.time() - self.created_s if self.created_s else None
            if facts.get("status") == "running":
                process = {name: facts.get(f"process.{name}") for name in ("pid", "start", "boot", "pids")}
                facts["status"] = status({**facts, "process": process, "heartbeat_s": facts.get("heartbeat_s") or 0.0})
        return self._facts

    @property
    def metrics(self) -> dict[str, float]:
        """The final metrics, in the recipe's order; of a run without a result, the last that were measured."""
        return {name: self.facts[name] for name in _shape(self.shape).metrics}

    @property
    def config(self) -> dict[str, Any]:
        """The keys of the configuration."""
        return {name: self.facts[name] for name in _shape(self.shape).config}

    @property
    def path(self) -> Path:
        """The run's folder."""
        return Path(self.folder)


@lru_cache
def _shape(text: str) -> Shape:
    return Shape(*json.loads(text))


def read(folder: str) -> Entry | None:
    """The entry of a run from its files; None where its `run.json` cannot be read."""
    at = Path(folder)
    about = read_json(at / "run.json")
    if not isinstance(about, dict):
        return None
    result = read_json(at / "result.json")
    result = result if isinstance(result, dict) else {}
    config = flat(configuration(at / "config.yaml"))
    facts = dict(config)
    module = config.get("recipe")
    metrics: dict[str, Any] = {}
    for source in (about.get("metrics"), result.get("metrics")):
        metrics.update(source if isinstance(source, dict) else {})
    facts.update(flat({key: value for key, value in result.items() if key not in ("metrics", "schema")}))
    facts.update(metrics)
    facts.update(flat({key: value for key, value in about.items() if key != "metrics"}))
    facts["id"] = at.name
    if module != facts.get("recipe"):
        facts["recipe_module"] = module
    facts["time_s"] = _duration(about, result)
    final = result.get("metrics")
    shown = final if isinstance(final, dict) and final else metrics
    name = headline(shown)
    facts["result"] = shown[name] if name is not None else None
    shape = json.dumps(Shape(list(facts), list(shown), list(config)))
    created = about.get("created_s")
    begun = float(created) if isinstance(created, (int, float)) else 0.0
    return Entry(folder, shape, json.dumps(list(facts.values()), default=str, separators=(",", ":")), begun)


def headline(metrics: Iterable[str]) -> str | None:
    """The metric that stands for a run: the first that is not a loss, those on test data before others.

    Example:
        >>> headline(["val/loss", "val/accuracy", "test/loss", "test/accuracy"])
        'test/accuracy'
    """
    return min(sorted(metrics), key=lambda name: (not name.startswith("test/"), "loss" in name), default=None)


def flat(tree: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """The leaves of nested mappings by their dotted names.

    Example:
        >>> flat({"optim": {"lr": 0.1}, "seed": 0})
        {'optim.lr': 0.1, 'seed': 0}
    """
    out: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{path}{key}"
        if isinstance(value, Mapping):
            out.update(flat(value, f"{name}."))
        else:
            out[name] = value
    return out


def key_of(name: str) -> str:
    """The key that a user means by a name: the heads of the table are taken, too."""
    return ALIASES.get(name, name)


def check_keys(names: Iterable[str], entries: Iterable[Entry], command: str) -> None:
    """Refuse a key that no run has.

    Raises:
        UserError: The message names the nearest key.
    """
    entries = list(entries)
    for name in names:
        key = key_of(name)
        if not entries or any(key in entry.facts for entry in entries):
            continue
        known = set(ALIASES).union(*(entry.facts for entry in entries))
        hint = did_you_mean(name, known)
        raise UserError(f'{command}: no run has a key "{name}"; {hint if "mean" in hint else "workbench runs --keys prints them"}')


def value_text(value: Any) -> str:
    """A value for a cell of a table.

    Example:
        >>> value_text(0.1), value_text(None), value_text(True), value_text([16, 32]), value_text(0.99166667)
        ('0.1', '', 'true', '[16,32]', '0.991667')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def configuration(path: Path) -> dict[str, Any]:
    """The configuration of a run as it stands in its file; nothing where that cannot be read."""
    import yaml

    try:
        tree = yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _duration(about: Mapping[str, Any], result: Mapping[str, Any]) -> float | None:
    """Seconds of training; of a run without a result, from its begin to its last sign."""
    if result.get("train_s"):
        return float(result["train_s"])
    ended, created = about.get("ended_s") or about.get("heartbeat_s"), about.get("created_s")
    return float(ended - created) if ended and created is not None else None
