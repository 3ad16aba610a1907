"""What Module and its like do, here and in PyTorch: the same small program with each of them, the same value or class of exception."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest

from workbench import engine

torch = pytest.importorskip("torch")
PROGRAMS = {}


def program(f):
    """A function of the library that gives something to compare, by its name."""
    PROGRAMS[f.__name__] = f
    return f


def net(t):
    class Net(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = t.nn.Linear(2, 3), t.nn.BatchNorm1d(3)
            self.seq = t.nn.Sequential(t.nn.Linear(3, 3), t.nn.ReLU())
            self.register_buffer("buf", t.zeros(2))
            self.register_buffer("transient", t.ones(1), persistent=False)
            self.register_parameter("none", None)
            self.p = t.nn.Parameter(t.ones(2))

        def forward(self, x):
            return self.seq(self.b(self.a(x)))

    return Net()


def without(t, *names, **more):
    state = net(t).state_dict()
    for name in names:
        del state[name]
    return state | more


@program
def names(t):
    n = net(t)
    dicts = [n.state_dict(), n.state_dict(prefix="x."), dict(n.named_buffers("pre", recurse=False)), dict(n.named_modules(prefix="y"))]
    return [list(d) for d in dicts], n.state_dict(keep_vars=True)["p"] is n.p, dict(n.state_dict()._metadata)


@program
def state_by_position(t):
    return list(net(t).state_dict({}, "q.", False))


@program
def loads(t):
    return repr(net(t).load_state_dict(without(t)))


@program
def loads_in_part(t):
    return repr(net(t).load_state_dict(without(t, "a.weight", zzz=t.ones(1)), strict=False))


@program
def loads_number(t):
    m = t.nn.Module()
    m.register_buffer("x", t.tensor(1.0))
    m.load_state_dict({"x": t.tensor([3.0])})
    return float(m.x), tuple(m.x.shape)


@program
def missing(t):
    net(t).load_state_dict(without(t, "a.weight"))


@program
def unexpected(t):
    net(t).load_state_dict(without(t, zzz=t.ones(1)))


@program
def other_shape(t):
    net(t).load_state_dict(without(t, p=t.ones(5)), strict=False)


@program
def no_tensor(t):
    net(t).load_state_dict(without(t, p=3))


@program
def assigned(t):
    n = net(t)
    n.load_state_dict({k: v.double() if v.is_floating_point() else v for k, v in n.state_dict().items()}, assign=True)
    return str(n.p.dtype).split(".")[-1], type(n.p).__name__, n.p.requires_grad, str(n.buf.dtype).split(".")[-1]


@program
def hooks_of_states(t):
    n, seen = net(t), []
    n.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append((prefix, keep)))
    n.a._register_state_dict_hook(lambda m, state, prefix, meta: seen.append((prefix, meta.get("version"))))
    n.b.register_load_state_dict_pre_hook(lambda m, state, prefix, *rest: seen.append(prefix))
    n.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    return repr(n.load_state_dict(without(t, "p"))), n.state_dict() is None, seen


@program
def post_hook_with_a_result(t):
    n = net(t)
    n.register_state_dict_post_hook(lambda m, state, prefix, meta: {})
    n.state_dict()


@program
def post_hook_of_loading_with_a_result(t):
    n = net(t)
    n.register_load_state_dict_post_hook(lambda m, keys: 3)
    n.load_state_dict(n.state_dict())


@program
def hook_of_both_kinds(t):
    n, hook = net(t), lambda *a: None
    n.register_state_dict_post_hook(hook)
    n._register_state_dict_hook(hook)


@program
def older_state_of_batch_norm(t):
    b = t.nn.BatchNorm1d(2)
    return repr(b.load_state_dict({k: v for k, v in b.state_dict().items() if k != "num_batches_tracked"}))


@program
def submodules(t):
    n = net(t)
    n.set_submodule("seq.0", t.nn.Tanh())
    n.set_submodule("seq.9", t.nn.ELU())
    return repr(n), type(n.get_submodule("seq.9")).__name__, tuple(n.get_buffer("b.running_mean").shape)


for _name, _call in {
    "no_such_child": lambda n: n.get_submodule("seq.7"), "no_module": lambda n: n.get_submodule("p"),
    "strict_child": lambda n: n.set_submodule("seq.9", n.a, strict=True), "child_of_3": lambda n: n.set_submodule("seq.0", 3),
    "child_without_name": lambda n: n.set_submodule("", n.a), "no_parameter": lambda n: n.get_parameter("buf"),
    "no_buffer": lambda n: n.get_buffer("p"), "not_there": lambda n: n.get_parameter("a.zzz"), "mode_1": lambda n: n.train(1),
    "module_3": lambda n: n.add_module("x", 3), "taken": lambda n: n.register_buffer("a", n.buf),
    "dotted": lambda n: n.register_parameter("a.b", n.p), "nameless": lambda n: n.register_parameter("", n.p),
    "number_as_name": lambda n: n.register_parameter(3, n.p), "tensor_as_parameter": lambda n: n.register_parameter("x", n.buf),
    "no_leaf": lambda n: n.register_parameter("x", n.p * 2), "tensor_for_parameter": lambda n: setattr(n, "p", n.buf),
    "number_for_module": lambda n: setattr(n, "a", 3), "no_attribute": lambda n: n.nothing, "positional": lambda n: type(n.a)(),
}.items():  # fmt: skip
    PROGRAMS[_name] = lambda t, call=_call: call(net(t)) and None


@program
def conversions(t):
    n = net(t)
    found = [n.to_empty(device="cpu") is n, n.share_memory() is n, n.compile() is None, n.requires_grad_(False) is n]
    found += [str(n.type("torch.DoubleTensor").p.dtype).split(".")[-1], str(n.to(t.ones(1)).p.dtype).split(".")[-1]]
    c = t.nn.Conv2d(3, 4, 3).to(memory_format=t.channels_last)
    return found, c.weight.stride(), c.bias.stride()


@program
def to_integers(t):
    net(t).to(t.int32)


@program
def copies(t):
    n = net(t)
    n.register_forward_hook(print)
    return [repr(c) == repr(n) and c.a.weight is not n.a.weight for c in (copy.deepcopy(n), copy.deepcopy(n.seq), n.b.double())]


@program
def parameters(t):
    p = pickle.loads(pickle.dumps(t.nn.Parameter(t.ones(2))))
    return type(p).__name__, p.requires_grad, repr(p), repr(copy.deepcopy(p)), p.is_leaf, isinstance(t.ones(1), t.nn.Buffer)


@program
def texts(t):
    class Four(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.l = t.nn.ModuleList([t.nn.Linear(1, 2) for _ in range(3)])
            self.d = t.nn.ModuleDict({"x": t.nn.ReLU()})
            self.pl = t.nn.ParameterList([t.ones(2, 3), 3])
            self.pd = t.nn.ParameterDict({"a": t.ones(2)})

        def extra_repr(self):
            return "one=1\ntwo=2"

    return repr(Four()), list(reversed(Four().pd))


@program
def several_bases(t):
    class Other:
        def __init__(self, **kwargs):
            self.got = kwargs

    class Both(t.nn.Module, Other):
        call_super_init = True

    return Both(z=1).got


@program
def stateless(t):
    n = net(t)
    with pytest.warns(FutureWarning):
        return float(t.nn.utils.stateless.functional_call(n.a, {"weight": t.zeros(3, 2), "bias": t.ones(3)}, t.ones(1, 2)).sum())


@program
def older_names_of_init(t):
    with pytest.warns(FutureWarning):
        return t.nn.init.constant(t.zeros(2), 3.0).tolist()


@program
def files_of_layers(t):
    m = t.nn.modules
    return (
        isinstance(t.nn.SyncBatchNorm(2), m.batchnorm._BatchNorm), issubclass(t.nn.NLLLoss, m.loss._WeightedLoss), m.utils._pair(3),
        m.utils._reverse_repeat_tuple((1, 2), 2), m.Module is t.nn.Module, m.ReLU is t.nn.ReLU, m.container.Sequential is t.nn.Sequential,
    )  # fmt: skip


def outcome(f, t):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            result = f(t)
        except Exception as error:
            result = type(error).__name__
    return str(result).replace("torch.Size", "").replace("torch.float", "float"), {w.category.__name__ for w in seen} - {"UserWarning"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_like_pytorch(name):
    found, expected = outcome(PROGRAMS[name], engine), outcome(PROGRAMS[name], torch)
    if name == "conversions":  # PyTorch's compile warns on its own behalf
        expected = (expected[0], set())
    assert found == expected


def test_most_programs_give_something():
    """Were the programs wrong, both libraries would raise the same."""
    raised = {n for n in PROGRAMS if outcome(PROGRAMS[n], torch)[0].endswith("Error")}
    assert len(raised) == 28


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Softmin"])
def test_a_dimension_that_is_not_said_warns(name):
    for lib in (engine, torch):
        with pytest.warns(UserWarning, match="dim"):
            assert getattr(lib.nn, name)()(lib.ones(2, 3, 4)).shape == (2, 3, 4)


def test_container():
    for lib in (engine, torch):
        with pytest.warns(FutureWarning, match="Container"):
            assert [n for n, _ in lib.nn.Container(a=lib.nn.ReLU()).named_children()] == ["a"]
