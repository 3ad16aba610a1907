"""Schedules: the rates of torch over many epochs, chaining, saving, refusals."""

import json

import pytest

from workbench import engine
from workbench.engine import nn, optim
from workbench.engine.optim import lr_scheduler as S

CASES = {
    "lambda": lambda L, o: L.LambdaLR(o, [lambda t: 0.95**t, lambda t: 1 / (1 + t)]),
    "multiplicative": lambda L, o: L.MultiplicativeLR(o, lambda t: 1 - 1 / (t + 2)),
    "step": lambda L, o: L.StepLR(o, 7, 0.5),
    "multistep": lambda L, o: L.MultiStepLR(o, [15, 3, 8, 8], 0.3),
    "constant": lambda L, o: L.ConstantLR(o, 0.2, 6),
    "linear": lambda L, o: L.LinearLR(o, 0.1, 0.9, 12),
    "exponential": lambda L, o: L.ExponentialLR(o, 0.9),
    "polynomial": lambda L, o: L.PolynomialLR(o, 20, 1.7),
    "cosine": lambda L, o: L.CosineAnnealingLR(o, 9, 0.01),
    "restarts": lambda L, o: L.CosineAnnealingWarmRestarts(o, 5, 2, 0.01),
    "restarts-equal": lambda L, o: L.CosineAnnealingWarmRestarts(o, 4),
    "one-cycle": lambda L, o: L.OneCycleLR(o, [0.5, 1.0], total_steps=45),
    "one-cycle-linear": lambda L, o: L.OneCycleLR(o, 0.5, epochs=9, steps_per_epoch=5, anneal_strategy="linear", pct_start=0.2),
    "one-cycle-three": lambda L, o: L.OneCycleLR(o, 0.5, total_steps=60, three_phase=True, base_momentum=0.7),
    "cyclic": lambda L, o: L.CyclicLR(o, 0.01, [0.1, 0.2], 4, 7),
    "cyclic-2": lambda L, o: L.CyclicLR(o, 0.01, 0.1, 5, mode="triangular2", base_momentum=0.5),
    "cyclic-exp": lambda L, o: L.CyclicLR(o, 0.01, 0.1, 5, mode="exp_range", gamma=0.97, cycle_momentum=False),
    "cyclic-own": lambda L, o: L.CyclicLR(o, 0.01, 0.1, 5, scale_fn=lambda c: 0.7**c),
    "sequential": lambda L, o: L.SequentialLR(
        o, [L.LinearLR(o, 0.1, total_iters=5), L.CosineAnnealingLR(o, 10), L.ExponentialLR(o, 0.5)], [5, 20]
    ),
    "sequential-restarts": lambda L, o: L.SequentialLR(o, [L.ConstantLR(o, 0.1, 3), L.CosineAnnealingWarmRestarts(o, 4)], [3]),
    "chained": lambda L, o: L.ChainedScheduler([L.ConstantLR(o, 0.5, 4), L.ExponentialLR(o, 0.9), L.StepLR(o, 5)]),
}
STEPS = 44


def optimizer(library, kind="SGD"):
    a, b = (library.nn.Parameter(library.ones(1)) for _ in range(2))
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(library.optim, kind)([{"params": [a]}, {"params": [b], "lr": 0.4}], lr=0.3, **options)


def momenta(o):
    return [g.get("momentum", g.get("betas", (0,))[0] if "betas" in g else 0) for g in o.param_groups]


def rates(o, schedule, steps=STEPS):
    out = []
    for _ in range(steps):
        out.append(schedule.get_last_lr() + [g["lr"] for g in o.param_groups] + momenta(o))
        o.step()
        schedule.step()
    return out


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("case", CASES)
def test_against_torch(case, kind):
    torch = pytest.importorskip("torch")
    ours, theirs = optimizer(engine, kind), optimizer(torch, kind)
    a, b = rates(ours, CASES[case](S, ours)), rates(theirs, CASES[case](torch.optim.lr_scheduler, theirs))
    for x, y in zip(a, b, strict=True):
        assert x == pytest.approx(y, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_goes_on_after_loading(case):
    o = optimizer(engine)
    whole = rates(o, CASES[case](S, o))
    first = optimizer(engine)
    schedule = CASES[case](S, first)
    begun = rates(first, schedule, 17)
    saved = json.loads(json.dumps(schedule.state_dict()))
    other = optimizer(engine)
    resumed = CASES[case](S, other)
    other.load_state_dict(first.state_dict())
    resumed.load_state_dict(saved)
    assert begun + rates(other, resumed, STEPS - 17) == whole


@pytest.mark.parametrize("case", ["step", "multistep", "constant", "linear", "exponential", "polynomial", "cosine", "lambda", "one-cycle"])
def test_given_epoch(case):
    torch = pytest.importorskip("torch")
    ours, theirs = optimizer(engine), optimizer(torch)
    a, b = CASES[case](S, ours), CASES[case](torch.optim.lr_scheduler, theirs)
    ours.step()
    theirs.step()
    for t in (3, 8, 15, 1):
        for schedule in (a, b):
            with pytest.warns(UserWarning, match="epoch"):
                schedule.step(t)
        assert a.get_last_lr() == pytest.approx(b.get_last_lr(), rel=1e-12)


def test_restarts_at_fractions():
    torch = pytest.importorskip("torch")
    ours, theirs = optimizer(engine), optimizer(torch)
    a, b = S.CosineAnnealingWarmRestarts(ours, 3, 2), torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs, 3, 2)
    for t in (0.5, 2.9, 3.0, 4.25, 8.75, 9.5, 30.1):
        a.step(t)
        b.step(t)
        assert a.get_last_lr() == pytest.approx(b.get_last_lr(), rel=1e-9)
    with pytest.raises(ValueError, match="epoch of 0 or more"):
        a.step(-1)


def test_starts_in_the_middle():
    torch = pytest.importorskip("torch")
    for case in ("exponential", "cosine", "linear", "polynomial", "multistep", "lambda"):
        results = []
        for library, schedules in ((engine, S), (torch, torch.optim.lr_scheduler)):
            o = optimizer(library)
            for group in o.param_groups:
                group["initial_lr"], group["lr"] = group["lr"], group["lr"] / 2
            make = {
                "exponential": lambda L, o: L.ExponentialLR(o, 0.9, last_epoch=4),
                "cosine": lambda L, o: L.CosineAnnealingLR(o, 9, last_epoch=4),
                "linear": lambda L, o: L.LinearLR(o, total_iters=9, last_epoch=4),
                "polynomial": lambda L, o: L.PolynomialLR(o, 9, last_epoch=4),
                "multistep": lambda L, o: L.MultiStepLR(o, [5, 7], last_epoch=4),
                "lambda": lambda L, o: L.LambdaLR(o, lambda t: 0.9**t, last_epoch=4),
            }[case]
            results.append(rates(o, make(schedules, o), 10))
        for x, y in zip(*results, strict=True):
            assert x == pytest.approx(y, rel=1e-12)
    with pytest.raises(KeyError, match="initial_lr in group 0 beside last_epoch=4"):
        S.ExponentialLR(optimizer(engine), 0.9, last_epoch=4)


METRICS = [5, 4, 4.00001, 4.1, 3.9, 3.95, 3.92, 3.91, 3.9, 3.9, 3.89999, 5, 5, 5, 5, 1, 1, 1, 1, 1, 1, 1, 1, float("nan"), 0.5] * 2


@pytest.mark.parametrize(("mode", "threshold"), [("min", "rel"), ("min", "abs"), ("max", "rel"), ("max", "abs")])
def test_plateau(mode, threshold):
    torch = pytest.importorskip("torch")
    options = {"mode": mode, "threshold_mode": threshold, "patience": 2, "cooldown": 1}
    options |= {"factor": 0.3, "threshold": 0.01, "min_lr": [1e-3, 0.02]}
    ours, theirs = optimizer(engine), optimizer(torch)
    a, b = S.ReduceLROnPlateau(ours, **options), torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    for i, m in enumerate(METRICS):
        a.step(engine.tensor(float(m)))
        b.step(torch.tensor(float(m)))
        assert a.get_last_lr() == pytest.approx(b.get_last_lr(), rel=1e-12)
        if i == 10:
            saved = a.state_dict()
            a = S.ReduceLROnPlateau(ours)
            a.load_state_dict(saved)


def test_chain_in_a_sequence():
    """In torch the parts of such a chain take their first step twice."""
    o, alone = optimizer(engine), optimizer(engine)
    chain = S.ChainedScheduler([S.ConstantLR(alone, 0.5, 4), S.ExponentialLR(alone, 0.9)])
    inside = S.ChainedScheduler([S.ConstantLR(o, 0.5, 4), S.ExponentialLR(o, 0.9)])
    both = S.SequentialLR(o, [inside, S.StepLR(o, 3)], [6])
    assert rates(o, both, 6) == rates(alone, chain, 6)
    assert [r[0] for r in rates(o, both, 4)] == pytest.approx([o.param_groups[0]["initial_lr"]] * 3 + [0.03])


def test_plateau_with_new_groups():
    o = optimizer(engine)
    schedule = S.ReduceLROnPlateau(o, patience=0, min_lr=0.1)
    o.add_param_group({"params": [nn.Parameter(engine.ones(1))], "lr": 1.0})
    schedule.step(1.0)
    schedule.step(2.0)
    assert schedule.get_last_lr() == [0.1, 0.1, 0.1]
    schedule = S.ReduceLROnPlateau(o, patience=0, min_lr=[0.1, 0.2, 0.3])
    o.add_param_group({"params": [nn.Parameter(engine.ones(1))], "lr": 1.0})
    schedule.step(1.0)
    with pytest.raises(RuntimeError, match="min_lrs for 4 parameter groups, got 3"):
        schedule.step(2.0)


def test_rates_in_tensors():
    p = nn.Parameter(engine.ones(1))
    rate = engine.tensor(1.0)
    o = optim.SGD([p], lr=rate)
    schedule = S.ExponentialLR(o, 0.5)
    o.step()
    schedule.step()
    assert o.param_groups[0]["lr"] is rate
    assert rate.item() == 0.5
    last = schedule.get_last_lr()[0]
    last.fill_(9.0)
    assert rate.item() == 0.5


def test_objects_as_functions():
    class Decay:
        def __init__(self):
            self.k = 0.5

        def __call__(self, t):
            return self.k**t

    o = optimizer(engine)
    f = Decay()
    schedule = S.LambdaLR(o, [f, lambda t: 1.0])
    f.k = 0.25
    saved = schedule.state_dict()
    assert saved["lr_lambdas"] == [{"k": 0.25}, None]
    g = Decay()
    other = S.LambdaLR(optimizer(engine), [g, lambda t: 1.0])
    other.load_state_dict(saved)
    assert g.k == 0.25


def test_order_of_steps():
    o = optimizer(engine)
    schedule = S.StepLR(o, 1)
    with pytest.warns(UserWarning, match=r"StepLR: expected optimizer.step\(\) before"):
        schedule.step()
    with pytest.warns(UserWarning, match="get_last_lr"):
        schedule.get_lr()


def test_own_schedule():
    class Two(S.LRScheduler):
        def get_lr(self):
            return [2.0 * self.last_epoch for _ in self.base_lrs]

    o = optimizer(engine)
    schedule = Two(o)
    o.step()
    schedule.step()
    assert schedule.get_last_lr() == [2.0, 2.0]
    with pytest.raises(NotImplementedError, match="LRScheduler: expected a get_lr"):
        S.LRScheduler(o)


O, PLAIN = optimizer(engine), optim.Adagrad([nn.Parameter(engine.ones(1))])
REFUSED = [
    (lambda: S.StepLR(3, 1), TypeError, "StepLR: expected an Optimizer, got int"),
    (lambda: S.StepLR(O, 0), ValueError, "step_size above 0"),
    (lambda: S.LambdaLR(O, [abs]), ValueError, "lr_lambda for 2 parameter groups, got 1 values"),
    (lambda: S.MultiplicativeLR(O, 3), TypeError, "lr_lambda to be a function, got 3"),
    (lambda: S.ConstantLR(O, 2), ValueError, r"factor in \[0, 1\], got 2"),
    (lambda: S.LinearLR(O, 0), ValueError, "start_factor in"),
    (lambda: S.LinearLR(O, 0.5, 2), ValueError, "end_factor in"),
    (lambda: S.CosineAnnealingLR(O, 0), ValueError, "T_max above 0"),
    (lambda: S.CosineAnnealingWarmRestarts(O, 0), ValueError, "T_0 to be an int above 0"),
    (lambda: S.CosineAnnealingWarmRestarts(O, 3, 0), ValueError, "T_mult to be an int of 1 or more"),
    (lambda: S.OneCycleLR(O, 1.0), ValueError, "total_steps, or epochs and steps_per_epoch, got neither"),
    (lambda: S.OneCycleLR(O, 1.0, total_steps=0), ValueError, "total_steps to be an int above 0"),
    (lambda: S.OneCycleLR(O, 1.0, epochs=1, steps_per_epoch=1.5), ValueError, "steps_per_epoch to be an int"),
    (lambda: S.OneCycleLR(O, 1.0, 5, pct_start=2), ValueError, "pct_start in"),
    (lambda: S.OneCycleLR(O, 1.0, 5, anneal_strategy="sine"), ValueError, 'to be "cos" or "linear"'),
    (lambda: S.OneCycleLR(PLAIN, 1.0, 5), ValueError, "an optimizer with momentum or betas, got Adagrad; set cycle_momentum=False"),
    (lambda: S.CyclicLR(O, 0.1, 1.0, mode="square"), ValueError, 'mode to be "triangular"'),
    (lambda: S.ReduceLROnPlateau(O, factor=1.0), ValueError, "factor below 1"),
    (lambda: S.ReduceLROnPlateau(O, mode="up"), ValueError, 'mode to be "min" or "max"'),
    (lambda: S.ReduceLROnPlateau(O, threshold_mode="x"), ValueError, "threshold_mode to be"),
    (lambda: S.SequentialLR(O, [], []), ValueError, "at least one scheduler"),
    (lambda: S.SequentialLR(O, [S.StepLR(O, 1)], [3]), ValueError, "0 milestones for 1 schedulers, got 1"),
    (lambda: S.SequentialLR(PLAIN, [S.StepLR(O, 1)], []), ValueError, "schedulers of one optimizer"),
    (lambda: S.ChainedScheduler([S.ReduceLROnPlateau(O)]), ValueError, "step it by itself"),
    (lambda: S.ChainedScheduler([S.StepLR(O, 1), 3]), TypeError, "schedulers with an optimizer, at place 1 too, got int"),
]


@pytest.mark.parametrize(("call", "error", "says"), REFUSED, ids=[says[:30] for *_, says in REFUSED])
def test_refuses(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_one_cycle_ends():
    o = optimizer(engine)
    schedule = S.OneCycleLR(o, 1.0, total_steps=3)
    rates(o, schedule, 3)
    with pytest.raises(ValueError, match="at most 3 steps, got step 4"):
        schedule.step()


def test_a_cycle_whose_way_up_is_one_step_begins_at_the_peak():
    """pct_start * total_steps = 1, where PyTorch divides by zero; a way up that is hardly longer says what comes after."""
    exact, longer = (optimizer(engine) for _ in range(2))
    ours = rates(exact, S.OneCycleLR(exact, 1.0, total_steps=4, pct_start=0.25), 3)
    expected = rates(longer, S.OneCycleLR(longer, 1.0, total_steps=4, pct_start=0.25 + 1e-9), 3)
    assert ours[0][0] == 1.0
    for mine, theirs in zip(ours[1:], expected[1:], strict=True):
        assert mine == pytest.approx(theirs, rel=1e-5)
