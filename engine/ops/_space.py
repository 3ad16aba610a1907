"""Where plain functions (those that are not ops, because they make tensors or only choose between ops) meet their names."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[str, dict[str, Any]] = {}


def public(*spaces: str, methods: tuple[str, ...] = (), name: str = "") -> Callable[[F], F]:
    """Offer a plain function under its name (or `name`) in `spaces`, and as the Tensor methods named."""

    def wrap(f: F) -> F:
        for space in spaces:
            FUNCTIONS.setdefault(space, {})[name or f.__name__] = f
        for method in methods:
            core.add_method(method, f)
        return f

    return wrap


def alias(space: str, **names: Any) -> None:
    """Offer ops or functions under further names, as PyTorch does."""
    FUNCTIONS.setdefault(space, {}).update(names)
