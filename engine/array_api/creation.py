"""Creation functions: tensors from data, shapes and ranges."""

from __future__ import annotations

from math import ceil
from typing import Any, Literal

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ._operands import default, rank
from ._ops import torch

Shape = int | tuple[int, ...]


def _shape(shape: Shape) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def asarray(obj: Any, /, *, dtype: core.dtype | None = None, device: Any = None, copy: bool | None = None) -> Tensor:
    """Make a tensor of data.

    Args:
        obj: A tensor, an array of another library, an object with a buffer, a number, or sequences of numbers and tensors in each other.
        dtype: The dtype; None means that of an array, and of numbers int64, or the default floating or complex dtype.
        device: The device; None means cpu.
        copy: True: always copy; False: never; None: where there is no other way.

    Shape:
        result: that of the data.

    Raises:
        ValueError: `copy` is False and the memory cannot be shared.
        TypeError: There is no dtype for the data's.

    Example:
        >>> asarray([1.0, 2.0], dtype=float64)
        tensor([1., 2.], dtype=torch.float64)
    """
    if isinstance(obj, (bytes, bytearray, memoryview)) or type(obj).__name__ == "array":
        import numpy as np

        obj = np.asarray(memoryview(obj))
    if copy is False and dtype is not None and getattr(obj, "dtype", dtype) not in (dtype, dtype.numpy):
        raise expected("asarray", f"dtype {obj.dtype}, as copy is False", str(dtype), "leave copy away")
    if copy is not False and any(n < 0 for n in getattr(obj, "strides", None) or ()):
        obj = obj.copy()
    return torch.asarray(_arrays(obj), dtype=dtype, device=device, copy=copy)


def _arrays(obj: Any) -> Any:
    """Sequences of tensors as sequences of arrays: those of `torch.tensor` hold tensors of one element alone."""
    if isinstance(obj, (list, tuple)) and any(isinstance(x, (Tensor, list, tuple)) for x in obj):
        return [x.numpy() if isinstance(x, Tensor) else _arrays(x) for x in obj]
    return obj


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """Make a tensor over the memory of another library's array.

    Args:
        x: An object with `__dlpack__`.
        device: The device; None means that of x, which has to be the CPU.
        copy: True: always copy; False and None: share the memory.

    Raises:
        RuntimeError: There is no such device.

    Example:
        >>> from_dlpack(numpy.ones(2))
        tensor([1., 1.], dtype=torch.float64)
    """
    core.as_device(device)
    made = torch.from_dlpack(x)
    return made.clone() if copy else made


def arange(start: float, /, stop: float | None = None, step: float = 1, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """Numbers from `start` up to but without `stop`, at distances of `step`; `arange(n)` counts from 0 to n.

    Args:
        start: The first number.
        stop: The end; None: `start` is the end and 0 the first number.
        step: The distance; may be negative, not 0. An end that lies the other way gives no elements.
        dtype: The dtype; None means int64 for whole numbers, else the default dtype.
        device: The device; None means cpu.

    Shape:
        result: (ceil((stop - start) / step),)

    Example:
        >>> arange(3, 0, -1)
        tensor([3, 2, 1])
    """
    if stop is None:
        start, stop = 0, start
    if step != 0 and ceil((stop - start) / step) <= 0:
        whole = all(isinstance(x, int) for x in (start, stop, step))
        return torch.empty((0,), dtype=dtype if dtype is not None else default(1 if whole else 2), device=device)
    return torch.arange(start, stop, step, dtype=dtype, device=device)


def linspace(
    start: complex,
    stop: complex,
    /,
    num: int,
    *,
    dtype: core.dtype | None = None,
    device: Any = None,
    endpoint: bool = True,
) -> Tensor:
    """`num` numbers at equal distances from `start` to `stop`, with or without the latter.

    Args:
        start: The first number.
        stop: The last number, or the one after the last.
        num: How many.
        dtype: The dtype; None means the default dtype, or the complex one of its parts where a bound is complex.
        device: The device; None means cpu.
        endpoint: Whether `stop` is among them.

    Shape:
        result: (num,)

    Example:
        >>> linspace(0.0, 1.0, 2, endpoint=False)
        tensor([0.0000, 0.5000])
    """
    if dtype is None:
        dtype = default(max(2, rank(start), rank(stop)))
    if not endpoint:
        return torch.linspace(start, stop, num + 1, dtype=dtype, device=device)[:num]
    return torch.linspace(start, stop, num, dtype=dtype, device=device)


def empty(shape: Shape, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A tensor of a shape whose elements are not set."""
    return torch.empty(_shape(shape), dtype=dtype, device=device)


def zeros(shape: Shape, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A tensor of zeros."""
    return torch.zeros(_shape(shape), dtype=dtype, device=device)


def ones(shape: Shape, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A tensor of ones."""
    return torch.ones(_shape(shape), dtype=dtype, device=device)


def full(shape: Shape, fill_value: complex, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A tensor of one number; its dtype is that of Python's number (bool, int64, the default floating or complex dtype)."""
    if dtype is None and not isinstance(fill_value, Tensor):
        dtype = default(rank(fill_value))
    return torch.full(_shape(shape), fill_value, dtype=dtype, device=device)


def empty_like(x: Tensor, /, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A tensor of the shape of `x` whose elements are not set."""
    return torch.empty_like(x, dtype=dtype, device=device)


def zeros_like(x: Tensor, /, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A tensor of zeros, of the shape of `x`."""
    return torch.zeros_like(x, dtype=dtype, device=device)


def ones_like(x: Tensor, /, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A tensor of ones, of the shape of `x`."""
    return torch.ones_like(x, dtype=dtype, device=device)


def full_like(x: Tensor, /, fill_value: complex, *, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A tensor of one number, of the shape of `x`."""
    return torch.full_like(x, fill_value, dtype=dtype, device=device)


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: core.dtype | None = None, device: Any = None) -> Tensor:
    """A matrix with ones on one diagonal and zeros elsewhere.

    Args:
        n_rows: The number of rows.
        n_cols: The number of columns; None means that of the rows.
        k: Which diagonal: 0 the main one, above it for k > 0, below it for k < 0.
        dtype: The dtype; None means the default dtype.
        device: The device; None means cpu.

    Example:
        >>> eye(2, k=1)
        tensor([[0., 1.],
                [0., 0.]])
    """
    rows, columns = torch.arange(n_rows), torch.arange(n_rows if n_cols is None else n_cols)
    return (rows[:, None] + k == columns).to(dtype if dtype is not None else default(2)).to_device(core.as_device(device))


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The lower triangles of matrices, up to and with the diagonal `k`; zeros above."""
    return torch.tril(x, k)


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The upper triangles of matrices, from the diagonal `k` on; zeros below."""
    return torch.triu(x, k)


def meshgrid(*arrays: Tensor, indexing: Literal["xy", "ij"] = "xy") -> tuple[Tensor, ...]:
    """The coordinates of a grid, from those along its axes.

    Args:
        arrays: One tensor of one dimension for each axis, all of one dtype.
        indexing: "xy": the first two axes change places, as in pictures; "ij": the axes in order, as in matrices.

    Shape:
        arrays: (n_i,); results: (n_1, n_0, n_2, ...) for "xy", (n_0, n_1, n_2, ...) for "ij"
    """
    return tuple(torch.meshgrid(*arrays, indexing=indexing)) if arrays else ()


__all__ = [
    "arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like", "linspace", "meshgrid", "ones", "ones_like",
    "tril", "triu", "zeros", "zeros_like",
]  # fmt: skip
