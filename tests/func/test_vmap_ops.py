"""Every op on every sample within vmap: for a batch of inputs it gives what it gives for each of them."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest

import workbench.engine as engine
from workbench.engine.autograd.batching import Level, Unreadable, wrap
from workbench.engine.testing import Case, calls, defined
from workbench.engine.testing.case import map_tensors, tensors_in
from workbench.engine.testing.compare import assert_close

RANDOM = {"uniform", "normal", "randint", "dropped", "gamma_draw", "dirichlet_draw"}  # keyed draws, the same each time, or refused
SIZED_BY_VALUES = {"allclose", "equal", "nonzero", "argwhere", "unique", "unique_consecutive", "masked_select", "bincount"}
OPS = {name: op for name, op in defined().items() if name not in RANDOM}
N = 3


def elements(t, which: int, same: bool) -> list[engine.Tensor]:
    """N tensors of one shape that an op takes where it takes `t`: the same values, in other places if they may move."""
    rng = np.random.default_rng(which)
    orders = [np.arange(t.numel()), *(rng.permutation(t.numel()) for _ in range(N - 1))]
    return [t.reshape(-1)[engine.from_numpy(o)].reshape(t.shape) if t.numel() and not same else t for o in orders]


def placed(case, values):
    """The arguments with their tensors replaced, in order."""
    it = iter(values)
    return map_tensors(lambda _: next(it), (case.call.args, case.call.kwargs))


def check(case, mapped) -> bool:
    """Map over the tensors of these numbers; False where the op does not take the values in other places."""
    given = list(tensors_in((case.call.args, case.call.kwargs)))
    # what an op with a formula takes may belong together, as a mean and what it is the mean of
    still = case.op.name in SIZED_BY_VALUES or case.op.formula is not None
    parts = [elements(t, k, still) if k in mapped else [t] * N for k, t in enumerate(given)]
    wanted = []
    for row in zip(*parts):
        args, kwargs = placed(case, row)
        try:
            wanted.append(list(tensors_in((case.op(*args, **kwargs),))))
        except (RuntimeError, ValueError, IndexError, np.linalg.LinAlgError):
            return False
    if len({tuple((tuple(w.shape), w.dtype) for w in row) for row in wanted}) > 1:
        return False
    with Level(N) as level:
        args, kwargs = placed(case, [wrap(level, engine.stack(p)) if k in mapped else p[0] for k, p in enumerate(parts)])
        found = [level.spread(t) for t in tensors_in((case.op(*args, **kwargs),))]
    assert len(found) == len(wanted[0])
    for i, row in enumerate(wanted):
        for a, b in zip(found, row):
            assert a.dtype is b.dtype
            assert_close(a[i], b, **case.tolerance)
    return True


@pytest.mark.parametrize("name", sorted(OPS))
def test_op(name):
    op = OPS[name]
    count = Counter()
    for dtype in {"float64", "int64"} & set(op.definition.dtypes):
        for call in calls(op, dtype):
            case = Case(op, call, dtype)
            n = len(list(tensors_in((call.args, call.kwargs))))
            for mapped in [range(n), *([k] for k in range(n) if n > 1)] if n else ():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)
                    if name in SIZED_BY_VALUES:
                        with pytest.raises(Unreadable):
                            check(case, mapped)
                        count[True] += 1
                    else:
                        count[check(case, mapped)] += 1
    if count[False] and not count[True]:
        pytest.skip("takes its values in no other order")


def test_most_ops_are_tried():
    assert len(OPS) > 400


def test_membership():
    x, y = engine.tensor([[1, 5], [2, 3]]), engine.tensor([[1, 2], [3, 9]])
    assert engine.func.vmap(engine.isin)(x, y).tolist() == [[True, False], [False, True]]
    assert engine.func.vmap(lambda a: engine.isin(a, 2, invert=True))(x).tolist() == [[True, True], [False, True]]
    assert engine.func.vmap(lambda a: engine.isin(y[0], a))(x).tolist() == [[True, False], [False, True]]
