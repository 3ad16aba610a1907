"""`assert_close` says what PyTorch says; `make_tensor` makes what PyTorch makes, but for the draws."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")

NAN, INF = float("nan"), float("inf")
PAIRS = {
    "one of three": lambda t: (t([1.0, 2.0, 3.0]), t([1.0, 2.5, 3.0])),
    "two of four": lambda t: (t([[1.0, 2.0], [3.0, 4.0]]), t([[1.0, 2.5], [3.0, 4.5]])),
    "whole numbers": lambda t: (t([1, 2]), t([1, 3])),
    "bools": lambda t: (t([True]), t([False])),
    "dtypes": lambda t: (t([1.0]), t([1.0]).double()),
    "shapes": lambda t: (t([1.0]), t([1.0, 2.0])),
    "tensors without dimensions": lambda t: (t(1.0), t(2.0)),
    "floats": lambda t: (1.0, 2.0),
    "ints": lambda t: (1, 2),
    "int and float": lambda t: (1, 1.0),
    "True and False": lambda t: (True, False),
    "complex": lambda t: (1 + 2j, 1 + 3j),
    "complex tensors": lambda t: (t([1 + 2j]), t([1 + 3j])),
    "list": lambda t: ([1.0, t(1.0)], [1.0, t(2.0)]),
    "dict": lambda t: ({"a": 1.0}, {"a": 2.0}),
    "keys": lambda t: ({"a": 1.0}, {"b": 2.0}),
    "lengths": lambda t: ([1], [1, 2]),
    "nested": lambda t: ([1.0, [t([1.0]), {"k": t([1.0, 2.0])}]], [1.0, [t([1.0]), {"k": t([1.0, 3.0])}]]),
    "tuple and list": lambda t: ((1.0,), [1.0]),
    "mappings": lambda t: (OrderedDict(a=1.0), {"a": 1.0}),
    "nan": lambda t: (t([NAN]), t([NAN])),
    "inf": lambda t: (t([INF]), t([1.0])),
    "same inf": lambda t: (t([INF, -INF]), t([INF, -INF])),
    "other inf": lambda t: (t([INF]), t([-INF])),
    "half": lambda t: (t([1.0]).half(), t([1.1]).half()),
    "bfloat16 within": lambda t: (t([1.0]).bfloat16(), t([1.01]).bfloat16()),
    "arrays": lambda t: (np.array([1.0]), np.array([2.0])),
    "None": lambda t: (None, None),
    "empty": lambda t: (t([]), t([])),
    "just within": lambda t: (t([1.0]), t([1.0000012])),
    "just outside": lambda t: (t([1000.0]), t([1000.002])),
    "strings": lambda t: ("a", "b"),
    "tensor and number": lambda t: (t([1.0]), 1.0),
    "tensor and array": lambda t: (t([1.0]), np.array([1.0], dtype=np.float32)),
}
OPTIONS = {
    "nan": {"equal_nan": True},
    "wide": {"rtol": 0.5, "atol": 0.1},
    "exact": {"rtol": 0, "atol": 0},
    "dtypes may differ": {"check_dtype": False},
    "own message": {"msg": "mine"},
    "own words": {"msg": lambda m: f"before: {m}"},
}


def outcome(module, pair, options):
    try:
        module.testing.assert_close(*pair(module.tensor), **options)
    except (AssertionError, TypeError) as error:
        return type(error), str(error).replace("workbench.ext.core._core.Tensor", "torch.Tensor")
    return None


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("options", [{}, *OPTIONS.values()], ids=["default", *OPTIONS])
def test_assert_close_is_torch_s(name, options):
    assert outcome(engine, PAIRS[name], options) == outcome(torch, PAIRS[name], options)


def test_strides_and_half_given_tolerances():
    for module in (engine, torch):
        t = module.tensor
        with pytest.raises(AssertionError, match=r"'stride\(\)' do not match"):
            module.testing.assert_close(t([[1.0, 2.0]]).t(), t([[1.0], [2.0]]), check_stride=True)
        module.testing.assert_close(t([[1.0, 2.0]]).t(), t([[1.0], [2.0]]))
        with pytest.raises(ValueError, match="rtol"):
            module.testing.assert_close(t([1.0]), t([1.0]), rtol=0.1)


@pytest.mark.parametrize("pair", [([1.0, NAN], [1.0, NAN]), ([1.0], [1.001]), ([1, 2], [1, 2]), (1.0, 1.00001)])
def test_assert_allclose_is_torch_s(pair):
    def outcome(module):
        try:
            module.testing.assert_allclose(*pair)
        except AssertionError as error:
            return str(error)

    with pytest.warns(FutureWarning):
        assert outcome(engine) == outcome(torch)


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16", "float64", "int8", "uint8", "int64", "bool", "complex64"])
@pytest.mark.parametrize(
    "options",
    [{}, {"low": -2, "high": 3}, {"exclude_zero": True}, {"noncontiguous": True}, {"low": 0, "high": 1000}, {"requires_grad": True}],
)
def test_make_tensor(name, options):
    def made(module):
        try:
            return module.testing.make_tensor(40, 3, dtype=getattr(module, name), device="cpu", **options)
        except (ValueError, RuntimeError) as error:
            return type(error)

    ours, theirs = made(engine), made(torch)
    if isinstance(theirs, type):
        assert ours is theirs
        return
    assert (str(ours.dtype), tuple(ours.shape), ours.stride(), ours.requires_grad) == (
        str(theirs.dtype), tuple(theirs.shape), theirs.stride(), theirs.requires_grad,
    )  # fmt: skip
    a, b = (t.detach() for t in (ours, theirs))
    parts = [(a.real, b.real), (a.imag, b.imag)] if name == "complex64" else [(a, b)]
    for x, y in parts:
        spread = float(y.double().max() - y.double().min())
        assert abs(float(x.double().min()) - float(y.double().min())) <= 0.25 * spread + 1e-6
        assert abs(float(x.double().max()) - float(y.double().max())) <= 0.25 * spread + 1e-6
    if options.get("exclude_zero"):
        assert not bool((a == 0).any())


def test_make_tensor_refuses_what_torch_refuses():
    for options in ({"low": 2, "high": 1}, {"low": NAN}, {"low": 300, "high": 400, "dtype": "uint8"}):
        named = dict(options)
        dtype = named.pop("dtype", "float32")
        for module in (engine, torch):
            with pytest.raises(ValueError):
                module.testing.make_tensor(3, dtype=getattr(module, dtype), device="cpu", **named)
    assert engine.testing.make_tensor((2, 0), dtype=engine.float32, device="cpu").shape == (2, 0)
    assert engine.testing.make_tensor(2, 3, 4, 5, dtype=engine.float32, device="cpu", memory_format=engine.channels_last).stride() == (
        60,
        1,
        15,
        3,
    )
