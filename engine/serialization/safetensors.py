"""Files of tensors by name without any code: the safetensors format."""

from __future__ import annotations

import json
from math import prod
from typing import Any, BinaryIO

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..storage import UntypedStorage
from .archive import mapped

DTYPES = {
    "BOOL": core.bool_, "U8": core.uint8, "I8": core.int8, "I16": core.int16, "I32": core.int32, "I64": core.int64, "F16": core.float16,
    "BF16": core.bfloat16, "F32": core.float32, "F64": core.float64, "C64": core.complex64,
}  # fmt: skip
_LONGEST_HEADER = 100_000_000


def is_safetensors(head: bytes) -> bool:
    """Whether a file that begins with these 9 bytes or more can be one."""
    return len(head) >= 9 and head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= _LONGEST_HEADER


def read(file: BinaryIO, path: str | None, mmap: bool) -> dict[str, Tensor]:
    """The tensors of a file by name.

    Args:
        file: At the start of the file.
        path: Its path, for `mmap`.
        mmap: Leave the bytes in the file until they are used.

    Raises:
        RuntimeError: It is cut short or damaged, or has a dtype that is not here.
    """
    n = int.from_bytes(file.read(8), "little")
    raw = file.read(n)
    try:
        header = json.loads(raw)
    except ValueError as e:
        raise RuntimeError(f"load: expected a whole safetensors file, got a header that is cut short or damaged ({e})") from e
    header.pop("__metadata__", None)
    start = file.tell()
    size = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    if mmap:
        whole = mapped(path, start, size)
    else:
        whole = UntypedStorage(size).bytes
        view = memoryview(whole.numpy())
        got = file.readinto(view)  # type: ignore[attr-defined]
        if got != size:
            raise RuntimeError(f"load: expected a whole safetensors file with {size} bytes of tensors, got {got}; copy or save it again")
    return {name: _tensor(name, entry, whole) for name, entry in header.items()}


def _tensor(name: str, entry: dict[str, Any], whole: Tensor) -> Tensor:
    dtype = DTYPES.get(entry["dtype"])
    if dtype is None:
        raise RuntimeError(f"load: expected {name} of a dtype of {', '.join(DTYPES)}, got {entry['dtype']}; convert it first")
    begin, end = entry["data_offsets"]
    if end - begin != prod(entry["shape"]) * dtype.itemsize or not 0 <= begin <= end <= len(whole):
        raise RuntimeError(f"load: expected {name} of shape {entry['shape']}, got {end - begin} bytes; the file is damaged")
    part = whole[begin:end]
    if begin % dtype.itemsize:
        part = part.clone()
    return part.view(dtype).reshape(entry["shape"]).detach()
