"""The ops, one file per family, and the names under which users find them.

`space("torch")`, `space("functional")`, `space("linalg")` and `space("special")` are what the public modules show.
"""

from __future__ import annotations

from typing import Any

from . import (
    activation,
    arithmetic,
    comparison,
    division,
    embedding,
    exponential,
    extreme,
    finite,
    gate,
    gather,
    hyperbolic,
    indexing,
    logical,
    magnitude,
    order,
    pieces,
    power,
    primitive,
    rearrange,
    reduce,
    rounding,
    shape,
    shrink,
    slices,
    smooth,
    statistics,
    triangle,
    trigonometric,
)
from ._define import REGISTRY
from ._space import FUNCTIONS

__all__ = ["REGISTRY", "space"]


def space(name: str) -> dict[str, Any]:
    """Every op and plain function that users find in a module.

    Args:
        name: "torch", "functional", "linalg" or "special".

    Returns:
        Name to callable.
    """
    found: dict[str, Any] = {n: o for n, o in REGISTRY.items() if not n.endswith("_") and name in o.definition.spaces}
    return found | FUNCTIONS.get(name, {})
