"""Reading what image data sets are published as: idx files, CIFAR's archive, folders of classes; and downloading it."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import pickle
import tarfile
import tempfile
import urllib.error
import urllib.request
import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp")


class DataError(Exception):
    """A data set that is not there, or is damaged: what was looked for where, and what to do. The user can put it right."""


def cache_folder() -> Path:
    """Where downloads are kept: $WORKBENCH_DATA, else ~/.cache/workbench."""
    return Path(os.environ.get("WORKBENCH_DATA") or Path.home() / ".cache" / "workbench")


def read_idx(path: Path) -> np.ndarray:
    """The array in an idx file (the format of MNIST), gzipped or not.

    Raises:
        DataError: The file is cut short, damaged, or no idx file.
    """
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (EOFError, OSError, zlib.error) as e:
            raise DataError(f"data: expected a whole gzip file, got a damaged one ({e}): {path}; delete it to get it again") from e
    kind, ndim = (raw[2], raw[3]) if len(raw) >= 4 and raw[:2] == b"\0\0" else (0, 0)
    if kind not in _IDX_TYPES or not 1 <= ndim <= 8 or len(raw) < 4 + 4 * ndim:
        raise DataError(f"data: expected an idx file, got one that begins with {raw[:4].hex(' ') or 'nothing'}: {path}")
    shape = tuple(np.frombuffer(raw, ">i4", ndim, 4).tolist())
    dtype = np.dtype(_IDX_TYPES[kind])
    wanted, there = math.prod(shape) * dtype.itemsize, len(raw) - 4 - 4 * ndim
    if wanted != there or min(shape) < 0:
        raise DataError(f"data: expected {wanted} bytes of values for shape {shape}, got {there}: {path}; delete it to get it again")
    return np.frombuffer(raw, dtype, offset=4 + 4 * ndim).reshape(shape).astype(dtype.newbyteorder("="))


def read_csv(path: Path) -> np.ndarray:
    """Integers between commas, in lines of one length, gzipped or not; float64.

    Raises:
        DataError: The file is cut short or damaged.
    """
    raw = path.read_bytes()
    try:
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode().strip()
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # how NumPy says that it stopped in the middle
            values = np.fromstring(text.replace("\n", ","), np.float64, sep=",")
        if not len(values):
            raise ValueError("it is empty")
        return values.reshape(text.count("\n") + 1, -1)
    except (EOFError, OSError, ValueError, DeprecationWarning, zlib.error) as e:
        raise DataError(f"data: expected lines of numbers, got a damaged file ({e}): {path}") from e


def md5_of(path: Path) -> str:
    """The file's MD5: what the publishers of these data sets give."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def download(urls: Sequence[str], path: Path, md5: str, timeout_s: float = 20.0) -> None:
    """Get a file from the first of `urls` that has it, whole and with the right checksum, or not at all.

    Raises:
        DataError: No network, or another file than was published.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for url in urls:
        handle, name = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as out, urllib.request.urlopen(url, timeout=timeout_s) as source:
                while block := source.read(1 << 20):
                    out.write(block)
            if (got := md5_of(part)) == md5:
                part.replace(path)
                return
            reasons.append(f"{url}: its MD5 is {got} where {md5} was published")
        except (OSError, urllib.error.URLError, ValueError) as e:
            reasons.append(f"{url}: {getattr(e, 'reason', None) or e}")
        finally:
            part.unlink(missing_ok=True)
    raise DataError("; ".join(reasons))


class _ArraysOnly(pickle.Unpickler):
    """Admits what CIFAR's files hold: dicts, lists, strings, and NumPy arrays of numbers."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")}:
            return np.empty(0).__reduce__()[0]
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        raise DataError(f"data: expected arrays and numbers in the archive, got {module}.{name}")


def read_arrays_pickle(raw: bytes, path: str) -> dict[bytes, Any]:
    """A pickled dict of arrays, without running what else a pickle may hold.

    Raises:
        DataError: The pickle is damaged, or holds something else.
    """
    try:
        value = _ArraysOnly(io.BytesIO(raw), encoding="bytes").load()
    except DataError:
        raise
    except Exception as e:  # a damaged pickle may raise anything
        raise DataError(f"data: expected a pickle of arrays, got a damaged one ({e}): {path}") from e
    if not isinstance(value, dict):
        raise DataError(f"data: expected a dict of arrays, got {type(value).__name__}: {path}")
    return value


def read_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    """The regular files of a tar archive: their names and contents; nothing is unpacked to disk.

    Raises:
        DataError: The archive is damaged.
    """
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    yield member.name, file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as e:
        raise DataError(f"data: expected a whole tar archive, got a damaged one ({e}): {path}") from e


def read_folder(path: Path) -> Iterator[tuple[str, bytes]]:
    """The pictures below a folder: their names relative to it and contents."""
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() in PICTURES:
            yield str(file.relative_to(path)), file.read_bytes()


def read_classes(files: Iterator[tuple[str, bytes]], where: Path) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], tuple[str, ...]]:
    """Pictures named `{train,test}/{class}/{file}` as arrays.

    Returns:
        For "train" and "test" the images (n, channels, height, width), uint8, and the labels (n,), int64; and the names of the classes.

    Raises:
        DataError: A picture is damaged or of another size, or there is no train or test part.
    """
    from PIL import Image, UnidentifiedImageError

    found: dict[str, list[tuple[str, str, np.ndarray]]] = {"train": [], "test": []}
    for name, raw in files:
        part, kind, file = ("", "", *Path(name).parts)[-3:] if len(Path(name).parts) >= 3 else ("", "", "")
        if part not in found or Path(file).suffix.lower() not in PICTURES:
            continue
        try:
            with Image.open(io.BytesIO(raw)) as picture:
                array = np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
        except (UnidentifiedImageError, OSError, SyntaxError) as e:
            raise DataError(f"data: expected a picture, got a damaged one ({e}): {where}: {name}") from e
        first = found[part][0][2].shape if found[part] else array.shape
        if array.shape != first:
            raise DataError(f"data: expected pictures of one size, {first}, got {array.shape}: {where}: {name}")
        found[part].append((kind, file, array))
    if not all(found.values()):
        counts = ", ".join(f"{len(v)} in {k}/" for k, v in found.items())
        raise DataError(f"data: expected pictures in train/CLASS/ and test/CLASS/, got {counts}: {where}")
    classes = tuple(sorted({kind for kind, _, _ in found["train"]}))
    unknown = {kind for kind, _, _ in found["test"]} - set(classes)
    if unknown:
        raise DataError(f"data: expected the classes of train/ in test/, got {', '.join(sorted(unknown))} as well: {where}")
    out = {}
    for part, entries in found.items():
        entries.sort(key=lambda entry: entry[:2])
        images = np.stack([array if array.ndim == 3 else array[:, :, None] for _, _, array in entries])
        labels = np.array([classes.index(kind) for kind, _, _ in entries], np.int64)
        out[part] = np.ascontiguousarray(images.transpose(0, 3, 1, 2)), labels
    return out, classes
