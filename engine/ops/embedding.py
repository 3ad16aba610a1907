"""Rows of a table."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, infer, op, refuses, samples
from ._help import tensors
from .comparison import eq, where
from .errors import expected

Tensor = core.Tensor


@op("call", tensors=("weight", "input"), spaces=(), methods=False, kernel="embedding", peer=None, onnx=Unsupported("an internal form"))
def embedding_of(weight, input, padding_idx=-1):
    """`embedding` with the table first, which decides the dtype."""
    if input.size and not (input.min() >= 0 and input.max() < len(weight)):
        raise expected(
            "embedding", f"indices in the range [0, {len(weight) - 1}]", f"one from {input.min()} to {input.max()}", error=IndexError
        )
    return weight[input]


@infer(embedding_of)
def _(weight, input, padding_idx):
    if input.dtype not in (core.int64, core.int32):
        raise expected("embedding", "input of dtype int64", input, "cast with input.long()", RuntimeError)
    if weight.ndim != 2:
        raise expected("embedding", "weight of 2 dimensions", weight, "one row for each index", RuntimeError)
    return [((*input.shape, weight.shape[1]), weight.dtype)], [weight.shape[0], padding_idx], []


@op("call", tensors=("grad", "input"), spaces=(), methods=False, peer=None, onnx=Unsupported("a backward"))
def embedding_backward(grad, input, num, padding_idx):
    """Gradient of the table: the gradients of each row added up."""
    table = np.zeros((num, grad.shape[-1]), grad.dtype)
    kept = input.reshape(-1) != padding_idx
    np.add.at(table, input.reshape(-1)[kept], grad.reshape(-1, grad.shape[-1])[kept])
    return table


@infer(embedding_backward)
def _(grad, input, num, padding_idx):
    return [((num, grad.shape[-1]), grad.dtype)], [num, padding_idx], []


def _masked(rows, input, padding_idx):
    return rows if padding_idx < 0 else where(eq(input, padding_idx).unsqueeze(-1), 0, rows)


derivative(embedding_backward, grad=lambda g, input, padding_idx: _masked(embedding_of(g, input, padding_idx), input, padding_idx))
derivative(
    embedding_of,
    weight=lambda g, weight_shape, input, padding_idx: embedding_backward(g, input, weight_shape[0], padding_idx),
)


@samples(embedding_of)
def _(s):
    yield s(s.normal(5, 3), s.integers(2, 4, high=5), -1)
    yield s(s.normal(5, 3), s.integers(4, high=5), 2).without(
        "gradcheck", "gradgradcheck", because="the padding row gets no gradient, on purpose"
    )


@samples(embedding_backward)
def _(s):
    yield s(s.normal(2, 4, 3), s.integers(2, 4, high=5), 5, -1)
    yield s(s.normal(4, 3), s.integers(4, high=5), 5, 2)


@op("call", tensors=("input", "factor"), spaces=(), methods=False, onnx=Unsupported("it differs from its input in its gradient alone"))
def scaled_gradient(input, factor):
    """The input itself, with a gradient that is multiplied by `factor`.

    Shape:
        input: any; factor: one that broadcasts to it; result: that of input.
    """
    return input.copy()


@infer(scaled_gradient)
def _(input, factor):
    return [(tuple(input.shape), input.dtype)], (), ()


derivative(scaled_gradient, input=lambda g, factor: g * factor)


@samples(scaled_gradient)
def _(s):
    yield s(s.normal(3, 2), s.positive(3, 1)).without(
        "gradcheck", "gradgradcheck", because="the gradient differs from the slope, on purpose"
    )


def _embedding_form(b, input, weight, *rest):
    return b.node("Gather", weight, input)


@op("composite", tensors=("input", "weight"), spaces="functional", methods=False, onnx=_embedding_form,
    peer="nn.functional.embedding")  # fmt: skip
def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    """Look up rows of a table.

    y = weight[input]

    Args:
        input: Which rows, of dtype int64 or int32, >= 0.
        weight: The table.
        padding_idx: A row that gets no gradient; negative ones count from the end.
        max_norm: Rows that are looked up are first scaled in place to at most this norm; None leaves them.
        norm_type: Order of that norm.
        scale_grad_by_freq: Divide the gradient of a row by how often it is looked up.
        sparse: Accepted for PyTorch's sake; gradients are dense.

    Shape:
        input: (*); weight: (n, m); result: (*, m).

    Returns:
        Tensor of the dtype of `weight`.

    Raises:
        IndexError: there is no such row.
        RuntimeError: `input` is not of whole numbers, or `weight` is not a table.

    Example:
        >>> embedding(tensor([1, 0]), tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[3., 4.],
                [1., 2.]])
    """
    tensors("embedding", input=input, weight=weight)
    if weight.ndim != 2:
        raise expected("embedding", "weight of 2 dimensions", weight, error=RuntimeError)
    n = weight.shape[0]
    if padding_idx is not None and not -n <= padding_idx < n:
        raise expected("embedding", f"padding_idx in the range [{-n}, {n - 1}]", padding_idx, error=RuntimeError)
    if max_norm is not None:
        renormalise(weight, input, max_norm, norm_type)
    rows = embedding_of(weight, input, -1 if padding_idx is None else padding_idx % n)
    return by_frequency(rows, input) if scale_grad_by_freq else rows


def by_frequency(rows, input):
    """The rows that `input` picked, each with its gradient divided by how often it was picked."""
    which = input.numpy()
    factor = 1 / np.bincount(which.reshape(-1), minlength=1)[which]
    return scaled_gradient(rows, core.from_numpy(factor[..., None].astype(rows.dtype.numpy)))


def renormalise(weight, input, max_norm, norm_type):
    if input.dtype not in (core.int64, core.int32):
        raise expected("embedding", "input of dtype int64 or int32", input, error=RuntimeError)
    with core.no_grad():
        rows = core.from_numpy(np.unique(input.numpy()))
        part = weight.detach()[rows]
        length = part.norm(norm_type, 1, True)
        weight.detach()[rows] = where(length > max_norm, part * (max_norm / (length + 1e-7)), part)


@samples(embedding)
def _(s):
    yield s(s.integers(2, 4, high=5), s.normal(5, 3))
    yield s(s.integers(4, high=5), s.normal(5, 3), padding_idx=-1).without(
        "gradcheck", because="the padding row gets no gradient, on purpose"
    )

    often = s.tensor([[0, 1, 0], [3, 0, 1]], "int64")
    yield s(often, s.normal(5, 3), scale_grad_by_freq=True).without(
        "gradcheck", "gradgradcheck", because="the gradient is scaled, on purpose"
    )
    yield s(s.integers(2, 4, high=5), s.positive(5, 3), max_norm=1.0).without(
        "bookkeeping", "gradcheck", "gradgradcheck", "versions", because="the table is changed in place"
    )


@refuses(embedding)
def _(s):
    yield s(s.tensor([5], "int64"), s.normal(5, 3)).raises(IndexError, "expected indices")
    yield s(s.normal(2), s.normal(5, 3)).raises(RuntimeError, "embedding: expected input of dtype int64")
    yield s(s.tensor([0], "int64"), s.normal(5, 3), padding_idx=5).raises(RuntimeError, "embedding: expected padding_idx")
    yield s(s.tensor([0], "int64"), s.normal(5)).raises(RuntimeError, "embedding: expected weight of 2")
