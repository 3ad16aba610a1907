"""Module's behaviour. Each test runs with this engine and with PyTorch in its place: what it says is PyTorch's."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import pytest

from workbench import engine

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's
try:
    import torch as peer
except ImportError:
    peer = None


@pytest.fixture(params=["workbench", "torch"])
def torch(request):
    if request.param == "workbench":
        return engine
    if peer is None:
        pytest.skip("torch is not installed")
    return peer


def net(torch, **factory):
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(3, 4, **factory)
            self.stack = nn.Sequential(OrderedDict(act=nn.ReLU(), last=nn.Linear(4, 2, bias=False, **factory)))
            self.register_buffer("scale", torch.ones(2))
            self.register_buffer("scratch", torch.zeros(1), persistent=False)
            self.gain = nn.Parameter(torch.ones(1))
            self.nothing = None

        def forward(self, x):
            return self.stack(self.first(x)) * self.scale * self.gain

    return Net()


def test_registration(torch):
    m = net(torch)
    assert [n for n, _ in m.named_parameters()] == ["gain", "first.weight", "first.bias", "stack.last.weight"]
    assert [n for n, _ in m.named_parameters(prefix="net", recurse=False)] == ["net.gain"]
    assert [n for n, _ in m.named_buffers()] == ["scale", "scratch"]
    assert [n for n, _ in m.named_modules()] == ["", "first", "stack", "stack.act", "stack.last"]
    assert [n for n, _ in m.named_children()] == ["first", "stack"]
    assert list(m.state_dict()) == ["gain", "scale", "first.weight", "first.bias", "stack.last.weight"]
    assert len(list(m.parameters())) == 4
    assert list(m._parameters) == ["gain"]
    assert list(m._modules) == ["first", "stack"]
    assert set(m._buffers) == {"scale", "scratch"}
    assert m._non_persistent_buffers_set == {"scratch"}


def test_poking_the_mappings(torch):
    nn, m = torch.nn, net(torch)
    m._modules["first"] = nn.Linear(3, 4)
    m._parameters["gain"] = nn.Parameter(torch.zeros(1))
    m._buffers["scale"] = torch.zeros(2)
    assert float(m.gain) == 0
    assert float(m.scale.sum()) == 0
    del m._modules["stack"]
    assert not hasattr(m, "stack")
    assert [n for n, _ in m.named_children()] == ["first"]


def test_assignment(torch):
    nn, m = torch.nn, net(torch)
    m.first = nn.Identity()  # another child under the same name
    assert [n for n, _ in m.named_children()] == ["first", "stack"]
    m.scale = torch.full((2,), 3.0)
    assert float(m.state_dict()["scale"][0]) == 3
    m.gain = None
    assert "gain" not in dict(m.named_parameters())
    m.gain = nn.Parameter(torch.ones(1))
    assert "gain" in dict(m.named_parameters())
    with pytest.raises(TypeError, match="cannot assign"):
        m.gain = torch.ones(1)
    with pytest.raises(TypeError, match="cannot assign"):
        m.stack = 3
    m.plain = torch.ones(1)
    assert "plain" not in m.state_dict()
    m.plain = nn.Parameter(torch.ones(1))
    assert "plain" in m.state_dict()
    del m.plain
    assert "plain" not in m.state_dict()
    with pytest.raises(AttributeError):
        m.plain  # noqa: B018


def test_names_are_checked(torch):
    nn, m = torch.nn, net(torch)
    with pytest.raises(KeyError, match="contain"):
        m.add_module("a.b", nn.Identity())
    with pytest.raises(KeyError, match="empty"):
        m.register_buffer("", torch.ones(1))
    with pytest.raises(KeyError, match="already exists"):
        m.register_parameter("forward", nn.Parameter(torch.ones(1)))
    with pytest.raises(KeyError, match="already exists"):
        m.register_buffer("gain", torch.ones(1))
    with pytest.raises(TypeError):
        m.register_parameter("p", torch.ones(1))
    with pytest.raises(TypeError):
        m.add_module("p", torch.ones(1))
    with pytest.raises(TypeError):
        m.register_buffer("p", 3)


def test_properties_are_respected(torch):
    nn = torch.nn

    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Parameter(torch.ones(2))

        @property
        def weight(self):
            return self.table

    assert Tied().weight.shape == (2,)


def test_shared_parameters_come_once(torch):
    nn = torch.nn
    a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    b.weight = a.weight
    both = nn.ModuleList([a, b, a])
    assert len(list(both.parameters())) == 3
    assert len(list(both.named_parameters(remove_duplicate=False))) == 6
    assert len(list(both.modules())) == 3
    assert len(both.state_dict()) == 6


def test_train_and_eval(torch):
    m = net(torch)
    assert m.training
    assert m.eval() is m
    assert not any(c.training for c in m.modules())
    m.train()
    assert all(c.training for c in m.modules())
    with pytest.raises(ValueError, match="boolean"):
        m.train(1)


def test_apply(torch):
    seen = []
    m = net(torch)
    assert m.apply(lambda c: seen.append(type(c).__name__)) is m
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "Net"]


def test_gradients(torch):
    m = net(torch)
    m(torch.ones(5, 3)).sum().backward()
    assert all(p.grad is not None for p in m.parameters())
    m.zero_grad(set_to_none=False)
    assert all(float(p.grad.abs().sum()) == 0 for p in m.parameters())
    m.zero_grad()
    assert all(p.grad is None for p in m.parameters())
    m.requires_grad_(False)
    assert not m(torch.ones(5, 3)).requires_grad


def test_conversion_keeps_objects(torch):
    m = net(torch)
    before = list(m.parameters())
    m.register_buffer("count", torch.zeros(2, dtype=torch.int64))
    assert m.double() is m
    assert all(a is b for a, b in zip(before, m.parameters(), strict=True))
    assert m.first.weight.dtype == torch.float64
    assert m.scale.dtype == torch.float64
    assert m.count.dtype == torch.int64
    m.to(torch.float32)
    assert m.first.weight.dtype == torch.float32
    m.to("cpu", torch.float64)
    assert m.first.weight.dtype == torch.float64
    m.to(torch.ones(1))
    assert m.first.weight.dtype == torch.float32
    m.bfloat16().half().float()
    assert all(p.requires_grad for p in m.parameters())
    with pytest.raises(TypeError, match="floating"):
        m.to(torch.int64)


def test_state_dict_round_trip(torch):
    a, b = net(torch), net(torch)
    state = a.state_dict()
    assert state._metadata[""]["version"] == 1
    assert list(state._metadata) == ["", "first", "stack", "stack.act", "stack.last"]
    assert not state["first.weight"].requires_grad
    assert a.state_dict(keep_vars=True)["first.weight"] is a.first.weight
    assert next(iter(a.state_dict(prefix="x."))) == "x.gain"
    result = b.load_state_dict(state)
    assert result.missing_keys == []
    assert result.unexpected_keys == []
    assert all(bool((x == y).all()) for x, y in zip(a.parameters(), b.parameters(), strict=True))
    assert b.first.weight is not state["first.weight"]


def test_state_dict_says_all_that_is_wrong(torch):
    m = net(torch)
    state = m.state_dict()
    state["first.weigth"] = state.pop("first.weight")
    state["first.bias"] = torch.zeros(7)
    state["other.x"] = torch.zeros(1)
    with pytest.raises(RuntimeError) as caught:
        m.load_state_dict(state)
    text = str(caught.value)
    assert text.startswith("Error(s) in loading state_dict for Net:")
    assert 'Missing key(s) in state_dict: "first.weight"' in text
    assert 'Unexpected key(s) in state_dict: "' in text
    assert '"first.weigth"' in text
    assert '"other.x"' in text
    assert "size mismatch for first.bias" in text
    with pytest.raises(TypeError):
        m.load_state_dict([1])
    with pytest.raises(RuntimeError, match="size mismatch"):
        m.load_state_dict(state, strict=False)
    del state["first.bias"]
    result = m.load_state_dict(state, strict=False)
    assert sorted(result.missing_keys) == ["first.bias", "first.weight"]
    assert sorted(result.unexpected_keys) == ["first.weigth", "other.x"]


def test_state_dict_assign(torch):
    m = net(torch)
    state = {k: v.to(torch.float64) for k, v in m.state_dict().items()}
    m.load_state_dict(state, assign=True)
    assert m.first.weight.dtype == torch.float64
    assert isinstance(m.first.weight, torch.nn.Parameter)
    assert m.first.weight.requires_grad
    assert len(list(m.parameters())) == 4


def test_submodules_by_name(torch):
    m = net(torch)
    assert m.get_submodule("") is m
    assert m.get_submodule("stack.last") is m.stack.last
    assert m.get_parameter("stack.last.weight") is m.stack.last.weight
    assert m.get_buffer("scale") is m.scale
    m.set_submodule("stack.last", torch.nn.Identity())
    assert isinstance(m.stack.last, torch.nn.Identity)
    for get in (lambda: m.get_submodule("stack.none"), lambda: m.get_parameter("first"), lambda: m.get_buffer("gain")):
        with pytest.raises(AttributeError):
            get()


def test_copies(torch):
    m = net(torch)
    m(torch.ones(2, 3)).sum().backward()
    other = copy.deepcopy(m)
    assert other.first.weight is not m.first.weight
    assert bool((other.first.weight == m.first.weight).all())
    assert other.first.weight.grad is None
    assert list(other.state_dict()) == list(m.state_dict())
    assert isinstance(other.gain, torch.nn.Parameter)
    with torch.no_grad():
        other.gain.fill_(7)
    assert float(m.gain) == 1


def test_copies_keep_shared_parameters_shared(torch):
    nn = torch.nn
    a = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    a[1].weight = a[0].weight
    b = copy.deepcopy(a)
    assert b[1].weight is b[0].weight
    assert b[1].weight is not a[0].weight


def test_pickling(torch):
    m = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).eval()
    other = pickle.loads(pickle.dumps(m))
    assert repr(other) == repr(m)
    assert not other[1].training
    assert all(bool((x == y).all()) for x, y in zip(m.state_dict().values(), other.state_dict().values(), strict=True))
    assert type(other[0].weight) is torch.nn.Parameter


def test_what_is_missing_is_said(torch):
    class Empty(torch.nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Empty()(1)
    with pytest.raises(AttributeError, match="'Empty' object has no attribute 'wieght'"):
        Empty().wieght  # noqa: B018
    with pytest.raises(TypeError):
        Empty(3)


def test_call_reaches_forward(torch):
    class Sum(torch.nn.Module):
        def forward(self, *args, **kwargs):
            return sum(args) + sum(kwargs.values())

    m = Sum()
    assert m(1, 2, a=3) == 6
    assert m.__call__(1, 2) == 3
    assert m(*range(30), **{f"k{i}": i for i in range(30)}) == 870
    m.forward = lambda x: x + 100
    assert m(1) == 101

    class Outer(Sum):
        def __call__(self, *args):
            return -super().__call__(*args)

    assert Outer()(1, 2) == -3


def test_repr(torch):
    m = net(torch)
    assert repr(m) == (
        "Net(\n  (first): Linear(in_features=3, out_features=4, bias=True)\n  (stack): Sequential(\n    (act): ReLU()\n"
        "    (last): Linear(in_features=4, out_features=2, bias=False)\n  )\n)"
    )


def test_dir(torch):
    m = torch.nn.Sequential(torch.nn.Linear(1, 1))
    assert "0" not in dir(m)
    assert {"weight", "bias", "forward"} <= set(dir(m[0]))


def test_buffers(torch):
    nn = torch.nn
    m = nn.Module()
    m.a = nn.Buffer(torch.ones(2))
    m.b = nn.Buffer(torch.ones(2), persistent=False)
    assert [n for n, _ in m.named_buffers()] == ["a", "b"]
    assert list(m.state_dict()) == ["a"]
