"""The dtypes of the standard that tensors have.

uint16, uint32 and uint64 are absent, as the core has no memory of these dtypes: a program that asks for one finds no such name, and
an array of one is refused. Where the standard would answer with uint64 (the sum of uint8), the answer is int64, as in PyTorch. float16
and bfloat16, which the standard does not know, are taken by every function that takes float32.
"""

from workbench.ext.core._core import bool_ as bool
from workbench.ext.core._core import complex64, complex128, float32, float64, int8, int16, int32, int64, uint8

__all__ = ["bool", "complex64", "complex128", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"]
