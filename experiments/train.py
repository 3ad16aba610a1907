"""The life of a run from the command to its last status: begin or resume, train, and leave a record whatever happens."""

from __future__ import annotations

import importlib
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import provenance
from .code import module_file
from .compose import compose, overrides_for_resume
from .config_file import from_file, of_run
from .differences import HARMLESS, differences
from .errors import DivergedError, Interrupted, PrunedError, RunStoppedError, UserError, did_you_mean
from .files import folder_locked, is_disk_full, read_object
from .progress import Progress, duration
from .random_state import seed_all
from .record import Record, find, status
from .run import Run, Trial
from .signals import StopRequest
from .start import Start, where_to_go_on


def begin(
    overrides: Sequence[str], command: list[str], plain: bool | None = None, trial: Trial | None = None, config_file: Path | None = None
) -> int:
    """Compose a configuration, make a run of it and train.

    Args:
        overrides: Words of Hydra's grammar.
        command: The command line, for the record.
        plain: See `Progress`.
        trial: The sweep's part in it, if the run is a trial of one.
        config_file: A whole configuration, instead of one that is composed.

    Returns:
        The exit code.
    """
    config = compose(overrides) if config_file is None else from_file(config_file, overrides)
    if trial is None:
        return begin_with(config, command, plain)
    return begin_with(config, command, plain, trial=trial, folder=trial.folder, sweep=dict(trial.about))


def begin_with(
    config: Any,
    command: list[str],
    plain: bool | None = None,
    start: Start | None = None,
    trial: Trial | None = None,
    parent: str | None = None,
    folder: Path | None = None,
    **fields: Any,
) -> int:
    """Make a run of a configuration and train.

    Args:
        config: The configuration, checked.
        command: The command line, for the record.
        plain: See `Progress`.
        start: The checkpoint of another run to begin from.
        trial: See `begin`.
        parent: Id of the run that this one comes from.
        folder: Folder of the run; None takes a new one below `config.runs`.
        fields: More of `run.json`.

    Returns:
        The exit code.
    """
    from omegaconf import OmegaConf

    recipe = recipe_named(config.recipe)
    root = Path(config.runs)
    if start is not None:
        start.state()  # what cannot be read makes no run
    try:
        name, text = config.recipe.rpartition(".")[2], OmegaConf.to_yaml(config)
        record = Record.create(root, name, text, config.seed, parent, folder, **fields)
        state = start.copy_to(record.folder) if start is not None else None
    except OSError as error:
        raise UserError(f"train: cannot make a folder for the run in {root}/: {error.strerror}; choose another with runs=FOLDER") from error
    return _live(config, recipe, record, state, command, record.folder / "provenance", plain, trial=trial, start=start)


def resume(
    name: str, overrides: Sequence[str], command: list[str], root: Path, plain: bool | None = None, trial: Trial | None = None
) -> int:
    """Go on with a run from its last intact checkpoint, in its own folder.

    Args:
        name: The run, as `record.find` takes it.
        overrides: Changes that leave the result as it is, as `data.workers=2`.
        command: The command line, for the record.
        root: Folder of the runs.
        plain: See `Progress`.
        trial: As for `begin`.

    Returns:
        The exit code.
    """
    folder = find(root, name)
    warnings: list[str] = []
    with folder_locked(folder):  # of two who do this at once, the second finds it running
        about = read_object(folder / "run.json")
        now = status(about)
        if now == "running":
            process = about.get("process", {})
            where = f"process {process.get('pid')} on {process.get('host')}"
            raise UserError(f"train: run {folder.name} is still running ({where}); stop it first")
        if now == "finished":
            raise UserError(f"train: run {folder.name} is finished; workbench show {folder.name} prints its result")
        if not about:
            raise UserError(f"train: the run.json of {folder} cannot be read, so it is no run, or it is damaged; nothing in it was changed")
        config = of_run(folder)
        config = overrides_for_resume(config, overrides) if overrides else config
        recipe = recipe_named(config.recipe)
        state, start = where_to_go_on(folder, about, warnings.append)
        try:
            record = Record.reopen(folder, state["run"]["step"] if state is not None else 0)
        except OSError as error:
            raise UserError(
                f"train: cannot write to the folder of run {folder.name} ({error.strerror}); nothing in it was changed"
            ) from error
    again = folder / "provenance"
    if (again / "command.json").exists():  # the last file of a capture: a run may be killed before it
        again /= f"resumed-{len(record.about['resumed'])}"
    return _live(config, recipe, record, state, command, again, plain, warnings, trial, start)


def _live(
    config: Any,
    recipe: Callable[[Any, Run], Any],
    record: Record,
    state: Any,
    command: list[str],
    capture: Path,
    plain: bool | None,
    warnings: Sequence[str] = (),
    trial: Trial | None = None,
    start: Start | None = None,
) -> int:
    """Train, and turn however it ends into a status, a sentence and an exit code."""
    progress = Progress(record.log, plain, getattr(sys.modules.get(recipe.__module__), "UNIT", "samples"))
    stop = StopRequest(progress.message)
    run = None
    began = time.perf_counter()
    with stop.watch():
        try:
            set_threads(config)
            seed_all(config.seed)
            provenance.capture(capture, command, module_file(recipe.__module__), recipe.__module__)
            for text in warnings:
                progress.message(f"warning: {text}")
            progress.message(_opening(record, state, capture))
            run = Run(config, record, progress, stop, state, trial, start.adopt if start is not None else None)
            metrics = recipe(config, run)
            result = run.result(metrics)
            run.close()
            record.write_result(result)
            record.finish("finished")
            record.log(f"finished: {result}")
            _summary(record, result, time.perf_counter() - began)
            return 0
        except PrunedError as error:
            return _end(record, run, "pruned", str(error), 0)
        except KeyboardInterrupt as error:
            code = error.code if isinstance(error, Interrupted) else 130
            where = run.last_checkpoint() if run is not None else "the beginning"
            return _end(
                record, run, "interrupted", f"interrupted; workbench train --resume {record.folder.name} goes on from {where}", code
            )
        except DivergedError as error:
            origin = _origin(config, recipe, record, error.step, progress) if trial is None else ""
            return _end(record, run, "failed", f"{error}{origin}", 1)
        except RunStoppedError as error:
            return _end(record, run, "failed", str(error), 1)
        except UserError as error:
            return _end(record, run, "failed", str(error), 2)
        except MemoryError as error:
            return _end(record, run, "failed", f"out of memory: {error or 'no more to be had'}; lower data.batch_size or model.widths", 1)
        except Exception as error:
            if is_disk_full(error):
                text = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.filename else str(error)
                return _end(record, run, "failed", text, 1)
            if is_data_error(error):
                return _end(record, run, "failed", str(error), 2)
            record.log(traceback.format_exc())
            traceback.print_exc()
            return _end(record, run, "failed", f"{type(error).__name__}: {error}", 1)


def _end(record: Record, run: Run | None, said: str, text: str, code: int) -> int:
    """Leave the record of a run that did not come to its end, and tell why."""
    text = text if text.startswith(("train: ", "branch: ", "data: ", "checkpoint ")) else f"train: {text}"
    for close in (run.close if run is not None else lambda: None, lambda: record.finish(said, text)):
        try:
            close()
        except OSError as error:  # noqa: PERF203  # a full disk: the status stays "running" without a process, which is shown as lost
            print(f"train: the record could not be completed: {error.strerror}", file=sys.stderr)
    record.log(text)
    print(text, file=sys.stderr, flush=True)
    return code


def _origin(config: Any, recipe: Callable[[Any, Run], Any], record: Record, step: int, progress: Progress) -> str:
    """Look for what made the first nan or infinity, and tell it."""
    from .capsule import capture

    if not config.trainer.find_nan:
        return ""
    progress.message("looking for the operation that made it, from the last checkpoint on; Ctrl-C leaves that out")
    try:
        found = capture(config, recipe, record.folder, step)
    except (KeyboardInterrupt, Exception) as error:  # whatever the search meets, what stopped the run is told
        return f".\nIts origin was not found: {error or type(error).__name__}"
    if found is None:
        return ".\nIts origin was not found: the value did not come up again, so something outside of the run's state and seed takes part"
    return f".\nOrigin, step {found.step}: {found.origin}\nworkbench replay {found.folder} shows it again"


def recipe_named(name: str) -> Callable[[Any, Run], Any]:
    """The function `train(config, run)` of a recipe: a module of `workbench.recipes`, or any module by its dotted name."""
    module_name = name if "." in name else f"workbench.recipes.{name}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise UserError(f"train: the recipe {name} needs the module {error.name}, which is not installed; pip install it") from error
        from .compose import options

        raise UserError(f'train: no recipe "{name}"; {did_you_mean(name, options("recipe"))}') from error
    if not callable(getattr(module, "train", None)):
        raise UserError(f"train: expected the module {module_name} to have a function train(config, run), got none")
    return module.train


def set_threads(config: Any) -> None:
    """Set the number of threads that the configuration asks for."""
    if config.threads is not None:
        from workbench import engine

        engine.set_num_threads(config.threads)


def _opening(record: Record, state: Any, capture: Path) -> str:
    if not record.about["resumed"]:
        lineage = record.about.get("lineage") or {}
        origin = f", {lineage['kind']} of {lineage['parent']}" if lineage else ""
        opening = f"run {record.folder.name} in {record.folder}{origin}" + (f" from step {state['run']['step']}" if state else "")
        before = record.folder.parent / str(record.about["parent"]) / "provenance"
        return opening + (_changed(before, capture, f"run {record.about['parent']} began") if before.is_dir() else "")
    where = f"step {state['run']['step']}" if state else "the beginning, for it has no checkpoint yet"
    return f"run {record.folder.name} goes on from {where}{_changed(capture.parent, capture, 'the run began')}"


def _changed(before: Path, capture: Path, since: str) -> str:
    """Warnings of what has changed since another capture, each on a line of its own."""
    changed = [each for each in differences(before, capture) if each.kind not in HARMLESS]
    return "".join(f"\nwarning: since {since}, {each}; the result may differ" for each in changed[:10])


def is_data_error(error: Exception) -> bool:
    """Whether a data set is missing or damaged, which the user can put right."""
    from workbench.recipes.common.image_files import DataError

    return isinstance(error, DataError)


def _summary(record: Record, result: dict[str, Any], wall_s: float) -> None:
    """The table at the end."""
    rows = [(name.replace("/", " "), f"{value:.4f}") for name, value in result["metrics"].items()]
    if result["parameters"] is not None:
        rows.append(("parameters", f"{result['parameters']:,}"))
    rows += [
        ("steps", f"{result['steps']:,} in {result['epochs']} epochs"),
        ("time", f"{duration(result['train_s'])} of training, {duration(wall_s)} in all"),
        ("sha256", result["sha256"][:16]),
        ("run", str(record.folder)),
    ]
    if not sys.stdout.isatty():
        width = max(len(name) for name, _ in rows)
        print("\n".join(f"{name:<{width}}  {value}" for name, value in rows), flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, title=f"{record.about['recipe']}, finished", title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    Console().print(table)
