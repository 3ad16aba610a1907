"""When two results count as equal: one table of tolerances by dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.ext.core import _core as core

# (relative, absolute); dtypes that are not here have to agree exactly
TOLERANCES = {
    "float64": (1e-9, 1e-10),
    "float32": (2e-5, 1e-5),
    "float16": (2e-3, 1e-3),
    "bfloat16": (2e-2, 1e-2),
    "complex64": (2e-5, 1e-5),
    "complex128": (1e-9, 1e-10),
}


def as_array(value: Any) -> np.ndarray:
    """A tensor of ours or torch's, or an array, as an ndarray; bfloat16 as float32."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):
        value = value.detach()
        value = value.float() if dtype_name(value) == "bfloat16" else value
        return value.numpy(force=True)  # of torch: lazy conjugates and zeros as values
    return np.asarray(value)


def dtype_name(value: Any) -> str:
    """The name of a tensor's or an array's dtype."""
    return str(value.dtype).removeprefix("torch.")


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of this engine."""
    return isinstance(value, core.Tensor)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    check_dtype: bool = True,
    what: str = "result",
) -> None:
    """Raise unless two results agree in structure, shape, dtype and values.

    Args:
        actual: A tensor of ours or torch's, an array, a number, or a tuple or list of these.
        expected: What it should be.
        rtol: Relative tolerance; that of the dtype in the table by default.
        atol: Absolute tolerance; that of the dtype in the table by default.
        equal_nan: Whether NaN equals NaN.
        check_dtype: Whether dtypes have to be the same.
        what: How the message calls it.

    Raises:
        AssertionError: They differ; the message says where and by how much.
    """
    if isinstance(expected, (tuple, list)):
        assert isinstance(actual, (tuple, list)), f"{what}: {len(expected)} values expected, got {type(actual).__name__}"
        assert len(actual) == len(expected), f"{what}: {len(expected)} values expected, got {len(actual)}"
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            assert_close(a, e, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=check_dtype, what=f"{what}[{i}]")
        return
    if expected is None or actual is None:
        assert expected is actual, f"{what}: expected {expected}, got {actual}"
        return
    a, e = as_array(actual), as_array(expected)
    assert a.shape == e.shape, f"{what}: shape {e.shape} expected, got {a.shape}"
    if check_dtype and hasattr(actual, "dtype") and hasattr(expected, "dtype"):
        assert dtype_name(actual) == dtype_name(expected), f"{what}: dtype {dtype_name(expected)} expected, got {dtype_name(actual)}"
    name = dtype_name(actual) if hasattr(actual, "dtype") else str(a.dtype)
    relative, absolute = TOLERANCES.get(name, (0.0, 0.0))
    relative = relative if rtol is None else rtol
    absolute = absolute if atol is None else atol
    if not np.issubdtype(a.dtype, np.inexact) and not np.issubdtype(e.dtype, np.inexact):
        wrong = a != e
        a, e = a.astype(np.float64), e.astype(np.float64)
    else:
        wide = np.complex128 if np.iscomplexobj(a) or np.iscomplexobj(e) else np.float64
        a, e = a.astype(wide), e.astype(wide)
        wrong = ~np.isclose(a, e, relative, absolute, equal_nan=equal_nan)
    if wrong.any():
        at = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(wrong)))
        at = at if a.ndim else ()
        with np.errstate(invalid="ignore"):
            gap = np.nanmax(np.abs(a - e)[wrong], initial=0.0)
        raise AssertionError(
            f"{what}: {int(wrong.sum())} of {a.size} elements differ, first at {at}: {a[at]!r} rather than {e[at]!r}; "
            f"largest difference {gap:.3g} (tolerance {relative:g} relative, {absolute:g} absolute)"
        )
