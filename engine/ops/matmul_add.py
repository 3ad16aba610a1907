"""Products added to what is there."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, op, refuses, samples
from ._help import tensors
from .errors import expected
from .matmul import bmm, mm, mv, outer

Tensor = core.Tensor


def _scaled(product, input, beta, alpha):
    if not product.dtype.is_floating_point and not product.is_complex():
        beta, alpha = int(beta), int(alpha)  # as PyTorch reads the factors of whole numbers
    if alpha != 1:
        product = product * alpha
    return product if beta == 0 else product + (input if beta == 1 else input * beta)


def _added(name, multiply, first, second, input, beta, alpha):
    """beta * input + alpha * multiply(first, second); half precision is rounded once, at the end."""
    kind = input.dtype
    if multiply is not outer and not (kind is first.dtype is second.dtype):
        raise expected(name, "tensors of one dtype", f"{kind}, {first.dtype} and {second.dtype}", "convert them", RuntimeError)
    if kind in (core.float16, core.bfloat16) and first.dtype is kind and second.dtype is kind:
        return _scaled(multiply(first.float(), second.float()), input.float(), beta, alpha).to(kind)
    return _scaled(multiply(first, second), input, beta, alpha)


def _add_form(kind):
    def form(b, input, first, second, beta=1, alpha=1):
        product = b.node("MatMul", first, second)
        scaled = b.node("Mul", product, b.constant(np.asarray(alpha, b.dtype(input))))
        return b.node("Add", scaled, b.node("Mul", input, b.constant(np.asarray(beta, b.dtype(input)))))

    return form


@op("composite", tensors=3, inplace=True, out=("exact", "whole"), onnx=_add_form("addmm"))
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
    return _added("addmm", mm, mat1, mat2, input, beta, alpha)


@samples(addmm)
def _(s):
    yield s(s.normal(3, 2), s.normal(3, 4), s.normal(4, 2))
    yield s(s.normal(2), s.normal(3, 4), s.normal(4, 2), beta=0.5, alpha=2.0).without("inplace", because="the result is larger than input")
    yield s(s.normal(3, 2), s.normal(3, 4), s.normal(4, 2), beta=0)


@refuses(addmm)
def _(s):
    yield s(s.normal(3, 2), s.normal(3, 4), s.normal(3, 2)).raises(RuntimeError, "matmul: expected b of shape (4, n)")


@op("composite", tensors=3, inplace=True, out=("exact", "whole"), onnx=_add_form("baddbmm"))
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
    return _added("baddbmm", bmm, batch1, batch2, input, beta, alpha)


@samples(baddbmm)
def _(s):
    yield s(s.normal(2, 3, 2), s.normal(2, 3, 4), s.normal(2, 4, 2), beta=0.5, alpha=2.0)


@refuses(baddbmm)
def _(s):
    yield s(s.normal(2, 3, 2), s.normal(2, 3, 4), s.normal(3, 4, 2)).raises(RuntimeError, "bmm: expected mat2 of shape (2, 4, n)")


@op("composite", tensors=3, inplace=True, out=("exact", "whole"), onnx=_add_form("addmv"))
def addmv(input, mat, vec, *, beta=1, alpha=1):
    """beta * input + alpha * (mat @ vec); with beta 0, nan and inf in `input` do not pass.

    Args:
        input: What is added to.
        mat: The matrix.
        vec: The vector.
        beta: Factor of `input`.
        alpha: Factor of the product.

    Shape:
        input: broadcasts to (N); mat: (N, M); vec: (M); result: (N).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes do not fit.

    Example:
        >>> addmv(tensor([1.0]), tensor([[1.0, 2.0]]), tensor([3.0, 4.0]))
        tensor([12.])
    """
    if not isinstance(input, Tensor):
        raise expected("addmv", "input to be a Tensor", type(input).__name__, error=TypeError)
    return _added("addmv", mv, mat, vec, input, beta, alpha)


@samples(addmv)
def _(s):
    yield s(s.normal(3), s.normal(3, 4), s.normal(4))
    yield s(s.normal(1), s.normal(3, 4), s.normal(4), beta=0.5, alpha=2.0).without("inplace", because="the result is larger than input")
    yield s(s.normal(3), s.normal(3, 4), s.normal(4), beta=0)


@refuses(addmv)
def _(s):
    yield s(s.normal(3), s.normal(3, 4), s.normal(4, 2)).raises(RuntimeError, "mv: expected vec of 1 dimension")


@op("composite", tensors=3, inplace=True, out=("exact", "whole"), onnx=Unsupported("export matmul and a sum"))
def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta * input + alpha * (sum of batch1[i] @ batch2[i]); with beta 0, nan and inf in `input` do not pass.

    Args:
        input: What is added to.
        batch1: The left matrices.
        batch2: The right matrices.
        beta: Factor of `input`.
        alpha: Factor of the products.

    Shape:
        input: broadcasts to (M, N); batch1: (B, M, K); batch2: (B, K, N); result: (M, N).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes do not fit.

    Example:
        >>> addbmm(ones(1, 1), ones(2, 1, 2), ones(2, 2, 1))
        tensor([[5.]])
    """
    if not isinstance(input, Tensor):
        raise expected("addbmm", "input to be a Tensor", type(input).__name__, error=TypeError)
    return _added("addbmm", lambda a, b: bmm(a, b).sum(0, dtype=a.dtype), batch1, batch2, input, beta, alpha)


@samples(addbmm)
def _(s):
    yield s(s.normal(3, 2), s.normal(2, 3, 4), s.normal(2, 4, 2))
    yield s(s.normal(3, 2), s.normal(2, 3, 4), s.normal(2, 4, 2), beta=0.5, alpha=2.0)


@refuses(addbmm)
def _(s):
    yield s(s.normal(3, 2), s.normal(2, 3, 4), s.normal(3, 4, 2)).raises(RuntimeError, "bmm: expected mat2 of shape (2, 4, n)")


@op("composite", tensors=3, inplace=True, out="whole", onnx=Unsupported("it is a product of a column and a row"))
def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """beta * input + alpha * (vec1 times vec2, every element with every element); with beta 0, nan and inf in `input` do not pass.

    Args:
        input: What is added to.
        vec1: The vector that runs down.
        vec2: The vector that runs across.
        beta: Factor of `input`; with whole numbers a whole one.
        alpha: Factor of the product; with whole numbers a whole one.

    Shape:
        input: broadcasts to (N, M); vec1: (N); vec2: (M); result: (N, M).

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: the sizes do not fit, or a factor is of a higher kind than the tensors.

    Example:
        >>> addr(ones(1, 2), tensor([2.0]), tensor([3.0, 4.0]))
        tensor([[7., 9.]])
    """
    tensors("addr", input=input, vec1=vec1, vec2=vec2)
    kind = core.promote_types(core.promote_types(vec1.dtype, vec2.dtype), input.dtype)
    for name, factor in (("beta", beta), ("alpha", alpha)):
        if not kind.is_floating_point and not kind.is_complex and isinstance(factor, (float, complex)):
            raise expected("addr", f"{name} to be a whole number for {kind.name}", factor, error=RuntimeError)
        if isinstance(factor, bool) and kind is not core.bool_:
            raise expected("addr", f"{name} to be no bool for {kind.name}", factor, error=RuntimeError)
    if kind is core.bool_:
        product = outer(vec1, vec2) & bool(alpha)
        return product | input if beta else product
    return _added("addr", outer, vec1, vec2, input, beta, alpha).to(kind)


@samples(addr)
def _(s):
    yield s(s.normal(3, 2), s.normal(3), s.normal(2))
    yield s(s.normal(3, 2), s.normal(3), s.normal(2), beta=0.5, alpha=2.0)


@refuses(addr)
def _(s):
    yield s(s.normal(3, 2), s.normal(3, 1), s.normal(2)).raises(RuntimeError, "outer: expected input of 1 dimension")
    yield s(s.integers(3, 2), s.integers(3), s.integers(2), beta=0.5).raises(RuntimeError, "addr: expected beta to be a whole number")
    yield s(s.normal(3, 2), s.normal(3), s.normal(2), alpha=True).raises(RuntimeError, "addr: expected alpha to be no bool")
