"""What a recipe may ask of the run that it belongs to. A recipe gets such an object and never imports who made it.

A recipe is a module with a function `train(config, run)`, which returns the final metrics. It may say in `UNIT` what the `items` of its
steps are, as in `UNIT = "tokens"`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Stateful(Protocol):
    """A part of a training's state: a model, an optimizer, a schedule, a loader, a meter."""

    def state_dict(self) -> Any:
        """The state as a tree of dicts, lists, tensors, numbers and strings."""

    def load_state_dict(self, state: Any, /) -> Any:
        """Take a state back."""


class Run(Protocol):
    """The run around a recipe: it keeps records and state, and decides when to save and when to stop."""

    config: Any
    folder: Path
    step: int
    epoch: int
    resumed: bool

    def data(self, name: str, fingerprint: Mapping[str, Any]) -> None:
        """Record which data is read; a resumed run refuses data that has changed."""

    def plan(self, epochs: int, batches: int) -> int:
        """Say how long the training is; returns the number of steps that it will take."""

    def track(self, **parts: Stateful) -> None:
        """Name the parts of the training's state. A resumed run gives each its saved state here."""

    def parameters(self, n: int) -> None:
        """Record the number of trained parameters."""

    def images(self, name: str, images: Any) -> None:
        """Show images, of shape (n, channels, height, width) and values in [0, 1]."""

    def histograms(self, prefix: str, arrays: Mapping[str, Any]) -> None:
        """Show the distribution of each tensor."""

    def graph(self, nodes: Iterable[Any]) -> None:
        """Show the model's graph, as `recipes.common.graph` makes it."""

    def text(self, name: str, text: str) -> None:
        """Print a text, log it and show it."""

    def epochs(self) -> Iterator[int]:
        """The epochs that are still to be done."""

    def batches(self, loader: Iterable[T]) -> Iterator[T]:
        """The batches of this epoch that are still to be done."""

    def evaluation(self, loader: Iterable[T]) -> Iterator[T]:
        """The batches of an evaluation, or the turns of another loop outside of the steps; `workbench check` does only some of them."""

    def advance(self, values: Mapping[str, Any], items: int) -> None:
        """Close a step: record its scalars, save and stop where it is time. `items` counts its samples."""

    def end_epoch(self, values: Mapping[str, Any]) -> None:
        """Close an epoch: record its scalars, save."""
