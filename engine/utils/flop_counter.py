"""Counting floating-point operations by module: PyTorch's `torch.utils.flop_counter`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ..flops import FORMULAS
from ..nn.module import Module

__all__ = ["FlopCounterMode", "register_flop_formula"]

flop_registry = FORMULAS
_SUFFIXES = ("", "K", "M", "B", "T")


def register_flop_formula(targets: Any, get_raw: bool = False) -> Callable[[Any], Any]:
    """A decorator: count an op by a formula.

    Args:
        targets: An op, its name, or a list of these.
        get_raw: Call the formula with tensors, and the result as `out_val`; otherwise with shapes, and that of the result as `out_shape`.
    """

    def register(formula: Callable[..., int]) -> Callable[..., int]:
        for target in targets if isinstance(targets, (list, tuple)) else [targets]:
            FORMULAS[_name(target)] = _by_shapes(formula, get_raw)
        return formula

    return register


def _name(op: Any) -> str:
    """The name of an op, given as itself, as an operator of `torch.ops`, or as its name."""
    return op.rpartition("::")[2] if isinstance(op, str) else getattr(op, "name", None) or op.__name__


def _by_shapes(formula: Callable[..., int], raw: bool) -> Callable[[Any, Any], int]:
    def shape(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(map(shape, value)) if any(isinstance(v, Tensor) for v in value) else value
        return value.shape if isinstance(value, Tensor) else value

    if raw:
        return lambda args, result: formula(*args, out_val=result)
    return lambda args, result: formula(*map(shape, args), out_shape=shape(result))


class FlopCounterMode:
    """Count, in a block, what matrix products, convolutions and attention take, forward and backward, by module.

    Args:
        mods: Accepted for PyTorch's sake: modules are found when they are called.
        depth: How many levels of modules the table shows.
        display: Print the table at the end.
        custom_mapping: More formulas, by op or name of an op.

    Example:
        >>> with FlopCounterMode(display=False) as counter:
        ...     _ = ones(2, 3) @ ones(3, 4)
        >>> counter.get_total_flops()
        48
    """

    def __init__(self, mods: Any = None, depth: int = 2, display: bool = True, custom_mapping: dict[Any, Any] | None = None) -> None:
        self.depth, self.display = depth, display
        own = {_name(op): _by_shapes(f, getattr(f, "_get_raw", False)) for op, f in (custom_mapping or {}).items()}
        self.formulas = {**FORMULAS, **own}
        self.flop_counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._within: list[str] = []  # the modules that are running, outermost first
        self._backward: list[str] | None = None  # those that the node belongs to whose derivative runs
        self._names: dict[Module, str] = {}
        self._block = core.intercept(self._around)

    def __enter__(self) -> FlopCounterMode:
        self.flop_counts.clear()
        self._within = ["Global"]
        self._block.__enter__()
        _follow(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _leave(self)
        self._block.__exit__(None, None, None)
        if self.display:
            print(self.get_table(self.depth))

    def _around(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        result = proceed(*args)
        if op.name in self.formulas:
            owners = self._within if self._backward is None else self._backward
            flops = self.formulas[op.name](args, result)
            for owner in dict.fromkeys(owners):
                self.flop_counts[owner][op.name] += flops
            first = result[0] if isinstance(result, (tuple, list)) else result
            if first.grad_fn is not None and hasattr(first.grad_fn, "register_prehook"):
                self._watch(first.grad_fn, list(self._within))
        return result

    def _watch(self, node: Any, owners: list[str]) -> None:
        """Count the derivative of a node for the modules that the node belongs to."""

        def before(grads: Any) -> None:
            self._backward = owners

        def after(grad_inputs: Any, grad_outputs: Any) -> None:
            self._backward = None

        node.register_prehook(before)
        node.register_hook(after)

    def _enter_module(self, module: Module) -> None:
        if module not in self._names:  # a module that no other has called is a root; those below are named after it
            root = type(module).__name__
            for name, below in module.named_modules():
                self._names.setdefault(below, f"{root}.{name}" if name else root)
        self._within.append(self._names[module])

    def get_total_flops(self) -> int:
        """All that was counted."""
        return sum(self.flop_counts["Global"].values())

    def get_flop_counts(self) -> dict[str, dict[Any, int]]:
        """What was counted, by module (the name of its root's class and its own below it; "Global" for all) and by op."""
        return {module: dict(ops) for module, ops in self.flop_counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """What was counted as text: modules, operations, and their share.

        Args:
            depth: How many levels of modules; that of the counter by default.
        """
        depth = self.depth if depth is None else depth
        total = self.get_total_flops()
        rows = [("Module", "FLOP", "% Total")]
        scale = min(max(0, (len(str(total)) - 1) // 3), len(_SUFFIXES) - 1)

        def add(name: str, level: int) -> None:
            ops = self.flop_counts[name]
            entries = [(" " * level + name, sum(ops.values())), *((" " * level + f" - aten.{op}", n) for op, n in ops.items())]
            for text, n in entries:
                rows.append((text, f"{n / 1000**scale:.3f}{_SUFFIXES[scale]}", f"{100 * n / total if total else 0:.2f}%"))

        modules = sorted(m for m in self.flop_counts if m != "Global" and m.count(".") + 1 <= depth)
        if "Global" in self.flop_counts:
            add("Global", 0)
        for module in modules:
            add(module, module.count(".") + 1)
        wide = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = ["  ".join((row[0].ljust(wide[0]), row[1].rjust(wide[1]), row[2].rjust(wide[2]))) for row in rows]
        return "\n".join([lines[0], "  ".join("-" * w for w in wide), *lines[1:]])


_FOLLOWERS: list[FlopCounterMode] = []


def _call(self: Module, *args: Any, **kwargs: Any) -> Any:
    """A call of a module that counters are told of."""
    told = list(_FOLLOWERS)
    for counter in told:
        counter._enter_module(self)
    try:
        return super(Module, self).__call__(*args, **kwargs)
    finally:
        for counter in told:
            counter._within.pop()


def _subclasses(cls: type) -> set[type]:
    return {cls}.union(*map(_subclasses, cls.__subclasses__()))


def _follow(counter: FlopCounterMode) -> None:
    """Let calls of modules, which are native otherwise, pass through `_call`: nothing is slower outside of the block."""
    if not _FOLLOWERS:
        Module.__call__ = _call  # type: ignore[assignment, method-assign]
    _FOLLOWERS.append(counter)


def _leave(counter: FlopCounterMode) -> None:
    if counter not in _FOLLOWERS:
        raise expected("FlopCounterMode", "a block that was entered", "one that was not", error=RuntimeError)
    _FOLLOWERS.remove(counter)
    if not _FOLLOWERS:
        del Module.__call__
        for cls in _subclasses(Module):
            core.module_subclass(cls)
