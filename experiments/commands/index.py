"""`workbench index`: make the index of the runs anew."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .common import folder_of_runs

EXAMPLES = """
  workbench index

It is never needed: the index checks itself against the files, and what is wrong with it is mended in silence.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Rebuild."""
    from ..index import NAME, rebuild

    count, made = rebuild(arguments.runs)
    where = f"in {arguments.runs / NAME}" if made else "without an index: the folder is not there or read-only, or another process uses it"
    print(f"{count:,} run{'' if count == 1 else 's'} {where}")
    return 0
