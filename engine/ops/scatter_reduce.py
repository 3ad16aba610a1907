"""Elements reduced into places along one dimension."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import made, ordered
from .comparison import eq, where
from .division import divide
from .errors import expected
from .gather import along, gather, places, within
from .scatter import scatter_add, scatter_from

Tensor = core.Tensor
UFUNCS = {"prod": "multiply", "amax": "maximum", "amin": "minimum"}
FORMS = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min"}


def _neutral(reduce, dtype):
    """What a reduction without its own element starts from."""
    if reduce == "prod":
        return 1
    if dtype.kind in "fc":
        return -np.inf if reduce == "amax" else np.inf
    low, high = (False, True) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return low if reduce == "amax" else high


@op("call", tensors=("input", "index", "src"), spaces=(), methods=False, dtypes=NUMBER, onnx=Unsupported("an internal form"))
def scatter_reduced(input, dim, index, src, reduce, include_self):
    """`scatter_reduce` by products, maxima and minima, with `src` as large as `index`.

    Shape:
        input: (*, n, *); index, src: (*, m, *); result: that of input.
    """
    within("scatter_reduce", index, input.shape[dim])
    result, at = input.copy(), places(index, dim)
    if not include_self:
        result[at] = _neutral(reduce, input.dtype)
    getattr(np, UFUNCS[reduce]).at(result, at, src)
    return result


@infer(scatter_reduced)
def _(input, dim, index, src, reduce, include_self):
    return [(tuple(input.shape), input.dtype)], [], []


def _unless_put(t, dim, index, include_self):
    """`t`, with zeros where something else takes the place of what was there."""
    return t if include_self else scatter_from(t, dim, index, made(index.shape, t.dtype, t.device))


def _prod_back(g, input, dim, index, src, include_self):
    ones = made(input.shape, input.dtype, input.device, 1)
    grad_input = _unless_put(g, dim, index, include_self)
    if include_self:
        grad_input = g * scatter_reduced(ones, dim, index, src, "prod", True)
    # the product of the others: of all by the element, or of all that are not 0 where the element is the only 0
    own = where(eq(input, 0), 1, input) if include_self else ones
    rest = where(eq(src, 0), 1, src)
    without_zeros = scatter_reduced(own, dim, index, rest, "prod", include_self)
    zeros = (eq(input, 0).to(input.dtype) if include_self else ones * 0).detach()
    zeros = gather(scatter_add(zeros, dim, index, eq(src, 0).to(input.dtype)), dim, index)
    others = gather(without_zeros, dim, index) / rest
    return grad_input, gather(g, dim, index) * where(eq(zeros, eq(src, 0).to(input.dtype)), others, 0)


def _extreme_back(g, input, dim, index, src, result, include_self):
    """Elements that share an extreme share its gradient."""
    mine = _unless_put(eq(input, result).to(g.dtype), dim, index, include_self)
    theirs = eq(src, gather(result, dim, index)).to(g.dtype)
    share = g / scatter_add(mine, dim, index, theirs)
    return mine * share, theirs * gather(share, dim, index)


def _reduced_back(g, input, dim, index, src, reduce, include_self, result):
    if reduce == "prod":
        grad_input, grad_src = _prod_back(g, input, dim, index, src, include_self)
    else:
        grad_input, grad_src = _extreme_back(g, input, dim, index, src, result, include_self)
    return grad_input, None, grad_src


derivative(scatter_reduced, together=_reduced_back)


@samples(scatter_reduced)
def _(s):
    for how in UFUNCS:
        for own in (True, False):
            yield s(s.distinct(4, 3), 0, s.tensor([[3, 1, 0], [3, 2, 2]], "int64"), s.distinct(2, 3) + 30, how, own)


def reduced_along(input, d, index, src, reduce, include_self):
    """`scatter_reduce` of tensors with dimensions, `src` as large as `index`."""
    if reduce in UFUNCS:
        return scatter_reduced(input, d, index, src, reduce, include_self)
    total = scatter_add(_unless_put(input, d, index, include_self), d, index, src)
    if reduce == "sum":
        return total
    count = _unless_put(made(input.shape, input.dtype, input.device, 1), d, index, include_self)
    count = scatter_add(count, d, index, made(index.shape, input.dtype, input.device, 1))
    return divide(total, count, rounding_mode=None if input.dtype.is_floating_point or input.dtype.is_complex else "floor")


def _form(b, x, dim, index, src, reduce, include_self):
    if reduce not in FORMS or not include_self or b.shape(src) != b.shape(index):
        return Unsupported("a mean, what leaves out the elements that are there, or a source larger than its index")
    return b.node("ScatterElements", x, index, src, axis=dim, reduction=FORMS[reduce])


@op("composite", tensors=("input", "index", "src"), inplace=True, dtypes=NUMBER, out=("exact", "whole"), onnx=_form)
def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """Reduce one element of `src` for each place of `index`: its value says where along `dim`, its place says where otherwise.

    y = input; y[index[i][j]][j] = reduce(y[index[i][j]][j], src[i][j]) for dim = 0

    Args:
        input: Tensor that is reduced into.
        dim: The dimension.
        index: Where, of dtype int64 or int32, >= 0; a place that is named several times gets all.
        src: What is reduced.
        reduce: "sum", "prod", "mean", "amax" or "amin".
        include_self: Whether what is there already takes part.

    Shape:
        input: (*, n, *); index: at most the sizes of src, and of input but along dim; result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: there is no such place, `index` or `src` does not fit, or `reduce` is another word.

    Example:
        >>> scatter_reduce(zeros(3), 0, tensor([0, 0]), tensor([1.0, 2.0]), "amax")
        tensor([2., 0., 0.])
    """
    ordered("scatter_reduce", input)
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise expected("scatter_reduce", "reduce to be sum, prod, mean, amax or amin", reduce, error=RuntimeError)
    if src.dtype is not input.dtype:
        raise expected("scatter_reduce", f"src of dtype {input.dtype.name}", src, error=RuntimeError)
    d = along("scatter_reduce", input, dim, index, src)
    if not input.ndim:
        return scatter_reduce(input.reshape((1,)), 0, index.reshape((-1,)), src.reshape((-1,)), reduce, include_self=include_self).reshape(
            ()
        )
    if not index.numel():
        return input.clone()
    if tuple(src.shape) != tuple(index.shape):
        src = src[tuple(slice(n) for n in index.shape)]
    return reduced_along(input, d, index, src, reduce, include_self)


@samples(scatter_reduce)
def _(s):
    for how in ("sum", "prod", "mean", "amax", "amin"):
        yield s(s.distinct(4, 3), 0, s.tensor([[3, 1, 0], [3, 2, 2]], "int64"), s.distinct(2, 3) + 30, how)
        yield s(s.distinct(2, 5), -1, s.tensor([[4, 0], [1, 1]], "int64"), s.distinct(2, 2) + 30, how, include_self=False)
    yield s(s.normal(), 0, s.tensor(0, "int64"), s.normal(), "sum").without("onnx", because="ScatterElements has a dimension")


@refuses(scatter_reduce)
def _(s):
    yield s(s.normal(3), 0, s.tensor([0], "int64"), s.normal(1), "add").raises(RuntimeError, "scatter_reduce: expected reduce")
    yield s(s.normal(3), 0, s.tensor([0], "int64"), s.integers(1), "sum").raises(RuntimeError, "scatter_reduce: expected src of dtype")
