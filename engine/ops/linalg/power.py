"""Powers and exponentials of matrices."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from .._define import derivative, infer, op, refuses, samples
from .._one_thread import one_thread
from .._space import alias
from ..comparison import eq, where
from ..errors import expected
from ..pieces import cat
from ._lapack import FIELDS, NO_FACTORS, LinAlgError, unit
from ._sample_matrices import regular
from .solve import inverted


def _square(name, input):
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise expected(name, "input of square matrices", input, error=RuntimeError)


@op("call", methods=("matrix_exp",), dtypes=FIELDS, onnx=NO_FACTORS)
def matrix_exp(input):
    """Take the exponential of matrices.

    e^X = 1 + X + X X / 2 + ... + X^k / k! + ...

    Args:
        input: Square matrices of a floating or complex dtype.

    Shape:
        input: (*, n, n); result: (*, n, n).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer dtype.

    References:
        Al-Mohy and Higham (2009), "A new scaling and squaring algorithm for the matrix exponential".

    Example:
        >>> matrix_exp(tensor([[0.0, 1.0], [0.0, 0.0]]))
        tensor([[1., 1.],
                [0., 1.]])
    """
    if not input.size:
        return np.zeros_like(input)
    from scipy.linalg import expm

    with one_thread:
        return expm(input)


@infer(matrix_exp)
def _(input):
    if not (input.is_floating_point() or input.is_complex()):
        raise expected("matrix_exp", "input of a floating or complex dtype", input, "cast with input.float()", RuntimeError)
    _square("matrix_exp", input)
    return [(tuple(input.shape), input.dtype)], (), ()


def _matrix_exp_back(g, input):
    """The corner of e^[[X^T, g], [0, X^T]] (Mathias 1996, "A chain rule for matrix functions and applications")."""
    n = input.shape[-1]
    if not n:
        return g
    whole = cat((cat((input.mT, g), -1), cat((input.mT * 0, input.mT), -1)), -2)
    return matrix_exp(whole)[..., :n, n:]


derivative(matrix_exp, input=_matrix_exp_back)
alias("linalg", matrix_exp=matrix_exp)


@samples(matrix_exp)
def _(s):
    yield s(s.normal(3, 3))
    yield s(0.1 * s.normal(2, 2, 2))
    yield s(s.normal(1, 1))


@refuses(matrix_exp)
def _(s):
    yield s(s.normal(2, 3)).raises(RuntimeError, "matrix_exp: expected input of square matrices")
    yield s(s.integers(2, 2)).raises(RuntimeError, "matrix_exp: expected input of a floating or complex dtype")


@op("composite", methods=("matrix_power",), dtypes=FIELDS, out="whole", onnx=NO_FACTORS)
def matrix_power(input, n):
    """Multiply matrices with themselves, or their inverses.

    input^n

    Args:
        input: Square matrices.
        n: Whole number; of a negative one the inverse is raised to its size, and 0 gives unit matrices.

    Shape:
        input: (*, m, m); result: (*, m, m).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is no square matrix.
        LinAlgError: `n` is negative and a matrix is singular.

    Example:
        >>> matrix_power(tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
    """
    return _power("matrix_power", input, n)


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.matrix_power", out="whole", onnx=NO_FACTORS)
def linalg_matrix_power(input, n):
    """Multiply matrices with themselves, or their inverses.

    input^n

    Args:
        input: Square matrices.
        n: Whole number; of a negative one the inverse is raised to its size, and 0 gives unit matrices.

    Shape:
        input: (*, m, m); result: (*, m, m).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is no square matrix.
        LinAlgError: `n` is negative and a matrix is singular.

    Example:
        >>> linalg.matrix_power(tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
    """
    return _power("linalg.matrix_power", input, n)


def _power(name, input, n):
    """By squares, from the lowest bit of n."""
    _square(name, input)
    if n == 0:
        eye = unit(input.shape[-1], input, input.shape[:-2])
        return where(eq(eye, eye), eye, input)  # which leaves the matrices in the history, with a gradient of 0
    square, result = inverted(name, input) if n < 0 else input, None
    n = -n if n < 0 else n
    while True:
        if n & 1:
            result = square if result is None else result @ square
        n >>= 1
        if not n:
            return result.clone() if result is input else result
        square = square @ square


@samples(matrix_power)
@samples(linalg_matrix_power)
def _(s):
    yield s(s.normal(3, 3), 1)
    yield s(s.normal(2, 3, 3), 5)
    yield s(regular(s, 3, 3), -2)
    yield s(s.normal(2, 2), 0)


@refuses(matrix_power)
@refuses(linalg_matrix_power)
def _(s):
    yield s(s.normal(2, 3), 2).raises(RuntimeError, "matrix_power: expected input of square matrices")
    yield s(s.tensor([[1.0, 2.0], [2.0, 4.0]]), -1).raises(LinAlgError, "matrix_power: expected A of invertible matrices")
