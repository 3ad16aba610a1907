"""Every loss against PyTorch's, with every reduction."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.engine import nn

from .like_torch import compare, torch

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's
X, Y = (4, 5), np.linspace(-1, 1, 20).reshape(4, 5)
P = np.linspace(0.05, 0.95, 20).reshape(4, 5)
SIGNS, CLASSES = np.array([1.0, -1.0, -1.0, 1.0]), np.array([0, 4, 2, 2])
W = np.array([0.5, 1.0, 2.0, 1.5, 0.3])
IGNORED = np.array([0, -100, 2, 2])
LOSSES = [
    ("L1Loss", {}, [X, Y]),
    ("MSELoss", {}, [X, Y]),
    ("SmoothL1Loss", {"beta": 0.5}, [X, Y]),
    ("HuberLoss", {"delta": 0.7}, [X, Y]),
    ("NLLLoss", {}, [X, CLASSES]),
    ("NLLLoss", {"weight": W}, [X, IGNORED]),
    ("CrossEntropyLoss", {}, [X, CLASSES]),
    ("CrossEntropyLoss", {"weight": W, "label_smoothing": 0.1}, [X, IGNORED]),
    ("CrossEntropyLoss", {}, [X, P]),
    ("CrossEntropyLoss", {"ignore_index": 2}, [(4, 5, 3), ("int", 5, 4, 3)]),
    ("BCELoss", {}, [P, P[::-1].copy()]),
    ("BCEWithLogitsLoss", {}, [X, P]),
    ("BCEWithLogitsLoss", {"weight": W, "pos_weight": W[::-1].copy()}, [X, P]),
    ("KLDivLoss", {}, [X, P]),
    ("KLDivLoss", {"log_target": True}, [X, Y]),
    ("PoissonNLLLoss", {}, [X, P]),
    ("PoissonNLLLoss", {"log_input": False, "full": True}, [P, 3 * P]),
    ("GaussianNLLLoss", {"full": True}, [X, Y, P]),
    ("HingeEmbeddingLoss", {"margin": 0.5}, [X, np.sign(Y)]),
    ("SoftMarginLoss", {}, [X, np.sign(Y)]),
    ("MultiLabelSoftMarginLoss", {"weight": W}, [X, (P > 0.5) * 1.0]),
    ("MultiMarginLoss", {"p": 2}, [X, CLASSES]),
    ("MultiLabelMarginLoss", {}, [X, np.array([[0, 2, -1, 4, 0], [-1, 1, 1, 1, 1], [0, 1, 2, 3, 4], [3, -1, 0, 0, 0]])]),
    ("CosineEmbeddingLoss", {"margin": 0.1}, [X, X, SIGNS]),
    ("MarginRankingLoss", {"margin": 0.3}, [(4,), (4,), SIGNS]),
    ("TripletMarginLoss", {"swap": True}, [X, (4, 5), Y]),
    ("TripletMarginWithDistanceLoss", {}, [X, (4, 5), Y]),
    ("TripletMarginWithDistanceLoss", {"distance_function": lambda a, b: (a - b).abs().sum(-1), "swap": True}, [X, (4, 5), Y]),
]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "kwargs", "given"), LOSSES, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(LOSSES)])
def test_loss(name, kwargs, given, dtype, reduction):
    from workbench import engine

    weights = {k: v.astype(dtype) for k, v in kwargs.items() if isinstance(v, np.ndarray)}
    ours = getattr(nn, name)(**kwargs | {k: engine.from_numpy(v.copy()) for k, v in weights.items()}, reduction=reduction)
    theirs = getattr(torch.nn, name)(**kwargs | {k: torch.from_numpy(v) for k, v in weights.items()}, reduction=reduction)
    compare(ours, theirs, given, dtype, n_trained=2 if name in ("CosineEmbeddingLoss", "MarginRankingLoss") else 1)
