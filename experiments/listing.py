"""Runs in a list: `workbench runs`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import UserError, did_you_mean
from .facts import Entry, check_keys, headline, key_of, value_text
from .index import entries
from .query import Query
from .showing import span_text, steps_text, summary
from .tables import Table

_NEWEST = 20
_COLUMNS = ("run", "recipe", "status", "result", "steps", "time", "age")
_NUMBERS = ("steps", "time", "age")


@dataclass
class Choice:
    """Which runs, in which order, and what of them.

    Args:
        recipe: Only those of this recipe.
        where: Only those that this query is true of (`query.py`).
        sort: Key to sort by, the smallest first, or with a minus before it the largest; None: the newest first.
        columns: Keys to show; None: the usual ones.
        limit: How many at most; None: all.
    """

    recipe: str | None = None
    where: str | None = None
    sort: str | None = None
    columns: Sequence[str] | None = None
    limit: int | None = _NEWEST


def list_runs(root: Path, choice: Choice, form: str = "table") -> int:
    """Print the runs below a folder.

    Args:
        root: Folder of the runs.
        choice: Which, and what of them.
        form: "table", "json" or "csv".

    Returns:
        The exit code.
    """
    found, everything = chosen(root, choice, "runs")
    shown = found[: choice.limit]
    if choice.columns is not None:
        check_keys(choice.columns, everything, "runs")
    if form == "json":
        print(json.dumps([summary(entry) if choice.columns is None else _values(entry, choice.columns) for entry in shown], indent=2))
    elif form == "csv":
        print(_sheet(shown, choice.columns).csv())
    elif not everything:
        print(f"no runs in {root}/; workbench train +recipe=resnet makes one")
    elif not shown:
        print(f"none of the {len(everything):,} runs in {root}/ is one of these")
    else:
        columns = _COLUMNS if choice.columns is None else choice.columns
        rows = [[_cell(entry, column) for column in columns] for entry in shown]
        Table(columns, rows, [i for i, column in enumerate(columns) if _is_number(shown, column)]).print()
        if len(shown) < len(found):
            rest = f"{len(found) - len(shown):,} {'older' if choice.sort is None else 'more'}"
            print(f"{rest} ones: workbench runs --all" if choice.limit == _NEWEST else f"{rest} ones")
    return 0


def list_keys(root: Path) -> int:
    """Print every key that some run has, with an example of its value."""
    found: dict[str, str] = {}
    for entry in entries(root):
        for key, value in entry.facts.items():
            if not found.get(key):
                found[key] = value_text(value)
    Table(["key", "as in"], [[key, found[key]] for key in sorted(found)]).print({})
    return 0


def chosen(root: Path, choice: Choice, command: str) -> tuple[list[Entry], list[Entry]]:
    """The runs of a choice in its order, not cut at its limit; and all that there are.

    Raises:
        UserError: There is no such recipe or key, or the query cannot be read.
    """
    query = Query(choice.where) if choice.where is not None else None
    everything = entries(root)
    found = everything
    if choice.recipe is not None:
        known = {str(entry.facts.get("recipe")) for entry in everything}
        if everything and choice.recipe not in known:
            raise UserError(f'{command}: there is no run of a recipe "{choice.recipe}" in {root}/; {did_you_mean(choice.recipe, known)}')
        found = [entry for entry in found if entry.facts.get("recipe") == choice.recipe]
    if query is not None:
        query.check(everything, command)
        found = [entry for entry in found if query.matches(entry.facts)]
    if choice.sort is not None:
        name = choice.sort.removeprefix("-")
        check_keys([name], everything, command)
        found = _sorted(found, key_of(name), choice.sort.startswith("-"))
    return found, everything


def _sorted(found: Sequence[Entry], key: str, falling: bool) -> list[Entry]:
    """Sorted by a key: numbers before texts, equal ones as they were, those that have none at the end either way."""
    numbers: list[Entry] = []
    texts: list[Entry] = []
    rest: list[Entry] = []
    for entry in found:
        value = entry.facts.get(key)
        if value is None or value != value:
            rest.append(entry)
        else:
            (numbers if isinstance(value, (int, float)) else texts).append(entry)
    numbers.sort(key=lambda entry: entry.facts[key], reverse=falling)
    texts.sort(key=lambda entry: value_text(entry.facts[key]), reverse=falling)
    return [*numbers, *texts, *rest]


def _values(entry: Entry, columns: Sequence[str]) -> dict[str, Any]:
    return {column: entry.facts.get(key_of(column)) for column in columns}


def _sheet(shown: Sequence[Entry], columns: Sequence[str] | None) -> Table:
    """Rows for another program: every key where no columns are named, numbers with all their digits."""
    if columns is None:
        columns = ["id", *sorted(set().union(*(entry.facts for entry in shown)) - {"id"})]
    texts = [[entry.facts.get(key_of(column)) for column in columns] for entry in shown]
    return Table(columns, [[repr(value) if isinstance(value, float) else value_text(value) for value in row] for row in texts])


def _cell(entry: Entry, column: str) -> str:
    facts = entry.facts
    if column == "result":
        name = headline(entry.metrics)
        return f"{name} {entry.metrics[name]:.4f}" if name is not None else ""
    if column == "steps":
        return steps_text(facts.get("step"), facts.get("total_steps"))
    if column in ("time", "age"):
        return span_text(facts.get(key_of(column)))
    return value_text(facts.get(key_of(column)))


def _is_number(shown: Sequence[Entry], column: str) -> bool:
    """Whether a column is set to the right."""
    if column in _COLUMNS:
        return column in _NUMBERS
    values = [value for entry in shown if (value := entry.facts.get(key_of(column))) is not None]
    return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
