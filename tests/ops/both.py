"""The same expression with PyTorch and with the engine: `lib` in it is one or the other."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from workbench import engine as ours


def outcome(lib, expression):
    """The value, as PyTorch's tensors turned into arrays, or the class of the exception."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return plain(eval(expression, {"lib": lib}))
        except Exception as error:
            return type(error).__name__


def plain(value):
    if isinstance(value, (torch.Tensor, ours.Tensor)):
        value = value.detach().resolve_conj()
        return str(value.dtype), tuple(value.shape), np.array(value.numpy()).tolist()
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def close(a, b):
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(close, a, b))
    return a == pytest.approx(b, rel=1e-5, nan_ok=True) if isinstance(a, (float, complex)) else a == b
