"""Hooks of every module, the tables that user code reaches into, and backward hooks of the older form; with this engine and PyTorch."""

from __future__ import annotations

import pytest

from .test_module import torch  # noqa: F401  (the fixture)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's


def chain(lib):
    return lib.nn.Sequential(lib.nn.Linear(1, 1), lib.nn.ReLU())


def test_calls_of_all_modules(torch):  # noqa: F811
    hooks, seen, m = torch.nn.modules.module, [], chain(torch)

    def noting(what):
        return lambda module, *rest: seen.append((what, type(module).__name__))

    handles = [
        hooks.register_module_forward_pre_hook(noting("before")),
        hooks.register_module_forward_hook(noting("after")),
        hooks.register_module_full_backward_pre_hook(noting("grads")),
        hooks.register_module_full_backward_hook(noting("slopes")),
    ]
    m(torch.ones(1, 1, requires_grad=True)).sum().backward()
    for handle in handles:
        handle.remove()
    assert [name for what, name in seen if what == "before"] == ["Sequential", "Linear", "ReLU"]
    assert [name for what, name in seen if what == "after"] == ["Linear", "ReLU", "Sequential"]
    assert [name for what, name in seen if what == "grads"] == ["Sequential", "ReLU", "Linear"]
    assert [name for what, name in seen if what == "slopes"] == ["ReLU", "Linear", "Sequential"]
    m(torch.ones(1, 1))
    assert len(seen) == 12


def test_global_hooks_change_what_they_see(torch):  # noqa: F811
    class Scale(torch.nn.Module):
        def forward(self, x, by=1):
            return x * by

    hooks, one = torch.nn.modules.module, torch.ones(())
    with (
        hooks.register_module_forward_pre_hook(lambda m, args: args[0] + 1),
        hooks.register_module_forward_hook(lambda m, args, kwargs, out: out + kwargs["by"], with_kwargs=True),
    ):
        assert float(Scale()(one, by=3)) == 9
    assert float(Scale()(one, by=3)) == 3


def test_always_called_everywhere(torch):  # noqa: F811
    class Fails(torch.nn.Module):
        def forward(self):
            raise ValueError("no")

    seen = []
    with (
        torch.nn.modules.module.register_module_forward_hook(lambda m, args, out: seen.append(out), always_call=True),
        pytest.raises(ValueError, match="no"),
    ):
        Fails()()
    assert seen == [None]


def test_registration(torch):  # noqa: F811
    hooks, seen = torch.nn.modules.module, []
    with (
        hooks.register_module_parameter_registration_hook(lambda m, name, value: seen.append(name)),
        hooks.register_module_buffer_registration_hook(lambda m, name, value: seen.append(name)),
        hooks.register_module_module_registration_hook(lambda m, name, value: torch.nn.Tanh() if name == "1" else None),
    ):
        m = chain(torch)
        m.register_buffer("state", None)
        m.own = torch.nn.Parameter(torch.ones(1))
        m.register_parameter("none", None)
    assert seen == ["weight", "bias", "state", "own"]
    assert type(m[1]).__name__ == "Tanh"
    assert type(chain(torch)[1]).__name__ == "ReLU"


def test_tables_hold_the_hooks_themselves(torch):  # noqa: F811
    def before(m, args):
        return None

    def after(m, args, kwargs, out):
        return None

    m = torch.nn.Linear(1, 1)
    m.register_forward_pre_hook(before)
    handle = m.register_forward_hook(after, with_kwargs=True, always_call=True)
    m.register_forward_hook(print, prepend=True)
    assert list(m._forward_pre_hooks.values()) == [before]
    assert list(m._forward_hooks.values()) == [print, after]
    assert list(m._forward_hooks_with_kwargs) == list(m._forward_hooks_always_called) == [handle.id]
    handle.remove()
    assert not m._forward_hooks_with_kwargs
    assert not m._forward_hooks_always_called
    m._forward_hooks = type(m._forward_hooks)()
    m._forward_hooks[7] = lambda m, args, out: out * 0
    assert float(m(torch.ones(1, 1)).detach()) == 0


def test_one_form_of_backward_hooks(torch):  # noqa: F811
    first, second = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    first.register_full_backward_hook(lambda *a: None)
    with pytest.raises(RuntimeError):
        first.register_backward_hook(lambda *a: None)
    second.register_backward_hook(lambda *a: None)
    with pytest.raises(RuntimeError):
        second.register_full_backward_hook(lambda *a: None)


def test_older_backward_hooks_are_of_the_last_op(torch):  # noqa: F811
    class Two(torch.nn.Module):
        def forward(self, x):
            return (x * 2).exp()

    m, seen = Two(), []
    m.register_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input[0].tolist(), grad_output[0].tolist())))
    x = torch.zeros(1, requires_grad=True)
    with pytest.warns(FutureWarning):
        y = m(x)
    (y * 3).sum().backward()
    assert seen == [([3.0], [3.0])]
    assert x.grad.tolist() == [6.0]


def test_backward_hooks_refuse(torch):  # noqa: F811
    m = torch.nn.Linear(2, 1)
    with m.register_full_backward_hook(lambda module, grad_input, grad_output: (None, None)), pytest.raises(RuntimeError):
        m(torch.ones(3, 2, requires_grad=True)).sum().backward()
    with m.register_full_backward_hook(lambda module, grad_input, grad_output: torch.ones(3, 2)), pytest.raises(RuntimeError):
        m(torch.ones(3, 2)).sum().backward()


def test_backward_hooks_need_tensors(torch):  # noqa: F811
    class Named(torch.nn.Module):
        def forward(self, x):
            return {"x": x}

    m = Named()
    m.register_full_backward_hook(lambda *a: None)
    with pytest.warns(UserWarning, match="[bB]ackward hooks"):
        assert list(m(torch.ones(1, requires_grad=True))) == ["x"]
