"""Padding at the borders of dimensions."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import FLOATING, Unsupported, derivative, infer, op, refuses, samples
from ._space import public
from .errors import expected


def _pairs(name, pad, ndim):
    """(before, after) for each dimension; `pad` begins with the last one."""
    pad = tuple(pad)
    if len(pad) % 2 or len(pad) > 2 * ndim:
        raise expected(name, f"pad of an even length up to {2 * ndim}", pad, "two numbers for each dimension, from the last", RuntimeError)
    return ((0, 0),) * (ndim - len(pad) // 2) + tuple((pad[i], pad[i + 1]) for i in reversed(range(0, len(pad), 2)))


@op("call", spaces=(), methods=False, onnx=Unsupported("an internal form"),
    peer=None)  # fmt: skip
def pad_constant(input, pad, value):
    """`pad` with a number; negative widths cut off."""
    pairs = _pairs("pad", pad, input.ndim)
    result = np.full([n + a + b for n, (a, b) in zip(input.shape, pairs, strict=True)], value, input.dtype)
    inner = tuple(slice(max(a, 0), n + a + min(b, 0) if b < 0 else n + a) for n, (a, b) in zip(input.shape, pairs, strict=True))
    result[inner] = input[tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(input.shape, pairs, strict=True))]
    return result


@infer(pad_constant)
def _(input, pad, value):
    pairs = _pairs("pad", pad, input.ndim)
    shape = tuple(n + a + b for n, (a, b) in zip(input.shape, pairs, strict=True))
    if any(n < 0 for n in shape):
        raise expected("pad", f"no more cut off than there is of shape {tuple(input.shape)}", tuple(pad), error=RuntimeError)
    return [(shape, input.dtype)], [pairs], [value]


derivative(pad_constant, input=lambda g, pad: pad_constant(g, tuple(-n for n in pad), 0))


@samples(pad_constant)
def _(s):
    yield s(s.normal(2, 3), (1, 2), 0.5)
    yield s(s.normal(2, 3), (-1, 2, 1, -1), 0.0)


def _places(mode, n, a, b):
    """Where each element of a padded dimension comes from."""
    i = np.arange(-a, n + b)
    if mode == "circular":
        return i % n
    if mode == "replicate":
        return np.clip(i, 0, n - 1)
    i = np.abs(i)
    return np.where(i >= n, 2 * (n - 1) - i, i)


def _pad_form(b, x, pad, mode, value):
    names = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    if mode != "constant" and any(n < 0 for n in pad):
        return Unsupported("cutting off and padding at once")
    pairs = _pairs("pad", pad, len(b.shape(x)))
    widths = b.constant(np.array([p[0] for p in pairs] + [p[1] for p in pairs], np.int64))
    return b.node("Pad", x, widths, *((b.constant(np.asarray(value or 0, b.dtype(x))),) if mode == "constant" else ()), mode=names[mode])


@op("composite", spaces="functional", methods=False, dtypes=FLOATING, onnx=_pad_form)
def pad(input, pad, mode="constant", value=None):
    """Add elements at the borders of the last dimensions.

    Args:
        input: Tensor.
        pad: How many before and after, from the last dimension to the first; negative numbers cut off, before others are added.
        mode: "constant"; "reflect" about the border element; "replicate" it; "circular" from the other side.
        value: The constant; None means 0.

    Shape:
        input: (*, n); result: (*, before + n + after).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `pad` does not fit the dimensions, or the padding is wider than the mode allows.
        NotImplementedError: `mode` is another word.

    Example:
        >>> functional.pad(tensor([1, 2, 3]), (2, 1), "reflect")
        tensor([3, 2, 1, 2, 3, 2])
    """
    if mode == "constant":
        return pad_constant(input, tuple(pad), 0 if value is None else value)
    if mode not in ("reflect", "replicate", "circular"):
        raise expected("pad", "mode to be constant, reflect, replicate or circular", mode, error=NotImplementedError)
    if value not in (None, 0):
        raise expected("pad", f"no value for mode {mode}", f"{value}", error=RuntimeError)
    if any(n < 0 for n in pad) and mode == "circular":  # the others look at what is cut off too
        input = pad_constant(input, tuple(min(n, 0) for n in pad), 0)
    for d, widths in enumerate(_pairs("pad", pad, input.ndim)):
        n, (a, b) = input.shape[d], (max(w, 0) for w in widths) if mode == "circular" else widths
        if not a and not b:
            continue
        most = n - 1 if mode == "reflect" else n
        if mode != "replicate" and max(a, b) > most:
            raise expected("pad", f"widths of at most {most} in dimension {d} for mode {mode}", f"{a} and {b}", error=RuntimeError)
        if n + a + b < 1 or not n:
            raise expected("pad", f"widths that leave something of size {n} in dimension {d}", f"{a} and {b}", error=RuntimeError)
        input = input.index_select(d, core.from_numpy(_places(mode, n, a, b)))
    return input


@samples(pad)
def _(s):
    yield s(s.normal(2, 3), (1, 2))
    yield s(s.normal(1, 2, 3, 3), (1, 0, 2, 1), value=1.5)
    for mode in ("reflect", "replicate", "circular"):
        yield s(s.normal(1, 2, 4), (1, 2), mode)
        yield s(s.normal(1, 2, 3, 4), (1, 2, 2, 0), mode)
        yield s(s.normal(1, 2, 5, 6), (-1, 2, 3, -1), mode).without("onnx", because="ONNX cuts off in another order")
        yield s(s.normal(2, 3, 2, 4), (1, 2, 0, 1, 2, 1), mode)
    for mode in ("reflect", "replicate"):
        yield s(s.normal(1, 2, 4), (-4, 3), mode).without("onnx", because="ONNX cuts off in another order")
        yield s(s.normal(0, 3, 4), (1, 2), mode).without("onnx", because="ONNX's runtime wants elements")


@refuses(pad)
def _(s):
    yield s(s.normal(2), (1,)).raises(RuntimeError, "pad: expected pad of an even length")
    yield s(s.normal(1, 2, 3), (-3, 0), "replicate").raises(RuntimeError, "pad: expected widths that leave something of size 3")
    yield s(s.normal(1, 2, 3), (3, 0), "reflect").raises(RuntimeError, "pad: expected widths of at most 2 in dimension 2 for mode reflect")
    yield s(s.normal(1, 2, 3), (1, 1), "reflect", 1.0).raises(RuntimeError, "pad: expected no value for mode reflect, got 1.0")
    yield s(s.normal(1, 2, 3), (0, 4), "circular").raises(RuntimeError, "pad: expected widths of at most 3 in dimension 2")
    yield s(s.normal(2), (1, 1), "mirror").raises(NotImplementedError, "pad: expected mode")
    yield s(s.normal(2), (-2, -2)).raises(RuntimeError, "pad: expected no more cut off")


@public("torch")
def constant_pad_nd(input, pad, value=0):
    """`nn.functional.pad` with a number."""
    return pad_constant(input, tuple(pad), value)
