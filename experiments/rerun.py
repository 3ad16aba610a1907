"""Doing a run again with its own code, and certifying that it comes to the same bits."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import provenance
from .certificate import certificate
from .compose import overridden
from .config_file import of_run
from .differences import Difference, differences
from .errors import UserError
from .files import read_json, read_object, write_json
from .rebuild import Code, code_of, start, working_folder
from .record import find, new_folder, status
from .start import Start

_CODE_KINDS = ("commit", "dirty file", "untracked file", "package file")


def rerun(name: str, overrides: Sequence[str], root: Path, command: list[str], verify: bool, code: str) -> int:
    """Do a run again.

    Args:
        name: The run, as `record.find` takes it.
        overrides: Keys that are to differ; the certificate names them.
        root: Folder of the runs.
        command: The command line, for the record.
        verify: Whether to compare, and to write the certificate.
        code: "recorded" or "installed".

    Returns:
        0 if the bits are equal, 1 if not; without `verify`, the exit code of the run.
    """
    folder = find(root, name).resolve()
    about = read_object(folder / "run.json")
    now = status(about)
    if now != "finished":
        raise UserError(f"rerun: run {folder.name} is {now}, so there is no result to come to again; workbench train --resume finishes it")
    config = of_run(folder)
    if overrides:
        config = overridden(config, overrides)
    with code_of(folder, code, _say) as made:
        made_folder = _do(folder, config, overrides, command, made)
        result = read_json(made_folder / "result.json")
        if result is None:
            raise UserError(f"rerun: run {made_folder.name} did not come to its end; its record is in {made_folder}")
        if not verify:
            print(f"run {made_folder.name} did run {folder.name} again", flush=True)
            return 0
        how = {"how": made.how, "native": made.native, "commit": read_object(folder / "provenance" / "code.json").get("commit")}
        checkout = _checkout(folder) if made.how == "rebuilt" else []
    about_both = certificate(folder, made_folder, how, checkout)
    for each in (folder, made_folder):
        write_json(each / "certificate.json", about_both)
    _tell(about_both, made_folder)
    return 0 if about_both["verdict"] == "equal" else 1


def _do(folder: Path, config: Any, overrides: Sequence[str], command: list[str], code: Code) -> Path:
    """Run the training in a process with its code. Returns the new run's folder."""
    from omegaconf import OmegaConf

    about = read_json(folder / "run.json")
    made = new_folder(folder.parent)
    made.rmdir()
    config.runs = str(folder.parents[1])
    lineage = {"kind": "rerun", "parent": folder.name, "step": 0, "overrides": list(overrides), "changed": []}
    begin = Start.of(folder, about)
    with tempfile.TemporaryDirectory(prefix="workbench-") as place:
        request = Path(place) / "request.json"
        write_json(
            request,
            {
                "config": OmegaConf.to_container(config),
                "command": command,
                "plain": True,
                "start": begin.plain() if begin is not None else None,
                "run": {"folder": str(made), "parent": folder.name, "lineage": lineage},
            },
        )
        done = start(code, [str(request)], working_folder(folder))
    if not made.is_dir():
        raise UserError(f"rerun: the code of run {folder.name} did not begin (exit code {done.returncode})")
    return made


def _checkout(folder: Path) -> list[Difference]:
    """What differs between the recorded code and that which lies in its place now."""
    about = read_object(folder / "provenance" / "code.json")
    root = Path(about.get("root") or ".")
    if not root.is_dir():
        return []
    with tempfile.TemporaryDirectory(prefix="workbench-") as place:
        provenance.capture(Path(place), [], root)
        return [each for each in differences(folder / "provenance", Path(place)) if each.kind in _CODE_KINDS]


def _tell(about: dict[str, Any], made: Path) -> None:
    """Print the verdict."""
    compared, first = about["compared"], about["first_difference"]
    counts = f"{compared['steps']:,} steps, {compared['scalars']:,} scalars and {compared['digests']:,} digests of the parameters"
    if first is None:
        print(f"equal: {counts} agree to the bit, sha256 {compared['sha256'][0][:16]}")
    else:
        values = " became ".join(_shown(first.get(side), first.get(f"{side}_bits")) for side in ("run", "rerun"))
        print(f"different from step {first['step']} on: {first['what']} {values}")
        print(f"up to there {counts} agree to the bit")
    if about["differences"]:
        print("what the two runs were made of differs:" if first is not None else "equal, although what the two runs were made of differs:")
        print("\n".join(f"  {each['text']}" for each in about["differences"]))
    elif first is not None:
        print("nothing of what is recorded differs: something takes part that is neither code, package, machine, data nor configuration")
    if about["checkout"]:
        print("the code lies otherwise now; the recorded code was rebuilt and run:")
        print("\n".join(f"  {each['text']}" for each in about["checkout"]))
    print(f"certificate: {made / 'certificate.json'}", flush=True)


def _shown(value: Any, digits: str | None) -> str:
    text = f"{value:.9g}" if isinstance(value, float) else str(value)
    return f"{text} (bits {digits})" if digits is not None else text


def _say(text: str) -> None:
    print(f"rerun: {text}", file=sys.stderr, flush=True)
