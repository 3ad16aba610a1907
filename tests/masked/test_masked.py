"""Masked functions against PyTorch's: results, gradients, arguments and errors."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")

REDUCED = {"sum": (), "prod": (), "amax": (), "amin": (), "mean": (), "logsumexp": (), "var": (), "std": (), "norm": (2.0,)}
ALONG = {"median": (), "argmax": (), "argmin": (), "softmax": (), "log_softmax": (), "softmin": (), "cumsum": (), "cumprod": ()}
ALONG["normalize"] = (1.0,)
NAMES = sorted([*REDUCED, *ALONG, "logaddexp"])
INPUT = np.random.default_rng(0).permutation(24).reshape(2, 3, 4) / 8 - 1  # distinct
MASK = np.random.default_rng(1).random((3, 4)) < 0.6
MASK[1] = False  # somewhere nothing is left


def call(m, name, *args, **kwargs):
    """Result and, where there is one, gradient; or the class of the error."""
    args = [from_array(m, a) for a in args]
    kwargs = {k: from_array(m, v) for k, v in kwargs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of prototypes
        try:
            out = getattr(m.masked, name)(*args, **kwargs)
        except Exception as error:
            return type(error)
        found = [out.detach().numpy()]
        if out.requires_grad:
            weights = m.linspace(1, 2, out.numel(), dtype=out.dtype).reshape(out.shape)
            grads = m.autograd.grad(out, [a for a in args if m.is_tensor(a)], weights, allow_unused=True)
            found += [g.numpy() for g in grads if g is not None and g.any()]  # PyTorch: none where it is 0
    return found


def from_array(m, value):
    if not isinstance(value, np.ndarray):
        return value
    return m.tensor(value.tolist(), dtype=getattr(m, str(value.dtype)), requires_grad=value.dtype == np.float64)


def check(name, *args, **kwargs):
    found, expected = (call(m, name, *args, **kwargs) for m in (engine, torch))
    if isinstance(expected, type):
        assert isinstance(found, type), found
        assert issubclass(found, expected), (found, expected)
        return
    assert not isinstance(found, type), found
    assert len(found) == len(expected)
    for f, e in zip(found, expected, strict=True):
        assert f.dtype == e.dtype
        np.testing.assert_allclose(f, e, rtol=1e-6, atol=1e-9)


def test_names_and_signatures_are_pytorchs():
    scope = {n for n in torch.masked.__all__ if "masked_tensor" not in n and n != "MaskedTensor"}
    assert set(engine.masked.__all__) == scope == set(NAMES)
    for name in NAMES:
        ours, theirs = (inspect.signature(getattr(m.masked, name)).parameters.values() for m in (engine, torch))
        assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]


@pytest.mark.parametrize("mask", [MASK, None, MASK.astype("int64")], ids=["bool", "none", "int64"])
@pytest.mark.parametrize("name", sorted(REDUCED))
def test_reductions(name, mask):
    for dim in (None, (), 1, (0, 2), (-1, -3)):
        check(name, INPUT, *REDUCED[name], dim, mask=mask)
    check(name, INPUT, *REDUCED[name], -1, keepdim=True, mask=mask)
    check(name, INPUT.astype("float32"), *REDUCED[name], 1, dtype=None, mask=mask)


@pytest.mark.parametrize("mask", [MASK, None, MASK[0]], ids=["bool", "none", "broadcast"])
@pytest.mark.parametrize("name", sorted(ALONG))
def test_functions_along_a_dimension(name, mask):
    for dim in (0, -1):
        check(name, INPUT, *ALONG[name], dim, mask=mask)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "complex128"])
@pytest.mark.parametrize("name", [n for n in NAMES if n != "logaddexp"])
def test_other_dtypes(name, dtype):
    """Results and their dtypes, or the class of the refusal."""
    if dtype == "bool" and name.startswith("cum"):
        return  # PyTorch has no such kernel; plain cumsum takes bool here, too
    for mask in (MASK, np.ones((3, 4), bool), None):
        check(name, (INPUT * 8 + 8).astype(dtype), *(REDUCED | ALONG)[name], 0, mask=mask)


@pytest.mark.parametrize("kwargs", [{}, {"unbiased": False}, {"correction": 2}, {"correction": 0}, {"unbiased": True, "correction": 1}])
def test_corrections(kwargs):
    check("var", INPUT, 1, mask=MASK, **kwargs)
    check("std", INPUT[:, ::2].copy(), (0, 1), mask=MASK[::2], **kwargs)


@pytest.mark.parametrize("order", [1.0, 3.0, 0.0, float("inf"), float("-inf")])
def test_orders_of_norms(order):
    check("norm", INPUT, order, (0, 2), mask=MASK)
    check("normalize", INPUT, order, 2, eps=1e-3, mask=MASK)


def test_logaddexp():
    check("logaddexp", INPUT, INPUT[0], input_mask=MASK, other_mask=MASK[:, :1])
    check("logaddexp", INPUT, INPUT[0].copy(), other_mask=MASK)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "logaddexp"])
def test_errors(name):
    args = (REDUCED | ALONG)[name]
    check(name, INPUT, *args, 3)
    check(name, INPUT, *args, 1, mask=MASK[None, None])
    check(name, INPUT, *args, 1, mask=MASK[:, :3])
    if name in REDUCED:
        check(name, INPUT, *args, (1, 1))
    with pytest.raises(TypeError, match="expected input to be a Tensor, got float"):
        getattr(engine.masked, name)(1.0, *args, 0)
    with pytest.raises(TypeError, match="expected mask to be a Tensor, got int"):
        getattr(engine.masked, name)(engine.zeros(3), *args, 0, mask=1)


def test_scalars_and_nothing():
    """Tensors without dimensions, and without elements."""
    for name, args in REDUCED.items():
        check(name, np.array(0.5), *args, mask=np.array(False))
        if name not in ("amax", "amin"):
            check(name, INPUT[:, :0].copy(), *args, 1, mask=MASK[:0])
    for name, args in ALONG.items():
        check(name, np.array(0.5), *args, 0, mask=np.array(True))
