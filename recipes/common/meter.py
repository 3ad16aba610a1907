"""Averages over an epoch, as a part of the training's state, so that a run resumed in the middle of an epoch reports what it would have."""

from __future__ import annotations

from typing import Any


class Mean:
    """The mean of values, each with a weight.

    Example:
        >>> accuracy = Mean()
        >>> accuracy.add(1.0, 3); accuracy.add(0.0)
        >>> accuracy.value
        0.75
    """

    def __init__(self) -> None:
        self.total, self.weight = 0.0, 0.0

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take in a value, as the mean over `weight` samples."""
        self.total += value * weight
        self.weight += weight

    @property
    def value(self) -> float:
        """The mean so far; nan before the first value."""
        return self.total / self.weight if self.weight else float("nan")

    def reset(self) -> None:
        """Begin again."""
        self.total, self.weight = 0.0, 0.0

    def state_dict(self) -> dict[str, Any]:
        """Sum and weight so far."""
        return {"total": self.total, "weight": self.weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a sum and a weight."""
        self.total, self.weight = state["total"], state["weight"]
