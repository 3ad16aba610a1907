"""Ending a training when its metric has stopped getting better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class EarlyStop:
    """Counts the epochs since the last better one, as a part of the training's state.

    Args:
        metric: Name of the value, as "val/accuracy".
        mode: "max" if larger is better, else "min".
        patience: How many epochs in a row may pass without a better value; None never stops.
        min_delta: A value is better that is better by more than this.

    Example:
        >>> stop = EarlyStop("val/loss", "min", patience=2)
        >>> [stop.offer({"val/loss": loss}) for loss in (0.9, 0.7, 0.8, 0.7)]
        [False, False, False, True]
    """

    def __init__(self, metric: str, mode: str, patience: int | None, min_delta: float = 0.0) -> None:
        self.metric, self.sign, self.patience, self.min_delta = metric, 1.0 if mode == "max" else -1.0, patience, min_delta
        self.best, self.waited = -math.inf, 0

    def offer(self, values: Mapping[str, float]) -> bool:
        """Take in the values of an epoch; one without the metric counts as none. Returns whether it is time to stop."""
        if self.metric in values:
            value = self.sign * values[self.metric]
            if value > self.best + self.min_delta:
                self.best, self.waited = value, 0
            else:
                self.waited += 1
        return self.over

    @property
    def value(self) -> float:
        """The best value."""
        return self.sign * self.best

    @property
    def over(self) -> bool:
        """Whether it is time to stop."""
        return self.patience is not None and self.waited >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """The best value and the epochs since."""
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on counting."""
        self.best, self.waited = state["best"], state["waited"]
