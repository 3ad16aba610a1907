"""The derivative of every op on every sample, for a batch of gradients at once: as for each of them, recorded or not."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from workbench import engine
from workbench.engine.autograd.batching import batched_over
from workbench.engine.testing import Case, calls, defined
from workbench.engine.testing.case import tensors_in
from workbench.ext.core import _core

# the phase of an eigenvector has no gradient: the derivative looks whether one is asked for
READS_VALUES = {"eig_of", "linalg_eig"}
OPS = {name: op for name, op in defined().items() if "float64" in op.definition.dtypes and name not in READS_VALUES}


def check(case):
    function, leaves = case.leaves()
    for result in tensors_in((function(*leaves),)):
        if not result.requires_grad:
            continue
        drawn = np.random.default_rng(0).standard_normal((3, *result.shape))
        seeds = engine.from_numpy(np.asarray(drawn)).to(result.dtype)
        try:
            wanted = [_core.gradients([result], [seeds[j]], leaves, True, False) for j in range(3)]
        except RuntimeError:
            continue  # a case that has no derivative, and says so
        for recorded in (False, True):
            found = batched_over(3, lambda e, r=recorded, o=result: _core.gradients([o], [e], leaves, True, r), seeds)
            for j, row in enumerate(wanted):
                for a, b in zip(found, row, strict=True):
                    assert (a is None) == (b is None)
                    if b is not None:
                        assert a.dtype is b.dtype
                        np.testing.assert_allclose(a[j].detach().numpy(), b.detach().numpy(), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", sorted(OPS))
def test_op(name):
    dtypes = {"float64", "complex128"} & set(OPS[name].definition.dtypes)
    cases = [
        case for dtype in sorted(dtypes) for call in calls(OPS[name], dtype) if (case := Case(OPS[name], call, dtype)).differentiable()
    ]
    if not cases:
        pytest.skip("nothing here has a gradient")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for case in cases:
            check(case)
