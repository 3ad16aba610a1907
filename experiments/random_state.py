"""The random numbers of a process: one seed for all generators, and their state as a part of a training's state."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


def seed_all(seed: int) -> None:
    """Seed the engine, and also Python's and NumPy's generators, which a recipe's dependencies may draw from."""
    from workbench import engine

    engine.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002


class RandomState:
    """The generators as a part of the state tree."""

    def state_dict(self) -> dict[str, Any]:
        """Where the generators are."""
        from workbench import engine

        return {"engine": engine.get_rng_state(), "python": random.getstate(), "numpy": np.random.get_state(legacy=False)}  # noqa: NPY002

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put the generators back to where they were."""
        from workbench import engine

        engine.set_rng_state(state["engine"])
        random.setstate(state["python"])
        np.random.set_state(state["numpy"])  # noqa: NPY002
