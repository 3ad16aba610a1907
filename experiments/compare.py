"""Runs that differ in their seeds alone, as one: `workbench compare`.

A group is the finished runs of one configuration, code and data; only the seed differs, and what changes no result: threads, loader
workers, what is logged and kept. A seed counts once, as the newest of its runs. Groups are compared over the seeds that both have, pair by
pair.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .errors import UserError, did_you_mean
from .facts import Entry, flat, headline, key_of, value_text
from .files import read_object
from .listing import Choice, chosen
from .statistics import Interval, bootstrap_interval, holm, mean_interval, paired_t, wilcoxon
from .tables import Table

_SOURCES = (".py", ".pyx", ".pxi", ".c", ".h", ".yaml")  # untracked files that can change a result
_CODE = ("commit", "uncommitted", "untracked", "package")
_LESS_IS_BETTER = ("loss", "error", "perplexity", "bits", "time")


@dataclass
class Group:
    """Runs of one kind.

    Args:
        kind: What they have in common, flat.
        runs: The newest run of each seed, and of each task where several count together.
        repeats: How many older runs of the same seeds were left out.
        differs: What tells the group from the others shown.
        values: The metric of each, by task and seed.
        versus: The p-values against the first group: paired t, Wilcoxon's, both corrected for their number, and the number of pairs.
    """

    kind: dict[str, Any]
    runs: dict[tuple[str, Any], Entry] = field(default_factory=dict)
    repeats: int = 0
    differs: dict[str, Any] = field(default_factory=dict)
    values: dict[tuple[str, Any], float] = field(default_factory=dict)
    versus: dict[str, Any] | None = None

    @cached_property
    def mean(self) -> Interval:
        """The mean over all runs, with Student's interval; over several tasks, with the interval of the bootstrap within each."""
        tasks = self._tasks()
        return mean_interval(tasks[0]) if len(tasks) == 1 else bootstrap_interval(tasks, lambda rows: rows.mean(axis=1))

    @cached_property
    def middle(self) -> Interval:
        """The interquartile mean, with the interval of the bootstrap within each task."""
        return bootstrap_interval(self._tasks())

    def _tasks(self) -> list[list[float]]:
        tasks: dict[str, list[float]] = {}
        for (task, _), value in self.values.items():
            tasks.setdefault(task, []).append(value)
        return list(tasks.values())

    @property
    def name(self) -> str:
        """What tells it from the others, in words."""
        return " ".join(f"{key}={value_text(value) or 'null'}" for key, value in self.differs.items()) or str(self.kind.get("recipe"))

    @property
    def seeds(self) -> int:
        """How many different seeds there are."""
        return len({seed for _, seed in self.values})


@dataclass
class Comparison:
    """What `workbench compare` shows.

    Args:
        metric: Name of the metric.
        groups: The groups, the best mean first.
        left_out: How many of the chosen runs are not finished or lack the metric.
        tasks: The key whose values are tasks that count together, or None.
        middle: Whether interquartile means are shown.
    """

    metric: str
    groups: list[Group]
    left_out: int
    tasks: str | None
    middle: bool


def compare_runs(root: Path, choice: Choice, metric: str | None, tasks: str | None, middle: bool, any_code: bool, form: str) -> int:
    """Print groups of runs side by side.

    Args:
        root: Folder of the runs.
        choice: Which runs.
        metric: Name of a metric; None: the one that lists show.
        tasks: A key, as `env.id`, whose values are tasks that count together, each as a stratum of the bootstrap.
        middle: Show interquartile means also where no environment is involved.
        any_code: Put runs of different code into one group.
        form: "table", "markdown", "latex", "json" or "csv".

    Returns:
        The exit code.
    """
    found, everything = chosen(root, choice, "compare")
    if not found:
        raise UserError(f"compare: none of the {len(everything):,} runs in {root}/ is one of these; workbench runs lists them")
    comparison = compared(found, metric, tasks, middle, any_code)
    if form == "json":
        print(json.dumps(_tree(comparison), indent=2))
    elif form == "csv":
        print(_sheet(comparison).csv())
    else:
        table = _table(comparison)
        if form == "markdown":
            print(table.markdown())
        elif form == "latex":
            print(table.latex())
        else:
            table.print({}, fold=True)
        if form == "table" and (notes := _notes(comparison)):
            print("\n" + "\n".join(notes))
    return 0


def compared(found: Sequence[Entry], metric: str | None, tasks: str | None, middle: bool, any_code: bool) -> Comparison:
    """Groups of runs with their statistics.

    Raises:
        UserError: No run is finished, or none has the metric or the key of the tasks.
    """
    finished = [entry for entry in found if entry.facts.get("status") == "finished"]
    if not finished:
        raise UserError(f"compare: none of these {len(found):,} runs is finished, and what is not finished has no result to compare")
    metric = metric or headline(finished[0].metrics)
    having = [entry for entry in finished if metric in entry.metrics and math.isfinite(entry.metrics[metric])]
    if metric is None or not having:
        known = {name for entry in finished for name in entry.metrics}
        raise UserError(f'compare: no finished run among these has a result "{metric}"; {did_you_mean(str(metric), known)}')
    if tasks is not None and not any(key_of(tasks) in entry.config for entry in having):
        known = {key for entry in having for key in entry.config}
        raise UserError(f'compare: no key "{tasks}" in the configuration of these runs; {did_you_mean(tasks, known)}')
    groups: dict[str, Group] = {}
    for entry in having:
        kind = _kind(entry, any_code, tasks)
        task = value_text(entry.facts.get(tasks)) if tasks is not None else ""
        group = groups.setdefault(json.dumps(kind, sort_keys=True, default=str), Group(kind))
        at = (task, entry.facts.get("seed"))
        if at in group.runs:  # the newest come first
            group.repeats += 1
        else:
            group.runs[at] = entry
            group.values[at] = entry.metrics[metric]
    falling = not any(word in metric.rpartition("/")[2] for word in _LESS_IS_BETTER)
    ranked = sorted(groups.values(), key=lambda group: group.mean.value, reverse=falling)
    _name(ranked)
    _test(ranked)
    with_environment = any(key.startswith("env.") for group in ranked for key in group.kind)
    return Comparison(metric, ranked, len(found) - len(having), tasks, middle or with_environment or tasks is not None)


def _kind(entry: Entry, any_code: bool, tasks: str | None) -> dict[str, Any]:
    """Everything that can change the result of a run but the seed, and the task where several count together."""
    from workbench.conf.schema import RESUMABLE

    harmless = (*RESUMABLE, "runs", "seed", *([tasks] if tasks else []))
    kind = {
        key: value
        for key, value in entry.config.items()
        if not any(key == name or (name.endswith(".") and key.startswith(name)) for name in harmless)
    }
    facts = entry.facts
    kind["recipe"] = facts.get("recipe_module") or facts.get("recipe")
    if facts.get("lineage.changed"):  # a branch began as another run: one that trained like this from the start is of another kind
        kind["branch"] = f"from step {facts.get('lineage.step')} with {' '.join(facts.get('lineage.overrides') or [])}"
    if not any_code:
        code = read_object(entry.path / "provenance" / "code.json")
        untracked = {name: about for name, about in (code.get("untracked") or {}).items() if name.endswith(_SOURCES)}
        kind["commit"] = (code.get("commit") or "")[:10] or None
        kind["uncommitted"] = (code.get("patch_sha256") or "")[:10] or None
        kind["untracked"] = _few_digits(untracked)
        kind["package"] = _few_digits([code.get("package"), code.get("native")])
    if tasks is None or not tasks.startswith("data."):
        data = flat(read_object(entry.path / "provenance" / "data.json"))
        kind.update({f"data {name}": value_text(value)[:10] for name, value in data.items() if name.endswith(("sha256", "split"))})
    return kind


def _few_digits(value: Any) -> str | None:
    """A short name for something that is only compared."""
    import hashlib

    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:10] if value else None


def _name(groups: Sequence[Group]) -> None:
    """Say of each group what tells it from the others: the keys whose values are not the same in all."""
    keys = dict.fromkeys(key for group in groups for key in group.kind)
    differ = [key for key in keys if len({json.dumps(group.kind.get(key), default=str) for group in groups}) > 1]
    if "recipe" in differ:  # different recipes have different keys: the recipe says it all, with what differs within it
        recipes = {group.kind["recipe"] for group in groups}
        of = {recipe: [group for group in groups if group.kind["recipe"] == recipe] for recipe in recipes}
        for same in of.values():
            _name(same)
            for group in same:
                group.differs = {"recipe": group.kind["recipe"], **group.differs}
        return
    for group in groups:
        group.differs = {key: group.kind.get(key) for key in differ}


def _test(groups: Sequence[Group]) -> None:
    """Compare each group with the first over the seeds (and tasks) that both have."""
    if len(groups) < 2:
        return
    first, *others = groups
    pairs = [sorted(first.values.keys() & group.values.keys(), key=str) for group in others]
    sides = [([first.values[at] for at in common], [group.values[at] for at in common]) for group, common in zip(others, pairs)]
    by_t = holm([paired_t(*side) for side in sides])
    by_rank = holm([wilcoxon(*side) for side in sides])
    for group, common, side, t, rank in zip(others, pairs, sides, by_t, by_rank):
        gap = math.fsum(b - a for a, b in zip(*side)) / len(common) if common else None
        group.versus = {"pairs": len(common), "difference": gap, "paired_t": t, "wilcoxon": rank}


def _table(comparison: Comparison) -> Table:
    heads = ["group", "seeds", f"{comparison.metric}, mean", "95 % interval"]
    if comparison.middle:
        heads += ["IQM", "95 % interval"]
    several = len(comparison.groups) > 1
    if several:
        heads += ["to the first", "pairs", "p (t)", "p (Wilcoxon)"]
    rows = []
    for group in comparison.groups:
        row = [group.name, str(group.seeds), f"{group.mean.value:.4f}", _interval_text(group.mean, group)]
        if comparison.middle:
            row += [f"{group.middle.value:.4f}", _interval_text(group.middle, group)]
        if several:
            row += _versus_cells(group.versus)
        rows.append(row)
    return Table(heads, rows, range(1, len(heads)))


def _versus_cells(versus: dict[str, Any] | None) -> list[str]:
    if versus is None:
        return [""] * 4
    gap = versus["difference"]
    return [
        f"{gap:+.4f}" if gap is not None else "",
        str(versus["pairs"]),
        *("" if versus[name] is None else f"{versus[name]:.2g}" for name in ("paired_t", "wilcoxon")),
    ]


def _interval_text(interval: Interval, group: Group) -> str:
    if interval.low is None or interval.high is None:
        return f"{group.seeds} seed, no interval" if group.seeds == 1 else "no interval"
    return f"{interval.low:.4f} to {interval.high:.4f}"


def _notes(comparison: Comparison) -> list[str]:
    """What the numbers do not say by themselves."""
    groups, notes = comparison.groups, []
    if repeats := sum(group.repeats for group in groups):
        notes.append(f"left out: {repeats} older runs of a seed that a newer run has too")
    if comparison.left_out:
        notes.append(f"left out: {comparison.left_out} runs that are not finished or lack {comparison.metric}")
    if any(group.seeds == 1 for group in groups):
        notes.append("one seed says nothing about the next: run more with seed=1, seed=2")
    if len(groups) > 1:
        pairs = [group.versus["pairs"] for group in groups if group.versus]
        if min(pairs) < 2:
            notes.append("no test without two seeds that both groups have")
        elif min(pairs) < 6:
            notes.append("Wilcoxon's test needs six pairs")
        tests = sum(group.versus["paired_t"] is not None for group in groups if group.versus)
        if tests > 1:
            notes.append(f"p-values are corrected for {tests} tests (Holm)")
        if any(name in group.differs for group in groups for name in _CODE):
            notes.append("some groups differ in their code: workbench diff tells in what, --any-code puts them together")
    return notes


def _tree(comparison: Comparison) -> dict[str, Any]:
    groups = []
    for group in comparison.groups:
        found: dict[str, Any] = {
            "group": group.differs,
            "seeds": group.seeds,
            "single_seed": group.seeds == 1,
            "mean": group.mean._asdict(),
        }
        if comparison.middle:
            found["interquartile_mean"] = group.middle._asdict()
        found["versus_first"] = group.versus
        found["runs"] = [
            {"id": entry.facts["id"], "seed": seed, "value": group.values[task, seed], **({"task": task} if comparison.tasks else {})}
            for (task, seed), entry in group.runs.items()
        ]
        found["repeats_left_out"] = group.repeats
        groups.append(found)
    return {"metric": comparison.metric, "confidence": 0.95, "groups": groups, "runs_left_out": comparison.left_out}


def _sheet(comparison: Comparison) -> Table:
    heads = ["group", "seeds", "metric", "mean", "low", "high", "iqm", "iqm_low", "iqm_high", "pairs", "difference", "paired_t", "wilcoxon"]
    rows = []
    for group in comparison.groups:
        middle = group.middle if comparison.middle else (None, None, None)
        versus = group.versus or {}
        numbers = [*group.mean, *middle, *(versus.get(name) for name in heads[9:])]
        rows.append([group.name, str(group.seeds), comparison.metric, *("" if number is None else repr(number) for number in numbers)])
    return Table(heads, rows)
