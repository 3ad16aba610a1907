"""`torch.jit`: scripted functions and modules are the functions and modules themselves, for there is no second language to compile to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from typing import Final as Final

from ...nn.module import Module

_isinstance = isinstance


class ScriptModule(Module):
    """The base of scripted modules; `script` leaves a module as it is, so only what a program derives from it is one."""


class RecursiveScriptModule(ScriptModule):
    """What PyTorch makes of a scripted module; nothing is one here."""


class ScriptFunction:
    """What PyTorch makes of a scripted function; nothing is one here."""


class TracerWarning(Warning):
    """What PyTorch warns of where tracing loses the control flow; a trace is the function itself here."""

    @staticmethod
    def ignore_lib_warnings() -> None:
        """There are no such warnings."""


def script(obj: Any, optimize: Any = None, _frames_up: int = 0, _rcb: Any = None, example_inputs: Any = None) -> Any:
    """The function, class or module itself."""
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **options: Any) -> Any:
    """The function or module itself: what it decides by its inputs it decides anew each time."""
    return func


def trace_module(mod: Any, inputs: Any, *args: Any, **options: Any) -> Any:
    """The module itself."""
    return mod


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself, or a decorator."""
    return drop if callable(drop) else (lambda f: f)


def export(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself."""
    return fn


unused = script_if_tracing = script_method = interface = export
_overload = _overload_method = _script_if_tracing = export


def freeze(mod: Any, preserved_attrs: Any = None, optimize_numerics: bool = True) -> Any:
    """The module itself."""
    return mod


optimize_for_inference = run_frozen_optimizations = freeze


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value itself."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether `obj` is of a type."""
    return _isinstance(obj, target_type)


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting


def optimized_execution(should_optimize: bool) -> Any:
    """A context manager that changes nothing."""
    return nullcontext()


fuser = strict_fusion = optimized_execution


def set_fusion_strategy(strategy: Any) -> list[Any]:
    """Accepted for PyTorch's sake."""
    return []


def save(m: Any, f: Any, _extra_files: Any = None) -> None:
    """Not here: a program in TorchScript cannot be written."""
    raise NotImplementedError("jit.save: expected no TorchScript, got a module to write as such; save m.state_dict() with torch.save")


def load(f: Any, map_location: Any = None, _extra_files: Any = None, _restore_shapes: bool = False) -> Any:
    """Not here: a program in TorchScript cannot be run."""
    raise NotImplementedError(
        "jit.load: expected no TorchScript, got a file of it; in PyTorch save the state_dict() of what it loads, and load that"
    )
