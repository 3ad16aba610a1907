"""Floating-point operations, counted as PyTorch counts them, by module and in total."""

from __future__ import annotations

import pytest

from workbench import engine
from workbench.engine.profiler import profile
from workbench.engine.utils.flop_counter import FlopCounterMode, register_flop_formula

torch = pytest.importorskip("torch")
from torch.utils.flop_counter import FlopCounterMode as Theirs  # noqa: E402


def resnet(torch):
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, n, out, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(n, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
            self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
            self.short = nn.Conv2d(n, out, 1, stride, bias=False) if stride > 1 or n != out else nn.Identity()

        def forward(self, x):
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            return torch.relu(y + self.short(x))

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3, padding=1)
            self.layer1, self.layer2 = Block(8, 8, 1), nn.Sequential(Block(8, 16, 2), Block(16, 16, 1))
            self.head = nn.Linear(16, 10)

        def forward(self, x):
            return self.head(self.layer2(self.layer1(self.stem(x))).mean((2, 3)))

    return ResNet(), torch.randn(2, 3, 16, 16)


def transformer(torch):
    nn = torch.nn
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    return nn.Sequential(nn.Embedding(11, 16), nn.TransformerEncoder(layer, 2), nn.Linear(16, 11)), torch.arange(14).reshape(2, 7) % 11


def generator(torch):
    nn = torch.nn
    return nn.Sequential(nn.ConvTranspose2d(4, 6, 3, 2), nn.ReLU(), nn.ConvTranspose2d(6, 3, 4, 2, 1)), torch.randn(2, 4, 5, 5)


def count(mode, model, x, backward=True):
    with mode(display=False) as counter:
        result = model(x)
        if backward:
            result.sum().backward()
    by_module = {module: sum(ops.values()) for module, ops in counter.get_flop_counts().items()}
    # PyTorch calls the projection of attention as a function, and gives a shortcut what belongs to others that read the same input
    return counter, {module: n for module, n in by_module.items() if n and not module.endswith(("out_proj", "short"))}


@pytest.mark.parametrize("make", [resnet, transformer, generator])
@pytest.mark.parametrize("backward", [False, True])
def test_counts_are_torch_s(make, backward):
    torch.manual_seed(0)
    ours, theirs = count(FlopCounterMode, *make(engine), backward), count(Theirs, *make(torch), backward)
    assert ours[1] == theirs[1]
    assert ours[0].get_total_flops() == theirs[0].get_total_flops() > 10_000


def test_attention_fused_and_written_out_count_the_same():
    q, k, v = (engine.randn(2, 3, n, 8, requires_grad=True) for n in (5, 6, 6))
    attend = engine.nn.functional.scaled_dot_product_attention
    totals = []
    for mask in (None, engine.ones(5, 6, dtype=engine.bool)):
        with FlopCounterMode(display=False) as counter:
            attend(q, k, v, attn_mask=mask).sum().backward()
        totals.append(counter.get_total_flops())
    forward = 2 * 2 * (2 * 3 * 5 * 6 * 8)
    assert set(totals) <= {3 * forward, forward + forward * 5 // 2}  # the fused one computes the scores anew


def test_weight_gradient_of_groups_counts_what_is_computed():
    """PyTorch's figure is that of a convolution without groups there."""
    conv = engine.nn.Conv2d(6, 6, 3, groups=6, bias=False)
    counter, _ = count(FlopCounterMode, conv, engine.randn(2, 6, 8, 8))
    forward = 2 * 2 * 6 * 6 * 6 * 9
    assert counter.get_total_flops() == 2 * forward  # the input needs no gradient


def test_table_names_modules_and_ops():
    counter, _ = count(FlopCounterMode, *resnet(engine))
    table = counter.get_table(depth=2)
    lines = table.splitlines()
    assert lines[0].split() == ["Module", "FLOP", "%", "Total"]
    assert lines[2].split()[0] == "Global"
    assert lines[2].split()[-1] == "100.00%"
    assert any(line.strip().startswith("ResNet.layer1 ") for line in lines)
    assert not any("layer2.0" in line for line in lines)
    assert "layer2.0" in counter.get_table(depth=3)


def test_modules_are_called_natively_again_afterwards():
    model, x = resnet(engine)
    expected = model(x)
    count(FlopCounterMode, model, x)
    assert "__call__" not in engine.nn.Module.__dict__
    assert model.eval() is model
    assert model(x).shape == expected.shape


def test_a_formula_of_one_s_own():
    @register_flop_formula("erfinv")
    def _(shape, out_shape=None):
        return 7 * shape[0]

    try:
        with FlopCounterMode(display=False) as counter:
            engine.erfinv(engine.zeros(5))
        assert counter.get_total_flops() == 35
    finally:
        from workbench.engine.flops import FORMULAS

        del FORMULAS["erfinv"]
    with FlopCounterMode(display=False, custom_mapping={engine.erfinv: lambda shape, out_shape=None: 1}) as counter:
        engine.erfinv(engine.zeros(5))
    assert counter.get_total_flops() == 1


def test_the_profiler_counts_the_same():
    model, x = transformer(engine)
    counter, _ = count(FlopCounterMode, model, x)
    with profile(with_flops=True) as p:
        model(x).sum().backward()
    assert sum(e.flops for e in p.events()) == counter.get_total_flops()
