"""`workbench show`: what is known about a run."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .common import folder_of_runs, json_instead, one_run

EXAMPLES = """
  workbench show last
  workbench show 261123-0917           the beginning of an id is enough
  workbench show last --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    one_run(parser)
    json_instead(parser)
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Show."""
    from ..showing import show_run

    return show_run(arguments.runs, arguments.run, arguments.json)
