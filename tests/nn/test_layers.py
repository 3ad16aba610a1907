"""Every layer against PyTorch's of the same name: forward, gradients, state, text, signature."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn

from .like_torch import arrays, compare, pair, torch

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's
L1, L2, L3 = (2, 3, 7), (2, 3, 6, 5), (1, 2, 4, 4, 3)
MASK = np.triu(np.ones((4, 4), bool), 1)
LAYERS = [
    ("Identity", (), [L2]),
    ("Linear", (3, 4), [(5, 3)]),
    ("Linear", (3, 4, False), [(3,)]),
    ("Linear", (3, 4), [(2, 5, 3)]),
    ("Bilinear", (3, 4, 2), [(5, 3), (5, 4)]),
    ("Bilinear", (3, 4, 2, False), [(2, 5, 3), (2, 5, 4)]),
    ("Flatten", (), [L2]),
    ("Flatten", (0, 1), [L2]),
    ("Unflatten", (1, (3, 1)), [L2]),
    ("Conv1d", (3, 4, 3), [L1]),
    ("Conv1d", (3, 4, 3, 2, 1, 2), [L1]),
    ("Conv2d", (3, 4, 3), [L2]),
    ("Conv2d", (3, 4, (3, 2), 2, (1, 0)), [L2]),
    ("Conv2d", (4, 6, 3, 1, 1, 1, 2), [(2, 4, 5, 5)]),
    ("Conv2d", (4, 4, 3, 1, 1, 1, 4, False), [(2, 4, 5, 5)]),
    ("Conv2d", (3, 4, (3, 2), 1, "same"), [L2]),
    ("Conv2d", (3, 4, 3, 1, "same", 2), [L2]),
    ("Conv2d", (3, 4, 2, 1, "valid"), [L2]),
    ("Conv2d", (3, 4, 3, 1, 1, 1, 1, True, "reflect"), [L2]),
    ("Conv2d", (3, 4, 3, 1, (2, 1), 1, 1, True, "circular"), [L2]),
    ("Conv2d", (3, 4, 3, 1, 1, 1, 1, True, "replicate"), [L2]),
    ("Conv2d", (3, 4, 1), [(3, 5, 5)]),
    ("Conv3d", (2, 3, 2), [L3]),
    ("Conv3d", (2, 3, (1, 2, 3), 1, 1), [L3]),
    ("ConvTranspose1d", (3, 4, 3, 2, 1, 1), [L1]),
    ("ConvTranspose2d", (3, 4, 3), [L2]),
    ("ConvTranspose2d", (3, 4, 3, 2, 1, 1), [L2]),
    ("ConvTranspose2d", (4, 6, (2, 3), 2, 0, 0, 2, False), [(2, 4, 5, 5)]),
    ("ConvTranspose2d", (3, 4, 3, 2, 1, 1, 1, True, 2), [L2]),
    ("Conv1d", (4, 6, 3, 1, "same", 2, 2), [(2, 4, 6)]),
    ("Conv1d", (3, 4, 3, 1, 2, 1, 1, True, "circular"), [L1]),
    ("Conv1d", (3, 4, 2), [(3, 7)]),
    ("Conv3d", (2, 4, (2, 3, 1), (2, 1, 1), (0, 1, 2), (1, 1, 2), 2, False), [L3]),
    ("Conv3d", (2, 3, 3, 1, "same"), [L3]),
    ("Conv3d", (2, 3, 3, 1, 1, 1, 1, True, "replicate"), [(2, 4, 4, 3)]),
    ("ConvTranspose1d", (4, 6, 3, 2, 0, 0, 2, False, 2), [(4, 7)]),
    ("ConvTranspose3d", (2, 3, 2), [L3]),
    ("ConvTranspose3d", (2, 4, (2, 3, 1), (2, 1, 3), (1, 0, 0), (1, 0, 2), 2), [L3]),
    ("BatchNorm1d", (3,), [(6, 3)]),
    ("BatchNorm1d", (3,), [L1]),
    ("BatchNorm2d", (3,), [L2]),
    ("BatchNorm2d", (3, 1e-3, None), [L2]),
    ("BatchNorm2d", (3, 1e-5, 0.3, False), [L2]),
    ("BatchNorm2d", (3, 1e-5, 0.1, True, False), [L2]),
    ("BatchNorm3d", (2,), [L3]),
    ("SyncBatchNorm", (3,), [(6, 3)]),
    ("SyncBatchNorm", (3, 1e-3, None), [L2]),
    ("InstanceNorm1d", (3,), [L1]),
    ("InstanceNorm1d", (3, 1e-5, 0.2, True, True), [(3, 7)]),
    ("InstanceNorm3d", (2, 1e-5, 0.1, True), [L3]),
    ("InstanceNorm3d", (2,), [(2, 4, 3, 3)]),
    ("InstanceNorm2d", (3, 1e-5, 0.1, True), [L2]),
    ("InstanceNorm2d", (3, 1e-5, 0.1, True, True), [L2]),
    ("InstanceNorm2d", (3,), [(3, 4, 5)]),
    ("LayerNorm", (5,), [L2]),
    ("LayerNorm", ((6, 5),), [L2]),
    ("LayerNorm", (5, 1e-3, False), [L2]),
    ("LayerNorm", (5, 1e-5, True, False), [L2]),
    ("GroupNorm", (2, 4), [(2, 4, 3, 3)]),
    ("GroupNorm", (4, 4, 1e-3, False), [(2, 4)]),
    ("RMSNorm", (5,), [L2]),
    ("RMSNorm", ((6, 5), 1e-6, False), [L2]),
    ("LocalResponseNorm", (2,), [L2]),
    ("LocalResponseNorm", (3, 0.1, 0.5, 2.0), [L2]),
    ("LocalResponseNorm", (2, 0.2), [L3]),
    ("Embedding", (7, 3), [("int", 7, 2, 4)]),
    ("Embedding", (7, 3, 2), [("int", 7, 2, 4)]),
    ("Embedding", (7, 3, -1, None, 2.0, True), [("int", 7, 2, 4)]),
    ("Embedding", (7, 3, None, 1.0), [("int", 7, 2, 4)]),
    ("EmbeddingBag", (7, 3), [("int", 7, 2, 4)]),
    ("EmbeddingBag", (7, 3, None, 2.0, False, "sum"), [("int", 7, 5), np.array([0, 2])]),
    ("EmbeddingBag", (7, 3, None, 2.0, False, "max"), [("int", 7, 2, 4)]),
    ("EmbeddingBag", (7, 3, None, 2.0, False, "max", False, None, True, 1), [np.array([3, 1, 1, 0, 6, 2]), np.array([0, 2, 2, 6])]),
    ("EmbeddingBag", (7, 3, 1.0, 1.0, False, "sum", False, None, False, -1), [("int", 7, 2, 4)]),
    ("MaxPool1d", (2,), [L1]),
    ("MaxPool2d", (2,), [L2]),
    ("MaxPool2d", (3, 2, 1), [L2]),
    ("MaxPool2d", ((2, 3), 1, 0, 1, True), [L2]),
    ("MaxPool2d", (3, 2, 1, 1, False, True), [L2]),
    ("MaxPool1d", (3, 2, 1, 1, True, True), [(3, 7)]),
    ("MaxPool3d", (2,), [L3]),
    ("MaxPool3d", ((3, 2, 2), 2, 1, 1, True, True), [L3]),
    ("MaxPool3d", (2, (1, 2, 1), (1, 0, 1), (2, 1, 1)), [(2, 4, 4, 3)]),
    ("AvgPool1d", (2,), [L1]),
    ("AvgPool2d", (3, 2, 1), [L2]),
    ("AvgPool2d", (3, 2, 1, True, False), [L2]),
    ("AvgPool2d", (2, None, 0, False, True, 3), [L2]),
    ("AvgPool1d", (3, 2, 1, True, False), [(3, 7)]),
    ("AvgPool3d", (2,), [L3]),
    ("AvgPool3d", ((3, 2, 2), 2, 1, True, False), [L3]),
    ("AvgPool3d", (2, None, 0, False, True, 3), [(2, 4, 4, 3)]),
    ("AdaptiveAvgPool1d", (3,), [L1]),
    ("AdaptiveAvgPool2d", (1,), [L2]),
    ("AdaptiveAvgPool2d", ((4, None),), [L2]),
    ("AdaptiveAvgPool3d", (2,), [L3]),
    ("AdaptiveAvgPool3d", ((3, None, 2),), [(2, 4, 4, 3)]),
    ("AdaptiveMaxPool1d", (3,), [L1]),
    ("AdaptiveMaxPool1d", (3, True), [(3, 7)]),
    ("AdaptiveMaxPool3d", (2, True), [L3]),
    ("AdaptiveMaxPool3d", ((3, None, 2),), [(2, 4, 4, 3)]),
    ("AdaptiveMaxPool2d", ((4, 2),), [L2]),
    ("AdaptiveMaxPool2d", (2, True), [L2]),
    ("LPPool1d", (2, 3), [np.abs(np.linspace(-2, 2, 42)).reshape(L1) + 0.1]),
    ("LPPool2d", (2, 2), [np.abs(np.linspace(-2, 2, 180)).reshape(L2) + 0.1]),
    ("LPPool1d", (1.5, 3, 2, True), [np.abs(np.linspace(-2, 2, 42)).reshape(L1) + 0.1]),
    ("LPPool3d", (2, 2), [np.abs(np.linspace(-2, 2, 96)).reshape(L3) + 0.1]),
    ("MaxUnpool1d", (2,), [(1, 2, 3), np.array([[[1, 3, 4], [0, 2, 5]]])]),
    ("MaxUnpool2d", ((2, 3), (2, 2)), [(2, 2, 1), np.array([[[1], [11]], [[0], [8]]])]),
    ("MaxUnpool3d", (2,), [(1, 2, 2, 1), np.array([[[[1], [7]], [[17], [23]]]])]),
    ("ConstantPad1d", (2, 1.5), [L1]),
    ("ConstantPad2d", ((1, 0, 2, 1), -1.0), [L2]),
    ("ConstantPad3d", (1, 0.5), [L3]),
    ("ZeroPad1d", ((1, 2),), [L1]),
    ("ZeroPad2d", (1,), [L2]),
    ("ReflectionPad1d", (2,), [L1]),
    ("ConstantPad3d", ((1, 0, -1, 2, 0, 1), 0.5), [(2, 4, 4, 3)]),
    ("ZeroPad3d", ((1, 0, 2, 1, 0, 1),), [L3]),
    ("ReflectionPad3d", ((1, 2, 3, 0, 1, 1),), [L3]),
    ("ReflectionPad1d", ((0, 3),), [(3, 7)]),
    ("ReplicationPad3d", ((4, 2, 3, 0, 1, 5),), [L3]),
    ("CircularPad3d", ((1, 2, 3, 0, 1, 1),), [L3]),
    ("ReflectionPad2d", ((1, 2, 0, 3),), [L2]),
    ("ReplicationPad1d", (2,), [L1]),
    ("ReplicationPad2d", (2,), [L2]),
    ("CircularPad1d", (2,), [L1]),
    ("CircularPad2d", (2,), [L2]),
    ("PixelShuffle", (2,), [(2, 8, 3, 3)]),
    ("PixelUnshuffle", (3,), [(2, 2, 6, 3)]),
    ("ChannelShuffle", (2,), [(2, 4, 3)]),
    ("Upsample", (None, 2), [L2]),
    ("Upsample", ((4, 9), None, "bilinear", False), [L2]),
    ("Upsample", (None, 2, "linear", True), [L1]),
    ("Upsample", (None, 1.7, "nearest-exact"), [L1]),
    ("Upsample", (None, (0.6, 1.7), "area"), [L2]),
    ("Upsample", ((4, 9), None, "bicubic", True), [L2]),
    ("Upsample", (None, (1.4, 0.7), "bicubic", False, True), [L2]),
    ("Upsample", (None, 1.5, "trilinear"), [L3]),
    ("Upsample", ((3, 5, 2),), [L3]),
    ("UpsamplingNearest2d", (None, 3), [L2]),
    ("UpsamplingBilinear2d", ((7, 9),), [L2]),
    ("Unfold", ((2, 3), 1, 1, 2), [L2]),
    ("Unfold", (2, 2, 1, (2, 1)), [(3, 6, 5)]),
    ("Fold", ((5, 6), (2, 2)), [(2, 12, 20)]),
    ("Fold", ((5, 4), (3, 2), (1, 2), (1, 0), (2, 1)), [(12, 6)]),
    ("CosineSimilarity", (), [(4, 3), (4, 3)]),
    ("PairwiseDistance", (2.0, 1e-6, True), [(4, 3), (4, 3)]),
    ("Softmax", (1,), [L2]),
    ("Softmax2d", (), [L2]),
    ("Softmax2d", (), [(3, 4, 5)]),
    ("Softmin", (-1,), [L2]),
    ("LogSoftmax", (0,), [L2]),
    ("GLU", (1,), [(2, 4, 3)]),
    ("PReLU", (), [L2]),
    ("PReLU", (3, 0.1), [L2]),
    ("GELU", ("tanh",), [L2]),
    ("Threshold", (0.1, 20.0), [L2]),
    ("Hardtanh", (-0.5, 0.7), [L2]),
    ("ELU", (0.7,), [L2]),
    ("CELU", (0.7,), [L2]),
    ("LeakyReLU", (0.2,), [L2]),
    ("Softplus", (2.0, 3.0), [L2]),
    ("Hardshrink", (0.3,), [L2]),
    ("Softshrink", (0.3,), [L2]),
    *(
        (name, (), [L2])
        for name in [
            "ReLU",
            "ReLU6",
            "Sigmoid",
            "Hardsigmoid",
            "Tanh",
            "SiLU",
            "Mish",
            "Hardswish",
            "SELU",
            "GELU",
            "Tanhshrink",
            "LogSigmoid",
            "Softsign",
        ]
    ),
]
EVAL = [
    ("BatchNorm2d", (3,), [L2]),
    ("BatchNorm1d", (3, 1e-5, 0.1, True, False), [L1]),
    ("InstanceNorm2d", (3, 1e-5, 0.1, True, True), [L2]),
    ("Dropout", (0.3,), [L2]),
    ("Dropout1d", (0.3,), [L1]),
    ("Dropout2d", (0.3,), [L2]),
    ("Dropout3d", (0.3,), [L3]),
    ("AlphaDropout", (0.3,), [L2]),
    ("FeatureAlphaDropout", (0.3,), [L2]),
    ("RReLU", (), [L2]),
]
INPLACE = ["ReLU", "ReLU6", "SiLU", "Mish", "Hardswish", "Hardsigmoid", "SELU", "ELU", "CELU", "LeakyReLU", "Hardtanh"]


def label(value):
    return "-".join(map(str, value)).replace(" ", "") if isinstance(value, tuple) else value if isinstance(value, str) else ""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "args", "shapes"), LAYERS, ids=label)
def test_layer(name, args, shapes, dtype):
    ours, theirs = pair(name, *args, dtype=dtype)
    compare(ours, theirs, shapes, dtype)
    assert [(k, tuple(v.shape)) for k, v in ours.state_dict().items()] == [(k, tuple(v.shape)) for k, v in theirs.state_dict().items()]


@pytest.mark.parametrize(("name", "args", "shapes"), EVAL, ids=label)
def test_layer_in_evaluation(name, args, shapes):
    ours, theirs = pair(name, *args)
    if name.startswith(("Batch", "Instance")):
        compare(ours, theirs, shapes)
    compare(ours.eval(), theirs.eval(), shapes)


@pytest.mark.parametrize(("name", "args"), [(n, a) for n, a, _ in LAYERS + EVAL], ids=label)
def test_text(name, args):
    assert repr(getattr(nn, name)(*args)) == repr(getattr(torch.nn, name)(*args))


@pytest.mark.parametrize("name", INPLACE)
def test_inplace_activations(name):
    ours, theirs = getattr(nn, name)(inplace=True), getattr(torch.nn, name)(inplace=True)
    compare(ours, theirs, [L2], call=lambda layer, x: layer(x * 2))
    x = engine.ones(3)
    assert ours(x) is x
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", sorted(n for n in vars(nn) if inspect.isclass(getattr(nn, n)) and n[0].isupper()))
def test_signature(name):
    """Constructor arguments, their order and defaults are PyTorch's."""
    theirs = inspect.signature(getattr(torch.nn, name).__init__).parameters
    ours = inspect.signature(getattr(nn, name).__init__).parameters
    if name in ("Parameter", "Buffer"):
        theirs, ours = (inspect.signature(getattr(lib, name).__new__).parameters for lib in (torch.nn, nn))
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    # a function stands for itself by its name
    assert [(p.name, getattr(p.default, "__name__", p.default)) for p in ours.values() if p.kind not in kinds and p.name != "cls"] == [
        (p.name, getattr(p.default, "__name__", p.default)) for p in theirs.values() if p.kind not in kinds and p.name != "cls"
    ]


@pytest.mark.parametrize(
    "kwargs",
    [{}, {"bias": False}, {"kdim": 3, "vdim": 5}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"batch_first": True}],
    ids=str,
)
def test_multihead_attention(kwargs):
    ours, theirs = pair("MultiheadAttention", 8, 2, **kwargs)
    k, v = kwargs.get("kdim", 8), kwargs.get("vdim", 8)
    shapes = [(2, 4, 8), (2, 3, k), (2, 3, v)] if "batch_first" in kwargs else [(4, 2, 8), (3, 2, k), (3, 2, v)]
    compare(ours, theirs, shapes)
    compare(ours, theirs, shapes, call=lambda layer, q, k, v: layer(q, k, v, need_weights=False)[0])
    compare(ours, theirs, shapes, call=lambda layer, q, k, v: layer(q, k, v, average_attn_weights=False))
    padding = np.array([[False, False, True], [False, True, True]])
    compare(ours, theirs, [*shapes, padding], call=lambda layer, q, k, v, m: layer(q, k, v, key_padding_mask=m))


def test_masked_attention():
    ours, theirs = pair("MultiheadAttention", 8, 2)
    for weights in (True, False):
        call = lambda layer, x, m, w=weights: layer(x, x, x, attn_mask=m, need_weights=w)[0]  # noqa: E731
        compare(ours, theirs, [(4, 2, 8), MASK], call=call)
        compare(ours, theirs, [(4, 8), MASK], call=call)
        compare(ours, theirs, [(4, 2, 8), np.where(MASK, -np.inf, 0.5)], call=call, n_trained=1)
        compare(ours, theirs, [(4, 2, 8), np.stack([MASK] * 4)], call=call)
        causal = lambda layer, x, m, w=weights: layer(x, x, x, attn_mask=m, need_weights=w, is_causal=True)[0]  # noqa: E731
        compare(ours, theirs, [(4, 2, 8), MASK], call=causal)


@pytest.mark.parametrize("kwargs", [{}, {"norm_first": True}, {"batch_first": True, "activation": "gelu"}, {"bias": False}], ids=str)
def test_transformer_layers(kwargs):
    ours, theirs = pair("TransformerEncoderLayer", 8, 2, 16, 0.0, **kwargs)
    compare(ours, theirs, [(4, 4, 8)])
    compare(ours, theirs, [(4, 4, 8), MASK], call=lambda layer, x, m: layer(x, src_mask=m))
    ours, theirs = pair("TransformerDecoderLayer", 8, 2, 16, 0.0, **kwargs)
    compare(ours, theirs, [(4, 4, 8), (4, 4, 8)])


def test_transformer_stacks():
    settings = {"d_model": 8, "nhead": 2, "num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 16, "dropout": 0.0}
    ours, theirs = pair("Transformer", **settings)
    compare(ours, theirs, [(5, 2, 8), (4, 2, 8), MASK], call=lambda net, a, b, m: net(a, b, tgt_mask=m))
    assert nn.Transformer.generate_square_subsequent_mask(3).tolist() == torch.nn.Transformer.generate_square_subsequent_mask(3).tolist()
    assert list(ours.state_dict()) == list(theirs.state_dict())


def test_transposed_convolution_to_a_size():
    ours, theirs = pair("ConvTranspose2d", 3, 4, 3, stride=2, padding=1)
    compare(ours, theirs, [L2], call=lambda layer, x: layer(x, output_size=[12, 9]))
    with pytest.raises(ValueError, match="output_size"):
        ours(engine.zeros(2, 3, 6, 5), output_size=[20, 9])


def test_embedding_from_pretrained():
    table = arrays([(5, 3)], "float32")[0]
    layer = nn.Embedding.from_pretrained(engine.from_numpy(table.copy()))
    assert not layer.weight.requires_grad
    assert layer(engine.tensor([1, 1])).tolist() == table[[1, 1]].tolist()
    assert float(nn.Embedding(4, 2, padding_idx=1).weight[1].abs().sum().detach()) == 0


def test_dropout_in_training():
    x = engine.ones(100, 100)
    y = nn.Dropout(0.3)(x)
    kept = float((y != 0).float().mean())
    assert abs(kept - 0.7) < 0.03
    assert abs(float(y.max()) - 1 / 0.7) < 1e-6
    rows = nn.Dropout2d(0.5)(engine.ones(20, 20, 3, 3)).flatten(2)
    assert bool(((rows == 0).all(2) | (rows != 0).all(2)).all())
    assert nn.Dropout(0.0)(x).tolist() == x.tolist()


def test_embedding_bag_weighs_samples():
    ours, theirs = pair("EmbeddingBag", 7, 3, mode="sum")
    compare(ours, theirs, [("int", 7, 2, 4), (2, 4)], call=lambda layer, i, w: layer(i, None, w))
    compare(ours, theirs, [("int", 7, 5), np.array([0, 2]), (5,)], call=lambda layer, i, o, w: layer(i, per_sample_weights=w, offsets=o))


BAD = [
    (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "Conv2d: expected in_channels to be divisible by groups=2, got 3"),
    (lambda: nn.Conv2d(4, 5, 3, groups=2), ValueError, "out_channels to be divisible"),
    (lambda: nn.Conv2d(4, 4, 3, groups=0), ValueError, "groups to be positive"),
    (lambda: nn.Conv2d(4, 4, 3, padding_mode="mirror"), ValueError, "padding_mode to be one of zeros"),
    (lambda: nn.Conv2d(4, 4, 3, padding="full"), ValueError, "'same' or 'valid'"),
    (lambda: nn.Conv2d(4, 4, 3, stride=2, padding="same"), ValueError, "stride 1"),
    (lambda: nn.Conv2d(4, 4, (3, 3, 3)), ValueError, "kernel_size to be a number or 2 of them"),
    (lambda: nn.ConvTranspose2d(4, 4, 3, padding_mode="reflect"), ValueError, "padding_mode to be 'zeros'"),
    (lambda: nn.BatchNorm2d(3)(engine.zeros(2, 3)), ValueError, "BatchNorm2d: expected 4D input, got 2D of shape (2, 3)"),
    (lambda: nn.GroupNorm(2, 3), ValueError, "num_channels to be divisible"),
    (lambda: nn.Dropout(1.5), ValueError, "p to be a probability from 0 to 1, got 1.5"),
    (lambda: nn.Embedding(3, 2, padding_idx=3), AssertionError, "padding_idx within 3 rows"),
    (lambda: nn.Embedding(3, 2, _weight=engine.zeros(2, 2)), AssertionError, "_weight of shape (3, 2)"),
    (lambda: nn.Embedding.from_pretrained(engine.zeros(2)), AssertionError, "2 dimensions"),
    (lambda: nn.EmbeddingBag(3, 2, mode="median"), ValueError, "mode to be"),
    (lambda: nn.MultiheadAttention(7, 2), AssertionError, "embed_dim to be divisible by num_heads=2"),
    (lambda: nn.MultiheadAttention(4, 2)(*[engine.zeros(1, 1, 1, 4)] * 3), AssertionError, "2 or 3 dimensions"),
    (lambda: nn.MultiheadAttention(4, 2)(*[engine.zeros(1, 1, 4)] * 3, is_causal=True), RuntimeError, "attn_mask to be given"),
    (lambda: nn.Hardtanh(1, 0), ValueError, "max_val above min_val"),
    (lambda: nn.Softmax2d()(engine.zeros(2, 2)), ValueError, "3 or 4 dimensions"),
    (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features to be positive"),
    (lambda: nn.Unflatten("a", (1,)), TypeError, "Unflatten"),
    (lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"), RuntimeError, "activation to be"),
    (lambda: nn.MultiMarginLoss(p=3), ValueError, "p to be 1 or 2"),
    (lambda: nn.TripletMarginLoss(0.0), ValueError, "margin of more than 0"),
    (lambda: nn.TripletMarginWithDistanceLoss(margin=-1.0), ValueError, "margin of more than 0"),
    (lambda: nn.Parameter([1.0]), TypeError, "Parameter: expected data to be a Tensor, got [1.0]"),
    (lambda: nn.functional.relux(1), AttributeError, "did you mean"),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD, ids=[m.split(",")[0][:40] for _, _, m in BAD])
def test_bad_arguments(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert message in str(caught.value)
