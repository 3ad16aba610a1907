"""Seeds, generators and states, and what is drawn by Poisson's and the binomial law."""

from __future__ import annotations

import pickle
from typing import Any

from .tools import About, attempt, numbers, program


@program("torch.manual_seed", "torch.seed", "torch.initial_seed", "torch.get_rng_state", "torch.set_rng_state", "torch.default_generator",
         "torch.random.manual_seed", "torch.random.seed", "torch.random.initial_seed", "torch.random.get_rng_state",
         "torch.random.set_rng_state")  # fmt: skip
def seeds(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for key, module in (("torch", torch), ("random", torch.random)):
        back = module.manual_seed(7)
        first = torch.rand(3)
        state = module.get_rng_state()
        second = torch.rand(3)
        module.set_rng_state(state)
        repeats = bool((torch.rand(3) == second).all()), bool((first == second).all())
        module.manual_seed(7)
        again = bool((torch.rand(3) == first).all())
        seed = module.seed()
        kinds = type(seed).__name__, module.initial_seed() == seed, module.seed() != seed
        module.manual_seed(-1)
        wrapped = module.initial_seed()
        module.manual_seed(2**64 - 1)
        largest = module.initial_seed()
        states = state.dtype, state.dim(), isinstance(state, torch.Tensor)
        found[key] = isinstance(back, torch.Generator), repeats, again, kinds, wrapped, largest, states
        found[f"{key} refused"] = (
            [attempt(module.manual_seed, s) for s in (2**64, -(2**64), "a")],
            module.manual_seed(1.0).initial_seed(),
        )
        found[f"{key} state"] = [attempt(module.set_rng_state, s) for s in (3, torch.ones(3), torch.ones(3, dtype=torch.uint8))]
    torch.default_generator.manual_seed(11)
    x = torch.rand(2)
    torch.manual_seed(11)
    same = (
        bool((x == torch.rand(2)).all()),
        torch.initial_seed(),
        torch.default_generator.initial_seed(),
        str(torch.default_generator.device),
    )
    return found, same, torch.manual_seed(3) is torch.default_generator


@program("torch.Generator", "torch.thread_safe_generator")
def generators(torch: Any) -> Any:
    g = torch.Generator()
    first = g.initial_seed(), str(g.device), type(g.seed()).__name__, g.manual_seed(5) is g, g.initial_seed()
    state = g.get_state()
    x = torch.rand(4, generator=g)
    y = torch.randn(4, generator=g)
    g.set_state(state)
    repeats = bool((torch.rand(4, generator=g) == x).all()), bool((torch.randn(4, generator=g) == y).all())
    other = g.clone_state()
    both = bool((torch.rand(4, generator=g) == torch.rand(4, generator=other)).all()), other.initial_seed()
    copied = pickle.loads(pickle.dumps(g)) if not isinstance(attempt(pickle.dumps, g), Exception) else None
    more = copied is None or bool((torch.rand(4, generator=g) == torch.rand(4, generator=copied)).all())
    apart = torch.Generator().manual_seed(5)
    torch.rand(10)
    untouched = bool((torch.rand(4, generator=apart) == x).all())
    bad = attempt(torch.Generator, "cuda"), attempt(torch.Generator, "no such"), attempt(g.manual_seed, "a"), attempt(g.set_state, 3)
    bad += attempt(torch.rand, 2, generator=3), attempt(g.set_state, torch.ones(2)), attempt(g.manual_seed, 2**65)
    made = [torch.Generator(d).initial_seed() for d in ("cpu", torch.device("cpu"))], torch.Generator(device="cpu").initial_seed()
    return first, state.dtype, repeats, both, more, untouched, bad, made, type(torch.thread_safe_generator()).__name__


@program("torch.poisson")
def poisson(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for d in ("float64", "float32", "float16", "bfloat16"):
        for rate in (0.5, 4.0, 30.0):
            torch.manual_seed(2)
            x = torch.poisson(torch.full((4000,), rate, dtype=getattr(torch, d)))
            torch.manual_seed(2)
            again = bool((torch.poisson(torch.full((4000,), rate, dtype=getattr(torch, d))) == x).all())
            wide = x.double()
            whole = bool((wide == wide.round()).all() and (wide >= 0).all())
            found[f"{d} {rate}"] = (
                x.dtype,
                x.shape,
                whole,
                again,
                About(wide.mean().item(), rate * 0.1),
                About(wide.var().item(), rate * 0.25),
            )
    found["zero"] = torch.poisson(torch.zeros(3)), torch.poisson(torch.ones(0, 2)).shape
    g = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    rates = numbers(torch, 50, low=1.0, high=9.0)
    found["generator"] = bool((torch.poisson(rates, g[0]) == torch.poisson(rates, generator=g[1])).all())
    leaf = numbers(torch, 3, low=1.0, high=5.0, grad=True)
    found["gradient"] = torch.autograd.grad(torch.poisson(leaf).sum(), leaf)[0]
    bad = attempt(torch.poisson, torch.tensor([-1.0])), attempt(torch.poisson, torch.tensor([1])), attempt(torch.poisson, 2.0)
    return found, bad


@program("torch.binomial")
def binomial(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for d in ("float64", "float32"):
        for n, p in ((10.0, 0.3), (100.0, 0.7), (1.0, 0.5)):
            count, prob = (torch.full((4000,), v, dtype=getattr(torch, d)) for v in (n, p))
            torch.manual_seed(3)
            x = torch.binomial(count, prob)
            torch.manual_seed(3)
            again = bool((torch.binomial(count, prob) == x).all())
            inside = bool(((x >= 0) & (x <= n) & (x == x.round())).all())
            found[f"{d} {n} {p}"] = x.dtype, x.shape, inside, again, About(x.mean().item(), 0.06 * n), About(x.var().item(), 0.12 * n)
    ends = torch.binomial(torch.tensor([5.0, 5.0, 0.0]), torch.tensor([0.0, 1.0, 0.5]))
    broadcast = torch.binomial(torch.full((3, 1), 2.0), torch.full((4,), 0.5)).shape
    bad = attempt(torch.binomial, torch.tensor([1]), torch.tensor([0.5])), attempt(torch.binomial, 3.0, torch.tensor([0.5]))
    bad += (
        attempt(torch.binomial, torch.ones(2), torch.ones(2, dtype=torch.float64)),
        attempt(torch.binomial, torch.tensor([-1.0]), torch.tensor([0.5])),
    )
    return found, ends, broadcast, bad


@program("torch.random.fork_rng", "torch.random.thread_safe_generator")
def forked(torch: Any) -> Any:
    torch.manual_seed(9)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        inside = torch.rand(2)
    after = torch.rand(2)
    torch.manual_seed(9)
    same = bool((torch.rand(2) == after).all())
    torch.manual_seed(1)
    other = bool((torch.rand(2) == inside).all())
    with torch.random.fork_rng(enabled=False):
        torch.manual_seed(4)
    kept = torch.initial_seed()
    return same, other, kept, type(torch.random.thread_safe_generator()).__name__
