"""The forms of layers' functions that PyTorch has directly under `torch`, with the arguments in its order."""

from __future__ import annotations

import pytest
import torch

from workbench import engine as ours

from .both import close, outcome

X = "lib.linspace(-1, 2, 24).reshape(2, 3, 4)"
P = "lib.tensor([.2, .7, .4])"
Q = "lib.tensor([.5, .1, 1.])"
ENDS = "lib.eye(4), lib.tensor([0, 2, 1, 3, 3]), lib.tensor([0, 2, 5])"
BAG = "lib.arange(8.).reshape(4, 2), lib.tensor([0, 2, 1, 3, 3]), lib.tensor([0, 2, 2])"
EXPRESSIONS = [
    f"lib.batch_norm({X}, lib.ones(3), lib.ones(3), None, None, True, .1, 1e-5, True)",
    f"lib.batch_norm({X}, None, None, lib.ones(3), lib.ones(3) * 2, False, .1, 1e-5, False)",
    f"lib.instance_norm({X}, lib.ones(3), None, None, None, True, .1, 1e-5, True)",
    f"lib.layer_norm({X}, (4,), None, None, 1e-5, True)", f"lib.group_norm({X}, 3, lib.ones(3), None, 1e-5, cudnn_enabled=False)",
    f"lib.native_layer_norm({X}, (3, 4), lib.ones(3, 4) * 2, None, 1e-5)", f"lib.native_layer_norm({X}, [4], None, lib.ones(4), 1e-3)",
    f"lib.native_layer_norm({X}, [3], None, None, 1e-3)",
    f"lib.native_group_norm({X}, lib.ones(3) * 2, lib.ones(3), 2, 3, 4, 3, 1e-5)",
    f"lib.native_group_norm({X}, None, None, 2, 3, 4, 1, 1e-5)", f"lib.native_group_norm({X}, None, None, 2, 3, 4, 2, 1e-5)",
    f"lib.native_batch_norm({X}, lib.ones(3) * 2, lib.ones(3), None, None, True, .1, 1e-5)",
    f"lib.native_batch_norm({X}, None, None, lib.zeros(3), lib.ones(3) * 2, False, .1, 1e-5)",
    f"lib.native_dropout({X}, 0., True)", f"lib.native_dropout({X}, 1., True)", f"lib.native_dropout({X}, .5, False)",
    f"lib.norm_except_dim({X}, 2, 1)", f"lib.norm_except_dim({X}, 3, 2)", f"lib.norm_except_dim({X})", f"lib.norm_except_dim({X}, 2, -1)",
    "lib.embedding(lib.arange(6.).reshape(3, 2), lib.tensor([[2, 0]]), -1, False, False)",
    "lib.embedding(lib.arange(6.).reshape(3, 2), lib.tensor([2, 3]))",
    f"lib.embedding_bag({BAG})", f"lib.embedding_bag({BAG}, False, 1)", f"lib.embedding_bag({BAG}, False, 2)",
    f"lib.embedding_bag({BAG}, False, 0, False, lib.arange(5.))", f"lib.embedding_bag({ENDS}, False, 1, False, None, True)",
    f"lib.embedding_bag({BAG}, False, 2, False, None, False, 3)",
    "lib.embedding_renorm_(lib.arange(8.).reshape(4, 2), lib.tensor([1, 3, 1]), 1., 2.)",
    "lib.ctc_loss(lib.zeros(5, 2, 3).log_softmax(2), lib.tensor([[1, 2], [1, 1]]), [5, 5], [2, 1], 0, 2, False)",
    f"lib.kl_div({P}.log(), {Q}, 0)", f"lib.kl_div({P}.log(), {Q}.log(), log_target=True)",
    f"lib.poisson_nll_loss({P}, {Q}, True, False, 1e-8, 2)", f"lib.binary_cross_entropy_with_logits({P}, {Q}, None, {P}, 0)",
    f"lib.margin_ranking_loss({P}, {Q}, {P}.sign(), .5, 2)", f"lib.hinge_embedding_loss({P}, {P}.sign(), 1., 0)",
    f"lib.cosine_embedding_loss({X}[0], {X}[1], lib.tensor([1., -1, 1]), .1, 0)",
    f"lib.triplet_margin_loss({X}[0], {X}[1], {X}[0] * 2, 1., 2., 1e-6, True, 0)",
    f"lib.margin_ranking_loss({P}, {Q}, {P}.sign())", f"lib.hinge_embedding_loss({P}, {P}.sign())",
    f"lib.binary_cross_entropy_with_logits({P}, {Q})", f"lib.kl_div({P}, {Q})", f"lib.triplet_margin_loss({X}[0], {X}[1], {X}[0])",
    f"lib.cosine_embedding_loss({X}[0], {X}[1], lib.tensor([1., -1, 1]))",
    f"lib.grid_sampler({X}[None, :1], lib.zeros(1, 2, 2, 2) + .3, 0, 0, False)",
    f"lib.grid_sampler_2d({X}[None, :1], lib.zeros(1, 2, 2, 2) + .3, 2, 1, True)",
    f"lib.grid_sampler_3d({X}[None, None], lib.zeros(1, 2, 2, 2, 3) + .3, 1, 2, True)",
    "lib.affine_grid_generator(lib.eye(2, 3)[None], [1, 1, 2, 3], False)",
    f"lib.max_pool1d_with_indices({X}, 2)", f"lib.max_pool1d_with_indices({X}, 3, 1, 1)", f"lib.adaptive_max_pool1d({X}, 3)",
    f"lib.conv_tbc({X}, lib.arange(40.).reshape(2, 4, 5), lib.ones(5), 1)",
    f"lib.convolution({X}, lib.arange(12.).reshape(2, 3, 2), None, [1], [1], [1], False, [0], 1)",
    f"lib.convolution({X}, lib.arange(12.).reshape(3, 2, 2), lib.ones(2), [2], [1], [1], True, [1], 1)",
    f"lib.convolution({X}[None], lib.ones(4, 2, 2, 2), None, [1, 2], [0, 1], [1, 1], False, [0, 0], 1)",
    f"lib.dropout({X}, .5, False)", f"lib.dropout_({X}, 1., train=True)", f"lib.alpha_dropout({X}, .5, train=False)",
    f"lib.feature_dropout({X}, 0., True)", f"lib.feature_dropout({X}, 1., True)", "lib.feature_dropout(lib.ones(3), .5, True)",
    f"lib.selu_({X})", f"lib.celu_({X}, 2.)", f"lib.threshold({X}, .5, 7.)", f"lib.threshold_({X}, .5, 7.)",
    f"lib.rrelu_({X}, .5, .5, True)",
    f"lib.softmax({X}, 1, lib.float64)", f"{X}.log_softmax(-1, lib.float64)", f"lib.constant_pad_nd({X}, (1, -1), 2.)",
    f"lib.frobenius_norm({X}, [0, 1])", f"lib.frobenius_norm({X}, 1, True)", f"lib.frobenius_norm({X}, [])", f"lib.nuclear_norm({X})",
    f"lib.nuclear_norm({X}, [0, 2], True)", f"lib.nuclear_norm({X}[0], True)",
    f"lib.hsplit({X}, sections=3)", f"{X}.vsplit(indices=[1])", f"lib.dsplit({X}, 2)",
]  # fmt: skip

RUNS = "lib.arange(12.).reshape(6, 2)"
for _reduce in ("sum", "mean", "max", "min", "prod"):
    EXPRESSIONS += [
        f"lib.segment_reduce({RUNS}, {_reduce!r}, lengths=lib.tensor([2, 0, 4]))",
        f"lib.segment_reduce({RUNS}, {_reduce!r}, offsets=lib.tensor([0, 2, 2, 6]), initial=1.5)",
        f"lib.segment_reduce({RUNS}.t(), {_reduce!r}, lengths=lib.tensor([[2, 1, 3], [1, 1, 4]]), axis=1)",
    ]
EXPRESSIONS += [
    f"lib.segment_reduce({RUNS}, 'sum', lengths=lib.tensor([2, 3]))", f"lib.segment_reduce({RUNS}, 'foo', lengths=lib.tensor([2, 4]))",
    f"lib.segment_reduce({RUNS}, 'sum')", f"lib.segment_reduce({RUNS}, 'sum', lengths=lib.tensor([-2, 8]))",
    f"lib.segment_reduce({RUNS}, 'sum', lengths=lib.tensor([2, 4]), axis=1)",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_like_torch(expression):
    found, wanted = outcome(ours, expression), outcome(torch, expression)
    assert close(found, wanted), f"{wanted} expected, got {found}"


@pytest.mark.parametrize("name", ["dropout_", "alpha_dropout_", "feature_dropout_", "feature_alpha_dropout_"])
def test_dropout_in_place(name):
    x = ours.ones(20, 30)
    assert getattr(ours, name)(x, 0.5, True) is x
    assert 0.2 < (x != x.max()).float().mean().item() < 0.8


def test_whole_channels_are_dropped():
    x = ours.feature_dropout(ours.ones(40, 5, 7), 0.5, True)
    assert ((x == 0) | (x == 2)).all()
    assert (x[:, :, :1] == x).all()


def test_native_dropout_tells_what_it_kept():
    x, kept = ours.native_dropout(ours.ones(1000), 0.25, True)
    assert kept.dtype is ours.bool
    assert close(x.tolist(), (kept / 0.75).tolist())
    assert 0.7 < kept.float().mean().item() < 0.8


FORMS = ["lib.native_layer_norm(x, (4,), w, None, 1e-5)[0]", "lib.native_group_norm(x, w, w, 2, 4, 4, 2, 1e-5)[0]"]


@pytest.mark.parametrize("form", FORMS)
def test_gradients_of_native_norms(form):
    found = []
    for lib in (torch, ours):
        x = (lib.arange(32.0).reshape(2, 4, 4) ** 1.5).requires_grad_()
        w = lib.ones(4, requires_grad=True)
        (eval(form, {"lib": lib, "x": x, "w": w}) * lib.arange(32.0).reshape(2, 4, 4).cos()).sum().backward()
        found.append([*x.grad.reshape(-1).tolist(), *w.grad.tolist()])
    assert found[1] == pytest.approx(found[0], rel=1e-4, abs=1e-5)
