"""Copies and what is made like a tensor lie in memory in its order of dimensions, as PyTorch's `preserve_format` says."""

from __future__ import annotations

import pytest

from workbench import engine

torch = pytest.importorskip("torch")

INPUTS = {
    "contiguous": lambda e: e.arange(120.0).reshape(2, 3, 4, 5),
    "transposed": lambda e: e.arange(6.0).reshape(2, 3).t(),
    "reversed": lambda e: e.arange(24.0).reshape(2, 3, 4).transpose(0, 2),
    "permuted": lambda e: e.arange(120.0).reshape(2, 3, 4, 5).permute(3, 1, 0, 2),
    "channels last": lambda e: e.arange(120.0).reshape(2, 3, 4, 5).contiguous(memory_format=e.channels_last),
    "channels last, 3d": lambda e: e.arange(120.0).reshape(1, 2, 3, 4, 5).permute(0, 2, 3, 4, 1),
    "size 1": lambda e: e.arange(12.0).reshape(3, 1, 4).permute(2, 1, 0),
    "any stride of size 1": lambda e: e.empty_strided((2, 1, 3), (3, 7, 1)).fill_(1.0),
    "no elements": lambda e: e.zeros(0, 3, 2).permute(2, 1, 0),
    "no dimensions": lambda e: e.tensor(1.0),
    "with gaps": lambda e: e.arange(120.0).reshape(2, 3, 4, 5)[:, :, ::2],
    "with gaps, transposed": lambda e: e.arange(24.0).reshape(4, 6)[:, :3].t(),
    "with gaps, permuted": lambda e: e.arange(120.0).reshape(2, 3, 4, 5)[:, :, ::2].permute(3, 1, 0, 2),
    "expanded": lambda e: e.arange(3.0).reshape(3, 1).expand(3, 4),
    "expanded, permuted": lambda e: e.arange(6.0).reshape(2, 1, 3).expand(2, 4, 3).permute(2, 1, 0),
    "equal strides": lambda e: e.arange(12.0).as_strided((3, 2, 4), (2, 2, 1)),
}
MAKERS = {
    "clone": lambda e, x: x.clone(),
    "clone, preserved": lambda e, x: x.clone(memory_format=e.preserve_format),
    "clone, contiguous": lambda e, x: x.clone(memory_format=e.contiguous_format),
    "to": lambda e, x: x.to(e.float64),
    "to, copy": lambda e, x: x.to(x.dtype, copy=True),
    "empty_like": lambda e, x: e.empty_like(x),
    "empty_like, preserved": lambda e, x: e.empty_like(x, memory_format=e.preserve_format),
    "empty_like, contiguous": lambda e, x: e.empty_like(x, memory_format=e.contiguous_format),
    "zeros_like": lambda e, x: e.zeros_like(x),
    "zeros_like, dtype": lambda e, x: e.zeros_like(x, dtype=e.int32),
    "ones_like": lambda e, x: e.ones_like(x),
    "full_like": lambda e, x: e.full_like(x, 3.0),
    "rand_like": lambda e, x: e.rand_like(x),
    "randn_like": lambda e, x: e.randn_like(x),
    "randint_like": lambda e, x: e.randint_like(x, 5),
}


@pytest.mark.parametrize("made", MAKERS)
@pytest.mark.parametrize("given", INPUTS)
def test_order_is_kept(given, made):
    found, wanted = (MAKERS[made](e, INPUTS[given](e)) for e in (engine, torch))
    assert (tuple(found.shape), tuple(found.stride()), found.dtype.name) == (
        tuple(wanted.shape),
        tuple(wanted.stride()),
        str(wanted.dtype).removeprefix("torch."),
    )
    if "empty" not in made and "rand" not in made:
        assert found.tolist() == wanted.tolist()
