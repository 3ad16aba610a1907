"""`workbench check`: try a configuration before it is run."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from .common import folder_of_runs, json_instead

EXAMPLES = """
  workbench check +recipe=resnet
  workbench check +recipe=resnet data=fashion_mnist model=resnet20
  workbench check +recipe=gpt data.path=book.txt --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.description = (
        "Try a configuration in seconds: its keys, its data, some steps and evaluations, a checkpoint written and read. Tells what the "
        "training will take; leaves nothing behind. 0 if all is well, 1 if a step fails, 2 for what the configuration has wrong."
    )
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for workbench train")
    json_instead(parser)
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Check."""
    from ..checking import check_configuration

    overrides = list(arguments.overrides)
    if arguments.runs != Path("runs"):
        overrides.append(f"runs={arguments.runs}")
    return check_configuration(overrides, arguments.json)
