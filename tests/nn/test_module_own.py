"""What Module does better than PyTorch's."""

from __future__ import annotations

import pytest

from workbench import engine as torch
from workbench.engine import nn
from workbench.ext.core._core import running_modules


def test_nearest_names_are_named():
    m = nn.Linear(2, 2)
    with pytest.raises(AttributeError, match=r"no attribute 'wieght'; did you mean 'weight'\?"):
        m.wieght  # noqa: B018
    state = m.state_dict()
    state["wieght"] = state.pop("weight")
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "wieght" \(did you mean "weight"\?\)'):
        m.load_state_dict(state)


def test_a_bad_state_changes_nothing():
    m = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    before = [p.detach().clone() for p in m.parameters()]
    state = {k: v + 1 for k, v in m.state_dict().items()}
    state["1.bias"] = torch.zeros(3)
    with pytest.raises(RuntimeError):
        m.load_state_dict(state)
    assert all(bool((a == b).all()) for a, b in zip(before, m.parameters(), strict=True))


def test_names_before_init():
    class Early(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 2)
            super().__init__()

    assert len(list(Early().parameters())) == 2


def test_setters_are_called():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0
            self.weight = nn.Parameter(torch.ones(2))

        @property
        def weight(self):
            return self.hidden

        @weight.setter
        def weight(self, value):
            self.calls += 1
            self.hidden = value

    m = Masked()
    assert m.calls == 1
    assert [n for n, _ in m.named_parameters()] == ["hidden"]


def test_calls_without_hooks_are_direct():
    m = nn.Linear(2, 2)
    assert not m._has_hooks
    handle = m.register_forward_hook(lambda *a: None)
    assert m._has_hooks
    handle.remove()
    m(torch.zeros(1, 2))
    assert not m._has_hooks


def test_a_native_forward_reads_the_modules_attributes():
    class Halved(nn.Linear):
        @property
        def weight(self):
            return self.__dict__["weight"] / 2

        @weight.setter
        def weight(self, value):
            self.__dict__["weight"] = value

    x = torch.randn(3, 2)
    m = nn.Linear(2, 4)
    assert torch.equal(m(x), nn.functional.linear(x, m.weight, m.bias))
    assert torch.equal(m.forward(x), m(input=x))
    assert torch.equal(nn.Linear.forward(m, x), m(x))
    halved = Halved(2, 4, bias=False)
    assert torch.equal(halved(x), nn.functional.linear(x, halved.__dict__["weight"] / 2))
    m.bias = None
    assert torch.equal(m(x), nn.functional.linear(x, m.weight))
    del m.weight
    with pytest.raises(AttributeError, match="no attribute 'weight'"):
        m(x)
    for wrong in (lambda: m(), lambda: m(x, x), lambda: m(other=x), lambda: nn.Linear.forward()):
        with pytest.raises(TypeError, match="forward: expected a module and input"):
            wrong()


def test_a_call_takes_the_forward_that_python_would():
    class Odd(nn.Linear):
        def __getattribute__(self, name):
            return (lambda x: x + 1) if name == "forward" else super().__getattribute__(name)

    x = torch.randn(3, 2)
    assert torch.equal(Odd(2, 4)(x), x + 1)
    m = nn.Sequential(nn.Linear(2, 4), nn.Tanh())
    m[1].forward = lambda x: x * 2
    assert torch.equal(m(x), m[0](x) * 2)
    del m[1].forward
    assert torch.equal(m(input=x), m[0](x).tanh())
    m.forward = lambda x: x * 3
    assert torch.equal(m(x), x * 3)


def test_running_modules_are_known_and_an_error_takes_them_along():
    seen = []

    class Spy(nn.Module):
        def forward(self, x):
            seen.append(running_modules())
            return x

    spy, last = Spy(), nn.Linear(2, 4)
    body = nn.Sequential(nn.Tanh(), spy, last)
    whole = nn.Sequential(body)
    spy.register_forward_hook(lambda *a: seen.append(running_modules()))
    with pytest.raises(RuntimeError) as error:
        whole(torch.ones(1, 3))
    assert [[*map(id, modules)] for modules in seen] == [[id(spy), id(body), id(whole)]] * 2
    assert [*map(id, error.value.running_modules)] == [id(last), id(body), id(whole)]
    assert running_modules() == []


def test_modules_of_a_sequential_may_not_go_while_they_are_called():
    class Vanishing(nn.Module):
        def forward(self, x):
            del whole.last
            return x

    whole = nn.Sequential(Vanishing())
    whole.last = nn.Identity()
    with pytest.raises(RuntimeError, match="expected modules that stay"):
        whole(torch.ones(1))
