"""What several subcommands take."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any


def folder_of_runs(parser: ArgumentParser) -> None:
    """Add `--runs FOLDER`."""
    parser.add_argument("--runs", default="runs", metavar="FOLDER", type=Path, help="folder of the runs (default: runs)")


def one_run(parser: ArgumentParser, name: str = "run") -> None:
    """Add the word that names a run."""
    parser.add_argument(name, metavar=name.upper(), help='"last", an id or its beginning, or a path')


def where(parser: ArgumentParser) -> None:
    """Add `--where QUERY`."""
    parser.add_argument("--where", metavar="QUERY", help='only runs of which this is true, as "optim.lr<0.1 and not status=failed"')


def count(text: str) -> int:
    """The value of an option that is a number of things, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f'expected a whole number of at least 1, got "{text}"')
    return int(text)


def names(text: str) -> list[str]:
    """The value of an option that is names between commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise ArgumentTypeError(f'expected names between commas, got "{text}"')
    return found


def json_instead(parser: Any) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON")
