"""Every loss against PyTorch's, with every reduction."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn
from workbench.engine.testing.compare import assert_close

from .like_torch import arrays, compare, pair, torch

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
    weights = {k: v.astype(dtype) for k, v in kwargs.items() if isinstance(v, np.ndarray)}
    ours = getattr(nn, name)(**kwargs | {k: engine.from_numpy(v.copy()) for k, v in weights.items()}, reduction=reduction)
    theirs = getattr(torch.nn, name)(**kwargs | {k: torch.from_numpy(v) for k, v in weights.items()}, reduction=reduction)
    compare(ours, theirs, given, dtype, n_trained=2 if name in ("CosineEmbeddingLoss", "MarginRankingLoss") else 1)


LABELS = np.array([[1, 2, 2, 0], [3, 1, 4, 4], [1, 1, 1, 1]])
CTC = {
    "rows": (LABELS, np.array([6, 7, 4]), np.array([3, 4, 1])),
    "one after the other": (np.array([1, 2, 2, 3, 1, 4, 4, 1]), np.array([7, 7, 3]), np.array([3, 4, 1])),
    "without alignment": (LABELS, np.array([6, 4, 7]), np.array([3, 4, 4])),
    "without labels": (LABELS, np.array([7, 6, 3]), np.array([0, 2, 0])),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", CTC)
@pytest.mark.parametrize("zero_infinity", [False, True])
def test_ctc(case, reduction, zero_infinity):
    """Behind log_softmax: there PyTorch's gradient is that of its function."""
    targets, frames, labels = CTC[case]
    blank = 0 if case != "rows" else 4
    targets = targets if case != "rows" else np.array([[1, 2, 2, 0], [3, 1, 0, 3], [1, 1, 1, 1]])
    if case == "without alignment" and not zero_infinity and reduction != "none":
        reduction = "none"  # the others are infinite as a whole
    args = {"blank": blank, "reduction": reduction, "zero_infinity": zero_infinity}
    ours, theirs = nn.CTCLoss(**args), torch.nn.CTCLoss(**args)
    for dtype in ("float32", "float64"):
        compare(ours, theirs, [(7, 3, 5), targets, frames, labels], dtype, call=lambda loss, x, *rest: loss(x.log_softmax(2), *rest))


def test_ctc_of_one_sequence():
    call = lambda loss, x, *rest: loss(x.log_softmax(1), *rest)  # noqa: E731
    for reduction in ("mean", "sum", "none"):
        ours, theirs = nn.CTCLoss(reduction=reduction), torch.nn.CTCLoss(reduction=reduction)
        compare(ours, theirs, [(7, 5), np.array([1, 2, 2]), np.array(6), np.array(3)], call=call)


def test_ctc_sums_over_all_alignments():
    """Against every path written out: Graves et al. (2006), equation 3."""
    logits = np.random.Generator(np.random.Philox(key=5)).standard_normal((4, 1, 3))
    logp = logits - np.log(np.exp(logits).sum(2, keepdims=True))
    collapsed = lambda path: [k for k, _ in groupby(path) if k]  # noqa: E731
    for target in ([1], [1, 2], [1, 1], []):
        ways = [path for path in product(range(3), repeat=4) if collapsed(path) == target]
        total = sum(np.exp(sum(logp[t, 0, k] for t, k in enumerate(path))) for path in ways)
        loss = nn.CTCLoss(reduction="sum")(engine.from_numpy(logp), engine.tensor([target], dtype=engine.int64), (4,), (len(target),))
        assert np.isclose(float(loss), -np.log(total))


ADAPTIVE = [((8, 20, [5, 10]), {}), ((8, 20, [5, 10, 15]), {"div_value": 2.0, "head_bias": True}), ((6, 5, (4,)), {})]


@pytest.mark.parametrize(("args", "kwargs"), ADAPTIVE, ids=str)
def test_adaptive_softmax(args, kwargs):
    ours, theirs = pair("AdaptiveLogSoftmaxWithLoss", *args, **kwargs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    for targets in (np.arange(args[1]), np.array([0, 1, 3, 2]), np.array([4, 4])):
        x = (len(targets), args[0])
        compare(ours, theirs, [x, targets])
        compare(ours, theirs, [x, targets], call=lambda layer, a, t: layer(a, t)[1])
        compare(ours, theirs, [x], call=lambda layer, a: layer.log_prob(a))
        compare(ours, theirs, [x], call=lambda layer, a: layer.predict(a), n_trained=0)
    compare(ours, theirs, [(args[0],), np.array(2)])
    assert ours(engine.zeros(1, args[0]), engine.tensor([1])).loss.ndim == 0


def test_adaptive_softmax_refuses():
    for cutoffs in ([], [5, 5], [10, 5], [0, 5], [5, 20], [5.5]):
        with pytest.raises(ValueError, match="AdaptiveLogSoftmaxWithLoss: expected cutoffs that rise from 1 or more to at most 19"):
            nn.AdaptiveLogSoftmaxWithLoss(4, 20, cutoffs)
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 20, [5])
    for x, target in (((2, 4), [1]), ((4,), [1]), ((2, 4), 1)):
        with pytest.raises(RuntimeError, match="expected input \\(N, in_features\\) and target"):
            layer(engine.zeros(*x), engine.tensor(target))
    with pytest.raises(RuntimeError, match="expected targets from 0 to 19, got values from 3 to 20"):
        layer(engine.zeros(2, 4), engine.tensor([3, 20]))


PAIRS = ["l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss"]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", PAIRS)
def test_broadcasts_with_a_warning(name, reduction):
    x, y = np.linspace(-2, 2, 12, dtype="float32").reshape(3, 4), np.array([[0.5], [1], [-1]], "float32")
    with pytest.warns(UserWarning, match=f"{name}: target and input have the shapes \\(3, 1\\) and \\(3, 4\\) and are broadcast"):
        found = getattr(nn.functional, name)(engine.from_numpy(x), engine.from_numpy(y), reduction=reduction)
    assert_close(found, getattr(torch.nn.functional, name)(torch.from_numpy(x), torch.from_numpy(y), reduction=reduction))
    with pytest.warns(UserWarning, match="are broadcast"), pytest.raises(RuntimeError, match="expected shapes that broadcast"):
        getattr(nn.functional, name)(engine.zeros(3), engine.zeros(2))


@pytest.mark.parametrize(("average", "reduce"), list(product((None, True, False), repeat=2)))
def test_older_flags(average, reduce):
    x, y = np.array([1.0, 2.0]), np.array([1.0, 4.0])
    if average is None and reduce is None:
        assert nn.MSELoss(average, reduce).reduction == "mean"
        return
    with pytest.warns(UserWarning, match="MSELoss: size_average and reduce are out of use"):
        loss = nn.MSELoss(average, reduce)
    theirs = torch.nn.MSELoss(average, reduce)
    assert loss.reduction == theirs.reduction
    with pytest.warns(UserWarning, match="l1_loss: size_average and reduce"):
        found = nn.functional.l1_loss(engine.from_numpy(x), engine.from_numpy(y), average, reduce)
    assert_close(found, torch.nn.functional.l1_loss(torch.from_numpy(x), torch.from_numpy(y), average, reduce))


def test_an_unknown_reduction_is_refused_by_the_call():
    loss = nn.MSELoss(reduction="avg")
    with pytest.raises(ValueError, match="expected reduction to be one of none, mean, sum"):
        loss(engine.zeros(2), engine.zeros(2))


def test_divergence_warns_of_the_mean():
    with pytest.warns(UserWarning, match="batchmean"):
        nn.KLDivLoss()(engine.zeros(2), engine.ones(2))


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_of_any_sign(name, dtype):
    x, w = arrays([(4, 3)], dtype)[0], np.array([-1.0, 0.5, -2.0], dtype)
    target = np.array([0, 2, 2, 1])
    found = getattr(nn.functional, name)(*map(engine.from_numpy, (x, target, w)))
    assert_close(found, getattr(torch.nn.functional, name)(*map(torch.from_numpy, (x, target, w))), rtol=1e-5)


def test_ctc_gradient_is_pytorchs_without_log_softmax():
    x = arrays([(6, 2, 4)], "float64")[0]
    given = np.array([[1, 2], [3, 3]]), np.array([6, 4]), np.array([2, 1])
    slopes = []
    for lib, port in ((engine, engine.from_numpy), (torch, torch.from_numpy)):
        leaf = port(x.copy()).requires_grad_()
        lib.nn.functional.ctc_loss(leaf, *map(port, given), reduction="sum").backward()
        slopes.append(leaf.grad)
    assert_close(*slopes)


@pytest.mark.parametrize("kwargs", [{}, {"bias": True, "out_features": (2,)}, {"label_smoothing": 0.1, "ignore_index": 1}], ids=str)
def test_linear_cross_entropy(kwargs):
    ours, theirs = pair("LinearCrossEntropyLoss", 3, 5, dtype="float64", **kwargs)
    assert repr(ours) == repr(theirs)
    compare(ours, theirs, [(4, 3), ("int", 5, 4, *kwargs.get("out_features", ()))], "float64")
    options = nn.LinearCrossEntropyOptions(batch_chunk_size=2, chunking_method=None)
    x = engine.from_numpy(arrays([(4, 3)], "float64")[0])
    w, t = engine.from_numpy(arrays([(5, 3)], "float64")[0]), engine.tensor([0, 4, 2, 2])
    assert_close(nn.functional.linear_cross_entropy(x, w, t, options=options), nn.functional.cross_entropy(x @ w.T, t))


@pytest.mark.parametrize("bad", [{"acc_policy": "x"}, {"chunking_method": "aspect_ratio:0"}, {"batch_chunk_size": 0}, {"acc_dtype": 3}])
def test_options_of_linear_cross_entropy(bad):
    for lib in (nn, torch.nn):
        with pytest.raises(ValueError, match=next(iter(bad))):
            lib.LinearCrossEntropyOptions(**bad)
    assert nn.LinearCrossEntropyOptions(chunking_method="aspect_ratio:3") == nn.LinearCrossEntropyOptions(chunking_method="aspect_ratio:3")


def test_linear_cross_entropy_refuses():
    for lib in (engine, torch):
        with pytest.raises(RuntimeError, match="weight"):
            lib.nn.LinearCrossEntropyLoss(2, 3, weight=lib.ones(2))
        with pytest.raises(RuntimeError, match="label_smoothing"):
            lib.nn.LinearCrossEntropyLoss(2, 3, label_smoothing=2.0)
