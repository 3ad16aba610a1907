"""Products of matrices whose rows or columns belong to groups of different sizes: the layers of experts."""

from __future__ import annotations

from ._define import FLOATING, Unsupported, op, refuses, samples
from ._help import tensors
from .errors import expected
from .matmul import matmul
from .pieces import cat, stack

NAME = "grouped_mm"


def _ends(mat_a, mat_b, offs):
    """Where each group ends, checked; None where both have a dimension of groups."""
    flat = mat_a.ndim == 2 or mat_b.ndim == 2
    if flat == (offs is None):
        what = "none for a 2-dimensional operand" if flat else "offs for two 3-dimensional operands"
        raise expected(NAME, "offs where an operand has 2 dimensions, and only there", what, error=RuntimeError)
    if offs is None:
        if len(mat_a) != len(mat_b):
            raise expected(NAME, f"mat_b of {len(mat_a)} groups", mat_b, error=RuntimeError)
        return None
    if offs.ndim != 1 or offs.dtype.name != "int32":
        raise expected(NAME, "offs of 1 dimension and dtype int32", offs, error=RuntimeError)
    for name, value in (("mat_a", mat_a), ("mat_b", mat_b)):
        if value.ndim == 3 and len(value) != len(offs):
            raise expected(NAME, f"{name} of {len(offs)} groups", value, error=RuntimeError)
    return offs.tolist()


def _peer(torch, mat_a, mat_b, **options):
    if mat_a.dtype is torch.float64:
        raise NotImplementedError("grouped_mm: not implemented for float64")
    return torch.nn.functional.grouped_mm(mat_a, mat_b, **options)


@op("composite", tensors=("mat_a", "mat_b", "offs", "bias"), spaces="functional", methods=False, dtypes=FLOATING, peer=_peer,
    onnx=Unsupported("sizes that come from values; export a matmul for each group"))  # fmt: skip
def grouped_mm(mat_a, mat_b, *, offs=None, bias=None, out_dtype=None):
    """Multiply matrices group by group.

    What has 2 dimensions is cut into groups along the one that `offs` speaks of, what has 3 has a matrix for each group.

    Args:
        mat_a: Left matrices: all rows in one matrix, or a matrix for each group.
        mat_b: Right matrices: all columns in one matrix, or a matrix for each group.
        offs: int32, where each group ends; rising. What lies beyond the last counts as a group of zeros. None if both have 3 dimensions.
        bias: Must be None, as in PyTorch.
        out_dtype: None or the dtype of `mat_a`.

    Shape:
        mat_a (M, K), mat_b (G, K, N), rows in groups: (M, N); (G, M, K) and (K, N), columns in groups: (M, N); (M, K) and (K, N), the
        dimension K in groups: (G, M, N); (G, M, K) and (G, K, N): (G, M, N).

    Returns:
        Tensor of the dtype of `mat_a`.

    Raises:
        RuntimeError: the shapes do not fit, `offs` is missing, too much or no int32, dtypes differ, or there is a bias.

    Example:
        >>> functional.grouped_mm(ones(3, 2), tensor([[[1.0], [2.0]], [[3.0], [4.0]]]), offs=tensor([1, 3], dtype=int32))
        tensor([[3.],
                [7.],
                [7.]])
    """
    tensors(NAME, mat_a=mat_a, mat_b=mat_b)
    for name, value in (("mat_a", mat_a), ("mat_b", mat_b)):
        if value.ndim not in (2, 3):
            raise expected(NAME, f"{name} of 2 or 3 dimensions", value, error=RuntimeError)
    if mat_a.dtype is not mat_b.dtype or out_dtype not in (None, mat_a.dtype):
        raise expected(NAME, f"mat_b and out_dtype of dtype {mat_a.dtype.name}", (mat_b.dtype, out_dtype), error=RuntimeError)
    if mat_a.shape[-1] != mat_b.shape[-2]:
        raise expected(NAME, f"mat_b of {mat_a.shape[-1]} rows", mat_b, error=RuntimeError)
    if bias is not None:
        raise expected(NAME, "bias to be None", bias, "add it to the result", RuntimeError)
    ends = _ends(mat_a, mat_b, offs)
    if ends is None:
        return matmul(mat_a, mat_b)
    runs = list(zip([0, *ends], ends, strict=False))
    if mat_a.ndim == mat_b.ndim:
        parts = [matmul(mat_a[:, i:j], mat_b[i:j]) for i, j in runs]
        return stack(parts) if parts else mat_a.new_zeros(0, mat_a.shape[0], mat_b.shape[1])
    if mat_a.ndim == 2:
        parts = [matmul(mat_a[i:j], b) for (i, j), b in zip(runs, mat_b, strict=True)]
        rest = mat_a.new_zeros(mat_a.shape[0] - sum(len(p) for p in parts), mat_b.shape[2])
        return cat([*parts, rest])
    parts = [matmul(a, mat_b[:, i:j]) for (i, j), a in zip(runs, mat_a, strict=True)]
    rest = mat_b.new_zeros(mat_a.shape[1], mat_b.shape[1] - sum(p.shape[1] for p in parts))
    return cat([*parts, rest], 1)


@samples(grouped_mm)
def _(s):
    ends = s.tensor([3, 6], "int32")
    yield s(s.normal(6, 8), s.normal(2, 8, 8), offs=ends)
    yield s(s.normal(2, 3, 8), s.normal(8, 8), offs=ends + 2)
    yield s(s.normal(8, 8), s.normal(8, 8), offs=ends + 2)
    yield s(s.normal(2, 3, 8), s.normal(2, 8, 8))
    yield s(s.normal(5, 3), s.normal(2, 3, 2), offs=ends - 2).without(
        "peer", "peer_gradient", because="PyTorch wants strides of 16 bytes and writes nothing beyond the last group"
    )


@refuses(grouped_mm)
def _(s):
    a, b, ends = s.normal(6, 8), s.normal(2, 8, 4), s.integers(2, low=3, high=4, dtype="int32")
    yield s(s.normal(8), b, offs=ends).raises(RuntimeError, "grouped_mm: expected mat_a of 2 or 3 dimensions")
    yield s(a, s.normal(2, 7, 4), offs=ends).raises(RuntimeError, "grouped_mm: expected mat_b of 8 rows")
    yield s(a, b).raises(RuntimeError, "grouped_mm: expected offs where an operand has 2 dimensions")
    yield s(a, s.normal(3, 8, 4), offs=ends).raises(RuntimeError, "grouped_mm: expected mat_b of 2 groups")
    yield s(s.normal(3, 6, 8), b).raises(RuntimeError, "grouped_mm: expected mat_b of 3 groups")
    yield s(a, b, offs=ends.long()).raises(RuntimeError, "grouped_mm: expected offs of 1 dimension and dtype int32")
    yield s(a, b.int(), offs=ends).raises(RuntimeError, "grouped_mm: expected mat_b and out_dtype of dtype")
    yield s(a, b, offs=ends, bias=b).raises(RuntimeError, "grouped_mm: expected bias to be None")
