"""What a sweep is: the words that are the same in every trial, the space, and how it is searched; from conf/sweep/ and the command line."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from workbench.conf.schema import ranged

from ..errors import UserError, did_you_mean
from .space import Parameter, is_several, parameter, parse, words_of

SAMPLERS = ("tpe", "random", "grid", "cmaes", "nsga2")
PRUNERS = ("none", "asha", "hyperband", "median")
_LISTS = ("metric", "direction")
_EXAMPLES = 12
_LOCAL = ("runs", "threads")
_QUIET = ("trainer.test", "trainer.find_nan")  # who searches leaves the test images alone, and does not look for the origin of a nan


@dataclass
class Sweep:
    """sweep: how a space is searched."""

    name: str | None = ranged()
    sampler: str = ranged(one_of=SAMPLERS)
    pruner: str = ranged(one_of=PRUNERS)
    trials: int | None = ranged(low=1)
    metric: list[str] = ranged()  # noqa: RUF009
    direction: list[str] = ranged(one_of=("max", "min"))  # noqa: RUF009
    seed: int = ranged(low=0, high=2**32 - 1)
    startup: int = ranged(low=0)
    population: int = ranged(low=2)
    warmup: int = ranged(low=1)
    reduction: int = ranged(low=2)
    report_every: int = ranged(low=0)
    storage: str | None = ranged()


@dataclass(frozen=True)
class Definition:
    """Everything about a sweep that makes it this one; trials under another definition belong to another sweep.

    Args:
        words: What every trial is composed from.
        space: What differs between trials.
        metrics: Names of the objectives; none where there is nothing to choose by.
        directions: "max" or "min" for each.
        sampler: Name of the sampler.
        pruner: Name of the pruner.
        seed: Of the sampler.
        startup: Trials at random before the sampler learns, or the pruner judges.
        population: Trials in a generation.
        warmup: Reports before a trial can be pruned.
        reduction: One in so many goes on.
        report_every: Steps between reports; 0 for epochs.
        resource: Reports of a whole trial, where that is known.
    """

    words: tuple[str, ...]
    space: tuple[Parameter, ...]
    metrics: tuple[str, ...]
    directions: tuple[str, ...]
    sampler: str
    pruner: str = "none"
    seed: int = 0
    startup: int = 10
    population: int = 16
    warmup: int = 1
    reduction: int = 3
    report_every: int = 0
    resource: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As plain values, for `sweep.json` and the storage."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Definition:
        """What `as_json` gave."""
        known = {each.name for each in fields(cls)}
        plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items() if key in known}
        space = tuple(Parameter(**{**each, "choices": tuple(each["choices"])}) for each in values["space"])
        plain["space"] = space
        return cls(**plain)

    def differences(self, other: Definition) -> list[str]:
        """The names of what differs."""
        mine, theirs = self.as_json(), other.as_json()
        return [name for name in mine if mine[name] != theirs[name]]


@dataclass(frozen=True)
class Plan:
    """A sweep as one command asks for it.

    Args:
        name: Of the sweep.
        definition: What it is.
        budget: Trials in all.
        root: Folder of the runs.
        storage: URL of a database, or None.
        multirun: Whether it is a list of jobs, without a best one.
        local: Words for this machine, which change no result.
    """

    name: str
    definition: Definition
    budget: int
    root: Path
    storage: str | None = None
    multirun: bool = False
    local: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of the sweep."""
        return self.root / "sweeps" / self.name


def plan(words: Sequence[str], multirun: bool = False) -> Plan:
    """The sweep that the words of a command line mean; one trial's configuration is composed for every value that can be tried alone.

    Args:
        words: `+recipe=NAME`, `+sweep=NAME`, `sweep.KEY=VALUE`, and keys with one value or several.
        multirun: Every combination of the values is one job, and none need be the best.

    Raises:
        UserError: A word is wrong.
    """
    option, changes, several, fixed = _sorted(words)
    settings, in_file = _settings(option or ("grid" if multirun else "default"), changes, multirun)
    given = {parse(word).key_or_group for word in several}
    several += [word for word in words_of(in_file) if word.partition("=")[0].lstrip("+") not in given]
    space, base = _space(fixed, several, multirun)
    local = tuple(word for word in fixed if parse(word).key_or_group in _LOCAL)
    _need(base.recipe)
    quiet = [f"{key}=false" for key in _QUIET if not multirun and _lacks(key, fixed, several) and _has(base, key)]
    words_of_all = [*(word for word in fixed if word not in local), *quiet]
    metrics, directions = _objectives(settings, base, multirun)
    resource = None if settings.report_every or "trainer" not in base else base.trainer.get("epochs")
    definition = Definition(
        tuple(words_of_all), space, metrics, directions, settings.sampler, settings.pruner, settings.seed, settings.startup,
        settings.population, settings.warmup, settings.reduction, settings.report_every, resource,
    )  # fmt: skip
    _fits(definition, settings)
    name = settings.name or f"{base.recipe.rpartition('.')[2]}-{'jobs' if multirun else settings.sampler}-{_digest(definition)}"
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name.startswith("."):
        raise UserError(f'sweep: expected sweep.name to be letters, digits, "-" and "_", got "{name}"')
    return Plan(name, definition, _budget(definition, settings.trials), Path(base.runs), settings.storage, multirun, local)


def _sorted(words: Sequence[str]) -> tuple[str | None, dict[str, Any], list[str], list[str]]:
    """The chosen option of conf/sweep, changes of its keys, the words with several values and those with one."""
    option: str | None = None
    changes: dict[str, Any] = {}
    several: list[str] = []
    fixed: list[str] = []
    for word in words:
        override = parse(word)
        key = override.key_or_group
        if key == "sweep":
            option = str(override.value())
        elif key.startswith("sweep."):
            changes[key.removeprefix("sweep.")] = word.partition("=")[2].split(",") if is_several(override) else override.value()
        else:
            (several if is_several(override) else fixed).append(word)
    return option, changes, several, fixed


def _settings(option: str, changes: Mapping[str, Any], multirun: bool) -> tuple[Sweep, dict[str, Any]]:
    """The checked settings, and the space that the file holds."""
    from omegaconf import OmegaConf

    import workbench.conf

    from ..compose import _typed
    from ..config_file import load

    root = Path(workbench.conf.__file__ or "").parent / "sweep"
    file = Path(option) if option.endswith((".yaml", ".yml")) else root / f"{option}.yaml"
    known = sorted(path.stem for path in root.glob("*.yaml"))
    chosen = load(file, "sweep")
    if chosen is None:
        raise UserError(f'sweep: no option "{option}" in sweep; {did_you_mean(option, known)} (conf/sweep/)')
    if not OmegaConf.is_dict(chosen.get("space") or OmegaConf.create({})):
        raise UserError(f"sweep: expected space in {file} to be keys and their values, as optim.lr: log(0.01, 1), got {chosen.space}")
    values: Any = OmegaConf.to_container(OmegaConf.merge(OmegaConf.load(root / "default.yaml"), chosen))
    for key, value in changes.items():
        if key == "space" or key.startswith("space."):
            raise UserError(f"sweep: sweep.{key} belongs into a file; on the command line the space is words like optim.lr=log(1e-4,1)")
        values[key] = value
    space = values.pop("space") or {}
    for key in _LISTS:
        value = values.get(key)
        values[key] = [] if value is None else [str(each).strip() for each in value] if isinstance(value, list) else [value]
    try:
        settings = Sweep(**_typed(Sweep, values, "sweep", [f"sweep={option}"]))
    except UserError as error:
        raise UserError(str(error).replace("train: ", "sweep: ", 1)) from error
    if multirun and settings.sampler != "grid":
        raise UserError("train: -m runs every combination, so sweep.sampler is grid; workbench sweep knows the others")
    return replace(settings, metric=[] if multirun else settings.metric), space


def _space(fixed: Sequence[str], several: Sequence[str], multirun: bool) -> tuple[tuple[Parameter, ...], Any]:
    """The parameters, and one configuration; each value of each parameter was tried in one."""
    if not several and not multirun:
        raise UserError(
            "sweep: there is nothing to search; give a key several values, as 'optim.lr=log(1e-4,1)', or name a +sweep= with a space"
        )
    first = [parameter(word, whole=True) for word in several]  # a whole number suits both kinds of keys; what is composed tells which it is
    base = _composed(fixed, first, 0)
    space = tuple(parameter(word, whole=_is_whole(base, each.name)) for word, each in zip(several, first, strict=True))
    if twice := sorted({each.name for each in space if sum(other.name == each.name for other in space) > 1}):
        raise UserError(f"sweep: {', '.join(twice)} is given several values twice")
    most = max((len(each.examples()) for each in space), default=0)
    for number in range(1, min(most, _EXAMPLES)):
        _composed(fixed, space, number)
    return space, base


def _composed(fixed: Sequence[str], space: Sequence[Parameter], number: int) -> Any:
    from ..compose import compose

    chosen = [each.word(each.examples()[min(number, len(each.examples()) - 1)]) for each in space]
    try:
        return compose([*fixed, *chosen])
    except UserError as error:
        text = str(error).replace("train: ", "sweep: ", 1).replace("workbench train", "workbench sweep")
        tried = f"; tried with {' '.join(chosen)}" if chosen and "no recipe chosen" not in text else ""
        raise UserError(text + tried) from error


def _need(recipe: str) -> None:
    """Look for the module of a recipe, without the seconds that importing it takes."""
    module = recipe if "." in recipe else f"workbench.recipes.{recipe}"
    with contextlib.suppress(ModuleNotFoundError):
        if importlib.util.find_spec(module) is not None:
            return
    raise UserError(f'sweep: no recipe "{recipe}"; there is no module {module}')


def _objectives(settings: Sweep, base: Any, multirun: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if multirun:
        return (), ()
    keep = base.trainer.checkpoint
    metrics = tuple(settings.metric) or (keep.metric,)
    directions = tuple(settings.direction) or ((keep.mode,) if metrics == (keep.metric,) else ())
    if len(directions) != len(metrics):
        raise UserError(
            f"sweep: expected sweep.direction to be max or min for each of {', '.join(metrics)}, got {', '.join(directions) or 'nothing'}"
        )
    return metrics, directions


def _fits(definition: Definition, settings: Sweep) -> None:
    """What the sampler and the pruner can do."""
    several = len(definition.metrics) > 1
    if several and definition.sampler == "cmaes":
        raise UserError("sweep: cmaes takes one objective; take nsga2 or tpe for several")
    if several and definition.pruner != "none":
        raise UserError(f"sweep: {definition.pruner} judges by one objective; set sweep.pruner=none, or one metric")
    if definition.sampler == "cmaes" and (len(definition.space) < 2 or any(each.kind == "choice" for each in definition.space)):
        raise UserError("sweep: cmaes searches two numbers or more, and no choices; take tpe")
    if settings.trials is None and definition.sampler != "grid":
        raise UserError("sweep: sweep.trials=null is for a grid; give a number")


def _budget(definition: Definition, trials: int | None) -> int:
    if definition.sampler != "grid":
        return int(trials or 0)
    points = 1
    for each in definition.space:
        points *= len(each.values())
    return points if trials is None else min(trials, points)


def _lacks(key: str, *of: Sequence[str]) -> bool:
    return not any(word.partition("=")[0].lstrip("+~") == key for words in of for word in words)


def _has(config: Any, key: str) -> bool:
    from omegaconf import OmegaConf

    return OmegaConf.select(config, key) is not None


def _is_whole(config: Any, key: str) -> bool:
    from omegaconf import OmegaConf

    value = OmegaConf.select(config, key)
    return isinstance(value, int) and not isinstance(value, bool)


def _digest(definition: Definition) -> str:
    return hashlib.sha256(json.dumps(definition.as_json(), sort_keys=True).encode()).hexdigest()[:6]
