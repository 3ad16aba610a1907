"""Complex parameters, and states that go from one library to the other in the middle of a run."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import optim

from .test_optimizers import CASES, NAMES, Problem, close

torch = pytest.importorskip("torch")
SHAPES = [(3, 4), (5,), ()]
REAL_ALONE = ("Adafactor",)


class Complex(Problem):
    """The parameters and gradients of Problem with an imaginary part beside the real one."""

    def __init__(self, library):
        super().__init__(library, shapes=SHAPES)
        made = [p.detach() + 1j * (p.detach() * 0.5 + 1) for p in self.params]
        self.params = [library.nn.Parameter(p) for p in made]

    def gradients(self):
        self.t += 1
        for p, a in zip(self.params, self.scales, strict=True):
            noise = self.noise.normal(size=a.shape) + 1j * self.noise.normal(size=a.shape)
            p.grad = self.library.from_numpy(np.asarray(a * p.detach().numpy() + 0.3 * noise))


def steps(at, optimizer, n):
    for _ in range(n):
        at.gradients()
        optimizer.step()
    return at.values()


@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)])
def test_complex_parameters(name, options):
    ours, theirs = Complex(engine), Complex(torch)
    if name in REAL_ALONE:
        for lib, at in ((engine, ours), (torch, theirs)):
            with pytest.raises(RuntimeError):
                steps(at, getattr(lib.optim, name)(at.params, **options), 1)
        return
    a, b = getattr(optim, name)(ours.params, **options), getattr(torch.optim, name)(theirs.params, **options)
    close(steps(ours, a, 20), steps(theirs, b, 20))
    for mine, other in zip(a.state_dict()["state"].values(), b.state_dict()["state"].values(), strict=True):
        assert {k: str(v.dtype) for k, v in mine.items() if hasattr(v, "dtype")} == {
            k: str(v.dtype) for k, v in other.items() if hasattr(v, "dtype")
        }


def test_lbfgs_takes_complex_parameters():
    found = []
    for lib in (engine, torch):
        at = Complex(lib)
        optimizer = lib.optim.LBFGS(at.params, lr=0.5, max_iter=4, line_search_fn="strong_wolfe")

        def closure(at=at, optimizer=optimizer):
            optimizer.zero_grad()
            loss = sum(((p - 1).abs() ** 2 + (p * p).abs() * 0.2).sum() for p in at.params)
            loss.backward()
            return loss

        optimizer.step(closure)
        found.append(at.values())
    close(*found)


def test_muon_refuses_complex_matrices():
    for lib in (engine, torch):
        p = lib.nn.Parameter(lib.ones(2, 2, dtype=lib.complex64))
        p.grad = lib.ones_like(p)
        with pytest.raises(RuntimeError, match=r"complex|real"):
            lib.optim.Muon([p]).step()


def carried(value):
    """A state dictionary with the other library's tensors."""
    if isinstance(value, dict):
        return {k: carried(v) for k, v in value.items()}
    if isinstance(value, list):
        return [carried(v) for v in value]
    if isinstance(value, engine.Tensor):
        return torch.from_numpy(np.array(value.detach().numpy()))
    return engine.from_numpy(np.array(value.detach().numpy())) if isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("first", [engine, torch], ids=["to torch", "from torch"])
def test_states_go_over(name, first):
    second = torch if first is engine else engine
    options = next(o for n, o in reversed(CASES) if n == name)
    at, whole = Problem(first), Problem(first)
    optimizer, through = getattr(first.optim, name)(at.params, **options), getattr(first.optim, name)(whole.params, **options)
    steps(at, optimizer, 7)
    to = Problem(second)
    for _ in range(7):
        to.gradients()
    for p, value in zip(to.params, at.values(), strict=True):
        p.data = second.from_numpy(np.array(value))
    there = getattr(second.optim, name)(to.params, **options)
    there.load_state_dict(carried(optimizer.state_dict()))
    close(steps(to, there, 8), steps(whole, through, 15))
    assert set(there.state_dict()["param_groups"][0]) == set(optimizer.state_dict()["param_groups"][0])


def test_rprop_has_no_weight_decay():
    """Whatever stands in the group, as in PyTorch."""
    found = []
    for lib in (engine, torch):
        at = Problem(lib)
        optimizer = lib.optim.Rprop(at.params)
        optimizer.param_groups[0]["weight_decay"] = 0.5
        found.append(steps(at, optimizer, 5))
    close(*found)
