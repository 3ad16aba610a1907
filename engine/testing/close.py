"""PyTorch's `torch.testing`: `assert_close`, and its older sibling."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.data import tensor as _tensor

# (relative, absolute) tolerance by dtype; others have to agree exactly
PRECISIONS = {
    core.float16: (1e-3, 1e-5), core.bfloat16: (1.6e-2, 1e-5), core.float32: (1.3e-6, 1e-5), core.float64: (1e-7, 1e-7),
    core.complex64: (1.3e-6, 1e-5), core.complex128: (1e-7, 1e-7),
}  # fmt: skip
_OLD = {core.float16: (1e-3, 1e-3), core.float32: (1e-4, 1e-5), core.float64: (1e-5, 1e-8)}
Message = str | Callable[[str], str] | None


class _StructureError(Exception):
    """Containers that differ in keys or length: PyTorch says so whatever `msg` is."""


def _failed(text: str, where: list[Any], error: type[Exception] = AssertionError) -> Exception:
    """What is raised, with the place in nested containers."""
    if where:
        text += f"\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in where)}"
    return error(text)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """Raise unless two values are close: tensors, arrays, numbers, or sequences and mappings of these.

    |actual - expected| <= atol + rtol |expected|, for every element; what is not finite has to be the same.

    Args:
        actual: What was computed.
        expected: What it should be.
        allow_subclasses: Whether values of related types can be compared.
        rtol: Relative tolerance, >= 0; with `atol`, or both by the wider of the two dtypes.
        atol: Absolute tolerance, >= 0.
        equal_nan: Whether NaN equals NaN.
        check_device: Whether tensors have to lie on one device.
        check_dtype: Whether dtypes have to be the same; otherwise both are promoted.
        check_layout: Whether layouts have to be the same.
        check_stride: Whether strides have to be the same.
        msg: What to say instead of how they differ, or a function of that.

    Raises:
        AssertionError: They are not close, or differ in shape, dtype, length or keys.
        ValueError: One of `rtol` and `atol` is given.
        TypeError: Values of types that cannot be compared.

    Example:
        >>> torch.testing.assert_close(tensor([1.0, 2.0]), tensor([1.0, 2.0000001]))
    """
    if (rtol is None) != (atol is None):
        given, other = ("rtol", "atol") if atol is None else ("atol", "rtol")
        raise ValueError(f"assert_close: expected rtol and atol both, or none of them, got {given} and no {other}")
    options = {
        "allow_subclasses": allow_subclasses, "rtol": rtol, "atol": atol, "equal_nan": equal_nan, "check_device": check_device,
        "check_dtype": check_dtype, "check_layout": check_layout, "check_stride": check_stride,
    }  # fmt: skip
    try:
        _compare(actual, expected, [], options)
    except _StructureError as error:
        raise AssertionError(str(error)) from None
    except AssertionError as error:
        if msg is None:
            raise
        raise AssertionError(msg(str(error)) if callable(msg) else msg) from None


def _compare(actual: Any, expected: Any, where: list[Any], options: dict[str, Any]) -> None:
    """Look into containers, and hand what is in them to the comparison of its kind."""
    sequence, mapping = (all(isinstance(v, kind) and not isinstance(v, str) for v in (actual, expected)) for kind in (Sequence, Mapping))
    if sequence:
        if len(actual) != len(expected):
            raise _failed(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", where, _StructureError)
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            _compare(a, e, [*where, i], options)
    elif mapping:
        missing, more = [k for k in expected if k not in actual], [k for k in actual if k not in expected]
        if missing or more:
            text = f"Missing keys in the actual mapping: {missing}\nAdditional keys in the actual mapping: {more}"
            raise _failed(f"The keys of the mappings do not match:\n{text}", where, _StructureError)
        for key in actual:
            _compare(actual[key], expected[key], [*where, key], options)
    else:
        _compare_values(actual, expected, where, options)


def _compare_values(actual: Any, expected: Any, where: list[Any], options: dict[str, Any]) -> None:
    both = (actual, expected)
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    if all(isinstance(v, Number) and not isinstance(v, np.generic) for v in both):
        _compare_numbers(actual, expected, where, options)
    elif actual is None or expected is None:
        if actual is not expected:
            raise _failed(f"None mismatch: {actual} is not {expected}", where)
    elif all(isinstance(v, (Tensor, np.ndarray, np.generic)) for v in both) and (
        type(actual) is type(expected) or (options["allow_subclasses"] and related)
    ):
        a, e = (v if isinstance(v, Tensor) else core.from_numpy(np.asarray(v)) for v in both)
        _compare_tensors(a, e, where, options)
    else:
        text = f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
        raise _failed(text, where, TypeError)


def _tolerances(options: dict[str, Any], dtypes: Sequence[Any], precisions: Mapping[Any, tuple[float, float]] = PRECISIONS) -> Any:
    if options["rtol"] is not None:
        return options["rtol"], options["atol"]
    found = [precisions.get(d, (0.0, 0.0)) for d in dtypes]
    return max(r for r, _ in found), max(a for _, a in found)


def _allowed(tolerance: float, exact: bool) -> str:
    return "" if exact else f" (up to {tolerance} allowed)"


def _compare_numbers(actual: Any, expected: Any, where: list[Any], options: dict[str, Any]) -> None:
    if isinstance(actual, bool) and isinstance(expected, bool):
        if actual is not expected:
            raise _failed(f"Booleans mismatch: {actual} is not {expected}", where)
        return
    if options["check_dtype"] and type(actual) is not type(expected):
        raise _failed(f"The (d)types do not match: {type(actual)} != {type(expected)}.", where)
    kind = core.complex128 if isinstance(expected, complex) else core.float64 if isinstance(expected, float) else core.int64
    kinds = [kind, core.complex128 if isinstance(actual, complex) else core.float64 if isinstance(actual, float) else core.int64]
    rtol, atol = _tolerances(options, kinds)
    apart = abs(actual - expected)
    if actual == expected or apart <= atol + rtol * abs(expected) < np.inf:
        return
    if options["equal_nan"] and actual != actual and expected != expected:
        return
    raise _failed(_of_scalars(actual, expected, apart, apart / abs(expected) if expected != 0 else np.inf, rtol, atol), where)


def _of_scalars(actual: Any, expected: Any, apart: Any, relative: Any, rtol: float, atol: float) -> str:
    exact = rtol == atol == 0
    return (
        f"Scalars are not {'equal' if exact else 'close'}!\n\nExpected {expected} but got {actual}.\n"
        f"Absolute difference: {apart}{_allowed(atol, exact)}\nRelative difference: {relative}{_allowed(rtol, exact)}"
    )


def _compare_tensors(actual: Tensor, expected: Tensor, where: list[Any], options: dict[str, Any]) -> None:
    def same(what: str, a: Any, e: Any) -> None:
        if a != e:
            raise _failed(f"The values for attribute '{what}' do not match: {a} != {e}.", where)

    same("shape", actual.shape, expected.shape)
    if options["check_device"]:
        same("device", actual.device, expected.device)
    if options["check_dtype"]:
        same("dtype", actual.dtype, expected.dtype)
    if options["check_layout"]:
        same("layout", actual.layout, expected.layout)
    if options["check_stride"]:
        same("stride()", actual.stride(), expected.stride())
    rtol, atol = _tolerances(options, (actual.dtype, expected.dtype))
    dtype = core.promote_types(actual.dtype, expected.dtype)
    a, e = (_array(v.detach(), dtype) for v in (actual, expected))
    with np.errstate(all="ignore"):
        exact = not np.issubdtype(a.dtype, np.inexact)
        close = (a == e) | (np.isfinite(e) & (np.abs(a - e) <= atol + rtol * np.abs(e)) if not (exact and rtol == atol == 0) else False)
        if options["equal_nan"]:
            close |= np.isnan(a) & np.isnan(e)
        if close.all():
            return
        apart = np.where(close, 0, np.abs(a - e))
        wide = np.float32 if exact else apart.dtype
        relative = np.where(close, 0, apart.astype(wide) / np.abs(e).astype(wide))
    if dtype is core.bfloat16:
        apart, relative = (core.from_numpy(v).to(dtype).float().numpy() for v in (apart, relative))
    exact = rtol == atol == 0
    if a.ndim == 0:
        raise _failed(_of_scalars(a.item(), e.item(), apart.item(), relative.item(), rtol, atol), where)
    most = [tuple(int(i) for i in np.unravel_index(np.argmax(d), a.shape)) for d in (apart, relative)]
    wrong = int((~close).sum())
    raise _failed(
        f"Tensor-likes are not {'equal' if exact else 'close'}!\n\nMismatched elements: {wrong} / {a.size} ({wrong / a.size:.1%})\n"
        f"Greatest absolute difference: {apart[most[0]].item()} at index {most[0]}{_allowed(atol, exact)}\n"
        f"Greatest relative difference: {relative[most[1]].item()} at index {most[1]}{_allowed(rtol, exact)}",
        where,
    )


def _array(tensor: Tensor, dtype: Any) -> np.ndarray:
    """The values, in a dtype in which differences can be taken."""
    if dtype is core.bfloat16:
        dtype = core.float32
    elif not (dtype.is_floating_point or dtype.is_complex):
        dtype = core.int64
    return np.asarray(tensor.to(dtype).numpy(force=True))


def assert_allclose(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = True, msg: str = ""
) -> None:
    """The older form of `assert_close`: dtypes and devices may differ, numbers and arrays stand for tensors, NaN equals NaN.

    Raises:
        AssertionError: They are not close.
    """
    warnings.warn("assert_allclose: deprecated by PyTorch; use assert_close", FutureWarning, stacklevel=2)
    a, e = (v if isinstance(v, Tensor) else _tensor(v) for v in (actual, expected))
    if rtol is None and atol is None:
        rtol, atol = _tolerances({"rtol": None}, (a.dtype, e.dtype), _OLD)
    assert_close(a, e, rtol=rtol, atol=atol, equal_nan=equal_nan, check_device=True, check_dtype=False, check_stride=False, msg=msg or None)
