"""`workbench runs`: list runs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from .common import count, folder_of_runs, json_instead, names, where

EXAMPLES = """
  workbench runs                       the newest 20
  workbench runs resnet --limit 5      the newest five of one recipe
  workbench runs --where "recipe=resnet and optim.lr<0.1" --sort -test/accuracy
  workbench runs --where "status=lost or error~memory" --columns run,step,error
  workbench runs --all --json          everything, for another program
  workbench runs --csv > runs.csv      every key a column
  workbench runs --keys                what can be asked for
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.add_argument("recipe", nargs="?", help="only the runs of this recipe")
    where(parser)
    parser.add_argument("--sort", metavar="KEY", help="the smallest first; -KEY: the largest first (default: the newest first)")
    parser.add_argument("--columns", metavar="A,B,C", type=names, help="keys to show, as recipe,optim.lr,val/loss")
    parser.add_argument("--limit", metavar="N", type=count, help="at most so many (default: 20 in a table, all in JSON and CSV)")
    parser.add_argument("--all", action="store_true", help="however many there are")
    forms = parser.add_mutually_exclusive_group()
    json_instead(forms)
    forms.add_argument("--csv", action="store_true", help="print CSV")
    forms.add_argument("--keys", action="store_true", help="print every key that some run has")
    folder_of_runs(parser)


def words(given: Sequence[str]) -> list[str]:
    """`--sort -KEY` as one word: `argparse` takes what begins with a minus for an option."""
    out = list(given)
    for i in range(len(out) - 1):
        if out[i] == "--sort" and out[i + 1].startswith("-") and not out[i + 1].startswith("--"):
            out[i : i + 2] = [f"--sort={out[i + 1]}", ""]
    return [word for word in out if word]


def run(arguments: Namespace) -> int:
    """List."""
    from ..listing import Choice, list_keys, list_runs

    if arguments.keys:
        return list_keys(arguments.runs)
    form = "json" if arguments.json else "csv" if arguments.csv else "table"
    limit = arguments.limit or (None if arguments.all or form != "table" else Choice.limit)
    return list_runs(arguments.runs, Choice(arguments.recipe, arguments.where, arguments.sort, arguments.columns, limit), form)
