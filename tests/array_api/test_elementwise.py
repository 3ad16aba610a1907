"""Elementwise functions: dtypes, promotion and the special values of the standard's tables, as array_api_strict has them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from workbench import engine
from workbench.engine import array_api

from .both import DTYPES, array_api_strict, both, call, numbers, same

UNARY = {
    **dict.fromkeys(("abs", "negative", "positive", "sign", "square"), "numeric"),
    **dict.fromkeys(("isfinite", "isinf", "isnan", "conj"), "numeric"),
    **dict.fromkeys(("ceil", "floor", "trunc"), "ordered"),
    "round": "numeric", "bitwise_invert": "bits", "logical_not": "bool", "signbit": "real", "imag": "complex", "real": "numeric",
    **dict.fromkeys(("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "log", "log10"), "floating"),
    **dict.fromkeys(("log1p", "log2", "reciprocal", "sin", "sinh", "sqrt", "tan", "tanh"), "floating"),
}  # fmt: skip
BINARY = {
    **dict.fromkeys(("add", "subtract", "multiply", "equal", "not_equal"), "numeric"),
    **dict.fromkeys(("greater", "greater_equal", "less", "less_equal", "maximum", "minimum"), "ordered"),
    **dict.fromkeys(("atan2", "copysign", "hypot", "logaddexp", "nextafter"), "real"),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), "bits"),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), "bool"),
    "divide": "floating", "pow": "floating", "floor_divide": "ordered", "remainder": "ordered",
}  # fmt: skip
COMPLEX_TABLES = [n for n, k in UNARY.items() if k in ("numeric", "floating") and n not in ("positive", "reciprocal", "sign")]
SPECIAL = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 3.0, -3.0, 1e-3, 20.0, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize(("name", "dtype"), [(n, d) for n, kind in UNARY.items() for d in DTYPES[kind]])
def test_unary(name, dtype):
    for shape in ((3, 4), (), (0, 2)):
        x = numbers(dtype, shape)
        both(name, x)
    if dtype in DTYPES["real"]:
        both(name, np.array(SPECIAL, dtype))


@pytest.mark.parametrize("name", COMPLEX_TABLES)
def test_complex_special_values(name):
    """Without `reciprocal` and `sign`, for whose infinities the standard has no table: ours are those of PyTorch."""
    parts = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan]
    x = np.array([complex(a, b) for a, b in product(parts, parts)])
    ours, theirs = (call(xp, name, x) for xp in (array_api, array_api_strict))
    a, b = ours.numpy(), np.asarray(theirs)
    for part in (np.real, np.imag):
        same(array_api.asarray(part(a).copy()), part(b))


@pytest.mark.parametrize(("name", "dtype"), [(n, d) for n, kind in BINARY.items() for d in DTYPES[kind]])
def test_binary(name, dtype):
    safe = name in ("floor_divide", "remainder") and "int" in dtype  # division of integers by 0 has no value in the standard
    for a, b in (((3, 4), (4,)), ((), (2, 1)), ((0, 2), (1, 2)), ((), ())):
        y = numbers(dtype, b, 1)
        both(name, numbers(dtype, a), np.where(y == 0, 3, y).astype(dtype) if safe else y)
    if dtype in DTYPES["real"]:
        pairs = np.array(list(product(SPECIAL, SPECIAL)), dtype)
        both(name, pairs[:, 0], pairs[:, 1])


@pytest.mark.parametrize("name", ["bitwise_left_shift", "bitwise_right_shift"])
@pytest.mark.parametrize("dtype", DTYPES["integer"])
def test_shifts(name, dtype):
    both(name, numbers(dtype, (3, 4)), numbers(dtype, (4,), low=0, high=7))
    both(name, numbers(dtype, (3,)), 2)


@pytest.mark.parametrize("kind", ["integer", "floating"])
def test_promotion(kind):
    """A tensor without dimensions counts like one with some."""
    for a, b in product(DTYPES[kind], DTYPES[kind]):
        for shape in ((3,), ()):
            both("add", numbers(a, (3,)), numbers(b, shape))
            both("equal", numbers(a, shape), numbers(b, (3,)))


@pytest.mark.parametrize("dtype", DTYPES["numeric"])
@pytest.mark.parametrize("name", ["add", "multiply", "not_equal"])
def test_numbers_take_the_dtype_of_the_tensor(name, dtype):
    x = numbers(dtype, (3,))
    for number in (2, 2.5, 1 + 2j):
        if (isinstance(number, float) and "int" in dtype) or (isinstance(number, complex) and "complex" not in dtype):
            continue  # for a later test: array_api_strict mixes kinds with nothing
        both(name, x, number)
        both(name, number, x)


def test_numbers_of_a_higher_kind_promote():
    x, y = engine.ones(2, dtype=engine.int32), engine.ones(2, dtype=engine.float64)
    assert array_api.add(x, 1.5).dtype is engine.float32
    assert array_api.add(y, 1j).dtype is engine.complex128
    with pytest.raises(TypeError, match="add: expected at least one tensor or dtype, got numbers alone"):
        array_api.add(1, 2)
    with pytest.raises(TypeError, match="add: expected tensors, dtypes or numbers, got two"):
        array_api.add(x, "two")


@pytest.mark.parametrize("dtype", DTYPES["ordered"])
@pytest.mark.parametrize("bounds", [(None, None), (1, None), (None, 3), (1, 3)])
def test_clip(dtype, bounds):
    x = numbers(dtype, (3, 4))
    both("clip", x, *bounds)
    low, high = (None if b is None else np.array([b], dtype) for b in bounds)
    both("clip", x, low, high)
    if dtype in DTYPES["real"]:
        both("clip", np.array(SPECIAL, dtype), *bounds)


def test_special_values_that_the_peer_leaves_to_numpy():
    """From the standard's text: the sign of nan is nan, that of -0 is 0; of complex 0 it is 0."""
    assert array_api.isnan(array_api.sign(engine.tensor(float("nan")))).item()
    assert array_api.sign(engine.tensor(0j)).item() == 0
    assert call(array_api, "imag", np.ones(2)).tolist() == [0.0, 0.0]


def test_gradients_pass():
    x = engine.tensor([1.0, 2.0], requires_grad=True)
    array_api.sum(array_api.multiply(array_api.square(x), 3)).backward()
    assert x.grad.tolist() == [6.0, 12.0]
