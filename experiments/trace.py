"""A trace of steps: every operation with digests of its arguments and results, its layer and its line. Two traces show where runs part.

A trace is a file of JSON lines, in the order in which things were done; an operation within another one comes before it:

    step       the step that it belongs to, from 1; 0 for what comes before the first
    what       "op", "batch", "settings" of an optimizer, or "tensor" of a model after a step
    name       of the operation, or of the part of the training's state
    arguments  a description of each: of tensors dtype, shape and CRC-32 of the bits
    results    likewise
    place      where: the program's line, and the layer

What an operation overwrites without reading it, as `copy_` does, is described without its bits: they may be anything.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO, TypeVar

import numpy as np

from workbench.engine.autograd.anomaly_mode import line_of, outside

from .quiet import QuietRun, alone
from .random_state import seed_all
from .start import Start
from .tensorfile import bytes_of, raw

T = TypeVar("T")
_HERE = Path(__file__)
_OVERWRITES = ("copy_", "fill_", "zero_")


def _form(tensor: Any) -> str:
    return f"{str(tensor.dtype).rpartition('.')[2]}{list(tensor.shape)}"


class _DoneError(Exception):
    """The last step has been done."""


class Recorder:
    """Writes down what passes the funnel of operations.

    Args:
        file: Where to.
    """

    def __init__(self, file: TextIO) -> None:
        from workbench import engine
        from workbench.ext.core import _core

        self._file, self._tensor, self._core = file, _core.Tensor, _core
        here = Path(engine.__file__).parent
        self._hidden = tuple(str(folder) for path in (here, _HERE.parent) for folder in (path, path.resolve()))
        self._block = _core.intercept(self._around)
        self._backward: list[str] = []
        self._names: dict[int, str] = {}
        self.step = 0
        self.on = False

    def start(self) -> None:
        """Look from here on."""
        self.on = True
        self._block.__enter__()

    def stop(self) -> None:
        """Look no longer."""
        if self.on:
            self._block.__exit__(None, None, None)
            self.on = False

    def name_layers(self, part: str, model: Any) -> None:
        """Learn the paths of a model's layers."""
        if hasattr(model, "named_modules"):
            self._names.update({id(module): f"{part}.{name}" if name else part for name, module in model.named_modules()})

    def write(self, what: str, name: str, arguments: Iterable[Any], results: Iterable[Any], place: str = "") -> None:
        """Add a line."""
        entry = {"step": self.step, "what": what, "name": name, "arguments": list(arguments), "results": list(results), "place": place}
        self._file.write(json.dumps(entry) + "\n")

    def describe(self, value: Any) -> Any:
        """A value in JSON: of tensors and arrays, what stands for their bits."""
        if isinstance(value, self._tensor):
            return self._described(value)
        if isinstance(value, np.ndarray):
            return f"{value.dtype}{list(value.shape)} {zlib.crc32(bytes_of(np.ascontiguousarray(value))):08x}"
        if isinstance(value, Mapping):
            return {str(key): self.describe(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.describe(each) for each in value]
        if value is None or isinstance(value, (bool, int, str)):
            return value
        return repr(value) if isinstance(value, (float, complex)) else f"a {type(value).__name__}"

    def _described(self, tensor: Any) -> str:
        with self._core.no_grad():
            plain = tensor.detach()
            array = np.ascontiguousarray(plain.resolve_conj().numpy()) if tensor.is_complex() else raw(plain).array
            return f"{_form(tensor)} {zlib.crc32(bytes_of(array)):08x}"

    def _around(self, op: Any, args: tuple[Any, ...], proceed: Any) -> Any:
        """The interceptor. While it looks at values itself, it does not see what it does."""
        place = self._place()
        arguments = self._aside([_form(args[0]), *args[1:]] if op.name in _OVERWRITES else [*args])
        result = proceed(*args)
        outputs = [result] if isinstance(result, self._tensor) else list(result) if isinstance(result, (list, tuple)) else []
        self.write("op", op.name, arguments, self._aside(outputs), place)
        for each in outputs:
            if isinstance(each, self._tensor) and each.grad_fn is not None:
                self._watch(each.grad_fn, place)
        return result

    def _aside(self, values: list[Any]) -> list[Any]:
        self._block.__exit__(None, None, None)
        try:
            return [self.describe(value) for value in values]
        finally:
            self._block.__enter__()

    def _watch(self, node: Any, place: str) -> None:
        """Let a node of the graph say where it was recorded when its derivative runs."""
        if not hasattr(node, "register_prehook") or node.metadata.get("workbench.trace"):
            return
        node.metadata["workbench.trace"] = True

        def before(grads: Any) -> None:
            self._backward[:] = [place]

        node.register_prehook(before)

    def _place(self) -> str:
        """The program's line that is running, and its layer; in backward, those of the operation that is differentiated."""
        if self._core.current_run() and self._backward:
            return f"backward of {self._backward[0]}"
        program = outside(sys._getframe(2), self._hidden)
        layer = ""
        if modules := self._core.running_modules():
            this = modules[0]
            layer = f", layer {self._names.get(id(this), '')} ({type(this).__name__})".replace("layer  ", "layer ")
        return (line_of(program) if program is not None else "") + layer


class TracedRun(QuietRun):
    """A run whose steps after `first` up to `last` are traced.

    Args:
        config: The resolved configuration.
        folder: Where a recipe may put files of its own.
        start: Where it begins; None for the beginning.
        recorder: What writes the trace.
        first: The step after which the trace begins.
        last: The step with which it ends, and what follows it up to the next batch.
    """

    def __init__(self, config: Any, folder: Path, start: Start | None, recorder: Recorder, first: int, last: int) -> None:
        super().__init__(config, folder, *((start.state(), start.adopt) if start is not None else ()))
        self._recorder, self._first, self._last = recorder, first, last
        if start is None:  # else what comes before the first step makes only what the checkpoint replaces
            self._follow()

    def track(self, **parts: Any) -> None:
        super().track(**parts)
        for name, part in parts.items():
            self._recorder.name_layers(name, part)

    def batches(self, loader: Iterable[T]) -> Iterator[T]:
        for batch in super().batches(loader):
            if self.step >= self._last:
                raise _DoneError
            self._follow()
            if self._recorder.on:
                self._look("batch", "batch", batch)
                for name, part in self.parts.items():
                    for group in getattr(part, "param_groups", []):
                        settings = {key: value for key, value in group.items() if key != "params"}
                        self._look("settings", name, settings)
            yield batch

    def advance(self, values: Mapping[str, Any], items: int) -> None:
        super().advance(values, items)
        if self._recorder.on:
            for part, model in self.parts.items():
                if hasattr(model, "parameters"):
                    for name, tensor in model.state_dict().items():
                        self._look("tensor", f"{part}.{name}", tensor)
        self._follow()

    def _follow(self) -> None:
        """Begin the trace in time, and number its steps."""
        self._recorder.step = self.step + 1 if self.parts else 0
        if self.step >= self._first and not self._recorder.on:
            self._recorder.start()

    def _look(self, what: str, name: str, value: Any) -> None:
        self._recorder.write(what, name, [], self._recorder._aside([value]))


def trace_steps(config: Any, start: Start | None, path: str, first: int, last: int) -> int:
    """Train and write a trace of the steps after `first` up to `last`.

    Args:
        config: The resolved configuration.
        start: Where to begin; None for the beginning.
        path: The trace's file.
        first: The step after which the trace begins.
        last: The step with which it ends.

    Returns:
        The exit code: 0.
    """
    from .train import recipe_named, set_threads

    config = alone(config)
    recipe: Any = recipe_named(config.recipe)
    set_threads(config)
    seed_all(config.seed)
    with tempfile.TemporaryDirectory(prefix="workbench-") as place, Path(path).open("w") as file:
        recorder = Recorder(file)
        try:
            recipe(config, TracedRun(config, Path(place), start, recorder, first, last))
        except _DoneError:
            pass
        finally:
            recorder.stop()
    return 0
