"""Elements put along one dimension."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import made
from .errors import expected
from .gather import along, gather, places, within

Tensor = core.Tensor


def onnx_form(b, x, dim, index, src, reduction):
    if not isinstance(src, str) or b.shape(src) != b.shape(index):
        return Unsupported("scattering a number, or from a tensor larger than its index")
    return b.node("ScatterElements", x, index, src, axis=dim, reduction=reduction)


@op("call", tensors=("input", "index", "src"), spaces=(), methods=False, dtypes=ALL, kernel="scatter",
    onnx=lambda b, x, dim, index, src: onnx_form(b, x, dim, index, src, "none"), peer="scatter")  # fmt: skip
def scatter_from(input, dim, index, src):
    """`scatter` from a tensor."""
    result = input.copy()
    if not index.size:
        return result
    if not input.ndim:
        return src.reshape(-1)[0]
    within("scatter", index, input.shape[dim])
    result[places(index, dim)] = src[tuple(slice(n) for n in index.shape)]
    return result


@infer(scatter_from)
def _(input, dim, index, src):
    if src.dtype is not input.dtype:
        raise expected("scatter", f"src of dtype {input.dtype.name}", src, error=RuntimeError)
    return [(tuple(input.shape), input.dtype)], [along("scatter", input, dim, index, src)], []


def _scattered(g, dim, index, src_shape):
    """Gradient of what was put: from the places where it went, zeros for what was not used."""
    part = gather(g, dim, index)
    if tuple(part.shape) == tuple(src_shape):
        return part
    whole = made(src_shape, g.dtype, g.device)
    whole[tuple(slice(n) for n in index.shape)] = part
    return whole


derivative(
    scatter_from,
    input=lambda g, dim, index: scatter_from(g, dim, index, made(index.shape, g.dtype, g.device)),
    src=_scattered,
)


@op("call", tensors=("input", "index", "src"), inplace=True, dtypes=NUMBER,
    out=("exact", "whole"), onnx=lambda b, x, dim, index, src: onnx_form(b, x, dim, index, src, "add"))  # fmt: skip
def scatter_add(input, dim, index, src):
    """Add one element of `src` for each place of `index`: its value says where along `dim`, its place says where otherwise.

    y = input; y[index[i][j]][j] += src[i][j] for dim = 0

    Args:
        input: Tensor that is added to.
        dim: The dimension.
        index: Where, of dtype int64 or int32, >= 0; a place that is named twice gets both.
        src: What is added.

    Shape:
        input: (*, n, *); index: at most the sizes of src, and of input but along dim; result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: there is no such place, or `index` or `src` does not fit.

    Example:
        >>> scatter_add(zeros(3), 0, tensor([0, 0]), tensor([1.0, 2.0]))
        tensor([3., 0., 0.])
    """
    if not index.size or not input.ndim:
        return input + src.reshape(()) if index.size else input.copy()
    within("scatter_add", index, input.shape[dim])
    result = input.copy()
    np.add.at(result, places(index, dim), src[tuple(slice(n) for n in index.shape)])
    return result


@infer(scatter_add)
def _(input, dim, index, src):
    if src.dtype is not input.dtype:
        raise expected("scatter_add", f"src of dtype {input.dtype.name}", src, error=RuntimeError)
    return [(tuple(input.shape), input.dtype)], [along("scatter_add", input, dim, index, src)], []


derivative(scatter_add, input=lambda g: g, src=_scattered)


@samples(scatter_from)
@samples(scatter_add)
def _(s):
    yield s(s.normal(4, 3), 0, s.tensor([[3, 1, 0], [0, 2, 2]], "int64"), s.normal(2, 3))
    larger = s(s.normal(2, 5), -1, s.tensor([[4, 0], [2, 1]], "int64"), s.normal(2, 3))
    yield larger.without("peer_gradient", because="torch has none where src is larger than index")


@refuses(scatter_add)
def _(s):
    yield s(s.normal(3), 0, s.tensor([3], "int64"), s.normal(1)).raises(RuntimeError, ": expected indices")
    yield s(s.normal(3), 0, s.tensor([0, 1], "int64"), s.normal(1)).raises(RuntimeError, ": expected index no larger than src")


@samples(scatter_from)
def _(s):
    yield s(s.normal(3, 4), 1, s.tensor([[0, 2], [1, 3], [3, 0]], dtype="int64"), s.normal(3, 2))
