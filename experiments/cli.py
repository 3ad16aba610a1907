"""The command `workbench`. What a subcommand needs is imported when it runs: `workbench --help` takes a fraction of Hydra's import time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

COMMANDS = {
    "train": "train a recipe, or go on with a run",
    "sweep": "search settings: many runs of a recipe, in parallel, stopped and continued",
    "check": "try a configuration before it is run",
    "rerun": "do a run again, and certify that it comes to the same bits",
    "bisect": "find the first step and operation at which two runs part",
    "branch": "go on from a checkpoint with a declared difference",
    "runs": "list runs",
    "show": "show a run",
    "tail": "watch a run until it ends",
    "diff": "what differs between two runs",
    "compare": "compare groups of runs that differ in their seeds alone",
    "archive": "pack runs into one verified file, and restore them",
    "delete": "move runs to the trash, and bring them back",
    "index": "make the index of the runs anew",
    "replay": "do again the step that made the first nan or infinity",
    "bench": "time the engine against others",
}

_EXAMPLES = """examples:
  workbench train +recipe=resnet                      train a residual network on scikit-learn's digits
  workbench train +recipe=resnet data=mnist5k         on other images
  workbench train +recipe=resnet optim.lr=0.05 trainer.epochs=3
  workbench train --resume last                       go on with the newest run
  workbench runs                                      list the runs
  tensorboard --logdir runs                           look at their curves
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Words after the command's name; None takes those of the process.

    Returns:
        The exit code: 0, 2 for a mistake that the user can mend, 130 after Ctrl-C, 1 for anything else.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    from .errors import Interrupted, UserError, did_you_mean

    try:
        name = argv[0] if argv else ""
        if name in COMMANDS:
            return _command(name, argv[1:])
        if name and not name.startswith("-"):
            raise UserError(f'workbench: no command "{name}"; {did_you_mean(name, COMMANDS)}')
        parser = _parser()
        parser.parse_args(argv)
        parser.print_help()
        return 0
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        return error.code if isinstance(error, Interrupted) else 130
    except BrokenPipeError:  # `workbench runs | head` closed the pipe
        sys.stderr.close()
        return 0


def _command(name: str, words: Sequence[str]) -> int:
    """Parse the words of a subcommand and run it."""
    module = import_module(f".commands.{name}", __package__)
    parser = _Subcommand(
        f"workbench {name}",
        description=f"{COMMANDS[name].capitalize()}.",
        epilog=f"examples:{module.EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.arguments(parser)
    arguments, rest = parser.parse_known_intermixed_args(module.words(words) if hasattr(module, "words") else words)
    if rest:
        from .errors import UserError, did_you_mean

        known = [option for action in parser._actions for option in action.option_strings if option.startswith("--")]
        kind = "option" if rest[0].startswith("-") else "use for"
        raise UserError(f'{name}: no {kind} "{rest[0]}"' + (f"; {did_you_mean(rest[0], known)}" if kind == "option" else ""))
    return int(module.run(arguments))


class _Subcommand(argparse.ArgumentParser):
    """A parser that tells a mistake in one sentence."""

    def error(self, message: str) -> NoReturn:
        from .errors import UserError

        raise UserError(f"{self.prog.removeprefix('workbench ')}: {message.removeprefix('argument ')}")


def _parser() -> argparse.ArgumentParser:
    """What answers `workbench --help`."""
    width = max(map(len, COMMANDS)) + 2
    listed = "\n".join(f"  {name:<{width}}{text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        "workbench",
        usage="workbench [-h] [--version] COMMAND ...",
        description=f"Train recipes, and keep every run.\n\ncommands:\n{listed}",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    return parser


class _Version(argparse.Action):
    """--version, looked up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"workbench {version('workbench')}")
        except PackageNotFoundError:
            print("workbench, not installed")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
