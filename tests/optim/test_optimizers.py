"""Optimizers: trajectories against torch, groups, state, hooks, errors."""

import copy
import pickle

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn, optim
from workbench.engine.optim.fused import FusedOptimizer

SHAPES = [(3, 4), (5,), (), (2, 3, 4, 5)]

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.05}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.05}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "maximize": True}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "maximize": True}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
    ("RMSprop", {}),
    ("RMSprop", {"alpha": 0.9, "momentum": 0.8, "centered": True, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.02, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adadelta", {"weight_decay": 0.1, "maximize": True}),
    *(("Rprop", options) for options in ({}, {"etas": (0.3, 1.5), "step_sizes": (1e-3, 0.2)})),
    ("Adamax", {"weight_decay": 0.1}),
    ("NAdam", {"weight_decay": 0.1}),
    ("NAdam", {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1}),
    ("ASGD", {"lr": 0.05, "weight_decay": 0.1, "t0": 5}),
    ("ASGD", {"lr": 0.05, "lambd": 0.1, "alpha": 0.5, "maximize": True}),
    ("Adafactor", {"lr": 0.1, "weight_decay": 0.1, "eps": (1e-3, 1e-2), "d": 2.0, "beta2_decay": -0.5}),
    ("RAdam", {"lr": 0.05, "betas": (0.8, 0.9), "decoupled_weight_decay": True, "weight_decay": 0.1}),
]
NAMES = sorted({name for name, _ in CASES})


class Problem:
    """The same parameters and gradients for the engine and for torch."""

    def __init__(self, library, dtype="float64", shapes=SHAPES, skip=False):
        rng = np.random.default_rng(0)
        self.library, self.skip = library, skip
        make = nn.Parameter if library is engine else library.nn.Parameter
        self.params = [make(library.from_numpy(np.asarray(rng.normal(size=s), dtype))) for s in shapes]
        self.scales = [np.asarray(rng.uniform(0.5, 2, size=s), dtype) for s in shapes]
        self.noise = np.random.default_rng(1)
        self.t = 0

    def gradients(self):
        self.t += 1
        for i, (p, a) in enumerate(zip(self.params, self.scales, strict=True)):
            noise = self.noise.normal(size=a.shape)
            missing = self.skip and (self.t + i) % 3 == 0
            g = np.asarray(a * p.detach().numpy() + 0.3 * noise, a.dtype)
            p.grad = None if missing else self.library.from_numpy(g)

    def values(self):
        return [p.detach().numpy().copy() for p in self.params]


def run(library, name, options, steps=40, **problem):
    at = Problem(library, **problem)
    optimizer = getattr(library.optim, name)(at.params, **options)
    for _ in range(steps):
        at.gradients()
        optimizer.step()
    return at, optimizer


def close(ours, theirs, dtype="float64"):
    tolerance = {"rtol": 1e-9, "atol": 1e-11} if dtype == "float64" else {"rtol": 2e-4, "atol": 2e-5}
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


@pytest.fixture(params=["kernel", "ops"])
def path(request, monkeypatch):
    """Fused optimizers by their kernel, and by the ops that say what it means."""
    if request.param == "ops":
        monkeypatch.setattr(FusedOptimizer, "_takes", lambda self, group: False)
    return request.param


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
@pytest.mark.usefixtures("path")
def test_trajectory(name, options, dtype):
    torch = pytest.importorskip("torch")
    ours, optimizer = run(engine, name, options, dtype=dtype)
    theirs, reference = run(torch, name, options, dtype=dtype)
    close(ours.values(), theirs.values(), dtype)
    mine, other = optimizer.state_dict(), reference.state_dict()
    assert mine["param_groups"] == other["param_groups"]
    assert mine["state"].keys() == other["state"].keys()
    for key, state in other["state"].items():
        assert mine["state"][key].keys() == state.keys()
        for what, value in state.items():
            np.testing.assert_allclose(mine["state"][key][what].numpy(), value.numpy(), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("path")
def test_gradients_that_are_missing(name):
    torch = pytest.importorskip("torch")
    options = {"momentum": 0.9} if name == "SGD" else {}
    close(run(engine, name, options, skip=True)[0].values(), run(torch, name, options, skip=True)[0].values())


def test_lion():
    at, _ = run(engine, "Lion", {"lr": 0.01, "weight_decay": 0.1})
    reference = Problem(engine)
    means = [np.zeros_like(v) for v in reference.values()]
    for _ in range(40):
        reference.gradients()
        for p, m in zip(reference.params, means, strict=True):
            v, g = p.detach().numpy(), p.grad.numpy()
            v -= 0.01 * (np.sign(0.9 * m + 0.1 * g) + 0.1 * v)
            m *= 0.99
            m += 0.01 * g
    close(at.values(), reference.values())


@pytest.mark.parametrize("name", [*NAMES, "Lion"])
def test_goes_on_after_loading(name, tmp_path):
    options = {"momentum": 0.9} if name == "SGD" else {}
    whole, _ = run(engine, name, options, steps=20)
    at, optimizer = run(engine, name, options, steps=9)
    saved = pickle.loads(pickle.dumps(optimizer.state_dict()))
    other = getattr(optim, name)(at.params, **{**options, "lr": 0.77})
    other.load_state_dict(saved)
    assert other.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]
    for _ in range(11):
        at.gradients()
        other.step()
    close(at.values(), whole.values())


def test_state_is_copied_on_loading_and_shared_by_reference_on_saving():
    at, optimizer = run(engine, "Adam", {}, steps=3)
    saved = optimizer.state_dict()
    assert [s["step"].item() for s in saved["state"].values()] == [3.0] * 4
    other = optim.Adam(at.params)
    other.load_state_dict(saved)
    mean = other.state[at.params[0]]["exp_avg"]
    assert not mean._shares_storage(optimizer.state[at.params[0]]["exp_avg"])
    assert not saved["state"][0]["step"]._shares_storage(saved["state"][1]["step"])


def test_groups():
    torch = pytest.importorskip("torch")

    def make(library):
        at = Problem(library)
        groups = [{"params": at.params[:2], "lr": 0.2}, {"params": at.params[2], "weight_decay": 0.5}]
        optimizer = library.optim.SGD(groups, lr=0.05, momentum=0.9)
        optimizer.add_param_group({"params": [at.params[3]], "momentum": 0.0})
        for _ in range(10):
            at.gradients()
            optimizer.step()
        return at.values(), optimizer.state_dict()["param_groups"]

    ours, theirs = make(engine), make(torch)
    close(ours[0], theirs[0])
    assert ours[1] == theirs[1]


def test_learning_rate_as_a_tensor():
    at, optimizer = run(engine, "SGD", {"lr": engine.tensor(0.1, dtype=engine.float64)}, steps=2)
    same, _ = run(engine, "SGD", {"lr": 0.1}, steps=2)
    close(at.values(), same.values())
    optimizer.param_groups[0]["lr"].fill_(0.0)
    before = at.values()
    at.gradients()
    optimizer.step()
    close(at.values(), before)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_channels_last_parameters(name):
    options = {"lr": 0.1, "momentum": 0.9} if name == "SGD" else {"lr": 0.1}
    at = Problem(engine, shapes=[(4, 3, 2, 2)])
    want, _ = run(engine, name, options, shapes=[(4, 3, 2, 2)])
    at.params[0].data = at.params[0].data.contiguous(memory_format=engine.channels_last)
    optimizer = getattr(optim, name)(at.params, **options)
    for i in range(40):
        at.gradients()
        optimizer.step()
        if i == 20:  # a saved state comes back row-major
            state = optimizer.state_dict()
            state["state"][0] = {k: v.contiguous() if v.ndim == 4 else v for k, v in state["state"][0].items()}
            optimizer = getattr(optim, name)(at.params, **options)
            optimizer.load_state_dict(state)
    close(at.values(), want.values())


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_parameters_that_no_kernel_takes(name):
    base = engine.zeros(4, 6)
    view = base[:, ::2].detach().requires_grad_()
    half = nn.Parameter(engine.ones(3).to(engine.bfloat16))
    optimizer = getattr(optim, name)([view, half, nn.Parameter(engine.ones(2))], lr=0.5)
    for p in optimizer.param_groups[0]["params"]:
        p.grad = engine.ones_like(p)
    optimizer.step()
    assert base[:, ::2].tolist() == view.tolist()
    assert base[0].tolist() == pytest.approx([-0.5, 0.0] * 3)
    assert half.float().tolist() == pytest.approx([0.5] * 3, abs=1e-2)


def test_parameters_may_change():
    at = Problem(engine)
    optimizer = optim.Adam(at.params, lr=0.1)
    at.gradients()
    optimizer.step()
    new = nn.Parameter(engine.ones(2, dtype=engine.float64))
    optimizer.param_groups[0]["params"][1] = new
    new.grad = engine.ones(2, dtype=engine.float64)
    optimizer.step()
    assert new.tolist() == pytest.approx([0.9, 0.9])
    assert optimizer.state[new]["step"].item() == 1
    assert optimizer.state[at.params[0]]["step"].item() == 2
    optimizer.state.clear()
    optimizer.step()
    assert optimizer.state[at.params[0]]["step"].item() == 1


def test_differentiable():
    start = engine.tensor([1.0, 2.0], requires_grad=True)
    p = start.clone()
    p.retain_grad()
    optimizer = optim.SGD([p], lr=0.1, differentiable=True)
    rate = engine.tensor([3.0, 4.0], requires_grad=True)
    p.grad = rate * 2
    optimizer.step()
    p.sum().backward()
    assert start.grad.tolist() == [1.0, 1.0]
    assert rate.grad.tolist() == pytest.approx([-0.2, -0.2])


def test_zero_grad_and_closure():
    p = nn.Parameter(engine.tensor([2.0]))
    optimizer = optim.SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with engine.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert p.item() == 1.0
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0]
    optimizer.zero_grad()
    assert p.grad is None
    optimizer.step()
    assert p.item() == 1.0


def test_steps_bump_versions():
    p = nn.Parameter(engine.tensor([2.0]))
    loss = (p * p).sum()
    p.grad = engine.ones(1)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_names_decide_on_loading():
    at, optimizer = run(engine, "Adam", {}, steps=0)
    named = list(zip("abcd", at.params, strict=True))
    optimizer = optim.Adam(named)
    at.gradients()
    optimizer.step()
    assert optimizer.param_groups[0]["param_names"] == ["a", "b", "c", "d"]
    other = optim.Adam(named[::-1])
    other.load_state_dict(optimizer.state_dict())
    for p in at.params:
        assert other.state[p]["exp_avg"].tolist() == optimizer.state[p]["exp_avg"].tolist()
    assert other.param_groups[0]["param_names"] == ["d", "c", "b", "a"]


def test_hooks():
    p = nn.Parameter(engine.tensor([2.0]))
    p.grad = engine.ones(1)
    optimizer = optim.SGD([p], lr=1.0)
    calls = []
    first = optimizer.register_step_pre_hook(lambda o, args, kwargs: calls.append(("pre", o is optimizer)))
    optimizer.register_step_post_hook(lambda o, args, kwargs: calls.append(("post", p.item())))
    optimizer.step()
    first.remove()
    optimizer.step()
    assert calls == [("pre", True), ("post", 1.0), ("post", 0.0)]
    optimizer.register_state_dict_pre_hook(lambda o: calls.append("save"))
    optimizer.register_state_dict_post_hook(lambda o, s: {**s, "more": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, s: calls.append(s.pop("more")))
    optimizer.register_load_state_dict_post_hook(lambda o: calls.append("loaded"))
    optimizer.load_state_dict(optimizer.state_dict())
    assert calls[3:] == ["save", 1, "loaded"]
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="a hook to return None or"):
        optimizer.step()


def test_copies():
    at, optimizer = run(engine, "Adam", {"lr": 0.1}, steps=3)
    params, twin = copy.deepcopy((at.params, optimizer))
    for p, q in zip(at.params, params, strict=True):
        q.grad = p.grad.clone()
    optimizer.step()
    twin.step()
    close(at.values(), [p.detach().numpy() for p in params])
    assert "lr: 0.1" in repr(optimizer)


def test_own_optimizer():
    class Half(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

        def step(self, closure=None):
            with engine.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        p.mul_(0.5)

    p = nn.Parameter(engine.tensor([2.0]))
    optimizer = Half([p])
    seen = []
    optimizer.register_step_post_hook(lambda *_: seen.append(1))
    optimizer.step()
    assert (p.item(), seen) == (1.0, [1])
    with pytest.raises(NotImplementedError, match=r"Optimizer: expected a step"):
        optim.Optimizer([p], {}).step()


def parameter():
    return nn.Parameter(engine.ones(2))


P, Q = nn.Parameter(engine.ones(2)), nn.Parameter(engine.ones(2))
REFUSED = [
    (lambda: optim.SGD([], lr=1), ValueError, "SGD: expected at least one parameter, got an empty list"),
    (lambda: optim.SGD(P), TypeError, "SGD: expected an iterable of tensors or dicts"),
    (lambda: optim.SGD([{"params": {P}}]), TypeError, "got a set; give a list"),
    (lambda: optim.SGD([3]), TypeError, "parameters to be Tensors, got int"),
    (lambda: optim.SGD([{"params": [P]}, 3]), TypeError, "a group to be a dict"),
    (lambda: optim.SGD([P * 2]), ValueError, "leaf tensors, got the result of an operation"),
    (lambda: optim.SGD([{"params": [P]}, {"params": [P]}]), ValueError, "each parameter in one group"),
    (lambda: optim.SGD([("a", P), Q]), ValueError, "all parameters with names, or none"),
    (lambda: optim.SGD([{"params": [("a", P)]}, {"params": [Q]}]), ValueError, "all groups with names"),
    (lambda: optim.SGD([P], lr=-1), ValueError, "SGD: expected lr of 0 or more, got -1"),
    (lambda: optim.SGD([P], lr=engine.ones(2)), ValueError, "lr to have one element"),
    (lambda: optim.SGD([P], momentum=-0.1), ValueError, "momentum of 0 or more"),
    (lambda: optim.SGD([P], nesterov=True), ValueError, "momentum and no dampening beside nesterov=True"),
    (lambda: optim.SGD([P], fused=True, foreach=True), RuntimeError, "one of foreach and fused"),
    (lambda: optim.Adam([P], fused=True, differentiable=True), RuntimeError, "differentiable=False"),
    (lambda: optim.Adam([P], betas=(1.0, 0.9)), ValueError, r"beta1 of betas in \[0, 1\), got 1.0"),
    (lambda: optim.AdamW([P], betas=(0.9, -1)), ValueError, r"AdamW: expected beta2"),
    (lambda: optim.AdamW([P], eps=-1), ValueError, "AdamW: expected eps of 0 or more"),
    (lambda: optim.Rprop([P], etas=(1.2, 1.3)), ValueError, "the first of etas"),
    (lambda: optim.Adadelta([P], rho=1.5), ValueError, "rho in"),
    (lambda: optim.NAdam([P], momentum_decay=-1), ValueError, "momentum_decay of 0 or more"),
    (lambda: optim.Lion([P], lr=float("nan")), ValueError, "Lion: expected lr of 0 or more, got nan"),
]


@pytest.mark.parametrize(("call", "error", "says"), REFUSED, ids=[says[:30] for *_, says in REFUSED])
def test_refuses(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_refuses_states_that_do_not_fit():
    one = optim.Adam([parameter()])
    one.param_groups[0]["params"][0].grad = engine.ones(2)
    one.step()
    two = optim.Adam([parameter(), parameter()])
    with pytest.raises(ValueError, match="load_state_dict: expected 2 parameters in group 0, got 1"):
        two.load_state_dict(one.state_dict())
    groups = optim.Adam([{"params": [parameter()]}, {"params": [parameter()]}])
    with pytest.raises(ValueError, match="load_state_dict: expected 2 parameter groups, got 1"):
        groups.load_state_dict(one.state_dict())
    other = optim.Adam([nn.Parameter(engine.ones(3))])
    with pytest.raises(ValueError, match=r"expected exp_avg of parameter 0 of shape \(3,\), got \(2,\)"):
        other.load_state_dict(one.state_dict())


def test_warns_of_doubles():
    with pytest.warns(UserWarning, match="more than once in one group"):
        optim.SGD([P, P])
