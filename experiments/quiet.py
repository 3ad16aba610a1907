"""A training that leaves no record: what looks for the origin of a nan, and what tries a configuration before it is run, train with it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .random_state import RandomState

T = TypeVar("T")


class QuietRun:
    """The run that a recipe sees, without folder, log or display. It satisfies `recipes.common.contract.Run`.

    Args:
        config: The resolved configuration.
        folder: Where a recipe may put files of its own.
        state: The state tree to go on from, as a checkpoint holds it; None begins.
        adopt: Gives a part, by its name, its saved state, where that is more than loading it (`Start.adopt`).
    """

    def __init__(self, config: Any, folder: Path, state: Any = None, adopt: Callable[[str, Any, Any], None] | None = None) -> None:
        self.config, self.folder, self.resumed = config, folder, state is not None
        self.step = self.epoch = self.total = self.n_epochs = 0
        self.parts: dict[str, Any] = {}
        self._state, self._adopt = state, adopt
        self._open = False
        self._random = RandomState()
        if state is not None:
            self.step, self.epoch, self._open = state["run"]["step"], state["run"]["epoch"], state["run"].get("open", False)

    def data(self, name: str, fingerprint: Mapping[str, Any]) -> None:
        pass

    def plan(self, epochs: int, batches: int) -> int:
        most = self.config.trainer.max_steps
        self.n_epochs, self.total = epochs, epochs * batches if most is None else min(most, epochs * batches)
        return self.total

    def track(self, **parts: Any) -> None:
        self.parts.update(parts)
        if self._state is not None:
            for name, part in parts.items():
                saved = self._state["parts"][name]
                if self._adopt is not None:
                    self._adopt(name, part, saved)
                else:
                    part.load_state_dict(saved)

    def parameters(self, n: int) -> None:
        pass

    def images(self, name: str, images: Any) -> None:
        pass

    def histograms(self, prefix: str, arrays: Mapping[str, Any]) -> None:
        pass

    def graph(self, nodes: Iterable[Any]) -> None:
        pass

    def text(self, name: str, text: str) -> None:
        pass

    def epochs(self) -> Iterator[int]:
        if self._state is not None:
            if self._state["random"] is not None:
                self._random.load_state_dict(self._state["random"])
            self._state = None
        while self._open or (self.epoch < self.n_epochs and self.step < self.total):
            yield self.epoch

    def batches(self, loader: Iterable[T]) -> Iterator[T]:
        if self.step >= self.total:
            return
        for batch in loader:
            yield batch
            if self.step >= self.total:
                return

    def evaluation(self, loader: Iterable[T]) -> Iterator[T]:
        return iter(loader)

    def advance(self, values: Mapping[str, Any], items: int) -> None:
        self.step += 1
        self._open = True

    def end_epoch(self, values: Mapping[str, Any]) -> None:
        self.epoch += 1
        self._open = False

    def warn(self, text: str) -> None:
        pass

    def state(self) -> dict[str, Any]:
        """A copy of the state tree, as a checkpoint at this step would hold it."""
        parts = {name: part.state_dict() for name, part in self.parts.items()}
        where = {"step": self.step, "epoch": self.epoch, "open": self._open}
        return copy.deepcopy({"run": where, "parts": parts, "random": self._random.state_dict()})


def alone(config: Any) -> Any:
    """The configuration without worker processes, which change no result."""
    from omegaconf import OmegaConf

    config = OmegaConf.create(OmegaConf.to_container(config))
    if "workers" in config.get("data", {}):
        config.data.workers = 0
    return config
