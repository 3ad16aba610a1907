"""New tensors in a sequence, and identity matrices."""

from __future__ import annotations

import math

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._space import public
from .creation import dtype_for, finished, into, number_type
from .errors import expected
from .primitive import cast

Tensor = core.Tensor


@public("torch")
def arange(start=0, end=None, step=1, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Count from `start` to before `end`.

    y_i = start + i * step

    Args:
        start: First number; the end, from 0, if it is the only one.
        end: Where to stop.
        step: From one number to the next; not 0.
        out: A tensor to write into.
        dtype: The dtype; None means int64 for whole numbers, else the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (ceil((end - start) / step),).

    Returns:
        Tensor.

    Raises:
        RuntimeError: `step` is 0 or leads away from `end`, or a number is complex.
        ValueError: `step` becomes 0 as a whole number.
        NotImplementedError: the dtype is bool or complex.

    Example:
        >>> arange(1, 6, 2)
        tensor([1, 3, 5])
    """
    start, end = (0, start) if end is None else (start, end)
    dtype = dtype_for("arange", dtype, out)
    start, end, step = (v.item() if isinstance(v, Tensor) else v for v in (start, end, step))
    if any(isinstance(v, (complex, np.complexfloating)) for v in (start, end, step)):
        raise expected("arange", "real numbers", f"{start}, {end} and {step}", error=RuntimeError)
    if dtype is None:
        dtype = number_type(start, end, step)
        dtype = core.int64 if dtype is core.bool_ else dtype
    dtype = core.as_dtype(dtype)
    if dtype is core.bool_ or dtype.is_complex:
        raise expected("arange", "a dtype of real numbers", dtype.name, error=NotImplementedError)
    if not (math.isfinite(start) and math.isfinite(end)):
        raise expected("arange", "finite bounds", f"{start} and {end}", error=RuntimeError)
    if step == 0 or (end - start) / step < 0:
        raise expected("arange", "step that leads from start to end", f"{step} from {start} to {end}", error=RuntimeError)
    if dtype is core.int64:
        start, end, step = int(start), int(end), int(step)  # as PyTorch counts, in the dtype of the result
        if step == 0:
            raise expected("arange", "step of at least 1 for whole numbers", "less")
    n = -((start - end) // step) if all(isinstance(v, int) for v in (start, end, step)) else math.ceil((end - start) / step)
    kind = np.float64 if dtype.is_floating_point else np.int64
    values = np.arange(n).astype(kind) * kind(step) + kind(start)
    core.as_device(device)
    return into(out, finished(cast(core.from_numpy(values), dtype), requires_grad))


@public("torch")
def linspace(start, end, steps, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Take so many numbers from `start` to `end`, evenly spaced.

    y_i = start + i * (end - start) / (steps - 1)

    Args:
        start: First number.
        end: Last number.
        steps: How many, >= 0.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (steps,).

    Returns:
        Tensor.

    Raises:
        TypeError: `steps` is no whole number.
        RuntimeError: `steps` is negative.

    Example:
        >>> linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    return _spaced("linspace", lambda v: v, start, end, steps, out, dtype, device, requires_grad)


@public("torch")
def logspace(start, end, steps, base=10.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Take so many powers of `base`, their exponents evenly spaced.

    y_i = base ** (start + i * (end - start) / (steps - 1))

    Args:
        start: First exponent.
        end: Last exponent.
        steps: How many, >= 0.
        base: The base.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (steps,).

    Returns:
        Tensor.

    Raises:
        TypeError: `steps` is no whole number.
        RuntimeError: `steps` is negative.

    Example:
        >>> logspace(0, 2, 3)
        tensor([  1.,  10., 100.])
    """
    return _spaced("logspace", lambda v: base**v, start, end, steps, out, dtype, device, requires_grad)


def _spaced(name, f, start, end, steps, out, dtype, device, requires_grad):
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise expected(name, "steps to be a whole number", steps, error=TypeError)
    steps = int(steps)
    if steps < 0:
        raise expected(name, "steps >= 0", steps, error=RuntimeError)
    core.as_device(device)
    dtype = dtype_for(name, dtype, out)
    ends = [e.item() if isinstance(e, Tensor) else e for e in (start, end)]
    if dtype is not None and not (core.as_dtype(dtype).is_floating_point or core.as_dtype(dtype).is_complex):
        ends = [int(e) for e in ends]  # as PyTorch does: the ends are of the dtype, what lies between is rounded to 0
    kind = complex if any(isinstance(e, (complex, np.complexfloating)) for e in ends) else float
    values = core.from_numpy(np.asarray(f(np.linspace(kind(ends[0]), kind(ends[1]), steps))))
    return into(out, finished(cast(values, core.as_dtype(kind) if dtype is None else dtype), requires_grad))


@public("torch")
def eye(n, m=None, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make a matrix with ones on the diagonal and zeros elsewhere.

    Args:
        n: Rows.
        m: Columns; None means as many.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (n, m).

    Returns:
        Tensor.

    Raises:
        RuntimeError: a size is negative.

    Example:
        >>> eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    dtype = dtype_for("eye", dtype, out)
    made = core.fill(core.make_empty((n, n if m is None else m), dtype, device), 0)
    with core.no_grad():
        made.diagonal().fill_(1)
    return into(out, finished(made, requires_grad))


@public("torch")
def tril_indices(row, col, offset=0, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Give the places of the lower triangle of a matrix, row by row.

    Args:
        row: Rows.
        col: Columns.
        offset: Which diagonal is the last: 0 the main one, above it > 0, below it < 0.
        dtype: The dtype; None means int64.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded; whole numbers refuse that.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (2, number of places).

    Returns:
        Tensor.
    """
    core.as_device(device)
    places = core.from_numpy(np.stack(np.tril_indices(row, offset, col)))
    return finished(places if dtype is None else cast(places, dtype), requires_grad)


@public("torch")
def triu_indices(row, col, offset=0, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Give the places of the upper triangle of a matrix, row by row.

    Args:
        row: Rows.
        col: Columns.
        offset: Which diagonal is the last: 0 the main one, above it > 0, below it < 0.
        dtype: The dtype; None means int64.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded; whole numbers refuse that.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (2, number of places).

    Returns:
        Tensor.
    """
    core.as_device(device)
    places = core.from_numpy(np.stack(np.triu_indices(row, offset, col)))
    return finished(places if dtype is None else cast(places, dtype), requires_grad)
