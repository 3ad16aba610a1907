"""`swap_in_optimizer_params_and_state`, compared with PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench import engine as ours

torch = pytest.importorskip("torch")


def made(lib: Any, name: str, start: float, n: int = 2) -> tuple[list[Any], Any]:
    """Parameters of fixed numbers and an optimizer in two groups that has taken a step."""
    params = [lib.nn.Parameter(lib.arange(6, dtype=lib.float64).reshape(2, 3) + start + i) for i in range(n)]
    options = {"lr": 0.1, "momentum": 0.9} if name == "SGD" else {"lr": 0.1}
    optimizer = getattr(lib.optim, name)([{"params": params[:1]}, {"params": params[1:], "lr": 0.3}], **options)
    stepped(params, optimizer)
    return params, optimizer


def stepped(params: list[Any], optimizer: Any) -> None:
    for p in params:
        p.grad = None
        (p * p).sum().backward()
    optimizer.step()


def story(lib: Any, name: str) -> list[Any]:
    """Two optimizers; the first steps the second's parameters and state, and then its own again."""
    params, optimizer = made(lib, name, 1.0)
    others, second = made(lib, name, 5.0)
    stepped(others, second)
    state = second.state_dict()
    groups, before = [dict(g) for g in optimizer.param_groups], dict(optimizer.state)
    with lib.optim.swap_in_optimizer_params_and_state(optimizer, {str(i): p for i, p in enumerate(others)}, state):
        stepped(others, optimizer)
        optimizer.param_groups[0]["lr"] = 7.0
        optimizer.state[others[0]]["more"] = 1
    assert [sorted(g) for g in groups] == [sorted(g) for g in optimizer.param_groups]
    assert all(a["params"] is b["params"] for a, b in zip(groups, optimizer.param_groups))
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert all(optimizer.state[p] is before[p] for p in params)
    assert "more" not in state["state"][0]
    stepped(params, optimizer)
    kept = [value for number in sorted(state["state"]) for _, value in sorted(state["state"][number].items()) if value is not None]
    return [t.detach().numpy() for t in (*params, *others, *kept)]


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adagrad"])
def test_steps_what_is_swapped_in(name: str) -> None:
    for found, expected in zip(story(ours, name), story(torch, name), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("lib", [ours, torch], ids=["ours", "torch"])
def test_refuses_what_does_not_fit(lib: Any) -> None:
    params, optimizer = made(lib, "SGD", 1.0)
    names, state = {"a": params[0], "b": params[1]}, optimizer.state_dict()
    swap = lib.optim.swap_in_optimizer_params_and_state
    fresh = lib.optim.SGD(params, lr=0.1)
    for given in (
        (fresh, names, state),
        (optimizer, {"a": params[0]}, state),
        (optimizer, names, {"state": state["state"]}),
        (optimizer, names, {**state, "param_groups": state["param_groups"][:1]}),
        (optimizer, names, {**state, "state": {7: {}}}),
        (optimizer, names, None),
    ):
        with pytest.raises(RuntimeError, match=r"swap_?in_"), swap(*given):
            pass
    assert [g["params"] for g in optimizer.param_groups] == [[params[0]], [params[1]]]
