"""Containers and utilities; each test runs with this engine and with PyTorch in its place."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from .test_module import torch  # noqa: F401  (the fixture)


def names(module):
    return [n for n, _ in module.named_children()]


def test_sequential(torch):  # noqa: F811
    nn = torch.nn
    a, b, c = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)
    s = nn.Sequential(a, b, c)
    assert len(s) == 3
    assert s[0] is a
    assert s[-1] is c
    assert list(s) == [a, b, c]
    assert names(s[1:]) == ["1", "2"]
    assert s(torch.ones(5, 2)).shape == (5, 1)
    s[1] = nn.Tanh()
    assert isinstance(s[1], nn.Tanh)
    del s[1]
    assert names(s) == ["0", "1"]
    s.append(nn.Sigmoid()).insert(1, nn.Identity())
    assert [type(m).__name__ for m in s] == ["Linear", "Identity", "Linear", "Sigmoid"]
    s.extend([nn.Identity()])
    assert type(s.pop(4)).__name__ == "Identity"
    assert len(s + nn.Sequential(b)) == 5
    assert len(nn.Sequential(b) * 3) == 3
    named = nn.Sequential(OrderedDict(x=a, y=b))
    assert named.y is b
    assert names(named) == ["x", "y"]
    with pytest.raises(IndexError):
        s[9]


def test_module_list(torch):  # noqa: F811
    nn = torch.nn
    m = nn.ModuleList([nn.ReLU() for _ in range(3)])
    m.append(nn.Tanh()).extend([nn.Tanh()])
    m += [nn.Linear(1, 1)]
    m.insert(0, nn.Identity())
    assert [type(x).__name__ for x in m] == ["Identity", "ReLU", "ReLU", "ReLU", "Tanh", "Tanh", "Linear"]
    assert repr(m) == (
        "ModuleList(\n  (0): Identity()\n  (1-3): 3 x ReLU()\n  (4-5): 2 x Tanh()\n"
        "  (6): Linear(in_features=1, out_features=1, bias=True)\n)"
    )
    assert len(m[1:4]) == 3
    del m[0]
    assert names(m) == [str(i) for i in range(6)]
    assert type(m.pop(-1)).__name__ == "Linear"
    assert list(m.parameters()) == []


def test_module_dict(torch):  # noqa: F811
    nn = torch.nn
    m = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Linear(1, 1)})
    m["c"] = nn.Tanh()
    m.update(nn.ModuleDict({"d": nn.Identity()}))
    m.update([("d", nn.Identity())])
    assert list(m) == list(m.keys()) == ["a", "b", "c", "d"]
    assert "a" in m
    assert len(m) == 4
    assert [type(v).__name__ for v in m.values()] == ["ReLU", "Linear", "Tanh", "Identity"]
    assert type(m.pop("a")).__name__ == "ReLU"
    del m["c"]
    assert [k for k, _ in m.items()] == ["b", "d"]
    with pytest.raises(KeyError):
        m["x"]
    with pytest.raises(KeyError):
        m["keys"] = nn.ReLU()
    m.clear()
    assert len(m) == 0


def test_parameter_list(torch):  # noqa: F811
    nn = torch.nn
    p = nn.ParameterList([torch.ones(2), nn.Parameter(torch.ones(3))])
    p.append(torch.ones(4))
    p += [nn.Parameter(torch.zeros(1))]
    assert [tuple(x.shape) for x in p] == [(2,), (3,), (4,), (1,)]
    assert list(p.state_dict()) == ["0", "1", "2", "3"]
    assert all(isinstance(x, nn.Parameter) for x in p)
    p[1] = nn.Parameter(torch.ones(9))
    assert p[-3].shape == (9,)
    assert len(p[1:3]) == 2
    with pytest.raises(IndexError):
        p[7]


def test_parameter_dict(torch):  # noqa: F811
    nn = torch.nn
    p = nn.ParameterDict({"a": nn.Parameter(torch.ones(2))})
    p["b"] = torch.ones(3)
    p.update({"c": torch.zeros(1)})
    assert list(p.keys()) == ["a", "b", "c"]
    assert isinstance(p["b"], nn.Parameter)
    assert p.get("x") is None
    assert p.setdefault("d", torch.ones(1)).shape == (1,)
    assert p.pop("a").shape == (2,)
    assert p.popitem()[0] == "d"
    assert list(p.state_dict()) == ["b", "c"]
    assert len(p | nn.ParameterDict({"z": torch.ones(1)})) == 3
    p.clear()
    assert len(p) == 0


def test_gradient_clipping(torch):  # noqa: F811
    utils = torch.nn.utils
    a, b = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))
    a.grad, b.grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])
    assert float(utils.clip_grad_norm_([a, b], 10.0)) == 5.0
    assert a.grad.tolist() == [3.0, 0.0]
    assert float(utils.clip_grad_norm_([a, b], 1.0)) == 5.0
    assert abs(float(utils.get_total_norm([a.grad, b.grad])) - 1) < 1e-5
    a.grad = torch.tensor([3.0, -5.0])
    assert float(utils.clip_grad_norm_(a, 2.5, norm_type=float("inf"))) == 5.0
    assert abs(float(a.grad[1]) + 2.5) < 1e-5
    utils.clip_grad_value_([a], 1.0)
    assert a.grad.tolist() == [1.0, -1.0]
    a.grad = torch.tensor([float("nan"), 0.0])
    with pytest.raises(RuntimeError, match="norm"):
        utils.clip_grad_norm_([a], 1.0, error_if_nonfinite=True)
    assert float(utils.clip_grad_norm_([], 1.0)) == 0


def test_vectors(torch):  # noqa: F811
    utils = torch.nn.utils
    m = torch.nn.Linear(2, 3)
    vector = utils.parameters_to_vector(m.parameters())
    assert vector.shape == (9,)
    utils.vector_to_parameters(torch.arange(9.0), m.parameters())
    assert m.bias.tolist() == [6.0, 7.0, 8.0]
    with pytest.raises(TypeError):
        utils.vector_to_parameters([1.0], m.parameters())
