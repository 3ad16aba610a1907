"""What programs take from `torch.onnx` to tell its exporter about operators of their own: kept nowhere, ops have their own forms here."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any


class TrainingMode(IntEnum):
    """In which mode a model is exported."""

    EVAL, PRESERVE, TRAINING = 0, 1, 2


class OperatorExportTypes(IntEnum):
    """What becomes of operators that ONNX has not."""

    ONNX, ONNX_ATEN, ONNX_ATEN_FALLBACK, ONNX_FALLTHROUGH = 0, 1, 2, 3


def is_in_onnx_export() -> bool:
    """False: a model is exported from what it did, not by being run in a mode of its own."""
    return False


def register_custom_op_symbolic(symbolic_name: str, symbolic_fn: Callable[..., Any], opset_version: int) -> None:
    """Accepted for PyTorch's sake: an operator of a program's own is exported as what it consists of."""


def unregister_custom_op_symbolic(symbolic_name: str, opset_version: int) -> None:
    """Accepted for PyTorch's sake."""


def parse_args(*arg_descriptors: str) -> Callable[[Any], Any]:
    """A decorator that leaves its function as it is."""
    return lambda f: f
