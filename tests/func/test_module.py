"""functional_call, stack_module_state and replace_all_batch_norm_modules_ against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")
CASES = {}


def case(run):
    """Enter a function of a module, whose results (or errors) are compared."""
    CASES[run.__name__] = run
    return run


def tied(m):
    """A module that has one weight under two names, and a buffer."""

    class Tied(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = m.nn.Linear(2, 2, bias=False), m.nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight
            self.register_buffer("k", m.ones(2))

        def forward(self, x):
            return self.b(self.a(x)) * self.k

    return Tied()


def call(m, given, *args, module=None, **options):
    found = m.func.functional_call(module or tied(m), given, *(args or (m.ones(1, 2),)), **options)
    return found.detach()


def full(m, value):
    return m.ones(2, 2) * value


@case
def tied_names_move_together(m):
    return call(m, {"a.weight": full(m, 2)})


@case
def tied_names_with_one_tensor_each(m):
    return call(m, {"a.weight": full(m, 2), "b.weight": full(m, 3)})


@case
def tied_names_apart(m):
    return call(m, {"a.weight": full(m, 2), "b.weight": full(m, 3)}, tie_weights=False)


@case
def buffers_and_arguments_in_a_tuple(m):
    return call(m, {"a.weight": full(m, 2), "k": m.zeros(2)}, (m.ones(1, 2),))


@case
def keywords(m):
    return call(m, {"weight": full(m, 1), "bias": m.zeros(2)}, None, {"input": m.ones(1, 2)}, module=m.nn.Linear(2, 2))


@case
def several_dictionaries(m):
    return call(m, ({"a.weight": full(m, 2)}, {"k": m.zeros(2)}))


@case
def a_name_in_two_dictionaries(m):
    return call(m, [{"a.weight": full(m, 2)}, {"a.weight": full(m, 2)}])


@case
def an_unknown_name(m):
    return tuple(call(m, {"zzz": full(m, 2)}).shape)


@case
def strict_and_missing(m):
    return call(m, {"a.weight": full(m, 2)}, strict=True)


@case
def strict_and_whole(m):
    return call(m, {"a.weight": full(m, 2), "b.weight": full(m, 2), "k": m.ones(2)}, strict=True, tie_weights=False)


@case
def no_dictionary(m):
    return call(m, 3)


@case
def no_tensor(m):
    return call(m, {"a.weight": 3})


@case
def buffers_that_forward_writes(m):
    net = m.nn.BatchNorm1d(2)
    given = {k: v.clone() for k, v in net.named_buffers()}
    call(m, given, m.arange(6.0).reshape(3, 2), module=net)
    return given, dict(net.named_buffers())


@case
def parameters_are_back_after_an_error(m):
    net = m.nn.Linear(2, 2)
    before = net.weight
    with pytest.raises(RuntimeError):
        call(m, {"weight": full(m, 1)}, m.ones(5, 5), module=net)
    return net.weight is before


@case
def gradients(m):
    w = full(m, 2).requires_grad_()
    return m.autograd.grad(m.func.functional_call(tied(m), {"a.weight": w}, m.ones(1, 2)).sum(), w)


@case
def stack_nothing(m):
    return m.func.stack_module_state([])


@case
def stack_of_two_classes(m):
    return m.func.stack_module_state([m.nn.Linear(2, 2), m.nn.ReLU()])


@case
def stack_of_two_modes(m):
    return m.func.stack_module_state([m.nn.Linear(2, 2), m.nn.Linear(2, 2).eval()])


@case
def stack_with_a_frozen_one(m):
    nets = [m.nn.Linear(2, 2), m.nn.Linear(2, 2)]
    nets[0].weight.requires_grad_(False)
    return m.func.stack_module_state(nets)


@case
def stack(m):
    params, buffers = m.func.stack_module_state([m.nn.BatchNorm1d(2) for _ in range(3)])
    return {k: (tuple(v.shape), v.requires_grad, v.is_leaf) for k, v in {**params, **buffers}.items()}


@case
def batch_norms_replaced(m):
    net = m.nn.Sequential(m.nn.BatchNorm1d(2), m.nn.ReLU())
    same = m.func.replace_all_batch_norm_modules_(net) is net
    return same, net[0].running_mean, net[0].track_running_stats, m.vmap(net)(m.arange(12.0).reshape(2, 3, 2)).detach()


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, (engine.Tensor, torch.Tensor)):
        return tuple(value.shape), value.requires_grad, str(value.dtype), np.round(value.detach().numpy(), 4).tolist()
    return value


def outcome(m, name):
    try:
        return plain(CASES[name](m))
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    wanted, found = outcome(torch, name), outcome(engine, name)
    if isinstance(wanted, type):
        assert isinstance(found, type), found
        assert issubclass(found, wanted), (found, wanted)
    else:
        assert found == wanted
