"""Names that programs import, compare with and test for, of things that are not here: each says so when it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def classes(names: str, says: str, error: type[Exception] = NotImplementedError) -> dict[str, type]:
    """Classes without instances: `isinstance` is False of everything, and a call raises.

    Args:
        names: Their names, with spaces between.
        says: What was expected, and what to do instead.
        error: What is raised.
    """

    def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - becomes the method of that name
        raise error(f"{cls.__name__}: {says}")

    return {name: type(name, (), {"__new__": __new__, "__doc__": "Not here; to make one raises."}) for name in names.split()}


def functions(names: str, says: str, error: type[Exception] = NotImplementedError) -> dict[str, Callable[..., Any]]:
    """Functions that raise; the arguments are those of `classes`."""

    def absent(name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            """Not here; a call raises."""
            raise error(f"{name}: {says}")

        call.__name__ = call.__qualname__ = name
        return call

    return {name: absent(name) for name in names.split()}


def enumerations(members: dict[str, Iterable[str]]) -> dict[str, Any]:
    """Enumerations of words that a configuration chooses from, each with its members numbered from 1."""
    from enum import Enum

    return {name: Enum(name, list(words)) for name, words in members.items()}
