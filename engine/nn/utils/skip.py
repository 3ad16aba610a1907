"""Make a layer without the initial values that it would draw."""

from __future__ import annotations

import inspect
from typing import Any

from ...errors import expected
from ..module import Module


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Module:
    """Make a layer whose values are about to be loaded or drawn anew. They are drawn here too: it costs little on the CPU, and memory that
    was never written is no one's friend.

    Args:
        module_cls: The class.
        args, kwargs: For its constructor, which has to take `device`.

    Returns:
        The layer.

    Raises:
        RuntimeError: it is no Module class, or takes no `device`.
    """
    if not (isinstance(module_cls, type) and issubclass(module_cls, Module)):
        raise expected("skip_init", "a Module class", module_cls, error=RuntimeError)
    if "device" not in inspect.signature(module_cls).parameters:
        raise expected("skip_init", "a class that takes device", module_cls.__name__, error=RuntimeError)
    return module_cls(*args, **kwargs)
