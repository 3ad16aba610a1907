"""`workbench rerun`: do a run again, and certify that it comes to the same bits."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from .common import folder_of_runs, one_run

EXAMPLES = """
  workbench rerun last --verify                    with the recorded code; 0: equal to the bit, 1: different
  workbench rerun 261123-0917 --verify --code installed
                                                   with the code as it is now: what have the changes since done?
  workbench rerun last --verify threads=1          with a difference, which the certificate names

The code is rebuilt in a temporary folder: the commit, the patch of what was changed, the files that were added. The rerun is a run of
its own; certificate.json lies in both.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    one_run(parser)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="keys that are to differ")
    parser.add_argument(
        "--verify", action="store_true", help="compare every scalar, every digest and the result, and write the certificate"
    )
    parser.add_argument("--code", choices=("recorded", "installed"), default="recorded", help="which code runs (default: recorded)")
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Rerun."""
    from ..rerun import rerun

    command = ["workbench", *sys.argv[1:]]
    return rerun(arguments.run, arguments.overrides, arguments.runs, command, arguments.verify, arguments.code)
