"""Hooks of Module. Each test runs with this engine and with PyTorch in its place."""

from __future__ import annotations

import pytest

from .test_module import net, torch  # noqa: F401  (the fixture)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's


def test_extra_state(torch):  # noqa: F811
    class Counter(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.n = 3

        def get_extra_state(self):
            return {"n": self.n}

        def set_extra_state(self, state):
            self.n = state["n"]

    a, b = Counter(), Counter()
    a.n = 5
    b.load_state_dict(a.state_dict())
    assert b.n == 5
    assert list(a.state_dict()) == ["_extra_state"]
    with pytest.raises(RuntimeError, match="_extra_state"):
        b.load_state_dict({})


def test_state_dict_hooks(torch):  # noqa: F811
    m = net(torch)
    seen = []
    m.register_state_dict_pre_hook(lambda module, prefix, keep: seen.append(("pre", prefix)))
    m._register_state_dict_hook(lambda module, state, prefix, meta: seen.append(("post", len(state))))
    m.register_load_state_dict_pre_hook(lambda module, state, prefix, *rest: seen.append(("load", module is m)))
    handle = m.register_load_state_dict_post_hook(lambda module, keys: seen.append(("loaded", keys.missing_keys)))
    m.load_state_dict(m.state_dict())
    assert seen == [("pre", ""), ("post", 5), ("load", True), ("loaded", [])]
    handle.remove()
    m.load_state_dict(m.state_dict())
    assert len(seen) == 7


def test_forward_hooks(torch):  # noqa: F811
    m = torch.nn.Linear(2, 2)
    seen = []
    handles = [
        m.register_forward_pre_hook(lambda mod, args: (args[0] * 2,)),
        m.register_forward_hook(lambda mod, args, out: seen.append(float(args[0][0, 0]))),
        m.register_forward_hook(lambda mod, args, out: out * 0, prepend=True),
    ]
    out = m(torch.ones(1, 2))
    assert seen == [2.0]
    assert float(out.abs().sum()) == 0
    for handle in handles:
        handle.remove()
    assert float(m(torch.ones(1, 2)).abs().sum()) > 0
    assert not m._forward_hooks


def test_forward_hooks_with_keywords(torch):  # noqa: F811
    class Scale(torch.nn.Module):
        def forward(self, x, *, by=1):
            return x * by

    m = Scale()
    m.register_forward_pre_hook(lambda mod, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True)
    m.register_forward_hook(lambda mod, args, kwargs, out: out + kwargs["by"], with_kwargs=True)
    assert float(m(torch.ones(1), by=2)) == 6
    with pytest.raises(TypeError):
        m(torch.ones(1), 3, by=1)


def test_always_call(torch):  # noqa: F811
    class Fails(torch.nn.Module):
        def forward(self, x):
            raise ValueError("no")

    m, seen = Fails(), []
    m.register_forward_hook(lambda mod, args, out: seen.append(out), always_call=True)
    m.register_forward_hook(lambda mod, args, out: seen.append("never"))
    with pytest.raises(ValueError, match="no"):
        m(1)
    assert seen == [None]


def test_backward_hooks(torch):  # noqa: F811
    m = torch.nn.Linear(2, 3, bias=False)
    seen = []
    first = m.register_full_backward_hook(lambda mod, gi, go: seen.append((gi[0].shape, go[0].shape)))
    second = m.register_full_backward_pre_hook(lambda mod, go: (go[0] * 2,))
    x = torch.ones(4, 2, requires_grad=True)
    m(x).sum().backward()
    assert seen == [((4, 2), (4, 3))]
    doubled = x.grad.clone()
    first.remove()
    second.remove()
    x.grad = None
    m.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 3,))
    m(x).sum().backward()
    assert float((doubled / 2 * 3 - x.grad).abs().max()) < 1e-5


def test_backward_hook_without_gradient_of_the_input(torch):  # noqa: F811
    m, seen = torch.nn.Linear(2, 3), []
    m.register_full_backward_hook(lambda mod, gi, go: seen.append((gi, go[0].shape)))
    m(torch.ones(4, 2)).sum().backward()
    assert seen == [((None,), (4, 3))]


def test_custom_loading(torch):  # noqa: F811
    class Renamed(torch.nn.Linear):
        _version = 2

        def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
            if local_metadata.get("version", 1) < 2:
                state_dict[prefix + "weight"] = state_dict.pop(prefix + "kernel")
            super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    m = Renamed(2, 2)
    old = {"kernel": torch.zeros(2, 2), "bias": torch.zeros(2)}
    m.load_state_dict(old)
    assert float(m.weight.detach().abs().sum()) == 0
    assert "kernel" in old
