"""Builds an ONNX graph value by value: what the ONNX forms of ops write into.

b = Builder()
x = b.input("x", (2, 3), "float32")
y = b.node("Relu", b.node("Add", x, b.constant(np.float32(1))))
model = b.model([y])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..ops._define import Unsupported

OPSET = 20
IR_VERSION = 10
_CODES = {
    "bool": TensorProto.BOOL,
    "uint8": TensorProto.UINT8,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "complex64": TensorProto.COMPLEX64,
    "complex128": TensorProto.COMPLEX128,
}


def _name(dtype: Any) -> str:
    if isinstance(dtype, str):
        return dtype
    return getattr(dtype, "name", None) or np.dtype(dtype).name


class Builder:
    """An ONNX graph that grows node by node. Values are referred to by their names.

    Args:
        opset: Version of the operator set that the nodes are meant in.
    """

    def __init__(self, opset: int = OPSET) -> None:
        self.opset = opset
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.inputs: list[Any] = []
        self._known: dict[str, tuple[tuple[Any, ...] | None, np.dtype | None]] = {}
        self._count = 0

    def _new(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"

    def input(self, name: str, shape: Iterable[Any], dtype: Any) -> str:
        """Declare an input of the graph; a size may be a name. Returns the name."""
        shape = tuple(shape)
        self.inputs.append(helper.make_tensor_value_info(name, self.code(dtype), shape))
        self._known[name] = (shape, np.dtype(_name(dtype)))
        return name

    def constant(self, value: Any, name: str = "") -> str:
        """Add an initializer with the values of an array; returns its name."""
        value = np.asarray(value)
        name = name or self._new("constant")
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name))
        self._known[name] = (value.shape, value.dtype)
        return name

    def node(self, kind: str, *inputs: str | None, outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
        """Add a node; returns the name of its result.

        Args:
            kind: The operator's type, such as "Relu".
            *inputs: Names of values; None or "" leaves an optional input out.
            outputs: Number of results; a tuple of names is returned for more than one.
            domain: The operator set, "" being ONNX's own.
            **attributes: The operator's attributes; None leaves one out.
        """
        names = [self._new(kind.lower()) for _ in range(outputs)]
        given = {k: v for k, v in attributes.items() if v is not None}
        self.nodes.append(helper.make_node(kind, [i or "" for i in inputs], names, domain=domain, **given))
        return names[0] if outputs == 1 else tuple(names)

    def code(self, dtype: Any) -> int:
        """ONNX's number of a dtype given as ours, NumPy's or a name: what "Cast" takes as `to`."""
        return _CODES[_name(dtype)]

    element_type = code

    def shape(self, value: str) -> tuple[Any, ...]:
        """The shape of a value; sizes are numbers, or names where they are open."""
        shape = self._look(value)[0]
        if shape is None:
            raise ValueError(f"onnx: expected {value} to be of a known shape, got none; shape inference does not reach it")
        return shape

    def dtype(self, value: str) -> np.dtype:
        """The NumPy dtype of a value."""
        dtype = self._look(value)[1]
        if dtype is None:
            raise ValueError(f"onnx: expected {value} to be of a known dtype, got none; shape inference does not reach it")
        return dtype

    def _look(self, value: str) -> tuple[tuple[Any, ...] | None, np.dtype | None]:
        if value not in self._known:
            graph = helper.make_graph(self.nodes, "part", self.inputs, [], self.initializers)
            for info in onnx.shape_inference.infer_shapes(self._wrap(graph), data_prop=True).graph.value_info:
                kind = info.type.tensor_type
                shape = tuple(d.dim_value if d.HasField("dim_value") else d.dim_param for d in kind.shape.dim)
                dtype = np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type)) if kind.elem_type else None
                self._known[info.name] = (shape if kind.HasField("shape") else None, dtype)
        return self._known.get(value, (None, None))

    def _wrap(self, graph: Any) -> Any:
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="workbench")

    def add(self, op: Any, *bound: Any) -> Any:
        """Add the ONNX form of an op.

        Args:
            op: The op.
            *bound: All its arguments in the order of its parameters, with names of values in the place of tensors. A number where
                a tensor could stand becomes a constant; operands of elementwise ops are cast to their common dtype.

        Returns:
            The name of the result, or a tuple of names.

        Raises:
            ValueError: The op has no ONNX form; the message says why.
        """
        d = op.definition
        if d.onnx is None or isinstance(d.onnx, Unsupported):
            why = "not said" if d.onnx is None else d.onnx.why
            raise ValueError(f"onnx: {d.name} has no ONNX form: {why}")
        values = list(bound)
        at = [i for i, p in enumerate(d.params) if p in d.tensors and (isinstance(bound[i], str) or _is_number(bound[i]))]
        if any(_is_number(bound[i]) for i in at) or d.family == "map":
            dtypes = [_sample(self, bound[i]) for i in at]
            common = np.result_type(*dtypes) if dtypes else None
            for i in at:
                if _is_number(bound[i]):
                    values[i] = self.constant(np.asarray(bound[i], common))
                elif d.family == "map" and d.result != "first" and self.dtype(bound[i]) != common and not _is_condition(d, i):
                    values[i] = self.node("Cast", bound[i], to=self.code(common))
        if isinstance(d.onnx, str):
            return self.node(d.onnx, *(v for p, v in zip(d.params, values, strict=True) if p in d.tensors))
        made = d.onnx(self, *values)
        if isinstance(made, Unsupported):
            raise ValueError(f"onnx: {d.name} has no ONNX form: {made.why}")
        return made

    def model(self, outputs: Iterable[Any]) -> Any:
        """The finished model.

        Args:
            outputs: Names of values, or (name, shape, dtype) where shape inference shall not be relied on.
        """
        infos = []
        for output in outputs:
            name, shape, dtype = (output, self.shape(output), self.dtype(output)) if isinstance(output, str) else output
            infos.append(helper.make_tensor_value_info(name, self.code(dtype), shape))
        made = {name for node in self.nodes for name in node.output}
        for i, info in enumerate(infos):
            if info.name not in made:  # an output has to be made by a node
                infos[i].name = self.node("Identity", info.name)
        return self._wrap(helper.make_graph(self.nodes, "workbench", self.inputs, infos, self.initializers))


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, np.generic))


def _is_condition(definition: Any, i: int) -> bool:
    """Whether a parameter is the condition of a choice, which stays bool."""
    return definition.params[i] in ("condition", "mask")


def _sample(b: Builder, value: Any) -> Any:
    """What NumPy's promotion needs to know of an operand."""
    if not isinstance(value, str):
        return type(value)(0) if isinstance(value, (bool, int, float)) else value
    dtype = b.dtype(value)
    return dtype if len(b.shape(value)) else np.zeros((), dtype)
