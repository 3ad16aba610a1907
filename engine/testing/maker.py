"""Sample inputs: `Maker` draws them, `Call` is one set of arguments for an op."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ext.core import _core as core

_STORED_AS = {"bfloat16": "float32"}  # NumPy has no such dtype: drawn in another one and converted


class Call:
    """One call of an op: what the harness tries, and what it may expect."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args = args
        self.kwargs = kwargs
        self.error: type[Exception] | None = None
        self.message = ""
        self.rtol: float | None = None
        self.atol: float | None = None
        self.skipped: dict[str, str] = {}

    def raises(self, error: type[Exception], message: str) -> Call:
        """Mark a bad input: the call has to raise `error` (the class itself, not a parent), with `message` in its text."""
        self.error, self.message = error, message
        return self

    def within(self, *, rtol: float | None = None, atol: float | None = None, because: str) -> Call:
        """Widen the tolerance of this sample. The reason is for the reader."""
        assert because
        self.rtol, self.atol = rtol, atol
        return self

    def without(self, *checks: str, because: str) -> Call:
        """Leave out checks ("peer", "gradcheck", "onnx", ...: the names of `testing.CHECKS`) that make no sense for this sample."""
        assert because
        self.skipped.update(dict.fromkeys(checks, because))
        return self

    def __repr__(self) -> str:
        from ..ops.errors import describe

        parts = [describe(a) for a in self.args] + [f"{k}={describe(v)}" for k, v in self.kwargs.items()]
        return f"call({', '.join(parts)})"


class Maker:
    """Draws tensors of one dtype. What sample number `i` of an op gets depends on (op, dtype, i) alone.

    Values that a dtype cannot hold are adapted: integer dtypes get rounded draws of a wider range, unsigned ones no negative values, bool
    a fair coin, so that one generator of samples serves every dtype of the op.

    Args:
        name: Name of the op.
        dtype: Name of the dtype that is drawn where a method does not say another one.
    """

    def __init__(self, name: str, dtype: str = "float32") -> None:
        self.name = name
        self.dtype = dtype
        self._start(0)

    def _start(self, index: int) -> None:
        self.index = index
        digest = hashlib.sha256(f"{self.name}/{self.dtype}/{index}".encode()).digest()
        self.generator = np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))

    def __call__(self, /, *args: Any, **kwargs: Any) -> Call:
        self._start(self.index + 1)
        return Call(args, kwargs)

    @property
    def floating(self) -> bool:
        return self.dtype in ("float64", "float32", "float16", "bfloat16")

    def tensor(self, values: Any, dtype: str | None = None) -> core.Tensor:
        """The values given, in the dtype given or that of the maker."""
        dtype = dtype or self.dtype
        array = np.asarray(values)
        if dtype == "uint8" and array.dtype.kind == "f":
            array = array.astype(np.int64)  # negative values wrap around then; at once C leaves open what they become, ARM differs
        array = array.astype(_STORED_AS.get(dtype, dtype))
        made = core.from_numpy(array)
        return made.to(getattr(core, dtype)) if dtype in _STORED_AS else made

    def _adapt(self, values: np.ndarray, scale: float = 3.0) -> core.Tensor:
        """Floating draws as a tensor of the maker's dtype."""
        if self.floating:
            return self.tensor(values)
        if self.dtype.startswith("complex"):
            return self.tensor(values + 1j * self.generator.standard_normal(np.shape(values)))
        if self.dtype == "bool":
            return self.tensor(self.generator.random(np.shape(values)) < 0.5)
        values = np.rint(np.asarray(values) * scale)
        return self.tensor(np.abs(values) if self.dtype.startswith("uint") else values)

    def normal(self, *shape: int) -> core.Tensor:
        """Standard normal values."""
        return self._adapt(self.generator.standard_normal(shape))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> core.Tensor:
        """Values in [low, high); whole ones for an integer dtype, from the same range, with at least `low` and `low + 1` in it."""
        if self.floating or self.dtype == "bool":
            return self._adapt(self.generator.uniform(low, high, shape))
        low = max(low, 0) if self.dtype.startswith("uint") else low
        return self.tensor(self.generator.integers(int(np.ceil(low)), max(int(np.ceil(high)), int(np.ceil(low)) + 2), shape))

    def positive(self, *shape: int, low: float = 0.2, high: float = 3.0) -> core.Tensor:
        """Values well above zero, for logarithms, divisors and powers."""
        if self.floating or self.dtype == "bool":
            return self._adapt(self.generator.uniform(low, high, shape))
        return self.tensor(self.generator.integers(1, 7, shape))

    def away(self, *shape: int, kinks: Sequence[float] = (0,), margin: float = 0.1, spread: float = 1.5) -> core.Tensor:
        """Values on both sides of every kink, at least `margin` away from all of them, within about `spread`."""
        size = int(np.prod(shape))
        near = np.asarray(kinks, dtype=np.float64)[np.arange(size) // 2 % len(kinks)]
        offset = self.generator.uniform(margin, spread, size) * np.where(np.arange(size) % 2, 1, -1)
        values = near + offset
        if not self.floating:
            values = np.rint(values)
        step = margin if self.floating else 1
        for kink in kinks:
            close = np.abs(values - kink) < step
            values = np.where(close, kink + np.where(offset > 0, step, -step) * (1 + (0.5 if self.floating else 0)), values)
        return self._adapt(self.generator.permutation(values).reshape(shape), scale=1)

    def distinct(self, *shape: int, margin: float = 0.25) -> core.Tensor:
        """Values in random order of which any two differ by `margin` or more (by 1 in an integer dtype), for max, sort and median."""
        size = int(np.prod(shape))
        ranks = self.generator.permutation(size) - (0 if self.dtype.startswith("uint") else size // 2)
        return self._adapt((ranks * margin if self.floating else ranks).reshape(shape), scale=1)

    def integers(self, *shape: int, low: int = 0, high: int = 10, dtype: str = "int64") -> core.Tensor:
        """Whole numbers in [low, high), of an integer dtype whatever the maker's: indices, classes, counts."""
        return self.tensor(self.generator.integers(low, high, shape), dtype)

    def mask(self, *shape: int, p: float = 0.5) -> core.Tensor:
        """Booleans, true with probability `p`."""
        return self.tensor(self.generator.random(shape) < p, "bool")

    def channels_last(self, *shape: int) -> core.Tensor:
        """Normal values of shape (N, C, H, W) that lie in memory as N, H, W, C."""
        n, c, h, w = shape
        return self.normal(n, h, w, c).permute(0, 3, 1, 2)
