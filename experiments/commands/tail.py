"""`workbench tail`: watch a run."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from .common import folder_of_runs, one_run

EXAMPLES = """
  workbench tail last                  what it says, and its metrics every two seconds, until it ends
  workbench tail last --every 30       the metrics less often
  workbench tail last --no-metrics     what it says alone

Ctrl-C ends the watching, never the run.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    one_run(parser)
    parser.add_argument("--lines", type=_whole, default=10, metavar="N", help="lines of its log to begin with (default: 10)")
    parser.add_argument("--every", type=_seconds, default=2.0, metavar="SECONDS", help="time between two rows of metrics (default: 2)")
    parser.add_argument("--no-metrics", action="store_true", help="show no metrics")
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Watch."""
    from ..tailing import tail_run

    return tail_run(arguments.runs, arguments.run, arguments.lines, arguments.every, not arguments.no_metrics)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f'expected a whole number, got "{text}"')
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise ArgumentTypeError(f'expected a number of seconds above 0, got "{text}"')
    return value
