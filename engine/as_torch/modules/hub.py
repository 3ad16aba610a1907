"""`torch.hub`, which fetches code and weights from the internet: nothing is fetched here, and each function says what to do."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlparse as urlparse

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")


def _get_torch_home() -> str:
    """The folder of all that PyTorch keeps between programs."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "torch")
    return str(Path(home).expanduser())


def get_dir() -> str:
    """The folder where PyTorch keeps what it fetched."""
    return str(Path(_get_torch_home(), "hub"))


def set_dir(d: Any) -> None:
    """Not here: nothing is fetched."""
    load(d)


def load(repo_or_dir: Any, *args: Any, **kwargs: Any) -> Any:
    """Not here: code from elsewhere is not run."""
    raise NotImplementedError(f"hub: expected no code from elsewhere, got {repo_or_dir!r}; install the package and import it")


help = list = load


def load_state_dict_from_url(url: str, model_dir: Any = None, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The weights that PyTorch has fetched earlier; nothing is fetched here.

    Raises:
        FileNotFoundError: They are not in its folder.
    """
    from ...serialization import load as load_file

    path = Path(model_dir or Path(get_dir(), "checkpoints"), kwargs.get("file_name") or Path(url).name)
    if not path.is_file():
        raise FileNotFoundError(f"hub: expected {path}, got no such file; nothing is fetched here: put the file of {url} there")
    return load_file(path, map_location)


load_url = load_state_dict_from_url


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Not here: nothing is fetched."""
    raise NotImplementedError(f"hub: expected {dst} to be there, got no such file; nothing is fetched here: put the file of {url} there")


class _Bar:
    """A bar of progress that is not drawn."""

    def __init__(self, iterable: Any = None, *args: Any, **options: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Any:
        return iter(self.iterable)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def update(self, n: int = 1) -> None:
        """Say that `n` more are done."""

    close = update


try:
    from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]
except ImportError:
    tqdm = _Bar
