"""Orthogonal polynomials, by their three-term recurrence. PyTorch has no derivatives for them, and neither has this."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import Unsupported, op, samples

NO_FORM = Unsupported("ONNX has no polynomials of a degree that is a tensor")


def _recurrence(x, n, first, step):
    """p_0 = 1, p_1 = first, p_(k + 1) = step(k, p_k, p_(k - 1)), each element up to its own degree; 0 for negative degrees."""
    degree = np.broadcast_to(np.nan_to_num(np.trunc(n)), np.broadcast_shapes(np.shape(x), np.shape(n)))
    before, now = np.ones(degree.shape, x.dtype), np.broadcast_to(first, degree.shape)
    found = np.where(degree < 0, 0, np.where(degree == 0, before, now)).astype(x.dtype)
    for k in range(1, int(degree.max(initial=0))):
        before, now = now, step(k, now, before)
        found = np.where(degree == k + 1, now, found)
    return found


def _second_order(x):
    return lambda k, now, before: 2 * x * now - before


def _polynomial(name, line, relation, first, step, example, shift=False):
    """An op of a variable and a degree; `shift` moves [0, 1] to [-1, 1] first."""

    def body(input, n):
        z = 2 * input - 1 if shift else input
        return _recurrence(z, n, first(z), step(z))

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"""{line}

    y = p_n(input), p_0 = 1, {relation}

    Args:
        input: The variable, a tensor or a number; integers are converted to the default dtype.
        n: The degree, a tensor or a number, cut to a whole one; the result is 0 where it is negative.

    Shape:
        input, n: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    References:
        Abramowitz and Stegun (1964), Handbook of mathematical functions, chapter 22.

    Example:
        >>> special.{name}(tensor([0.5]), tensor([0, 1, 2, 3]))
        tensor({example})
    """
    return op("map", tensors=2, result="float", spaces="special", methods=False, onnx=NO_FORM)(body)


CHEBYSHEV = "p_(k + 1) = 2 z p_k - p_(k - 1)"
# kind: what p_1 is, in words and as a function, and the examples of the plain and of the shifted polynomial
KINDS = {
    "t": ("z", lambda z: z, "[ 1.0000,  0.5000, -0.5000, -1.0000]", "[ 1.,  0., -1., -0.]"),
    "u": ("2 z", lambda z: 2 * z, "[ 1.,  1.,  0., -1.]", "[ 1.,  0., -1., -0.]"),
    "v": ("2 z - 1", lambda z: 2 * z - 1, "[ 1.,  0., -1., -1.]", "[ 1., -1., -1.,  1.]"),
    "w": ("2 z + 1", lambda z: 2 * z + 1, "[ 1.,  2.,  1., -1.]", "[ 1.,  1., -1., -1.]"),
}
ORDINALS = {"t": "first", "u": "second", "v": "third", "w": "fourth"}


def _chebyshev(kind, shift):
    word, first, plain, shifted = KINDS[kind]
    name = f"{'shifted_' if shift else ''}chebyshev_polynomial_{kind}"
    line = f"Evaluate the {'shifted ' if shift else ''}Chebyshev polynomial of the {ORDINALS[kind]} kind."
    relation = f"p_1 = {word}, {CHEBYSHEV}, z = {'2 input - 1' if shift else 'input'}"
    return _polynomial(name, line, relation, first, _second_order, shifted if shift else plain, shift)


chebyshev_polynomial_t, chebyshev_polynomial_u, chebyshev_polynomial_v, chebyshev_polynomial_w = (_chebyshev(k, False) for k in KINDS)
(
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
) = (_chebyshev(k, True) for k in KINDS)

hermite_polynomial_h = _polynomial(
    "hermite_polynomial_h", "Evaluate the physicists' Hermite polynomial.", "p_1 = 2 x, p_(k + 1) = 2 x p_k - 2 k p_(k - 1)",
    lambda x: 2 * x, lambda x: lambda k, now, before: 2 * x * now - 2 * k * before, "[ 1.,  1., -1., -5.]",
)  # fmt: skip
hermite_polynomial_he = _polynomial(
    "hermite_polynomial_he", "Evaluate the probabilists' Hermite polynomial.", "p_1 = x, p_(k + 1) = x p_k - k p_(k - 1)",
    lambda x: x, lambda x: lambda k, now, before: x * now - k * before, "[ 1.0000,  0.5000, -0.7500, -1.3750]",
)  # fmt: skip
laguerre_polynomial_l = _polynomial(
    "laguerre_polynomial_l", "Evaluate the Laguerre polynomial.", "p_1 = 1 - x, (k + 1) p_(k + 1) = (2 k + 1 - x) p_k - k p_(k - 1)",
    lambda x: 1 - x, lambda x: lambda k, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1),
    "[ 1.0000,  0.5000,  0.1250, -0.1458]",
)  # fmt: skip
legendre_polynomial_p = _polynomial(
    "legendre_polynomial_p", "Evaluate the Legendre polynomial.", "p_1 = x, (k + 1) p_(k + 1) = (2 k + 1) x p_k - k p_(k - 1)",
    lambda x: x, lambda x: lambda k, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1), "[ 1.0000,  0.5000, -0.1250, -0.4375]",
)  # fmt: skip


@samples(chebyshev_polynomial_t)
@samples(chebyshev_polynomial_u)
@samples(chebyshev_polynomial_v)
@samples(chebyshev_polynomial_w)
@samples(hermite_polynomial_h)
@samples(hermite_polynomial_he)
@samples(laguerre_polynomial_l)
@samples(legendre_polynomial_p)
def _(s):
    yield s(s.uniform(3, 5, low=-0.9, high=0.9), s.tensor([0.0, 1.0, 2.0, 3.0, 5.0]))
    yield s(s.uniform(4, low=-0.9, high=0.9), 4)
    yield s(0.5, s.tensor([-1.0, 0.0, 2.7]))


@samples(shifted_chebyshev_polynomial_t)
@samples(shifted_chebyshev_polynomial_u)
@samples(shifted_chebyshev_polynomial_v)
@samples(shifted_chebyshev_polynomial_w)
def _(s):
    yield s(s.uniform(3, 5, low=0.1, high=0.9), s.tensor([0.0, 1.0, 2.0, 3.0, 5.0]))
    yield s(s.uniform(4, low=0.1, high=0.9), 4)
    yield s(0.3, s.tensor([-1.0, 0.0, 2.7]))
