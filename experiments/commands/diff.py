"""`workbench diff`: what differs between two runs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .common import folder_of_runs, json_instead, one_run

EXAMPLES = """
  workbench diff 261123-0917 last      configuration, code, environment, data, results, logged numbers
  workbench diff a b --json
  workbench diff a b > /dev/null && echo equal

The exit code is 0 where nothing differs, 1 where something does, and 2 after a mistake.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    one_run(parser, "a")
    one_run(parser, "b")
    json_instead(parser)
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Compare two runs."""
    from ..diff import diff_runs

    return diff_runs(arguments.runs, arguments.a, arguments.b, arguments.json)
