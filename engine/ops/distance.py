"""Lengths of vectors and what is between two of them."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import COMPLEX, NUMBER, Unsupported, op, refuses, samples
from ._help import broadcast, floating, tensors
from .errors import expected
from .magnitude import vector_norm
from .statistics import deviation

VECTORS = Unsupported("it is made of norms and products; export those")


def _checked(name, **given):
    tensors(name, **given)
    for argument, t in given.items():
        floating(name, t, argument)


@op("composite", spaces="functional", methods=False, onnx=VECTORS)
def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Divide vectors by their norm: x / max(norm of x, eps).

    Args:
        input: Vectors.
        p: Order of the norm.
        dim: The dimension that a vector lies along.
        eps: The least divisor; > 0.
        out: A tensor to write into.

    Shape:
        input: any; result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `out` is of a dtype that does not hold the result, or something requires grad.

    Example:
        >>> normalize(tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    tensors("normalize", input=input)
    if not input.is_complex():
        floating("normalize", input)
    return core.into("normalize", input / vector_norm(input, p, dim, True).clamp(min=eps), out)


@samples(normalize)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.away(2, 3, 4), 1.0, -1)
    yield s(s.positive(5), 3.0, 0)


@refuses(normalize)
def _(s):
    yield s([1.0]).raises(TypeError, "normalize: expected input to be a Tensor, got list")
    yield s(s.normal(3, 2), out=s.integers(3, 2)).raises(RuntimeError, "normalize: expected out of a dtype that holds float32, got int64")


@op("composite", tensors=2, spaces=("torch", "functional"), methods=False, onnx=VECTORS)
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors: x1 · x2 / (max(norm of x1, eps) max(norm of x2, eps)).

    Args:
        x1: Vectors.
        x2: Vectors.
        dim: The dimension that a vector lies along, counted in the broadcast shape.
        eps: The least norm; > 0.

    Shape:
        x1, x2: shapes that broadcast; result: the broadcast shape without `dim`.

    Returns:
        Tensor of values in [-1, 1].

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> cosine_similarity(tensor([[3.0, 4.0]]), tensor([[4.0, 3.0]]))
        tensor([0.9600])
    """
    _checked("cosine_similarity", x1=x1, x2=x2)
    shape = broadcast("cosine_similarity", x1.shape, x2.shape)
    x1, x2 = x1.expand(shape), x2.expand(shape)
    a, b = (x / vector_norm(x, 2, dim, True).clamp(min=eps) for x in (x1, x2))
    return (a * b).sum(dim)


@samples(cosine_similarity)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4))
    yield s(s.normal(2, 3, 4), s.normal(3, 1), -2)
    yield s(s.normal(5), s.normal(5), 0)


@refuses(cosine_similarity)
def _(s):
    yield s(s.normal(3, 4), 1.0).raises(TypeError, "cosine_similarity: expected x2 to be a Tensor, got float")


@op("composite", tensors=2, spaces=("torch", "functional"), methods=False, result="real", dtypes=(*NUMBER, *COMPLEX), onnx=VECTORS)
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The distance of vectors that lie along the last dimension: the norm of x1 - x2 + eps.

    Args:
        x1: Vectors.
        x2: Vectors.
        p: Order of the norm.
        eps: Added to every difference, so that the distance of equal vectors has a gradient.
        keepdim: Keep the last dimension, of size 1.

    Shape:
        x1, x2: (*, D), broadcasting; result: (*), or (*, 1) with `keepdim`.

    Returns:
        Tensor of values of 0 or more, of a floating dtype.

    Raises:
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> pairwise_distance(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0]]))
        tensor([5.0000])
    """
    tensors("pairwise_distance", x1=x1, x2=x2)
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


@samples(pairwise_distance)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4))
    yield s(s.normal(3, 4), s.normal(4), 1.0, 1e-3, True)


@refuses(pairwise_distance)
def _(s):
    yield s(s.normal(3, 4), 1.0).raises(TypeError, "pairwise_distance: expected x2 to be a Tensor, got float")


def _order(name, p):
    if p < 0:
        raise expected(name, "p of 0 or more", f"{p}", error=RuntimeError)


@op("composite", spaces=("torch", "functional"), methods=False, onnx=VECTORS)
def pdist(input, p=2):
    """The distances between all pairs of rows, each pair once: those above the diagonal of the table of distances.

    Args:
        input: Vectors.
        p: Order of the norm; 0 or more.

    Shape:
        input: (N, D); result: (N (N - 1) / 2), the pairs (0, 1), (0, 2), ..., (1, 2), ...

    Returns:
        Tensor of values of 0 or more.

    Raises:
        RuntimeError: `input` has not 2 dimensions, or `p` is negative.

    Example:
        >>> pdist(tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
        tensor([5.0000, 1.0000, 4.2426])
    """
    _checked("pdist", input=input)
    _order("pdist", p)
    if input.ndim != 2:
        raise expected("pdist", "input of 2 dimensions", input, error=RuntimeError)
    one, other = (core.from_numpy(i) for i in np.triu_indices(input.shape[0], 1))
    return vector_norm(input.index_select(0, one) - input.index_select(0, other), p, -1)


@samples(pdist)
def _(s):
    yield s(s.normal(4, 3))
    for p in (0, 1.0, 1.5, float("inf")):
        yield s(s.normal(4, 3), p)
    yield s(s.normal(1, 3))


@refuses(pdist)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "pdist: expected input of 2 dimensions")
    yield s(s.normal(3, 2), -1).raises(RuntimeError, "pdist: expected p of 0 or more, got -1")
    yield s([1.0]).raises(TypeError, "pdist: expected input to be a Tensor, got list")


@op("composite", tensors=2, spaces="torch", methods=False, onnx=VECTORS)
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The distances between every row of one batch and every row of another.

    Args:
        x1: Vectors.
        x2: Vectors.
        p: Order of the norm; 0 or more.
        compute_mode: Whether Euclidean distances are taken from a product of matrices, which needs far less memory, and is less exact where
            distances are small: where there are more than 25 rows, always, or never.

    Shape:
        x1: (*, P, D); x2: (*, R, D), with * broadcasting; result: (*, P, R).

    Returns:
        Tensor of values of 0 or more.

    Raises:
        RuntimeError: the shapes do not fit, or `p` is negative.
        ValueError: there is no such compute_mode.

    Example:
        >>> cdist(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0], [0.0, 1.0]]))
        tensor([[5., 1.]])
    """
    _checked("cdist", x1=x1, x2=x2)
    _order("cdist", p)
    if compute_mode not in MODES:
        raise expected("cdist", f"compute_mode to be one of {', '.join(MODES)}", compute_mode)
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        shapes = f"{tuple(x1.shape)} and {tuple(x2.shape)}"
        raise expected("cdist", "x1 (*, P, D) and x2 (*, R, D)", shapes, error=RuntimeError)
    by_product = compute_mode == MODES[1] or (compute_mode == MODES[0] and max(x1.shape[-2], x2.shape[-2]) > 25)
    return _euclidean(x1, x2) if p == 2 and by_product else vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


def _euclidean(x1, x2):
    """The root of |x1|^2 - 2 x1 x2^T + |x2|^2."""
    a, b = ((x * x).sum(-1, keepdim=True) for x in (x1, x2))
    return deviation((a - 2 * (x1 @ x2.mT) + b.mT).clamp(min=0))


MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


@samples(cdist)
def _(s):
    yield s(s.normal(4, 3), s.normal(5, 3))
    for p in (0.0, 1.0, 3.0, float("inf")):
        yield s(s.normal(2, 2, 3), s.normal(4, 3), p)
    far = s(s.normal(2, 26, 3), s.normal(4, 3)).within(atol=1e-3, rtol=1e-3, because="a distance is a small difference of large numbers")
    yield far.without("gradgradcheck", because="it takes long; the next sample goes the same way")
    yield s(s.normal(3, 2), s.normal(2, 4, 2), compute_mode="use_mm_for_euclid_dist")
    yield s(s.normal(26, 2), s.normal(2, 2), compute_mode="donot_use_mm_for_euclid_dist").without(
        "gradgradcheck", because="it takes long; the first sample goes the same way"
    )


@refuses(cdist)
def _(s):
    yield s(s.normal(3), s.normal(2, 3)).raises(RuntimeError, "cdist: expected x1 (*, P, D) and x2 (*, R, D)")
    yield s(s.normal(3, 2), s.normal(3, 2), -1.0).raises(RuntimeError, "cdist: expected p of 0 or more")
    yield s(s.normal(3, 2), s.normal(3, 2), 2.0, "mm").raises(ValueError, "cdist: expected compute_mode to be one of")
