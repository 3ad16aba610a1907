"""The graph of a model, for a picture of it: one forward pass, read off the tape, each op under the module that ran it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Node:
    """A node of a graph.

    Args:
        name: Unique; slashes are the nesting of modules.
        op: What it computes.
        inputs: Names of the nodes that it takes.
        shape: Shape of its result, where known.
        text: A remark to show.
    """

    name: str
    op: str
    inputs: list[str]
    shape: tuple[int, ...] | None = None
    text: str = ""


def trace(model: Any, example: Any) -> list[Node]:
    """The ops of `model(example)` from input to output.

    The model is run once in evaluation mode, so that neither running statistics nor random numbers move.

    Args:
        model: A module.
        example: What it takes; floating.

    Returns:
        The nodes, each after those that it takes.
    """
    example = example.detach().clone().requires_grad_(True)
    root = type(model).__name__
    owner: dict[int, str] = {}  # by the identity of a tape's node; `alive` keeps those from being freed meanwhile
    shapes: dict[int, tuple[int, ...]] = {}
    alive: list[Any] = []

    def claim(path: str, tensors: Any) -> None:
        for tensor in tensors if isinstance(tensors, (tuple, list)) else (tensors,):
            last = getattr(tensor, "grad_fn", None)
            if last is not None:
                alive.append(tensor)
                shapes.setdefault(id(last), tuple(tensor.shape))
                _claim(last, path, owner, alive)

    handles = []
    for name, module in model.named_modules():
        inside = "/".join([root, *name.split(".")]) if name else root
        outside = inside.rpartition("/")[0] or root  # what was computed before a module begins belongs to the one around it
        handles.append(module.register_forward_pre_hook(lambda _, inputs, path=outside: claim(path, inputs)))
        handles.append(module.register_forward_hook(lambda _, inputs, output, path=inside: claim(path, output)))
    training = model.training
    model.eval()
    try:
        output = model(example)
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    leaves = {id(tensor): (f"{root}/{name.replace('.', '/')}", "Parameter") for name, tensor in model.named_parameters()}
    leaves[id(example)] = ("input", "Placeholder")
    return _nodes(output, owner, shapes, leaves)


def _claim(last: Any, path: str, owner: dict[int, str], alive: list[Any]) -> None:
    """Give the ops behind `last` that no inner module claimed to the module at `path`: hooks of inner modules run first."""
    todo = [last]
    while todo:
        step = todo.pop()
        if step is None or id(step) in owner or _leaf(step) is not None:
            continue
        alive.append(step)
        owner[id(step)] = path
        todo += [source for source, _ in step.next_functions]


def _leaf(step: Any) -> Any:
    """The tensor at the end of the tape; None for an op. An edge leads to the tensor itself, or, in torch, to what accumulates into it."""
    return getattr(step, "variable", None) if hasattr(step, "next_functions") else step


def _op(step: Any) -> str:
    """The op of a node of the tape."""
    return step.name().rstrip("0123456789").removesuffix("_backward").removesuffix("Backward")


def _nodes(output: Any, owner: dict[int, str], shapes: dict[int, tuple[int, ...]], leaves: dict[int, tuple[str, str]]) -> list[Node]:
    """The tape behind `output` as nodes, sources first."""
    made: list[Node] = []
    names: dict[int, str] = {}
    used: dict[str, int] = {}

    def add(key: int, name: str, op: str, inputs: list[str], shape: tuple[int, ...] | None) -> None:
        count = used[name] = used.get(name, 0) + 1
        names[key] = name if count == 1 else f"{name}_{count}"
        made.append(Node(names[key], op, inputs, shape))

    todo = [(output.grad_fn, False)]
    while todo:
        step, expanded = todo.pop()
        if step is None or id(step) in names:
            continue
        tensor = _leaf(step)
        if tensor is not None:
            add(id(step), *leaves.get(id(tensor), ("constant", "Const")), [], tuple(tensor.shape))
        elif expanded:
            inputs = [names[id(source)] for source, _ in step.next_functions if source is not None]
            add(id(step), f"{owner[id(step)]}/{_op(step)}", _op(step), inputs, shapes.get(id(step)))
        else:
            todo.append((step, True))
            todo += [(source, False) for source, _ in reversed(step.next_functions)]
    made.append(Node("output", "Identity", [made[-1].name] if made else [], tuple(output.shape)))
    return made
