"""The command `workbench`. What a subcommand needs is imported when it runs: `workbench --help` takes a fraction of Hydra's import time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

_EPILOG = """examples:
  workbench train +recipe=resnet                      train a residual network on scikit-learn's digits
  workbench train +recipe=resnet data=mnist5k         on other images
  workbench train +recipe=resnet optim.lr=0.05 trainer.epochs=3
  workbench train --resume last                       go on with the newest run
  workbench runs                                      list the runs
  tensorboard --logdir runs                           look at their curves
"""

_TRAIN = """examples:
  workbench train +recipe=resnet                      the recipe as it is
  workbench train +recipe=resnet optim=adamw          another option of a group
  workbench train +recipe=resnet optim.lr=0.05 seed=3 any key
  workbench train +recipe=resnet --show               print the configuration and the options, train nothing
  workbench train --resume last                       go on with the newest run, exactly
  workbench train --resume 261123-0917 data.workers=2 with what changes no result

Ctrl-C finishes the step, saves a checkpoint and stops; a second one stops at once.
"""

_RUNS = """examples:
  workbench runs                       the newest 20
  workbench runs --all --json          everything, for another program
  workbench runs resnet                those of one recipe
"""

_SHOW = """examples:
  workbench show last
  workbench show 261123-0917           the beginning of an id is enough
  workbench show last --json
"""

_BENCH = """examples:
  workbench bench                      every benchmark
  workbench bench --help               what there is
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
        if argv[:1] == ["bench"]:
            return _bench(argv[1:])
        if argv and not argv[0].startswith("-") and argv[0] not in [*_COMMANDS, "bench"]:
            raise UserError(f'workbench: no command "{argv[0]}"; {did_you_mean(argv[0], [*_COMMANDS, "bench"])}')
        parser = _parser()
        arguments, rest = parser.parse_known_args(argv)
        if arguments.command is None:
            parser.print_help()
            return 0
        return int(_COMMANDS[arguments.command](arguments, rest))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        return error.code if isinstance(error, Interrupted) else 130
    except BrokenPipeError:  # `workbench runs | head` closed the pipe
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("workbench", description="Train recipes, and keep every run.", epilog=_EPILOG, formatter_class=layout)
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    train = commands.add_parser("train", help="train a recipe, or go on with a run", epilog=_TRAIN, formatter_class=layout)
    train.description = "Train a recipe. The configuration is composed by Hydra from conf/ and the words KEY=VALUE."
    train.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="+recipe=NAME, GROUP=OPTION, or any key of the configuration")
    train.add_argument("--resume", metavar="RUN", help='go on with a run: "last", an id or its beginning, or a path')
    train.add_argument("--show", action="store_true", help="print the configuration and the options that there are, and train nothing")
    train.add_argument("--plain", action="store_true", help="lines instead of a progress bar, as where the output is no terminal")
    _add_runs(train)

    runs = commands.add_parser("runs", help="list runs", epilog=_RUNS, formatter_class=layout)
    runs.add_argument("recipe", nargs="?", help="only the runs of this recipe")
    runs.add_argument("--all", action="store_true", help="more than the newest 20")
    runs.add_argument("--json", action="store_true", help="print JSON")
    _add_runs(runs)

    show = commands.add_parser("show", help="show a run", epilog=_SHOW, formatter_class=layout)
    show.add_argument("run", metavar="RUN", help='"last", an id or its beginning, or a path')
    show.add_argument("--json", action="store_true", help="print JSON")
    _add_runs(show)

    commands.add_parser("bench", help="time the engine, against torch where it is installed", epilog=_BENCH, formatter_class=layout)
    return parser


def _add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", default="runs", metavar="FOLDER", type=Path, help="folder of the runs (default: runs)")


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


def _train(arguments: argparse.Namespace, rest: Sequence[str]) -> int:
    more = [word for word in rest if not word.startswith("-")]  # argparse leaves out what follows an option
    _refuse([word for word in rest if word not in more], "train", ("--resume", "--show", "--plain", "--runs"))
    from . import train

    arguments.overrides += more
    command = ["workbench", *sys.argv[1:]]
    if arguments.resume is not None:
        return train.resume(arguments.resume, arguments.overrides, command, arguments.runs, arguments.plain or None)
    overrides = list(arguments.overrides)
    if arguments.runs != Path("runs"):
        overrides.append(f"runs={arguments.runs}")
    if arguments.show:
        return _show_configuration(overrides)
    return train.begin(overrides, command, arguments.plain or None)


def _show_configuration(overrides: Sequence[str]) -> int:
    from omegaconf import OmegaConf

    from .compose import compose, groups

    if overrides:
        print(OmegaConf.to_yaml(compose(overrides)))
    print("options:")
    for group, options in groups().items():
        print(f"  {'+' if group == 'recipe' else ''}{group}=  {'  '.join(options)}")
    return 0


def _runs(arguments: argparse.Namespace, rest: Sequence[str]) -> int:
    _refuse(rest, "runs", ("--all", "--json", "--runs"))
    from .listing import list_runs

    return list_runs(arguments.runs, arguments.recipe, arguments.all, arguments.json)


def _show(arguments: argparse.Namespace, rest: Sequence[str]) -> int:
    _refuse(rest, "show", ("--json", "--runs"))
    from .listing import show_run

    return show_run(arguments.runs, arguments.run, arguments.json)


def _bench(words: Sequence[str]) -> int:
    from .errors import UserError

    try:
        from .bench import main as bench
    except ModuleNotFoundError as error:
        if error.name != f"{__package__}.bench":
            raise UserError(f"bench: the module {error.name} is not installed; pip install it") from error
        raise UserError("bench: this build of workbench has no benchmarks") from error
    return int(bench(list(words)) or 0)


def _refuse(rest: Sequence[str], command: str, known: Sequence[str]) -> None:
    if rest:
        from .errors import UserError, did_you_mean

        raise UserError(f'{command}: no option "{rest[0]}"; {did_you_mean(rest[0], known)}')


_COMMANDS = {"train": _train, "runs": _runs, "show": _show}

if __name__ == "__main__":
    sys.exit(main())
