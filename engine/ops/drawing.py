"""Draws from the counter-based generator: what an element gets depends on the key and on its place alone.

A key is (low word, high word, number of the draw: low, high). Element i of a draw of w words each gets words w i to w i + w - 1 of the
stream of Philox4x32-10 that belongs to the key.
"""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ..random_keys import philox_blocks
from ._define import Unsupported, derivative, infer, op, samples
from ._help import product

KEY = (0x12345678, 0x9ABCDEF0, 7, 0)
NO_FORM = Unsupported("random numbers are not part of a network in use")


def words(key, n):
    """The first n 32-bit words of a stream."""
    blocks = np.arange(-(-n // 4), dtype=np.uint64)
    return philox_blocks(blocks, np.array([key[2] | key[3] << 32], np.uint64), key[:2]).reshape(-1)[:n]


def unit(key, n, dtype):
    """n numbers in [0, 1): of 24 bits, one word each, or of 53 bits, two words each."""
    if dtype == np.float64:
        w = words(key, 2 * n)
        return ((w[0::2] >> 5) * 67108864.0 + (w[1::2] >> 6)) / 9007199254740992.0
    return (words(key, n) >> 8).astype(np.float32) * np.float32(2.0**-24)


def gauss(key, n, dtype):
    """n standard normal numbers by Box and Muller's transform, in pairs."""
    u = unit(key, n + n % 2, dtype).astype(np.float64)
    radius, angle = np.sqrt(-2 * np.log1p(-u[0::2])), 2 * np.pi * u[1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[:n]


def _spec(shape, dtype, key, *floats):
    return [(tuple(shape), dtype)], list(key), [float(v) for v in floats]


@op("call", tensors=0, spaces=(), methods=False, onnx=NO_FORM)
def uniform(shape, dtype, key, low, high):
    """Numbers evenly distributed in [low, high), of float32 or float64."""
    u = unit(key, product(shape), dtype.numpy)
    return (u * dtype.numpy.type(high - low) + dtype.numpy.type(low)).reshape(shape)


@infer(uniform)
def _(shape, dtype, key, low, high):
    return _spec(shape, dtype, key, low, high)


@op("call", tensors=0, spaces=(), methods=False, onnx=NO_FORM)
def normal(shape, dtype, key, mean, std):
    """Numbers normally distributed, of float32 or float64."""
    return (gauss(key, product(shape), dtype.numpy) * std + mean).reshape(shape)


@infer(normal)
def _(shape, dtype, key, mean, std):
    return _spec(shape, dtype, key, mean, std)


@op("call", tensors=0, spaces=(), methods=False, onnx=NO_FORM)
def randint(shape, dtype, key, low, high):
    """Whole numbers evenly distributed in [low, high), of int64: the upper half of 64 random bits times the width."""
    w = words(key, 2 * product(shape)).astype(np.uint64)
    a, width = w[0::2] | w[1::2] << 32, high - low
    ah, al, bh, bl = a >> 32, a & 0xFFFFFFFF, width >> 32, width & 0xFFFFFFFF
    t = ah * bl + (al * bl >> 32)
    upper = ah * bh + (t >> 32) + ((al * bh + (t & 0xFFFFFFFF)) >> 32)
    return (upper.astype(np.int64) + low).reshape(shape)


@infer(randint)
def _(shape, dtype, key, low, high):
    return [(tuple(shape), dtype)], [*key, low, high], []


@samples(uniform)
@samples(normal)
def _(s):
    dtype = getattr(core, s.dtype)
    yield s((3, 5), dtype, KEY, -1.0, 2.0)
    yield s((), dtype, KEY, 0.0, 1.0)


@samples(randint)
def _(s):
    yield s((3, 5), core.int64, KEY, -3, 9)
    yield s((3,), core.int64, KEY, 0, 1 << 40)


@op("call", spaces=(), methods=False, extra=("mask",), onnx=NO_FORM)
def dropped(input, p, key):
    """`dropout` with its key: zeros with probability p, the rest scaled by 1 / (1 - p); the mask says what is kept."""
    keep = unit(key, input.size, np.float32).reshape(input.shape) >= np.float32(p)
    return np.where(keep, input * input.dtype.type(1 / (1 - p)), input.dtype.type(0)), keep


@infer(dropped)
def _(input, p, key):
    return [(tuple(input.shape), input.dtype), (tuple(input.shape), core.bool_)], list(key), [float(p)]


derivative(dropped, input=lambda g, p, mask: g * mask * (1 / (1 - p)))


@samples(dropped)
def _(s):
    yield s(s.normal(3, 5), 0.25, KEY)
    yield s(s.normal(7), 0.75, KEY)
