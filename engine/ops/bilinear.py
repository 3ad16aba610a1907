"""Products of two inputs with a weight between them."""

from __future__ import annotations

from ._define import op, refuses, samples
from ._help import product, tensors
from .errors import expected


def _form(b, input1, input2, weight, bias):
    y = b.node("Einsum", input1, weight, input2, equation="...i,oij,...j->...o")
    return y if bias is None else b.node("Add", y, bias)


@op("composite", tensors=("input1", "input2", "weight", "bias"), spaces=("torch", "functional"), methods=False, onnx=_form)
def bilinear(input1, input2, weight, bias=None):
    """Multiply two vectors through a matrix for each output.

    result[..., o] = input1[...] weight[o] input2[...] + bias[o]

    Args:
        input1: Vectors from the left.
        input2: Vectors from the right.
        weight: One matrix for each output.
        bias: Added to each output; None for none.

    Shape:
        input1: (*, I); input2: (*, J), with equal *; weight: (O, I, J); bias: (O); result: (*, O).

    Returns:
        Tensor of the dtype of the inputs.

    Raises:
        RuntimeError: the shapes do not fit.

    Example:
        >>> functional.bilinear(tensor([1.0, 2.0]), tensor([3.0]), tensor([[[1.0], [1.0]]]))
        tensor([9.])
    """
    tensors("bilinear", input1=input1, input2=input2, weight=weight)
    if input1.ndim < 1 or input1.shape[:-1] != input2.shape[:-1] or input1.ndim != input2.ndim:
        shapes = f"{tuple(input1.shape)} and {tuple(input2.shape)}"
        raise expected("bilinear", "inputs of one shape up to the last dimension", shapes, error=RuntimeError)
    i, j = input1.shape[-1], input2.shape[-1]
    if weight.ndim != 3 or tuple(weight.shape[1:]) != (i, j):
        raise expected("bilinear", f"weight of shape (O, {i}, {j})", weight, error=RuntimeError)
    o = weight.shape[0]
    if bias is not None and tuple(bias.shape) != (o,):
        raise expected("bilinear", f"bias of shape ({o},)", bias, error=RuntimeError)
    n = product(input1.shape[:-1])
    left = (input1.reshape(n, i) @ weight.transpose(0, 1).reshape(i, o * j)).reshape(n, o, j)
    y = (left @ input2.reshape(n, j, 1)).reshape(*input1.shape[:-1], o)
    return y if bias is None else y + bias


@samples(bilinear)
def _(s):
    yield s(s.normal(5, 3), s.normal(5, 4), s.normal(2, 3, 4), s.normal(2))
    yield s(s.normal(2, 3, 2), s.normal(2, 3, 3), s.normal(4, 2, 3))
    yield s(s.normal(3), s.normal(2), s.normal(1, 3, 2), s.normal(1))


@refuses(bilinear)
def _(s):
    x, y = s.normal(5, 3), s.normal(5, 4)
    yield s(x, 1.0, s.normal(2, 3, 4)).raises(TypeError, "bilinear: expected input2 to be a Tensor, got float")
    yield s(x, s.normal(4, 4), s.normal(2, 3, 4)).raises(RuntimeError, "bilinear: expected inputs of one shape up to the last")
    yield s(x, y, s.normal(2, 4, 3)).raises(RuntimeError, "bilinear: expected weight of shape (O, 3, 4)")
    yield s(x, y, s.normal(2, 3, 4), s.normal(3)).raises(RuntimeError, "bilinear: expected bias of shape (2,)")
