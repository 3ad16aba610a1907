"""Parameters of distributions over two outcomes: a probability or its log odds, each computed from the other when it is needed."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core

from ..errors import expected
from .utils import lazy_property, logits_to_probs, probs_to_logits

Tensor = _core.Tensor


def one_of(name: str, probs: Any, logits: Any) -> None:
    """Raise unless exactly one of two parameters is given."""
    if (probs is None) == (logits is None):
        raise expected(name, "probs or logits", "both" if probs is not None else "neither")


class Odds:
    """A mixin of `probs` and `logits`; the constructor sets one of them."""

    _binary = True

    @lazy_property
    def logits(self) -> Tensor:
        return probs_to_logits(self.probs, self._binary)

    @lazy_property
    def probs(self) -> Tensor:
        return logits_to_probs(self.logits, self._binary)

    @property
    def _param(self) -> Tensor:
        """The one that was given."""
        given = self.__dict__
        return given["probs"] if "probs" in given else given["logits"]

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._param.shape

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._param.new(*args, **kwargs)
