"""A model at a glance: its modules, the shapes that they make, parameters, operations and memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ..flops import FORMULAS
from ..nn.module import Module
from ..ops.creation import zeros

__all__ = ["LayerInfo", "ModelStatistics", "summary"]

_MARK = {True: "└─", False: "├─"}


class LayerInfo:
    """What was seen of one module.

    Args:
        name: Its attribute's name; "" for the model itself.
        module: The module.
        depth: How deep it lies; 0 for the model itself.
    """

    def __init__(self, name: str, module: Module, depth: int) -> None:
        self.var_name, self.module, self.depth = name, module, depth
        self.class_name = type(module).__name__
        self.children: list[LayerInfo] = []
        self.input_size: list[list[int]] = []
        self.output_size: list[list[int]] = []
        self.num_params = sum(p.numel() for p in module.parameters())
        self.trainable_params = sum(p.numel() for p in module.parameters() if p.requires_grad)
        own = module.parameters(recurse=False)
        self.own_bytes = sum(t.numel() * t.dtype.itemsize for t in (*own, *module.buffers(recurse=False)))
        self.own_params = sum(p.numel() for p in module.parameters(recurse=False))
        self.flops = 0
        self.calls = 0
        self.output_bytes = 0

    @property
    def is_leaf(self) -> bool:
        """Whether no module lies below."""
        return not self.children


class ModelStatistics:
    """A model's summary: printed, it is a table.

    Attributes:
        summary_list: `LayerInfo` of all modules, in order.
        total_params, trainable_params: Numbers of parameters, shared ones counted once.
        total_flops: Floating-point operations of one forward pass, two for a product with its sum.
        total_input, total_output_bytes, total_param_bytes: Bytes of the input, of what the leaves made, of parameters and buffers.
        peak_bytes: The most memory that the forward pass took at once beside what there was before.
    """

    def __init__(self, layers: list[LayerInfo], inputs: Any, peak_bytes: int, depth: int, columns: Sequence[str]) -> None:
        self.summary_list, self.depth, self.columns = layers, depth, columns
        model = layers[0].module
        self.total_params, self.trainable_params = layers[0].num_params, layers[0].trainable_params
        self.total_flops = layers[0].flops
        self.total_mult_adds = self.total_flops // 2
        self.total_input = sum(t.numel() * t.dtype.itemsize for t in _tensors(inputs))
        self.total_output_bytes = sum(layer.output_bytes for layer in layers if layer.is_leaf)
        self.total_param_bytes = sum(t.numel() * t.dtype.itemsize for t in (*model.parameters(), *model.buffers()))
        self.peak_bytes = peak_bytes

    def __str__(self) -> str:
        titles = {"input_size": "Input", "output_size": "Output", "num_params": "Parameters", "flops": "FLOPs", "trainable": "Trained"}
        rows = [["Layer (type:depth)", *(titles[c] for c in self.columns)]]
        rows += [self._row(layer, prefix) for layer, prefix in self._lines() if layer.depth <= self.depth]
        wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        text = [
            "  ".join([row[0].ljust(wide[0]), *(cell.rjust(w) for cell, w in zip(row[1:], wide[1:], strict=True))]).rstrip() for row in rows
        ]
        rule = "=" * max(map(len, text))
        totals = [
            f"Parameters: {self.total_params:,} ({self.trainable_params:,} trained)",
            f"FLOPs: {self.total_flops:,}",
            f"Input: {_size(self.total_input)}, forward: {_size(self.total_output_bytes)}, parameters: {_size(self.total_param_bytes)}",
            f"Peak of the forward pass: {_size(self.peak_bytes)}",
        ]
        return "\n".join([rule, text[0], rule, *text[1:], rule, *totals, rule])

    __repr__ = __str__

    def _lines(self) -> list[tuple[LayerInfo, str]]:
        """The modules with what is drawn before them."""
        found: list[tuple[LayerInfo, str]] = []

        def walk(layer: LayerInfo, above: str, mark: str) -> None:
            found.append((layer, above + mark))
            below = above + ("" if not mark else "  " if mark == _MARK[True] else "│ ")
            for i, child in enumerate(layer.children):
                walk(child, below, _MARK[i == len(layer.children) - 1])

        walk(self.summary_list[0], "", "")
        return found

    def _row(self, layer: LayerInfo, prefix: str) -> list[str]:
        cells = {
            "input_size": ", ".join(map(str, layer.input_size)) or "--",
            "output_size": ", ".join(map(str, layer.output_size)) or "--",
            "num_params": f"{layer.num_params:,}" if layer.num_params else "--",
            "flops": f"{layer.flops:,}" if layer.flops else "--",
            "trainable": "--" if not layer.num_params else str(layer.trainable_params == layer.num_params),
        }
        name = f"{layer.class_name} ({layer.var_name}): {layer.depth}" if layer.var_name else f"{layer.class_name}: {layer.depth}"
        return [prefix + name, *(cells[c] for c in self.columns)]


def _size(n: int) -> str:
    return f"{n / 2**20:.2f} MiB" if n >= 2**20 else f"{n / 2**10:.2f} KiB"


def _tensors(value: Any) -> list[Tensor]:
    """The tensors in nested containers."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for v in value for t in _tensors(v)] if isinstance(value, (list, tuple)) else []


def _inputs(size: Any, dtypes: Any) -> list[Tensor]:
    """Zeros of the sizes given."""
    sizes = [size] if size and isinstance(size[0], int) else list(size)
    dtypes = [None] * len(sizes) if dtypes is None else list(dtypes)
    if len(dtypes) != len(sizes):
        raise expected("summary", f"{len(sizes)} dtypes, one for each input", len(dtypes))
    return [zeros(*s, dtype=d) for s, d in zip(sizes, dtypes, strict=True)]


def summary(
    model: Module,
    input_size: Any = None,
    input_data: Any = None,
    *,
    batch_dim: int | None = None,
    col_names: Sequence[str] = ("input_size", "output_size", "num_params", "flops"),
    depth: int = 3,
    dtypes: Any = None,
    mode: str = "eval",
    verbose: int = 0,
    **kwargs: Any,
) -> ModelStatistics:
    """Call a model once and say what its modules are, what shapes they make, and what that takes.

    Args:
        model: The model; its modes are as before afterwards.
        input_size: The size of the input, or several of them; the input is zeros.
        input_data: The input itself: a tensor, a sequence of arguments, or a dictionary of named ones.
        batch_dim: Where to put a dimension of 1 into each size.
        col_names: Columns, out of "input_size", "output_size", "num_params", "flops" and "trainable".
        depth: How deep the table goes.
        dtypes: Of the inputs that `input_size` describes; the default dtype if None.
        mode: "eval" or "train", the mode in which the model is called.
        verbose: 1 prints the table.
        kwargs: More arguments of the model.

    Returns:
        ModelStatistics, which prints as a table.

    Raises:
        ValueError: Neither or both of `input_size` and `input_data` are given, or a column or mode is not known.

    Example:
        >>> summary(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), (2, 3)).total_flops
        48
    """
    if (input_size is None) == (input_data is None):
        raise expected("summary", "one of input_size and input_data", "neither" if input_size is None else "both")
    known = ("input_size", "output_size", "num_params", "flops", "trainable")
    for column in col_names:
        if column not in known:
            raise expected("summary", f"columns out of {', '.join(known)}", repr(column))
    if mode not in ("eval", "train"):
        raise expected("summary", "mode to be 'eval' or 'train'", repr(mode))
    args, named = _arguments(input_size, input_data, batch_dim, dtypes)
    layers: dict[Module, LayerInfo] = {}
    first = _describe("", model, 0, layers)
    peak = _watch(model, layers, lambda: model(*args, **named, **kwargs), mode)
    found = ModelStatistics(list(layers.values()), (args, named), peak, depth, col_names)
    assert found.summary_list[0] is first
    if verbose:
        print(found)
    return found


def _arguments(input_size: Any, input_data: Any, batch_dim: int | None, dtypes: Any) -> tuple[list[Any], dict[str, Any]]:
    if isinstance(input_data, dict):
        return [], input_data
    if input_data is not None:
        return (list(input_data) if isinstance(input_data, (list, tuple)) else [input_data]), {}
    args = _inputs(input_size, dtypes)
    return [t if batch_dim is None else t.unsqueeze(batch_dim) for t in args], {}


def _describe(name: str, module: Module, depth: int, layers: dict[Module, LayerInfo]) -> LayerInfo:
    """A module and those below it; one that is used in two places is listed where it comes first."""
    layer = layers[module] = LayerInfo(name, module, depth)
    layer.children = [_describe(n, m, depth + 1, layers) for n, m in module.named_children() if m not in layers]
    return layer


def _watch(model: Module, layers: dict[Module, LayerInfo], call: Callable[[], Any], mode: str) -> int:
    """Call the model, and note what its modules get, make and take; the peak of memory comes back."""
    running: list[LayerInfo] = []
    modes = {module: module.training for module in model.modules()}

    def enter(module: Module, args: Any, named: Any) -> None:
        running.append(layers[module])
        if layers[module].calls == 0:
            layers[module].input_size = [list(t.shape) for t in _tensors((args, named))]
        layers[module].calls += 1

    def leave(module: Module, args: Any, result: Any) -> None:
        layer = running.pop()
        layer.output_size = [list(t.shape) for t in _tensors(result)]
        layer.output_bytes += sum(t.numel() * t.dtype.itemsize for t in _tensors(result))

    def count(op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        result = proceed(*args)
        if op.name in FORMULAS:
            for layer in running:
                layer.flops += FORMULAS[op.name](args, result)
        return result

    handles = [h for m in layers for h in (m.register_forward_pre_hook(enter, with_kwargs=True), m.register_forward_hook(leave))]
    try:
        model.train(mode == "train")
        core.reset_peak_memory()
        before = core.memory()["used"]
        with core.no_grad(), core.intercept(count):
            call()
        return core.memory()["peak"] - before
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
