"""Tensors in safetensors files, written through to the disk and hashed on the way.

The format is https://github.com/huggingface/safetensors: a length, a JSON header, the bytes of the tensors. It is written here rather
than by the package because the package copies every tensor, neither waits for the disk nor hashes, and tells no full disk from another
failure.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_CODES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "complex64": "C64", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip
_NUMPY = {code: np.dtype("int16" if name == "bfloat16" else name).newbyteorder("<") for name, code in _CODES.items()}
_ALIGN = 64


class Coded(NamedTuple):
    """A tensor as it stands in the file.

    Args:
        code: The safetensors code of its dtype.
        array: Its values; those of bfloat16 as the int16 of the same bits.
    """

    code: str
    array: np.ndarray


def raw(tensor: Any) -> Coded:
    """The safetensors code of a tensor's dtype and its values, contiguous; bfloat16 as the int16 of the same bits.

    Args:
        tensor: A tensor of the engine, an array, anything with `dtype` and `numpy()` or `__array__`, or what this function gave.

    Raises:
        TypeError: The dtype is none that the format knows.
    """
    if isinstance(tensor, Coded):
        return tensor
    name = str(tensor.dtype).rpartition(".")[2]
    if name not in _CODES:
        raise TypeError(f"checkpoint: expected a tensor of dtype {', '.join(_CODES)}, got {name}")
    if hasattr(tensor, "detach"):
        tensor = tensor.detach()
    if name == "bfloat16":
        from workbench import engine

        tensor = tensor.view(engine.int16)
    array = tensor.numpy() if hasattr(tensor, "numpy") else np.asarray(tensor)
    shape = array.shape
    return Coded(_CODES[name], np.ascontiguousarray(array, _NUMPY[_CODES[name]]).reshape(shape))


def cooked(code: str, array: np.ndarray) -> Any:
    """The engine's tensor of what `raw` gave."""
    from workbench import engine

    tensor = engine.from_numpy(array)
    return tensor.view(engine.bfloat16) if code == "BF16" else tensor


def write_tensors(path: Path, tensors: Mapping[str, Any]) -> tuple[str, int]:
    """Write tensors to a new safetensors file and wait until the disk has it.

    Args:
        path: File to write; its folder exists.
        tensors: Tensors or arrays by name.

    Returns:
        The sha256 of the file as hexadecimal digits, and its size in bytes.
    """
    header: dict[str, Any] = {}
    parts: list[np.ndarray] = []
    end = 0
    for name, tensor in tensors.items():
        code, array = raw(tensor)
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        parts.append(array)
        end += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % _ALIGN)  # the format allows blanks; aligned data can be mapped
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for piece in (struct.pack("<Q", len(text)), text, *parts):
            view = bytes_of(piece) if isinstance(piece, np.ndarray) else memoryview(piece)  # type: ignore[arg-type]
            digest.update(view)
            file.write(view)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), 8 + len(text) + end


def read_tensors(path: Path) -> dict[str, tuple[str, np.ndarray]]:
    """Read a safetensors file.

    Returns:
        For each name the safetensors code of the dtype and the values; those of bfloat16 as the int16 of the same bits.

    Raises:
        ValueError: The file is no safetensors file, or it is cut short.
    """
    content = bytearray(path.read_bytes())
    try:
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length])
        start = 8 + length
        out = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            first, last = entry["data_offsets"]
            dtype = _NUMPY[entry["dtype"]]
            if start + last > len(content):
                raise ValueError(f"it ends before the tensor {name}")
            flat = np.frombuffer(content, dtype, (last - first) // dtype.itemsize, start + first)
            out[name] = (entry["dtype"], flat.astype(dtype.newbyteorder("="), copy=True).reshape(entry["shape"]))
    except (struct.error, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: expected a whole safetensors file, got a damaged one ({error})") from error
    return out


def digest_tensors(tensors: Mapping[str, Any]) -> str:
    """The sha256 of tensors: of their names, dtypes, shapes and bits, in the order of their names.

    Two models have equal digests if and only if they are equal to the bit, however they are laid out in memory.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        code, array = raw(tensors[name])
        digest.update(json.dumps([name, code, list(array.shape)]).encode())
        digest.update(bytes_of(array))
    return digest.hexdigest()


def bytes_of(array: np.ndarray) -> memoryview:
    """The memory of a contiguous array, byte by byte."""
    return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]  # NumPy's stubs know of buffers from 3.12 on
