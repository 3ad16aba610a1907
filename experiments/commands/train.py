"""`workbench train`: begin a run, or go on with one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from . import sweep
from .common import folder_of_runs
from .sweep import how_jobs_go

EXAMPLES = """
  workbench train +recipe=resnet                      the recipe as it is
  workbench train +recipe=resnet optim=adamw          another option of a group
  workbench train +recipe=resnet optim.lr=0.05 seed=3 any key
  workbench train +recipe=resnet --show               print the configuration and the options, train nothing
  workbench train --resume last                       go on with the newest run, exactly
  workbench train --resume 261123-0917 data.workers=2 with what changes no result
  workbench train --config runs/sweeps/NAME/best.yaml seed=1
  workbench train -m +recipe=resnet seed=0,1,2 optim.lr=0.1,0.2     six runs

Ctrl-C finishes the step, saves a checkpoint and stops; a second one stops at once.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.description = "Train a recipe. The configuration is composed by Hydra from conf/ and the words KEY=VALUE."
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="+recipe=NAME, GROUP=OPTION, or any key of the configuration")
    parser.add_argument("--resume", metavar="RUN", help='go on with a run: "last", an id or its beginning, or a path')
    parser.add_argument("--show", action="store_true", help="print the configuration and the options that there are, and train nothing")
    parser.add_argument("--plain", action="store_true", help="lines instead of a progress bar, as where the output is no terminal")
    parser.add_argument("--config", type=Path, metavar="FILE", help="a whole configuration, as a run's config.yaml or a sweep's best.yaml")
    parser.add_argument("-m", "--multirun", action="store_true", help="keys may have several values, and each combination is a run")
    how_jobs_go(parser.add_argument_group("with -m"))
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Train."""
    from .. import train

    command = ["workbench", *sys.argv[1:]]
    if arguments.multirun:
        _refuse_beside("-m", arguments, "resume", "show", "config")
        return sweep.run(arguments, multirun=True)
    if arguments.config is not None:
        _refuse_beside("--config", arguments, "resume", "show")
    if arguments.resume is not None:
        return train.resume(arguments.resume, arguments.overrides, command, arguments.runs, arguments.plain or None)
    overrides = list(arguments.overrides)
    if arguments.runs != Path("runs"):
        overrides.append(f"runs={arguments.runs}")
    if arguments.show:
        return _show_configuration(overrides)
    return train.begin(overrides, command, arguments.plain or None, config_file=arguments.config)


def _refuse_beside(option: str, arguments: Namespace, *others: str) -> None:
    from ..errors import UserError

    for other in others:
        if getattr(arguments, other):
            raise UserError(f"train: {option} and --{other} do not go together; leave out one")


def _show_configuration(overrides: Sequence[str]) -> int:
    from omegaconf import OmegaConf

    from ..compose import compose, groups

    if overrides:
        print(OmegaConf.to_yaml(compose(overrides)))
    print("options:")
    for group, options in groups().items():
        print(f"  {'+' if group == 'recipe' else ''}{group}=  {'  '.join(options)}")
    return 0
