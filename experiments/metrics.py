"""`metrics.bin`: every logged scalar of a run with its exact bits, step by step, in one file that only grows.

The file is the eight bytes `WBMETR01` and then records, little-endian:

    length    uint32   bytes of the payload
    crc       uint32   CRC-32 (zlib) of the payload
    payload            one byte that tells its kind, then

    kind 1, a name:    uint32 number, then the name in UTF-8. Names are numbered from 0 as they come.
    kind 2, scalars:   uint64 step, float64 seconds since 1970, then for each scalar uint32 number of its name, uint8 type, 8 bytes value
                       (type 1 float64; 2 float32 in the first four bytes; 3 int64)
    kind 3, a digest:  uint64 step, 8 bytes that stand for the parameters after it, 8 bytes that stand for all digests so far (digest.py)

Other kinds are passed over, so that later versions can add some. What follows the last whole record is the torn tail of a killed
process and no error.
"""

from __future__ import annotations

import math
import os
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from .errors import UserError

MAGIC = b"WBMETR01"
_FRAME = struct.Struct("<II")
_NAME, _SCALARS, _DIGEST = 1, 2, 3
_HEAD = struct.Struct("<BQd")
_ENTRY = struct.Struct("<IB")
_DIGEST_BODY = struct.Struct("<BQ8s8s")
_F64, _F32, _I64 = 1, 2, 3


class NoMetricsError(UserError, ValueError):
    """A file that is none of this format."""


class Row(NamedTuple):
    """The scalars that were logged together.

    Args:
        step: Training steps done.
        time_s: When, in seconds since 1970.
        values: The scalars by name, with the type that they were logged with.
    """

    step: int
    time_s: float
    values: dict[str, float | int | np.float32]


class Digest(NamedTuple):
    """What stands for the parameters at a step.

    Args:
        step: Training steps done.
        own: Digest of the parameters after that step.
        rolling: Digest of this one and all before it.
    """

    step: int
    own: bytes
    rolling: bytes


class MetricsWriter:
    """Appends to a `metrics.bin`.

    Args:
        path: The file; made if it is not there.
        keep_bytes: Where to go on: what lies behind was written after the checkpoint that is resumed and is cut off. None keeps all
            whole records.
    """

    def __init__(self, path: Path, keep_bytes: int | None = None) -> None:
        self.path = path
        self._numbers: dict[str, int] = {}
        end = 0
        if path.exists():
            whole, names = _scan(path, keep_bytes)
            self._numbers = {name: number for number, name in enumerate(names)}
            end = whole
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._file.truncate(end)
        self._file.seek(end)
        if end == 0:
            self._file.write(MAGIC)

    def write(self, step: int, values: Mapping[str, Any]) -> None:
        """Append the scalars of one step: Python or NumPy numbers; float32 keeps its four bytes."""
        out = bytearray()
        body = bytearray(_HEAD.pack(_SCALARS, step, time.time()))
        for name, value in values.items():
            number = self._numbers.get(name)
            if number is None:
                number = self._numbers[name] = len(self._numbers)
                out += _framed(struct.pack("<BI", _NAME, number) + name.encode())
            if isinstance(value, np.float32):
                body += _ENTRY.pack(number, _F32) + struct.pack("<fxxxx", value)
            elif isinstance(value, (int, np.integer)) and -(1 << 63) <= value < 1 << 63:
                body += _ENTRY.pack(number, _I64) + struct.pack("<q", value)
            else:
                body += _ENTRY.pack(number, _F64) + struct.pack("<d", value)
        self._append(out + _framed(bytes(body)))

    def digest(self, step: int, own: bytes, rolling: bytes) -> None:
        """Append the digests of the parameters after a step, each of 8 bytes."""
        self._append(_framed(_DIGEST_BODY.pack(_DIGEST, step, own, rolling)))

    def position(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def sync(self) -> None:
        """Wait until the disk has what was written."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._file.close()

    def _append(self, data: bytes | bytearray) -> None:
        rest = memoryview(data)
        while rest:  # an unbuffered file may take a part; the call after that says why
            rest = rest[self._file.write(rest) :]

    def __enter__(self) -> MetricsWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_metrics(path: Path) -> Iterator[Row]:
    """The rows of a `metrics.bin`, in the order in which they were written.

    Raises:
        NoMetricsError: The file is none of this format.

    Example:
        >>> import tempfile; path = Path(tempfile.mkdtemp()) / "metrics.bin"
        >>> with MetricsWriter(path) as writer:
        ...     writer.write(1, {"train/loss": 0.5})
        >>> [(row.step, row.values) for row in read_metrics(path)]
        [(1, {'train/loss': 0.5})]
    """
    yield from Follower(path).rows()


class Follower:
    """Reads a `metrics.bin` that grows: each time what is new.

    Args:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._at = path, 0
        self._names: dict[int, str] = {}

    def rows(self) -> Iterator[Row]:
        """The rows since the last call; from the first on once more where the file was cut, as it is when a run is resumed.

        Raises:
            NoMetricsError: The file is none of this format.
        """
        if self.path.stat().st_size < self._at:
            self._at = 0
        for end, payload in _records(self.path, self._at):
            self._at = end
            if payload[0] == _NAME:
                self._names[struct.unpack_from("<I", payload, 1)[0]] = payload[5:].decode()
            elif payload[0] == _SCALARS:
                yield self._row(payload)

    def _row(self, payload: bytes) -> Row:
        _, step, time_s = _HEAD.unpack_from(payload)
        values: dict[str, float | int | np.float32] = {}
        for at in range(_HEAD.size, len(payload), _ENTRY.size + 8):
            number, kind = _ENTRY.unpack_from(payload, at)
            at += _ENTRY.size
            if kind == _F32:
                values[self._names[number]] = np.frombuffer(payload, "<f4", 1, at)[0]
            else:
                values[self._names[number]] = struct.unpack_from("<q" if kind == _I64 else "<d", payload, at)[0]
        return Row(step, time_s, values)


def read_digests(path: Path) -> list[Digest]:
    """The digests in a `metrics.bin`, in the order in which they were written.

    Raises:
        NoMetricsError: The file is none of this format.
    """
    return [Digest(*_DIGEST_BODY.unpack(payload)[1:]) for _, payload in _records(path) if payload[0] == _DIGEST]


def whole_bytes(path: Path) -> int:
    """Where the last whole record of a `metrics.bin` ends; 0 where there is no file of this format."""
    try:
        return _scan(path, None)[0]
    except (OSError, NoMetricsError):
        return 0


def series(path: Path, name: str) -> tuple[list[int], list[float]]:
    """Steps and values of one scalar."""
    rows = [(row.step, float(row.values[name])) for row in read_metrics(path) if name in row.values]
    return [step for step, _ in rows], [value for _, value in rows]


def _framed(payload: bytes) -> bytes:
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def _records(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """The payloads of the whole records from a place on where one ends, each with the place in the file where it ends."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    at = 0
    if start == 0:
        if data[: len(MAGIC)] != MAGIC:
            if MAGIC.startswith(data):
                return  # killed before the first eight bytes were there
            raise NoMetricsError(f"{path}: expected a file that begins with {MAGIC!r}, got {data[:8]!r}; it is damaged or none of a run")
        at = len(MAGIC)
    while at + _FRAME.size <= len(data):
        length, crc = _FRAME.unpack_from(data, at)
        payload = data[at + _FRAME.size : at + _FRAME.size + length]
        if len(payload) < length or not payload or zlib.crc32(payload) != crc:
            return
        at += _FRAME.size + length
        yield start + at, payload


def _scan(path: Path, limit: int | None) -> tuple[int, list[str]]:
    """Where the last whole record before `limit` ends, and the names up to there."""
    end, names = 0, []
    for stop, payload in _records(path):
        if stop > (math.inf if limit is None else limit):
            break
        end = stop
        if payload[0] == _NAME:
            names.append(payload[5:].decode())
    if end == 0 and path.stat().st_size >= len(MAGIC):
        end = len(MAGIC)
    return end, names
