"""The dtypes and memory formats, under PyTorch's names."""

from __future__ import annotations

from workbench.ext.core import _core

bool = _core.bool_
uint8 = _core.uint8
int8 = _core.int8
int16 = short = _core.int16
int32 = int = _core.int32
int64 = long = _core.int64
float16 = half = _core.float16
bfloat16 = _core.bfloat16
float32 = float = _core.float32
float64 = double = _core.float64
complex64 = cfloat = _core.complex64
complex128 = cdouble = _core.complex128
strided = _core.STRIDED
layout = type(strided)


class memory_format:  # noqa: N801 - PyTorch's name
    """In which order the dimensions of a dense tensor lie in memory."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> str:
        return self._name  # pickle and copy find it as the module's constant of this name


contiguous_format = legacy_contiguous_format = memory_format("contiguous_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
preserve_format = memory_format("preserve_format")

__all__ = [
    "bfloat16",
    "bool",
    "cdouble",
    "cfloat",
    "channels_last",
    "channels_last_3d",
    "complex64",
    "complex128",
    "contiguous_format",
    "double",
    "float",
    "float16",
    "float32",
    "float64",
    "half",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "layout",
    "legacy_contiguous_format",
    "long",
    "memory_format",
    "preserve_format",
    "short",
    "strided",
    "uint8",
]  # fmt: skip
