"""`scatter`: elements or a number put along one dimension, or combined with what is there."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._arrays import fitting
from ._define import ALL, op, refuses, samples
from ._help import made
from ._space import public
from .errors import expected
from .scatter import onnx_form, scatter_add, scatter_from
from .scatter_reduce import scatter_reduce

Tensor = core.Tensor


@op(
    "composite",
    tensors=("input", "index", "src"),
    dtypes=ALL,
    out=("exact", "whole"),
    onnx=lambda b, x, dim, index, src, value, reduce: onnx_form(b, x, dim, index, src, {None: "none", "add": "add"}.get(reduce, "mul")),
)
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """Put one element of `src` for each place of `index`: its value says where along `dim`, its place says where otherwise.

    y = input; y[index[i][j]][j] = src[i][j] for dim = 0

    Args:
        input: Tensor that is copied.
        dim: The dimension.
        index: Where, of dtype int64 or int32, >= 0; the last counts where several go to one place.
        src: What is put, a tensor or a number.
        value: A number in place of `src`.
        reduce: "add" or "multiply" with what is there in place of putting.

    Shape:
        input: (*, n, *); index: at most the sizes of src, and of input but along dim; result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: there is no such place, `index` or `src` does not fit, or `reduce` is another word.

    Example:
        >>> scatter(zeros(2, 3), 1, tensor([[1], [2]]), 5.0)
        tensor([[0., 5., 0.],
                [0., 0., 5.]])
    """
    src = _source(input, index, src, value)
    if reduce is None:
        return scatter_from(input, dim, index, src)
    if reduce == "add":
        return scatter_add(input, dim, index, src)
    if reduce == "multiply":
        return scatter_reduce(input, dim, index, src, "prod")
    raise expected("scatter", "reduce to be add or multiply", reduce, error=RuntimeError)


def _source(input, index, src, value):
    src = value if src is None else src
    return src if isinstance(src, Tensor) else made(index.shape, input.dtype, input.device, fitting("scatter", src, input.dtype))


_put = core.define_inplace(scatter_from)


@public(methods=("scatter_",))
def scatter_(input, dim, index, src=None, *, value=None, reduce=None):
    """In-place form of `scatter`."""
    if reduce is None:
        return _put(input, dim, index, _source(input, index, src, value))
    return input.copy_(scatter(input.clone(), dim, index, src, value=value, reduce=reduce))


@samples(scatter)
def _(s):
    yield s(s.normal(4, 3), 0, s.tensor([[3, 1, 0], [0, 2, 2]], "int64"), s.normal(2, 3))
    larger = s(s.normal(2, 5), -1, s.tensor([[4, 0], [2, 1]], "int64"), s.normal(2, 3))
    yield larger.without("peer_gradient", because="torch has none where src is larger than index")
    yield s(s.normal(2, 5), 1, s.tensor([[4, 0], [2, 1]], "int64"), value=2)
    for how in ("add", "multiply"):
        yield s(s.normal(2, 5), 1, s.tensor([[4, 4], [2, 1]], "int64"), s.normal(2, 2), reduce=how).without(
            "peer_gradient", because="torch has none with reduce"
        )


@refuses(scatter)
def _(s):
    yield s(s.normal(3), 0, s.tensor([3], "int64"), s.normal(1)).raises(RuntimeError, ": expected indices")
    yield s(s.normal(3), 0, s.tensor([0, 1], "int64"), s.normal(1)).raises(RuntimeError, ": expected index no larger than src")
    yield s(s.normal(3), 0, s.tensor([0], "int64"), s.normal(1), reduce="sum").raises(RuntimeError, "scatter: expected reduce")
    yield s(s.normal(3), 0, s.tensor([0], "int64"), 1j).raises(RuntimeError, "scatter: expected a number that fits float32")
