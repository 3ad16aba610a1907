"""Products of matrices and vectors."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import COMPLEX, NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import broadcast, product
from ._space import alias
from .errors import expected

Tensor = core.Tensor
_WIDE = {"f": "float64", "c": "complex128"}  # what is added up in


def _matched(name, a, b, letters=("input", "other")):
    for argument, t in zip(letters, (a, b)):
        if not isinstance(t, Tensor):
            raise expected(name, f"{argument} to be a Tensor", type(t).__name__, error=TypeError)
    if a.dtype is not b.dtype:
        raise expected(name, f"{letters[1]} of dtype {a.dtype.name}", b.dtype.name, "cast one of them", RuntimeError)


def _dimensions(name, t, argument, n):
    if t.ndim != n:
        raise expected(name, f"{argument} of {n} dimension{'s' if n > 1 else ''}", t, error=RuntimeError)


def _ready(t):
    """`t`, or a copy of it, with one of the two last strides 1, as the kernels want a matrix."""
    stride = t.stride()
    rows, cols = t.shape[-2:]
    if (stride[-1] == 1 and stride[-2] >= cols) or (stride[-2] == 1 and stride[-1] >= rows):
        return t
    return t.contiguous()


@op("call", tensors=2, spaces=(), methods=False, kernel="bmm", dtypes=(*NUMBER, *COMPLEX), onnx="MatMul")
def batched(input, other):
    """Products of the matrices of two batches, whose strides suit the kernels.

    Shape:
        input: (B, M, K); other: (B, K, N); result: (B, M, N).
    """
    return np.matmul(input, other)


@infer(batched)
def _(input, other):
    return [((input.shape[0], input.shape[1], other.shape[2]), input.dtype)], (), ()


def _times(a, b):
    return batched(_ready(a), _ready(b))


derivative(
    batched,
    input=lambda g, other: _times(g, other.transpose(1, 2)),
    other=lambda g, input: _times(input.transpose(1, 2), g),
)


@samples(batched)
def _(s):
    for b, m, k, n in ((2, 3, 4, 5), (1, 3, 4, 2), (3, 2, 0, 2)):
        yield s(s.normal(b, m, k), s.normal(b, k, n)).without("layout", "layout_gradient", because="its caller has settled the strides")


@op("call", tensors=2, spaces=(), methods=False, kernel="dot", dtypes=(*NUMBER, *COMPLEX), onnx="MatMul")
def scalar_product(input, other):
    """The sum of products of two contiguous vectors.

    Shape:
        input, other: (K); result: ().
    """
    return (input.astype(_WIDE.get(input.dtype.kind, np.int64)) * other).sum()


@infer(scalar_product)
def _(input, other):
    return [((), input.dtype)], (), ()


derivative(scalar_product, input=lambda g, other: g * other, other=lambda g, input: g * input)


@samples(scalar_product)
def _(s):
    yield s(s.normal(4), s.normal(4))
    yield s(s.normal(0), s.normal(0))


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), out="exact", onnx="MatMul")
def matmul(input, other):
    """Matrix product, with the leading dimensions broadcast; vectors are rows on the left and columns on the right.

    result[..., i, j] = sum over k of input[..., i, k] * other[..., k, j].

    Args:
        input: A vector, a matrix or a batch of matrices.
        other: Likewise, of the same dtype.

    Shape:
        input: (*, M, K) or (K); other: (*, K, N) or (K); result: (*, M, N), without M or N where a vector came.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the inner sizes or the dtypes differ, or an argument has no dimension.

    Example:
        >>> matmul(tensor([[1.0, 2.0]]), tensor([[3.0], [4.0]]))
        tensor([[11.]])
    """
    _matched("matmul", input, other)
    p, q = input.ndim, other.ndim
    if p == 0 or q == 0:
        raise expected("matmul", "arguments of 1 or more dimensions", input if p == 0 else other, "use mul for numbers", RuntimeError)
    if input.shape[-1] != other.shape[max(0, q - 2)]:
        wanted = f"b of shape ({input.shape[-1]},)" if q == 1 else f"b of shape ({'*, ' if q > 2 else ''}{input.shape[-1]}, n)"
        raise expected("matmul", wanted, f"{tuple(other.shape)} for a of shape {tuple(input.shape)}", error=RuntimeError)
    if p == 1 and q == 1:
        return scalar_product(input.contiguous(), other.contiguous())
    if p == 1:
        return matmul(input.unsqueeze(0), other).squeeze(-2)
    if q == 1:
        return matmul(input, other.unsqueeze(1)).squeeze(-1)
    if p == 2 and q == 2:
        return _times(input.unsqueeze(0), other.unsqueeze(0)).squeeze(0)
    if q == 2:
        rows = input.reshape(1, product(input.shape[:-1]), input.shape[-1])
        return _times(rows, other.unsqueeze(0)).reshape(*input.shape[:-1], other.shape[-1])
    if p == 3 and q == 3 and input.shape[0] == other.shape[0]:
        return _times(input, other)
    lead = broadcast("matmul", input.shape[:-2], other.shape[:-2])
    a, b = (t.expand(*lead, *t.shape[-2:]).reshape(product(lead), *t.shape[-2:]) for t in (input, other))
    return _times(a, b).reshape(*lead, input.shape[-2], other.shape[-1])


@samples(matmul)
def _(s):
    yield s(s.normal(3, 4), s.normal(4, 2))
    yield s(s.normal(4), s.normal(4))
    yield s(s.normal(3, 4), s.normal(4))
    yield s(s.normal(4), s.normal(4, 2))
    yield s(s.normal(2, 3, 4), s.normal(4, 2))
    yield s(s.normal(2, 3, 4), s.normal(2, 4, 5))
    yield s(s.normal(2, 1, 3, 4), s.normal(5, 4, 2))
    yield s(s.normal(3, 0), s.normal(0, 2))
    yield s(s.normal(2, 3, 0), s.normal(0, 2))


@refuses(matmul)
def _(s):
    yield s(s.normal(2, 3), s.normal(2, 4)).raises(RuntimeError, "matmul: expected b of shape (3, n), got (2, 4)")
    yield s(s.normal(2, 3), s.normal(2)).raises(RuntimeError, "matmul: expected b of shape (3,)")
    yield s(s.normal(), s.normal(2)).raises(RuntimeError, "matmul: expected arguments of 1 or more dimensions")
    yield s(s.normal(2, 3), 2.0).raises(TypeError, "matmul: expected other to be a Tensor, got float")


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), out="exact", onnx="MatMul")
def mm(input, mat2):
    """Product of two matrices.

    Args:
        input: The left matrix.
        mat2: The right matrix.

    Shape:
        input: (M, K); mat2: (K, N); result: (M, N).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: an argument is no matrix, or the sizes do not fit.

    Example:
        >>> mm(tensor([[1.0, 2.0]]), tensor([[3.0], [4.0]]))
        tensor([[11.]])
    """
    _matched("mm", input, mat2, ("input", "mat2"))
    _dimensions("mm", input, "input", 2)
    _dimensions("mm", mat2, "mat2", 2)
    return matmul(input, mat2)


@samples(mm)
def _(s):
    yield s(s.normal(3, 4), s.normal(4, 2))


@refuses(mm)
def _(s):
    yield s(s.normal(3, 4), s.normal(4)).raises(RuntimeError, "mm: expected mat2 of 2 dimensions")


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), out="exact", onnx="MatMul")
def bmm(input, mat2):
    """Products of the matrices of two batches.

    Args:
        input: The left matrices.
        mat2: The right matrices.

    Shape:
        input: (B, M, K); mat2: (B, K, N); result: (B, M, N).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: an argument is no batch of matrices, or the sizes do not fit.

    Example:
        >>> bmm(ones(2, 1, 3), ones(2, 3, 1)).shape
        torch.Size([2, 1, 1])
    """
    _matched("bmm", input, mat2, ("input", "mat2"))
    _dimensions("bmm", input, "input", 3)
    _dimensions("bmm", mat2, "mat2", 3)
    if input.shape[0] != mat2.shape[0] or input.shape[2] != mat2.shape[1]:
        raise expected("bmm", f"mat2 of shape ({input.shape[0]}, {input.shape[2]}, n)", mat2, error=RuntimeError)
    return _times(input, mat2)


@samples(bmm)
def _(s):
    yield s(s.normal(2, 3, 4), s.normal(2, 4, 2))


@refuses(bmm)
def _(s):
    yield s(s.normal(2, 3, 4), s.normal(3, 4, 2)).raises(RuntimeError, "bmm: expected mat2 of shape (2, 4, n)")


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), out="exact", onnx="MatMul")
def mv(input, vec):
    """Product of a matrix and a vector.

    Args:
        input: The matrix.
        vec: The vector.

    Shape:
        input: (M, K); vec: (K); result: (M).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is no matrix, `vec` no vector, or the sizes do not fit.

    Example:
        >>> mv(tensor([[1.0, 2.0]]), tensor([3.0, 4.0]))
        tensor([11.])
    """
    _matched("mv", input, vec, ("input", "vec"))
    _dimensions("mv", input, "input", 2)
    _dimensions("mv", vec, "vec", 1)
    return matmul(input, vec)


@samples(mv)
def _(s):
    yield s(s.normal(3, 4), s.normal(4))


@refuses(mv)
def _(s):
    yield s(s.normal(3, 4), s.normal(4, 2)).raises(RuntimeError, "mv: expected vec of 1 dimension")


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), out="exact", onnx="MatMul")
def dot(input, tensor):
    """Sum of the products of two vectors.

    Args:
        input: One vector.
        tensor: The other.

    Shape:
        input, tensor: (K); result: ().

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: an argument is no vector, or their lengths differ.

    Example:
        >>> dot(tensor([1.0, 2.0]), tensor([3.0, 4.0]))
        tensor(11.)
    """
    _matched("dot", input, tensor, ("input", "tensor"))
    _dimensions("dot", input, "input", 1)
    _dimensions("dot", tensor, "tensor", 1)
    return matmul(input, tensor)


@samples(dot)
def _(s):
    yield s(s.normal(4), s.normal(4))


@refuses(dot)
def _(s):
    yield s(s.normal(4), s.normal(4, 1)).raises(RuntimeError, "dot: expected tensor of 1 dimension")


@op("composite", tensors=2, methods=("outer", "ger"), dtypes=(*NUMBER, *COMPLEX), onnx=Unsupported("it is a product of a column and a row"))
def outer(input, vec2):
    """Every product of an element of one vector and one of another.

    Args:
        input: The vector that runs down.
        vec2: The vector that runs across.

    Shape:
        input: (M); vec2: (N); result: (M, N).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: an argument is no vector.

    Example:
        >>> outer(tensor([1.0, 2.0]), tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
    """
    for name, t in (("input", input), ("vec2", vec2)):
        if not isinstance(t, Tensor):
            raise expected("outer", f"{name} to be a Tensor", type(t).__name__, error=TypeError)
        _dimensions("outer", t, name, 1)
    return input.unsqueeze(1) * vec2


@samples(outer)
def _(s):
    yield s(s.normal(3), s.normal(2))


@refuses(outer)
def _(s):
    yield s(s.normal(3, 1), s.normal(2)).raises(RuntimeError, "outer: expected input of 1 dimension")


alias("torch", ger=outer, spmm=mm)
alias("linalg", matmul=matmul)
