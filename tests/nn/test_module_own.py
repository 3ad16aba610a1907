"""What Module does better than PyTorch's."""

from __future__ import annotations

import pytest

from workbench import engine as torch
from workbench.engine import nn


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


def test_modules_of_a_sequential_may_not_go_while_they_are_called():
    class Vanishing(nn.Module):
        def forward(self, x):
            del whole.last
            return x

    whole = nn.Sequential(Vanishing())
    whole.last = nn.Identity()
    with pytest.raises(RuntimeError, match="expected modules that stay"):
        whole(torch.ones(1))
