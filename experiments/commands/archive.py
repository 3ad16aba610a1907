"""`workbench archive`: pack runs into one verified file, and restore them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from .common import folder_of_runs, where

EXAMPLES = """
  workbench archive 261123-0917                            resnet-261123-0917....tar.zst, here
  workbench archive --where "recipe=gpt" --to gpt.tar.gz   several in one file
  workbench archive --restore gpt.tar.gz                   back to runs/, every byte compared with its checksum

The runs stay where they are; workbench delete removes them.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.add_argument("run", nargs="*", metavar="RUN", help='"last", an id or its beginning, or a path')
    where(parser)
    parser.add_argument("--to", metavar="FILE", type=Path, help="the archive: FILE.tar.zst or FILE.tar.gz")
    parser.add_argument("--restore", metavar="FILE", type=Path, help="unpack an archive into the folder of the runs")
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Pack or restore."""
    from ..archive import archive_runs, restore
    from ..errors import UserError

    if arguments.restore is not None:
        if arguments.run or arguments.where or arguments.to:
            raise UserError("archive: --restore takes the whole archive; leave out the runs, --where and --to")
        return restore(arguments.runs, arguments.restore)
    return archive_runs(arguments.runs, arguments.run, arguments.where, arguments.to)
