"""What programs take from inside of `torch.nn`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import repeat
from typing import Any

from ...autograd.function import once_differentiable as once_differentiable
from ...nn.container import ModuleList
from ...nn.conv import _Conv as _ConvNd  # noqa: F401
from ...nn.conv import _Transposed as _ConvTransposeNd  # noqa: F401
from ...nn.dropout import _Dropout as _DropoutNd  # noqa: F401
from ...nn.init import _fan
from ...nn.module import Module
from ...nn.norm import _Statistics as _NormBase  # noqa: F401
from ...nn.pooling import _AdaptiveMaxPool as _AdaptiveMaxPoolNd  # noqa: F401
from ...nn.pooling import _AdaptivePool as _AdaptiveAvgPoolNd  # noqa: F401
from ...nn.pooling import _AvgPool as _AvgPoolNd  # noqa: F401
from ...nn.pooling import _MaxPool as _MaxPoolNd  # noqa: F401
from ...nn.transformer import _activation
from .parallel import DataParallel as DataParallel

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"
_IncompatibleKeys = type(Module().load_state_dict({}))


def _ntuple(n: int, name: str = "parse") -> Callable[[Any], tuple[Any, ...]]:
    """A function that makes a tuple of `n` of a number, and a tuple of an iterable."""

    def parse(x: Any) -> tuple[Any, ...]:
        return tuple(x) if isinstance(x, Iterable) else tuple(repeat(x, n))

    parse.__name__ = name
    return parse


_single, _pair, _triple, _quadruple = _ntuple(1, "_single"), _ntuple(2, "_pair"), _ntuple(3, "_triple"), _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(t: Any, n: int) -> tuple[Any, ...]:
    """Each element `n` times, from the last to the first."""
    return tuple(x for x in reversed(t) for _ in range(n))


def _list_with_default(out_size: list[int], defaults: list[int]) -> list[int]:
    """Sizes, with those of the input where None is given."""
    return [d if v is None else v for v, d in zip(out_size, defaults[-len(out_size) :], strict=True)]


def _addindent(s_: str, numSpaces: int) -> str:
    """Text with all lines but the first moved in."""
    return s_.replace("\n", "\n" + " " * numSpaces)


def get_enum(reduction: str) -> int:
    """The number of a reduction."""
    return {"none": 0, "mean": 1, "sum": 2}[reduction]


def legacy_get_string(size_average: Any, reduce: Any, emit_warning: bool = True) -> str:
    """The reduction that two flags of PyTorch's beginnings mean."""
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def _calculate_correct_fan(tensor: Any, mode: str) -> int:
    """The number of inputs or of outputs of a weight.

    Raises:
        ValueError: `mode` is neither fan_in nor fan_out.
    """
    return _fan(tensor, mode.lower(), "_calculate_correct_fan")


def _get_activation_fn(activation: str) -> Callable[[Any], Any]:
    """The function of a name.

    Raises:
        RuntimeError: It is neither relu nor gelu.
    """
    return _activation(activation)


def _get_clones(module: Module, N: int) -> ModuleList:
    """A module several times, each with parameters of its own."""
    return ModuleList([deepcopy(module) for _ in range(N)])
