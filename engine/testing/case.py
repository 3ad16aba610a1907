"""The cases of an op: which samples it is tried on, and what can be done with one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from workbench.ext.core import _core as core

from ..ops._define import REGISTRY
from .maker import Call, Maker

WITHOUT_RULES = ("composite", "view", "cast", "clone", "contiguous")  # families that are differentiable without a derivative said


class Skip(Exception):  # noqa: N818  (it is no error)
    """Raised by a check that does not apply to a case."""


def defined() -> dict[str, Any]:
    """All ops that have samples, by name, without in-place forms."""
    return {name: o for name, o in REGISTRY.items() if o.definition.name == name and o.definition.samples is not None}


def calls(op: Any, dtype: str) -> list[Call]:
    """The samples of an op for a dtype, in order; the same values each time."""
    return list(op.definition.samples(Maker(op.definition.name, dtype)))


def refused(op: Any, dtype: str = "float32") -> list[Call]:
    """The bad samples of an op."""
    found = op.definition.refuses
    return [] if found is None else list(found(Maker(op.definition.name + "!", dtype)))


def map_tensors(f: Callable[[core.Tensor], Any], value: Any) -> Any:
    """`value` with `f` applied to every tensor in it, through tuples, lists and dictionaries."""
    if isinstance(value, core.Tensor):
        return f(value)
    if isinstance(value, (tuple, list)):
        mapped = [map_tensors(f, v) for v in value]
        return type(value)(mapped) if type(value) in (tuple, list) else tuple(mapped)
    if isinstance(value, dict):
        return {k: map_tensors(f, v) for k, v in value.items()}
    return value


def tensors_in(value: Any) -> Iterator[core.Tensor]:
    """Every tensor in a value."""
    if isinstance(value, core.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from tensors_in(v)
    elif isinstance(value, dict):
        yield from tensors_in(tuple(value.values()))


def floating(tensors: Iterable[core.Tensor]) -> list[core.Tensor]:
    """Those of a floating dtype."""
    return [t for t in tensors if t.is_floating_point()]


class Case:
    """An op with one sample."""

    def __init__(self, op: Any, call: Call, dtype: str) -> None:
        self.op, self.call, self.dtype = op, call, dtype
        self.definition = op.definition

    def run(self, f: Callable[[core.Tensor], Any] = lambda t: t, op: Any = None) -> Any:
        """Call the op (or another one) with `f` applied to every tensor."""
        args, kwargs = map_tensors(f, self.call.args), map_tensors(f, self.call.kwargs)
        return (op or self.op)(*args, **kwargs)

    def given(self) -> Iterator[tuple[str, Any]]:
        """The names of parameters and what the sample gives for them."""
        yield from zip(self.definition.params, self.call.args, strict=False)
        yield from self.call.kwargs.items()

    def differentiable(self) -> list[core.Tensor]:
        """The tensors of the sample that have a gradient."""
        d = self.definition
        if d.together is not None or d.formula is not None or d.family in WITHOUT_RULES:
            names = set(d.tensors)
        else:
            names = {name for name, rule in d.rules.items() if rule is not None}
        everything = d.family == "composite"
        return floating(t for name, value in self.given() if everything or name in names for t in tensors_in(value))

    def leaves(self) -> tuple[Callable[..., Any], list[core.Tensor]]:
        """A function of the differentiable tensors, and fresh leaves for them that require grad."""
        originals = self.differentiable()
        if not originals:
            raise Skip("nothing here has a gradient")
        index: dict[int, int] = {}
        for t in originals:
            index.setdefault(id(t), len(index))
        unique = {id(t): t for t in originals}

        def function(*values: core.Tensor) -> Any:
            return self.run(lambda t: values[index[id(t)]] if id(t) in index else t)

        return function, [unique[key].detach().clone().requires_grad_(True) for key in index]

    @property
    def tolerance(self) -> dict[str, Any]:
        return {"rtol": self.call.rtol, "atol": self.call.atol}


def outputs(result: Any) -> list[core.Tensor]:
    """The floating tensors of a result."""
    return floating(tensors_in(result))
