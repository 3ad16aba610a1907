"""The harness can fail: for each check, an op with one subtle mistake has to be reported, and the same op without it has not.

The ops are made here and taken out of the registry again, so that no other test meets them.
"""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine.autograd.gradcheck import GradcheckError
from workbench.engine.onnx.check import check_onnx
from workbench.engine.ops._define import REGISTRY, derivative, formula, infer, op
from workbench.engine.testing import CHECKS, Call, Case, Maker, Skip, check_refused
from workbench.engine.testing.compare import assert_close
from workbench.ext.core import _core as core

COUNT = iter(range(1000))


def made(body, family="map", **options):
    """An op of a name of its own that nobody else sees."""
    body.__name__ = f"mutant{next(COUNT)}"
    options = {"spaces": (), "methods": False} | options
    o = op(family, **options)(body)
    for name in (body.__name__, body.__name__ + "_"):
        REGISTRY.pop(name, None)
    return o


def sample(*shape, dtype="float64"):
    return Call((Maker("mutation", dtype).normal(*shape),), {})


def fails(kind, o, call=None, dtype="float64"):
    """Whether the check reports the op."""
    check = {**CHECKS, "onnx": check_onnx, "refused": check_refused}[kind]
    try:
        check(Case(o, call or sample(3, 4, dtype=dtype), dtype))
    except (AssertionError, GradcheckError):
        return True
    return False


def squared(wrong=False):
    o = made(lambda input: input * input)
    derivative(o, input=lambda g, input: g * input * (2.001 if wrong else 2))
    return o


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("kind", ["gradcheck", "peer_gradient"])
def test_derivative(kind, wrong):
    pytest.importorskip("torch") if kind == "peer_gradient" else None
    o = squared(wrong)
    o.definition.peer = lambda torch, x: x * x
    assert fails(kind, o) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_second_derivative(wrong):
    """The first derivative is right, its own derivative is not."""
    backward = made(lambda grad, input: grad * 3 * input * input, tensors=2)
    derivative(
        backward,
        grad=lambda g, input: g * input * input * 3,
        input=lambda g, grad, input: g * grad * input * (5.99 if wrong else 6),
    )
    o = made(lambda input: input * input * input)
    derivative(o, input=lambda g, input: backward(g, input))
    assert not fails("gradcheck", o)
    assert fails("gradgradcheck", o) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_value_against_torch(wrong):
    pytest.importorskip("torch")
    o = made(lambda input: np.tanh(input) + (1e-6 if wrong else 0), peer="tanh")
    assert fails("peer", o) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_dtype_against_torch(wrong):
    pytest.importorskip("torch")
    o = made(lambda input: np.isfinite(input), result="promote" if wrong else "bool", peer="isfinite")
    assert fails("peer", o) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_kernel_against_body(wrong):
    """A body that is a little off its kernel, which is a kernel that is a little off its body."""
    o = REGISTRY["exp"]
    assert o.kernel_dtypes

    class Body:
        """The op with another body behind its reference."""

        definition, kernel_dtypes = o.definition, o.kernel_dtypes

        def __call__(self, x):
            return o(x)

        def reference(self, x):
            return core.from_numpy(np.exp(x.numpy()) * (1 + (1e-6 if wrong else 0)))

    assert fails("kernel", Body()) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_formula_against_op(wrong):
    o = made(lambda input: input * input)
    formula(o)(lambda input: input * input + (1e-6 if wrong else 0))
    assert fails("kernel", o) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_memory_layout(wrong):
    """A body that looks at memory rather than at elements."""

    def body(input):
        contiguous = input.flags.c_contiguous
        return input + (1.0 if wrong and not contiguous else 0.0)

    o = made(body, "call")
    infer(o)(lambda input: ([(tuple(input.shape), input.dtype)], (), ()))
    assert fails("layout", o) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_no_elements(wrong):
    pytest.importorskip("torch")

    def shape(input):
        return (1, *input.shape[1:]) if wrong and not input.numel() else tuple(input.shape)

    o = made(lambda input: np.zeros((1, *input.shape[1:])) if wrong and not input.size else input + 0, "call", peer="clone")
    infer(o)(lambda input: ([(shape(input), input.dtype)], (), ()))
    assert fails("empty", o) is wrong


@pytest.mark.parametrize("wrong", ["", "value", "identity", "version"])
def test_in_place(wrong):
    o = REGISTRY["exp"]
    right = core.Tensor.exp_

    def twin(x):
        if wrong == "identity":
            return right(x).clone()
        if wrong == "version":
            np.exp(x.numpy(), out=x.numpy())
            return x
        return right(x).mul_(1.001) if wrong == "value" else right(x)

    core.add_method("exp_", twin)
    try:
        assert fails("inplace", o) is bool(wrong)
    finally:
        core.add_method("exp_", right)


@pytest.mark.parametrize("wrong", [False, True])
def test_inputs_stay_as_they_are(wrong):
    def body(input):
        result = input * 2
        if wrong:
            input.flat[0] += 1
        return result

    assert fails("bookkeeping", made(body)) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_changes_after_the_forward(wrong):
    """A derivative that reads something which nobody watches."""
    seen = {}

    def body(input):
        return input * input

    o = made(body)
    derivative(o, input=lambda g, input: g * 2 * input)

    class Unwatched:
        definition, kernel_dtypes = o.definition, o.kernel_dtypes

        def __call__(self, x):
            seen["x"] = x.detach()  # the memory without its version

            class Square(engine.autograd.Function):
                @staticmethod
                def forward(ctx, x):
                    return x.detach() * x.detach()

                @staticmethod
                def backward(ctx, g):
                    return g * 2 * seen["x"]

            return Square.apply(x) if wrong else o(x)

    assert fails("versions", Unwatched()) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_one_tensor_twice(wrong):
    """An op that takes two equal arguments for one and the same."""
    o = made(lambda input, other: input * other, tensors=2)
    derivative(o, input=lambda g, other: g * other, other=lambda g, input: g * input)

    class Product:
        definition, kernel_dtypes = o.definition, o.kernel_dtypes

        def __call__(self, a, b):
            return o(a, b.detach()) if wrong and a is b else o(a, b)

    s = Maker("mutation", "float64")
    assert fails("shared", Product(), Call((s.normal(3), s.normal(3)), {})) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_gradient_of_memory_layouts(wrong):
    class Scaled:
        definition, kernel_dtypes = squared().definition, []
        inner = staticmethod(squared())

        def __call__(self, x):
            y = self.inner(x)
            return y + (x * 0.001 - (x * 0.001).detach()) if wrong and not x.is_contiguous() else y

    assert fails("layout_gradient", Scaled()) is wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_onnx_form(wrong):
    pytest.importorskip("onnxruntime")
    o = made(lambda input: np.tanh(input), onnx="Sinh" if wrong else "Tanh")
    assert fails("onnx", o, dtype="float32") is wrong


@pytest.mark.parametrize(
    ("error", "message", "wrong"),
    [(TypeError, "expected input", False), (RuntimeError, "expected input", True), (TypeError, "a rabbit", True)],
)
def test_bad_input(error, message, wrong):
    o = made(lambda input: input * 2)
    assert fails("refused", o, Call(("no tensor",), {}).raises(error, message)) is wrong


def test_bad_input_that_is_accepted():
    o = made(lambda input: input * 2)
    assert fails("refused", o, sample(2).raises(ValueError, "no"))


def test_comparison():
    one = np.ones(3, np.float32)
    assert_close(one, one + np.float32(1e-6))
    for other in (one + np.float32(1e-3), one[:2], one * np.nan, (one, one), None, one.astype(np.float64)):
        with pytest.raises(AssertionError):
            assert_close(one, other)
    with pytest.raises(AssertionError, match=r"1 of 3 elements differ, first at \(1,\)"):
        assert_close(np.array([1, 2, 3]), np.array([1, 5, 3]))


def test_what_does_not_apply_is_skipped():
    with pytest.raises(Skip):
        CHECKS["inplace"](Case(squared(), sample(2), "float64"))
