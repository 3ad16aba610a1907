"""`workbench delete`: move runs to the trash, bring them back, remove them for good."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .common import folder_of_runs, where

EXAMPLES = """
  workbench delete 261123-0917                     moves the run to runs/.trash, after asking
  workbench delete --where "status=failed" --yes   several, without asking
  workbench delete --undo 261123-0917              brings it back
  workbench delete --purge                         removes what is in runs/.trash for good, after asking
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.add_argument("run", nargs="*", metavar="RUN", help='"last", an id or its beginning, or a path')
    where(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--undo", action="store_true", help="bring deleted runs back")
    instead.add_argument("--purge", action="store_true", help="remove all deleted runs for good")
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Delete."""
    from ..deleting import delete_runs, purge, undo
    from ..errors import UserError

    if arguments.purge:
        if arguments.run or arguments.where:
            raise UserError("delete: --purge takes no runs, it removes all that were deleted; leave them out")
        return purge(arguments.runs, arguments.yes)
    if arguments.undo:
        if arguments.where or not arguments.run:
            raise UserError("delete: --undo takes the ids of deleted runs; name some, as in workbench delete --undo 261123-0917")
        return undo(arguments.runs, arguments.run)
    return delete_runs(arguments.runs, arguments.run, arguments.where, arguments.yes)
