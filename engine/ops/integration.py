"""Integrals by the trapezoidal rule, and slopes by finite differences."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, op, refuses, samples
from ._help import axis, tensors
from ._space import alias, public
from .errors import expected
from .pieces import cat

Tensor = core.Tensor


def _areas(name, y, x, dx, dim):
    """Twice the area below each step."""
    tensors(name, y=y)
    if y.dtype is core.bool_ or (isinstance(x, Tensor) and x.dtype is core.bool_):
        raise expected(name, "values that are not bool", "bool ones", "cast with .float()", RuntimeError)
    if not y.ndim:
        raise expected(name, "y of 1 or more dimensions", y, error=IndexError)
    at = axis(name, dim, y.ndim)
    n = y.shape[at]
    pairs = y.narrow(at, min(n, 1), max(n - 1, 0)) + y.narrow(at, 0, max(n - 1, 0))
    if x is None:
        return pairs * dx, at
    if x.ndim == 1:
        if x.shape[0] != n:
            raise expected(name, f"x of {n} values, one for each of y", x, error=RuntimeError)
        return pairs * (x[1:] - x[:-1]).reshape([-1 if d == at else 1 for d in range(y.ndim)]), at
    along = at - y.ndim + x.ndim
    m = x.shape[along]
    widths = x.narrow(along, min(m, 1), max(m - 1, 0)) - x.narrow(along, 0, max(m - 1, 0))
    return pairs * widths, at - y.ndim + max(x.ndim, y.ndim)


def _arguments(x, dx):
    """`dx` may stand in the place of `x`: as a number it is a distance."""
    return (None, x) if x is not None and not isinstance(x, Tensor) else (x, 1 if dx is None else dx)


@op("composite", tensors=2, methods=False, onnx=Unsupported("an integral, not part of a network"))
def trapezoid(y, x=None, *, dx=None, dim=-1):
    """Integrate by the trapezoidal rule.

    I = sum over i of (y[i] + y[i + 1]) (x[i + 1] - x[i]) / 2

    Args:
        y: Values of the function.
        x: Where the function has them, or the distance of neighbours as a number.
        dx: The distance of neighbours; None means 1.
        dim: The dimension to integrate over.

    Shape:
        y: (*, n, *); x: (n,), or a shape that broadcasts with that of y; result: (*, *).

    Returns:
        Tensor of a floating or complex dtype.

    Raises:
        RuntimeError: values are bool, or the number of places is another.
        IndexError: there is no such dimension.

    Example:
        >>> trapezoid(tensor([1.0, 2.0, 3.0]))
        tensor(4.)
    """
    x, dx = _arguments(x, dx)
    areas, at = _areas("trapezoid", y, x, dx, dim)
    return areas.sum(at) / 2


@op("composite", tensors=2, methods=False, onnx=Unsupported("an integral, not part of a network"))
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """Integrate by the trapezoidal rule up to each value.

    I[k] = sum over i <= k of (y[i] + y[i + 1]) (x[i + 1] - x[i]) / 2

    Args:
        y: Values of the function.
        x: Where the function has them, or the distance of neighbours as a number.
        dx: The distance of neighbours; None means 1.
        dim: The dimension to integrate over.

    Shape:
        y: (*, n, *); x: (n,), or a shape that broadcasts with that of y; result: (*, n - 1, *).

    Returns:
        Tensor of a floating or complex dtype.

    Raises:
        RuntimeError: values are bool, or the number of places is another.
        IndexError: there is no such dimension.

    Example:
        >>> cumulative_trapezoid(tensor([1.0, 2.0, 3.0]))
        tensor([1.5000, 4.0000])
    """
    x, dx = _arguments(x, dx)
    areas, at = _areas("cumulative_trapezoid", y, x, dx, dim)
    return areas.cumsum(at) / 2


@samples(trapezoid)
@samples(cumulative_trapezoid)
def _(s):
    yield s(s.normal(5))
    yield s(s.normal(3, 4), dx=0.5, dim=0)
    yield s(s.normal(3, 4), s.normal(4))
    yield s(s.normal(3, 4), s.normal(3, 4), dim=0)


@refuses(trapezoid)
def _(s):
    yield s(s.normal(3), s.normal(4)).raises(RuntimeError, "trapezoid: expected x of 3 values")
    yield s(s.normal(), dx=1.0).raises(IndexError, "trapezoid: expected y of 1 or more dimensions")
    yield s(s.mask(3)).raises(RuntimeError, "trapezoid: expected values that are not bool")


alias("torch", trapz=trapezoid)


@public("torch")
def gradient(input, *, spacing=None, dim=None, edge_order=1):
    """Estimate the slope along dimensions by differences that are exact for parabolas, inside; at the ends for lines or parabolas.

    y[i] = (h0^2 (f[i + 1] - f[i]) + h1^2 (f[i] - f[i - 1])) / (h0 h1 (h0 + h1)), with the distances h0 to the left and h1 to the right

    Args:
        input: Values of the function.
        spacing: The distance of neighbours, one for each dimension or for all; or tensors with the places themselves. None means 1.
        dim: Dimension or dimensions; None means all.
        edge_order: 1 or 2: what the differences at the ends are exact for.

    Shape:
        input: (*); result: (*), for each dimension.

    Returns:
        Tuple of tensors.

    Raises:
        RuntimeError: there are fewer than edge_order + 1 values, `spacing` fits not, or `edge_order` is neither 1 nor 2.

    Example:
        >>> gradient(tensor([1.0, 4.0, 9.0]))
        (tensor([3., 4., 5.]),)
    """
    tensors("gradient", input=input)
    if edge_order not in (1, 2):
        raise expected("gradient", "edge_order of 1 or 2", edge_order, error=RuntimeError)
    if input.dtype in (core.bool_, core.uint8):
        raise expected("gradient", "input of another dtype than bool and uint8", input, error=RuntimeError)
    given = range(input.ndim) if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    dims = [axis("gradient", d, input.ndim) for d in given]
    if len(set(dims)) != len(dims):
        raise expected("gradient", "each dimension once in dim", tuple(dims), error=RuntimeError)
    spacing = 1 if spacing is None else spacing
    steps = list(spacing) if isinstance(spacing, (tuple, list)) else [spacing] * len(dims)
    if len(steps) != len(dims):
        raise expected("gradient", f"a spacing for each of {len(dims)} dimensions", spacing, error=RuntimeError)
    kind = input.dtype
    if kind in (core.float16, core.bfloat16):  # rounded once, at the end
        input, steps = input.float(), [step.float() if isinstance(step, Tensor) and step.dtype is kind else step for step in steps]
    found = (_slope(input, d, step, edge_order) for d, step in zip(dims, steps, strict=True))
    return tuple(t.to(kind) if t.dtype is core.float32 and kind in (core.float16, core.bfloat16) else t for t in found)


def _slope(f, dim, step, edge_order):
    n = f.shape[dim]
    if n < edge_order + 1:
        raise expected("gradient", f"at least {edge_order + 1} values along dimension {dim}", str(n), error=RuntimeError)
    if isinstance(step, Tensor):
        if tuple(step.shape) != (n,):
            raise expected("gradient", f"{n} places along dimension {dim}", step, error=RuntimeError)
        h = (step[1:] - step[:-1]).reshape([-1 if d == dim else 1 for d in range(f.ndim)])
        if not f.dtype.is_floating_point and not f.is_complex() and not h.dtype.is_floating_point:
            h = h.to(core.get_default_dtype())
        left, right = h.narrow(dim, 0, n - 2), h.narrow(dim, 1, n - 2)
        first, second, last, before = (h.narrow(dim, i, 1) for i in (0, min(1, n - 2), n - 2, max(n - 3, 0)))
    else:
        left = right = first = second = last = before = step
    rise = f.narrow(dim, 1, n - 1) - f.narrow(dim, 0, n - 1)
    down, up = rise.narrow(dim, 0, n - 2), rise.narrow(dim, 1, n - 2)
    inside = (up * left / right + down * right / left) / (left + right)
    start, end = rise.narrow(dim, 0, 1) / first, rise.narrow(dim, n - 2, 1) / last
    if edge_order == 2:
        start = start + (start - rise.narrow(dim, 1, 1) / second) * first / (first + second)
        end = end + (end - rise.narrow(dim, n - 3, 1) / before) * last / (last + before)
    return cat([start, inside, end], dim)
