"""The parameters of the best epoch so far, as a part of the training's state: what is tested at the end never depends on which
checkpoints were kept, nor on whether the run was resumed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class Best:
    """Keeps a copy of a model's state from the epoch with the best value of a metric; of equally good epochs, the later.

    Args:
        metric: Name of the value, as "val/accuracy".
        mode: "max" if larger is better, else "min".

    Attributes:
        values: All values of the best epoch; none before there is one.

    Example:
        >>> model, best = Linear(1, 1), Best("val/accuracy", "max")
        >>> best.offer(model, {"val/accuracy": 0.9, "val/loss": 0.3}), best.offer(model, {"val/accuracy": 0.8, "val/loss": 0.2})
        (True, False)
        >>> best.values
        {'val/accuracy': 0.9, 'val/loss': 0.3}
    """

    def __init__(self, metric: str, mode: str) -> None:
        self.metric, self.mode = metric, mode
        self.values: dict[str, float] = {}
        self._model: dict[str, Any] = {}

    def offer(self, model: Any, values: Mapping[str, float]) -> bool:
        """Take in an epoch. Returns whether it is the best; one without the metric, or with nan, never is."""
        value = values.get(self.metric, math.nan)
        before = self.values.get(self.metric, -math.inf if self.mode == "max" else math.inf)
        if not (value >= before if self.mode == "max" else value <= before):
            return False
        self.values = dict(values)
        self._model = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        return True

    def restore(self, model: Any) -> bool:
        """Give the model the state of the best epoch. Returns whether there was one; else the model stays as it is."""
        if self._model:
            model.load_state_dict(self._model)
        return bool(self._model)

    def state_dict(self) -> dict[str, Any]:
        """The values and the model's state of the best epoch."""
        return {"values": self.values, "model": self._model}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a best epoch."""
        self.values, self._model = dict(state["values"]), dict(state["model"])
