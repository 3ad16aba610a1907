"""Products added to what is there."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import op, refuses, samples
from .errors import expected
from .matmul import bmm, mm

Tensor = core.Tensor


def _scaled(product, input, beta, alpha):
    if alpha != 1:
        product = product * alpha
    return product if beta == 0 else product + (input if beta == 1 else input * beta)


def _add_form(kind):
    def form(b, input, first, second, beta=1, alpha=1):
        product = b.node("MatMul", first, second)
        scaled = b.node("Mul", product, b.constant(np.asarray(alpha, b.dtype(input))))
        return b.node("Add", scaled, b.node("Mul", input, b.constant(np.asarray(beta, b.dtype(input)))))

    return form


@op("composite", tensors=3, inplace=True, onnx=_add_form("addmm"))
def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """beta * input + alpha * (mat1 @ mat2); with beta 0, nan and inf in `input` do not pass.

    Args:
        input: What is added to.
        mat1: The left matrix.
        mat2: The right matrix.
        beta: Factor of `input`.
        alpha: Factor of the product.

    Shape:
        input: broadcasts to (M, N); mat1: (M, K); mat2: (K, N); result: (M, N).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes do not fit.

    Example:
        >>> addmm(tensor([[1.0]]), tensor([[1.0, 2.0]]), tensor([[3.0], [4.0]]))
        tensor([[12.]])
    """
    if not isinstance(input, Tensor):
        raise expected("addmm", "input to be a Tensor", type(input).__name__, error=TypeError)
    return _scaled(mm(mat1, mat2), input, beta, alpha)


@samples(addmm)
def _(s):
    yield s(s.normal(3, 2), s.normal(3, 4), s.normal(4, 2))
    yield s(s.normal(2), s.normal(3, 4), s.normal(4, 2), beta=0.5, alpha=2.0).without("inplace", because="the result is larger than input")
    yield s(s.normal(3, 2), s.normal(3, 4), s.normal(4, 2), beta=0)


@refuses(addmm)
def _(s):
    yield s(s.normal(3, 2), s.normal(3, 4), s.normal(3, 2)).raises(RuntimeError, "matmul: expected b of shape (4, n)")


@op("composite", tensors=3, inplace=True, onnx=_add_form("baddbmm"))
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta * input + alpha * (batch1 @ batch2), matrix by matrix; with beta 0, nan and inf in `input` do not pass.

    Args:
        input: What is added to.
        batch1: The left matrices.
        batch2: The right matrices.
        beta: Factor of `input`.
        alpha: Factor of the products.

    Shape:
        input: broadcasts to (B, M, N); batch1: (B, M, K); batch2: (B, K, N); result: (B, M, N).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes do not fit.

    Example:
        >>> baddbmm(ones(1, 1, 1), ones(1, 1, 2), ones(1, 2, 1))
        tensor([[[3.]]])
    """
    if not isinstance(input, Tensor):
        raise expected("baddbmm", "input to be a Tensor", type(input).__name__, error=TypeError)
    return _scaled(bmm(batch1, batch2), input, beta, alpha)


@samples(baddbmm)
def _(s):
    yield s(s.normal(2, 3, 2), s.normal(2, 3, 4), s.normal(2, 4, 2), beta=0.5, alpha=2.0)


@refuses(baddbmm)
def _(s):
    yield s(s.normal(2, 3, 2), s.normal(2, 3, 4), s.normal(3, 4, 2)).raises(RuntimeError, "bmm: expected mat2 of shape (2, 4, n)")
