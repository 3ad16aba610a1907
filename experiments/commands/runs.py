"""`workbench runs`: list runs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .common import folder_of_runs, json_instead

EXAMPLES = """
  workbench runs                       the newest 20
  workbench runs --all --json          everything, for another program
  workbench runs resnet                those of one recipe
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.add_argument("recipe", nargs="?", help="only the runs of this recipe")
    parser.add_argument("--all", action="store_true", help="more than the newest 20")
    json_instead(parser)
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """List."""
    from ..listing import list_runs

    return list_runs(arguments.runs, arguments.recipe, arguments.all, arguments.json)
