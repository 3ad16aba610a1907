"""The configuration of a run: composed by Hydra from `conf/` and the command line, checked against `conf/schema.py`.

Hydra's own messages are for those who know Hydra. Here every mistake is one sentence that names the key, the nearest right one and the
file where it stands.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from .errors import UserError, did_you_mean, nearest

if TYPE_CHECKING:
    from omegaconf import DictConfig

_CONF = "workbench.conf"
_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_LIMITS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "low": ("at least", operator.ge),
    "high": ("at most", operator.le),
    "above": ("more than", operator.gt),
    "below": ("less than", operator.lt),
}


def compose(overrides: Sequence[str]) -> DictConfig:
    """The resolved and checked configuration for the words of the command line.

    Args:
        overrides: As Hydra takes them: `+recipe=resnet`, `optim=adamw`, `optim.lr=0.05`. `recipe=resnet` is taken for `+recipe=resnet`,
            and `recipe=package.module` for a module of one's own, with the options that conf/config.yaml selects.

    Raises:
        UserError: A key, an option or a value is wrong.
    """
    parsed = _parse(overrides)
    modules = [override.value() for override in parsed if _names_module(override)]
    words = [_checked(override, parsed) for override in parsed if not _names_module(override)]
    if not modules and not any(word.startswith("+recipe=") for word in words):
        known = options("recipe")
        raise UserError(f"train: no recipe chosen; name one, as in workbench train +recipe={known[0]} (there are: {', '.join(known)})")
    config = _compose(words)
    if modules:
        from omegaconf import open_dict

        with open_dict(config):
            config.recipe = modules[-1]
    return check(config, words)


def check(config: DictConfig, words: Sequence[str] = ()) -> DictConfig:
    """The configuration with the types of the schema, every reference resolved.

    Args:
        config: Configuration, composed or read from a run's `config.yaml`.
        words: The overrides that it was composed with; they tell which files to name.

    Raises:
        UserError: A key is unknown or missing, a value is of the wrong type or out of its range.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from workbench.conf import schema

    chosen = _groups_of(OmegaConf.to_container(config, resolve=False))
    try:
        OmegaConf.resolve(config)
        values: Any = OmegaConf.to_container(config)
    except OmegaConfBaseException as error:
        raise UserError(f"train: {_first_line(error)}") from error
    out: dict[str, Any] = {}
    top = {key: value for key, value in values.items() if key not in schema.GROUPS}
    out.update(_typed(schema.Run, top, "", words, others=list(schema.GROUPS)))
    takes = schema.RECIPES.get(out["recipe"], {})
    for group in chosen:
        part, classes = values[group], schema.GROUPS[group]
        if isinstance(classes, dict):
            part = {"name": schema.UNNAMED.get(group), **part}
            classes = _class_by_name(classes, part, group, takes.get(group, object), out["recipe"])
        out[group] = _typed(classes, part, group, words)
    return OmegaConf.create(out)


def _groups_of(values: Any) -> list[str]:
    """The groups of a configuration, which has all that a run needs; a reference into one that is missing would say less."""
    from workbench.conf import schema

    if not isinstance(values, dict):
        raise UserError("train: expected the configuration to be keys and values")
    takes = schema.RECIPES.get(values.get("recipe", ""))
    found = []
    for group in schema.GROUPS:
        part = values.get(group)
        if group in schema.EITHER:
            if part is None and (any(map(values.get, schema.EITHER)) if takes is None else group not in takes):
                continue
            if takes is not None and group not in takes:
                raise UserError(f"train: the recipe {values['recipe']} takes no {group}; leave out {group}=OPTION")
        if not isinstance(part, dict):
            raise _no_group(group)
        found.append(group)
    return found


def _class_by_name(classes: Mapping[str, Any], part: Mapping[str, Any], group: str, kind: Any, recipe: str) -> Any:
    """The class that checks an option of a group, by its `name`; of those that a recipe takes."""
    name = str(part.get("name"))
    if name not in classes:
        raise UserError(f'train: expected {group}.name to be one that the schema knows, got "{name}"; {did_you_mean(name, classes)}')
    if not issubclass(classes[name], kind):
        fit = " or ".join(other for other, cls in classes.items() if issubclass(cls, kind))
        raise UserError(f'train: expected {group}.name to be {fit} for the recipe {recipe}, got "{name}"; choose another {group}=OPTION')
    return classes[name]


def _no_group(group: str) -> UserError:
    return UserError(f"train: the configuration has no {group}; add {group}=OPTION (there are: {', '.join(options(group))})")


def groups() -> dict[str, list[str]]:
    """The configuration groups and their options."""
    folders = (folder.name for folder in sorted(_root().iterdir()) if folder.is_dir() and folder.name != "sweep")  # that is no run's
    return {name: options(name) for name in folders if options(name)}


@lru_cache
def options(group: str) -> list[str]:
    """The options of a group."""
    return sorted(path.stem for path in (_root() / group).glob("*.yaml"))


def overrides_for_resume(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """The configuration of a run that is resumed, changed by the words of the command line where that changes no result.

    Raises:
        UserError: A word would change the result of the run.
    """
    from workbench.conf.schema import RESUMABLE

    changed = overridden(config, overrides)
    for key in (override.key_or_group for override in _parse(overrides)):
        if not any(key == name or (name.endswith(".") and key.startswith(name)) for name in RESUMABLE):
            free = ", ".join(name + "*" if name.endswith(".") else name for name in RESUMABLE)
            raise UserError(f"train: {key} cannot change when a run is resumed, for it would be another run; what can: {free}")
    return changed


def overridden(config: DictConfig, overrides: Sequence[str], where: str = "the configuration of this run") -> DictConfig:
    """A whole configuration, changed by the words of the command line: by keys, not by options of groups.

    Args:
        config: The configuration.
        overrides: The words.
        where: What it is called when a key is not in it.

    Raises:
        UserError: A key is unknown or a value is wrong.
    """
    from omegaconf import OmegaConf

    changed: Any = OmegaConf.create(OmegaConf.to_container(config))
    known = [name for name, _ in _leaves(OmegaConf.to_container(config))]
    for override in _parse(overrides):
        key = override.key_or_group
        if key not in known:
            raise UserError(f'train: no key "{key}" in {where}; {did_you_mean(key, known)}')
        OmegaConf.update(changed, key, override.value())
    return check(changed, ())


def _parse(overrides: Sequence[str]) -> list[Any]:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    out = []
    for word in overrides:
        try:
            override = parser.parse_override(word)
        except HydraException as error:
            hint = "write it like optim.lr=0.05, and quote a value with special characters"
            raise UserError(f'train: cannot read "{word}" as KEY=VALUE; {hint}') from error
        if override.key_or_group.partition(".")[0] == "hydra":
            raise UserError(f'train: "{word}" is a setting of Hydra itself, and workbench keeps the runs; runs=FOLDER says where')
        if override.key_or_group.partition(".")[0] == "sweep":
            raise UserError(f'train: "{word}" is for several runs; see workbench sweep --help')
        if override.is_sweep_override():
            raise UserError(f'train: "{word}" gives several values, and a run takes one; workbench train -m makes a run of each')
        out.append(override)
    return out


def _names_module(override: Any) -> bool:
    return bool(override.key_or_group == "recipe" and not override.is_delete() and "." in str(override.value()))


def _checked(override: Any, parsed: Sequence[Any]) -> str:
    """The word of an override, its group and option checked; Hydra wants a plus where nothing selects the group yet."""
    from workbench.conf.schema import RECIPES

    key, value = override.key_or_group, override.value()
    if override.is_delete():
        return override.input_line
    if key in groups():
        if not isinstance(value, str) or value not in options(key):
            raise UserError(f'train: no option "{value}" in {key}; {did_you_mean(str(value), options(key))} (conf/{key}/)')
        recipe = next((other.value() for other in parsed if other.key_or_group == "recipe"), None)
        new = key == "recipe" or (key == "env" and key not in RECIPES.get(recipe or "", {}))
        return "+" * new + override.input_line.lstrip("+")
    return override.input_line


def _compose(words: Sequence[str]) -> DictConfig:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_module
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    GlobalHydra.instance().clear()
    try:
        with initialize_config_module(_CONF, version_base="1.3"):
            try:
                return hydra_compose("config", list(words))
            except (HydraException, OmegaConfBaseException) as error:
                raise _explained(error, words, lambda some: hydra_compose("config", some)) from error
    finally:
        GlobalHydra.instance().clear()


def _explained(error: Exception, words: Sequence[str], compose_some: Any) -> UserError:
    """The one sentence for what Hydra could not compose: nearly always a key that does not exist."""
    from omegaconf import OmegaConf

    of_groups = [word for word in words if word.lstrip("+").partition("=")[0] in groups()]
    try:
        known = [name for name, _ in _leaves(OmegaConf.to_container(compose_some(of_groups), resolve=False))]
    except Exception:
        return UserError(f"train: {_first_line(error)}")
    sections = {name.rpartition(".")[0] for name in known}
    for override in _parse(words):
        key = override.key_or_group
        if key in groups() or key in known or key in sections:
            continue
        return UserError(_unknown(key, [*known, *groups()], words))
    return UserError(f"train: {_first_line(error)}")


def _unknown(key: str, known: Sequence[str], words: Sequence[str]) -> str:
    best = nearest(key, known)
    if best is None:
        return f'train: no key "{key}" in the configuration; workbench train --show prints what there is'
    return f'train: no key "{key}" in the configuration; did you mean "{best}" ({_file_of(best, words)})?'


def _typed(cls: Any, values: dict[str, Any], path: str, words: Sequence[str], others: Sequence[str] = ()) -> dict[str, Any]:
    """Values checked against a dataclass and converted to its types."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    known = {each.name: each for each in fields(cls)}
    hints, typed = get_type_hints(cls), OmegaConf.structured(cls)
    for key in values:
        if key not in known:
            raise UserError(_unknown(_join(path, key), [*(_join(path, name) for name in known), *others], words))
    out: dict[str, Any] = {}
    for name, each in known.items():
        key = _join(path, name)
        value = values.get(name, each.metadata.get("before", "???"))
        if isinstance(value, str) and value == "???":
            raise UserError(f"train: {key} has no value; set it with {key}=VALUE ({_file_of(key, words)})")
        if is_dataclass(hints[name]):
            if not isinstance(value, dict):
                raise UserError(f"train: expected {key} to be a group of keys, got {_shown(value)} ({_file_of(key, words)})")
            out[name] = _typed(hints[name], value, key, words)
            continue
        try:
            OmegaConf.update(typed, name, value, merge=False)
            out[name] = OmegaConf.to_container(typed)[name]  # type: ignore[index, call-overload]
        except OmegaConfBaseException as error:
            raise UserError(f"train: expected {key} to be {_kind(hints[name])}, got {_shown(value)} ({_file_of(key, words)})") from error
        _in_range(key, out[name], each.metadata, words)
    try:
        cls(**out)
    except ValueError as error:
        raise UserError(f"train: {error} ({_file_of(path, words)})") from error
    return out


def _in_range(key: str, value: Any, limits: Mapping[str, Any], words: Sequence[str]) -> None:
    if value is None or not limits:
        return
    for each in value if isinstance(value, list) else [value]:
        wrong = "finite" if isinstance(each, float) and not math.isfinite(each) else None
        if limits["one_of"] and each not in limits["one_of"]:
            wrong = " or ".join(map(str, limits["one_of"]))
        for name, (text, holds) in _LIMITS.items():
            if limits[name] is not None and not holds(each, limits[name]):
                wrong = f"{text} {limits[name]}"
        if wrong:
            raise UserError(f"train: expected {key} to be {wrong}, got {_shown(each)} ({_file_of(key, words)})")


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted names of a tree's values."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, _join(path, key))
        else:
            yield _join(path, key), value


def _file_of(key: str, words: Sequence[str]) -> str:
    """The YAML file in which a key stands, as a user sees it: conf/optim/sgd.yaml."""
    group, _, rest = key.partition(".")
    if not group or not (_root() / group).is_dir():
        return "conf/config.yaml"
    chosen = next((word.partition("=")[2] for word in reversed(words) if word.partition("=")[0] == group), None)
    if chosen is None:
        chosen = _selected(group, words)
    name = rest.partition(".")[0]
    if name:
        for option in [chosen, "default"]:
            path = _root() / group / f"{option}.yaml"
            if path.is_file() and re.search(rf"^{re.escape(name)}:", path.read_text(), re.MULTILINE):
                return f"conf/{group}/{option}.yaml"
    return f"conf/{group}/{chosen}.yaml"


def _selected(group: str, words: Sequence[str]) -> str:
    """The option of a group that the recipe selects, else the default."""
    recipe = next((word.partition("=")[2] for word in words if word.startswith("+recipe=")), None)
    for path, pattern in ((f"recipe/{recipe}.yaml", rf"/{group}: (\w+)"), ("config.yaml", rf"- {group}: (\w+)")):
        file = _root() / path
        match = re.search(pattern, file.read_text()) if file.is_file() else None
        if match:
            return match[1]
    return "default"


@lru_cache
def _root() -> Path:
    import workbench.conf

    assert workbench.conf.__file__ is not None
    return Path(workbench.conf.__file__).parent


def _kind(hint: Any) -> str:
    """A type in words."""
    args = get_args(hint)
    if get_origin(hint) is list:
        return f"a list of {_KINDS[args[0]].removeprefix('a ')}s, as [1,2]"
    if type(None) in args:
        return f"{_KINDS[args[0]]} or null"
    return _KINDS[hint]


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else str(name)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
