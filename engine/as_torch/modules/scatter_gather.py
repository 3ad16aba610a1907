"""`torch.nn.parallel.scatter_gather`: batches spread over devices, of which there are none beside the CPU."""

from __future__ import annotations

from typing import Any

from . import absent

globals().update(
    absent.functions(
        "scatter scatter_kwargs gather replicate parallel_apply Scatter Gather",
        "expected devices to spread a batch over, got the CPU alone; call the module with the whole batch",
        ValueError,
    )
)


def is_namedtuple(obj: Any) -> bool:
    """Whether a value is a named tuple, and not a result of an op."""
    return isinstance(obj, tuple) and hasattr(obj, "_asdict") and hasattr(obj, "_fields") and not hasattr(obj, "n_fields")


_is_namedtuple = is_namedtuple
