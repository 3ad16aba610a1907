"""The graph of a model: every op under the module that ran it, joined as it was computed."""

from __future__ import annotations

from workbench import engine as torch
from workbench.engine import nn
from workbench.recipes.common import graph


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.norm = nn.Sequential(nn.BatchNorm2d(2), nn.ReLU())

    def forward(self, x):
        return self.norm(self.conv(x)) * 2 + x


def nodes():
    return graph.trace(Residual(), torch.zeros(1, 2, 4, 4))


def test_sources_come_first_and_names_are_unique():
    seen = set()
    for node in nodes():
        assert node.name not in seen
        assert set(node.inputs) <= seen
        seen.add(node.name)


def test_ops_are_under_their_modules():
    by_name = {node.name: node for node in nodes()}
    assert {"input", "output", "Residual/conv/weight", "Residual/conv/bias", "Residual/norm/0/weight"} <= set(by_name)
    inside = {name.rpartition("/")[0] for name in by_name}
    assert {"Residual", "Residual/conv", "Residual/norm/0", "Residual/norm/1"} <= inside
    own = [node for node in by_name.values() if node.name.rpartition("/")[0] == "Residual" and node.op not in ("Parameter", "Placeholder")]
    assert len(own) == 2  # the product and the sum
    assert any("input" in node.inputs for node in own)


def test_shapes_are_known():
    by_name = {node.name: node for node in nodes()}
    assert by_name["input"].shape == (1, 2, 4, 4)
    assert by_name["Residual/conv/weight"].shape == (2, 2, 3, 3)
    assert by_name["output"].shape == (1, 2, 4, 4)


def test_the_model_is_as_before():
    model = Residual()
    model.train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    graph.trace(model, torch.ones(1, 2, 4, 4))
    assert model.training
    assert all(bool((tensor == before[name]).all()) for name, tensor in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
