"""`workbench sweep`: many runs of a recipe, their settings searched."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, _ArgumentGroup
from pathlib import Path

from .common import folder_of_runs

EXAMPLES = """
  workbench sweep +recipe=resnet +sweep=tpe 'optim.lr=log(1e-3,1)' 'optim.momentum=interval(0.5,0.99)'
  workbench sweep +recipe=resnet +sweep=grid optim.lr=0.05,0.1,0.2 seed=0,1,2
  workbench sweep +recipe=resnet +sweep=asha 'optim.lr=log(1e-3,1)' sweep.trials=200 --jobs 2
  workbench sweep +recipe=resnet +sweep=resnet_lr     a space kept in conf/sweep/resnet_lr.yaml
  workbench sweep +recipe=resnet +sweep=mine.yaml     or in a file of your own

Values: log(A,B) and interval(A,B) between two numbers, range(A,B,STEP), choice(A,B) or A,B. Quote what has parentheses.
The same command goes on with a sweep that was stopped or killed; sweep.trials is what it comes to in all. With the same
sweep.storage=postgresql://USER@HOST/DATABASE, or a folder that several machines share, it works on all of them at once.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.description = "Search settings: runs of a recipe, proposed by Optuna. conf/sweep/default.yaml lists the keys sweep.KEY."
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUES", help="+recipe=NAME, +sweep=NAME, any key with one value or several")
    how_jobs_go(parser)
    parser.add_argument("--plain", action="store_true", help="lines instead of a table, as where the output is no terminal")
    folder_of_runs(parser)


def how_jobs_go(parser: ArgumentParser | _ArgumentGroup) -> None:
    """Add what says how several runs go."""
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many runs go at once (default: 1)")
    parser.add_argument("--retry", type=int, metavar="N", help="how often a failed run is tried again (default: 0; 3 where it was killed)")
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument("--fail-fast", action="store_true", help="stop when a run fails")
    ends.add_argument(
        "--keep-going", action="store_true", help="do the others when a run fails, as by default; also where the first has no objective"
    )


def run(arguments: Namespace, multirun: bool = False) -> int:
    """Sweep."""
    from ..errors import UserError
    from ..sweep.sweeper import sweep

    words = list(arguments.overrides)
    for name, least in (("jobs", 1), ("retry", 0)):
        value = getattr(arguments, name)
        if value is not None and value < least:
            raise UserError(f"sweep: expected --{name} to be at least {least}, got {value}")
    if arguments.runs != Path("runs"):
        words.append(f"runs={arguments.runs}")
    options = {name: getattr(arguments, name) for name in ("jobs", "retry", "fail_fast", "keep_going")}
    options["plain"] = arguments.plain or None
    return sweep(words, ["workbench", *sys.argv[1:]], options, multirun)
