"""gradcheck and gradgradcheck against PyTorch's: what passes, what fails, and how."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.script"),
    pytest.mark.filterwarnings("ignore:.*expected inputs of dtype float64"),
]
NAMES = pytest.mark.parametrize("name", ["gradcheck", "gradgradcheck"])
FAST = pytest.mark.parametrize("fast_mode", [False, True])


def given(m, *shape, dtype="float64", seed=0, requires_grad=True):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    return m.from_numpy(np.asarray(values).astype(dtype)).requires_grad_(requires_grad)


def scaled(m, factor=2.0, materialize=True, shift=0.0):
    """t^2 with a derivative that is right for factor 2 and shift 0."""

    class Square(m.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.save_for_backward(t)
            return t * t

        @staticmethod
        def backward(ctx, g):
            (t,) = ctx.saved_tensors
            return g * t.conj() * factor + shift

    return Square.apply


def agree(run):
    """The same answer, or errors of one class; returns it."""

    def outcome(m):
        try:
            return run(m)
        except Exception as error:
            return type(error).__name__

    found = outcome(engine)
    assert found == outcome(torch)
    return found


@NAMES
@FAST
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_right_and_wrong(name, fast_mode, dtype):
    def check(f, *shapes, **options):
        def run(m):
            inputs = tuple(given(m, *s, dtype=dtype, seed=i) for i, s in enumerate(shapes))
            return getattr(m.autograd, name)(f(m), inputs, fast_mode=fast_mode, **options)

        return agree(run)

    assert check(lambda m: lambda x, y: (x * y).sin() @ y.T, (2, 3), (2, 3)) is True
    assert check(lambda m: lambda x: (x * x.conj()).real.sum() * x, (2, 3)) is True
    assert check(lambda m: lambda x: (x * 3, x.abs().sum()), (2, 3)) is True
    assert check(lambda m: lambda x: x * 2, (0,)) is True
    assert check(lambda m: lambda x: x.exp() * x, (3,), check_batched_grad=True) is True
    assert check(scaled, (2,)) is True
    if name == "gradcheck":
        assert check(lambda m: scaled(m, 2.1), (2,)) == "GradcheckError"
        assert check(lambda m: scaled(m, 2.1), (2,), raise_exception=False) is False


@FAST
def test_a_backward_that_ignores_its_gradient(fast_mode):
    assert agree(lambda m: m.autograd.gradcheck(scaled(m, shift=1e-9), (given(m, 2),), fast_mode=fast_mode)) == "GradcheckError"


@NAMES
@FAST
def test_between_real_and_complex(name, fast_mode):
    def check(f, dtype):
        return agree(lambda m: getattr(m.autograd, name)(lambda x: f(m, x), (given(m, 2, 3, dtype=dtype),), fast_mode=fast_mode))

    assert check(lambda m, x: m.complex(x, x * 2) * (1 + 2j), "float64") is True
    assert check(lambda m, x: x.abs() * x.imag, "complex128") is True


@FAST
def test_forward_mode(fast_mode):
    f = lambda x, y: (x * y).sin()  # noqa: E731

    def pair(m):
        return given(m, 2, 3), given(m, 2, 3, seed=1)

    assert agree(lambda m: m.autograd.gradcheck(f, pair(m), fast_mode=fast_mode, check_forward_ad=True)) is True
    only = {"check_forward_ad": True, "check_backward_ad": False}
    assert agree(lambda m: m.autograd.gradcheck(f, pair(m), fast_mode=fast_mode, **only)) is True
    assert agree(lambda m: m.autograd.gradgradcheck(f, pair(m), fast_mode=fast_mode, check_fwd_over_rev=True)) is True
    assert agree(lambda m: m.autograd.gradcheck(f, pair(m), check_backward_ad=False)) == "AssertionError"


def test_a_wrong_tangent():
    for fast_mode in (False, True):

        class Wrong(engine.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                return g * 2

            @staticmethod
            def jvp(ctx, v):
                return v * 3

        x = given(engine, 2)
        assert engine.autograd.gradcheck(Wrong.apply, (x,), fast_mode=fast_mode)
        with pytest.raises(engine.autograd.GradcheckError, match="forward-mode"):
            engine.autograd.gradcheck(Wrong.apply, (x,), fast_mode=fast_mode, check_forward_ad=True)


@NAMES
@FAST
def test_arguments(name, fast_mode):
    def check(f, inputs, **options):
        return agree(lambda m: getattr(m.autograd, name)(lambda x: f(m, x), inputs(m), fast_mode=fast_mode, **options))

    assert check(lambda m, x: x * 2, lambda m: [given(m, 2)]) is True
    assert check(lambda m, x: x * 2, lambda m: (given(m, 2, requires_grad=False),)) == "ValueError"
    assert check(lambda m, x: x * 2, lambda m: (given(m, 1, requires_grad=False).expand(2).requires_grad_(),)) == "RuntimeError"
    coarse = {"eps": 1e-2, "atol": 1e-1, "rtol": 1e-1}
    with pytest.warns(UserWarning, match="float64|double precision"):
        assert getattr(engine.autograd, name)(lambda x: x * x, (given(engine, 2, dtype="float32"),), fast_mode=fast_mode, **coarse)


def test_given_seeds():
    assert agree(lambda m: m.autograd.gradgradcheck(lambda x: x.sin(), (given(m, 2),), grad_outputs=(given(m, 2, seed=3),))) is True
    assert agree(lambda m: m.autograd.gradgradcheck(lambda x: x.sin(), (given(m, 2, 2),), gen_non_contig_grad_outputs=True)) is True


def test_a_backward_that_is_not_the_same_twice():
    def random(m):
        count = []

        class Random(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                count.append(1)
                return g * (2 + 1e-9 * len(count))

        return Random.apply

    assert agree(lambda m: m.autograd.gradcheck(random(m), (given(m, 2),))) == "GradcheckError"
    assert agree(lambda m: m.autograd.gradcheck(random(m), (given(m, 2),), nondet_tol=1e-6)) is True
