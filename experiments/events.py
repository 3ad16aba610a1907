"""The TensorBoard side of a run: event files written with tensorboardX, in a way that can neither block nor end a training.

tensorboardX's `SummaryWriter` hands events to a thread through a bounded queue: when the disk is full the thread dies and the training
waits for ever. Here the events that tensorboardX builds are written at once, by its record writer, at a position that a checkpoint can
hold.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from workbench.recipes.common.graph import Node

_PREFIX = "events.out.tfevents."
_TILE_GAP = 1
_BINS = 50


class Events:
    """Writes one new event file of a run.

    Args:
        folder: The run's folder.
        keep: Sizes in bytes of the event files that are already there, by name, as `position` gave them at the checkpoint that is resumed:
            what lies behind was written after it and is cut off, so that no step appears twice. None leaves the files alone.
        warn: Is told once when writing fails; from then on nothing is written.
    """

    def __init__(self, folder: Path, keep: Mapping[str, int] | None, warn: Callable[[str], None]) -> None:
        self.folder, self._warn, self._failed = folder, warn, False
        if keep is not None:
            for path in folder.glob(_PREFIX + "*"):
                if path.name not in keep:
                    path.unlink()
                elif path.stat().st_size > keep[path.name]:
                    os.truncate(path, keep[path.name])
        number = len(list(folder.glob(_PREFIX + "*")))
        self._build, writer = _tensorboardx()
        try:
            self._file = writer(str(folder / "events"), f".{number}")
        except OSError as error:
            self._fail(error)

    def scalars(self, step: int, values: Mapping[str, Any]) -> None:
        """Add the scalars of a step, one curve by name."""
        value = self._build.Value
        self._add(step, [value(tag=name, simple_value=float(number)) for name, number in values.items()])

    def histogram(self, step: int, name: str, values: np.ndarray) -> None:
        """Add the distribution of an array; values that are not finite are left out."""
        flat = np.asarray(values, np.float64).reshape(-1)
        flat = flat[np.isfinite(flat)]
        if flat.size:
            self._add(step, self._build.histogram(name, flat, _BINS).value)

    def images(self, step: int, name: str, images: np.ndarray) -> None:
        """Add images as one square of tiles.

        Args:
            step: Training steps done.
            name: Name in TensorBoard.
            images: Of shape (n, channels, height, width), 1 or 3 channels, values in [0, 1].
        """
        self._add(step, self._build.image(name, _tiled(np.asarray(images, np.float32)), dataformats="CHW").value)

    def text(self, step: int, name: str, text: str) -> None:
        """Add a text; TensorBoard reads Markdown."""
        self._add(step, self._build.text(name, text).value)

    def graph(self, nodes: Iterable[Node]) -> None:
        """Add the model's graph."""
        from tensorboardX.proto.attr_value_pb2 import AttrValue
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.graph_pb2 import GraphDef
        from tensorboardX.proto.node_def_pb2 import NodeDef
        from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboardX.proto.versions_pb2 import VersionDef

        made = []
        for node in nodes:
            attributes = {}
            if node.shape is not None:
                dims = [TensorShapeProto.Dim(size=size) for size in node.shape]
                attributes["_output_shapes"] = AttrValue(list=AttrValue.ListValue(shape=[TensorShapeProto(dim=dims)]))
            if node.text:
                attributes["about"] = AttrValue(s=node.text.encode())
            made.append(NodeDef(name=node.name, op=node.op, input=list(node.inputs), attr=attributes))
        graph = GraphDef(node=made, versions=VersionDef(producer=22))
        self._write(Event(wall_time=time.time(), graph_def=graph.SerializeToString()))

    def position(self) -> dict[str, int]:
        """The sizes of all event files of the run, by name, after writing out what is pending."""
        if not self._failed:
            try:
                self._file.flush()
            except OSError as error:
                self._fail(error)
        return {path.name: path.stat().st_size for path in sorted(self.folder.glob(_PREFIX + "*"))}

    def close(self) -> None:
        """Write out what is pending and close the file."""
        if not self._failed:
            try:
                self._file.close()
            except OSError as error:
                self._fail(error)

    def _add(self, step: int, values: Any) -> None:
        self._write(self._build.Event(wall_time=time.time(), step=step, summary=self._build.Summary(value=values)))

    def _write(self, event: Any) -> None:
        if not self._failed:
            try:
                self._file.write_event(event)
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._failed = True
        self._warn(f"TensorBoard's file cannot be written ({error.strerror}); the run goes on without it, metrics.bin has every scalar")


class _Builders:
    """What of tensorboardX is used here."""

    def __init__(self) -> None:
        from tensorboardX import summary
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        self.Event, self.Summary, self.Value = Event, Summary, Summary.Value
        self.histogram, self.image, self.text = summary.histogram, summary.image, summary.text


def _tensorboardx() -> tuple[_Builders, Any]:
    """tensorboardX, imported without torch: it would load it where it is installed, two seconds and a second runtime in the process."""
    with contextlib.ExitStack() as stack:
        if "torch" not in sys.modules:
            sys.modules["torch"] = None  # type: ignore[assignment]  # makes `import torch` an ImportError, which tensorboardX expects
            stack.callback(sys.modules.pop, "torch", None)
        from tensorboardX.event_file_writer import EventsWriter

        return _Builders(), EventsWriter


def _tiled(images: np.ndarray) -> np.ndarray:
    """(n, channels, height, width) to one (channels, H, W) with as many tiles across as down."""
    n, channels, height, width = images.shape
    across = int(np.ceil(np.sqrt(n)))
    down = -(-n // across)
    out = np.ones((channels, down * (height + _TILE_GAP) - _TILE_GAP, across * (width + _TILE_GAP) - _TILE_GAP), np.float32)
    for i, image in enumerate(images):
        top, left = i // across * (height + _TILE_GAP), i % across * (width + _TILE_GAP)
        out[:, top : top + height, left : left + width] = np.clip(image, 0.0, 1.0)
    return out
