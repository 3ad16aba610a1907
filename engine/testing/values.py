"""Tensors of random values for tests: `make_tensor`."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Size, Tensor

from ..errors import expected
from ..limits import finfo, iinfo
from ..ops import space

_ops = space("torch")


def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Make a tensor of values drawn evenly from [low, high).

    Args:
        shape: Its sizes, one by one or as a sequence.
        dtype: Its dtype.
        device: Its device.
        low: The smallest value; by default -9, and 0 for uint8 and bool.
        high: What all values are below; by default 9 for floating dtypes, 10 for whole numbers and 2 for bool.
        requires_grad: Whether operations on it are recorded.
        noncontiguous: Leave gaps between the elements, where there are at least two.
        exclude_zero: Put 1, or the smallest number of full precision, where a zero was drawn.
        memory_format: The order in memory; not with `noncontiguous`.

    Raises:
        ValueError: `low` is not below `high`, a bound is NaN, or both `noncontiguous` and `memory_format` are given.
        TypeError: A tensor of whole numbers is to require grad.

    Example:
        >>> torch.testing.make_tensor(2, 3, dtype=torch.int8, device="cpu").shape
        torch.Size([2, 3])
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list, Size)) else shape
    if noncontiguous and memory_format is not None:
        raise expected("make_tensor", "one of noncontiguous and memory_format", "both")
    floating = dtype.is_floating_point or dtype.is_complex
    if requires_grad and not floating:
        raise expected("make_tensor", "a floating or complex dtype to require grad", str(dtype), error=ValueError)
    bottom, top = _bounds(dtype, low, high)
    n = core.Size(sizes).numel()
    if dtype.is_complex:
        part = dtype.to_real()
        draw = _ops["complex"](*(_uniform(n, part, bottom, top) for _ in range(2)))
    elif floating:
        draw = _uniform(n, dtype, bottom, top)
    else:
        draw = _ops["randint"](int(bottom), int(top), (n,), dtype=dtype)
    if exclude_zero:
        draw = draw.masked_fill(draw == 0, finfo(dtype).tiny if floating else 1)
    if noncontiguous and n > 1:
        result = draw.reshape(sizes).repeat_interleave(2, dim=-1)[..., ::2]
    else:
        result = draw.reshape(sizes)
        if memory_format is not None:
            result = result.contiguous(memory_format=memory_format)
    return result.to(device).requires_grad_(requires_grad)


def _uniform(n: int, dtype: Any, low: float, high: float) -> Tensor:
    return (_ops["rand"](n, dtype=core.float64) * (high - low) + low).to(dtype)


def _bounds(dtype: Any, low: float | None, high: float | None) -> tuple[float, float]:
    """The range, within what the dtype holds."""
    if dtype is core.bool_:
        bottom, top, least, most = 0.0, 2.0, 0.0, 2.0
    elif dtype.is_floating_point or dtype.is_complex:
        limits = finfo(dtype)
        bottom, top, least, most = -9.0, 9.0, limits.min, limits.max
    else:
        whole = iinfo(dtype)
        bottom, top, least, most = (0.0 if dtype is core.uint8 else -9.0), 10.0, float(whole.min), whole.max + 1.0
    bottom, top = bottom if low is None else low, top if high is None else high
    if bottom != bottom or top != top:
        raise expected("make_tensor", "low and high that are numbers", f"{bottom} and {top}")
    if bottom >= top:
        raise expected("make_tensor", "low below high", f"{bottom} and {top}")
    if bottom > most or top < least:
        raise expected("make_tensor", f"a range within {dtype}", f"{bottom} to {top}")
    return max(bottom, least), min(top, most)
