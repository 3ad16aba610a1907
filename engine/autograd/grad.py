"""Backward passes on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ext.core import _core

from ..ops.creation import zeros_like
from ..ops.errors import expected
from .batching import batched_over
from .graph import GradientEdge, as_tensor

Tensor = _core.Tensor
TensorOrEdge = Any


def _listed(x: Any, n: int | None = None) -> list[Any]:
    if x is None:
        return [None] * (n or 0)
    if isinstance(x, dict):
        return list(x.values())
    return [x] if isinstance(x, (Tensor, GradientEdge)) else list(x)


def backward(
    tensors: TensorOrEdge | Sequence[TensorOrEdge],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: TensorOrEdge | Sequence[TensorOrEdge] | dict[str, Tensor] | None = None,
) -> None:
    """Accumulate the gradients of `tensors` into the `.grad` of the leaves that they were computed from.

    Args:
        tensors: What is differentiated.
        grad_tensors: For each, the gradient of some scalar with respect to it; None for one element.
        retain_graph: Keep what the graph saved, for another backward. Default: the value of create_graph.
        create_graph: Record the backward itself, for higher derivatives.
        grad_variables: An old name of grad_tensors.
        inputs: Accumulate into these only.

    Shape:
        grad_tensors: each that of its tensor.

    Raises:
        RuntimeError: a tensor has no history, or needs a gradient and has none.
    """
    if grad_variables is not None:
        if grad_tensors is not None:
            raise expected("backward", "grad_tensors or grad_variables", "both", error=RuntimeError)
        grad_tensors = grad_variables
    roots = _listed(tensors)
    given = _listed(grad_tensors, len(roots))
    if len(given) != len(roots):
        raise expected("backward", f"{len(roots)} gradients", f"{len(given)}", error=RuntimeError)
    roots = [as_tensor(r, g) for r, g in zip(roots, given)]
    into = None if inputs is None else [as_tensor(x) for x in _listed(inputs)]
    _core.backward(roots, given, create_graph if retain_graph is None else retain_graph, create_graph, into)


def grad(
    outputs: TensorOrEdge | Sequence[TensorOrEdge],
    inputs: TensorOrEdge | Sequence[TensorOrEdge] | dict[str, Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of `outputs` with respect to `inputs`; no `.grad` is touched.

    Args:
        outputs: What is differentiated: tensors, or edges from `graph.get_gradient_edge`.
        inputs: With respect to what; a dictionary is answered by one.
        grad_outputs: For each output, the gradient of some scalar with respect to it; None for one element.
        retain_graph: Keep what the graph saved. Default: the value of create_graph.
        create_graph: Record the backward itself, for higher derivatives.
        only_inputs: Accepted for PyTorch's sake.
        allow_unused: Answer None for an input that no output depends on, instead of raising. Default: the value of materialize_grads.
        is_grads_batched: grad_outputs have one more dimension in front, and so have the results: one backward for the whole batch.
        materialize_grads: Answer zeros instead of None.

    Shape:
        result: for each input, its own, behind that of the batch if there is one.

    Returns:
        A tuple with one gradient for each input.

    Raises:
        RuntimeError: an input is not used and `allow_unused` is not set, or an output has no history.
        ValueError: allow_unused=False with materialize_grads=True.

    Example:
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> grad((x * x).sum(), x)
        (tensor([2., 4.]),)
    """
    if materialize_grads and allow_unused is False:
        raise expected("grad", "allow_unused to be True or left out with materialize_grads=True", "False")
    roots, wanted = _listed(outputs), _listed(inputs)
    given = _listed(grad_outputs, len(roots))
    if len(given) != len(roots):
        raise expected("grad", f"{len(roots)} gradients of outputs", f"{len(given)}", error=RuntimeError)
    retain = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        found = _batched(roots, wanted, given, retain, create_graph)
    else:
        sources = [as_tensor(x) for x in wanted]
        found = _core.gradients([as_tensor(r, g) for r, g in zip(roots, given)], given, sources, retain, create_graph)
    if materialize_grads:
        if any(g is None and isinstance(x, GradientEdge) for g, x in zip(found, wanted)):
            raise expected("grad", "tensors as inputs with materialize_grads=True", "a GradientEdge that is not used", error=RuntimeError)
        found = [zeros_like(x) if g is None else g for g, x in zip(found, wanted)]
    elif not allow_unused and any(g is None for g in found):
        place = [g is None for g in found].index(True)
        raise expected(
            "grad",
            "inputs that the outputs depend on",
            f"input {place} that is not used",
            "set allow_unused=True to get None for it",
            RuntimeError,
        )
    return dict(zip(inputs, found)) if isinstance(inputs, dict) else tuple(found)


def _batched(roots: list[Any], wanted: list[Any], given: list[Any], retain: bool, create_graph: bool) -> list[Any]:
    """The gradients for each element of the first dimension of those given, of one backward over the batch."""
    sizes = {g.shape[0] for g in given if g is not None and g.ndim}
    if len(sizes) != 1:
        raise expected("grad", "gradients of outputs with one batch size", f"{sorted(sizes)}", error=RuntimeError)
    (n,) = sizes
    sources = [as_tensor(x) for x in wanted]

    def once(*row: Any) -> list[Any]:
        return _core.gradients([as_tensor(r, g) for r, g in zip(roots, row)], list(row), sources, retain, create_graph)

    return batched_over(n, once, *given)
