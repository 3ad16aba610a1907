"""`torch.fx`, which programs name to mark functions for a tracer: functions run as they are written, and nothing is traced."""

from __future__ import annotations

from typing import Any

from ...nn.module import Module


class Node:
    """A step of a traced program; there is none here."""


class Proxy:
    """What a tracer passes in place of a tensor; nothing is one here."""


class Graph:
    """A traced program; there is none here."""


class GraphModule(Module):
    """What PyTorch makes of a traced module; nothing is one here."""


def symbolic_trace(root: Any, concrete_args: Any = None) -> Any:
    """Not here: modules are not rewritten from a trace."""
    what = type(root).__name__
    raise NotImplementedError(f"symbolic_trace: expected no tracing, got {what}; use the module itself, and hooks to look inside")


class Tracer:
    """What traces a module by calling it; there is none here."""

    proxy_buffer_attributes = False

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def trace(self, root: Any, concrete_args: Any = None) -> Any:
        """Not here: modules are not rewritten from a trace."""
        return symbolic_trace(root)


class Interpreter:
    """What runs a traced module step by step; there is none here."""

    def __init__(self, module: Any, *args: Any, **kwargs: Any) -> None:
        symbolic_trace(module)


class Transformer(Interpreter):
    """What writes a traced module anew; there is none here."""


def wrap(fn_or_name: Any) -> Any:
    """The function, or its name, itself: no tracer looks into it."""
    return fn_or_name


def map_arg(a: Any, fn: Any) -> Any:
    """A structure with `fn` applied to its nodes; there are none."""
    return a


def get_proxy_mode() -> None:
    """None: nothing is traced."""


def has_side_effect(fn: Any) -> Any:
    """The function itself."""
    return fn
