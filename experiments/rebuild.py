"""The recorded code of a run, put together again in a temporary folder: the commit, the patch of what was changed, the files added.

The compiled kernels of the installed build are used where they are the recorded ones, or were built from the same sources; else they are
built there, which takes minutes.
"""

from __future__ import annotations

import contextlib
import filecmp
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .code import FOLDERS, git, native_digest, native_file
from .errors import UserError
from .files import read_object

_HERE = Path(__file__).resolve().parents[1]
_BEGIN = """import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from workbench.experiments.again import main
sys.exit(main(sys.argv[1:]))
"""
_NATIVE_SOURCES = (".c", ".h", ".pyx", ".pxi")
_BUILD_FILES = ("setup.py", "pyproject.toml")


@dataclass
class Code:
    """Code that a process can be started with.

    Args:
        how: "rebuilt", or "installed" for what is there now.
        native: "recorded", "same sources", "built" or "installed": where the compiled kernels come from.
        paths: Folders to import from before all others.
        moved: The recorded root and the folder that stands for it.
    """

    how: str
    native: str = "installed"
    paths: list[str] = field(default_factory=list)
    moved: tuple[Path, Path] | None = None

    def import_folders(self, before: Sequence[str]) -> list[str]:
        """`sys.path` of a process that imports this code, in place of what it was."""
        kept = [path for path in before if path]  # the working folder may hold the code as it is now
        return [*self.paths, *(kept if self.moved is None else [str(_moved(Path(path), *self.moved)) for path in kept])]

    def as_recorded(self, text: str) -> str:
        """A text with the paths of the temporary folder turned into those of the recorded one."""
        if self.moved is None:
            return text
        root, tree = map(str, self.moved)
        for path in self.paths:
            text = text.replace(f"{path}/workbench/", f"{root}/")
        return text.replace(tree, root)


@contextlib.contextmanager
def recorded_code(run: Path, say: Callable[[str], None]) -> Iterator[Code]:
    """The code of a run, rebuilt for as long as the block runs.

    Args:
        run: The run's folder.
        say: Is told what takes long, and what could not be had as it was.

    Raises:
        UserError: The commit is gone, or the patch does not fit it.
    """
    about = read_object(run / "provenance" / "code.json")
    with tempfile.TemporaryDirectory(prefix="workbench-") as name:
        place = Path(name).resolve()
        if about.get("commit") is None:
            yield _without_repository(run, about, place, say)
            return
        root = _repository_of(run, about)
        tree = place / "code"
        if git(root, "worktree", "add", "--detach", str(tree), about["commit"]) is None:
            raise UserError(f"rerun: git could not check out commit {about['commit'][:10]} of {root}; workbench rerun --code installed")
        try:
            _change(run, about, root, tree, say)
            code = Code("rebuilt", moved=(Path(about["root"]), tree))
            if all((tree / folder).is_dir() for folder in FOLDERS) and (tree / "setup.py").is_file():
                _lay_out(tree, place)
                code.paths.append(str(place / "ns"))
                code.native = _native(about, tree, say)
            if about.get("path") is not None:
                code.paths.append(str(tree / about["path"]))
            yield code
        finally:
            git(root, "worktree", "remove", "--force", str(tree))
            git(root, "worktree", "prune")


@contextlib.contextmanager
def code_of(run: Path, which: str, say: Callable[[str], None]) -> Iterator[Code]:
    """The code of a run: "recorded", as `recorded_code` rebuilds it, or "installed", as it is now."""
    if which == "installed":
        yield installed_code(run)
        return
    with recorded_code(run, say) as code:
        yield code


def installed_code(run: Path) -> Code:
    """The code as it is now."""
    about = read_object(run / "provenance" / "code.json")
    path, root = about.get("path"), Path(about.get("root") or ".")
    return Code("installed", paths=[str(root / path)] if path is not None and (root / path).is_dir() else [])


def working_folder(run: Path) -> Path | None:
    """Where a run's command was given, for its relative paths; None where that is gone."""
    recorded = Path(read_object(run / "provenance" / "command.json").get("folder") or ".")
    return recorded if recorded.is_dir() else None


def start(code: Code, words: list[str], cwd: Path | None = None, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run `experiments.again` with this code in a process of its own.

    Args:
        code: What it imports.
        words: Its words.
        cwd: Its working folder.
        options: For `subprocess.run`.
    """
    folders = json.dumps(code.import_folders(sys.path))
    return subprocess.run([sys.executable, "-c", _BEGIN, folders, *words], cwd=cwd, check=False, **options)


def _repository_of(run: Path, about: dict[str, Any]) -> Path:
    """A repository that has the commit: the recorded one, or that of workbench where this is another copy of it."""
    for root in (Path(about["root"]), _HERE):
        if root.is_dir() and git(root, "cat-file", "-e", about["commit"] + "^{commit}") is not None:
            return root
    raise UserError(
        f"rerun: commit {about['commit'][:10]} of run {run.name} is not in {about['root']}; fetch it, or compare with the code as it is: "
        f"workbench rerun {run.name} --verify --code installed"
    )


def _change(run: Path, about: dict[str, Any], root: Path, tree: Path, say: Callable[[str], None]) -> None:
    """Apply the patch, and put the untracked files where they were."""
    patch = run / "provenance" / "dirty.patch"
    if about.get("dirty"):
        if not patch.is_file():
            raise UserError(f"rerun: the run's dirty.patch is missing, so its code cannot be rebuilt; give {patch} back")
        if git(tree, "apply", "--index", "--whitespace=nowarn", str(patch.resolve())) is None:
            raise UserError(f"rerun: {patch} does not fit commit {about['commit'][:10]}, so one of them was changed after the run")
    for name, entry in (about.get("untracked") or {}).items():
        kept, place = run / "provenance" / "untracked" / name, tree / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if kept.is_file():
            shutil.copyfile(kept, place)
        elif (root / name).is_file() and (root / name).stat().st_size == entry.get("bytes"):
            place.symlink_to(root / name)  # too large to be kept, and still there
        else:
            say(f"the untracked file {name} was too large to be kept and is no longer in {root} as it was")


def _without_repository(run: Path, about: dict[str, Any], place: Path, say: Callable[[str], None]) -> Code:
    """Code that is in no repository: the recipe's file is kept with the run; of workbench there are only the sums of its files."""
    kept, module = run / "provenance" / "untracked", about.get("module") or ""
    if not kept.is_dir() or "." in module:  # of a package, only the recipe's own file is kept
        say("the run's code is in no repository, so the code runs that is installed; what of it differs from the recorded code is named")
        return installed_code(run)
    shutil.copytree(kept, place / "code")
    return Code("rebuilt", paths=[str(place / "code")])


def _lay_out(tree: Path, place: Path) -> None:
    """The folders as the package workbench."""
    package = place / "ns" / "workbench"
    package.mkdir(parents=True)
    for folder in FOLDERS:
        (package / folder).symlink_to(tree / folder)


def _native(about: dict[str, Any], tree: Path, say: Callable[[str], None]) -> str:
    """Give the tree its compiled kernels."""
    file = native_file()
    recorded = about.get("native")
    if file is not None and (recorded == native_digest() or _same_sources(tree)):
        shutil.copyfile(file, tree / "ext" / "core" / file.name)
        return "recorded" if recorded == native_digest() else "same sources"
    say("the kernels have changed since the run; building those of its commit, which takes some minutes")
    done = subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=tree, capture_output=True, check=False)
    if done.returncode:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise UserError(f"rerun: the kernels of commit {about['commit'][:10]} could not be built: {last}")
    return "built"


def _same_sources(tree: Path) -> bool:
    """Whether the kernels' sources in a tree are those of the installed checkout."""
    if not (_HERE / "setup.py").is_file():
        return False
    there, here = ({p.relative_to(top) for p in (top / "ext").rglob("*") if p.suffix in _NATIVE_SOURCES} for top in (tree, _HERE))
    names = [*map(Path, _BUILD_FILES), *there]
    return there == here and all(filecmp.cmp(_HERE / name, tree / name, shallow=False) for name in names)


def _moved(path: Path, root: Path, tree: Path) -> Path:
    """What stands for a folder below the recorded root; others, and what no commit holds, as a virtual environment, stay as they are."""
    path, root = path.resolve(), root.resolve()
    instead = tree / path.relative_to(root) if path.is_relative_to(root) else path
    return instead if instead.is_dir() else path
