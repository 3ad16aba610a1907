"""A model's graph for TensorBoard: the ops of one call, within the modules that called them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tensorboardX.proto.graph_pb2 import GraphDef
from tensorboardX.proto.node_def_pb2 import NodeDef
from tensorboardX.proto.versions_pb2 import VersionDef

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...nn.module import Module


class _Trace:
    """What has been seen: names of values by their identity, and the nodes."""

    def __init__(self, model: Module) -> None:
        self.names: dict[int, str] = {}
        self.kept: list[Any] = []  # so that no identity is used twice
        self.nodes: list[NodeDef] = []
        self.scope: list[str] = []
        self.counts: Counter[str] = Counter()
        self.depth = 0
        self.modules = {module: name for name, module in model.named_modules()}
        for name, value in (*model.named_parameters(), *model.named_buffers()):
            self.value(value, f"{type(model).__name__}/{name.replace('.', '/')}", "Parameter")

    def node(self, name: str, kind: str, inputs: list[str]) -> str:
        """Add a node, under a name that no other has."""
        self.counts[name] += 1
        unique = name if self.counts[name] == 1 else f"{name}_{self.counts[name] - 1}"
        self.nodes.append(NodeDef(name=unique, op=kind, input=inputs))
        return unique

    def value(self, tensor: Any, name: str, kind: str) -> None:
        """A tensor that no op made."""
        self.names[id(tensor)] = self.node(name, kind, [])
        self.kept.append(tensor)

    def around(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        """The interceptor: ops within ops are left out."""
        self.depth += 1
        try:
            result = proceed(*args)
        finally:
            self.depth -= 1
        if self.depth == 0:
            flat = [v for a in args for v in (a if isinstance(a, (tuple, list)) else (a,))]
            inputs = [self.names[id(v)] for v in flat if isinstance(v, Tensor) and id(v) in self.names]
            name = self.node("/".join([*self.scope, op.name]), f"aten::{op.name}", inputs)
            for made in result if isinstance(result, (tuple, list)) else (result,):
                if isinstance(made, Tensor):
                    self.names[id(made)] = name
                    self.kept.append(made)
        return result


def graph_of(model: Module, inputs: Any) -> GraphDef:
    """The graph of `model(*inputs)`.

    Args:
        model: The model; called once, in the mode that it is in, without recording.
        inputs: A tensor, or a tuple of arguments.
    """
    trace, root = _Trace(model), type(model).__name__
    args = inputs if isinstance(inputs, tuple) else (inputs,)
    for i, value in enumerate(args):
        if isinstance(value, Tensor):
            trace.value(value, f"input/{i}", "IO Node")
    handles = []
    for module, name in trace.modules.items():
        scope = "/".join([root, *name.split(".")]) if name else root

        def enter(_: Any, __: Any, scope: str = scope) -> None:
            trace.scope = [scope]

        def leave(_: Any, __: Any, ___: Any, above: str = scope.rpartition("/")[0] or root) -> None:
            trace.scope = [above]

        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    try:
        with core.no_grad(), core.intercept(trace.around):
            result = model(*args)
    finally:
        for handle in handles:
            handle.remove()
    for i, made in enumerate(result if isinstance(result, (tuple, list)) else (result,)):
        if isinstance(made, Tensor) and id(made) in trace.names:
            trace.node(f"output/{i}", "IO Node", [trace.names[id(made)]])
    return GraphDef(node=trace.nodes, versions=VersionDef(producer=22))
