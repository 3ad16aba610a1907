"""Other parameters and another state for an optimizer, for a while."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workbench.ext.core._core import Tensor

from ..errors import expected
from .optimizer import Optimizer

NAME = "swap_in_optimizer_params_and_state"


@contextmanager
def swap_in_optimizer_params_and_state(
    optimizer: Optimizer, swapin_parameters: dict[str, Tensor], swapin_optim_state: dict[str, Any]
) -> Iterator[None]:
    """Let an optimizer work on other parameters, with another state, inside the block.

    Unlike `load_state_dict` this changes which tensors the optimizer has, and copies nothing: a step inside the block writes into the given
    parameters and state tensors. What the block puts anew into the state, or into a group, is gone after it.

    Args:
        optimizer: Whose parameters and state; after the block it is what it was before.
        swapin_parameters: Parameters by name, in the order of the optimizer's own.
        swapin_optim_state: State as `state_dict` gives it, with the options of each group.

    Raises:
        RuntimeError: The optimizer has no state yet, or what is given does not fit its groups and parameters.

    Example:
        >>> w = nn.Parameter(ones(2))
        >>> opt = optim.SGD([w], lr=1.0, momentum=0.5)
        >>> w.sum().backward()
        >>> opt.step()
        >>> other = nn.Parameter(zeros(2))
        >>> with optim.swap_in_optimizer_params_and_state(opt, {"w": other}, opt.state_dict()):
        ...     other.sum().backward()
        ...     opt.step()
        >>> w.tolist(), other.tolist()
        ([0.0, 0.0], [-1.5, -1.5])
    """
    state, groups = _checked(optimizer, swapin_parameters, swapin_optim_state)
    given = iter(swapin_parameters.values())
    before = optimizer.state, [dict(group) for group in optimizer.param_groups], optimizer._plans
    swapped: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
    owners = []
    try:
        for group, saved in zip(optimizer.param_groups, groups, strict=True):
            params = [next(given) for _ in group["params"]]
            group.update({k: v for k, v in saved.items() if k != "params"}, params=params)
            for p, number in zip(params, saved["params"], strict=True):
                swapped[p] = dict(state.get(number, {}))
                owners.append((p, number))
        optimizer.state, optimizer._plans = swapped, {}
        yield
    finally:
        for p, number in owners:  # in use, parameters share a counter of their own
            count, counted = state.get(number, {}).get("step"), swapped[p].get("step")
            if isinstance(count, Tensor) and isinstance(counted, Tensor) and count is not counted:
                count.copy_(counted)
        optimizer.state, kept, optimizer._plans = before
        for group, old in zip(optimizer.param_groups, kept, strict=True):
            group.clear()
            group.update(old)


def _checked(optimizer: Optimizer, parameters: dict[str, Tensor], given: Any) -> tuple[dict[int, Any], list[dict[str, Any]]]:
    """State and groups of what is given, if they fit the optimizer."""
    if not optimizer.state:
        raise expected(NAME, "an optimizer with a state", "one without", "take a step first", RuntimeError)
    parts = [given.get(key) if isinstance(given, dict) else None for key in ("state", "param_groups")]
    if not isinstance(parts[0], dict) or not isinstance(parts[1], (list, tuple)):
        raise expected(NAME, "swapin_optim_state as state_dict gives it", given, error=RuntimeError)
    state, groups = parts[0], list(parts[1])
    sizes, found = [len(g["params"]) for g in optimizer.param_groups], [len(g.get("params", ())) for g in groups]
    if sizes != found:
        raise expected(NAME, f"groups of {sizes} parameters", str(found), error=RuntimeError)
    if len(parameters) < sum(sizes):
        raise expected(NAME, f"{sum(sizes)} parameters", str(len(parameters)), error=RuntimeError)
    unknown = set(state).difference(*(group["params"] for group in groups))
    if unknown:
        raise expected(NAME, "state of the parameters that the groups number", f"that of {sorted(unknown)}", error=RuntimeError)
    return state, groups
