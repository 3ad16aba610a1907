"""Norms of complex and whole numbers against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine.testing.compare import assert_close

torch = pytest.importorskip("torch")
DRAW = np.random.Generator(np.random.Philox(key=3))
COMPLEX = DRAW.standard_normal((2, 3, 4)) + 1j * DRAW.standard_normal((2, 3, 4))
CASES = [
    ("normalize", {}), ("normalize", {"p": 1.0, "dim": 2}), ("rms_norm", {"normalized_shape": (4,)}),
    ("rms_norm", {"normalized_shape": (3, 4), "eps": 0.5}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_complex(name, options):
    found = []
    for lib, port in ((engine, engine.from_numpy), (torch, torch.from_numpy)):
        x = port(COMPLEX.copy()).requires_grad_()
        out = getattr(lib.nn.functional, name)(x, **options)
        found.append((out, *lib.autograd.grad(out, x, port(COMPLEX[::-1].copy()))))
    for a, b in zip(*found, strict=True):
        assert_close(a, b, rtol=1e-9, atol=1e-11)


def test_response_of_whole_numbers():
    x = DRAW.integers(-9, 9, (1, 6, 3))
    options = {"size": 2, "alpha": 0.3, "beta": 0.5, "k": 1.25}
    ours, theirs = (lib.nn.functional.local_response_norm(lib.from_numpy(x), **options) for lib in (engine, torch))
    assert_close(ours, theirs, rtol=1e-6)
    for lib in (engine, torch):
        with pytest.raises(NotImplementedError):
            lib.nn.functional.local_response_norm(lib.from_numpy(x.astype("int32")), 2)
