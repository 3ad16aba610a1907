"""Python's numbers, sequences of them and of arrays and tensors, as one array of the dtype that PyTorch gives to them."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .errors import expected

Tensor = core.Tensor
PLAIN = {float, int, bool, complex}


def unpacked(data, wanted):
    """An array with memory of its own, of the dtype `wanted` or, where that is None, the one of the data together.

    Raises:
        ValueError: sequences differ in length, a tensor among numbers has several elements, or a whole number is too large.
        TypeError: numbers stand beside sequences, or a number is complex and `wanted` is not.
        RuntimeError: something is no number, or none that `wanted` holds.
    """
    found: set[type | core.dtype] = set()
    plain = _plain(data, wanted, found, False)
    target = wanted
    if target is None:
        for kind in map(_own, found):
            target = kind if target is None else core.promote_types(target, kind)
        target = target or core.get_default_dtype()
    try:
        if target.is_complex:
            return np.array(plain, np.complex128).astype(target.numpy)
        if target.is_floating_point:
            with np.errstate(over="ignore"):
                wide = np.array(plain, np.float64)
                return wide if target is core.float64 else wide.astype(np.float32)
        array = np.array(plain)
    except TypeError:
        raise expected("tensor", f"real numbers for {target}", data, "ask for a complex dtype", TypeError) from None
    except ValueError:
        raise _uneven(plain) from None
    if target is core.bool_:
        return np.asarray(array != 0)
    return _whole(array, target, data)


def _own(kind):
    """The dtype of a Python type; those of float and complex follow the default dtype."""
    return kind if isinstance(kind, core.dtype) else core.as_dtype(kind)


def _plain(data, wanted, found, leads):
    """`data` as nested lists of Python's numbers; the types or dtypes of all of them go into `found`.

    `leads`: it is the first in a sequence, which PyTorch looks at to know the shape.
    """
    if type(data) in (list, tuple):
        return _listed(data, wanted, found)
    if isinstance(data, (bool, int, float, complex)) and not isinstance(data, np.generic):
        found.add(next(k for k in (bool, int, float, complex) if isinstance(data, k)))
        return data
    if isinstance(data, Tensor):
        found.add(data.dtype)
        if data.numel() != 1:
            raise expected("tensor", "tensors of one element among numbers", data, "use stack()")
        return data.item()
    if isinstance(data, (np.generic, np.ndarray)) and data.dtype.kind in "biufc":
        found.add(core.as_dtype(data.dtype))
        return data.tolist()
    if isinstance(data, (str, bytes)):
        raise expected("tensor", "numbers", data, error=ValueError if leads and isinstance(data, str) else TypeError)
    if not hasattr(data, "__len__") or not hasattr(data, "__getitem__") or isinstance(data, dict):
        if wanted is not None and hasattr(data, "__float__"):
            return float(data)
        kind = RuntimeError if wanted is None else TypeError
        raise expected("tensor", "numbers, sequences of them, an array or a tensor", data, error=kind)
    return _listed(list(data), wanted, found)


def _listed(data, wanted, found):
    kinds = set(map(type, data))
    if kinds <= PLAIN:
        found |= kinds
        return data
    return [_plain(x, wanted, found, i == 0) for i, x in enumerate(data)]


def _uneven(plain):
    """What to raise for nested lists that are no array."""
    sequences = [isinstance(x, (list, tuple)) for x in plain]
    if not all(sequences):
        if any(sequences):
            return expected("tensor", "numbers or sequences, not both beside each other", plain, error=TypeError)
        return expected("tensor", "numbers", plain)
    if len({len(x) for x in plain}) > 1:
        return expected("tensor", "nested sequences of equal lengths", plain)
    return next((error for x in plain if (error := _uneven(x)).args), expected("tensor", "nested sequences of equal lengths", plain))


def _whole(array, target, data):
    """Numbers as whole ones of a dtype: below 0 they wrap in uint8, and what does not fit is refused."""
    if array.dtype.kind in "Ou":
        raise expected("tensor", "whole numbers of at most 64 bits", data)
    if array.dtype.kind == "c":
        raise expected("tensor", f"real numbers for {target}", data, "ask for a complex dtype", TypeError)
    info = np.iinfo(target.numpy)
    low = -info.max if target is core.uint8 and array.dtype.kind != "f" else info.min
    if array.size and not (array.min() >= low and array.max() <= info.max):  # nan is in no range
        raise expected("tensor", f"numbers that fit {target}", data, error=RuntimeError)
    return array.astype(target.numpy)
