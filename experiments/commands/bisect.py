"""`workbench bisect`: where two runs part."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .common import folder_of_runs, one_run

EXAMPLES = """
  workbench bisect 261123-0917 261123-1102     the first step, then the first operation, at which they part

The step is found in what the runs recorded. The steps before it are done again from the nearest checkpoint that both have, each with
its own recorded code, and every operation is compared: its name, its arguments, its result.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.description = "Find the first step, and in it the first operation, at which two runs part. 0: they are equal, 1: they part."
    one_run(parser, "a")
    one_run(parser, "b")
    parser.add_argument("--code", choices=("recorded", "installed"), default="recorded", help="which code runs (default: recorded)")
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Bisect."""
    from ..bisect import bisect

    return bisect((arguments.a, arguments.b), arguments.runs, arguments.code)
