"""Types of what ops of several results return: tuples whose items have names. `return_types.sort` is made when it is first asked for."""

from __future__ import annotations

from operator import itemgetter

from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, ClassVar

FIELDS: dict[str, tuple[str, ...]] = {}  # the names of a type's items, said by the definition of its op
_MADE: dict[str, type[Results]] = {}


class Results(tuple):
    """Several results of one call: a tuple, printed as PyTorch prints it.

    Args:
        values: The items one by one, or all as one sequence.

    Raises:
        TypeError: there are more or fewer of them than the type has names.

    Example:
        >>> return_types.sort((tensor([1.0]), tensor([0]))).values
        tensor([1.])
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, *values: Any) -> Results:
        given: Iterable[Any] = values[0] if len(values) == 1 else values
        made = tuple.__new__(cls, given)
        if len(made) != len(cls._fields):
            raise TypeError(f"{cls.__name__}: expected {len(cls._fields)} results, {', '.join(cls._fields)}, got {len(made)}")
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (tuple(self),)

    def __repr__(self) -> str:
        items = ",\n".join(f"{name}={item!r}" for name, item in zip(self._fields, self))
        return f"torch.return_types.{type(self).__name__}(\n{items})"


def made(name: str) -> type[Results]:
    """The type of this name, made by the first call: that takes as long as defining an op."""
    found = _MADE.get(name)
    if found is None:
        fields = FIELDS[name]
        counts = {"n_fields": len(fields), "n_sequence_fields": len(fields), "n_unnamed_fields": 0}
        items = {field: property(itemgetter(i), doc=f"Item {i}.") for i, field in enumerate(fields)}
        about = {"__slots__": (), "__module__": __name__, "_fields": fields, "__match_args__": fields, "__doc__": f"What {name} returns."}
        found = _MADE[name] = type(name, (Results,), {**about, **counts, **items})
    return found


def __getattr__(name: str) -> type[Results]:
    if name not in FIELDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return made(name)


def __dir__() -> list[str]:
    return [*globals(), *FIELDS]
