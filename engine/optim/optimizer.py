"""The base of all optimizers: parameter groups, their state, saving and loading it."""

from __future__ import annotations

import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import count
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected

KERNELS = ("float32", "float64")  # dtypes that the fused steps take


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away."""

    _ids = count()

    def __init__(self, hooks: dict[int, Any]) -> None:
        self.hooks, self.id = hooks, next(self._ids)

    def remove(self) -> None:
        self.hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def number(name: str, what: str, value: Any, low: float = 0.0, below: float | None = None) -> Any:
    """A hyperparameter, checked: `low` <= value (< `below`). Tensors of one element pass as they are."""
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise expected(name, f"{what} to have one element", value)
        plain = value.item()
    else:
        plain = value
    if not low <= plain or (below is not None and not plain < below):
        raise expected(name, f"{what} of {low:g} or more" if below is None else f"{what} in [{low:g}, {below:g})", value)
    return value


def check_paths(name: str, foreach: bool | None, fused: bool | None, differentiable: bool) -> None:
    """The ways of computing exclude each other; here they all mean the same numbers."""
    if foreach and fused:
        raise expected(name, "one of foreach and fused", "both", error=RuntimeError)
    if fused and differentiable:
        raise expected(name, "differentiable=False beside fused=True", "differentiable=True", error=RuntimeError)


class Optimizer:
    """Base class: subclasses define `_update`, or `step` itself.

    Args:
        params: Tensors, (name, tensor) pairs, or dicts with a "params" entry and options of that group.
        defaults: Options of groups that do not give their own.

    Raises:
        ValueError: No parameters, a parameter in two groups, or one that is not a leaf.
        TypeError: Something else than tensors, or a set, which has no order.
    """

    _shaped: tuple[str, ...] = ()  # state tensors of their parameter's shape

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise expected(type(self).__name__, "an iterable of tensors or dicts", params, "put it in a list", TypeError)
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._begin()
        groups = list(params)
        if not groups:
            raise expected(type(self).__name__, "at least one parameter", "an empty list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def _begin(self) -> None:
        self._plans: dict[int, Any] = {}  # by the number of the group: see fused.py
        self._stepped = False
        self._hooks: dict[str, OrderedDict[int, Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_plans" not in self.__dict__:
            self._begin()
        self._plans = {}

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines += [f"Parameter Group {i}"] + [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, with options of its own where it gives them."""
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise expected(name, "a group to be a dict", param_group, error=TypeError)
        group = dict(param_group)
        params = group["params"]
        if isinstance(params, set):
            raise expected(name, "parameters in an order", "a set", "give a list", TypeError)
        params = [params] if isinstance(params, Tensor) else list(params)
        named = [isinstance(p, tuple) for p in params]
        if any(named):
            if not all(named):
                raise expected(name, "all parameters with names, or none", "some", error=ValueError)
            group["param_names"], params = [p[0] for p in params], [p[1] for p in params]
        if self.param_groups and ("param_names" in self.param_groups[0]) != ("param_names" in group):
            raise expected(name, "all groups with names, or none", "some")
        for p in params:
            if not isinstance(p, Tensor):
                raise expected(name, "parameters to be Tensors", type(p).__name__, error=TypeError)
            if not self.defaults.get("differentiable") and not (p.is_leaf or p.retains_grad):
                raise expected(name, "leaf tensors", "the result of an operation", "give the tensor it came from")
        group["params"] = params
        for option, default in self.defaults.items():
            if default is required and option not in group:
                raise expected(name, f"{option} for every group", "a group without")
            group.setdefault(option, default)
        ids = {id(p) for p in params}
        if len(ids) < len(params):
            warnings.warn(f"{name}: a parameter comes more than once in one group", stacklevel=3)
        if any(id(p) in ids for other in self.param_groups for p in other["params"]):
            raise expected(name, "each parameter in one group", "some in more than one")
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or with `set_to_none=False` set them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients.

        Args:
            closure: Computes the loss and the gradients anew, and returns the loss.

        Returns:
            What `closure` returned, or None.
        """
        loss = None
        if closure is not None:
            with core.enable_grad():
                loss = closure()
        self._update()
        self._stepped = True
        return loss

    def _update(self) -> None:
        raise NotImplementedError(f"{type(self).__name__}: expected a step(closure) of its own; define it in the subclass")

    # -- hooks: the first one wraps `step` of this optimizer, so that without hooks a step pays nothing

    def _hang(self, kind: str, hook: Any, first: bool = False) -> RemovableHandle:
        hooks = self._hooks.setdefault(kind, OrderedDict())
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        if first:
            hooks.move_to_end(handle.id, last=False)
        if kind in ("step_pre", "step_post") and "step" not in self.__dict__:
            self.step = self._hooked_step  # type: ignore[method-assign]
        return handle

    def _run(self, kind: str, *args: Any) -> Any:
        for hook in list(self._hooks.get(kind, {}).values()):
            yield hook(*args)

    def _hooked_step(self, *args: Any, **kwargs: Any) -> Any:
        for hook in list(self._hooks.get("step_pre", {}).values()):
            changed = hook(self, args, kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise expected("step", "a hook to return None or (args, kwargs)", changed, error=RuntimeError)
                args, kwargs = changed
        result = type(self).step(self, *args, **kwargs)
        for _ in self._run("step_post", self, args, kwargs):
            pass
        return result

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return changed (args, kwargs)."""
        return self._hang("step_pre", hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return self._hang("step_post", hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict` collects."""
        return self._hang("save_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` on what `state_dict` collected; it may return another."""
        return self._hang("save_post", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before a state is loaded; it may return another."""
        return self._hang("load_pre", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after a state was loaded."""
        return self._hang("load_post", hook, prepend)

    # -- saving and loading

    def state_dict(self) -> dict[str, Any]:
        """The state: "state" by the number of the parameter, and "param_groups" with numbers in place of the parameters."""
        for _ in self._run("save_pre", self):
            pass
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
            groups.append({**group, "params": [numbers[id(p)] for p in group["params"]]})
        state = {numbers[id(p)]: _own_steps(value) for p, value in self.state.items() if value and id(p) in numbers}
        out: dict[str, Any] = {"state": state, "param_groups": groups}
        for changed in self._run("save_post", self, out):
            out = changed if changed is not None else out
        return out

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take a state back; state tensors get the dtype and the memory order of their parameters.

        Where both sides have names of parameters, those decide what belongs to what; else their order does.

        Raises:
            ValueError: Groups or parameters do not fit, or a state tensor is of another shape than its parameter.
        """
        given = dict(state_dict)
        for changed in self._run("load_pre", self, given):
            given = changed if changed is not None else given
        saved_groups = deepcopy(given["param_groups"])
        if len(saved_groups) != len(self.param_groups):
            raise expected("load_state_dict", f"{len(self.param_groups)} parameter groups", str(len(saved_groups)))
        owner: dict[int, Tensor] = {}
        for i, (group, saved) in enumerate(zip(self.param_groups, saved_groups, strict=True)):
            if len(saved["params"]) != len(group["params"]):
                raise expected("load_state_dict", f"{len(group['params'])} parameters in group {i}", str(len(saved["params"])))
            owner.update(_pair(group, saved))
        state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        for key, value in given["state"].items():
            if key in owner:
                state[owner[key]] = {name: _fit(owner[key], name, v, name in self._shaped, key) for name, v in value.items()}
            else:
                state[key] = value
        groups = []
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved["param_names"] = group["param_names"]
            else:
                saved.pop("param_names", None)
            groups.append(saved)
        self.__setstate__({"state": state, "param_groups": groups})
        for _ in self._run("load_post", self):
            pass


def _own_steps(state: dict[str, Any]) -> dict[str, Any]:
    """A parameter's state with a step counter of its own: in use, parameters share theirs."""
    if isinstance(state.get("step"), Tensor):
        return {**state, "step": state["step"].clone()}
    return state


def _pair(group: dict[str, Any], saved: dict[str, Any]) -> Iterable[tuple[int, Tensor]]:
    """The saved numbers of parameters with the parameters that they belong to."""
    names, saved_names = group.get("param_names"), saved.get("param_names")
    if names and saved_names and names != saved_names and sorted(names) == sorted(saved_names):
        by_name = dict(zip(names, group["params"], strict=True))
        return zip(saved["params"], (by_name[n] for n in saved_names), strict=True)
    return zip(saved["params"], group["params"], strict=True)


def _fit(p: Tensor, name: str, value: Any, shaped: bool, key: int) -> Any:
    """A state entry made to fit its parameter; a copy."""
    if not isinstance(value, Tensor):
        return deepcopy(value)
    value = value.detach()
    if name == "step":
        return value.clone()
    if shaped and value.shape != p.shape:
        raise expected("load_state_dict", f"{name} of parameter {key} of shape {tuple(p.shape)}", str(tuple(value.shape)))
    if value.shape != p.shape or not p.is_floating_point():
        return value.to(p.dtype).clone() if p.is_floating_point() else value.clone()
    with core.no_grad():
        return empty_like(p).copy_(value)


def is_dense(t: Tensor) -> bool:
    """Whether a tensor fills its memory without gaps, in some order of its dimensions."""
    filled = 1
    for stride, size in sorted(zip(t.stride(), t.shape, strict=True)):
        if size != 1 and stride != filled:
            return False
        filled *= size
    return True


def empty_like(p: Tensor) -> Tensor:
    """Memory for a state of `p`, in its memory order if that has no gaps."""
    return core.make_empty_strided(p.shape, p.stride(), p.dtype) if is_dense(p) else core.make_empty(p.shape, p.dtype)


def zeros_like(p: Tensor) -> Tensor:
    """A state of zeros for `p`, in its memory order."""
    with core.no_grad():
        return empty_like(p).zero_()
