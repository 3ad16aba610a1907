"""Configurations in files: a run's `config.yaml`, a sweep's `best.yaml`, one of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .compose import check, overridden
from .errors import UserError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def from_file(path: Path, overrides: Sequence[str]) -> DictConfig:
    """A whole configuration from a file, with keys changed by words of the command line.

    Raises:
        UserError: The file is missing or cannot be read, or a key or a value is wrong.
    """
    config = load(path)
    if config is None:
        raise UserError(f"train: expected --config FILE to be a whole configuration, as the config.yaml of a run is; there is no {path}")
    return overridden(config, overrides, str(path))


def of_run(folder: Path) -> DictConfig:
    """The configuration of a run.

    Raises:
        UserError: It is missing, or cannot be read.
    """
    config = load(folder / "config.yaml")
    if config is None:
        raise UserError(f"train: run {folder.name} has no config.yaml, so nobody can go on with it or do it again")
    return check(config)


def load(path: Path, command: str = "train") -> Any:
    """The keys and values in a YAML file, unchecked; None where there is no such file.

    Args:
        path: The file.
        command: Who tells what is wrong with it.

    Raises:
        UserError: It cannot be read, or holds something else.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        config: Any = OmegaConf.load(path)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise UserError(f"{command}: expected {path} to be text in UTF-8, got other bytes at place {error.start}") from error
    except OSError as error:
        if error.errno is not None:
            raise UserError(f"{command}: cannot read {path}: {error.strerror}") from error
        config = None  # a bare number or text, of which the reader says so
    except (YAMLError, OmegaConfBaseException) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or str(error).strip().partition("\n")[0]
        raise UserError(f"{command}: expected {path} to be YAML, got a mistake{place}: {what}") from error
    if not OmegaConf.is_dict(config):
        raise UserError(f"{command}: expected {path} to hold keys and values, got something else")
    return config
