"""Summaries of models: shapes, parameters, operations and memory, against PyTorch's counts."""

from __future__ import annotations

import pytest

from workbench import engine
from workbench.engine import nn
from workbench.engine.utils.summary import summary

torch = pytest.importorskip("torch")


def network(nn):
    stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
    return nn.Sequential(stem, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 16, 10))


def test_figures_are_torch_s():
    from torch.utils.flop_counter import FlopCounterMode

    found = summary(network(nn), (2, 3, 8, 8))
    theirs = network(torch.nn)
    seen = {}
    for name, module in theirs.named_modules():
        module.register_forward_hook(lambda m, a, out, name=name: seen.update({name: list(out.shape)}))
    with FlopCounterMode(display=False) as counter:
        theirs(torch.zeros(2, 3, 8, 8))
    assert found.total_flops == counter.get_total_flops() == 2 * found.total_mult_adds
    assert found.total_params == sum(p.numel() for p in theirs.parameters())
    names = {id(module): name for name, module in network(nn).named_modules()}
    assert len(names) == len(found.summary_list)
    assert [layer.output_size[0] for layer in found.summary_list] == [seen[name] for name in dict(theirs.named_modules())]
    assert found.total_input == 2 * 3 * 8 * 8 * 4
    assert found.total_param_bytes == sum(t.numel() * t.element_size() for t in theirs.state_dict().values())


def test_memory_is_that_of_the_allocator():
    small, large = (summary(network(nn), (n, 3, 8, 8)) for n in (8, 64))
    maps = 8 * 8 * 8 * 4
    assert small.peak_bytes >= 8 * maps
    assert large.peak_bytes - small.peak_bytes >= 56 * maps
    assert large.total_output_bytes == 8 * small.total_output_bytes


def test_table():
    text = str(summary(network(nn), (2, 3, 8, 8)))
    lines = text.splitlines()
    assert lines[1].split() == ["Layer", "(type:depth)", "Input", "Output", "Parameters", "FLOPs"]
    conv = next(line for line in lines if "Conv2d (0): 2" in line)
    assert "[2, 3, 8, 8]" in conv
    assert "216" in conv
    assert any(line.startswith("└─Linear (3): 1") for line in lines)
    assert "Parameters: 1,522 (1,522 trained)" in lines
    assert "Conv2d" not in str(summary(network(nn), (2, 3, 8, 8), depth=1))
    assert summary(network(nn), (2, 3, 8, 8), col_names=("trainable",)).__str__().splitlines()[1].endswith("Trained")


def test_the_model_is_left_as_it_was():
    model = network(nn)
    model[0].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    summary(model, (2, 3, 8, 8), mode="eval")
    assert model.training
    assert not model[0][1].training
    assert all(engine.equal(before[name], value) for name, value in model.state_dict().items())
    assert not model[3]._forward_hooks


def test_inputs_of_other_kinds():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 4)
            self.again = self.embed

        def forward(self, tokens, scale=None):
            return {"first": self.embed(tokens) * scale, "second": [self.again(tokens)]}

    tokens = engine.tensor([[1, 2, 3]])
    found = summary(Two(), input_data={"tokens": tokens, "scale": engine.ones(1)})
    assert [layer.class_name for layer in found.summary_list] == ["Two", "Embedding"]
    assert found.summary_list[0].output_size == [[1, 3, 4], [1, 3, 4]]
    assert found.summary_list[1].calls == 2
    assert found.total_params == 20
    assert summary(Two(), input_data=[tokens, 2.0]).summary_list[0].input_size == [[1, 3]]
    assert summary(Two(), [(1, 3), (1,)], dtypes=[engine.int64, None]).total_params == 20
    assert summary(nn.Linear(3, 2), (3,), batch_dim=0).summary_list[0].output_size == [[1, 2]]


@pytest.mark.parametrize(
    "options", [{}, {"input_size": (1, 3), "input_data": engine.ones(1)}, {"input_size": (1, 3), "col_names": ("x",)},
                {"input_size": (1, 3), "mode": "test"}, {"input_size": [(1, 3)], "dtypes": []}],
)  # fmt: skip
def test_refusals(options):
    with pytest.raises(ValueError, match="summary: expected"):
        summary(nn.Linear(3, 2), **options)
