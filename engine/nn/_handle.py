"""What registering a hook returns."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any


class RemovableHandle:
    """`remove()` takes the hook out again; as a context manager it does so at the end.

    Args:
        hooks: The table that the hook goes into under `id`.
        also: Tables with what else is noted under the same id.
        then: Called after the removal.
    """

    _next = 0

    def __init__(self, hooks: dict[int, Any], also: Iterable[dict[int, Any]] = (), then: Callable[[], None] | None = None) -> None:
        self.id = RemovableHandle._next
        RemovableHandle._next += 1
        self._tables = [_reference(t) for t in (hooks, *also)]
        self._then = then

    def remove(self) -> None:
        for reference in self._tables:
            table = reference()
            if table is not None:
                table.pop(self.id, None)
        if self._then:
            self._then()

    def __getstate__(self) -> Any:
        """A copy of a module has handles for its own tables: they are copied, or found in what is copied already."""
        return [reference() for reference in self._tables], self.id

    def __setstate__(self, state: Any) -> None:
        tables, self.id = state
        self._tables = [_reference({} if t is None else t) for t in tables]
        self._then = None
        RemovableHandle._next = max(RemovableHandle._next, self.id + 1)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def _reference(table: dict[int, Any]) -> Callable[[], dict[int, Any] | None]:
    """A weak reference where there can be one: a handle does not keep the module alive."""
    return weakref.ref(table) if isinstance(table, OrderedDict) else lambda: table
