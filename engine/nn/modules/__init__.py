"""Layers under PyTorch's file names: `nn.modules.batchnorm` is `nn/norm.py`, and so on."""

from __future__ import annotations

import sys

from .. import (
    activation,
    adaptive_softmax,
    container,
    conv,
    dropout,
    embedding,
    lazy,
    linear,
    loss,
    module,
    norm,
    padding,
    pooling,
    resampling,
    rnn,
    transformer,
)
from ..module import Module
from . import utils

_FILES = {
    "activation": activation, "adaptive": adaptive_softmax, "batchnorm": norm, "channelshuffle": resampling, "container": container,
    "conv": conv, "distance": resampling, "dropout": dropout, "flatten": linear, "fold": resampling, "instancenorm": norm, "lazy": lazy,
    "linear": linear, "loss": loss, "module": module, "normalization": norm, "padding": padding, "pixelshuffle": resampling,
    "pooling": pooling, "rnn": rnn, "sparse": embedding, "transformer": transformer, "upsampling": resampling,
}  # fmt: skip
for _name, _file in _FILES.items():
    globals()[_name] = sys.modules[f"{__name__}.{_name}"] = _file

__all__ = ["Module", "utils"]


def __getattr__(name: str) -> object:
    """The layers themselves."""
    return getattr(sys.modules[__name__.rpartition(".")[0]], name)
