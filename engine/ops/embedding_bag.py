"""Rows of a table, summed up, averaged or maximised over bags."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, op, refuses, samples
from ._help import made, tensors
from .comparison import where
from .embedding import by_frequency, embedding_of, renormalise
from .errors import expected

NAME = "embedding_bag"


def _bags(input, offsets, include_last_offset):
    """The indices as a vector, and where the bags begin and end."""
    if input.dtype not in (core.int64, core.int32):
        raise expected(NAME, "input of dtype int64", input, "cast with input.long()", RuntimeError)
    if input.ndim == 2:
        if offsets is not None:
            raise expected(NAME, "no offsets for input of 2 dimensions", offsets, "its rows are the bags")
        edges = np.arange(input.shape[0] + 1) * input.shape[1]
        return input.numpy().reshape(-1), edges
    if input.ndim != 1:
        raise expected(NAME, "input of 1 or 2 dimensions", input)
    if offsets is None or offsets.ndim != 1:
        raise expected(NAME, "offsets of 1 dimension for input of 1 dimension", offsets)
    edges, n = offsets.numpy(), input.shape[0]
    if include_last_offset and not edges.size:
        raise expected(NAME, "1 or more offsets with include_last_offset", offsets, error=RuntimeError)
    edges = edges if include_last_offset else np.append(edges, n)
    if edges.size > 1 and (edges[0] != 0 or edges[-1] > n or (np.diff(edges) < 0).any()):
        raise expected(NAME, f"offsets that rise from 0 to at most {n}", f"{edges.tolist()}", error=RuntimeError)
    return input.numpy()[: edges[-1]], edges


def _largest(rows, bag, within, n):
    """The maximum over each bag of rows that lie together; 0 for an empty one. Bags are laid side by side, as long as the longest."""
    longest = int(within.max()) + 1 if within.size else 0
    place = np.zeros((n, longest), np.int64)
    filled = np.zeros((n, longest), bool)
    place[bag, within] = np.arange(bag.size)
    filled[bag, within] = True
    if not longest:
        return made((n, rows.shape[1]), rows.dtype, rows.device)
    laid = rows.index_select(0, core.from_numpy(place.reshape(-1))).reshape(n, longest, -1)
    low = where(core.from_numpy(filled[..., None]), laid, -float("inf")).max(1)[0]
    return where(core.from_numpy(filled.any(1)[:, None]), low, 0)


@op("composite", tensors=("input", "weight", "offsets", "per_sample_weights"), spaces="functional", methods=False,
    onnx=Unsupported("bags of unequal length have no form in ONNX"))  # fmt: skip
def embedding_bag(
    input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode="mean", sparse=False,
    per_sample_weights=None, include_last_offset=False, padding_idx=None,
):  # fmt: skip
    """Look up rows of a table, and reduce them over bags.

    y[b] = the sum, mean or maximum of weight[i] over the indices i of bag b; 0 for an empty bag

    Args:
        input: Which rows, of dtype int64 or int32, >= 0.
        weight: The table.
        offsets: Where each bag begins in an `input` of 1 dimension; rises from 0.
        max_norm: Rows that are looked up are first scaled in place to at most this norm; None leaves them.
        norm_type: Order of that norm.
        scale_grad_by_freq: Divide the gradient of a row by how often it is looked up; not for "max".
        mode: "sum", "mean" or "max".
        sparse: Accepted for PyTorch's sake; gradients are dense.
        per_sample_weights: Factors of the rows, for "sum" alone.
        include_last_offset: Whether `offsets` ends with the end of the last bag; indices behind it are not looked at.
        padding_idx: An index that counts as not there; negative ones count from the end.

    Shape:
        input: (B, L), or (E) with offsets (B), or (B + 1) with include_last_offset; weight: (n, m); per_sample_weights: that of input;
        result: (B, m).

    Returns:
        Tensor of the dtype of `weight`.

    Raises:
        ValueError: `mode` is another word, the dimensions do not fit, or an option is not for this mode.
        RuntimeError: there is no such row, the offsets do not rise from 0, or dtypes or `padding_idx` do not fit.
        NotImplementedError: `per_sample_weights` is given for another mode than "sum".

    Example:
        >>> functional.embedding_bag(tensor([0, 1, 1]), tensor([[1.0], [2.0]]), tensor([0, 1]), mode="sum")
        tensor([[1.],
                [4.]])
    """
    tensors(NAME, input=input, weight=weight)
    if mode not in ("sum", "mean", "max"):
        raise expected(NAME, "mode to be sum, mean or max", mode)
    if mode == "max" and (scale_grad_by_freq or sparse):
        raise expected(NAME, "neither scale_grad_by_freq nor sparse for mode max", "one of them")
    if per_sample_weights is not None and mode != "sum":
        raise expected(NAME, "per_sample_weights for mode sum alone", mode, "leave them out", NotImplementedError)
    if per_sample_weights is not None and tuple(per_sample_weights.shape) != tuple(input.shape):
        raise expected(NAME, f"per_sample_weights of shape {tuple(input.shape)}", per_sample_weights)
    rows_of_table = weight.shape[0]
    if padding_idx is not None and not -rows_of_table <= padding_idx < rows_of_table:
        raise expected(NAME, f"padding_idx in the range [{-rows_of_table}, {rows_of_table - 1}]", padding_idx, error=RuntimeError)
    if max_norm is not None:
        renormalise(weight, input, max_norm, norm_type)
    index, edges = _bags(input, offsets, include_last_offset)
    if index.size and not 0 <= index.min() <= index.max() < rows_of_table:
        got = f"one from {index.min()} to {index.max()}"
        raise expected(NAME, f"indices in the range [0, {rows_of_table - 1}]", got, error=RuntimeError)
    n = len(edges) - 1
    bag, within = np.repeat(np.arange(n), np.diff(edges)), np.arange(index.size)
    if padding_idx is not None:
        kept = index != padding_idx % rows_of_table
        index, bag, within = index[kept], bag[kept], within[kept]
    counts = np.bincount(bag, minlength=n)
    which = core.from_numpy(np.ascontiguousarray(index))
    dtype, half = weight.dtype, weight.dtype in (core.float16, core.bfloat16)
    rows = embedding_of(weight.float() if half and mode != "max" else weight, which, -1)  # added up in float32, and rounded once
    if scale_grad_by_freq:
        rows = by_frequency(rows, which)
    if mode == "max":
        return _largest(rows, bag, np.arange(bag.size) - np.repeat(np.cumsum(counts) - counts, counts), n)
    if per_sample_weights is not None:
        factors = per_sample_weights.reshape(-1)
        rows = rows * factors.index_select(0, core.from_numpy(within)).unsqueeze(-1)
    total = made((n, weight.shape[1]), rows.dtype, weight.device).index_add(0, core.from_numpy(bag), rows)
    if mode == "mean":
        total = total / core.from_numpy(np.maximum(counts, 1).astype(rows.dtype.numpy)).unsqueeze(-1)
    return total.to(dtype)


@samples(embedding_bag)
def _(s):
    empty_bag = s.tensor([0, 2, 2, 5], "int64")
    bags = s.tensor([3, 0, 0, 2, 4, 0, 1], "int64")
    for mode in ("sum", "mean", "max"):
        yield s(s.integers(3, 4, high=5), s.distinct(5, 2), mode=mode)
        yield s(bags, s.distinct(5, 2), empty_bag, mode=mode)
        yield s(bags, s.distinct(5, 2), s.tensor([0, 3, 7], "int64"), mode=mode, include_last_offset=True, padding_idx=-5)
    ending = s(bags, s.normal(5, 2), s.tensor([0, 3, 5], "int64"), mode="sum", include_last_offset=True)
    yield ending.without("peer", "peer_gradient", because="PyTorch leaves the last offset out of account in float64")
    yield s(bags, s.normal(5, 2), empty_bag, mode="sum", per_sample_weights=s.normal(7))
    yield s(s.integers(3, 4, high=5), s.normal(5, 2), mode="sum", per_sample_weights=s.normal(3, 4), padding_idx=2)
    scaled = "the gradient is scaled, on purpose"
    for mode in ("sum", "mean"):
        twice = s(s.tensor([3, 1, 1, 3], "int64"), s.normal(5, 2), s.tensor([0, 3], "int64"), mode=mode, scale_grad_by_freq=True)
        yield twice.without("gradcheck", "gradgradcheck", because=scaled)
        yield s(bags, s.normal(5, 2), empty_bag, mode=mode, scale_grad_by_freq=True).without(
            "gradcheck", "gradgradcheck", "peer_gradient", because=f"{scaled}; PyTorch looks up the wrong counts where they differ"
        )
    yield s(bags, s.positive(5, 2), empty_bag, 1.0, mode="sum").without(
        "bookkeeping", "gradcheck", "gradgradcheck", "versions", because="the table is changed in place"
    )


@refuses(embedding_bag)
def _(s):
    table, flat, start = s.normal(5, 2), s.integers(4, high=5), s.tensor([0, 2], "int64")
    yield s(flat, table, start, mode="median").raises(ValueError, "embedding_bag: expected mode to be sum, mean or max")
    yield s(flat, table, start, mode="max", scale_grad_by_freq=True).raises(ValueError, "embedding_bag: expected neither")
    yield s(flat, table, start, per_sample_weights=s.normal(4)).raises(NotImplementedError, "embedding_bag: expected per_sample_weights")
    yield s(flat, table, start, mode="sum", per_sample_weights=s.normal(3)).raises(ValueError, "per_sample_weights of shape (4,)")
    yield s(flat, table).raises(ValueError, "embedding_bag: expected offsets of 1 dimension")
    yield s(s.integers(2, 2, high=5), table, start).raises(ValueError, "embedding_bag: expected no offsets")
    yield s(s.integers(high=5), table, start).raises(ValueError, "embedding_bag: expected input of 1 or 2 dimensions")
    yield s(flat, table, s.tensor([1, 2], "int64")).raises(RuntimeError, "embedding_bag: expected offsets that rise from 0")
    yield s(flat, table, s.tensor([], "int64"), include_last_offset=True).raises(RuntimeError, "embedding_bag: expected 1 or more offsets")
    yield s(flat, table, start, padding_idx=5).raises(RuntimeError, "embedding_bag: expected padding_idx")
    yield s(s.normal(4), table, start).raises(RuntimeError, "embedding_bag: expected input of dtype int64")
    yield s(s.tensor([5], "int64"), table, s.tensor([0], "int64")).raises(RuntimeError, "expected indices in the range [0, 4]")
    yield s([0], table).raises(TypeError, "embedding_bag: expected input to be a Tensor, got list")
