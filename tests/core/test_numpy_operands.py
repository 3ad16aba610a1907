"""Tensors and NumPy's arrays and numbers in one expression: class, dtype, values and refusals are those of PyTorch."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")

EXPRESSIONS = """
t + a; a + t; t - a; a - t; t * a; a * t; t / a; a / t; t // a; a // t; t % a; a % t; t ** a; a ** t; t @ a; a @ t; m @ a; divmod(t, a)
t == a; a == t; t != a; a != t; t < a; a < t; t >= a; t == whole; i == whole; t == a[:2]; t == a[:2, None]; t == words; t == [1, 2, 3]
i + a; t + whole; i + whole; whole + i; half + a; a + half; f + a; b & mask; b | mask; i << whole; scalar * a; a * scalar
t + np.array(2.0); np.array(2.0) + t; t * np.array(2); np.array(2) * t; np.array([2.0]) * t
np.float64(2) * t; t * np.float64(2); np.float32(2) + t; np.int64(2) - t; np.float64(2) / t; np.float64(2) ** t; np.float64(2) == t
np.float64(2) < t; np.float64(2) * i; np.int64(2) * i; np.float32(2) * i; np.int32(3) // (i + 1); np.int64(7) % (i + 1); np.uint16(2) * t
np.float16(2) * t; np.float64(2) * half; np.int64(2) * b; np.complex128(2) * t; t * np.longdouble(2); t * np.uint32(2)
np.add(t, a); np.add(a, t); np.add(t, t); np.multiply(t, 2); np.sin(t); np.exp(i); np.abs(t); np.maximum(t, a); np.matmul(m, m)
np.isfinite(t); np.equal(t, a); np.divmod(t, a); np.modf(t); np.frexp(t); np.add.reduce(t); np.cumsum(t); np.reshape(t, (3, 1))
np.transpose(m); np.linalg.inv(m); np.clip(t, 0, 1); np.round(t); np.where(t > 0, t, a); np.concatenate([t, t]); np.dot(t, a)
g + a; a + g; a * g; a / g; g == a; a == g; np.sqrt(g); np.add(g, 1); np.float64(2) * g; g * np.float64(2); np.asarray(g)
t.__array_priority__; t.__array_wrap__(a); t.__array_wrap__(mask); t.__array_wrap__(np.array(3.0)); t.__array_wrap__(words); t.add(a)
""".replace("\n", ";").split(";")


def outcome(lib, expression):
    """Class, dtype and values of what comes, or the class of what is raised."""
    a, whole, mask, words = np.array([1.0, 2.0, 3.0]), np.array([0, 1, 2]), np.array([True, False, True]), np.array(["a", "b", "c"])
    t, i, b, g = (
        lib.tensor([1.0, 2.5, 3.5]),
        lib.tensor([0, 1, 2]),
        lib.tensor([True, False, True]),
        lib.tensor([1.0, 2, 3], requires_grad=True),
    )
    m, half, f, scalar = lib.eye(3) + t, t.to(lib.float16), t.to(lib.float64), lib.tensor(2.0)
    names = {"np": np, "a": a, "whole": whole, "mask": mask, "words": words, "t": t, "i": i, "b": b, "g": g, "m": m, "half": half, "f": f}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, that PyTorch's __array_wrap__ is of the old form
        try:
            return described(lib, eval(expression, {**names, "scalar": scalar}))
        except Exception as error:
            return type(error)


def described(lib, value):
    if isinstance(value, tuple):
        return [described(lib, v) for v in value]
    kind = "tensor" if isinstance(value, lib.Tensor) else type(value)
    if kind == "tensor":
        value = value.detach()
        return kind, str(value.dtype), tuple(value.shape), value.tolist()
    return kind, getattr(value, "dtype", None), value.tolist() if hasattr(value, "tolist") else value


def close(ours, theirs):
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(map(close, ours, theirs))
    return ours == pytest.approx(theirs, rel=1e-6) if isinstance(ours, (float, complex)) else ours == theirs


@pytest.mark.parametrize("expression", [e.strip() for e in EXPRESSIONS if e.strip()])
def test_what_comes_is_what_pytorch_gives(expression):
    ours, theirs = outcome(engine, expression), outcome(torch, expression)
    assert close(ours, theirs), (ours, theirs)


def test_numpy_functions_warn_of_nothing():
    assert isinstance(np.sin(engine.ones(2)), engine.Tensor)
    assert np.add(engine.ones(2), 1).tolist() == [2.0, 2.0]
