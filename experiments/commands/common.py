"""What several subcommands take."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path


def folder_of_runs(parser: ArgumentParser) -> None:
    """Add `--runs FOLDER`."""
    parser.add_argument("--runs", default="runs", metavar="FOLDER", type=Path, help="folder of the runs (default: runs)")


def one_run(parser: ArgumentParser, name: str = "run") -> None:
    """Add the word that names a run."""
    parser.add_argument(name, metavar=name.upper(), help='"last", an id or its beginning, or a path')


def json_instead(parser: ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON")
