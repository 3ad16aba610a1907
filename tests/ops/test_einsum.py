"""What the samples of `einsum_of` cannot say: the forms in which einsum is called."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")
X, Y = (np.random.Generator(np.random.Philox(key=i)).standard_normal(shape) for i, shape in enumerate([(2, 3), (3, 4)]))


def tensors(library):
    return library.from_numpy(X.copy()), library.from_numpy(Y.copy())


@pytest.mark.parametrize(
    "arguments",
    [
        lambda x, y: (x, [0, 1], y, [1, 2]),
        lambda x, y: (x, [0, 1], y, [1, 2], [2, 0]),
        lambda x, y: (x, [..., 1], y, [1, 30], [30, ...]),
        lambda x, y: (x, [30, 2]),
        lambda x, y: (x, [1, 0]),
        lambda x, y: (x[:, :2], [5, 5]),
        lambda x, y: (x, (0, 1), []),
        lambda x, y: ("ij,jk", [x, y]),
        lambda x, y: ("ij,jk", x, y),
        lambda x, y: ("ij,jk,k->i", x, y, y[0]),
    ],
)
def test_forms(arguments):
    ours, theirs = engine.einsum(*arguments(*tensors(engine))), torch.einsum(*arguments(*tensors(torch)))
    assert ours.shape == theirs.shape
    assert np.allclose(ours.numpy(), theirs.numpy())


def test_attention_as_users_write_it():
    q, k, v = (engine.from_numpy(np.random.Generator(np.random.Philox(key=i)).standard_normal((2, 4, 5, 3))) for i in range(3))
    weights = engine.einsum("bhqd,bhkd->bhqk", q, k).softmax(-1)
    expected = np.einsum("bhqk,bhkd->bqhd", weights.numpy(), v.numpy())
    assert np.allclose(engine.einsum("bhqk,bhkd->bqhd", weights, v).numpy(), expected)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), ValueError, "einsum: expected an equation and tensors, or tensors with lists, got nothing"),
        ((engine.ones(2),), ValueError, "einsum: expected an equation and tensors, or tensors with lists"),
        (("ij",), ValueError, "einsum: expected 1 or more operands, got none"),
        (("ij", 1.0), TypeError, "einsum: expected operand 0 to be a Tensor, got float"),
        ((engine.ones(2, 2), [0, 52]), ValueError, "einsum: expected dimensions in [0, 52) or ..., got [0, 52]"),
    ],
)
def test_bad_forms(arguments, error, message):
    with pytest.raises(error) as caught:
        engine.einsum(*arguments)
    assert message in str(caught.value)
