"""`workbench branch`: go on from a checkpoint with a declared difference."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from .common import folder_of_runs

EXAMPLES = """
  workbench branch last@400 optim.lr=1e-3             from step 400 on with another rate, as a new run
  workbench branch 261123-0917@best trainer.epochs=60 longer, from the best checkpoint
  workbench branch last@400                           nothing changed: ends with the bits of the run itself

Which checkpoints a run keeps say trainer.checkpoint.every_steps, keep_last, keep_best and keep_steps.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.description = "Go on from a checkpoint of a run with a declared difference, as a new run that remembers where it comes from."
    parser.add_argument("run", metavar="RUN@STEP", help='a run and a step of its checkpoints, "best" or "last"')
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="what is to differ")
    parser.add_argument("--plain", action="store_true", help="lines instead of a progress bar, as where the output is no terminal")
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Branch."""
    from ..branch import branch

    return branch(arguments.run, arguments.overrides, ["workbench", *sys.argv[1:]], arguments.runs, arguments.plain or None)
