"""Runs that are no longer wanted: moved to `.trash` in one step, brought back from there, and removed for good only when that is asked for.

    runs/.trash/<recipe>/<id>/     a deleted run, whole
    runs/.trash/.gone/...          what is being removed for good; an interrupted removal is completed by the next

A rename either happens or does not, so that no interruption leaves a part of a run.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import UserError, did_you_mean
from .files import read_object, runs_text, size_text, sync_folder
from .listing import Choice, chosen
from .record import status
from .showing import one

TRASH = ".trash"
_GONE = ".gone"
_SHOWN = 10


def delete_runs(root: Path, names: Sequence[str], where: str | None, yes: bool) -> int:
    """Move runs to the trash, after asking.

    Args:
        root: Folder of the runs.
        names: Runs, as `record.find` takes them.
        where: A query (`query.py`); the runs that it is true of go, too.
        yes: Do not ask.

    Returns:
        The exit code: 0, or 1 where the answer was no.

    Raises:
        UserError: A run is still running, is not in this folder, or nobody can be asked.
    """
    folders = selected(root, names, where, "delete")
    if not folders:
        print(f"none of the runs in {root}/ is one of these")
        return 0
    refuse_running(folders, "delete")
    size = sum(folder_bytes(folder) for folder in folders)
    print("\n".join(map(str, folders[:_SHOWN])) + (f"\nand {len(folders) - _SHOWN} more" if len(folders) > _SHOWN else ""))
    if not _agreed(f"move {runs_text(len(folders))} ({size_text(size)}) to {root / TRASH}/?", yes, "delete"):
        return 1
    refuse_running(folders, "delete")  # an answer may take hours
    for folder in folders:
        _move(folder, _free(root / TRASH / folder.parent.name / folder.name))
    undo = f"workbench delete --undo {folders[0].name}" if len(folders) == 1 else "workbench delete --undo ID"
    print(f"moved {runs_text(len(folders))}; {undo} brings back, workbench delete --purge frees the space")
    return 0


def undo(root: Path, names: Sequence[str]) -> int:
    """Bring deleted runs back.

    Raises:
        UserError: A run is not in the trash, or its place is taken.
    """
    there = _trashed(root)
    for name in names:
        matches = [folder for folder in there if name in (folder.name, f"{folder.parent.name}/{folder.name}")]
        matches = matches or [folder for folder in there if folder.name.startswith(name)]
        if len(matches) != 1:
            hint = did_you_mean(name, [folder.name for folder in there]) if not matches else "give more of its id"
            raise UserError(f'delete: {"no" if not matches else "more than one"} run "{name}" in {root / TRASH}/; {hint}')
        place = root / matches[0].parent.name / matches[0].name
        if place.exists():
            raise UserError(f"delete: {place} is there already, so the deleted run of this name stays in {root / TRASH}/")
        _move(matches[0], place)
        print(f"{place} is back")
    return 0


def purge(root: Path, yes: bool) -> int:
    """Remove what is in the trash for good, after asking.

    Returns:
        The exit code: 0, or 1 where the answer was no.
    """
    folders = list(_trashed(root))
    gone = root / TRASH / _GONE
    if not folders:
        shutil.rmtree(gone, ignore_errors=True)
        print(f"there is nothing in {root / TRASH}/")
        return 0
    size = sum(folder_bytes(folder) for folder in folders)
    if not _agreed(f"remove {runs_text(len(folders))} ({size_text(size)}) in {root / TRASH}/ for good?", yes, "delete"):
        return 1
    for folder in folders:
        _move(folder, gone / secrets.token_hex(8))  # first out of reach: what is removed in part is brought back by nobody
        shutil.rmtree(gone, ignore_errors=True)
    print(f"removed {runs_text(len(folders))}, {size_text(size)}")
    return 0


def selected(root: Path, names: Sequence[str], where: str | None, command: str) -> list[Path]:
    """The folders of the runs that a user names, and of those that a query is true of, each once.

    Raises:
        UserError: A run is not there, or lies in another folder than `root`.
    """
    if not names and where is None:
        raise UserError(f"{command}: expected runs or --where QUERY; name some, as in workbench {command} last")
    folders = [one(root, name, command).path for name in names]
    for folder in folders:
        if folder.resolve().parent.parent != root.resolve():
            raise UserError(f"{command}: {folder} is not in {root}/; say where it is with --runs FOLDER")
    if where is not None:
        folders += [entry.path for entry in chosen(root, Choice(where=where), command)[0]]
    return list({folder.resolve(): folder for folder in folders}.values())


def refuse_running(folders: Sequence[Path], command: str) -> None:
    """Refuse runs that a process is writing to.

    Raises:
        UserError: The message names the first.
    """
    for folder in folders:
        if status(read_object(folder / "run.json")) == "running":
            raise UserError(f"{command}: run {folder.name} is still running; stop it first, nothing was changed")


def folder_bytes(folder: Path) -> int:
    """Sizes of all files in a folder, together."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.lstat().st_size if not path.is_dir() else 0
    return total


def _trashed(root: Path) -> list[Path]:
    recipes = [recipe for recipe in sorted((root / TRASH).glob("*")) if not recipe.name.startswith(".") and recipe.is_dir()]
    return [run for recipe in recipes for run in sorted(recipe.iterdir()) if run.is_dir()]


def _move(folder: Path, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(place)
    except OSError as error:
        raise UserError(f"delete: {folder} cannot be moved to {place} ({error.strerror}); it is where it was") from error
    sync_folder(place.parent)
    sync_folder(folder.parent)


def _free(place: Path) -> Path:
    """The place, or one beside it where it is taken: a run of this name was deleted before."""
    number = 1
    found = place
    while found.exists():
        number += 1
        found = place.with_name(f"{place.name}.{number}")
    return found


def _agreed(question: str, yes: bool, command: str) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UserError(f"{command}: nobody can be asked here; say --yes, nothing was changed")
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() in ("y", "yes"):
        return True
    print("nothing was changed")
    return False
