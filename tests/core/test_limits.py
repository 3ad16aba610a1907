"""What dtypes and shapes can hold, and questions about values, against PyTorch."""

import pytest

from workbench import engine as ours

torch = pytest.importorskip("torch")

FLOATING = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")
WHOLE = ("uint8", "int8", "int16", "int32", "int64")


@pytest.mark.parametrize("name", FLOATING)
def test_finfo(name):
    mine, theirs = ours.finfo(getattr(ours, name)), torch.finfo(getattr(torch, name))
    for field in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution"):
        assert getattr(mine, field) == pytest.approx(getattr(theirs, field), rel=1e-12), field
    assert mine.dtype == theirs.dtype
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("name", WHOLE)
def test_iinfo(name):
    mine, theirs = ours.iinfo(getattr(ours, name)), torch.iinfo(getattr(torch, name))
    assert (mine.bits, mine.min, mine.max, mine.dtype) == (theirs.bits, theirs.min, theirs.max, theirs.dtype)


def test_refusals():
    with pytest.raises(TypeError, match=r"finfo: expected a floating dtype, got torch.int64; use iinfo"):
        ours.finfo(ours.int64)
    with pytest.raises(TypeError, match="iinfo: expected a dtype of whole numbers"):
        ours.iinfo(ours.float32)


@pytest.mark.parametrize("a", [*FLOATING, *WHOLE, "bool"])
@pytest.mark.parametrize("b", [*FLOATING, *WHOLE, "bool"])
def test_can_cast(a, b):
    assert ours.can_cast(getattr(ours, a), getattr(ours, b)) == torch.can_cast(getattr(torch, a), getattr(torch, b))


@pytest.mark.parametrize("more", [1, 52])
@pytest.mark.parametrize(
    "make",
    [
        lambda x, n: x.as_strided((1,) * n, (0,) * n),
        lambda x, n: x.new_empty_strided((1,) * n, (0,) * n),
        lambda x, n: ours.as_strided_scatter(x, x, (1,) * n, (0,) * n),
        lambda x, n: x.expand((1,) * n),
        lambda x, n: x.reshape((1,) * n),
        lambda x, n: x.repeat((1,) * (n - 12)).reshape(-1)[(None,) * (n - 1)],
        lambda x, n: ours.ones((1,) * n),
        lambda x, n: ours.nn.functional.embedding(ours.zeros((1,) * 12, dtype=ours.int64), ours.ones(2, 3)),
        lambda x, n: ours.stack([ours.ones((1,) * 12)] * 2),
    ],
)
def test_more_dimensions_than_a_tensor_has(make, more):
    with pytest.raises((ValueError, IndexError), match="at most 12 dimensions"):
        make(ours.ones(3)[:1], 12 + more)
