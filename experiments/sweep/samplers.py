"""Who proposes the settings of a trial, and who stops one early.

A sampler is made afresh for each trial, with a seed of the sweep's and the trial's number: which process asks, and how often a process
was killed before, has no part in what is proposed.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

from optuna import pruners, samplers

from .settings import Definition


class Grid(samplers.BaseSampler):
    """The points of a grid by the trial's number, the last parameter varying fastest: no point twice, whoever asks.

    Args:
        definition: The sweep.
    """

    def __init__(self, definition: Definition) -> None:
        self._names = [each.name for each in definition.space]
        self._points = list(itertools.product(*(each.values() for each in definition.space)))

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """None: every value is given by name."""
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        """None."""
        return {}

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """The value at the trial's point."""
        return self._points[trial.number][self._names.index(param_name)]


def sampler(definition: Definition, number: int, part: int = 0) -> samplers.BaseSampler:
    """The sampler of a sweep for one trial.

    Args:
        definition: The sweep.
        number: The trial's number.
        part: Which parameter it is asked for, so that each has a draw of its own.
    """
    seed = zlib.crc32(f"{definition.seed} {number} {part}".encode())
    if definition.sampler == "grid":
        return Grid(definition)
    if definition.sampler == "random":
        return samplers.RandomSampler(seed=seed)
    if definition.sampler == "cmaes":
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    if definition.sampler == "nsga2":
        return samplers.NSGAIISampler(seed=seed, population_size=definition.population)
    return samplers.TPESampler(seed=seed, n_startup_trials=definition.startup)


def pruner(definition: Definition) -> pruners.BasePruner:
    """The pruner of a sweep; its unit is a report."""
    if definition.pruner == "asha":
        return pruners.SuccessiveHalvingPruner(min_resource=definition.warmup, reduction_factor=definition.reduction)
    if definition.pruner == "hyperband":
        most: Any = "auto" if definition.resource is None else max(definition.resource, definition.warmup)
        return pruners.HyperbandPruner(definition.warmup, most, definition.reduction)
    if definition.pruner == "median":
        return pruners.MedianPruner(n_startup_trials=definition.startup, n_warmup_steps=definition.warmup)
    return pruners.NopPruner()
