"""Backward passes on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ext.core import _core

from ..ops.errors import expected

Tensor = _core.Tensor


def _listed(x: Any, n: int | None = None) -> list[Any]:
    if x is None:
        return [None] * (n or 0)
    return [x] if isinstance(x, Tensor) else list(x)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Accumulate the gradients of `tensors` into the `.grad` of the leaves that they were computed from.

    Args:
        tensors: What is differentiated.
        grad_tensors: For each, the gradient of some scalar with respect to it; None for one element.
        retain_graph: Keep what the graph saved, for another backward. Default: the value of create_graph.
        create_graph: Record the backward itself, for higher derivatives.
        inputs: Accumulate into these only.

    Shape:
        grad_tensors: each that of its tensor.

    Raises:
        RuntimeError: a tensor has no history, or needs a gradient and has none.
    """
    roots = _listed(tensors)
    given = _listed(grad_tensors, len(roots))
    if len(given) != len(roots):
        raise expected("backward", f"{len(roots)} gradients", f"{len(given)}", error=RuntimeError)
    _core.backward(roots, given, create_graph if retain_graph is None else retain_graph, create_graph, inputs)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` with respect to `inputs`; no `.grad` is touched.

    Args:
        outputs: What is differentiated.
        inputs: With respect to what.
        grad_outputs: For each output, the gradient of some scalar with respect to it; None for one element.
        retain_graph: Keep what the graph saved. Default: the value of create_graph.
        create_graph: Record the backward itself, for higher derivatives.
        allow_unused: Answer None for an input that no output depends on, instead of raising.
        is_grads_batched: Not offered; loop over the batch.
        materialize_grads: Answer zeros instead of None.

    Shape:
        result: for each input, its own.

    Returns:
        A tuple with one gradient for each input.

    Raises:
        RuntimeError: an input is not used and `allow_unused` is not set, or an output has no history.
    """
    if is_grads_batched:
        raise expected("grad", "is_grads_batched=False", "True", "call grad once for each row", NotImplementedError)
    roots, wanted = _listed(outputs), _listed(inputs)
    given = _listed(grad_outputs, len(roots))
    if len(given) != len(roots):
        raise expected("grad", f"{len(roots)} gradients of outputs", f"{len(given)}", error=RuntimeError)
    found = _core.gradients(roots, given, wanted, create_graph if retain_graph is None else retain_graph, create_graph)
    if materialize_grads:
        found = [g if g is not None else _core.fill(_core.make_empty(tuple(x.shape), x.dtype), 0) for g, x in zip(found, wanted)]
    elif not allow_unused and any(g is None for g in found):
        place = [g is None for g in found].index(True)
        raise expected(
            "grad",
            "inputs that the outputs depend on",
            f"input {place} that is not used",
            "set allow_unused=True to get None for it",
            RuntimeError,
        )
    return tuple(found)


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """Switch on or off that backward checks for nan and inf and names the operation; as a context manager, until its end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = _core.set_anomaly(bool(mode))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _core.set_anomaly(self.before)


class detect_anomaly:  # noqa: N801 - PyTorch's name
    """Within this block, remember where operations are recorded, and raise where backward makes the first nan or inf."""

    def __init__(self, check_nan: bool = True) -> None:
        self.before = False

    def __enter__(self) -> None:
        self.before = _core.set_anomaly(True)

    def __exit__(self, *exc: object) -> None:
        _core.set_anomaly(self.before)
