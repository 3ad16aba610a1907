"""Event files: TensorBoard reads them where it is installed, tensorboardX's own messages decode them everywhere."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from workbench.experiments.cli import main
from workbench.experiments.events import Events
from workbench.experiments.metrics import read_metrics
from workbench.recipes.common.graph import Node

READ = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
log = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "histograms": 0})
log.Reload()
tags = log.Tags()
print(json.dumps({
    "scalars": {tag: [(e.step, e.value) for e in log.Scalars(tag)] for tag in tags["scalars"]},
    "histograms": {tag: [(e.step, e.histogram_value.num) for e in log.Histograms(tag)] for tag in tags["histograms"]},
    "images": {tag: [(e.width, e.height) for e in log.Images(tag)] for tag in tags["images"]},
    "nodes": [(n.name, n.op, list(n.input)) for n in log.Graph().node],
}))
"""
needs_tensorboard = pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")


def read_by_tensorboard(folder):
    """What TensorBoard finds in a folder, in a process of its own: its import takes seconds and warns."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", READ, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def decoded(folder):
    """Every event of a folder, file by file, the checksums verified."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    for path in sorted(folder.glob("events.out.tfevents.*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            assert struct.unpack_from("<I", data, at + 8)[0] == masked_crc32c(data[at : at + 8])
            payload = data[at + 12 : at + 12 + length]
            assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc32c(payload)
            yield Event.FromString(payload)
            at += 16 + length


def scalars(folder):
    return [
        (event.step, value.tag, value.simple_value)
        for event in decoded(folder)
        for value in event.summary.value
        if value.HasField("simple_value")
    ]


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def events(tmp_path, warnings):
    made = Events(tmp_path, None, warnings.append)
    yield made
    made.close()


def write_all(events):
    for step in (10, 20):
        events.scalars(step, {"train/loss": 1.0 / step, "train/lr": 0.1})
    events.histogram(20, "weights/conv", np.linspace(-1, 1, 100))
    events.images(0, "samples", np.zeros((5, 1, 8, 8)))
    events.text(0, "config", "lr: 0.1")
    events.graph([Node("input", "Placeholder", [], (1, 1, 8, 8)), Node("net/conv", "conv2d", ["input"], (1, 4, 8, 8))])
    events.position()


def test_events_decode(events, tmp_path):
    write_all(events)
    assert [(step, tag) for step, tag, _ in scalars(tmp_path)] == [
        (10, "train/loss"),
        (10, "train/lr"),
        (20, "train/loss"),
        (20, "train/lr"),
    ]
    values = {value.tag: value for event in decoded(tmp_path) for value in event.summary.value}
    assert values["weights/conv"].histo.num == 100
    assert (values["samples"].image.width, values["samples"].image.height) == (26, 17)  # 3 across, 2 down, a pixel between


@pytest.mark.slow
@needs_tensorboard
def test_tensorboard_reads_them(events, tmp_path):
    write_all(events)
    read = read_by_tensorboard(tmp_path)
    assert read["scalars"]["train/loss"] == [[10, pytest.approx(0.1)], [20, pytest.approx(0.05)]]
    assert read["histograms"] == {"weights/conv": [[20, 100.0]]}
    assert read["images"] == {"samples": [[26, 17]]}
    assert read["nodes"] == [["input", "Placeholder", []], ["net/conv", "conv2d", ["input"]]]


@pytest.mark.slow
@needs_tensorboard
def test_tensorboard_reads_a_real_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [
        "model.blocks=[1,1]",
        "model.widths=[4,8]",
        "trainer.epochs=2",
        "data.batch_size=128",
        "logger.every_steps=1",
        "logger.images=4",
    ]
    assert main(["train", "--plain", "+recipe=resnet", *words]) == 0
    (folder,) = (tmp_path / "runs" / "resnet").iterdir()
    read = read_by_tensorboard(folder)

    logged = [(row.step, name, value) for row in read_metrics(folder / "metrics.bin") for name, value in row.values.items()]
    for name in ("train/loss", "train/accuracy", "train/lr", "epoch/loss", "epoch/accuracy", "val/loss", "val/accuracy"):
        ours = [(step, np.float32(value)) for step, key, value in logged if key == name]
        assert [(step, np.float32(value)) for step, value in read["scalars"][name]] == ours

    assert read["images"] == {"samples": [[17, 17]]}  # two by two pictures of 8 x 8 pixels and a pixel between
    steps = [step for step, _ in read["scalars"]["val/loss"]]
    assert [step for step, _ in read["histograms"]["weights/conv.weight"]] == steps
    assert {name.partition("/")[0] for name in read["histograms"]} == {"weights", "gradients"}

    nodes = {name: (op, inputs) for name, op, inputs in read["nodes"]}
    assert len(nodes) == len(read["nodes"])
    assert {source for _, inputs in nodes.values() for source in inputs} <= set(nodes)
    assert [op for op, _ in nodes.values()].count("Convolution") == 6  # the stem, two blocks of two, a shortcut
    assert {"input", "output", "ResNet/conv/weight", "ResNet/head/weight"} <= set(nodes)


def test_no_step_twice_after_going_on(tmp_path, warnings):
    first = Events(tmp_path, None, warnings.append)
    first.scalars(1, {"x": 1.0})
    position = first.position()
    first.scalars(2, {"x": 2.0})
    first.close()
    later = Events(tmp_path, position, warnings.append)
    later.scalars(2, {"x": 20.0})
    position = later.position()
    later.scalars(3, {"x": 3.0})
    later.close()
    last = Events(tmp_path, position, warnings.append)
    last.scalars(3, {"x": 30.0})
    last.close()
    assert scalars(tmp_path) == [(1, "x", 1.0), (2, "x", 20.0), (3, "x", 30.0)]


def test_going_on_from_the_beginning_clears_what_was_there(tmp_path, warnings):
    first = Events(tmp_path, None, warnings.append)
    first.scalars(1, {"x": 1.0})
    first.close()
    Events(tmp_path, {}, warnings.append).close()
    assert scalars(tmp_path) == []


def test_values_that_are_not_finite(events, tmp_path):
    events.histogram(1, "all", np.array([np.nan, np.inf]))
    events.histogram(1, "some", np.array([np.nan, 1.0]))
    events.scalars(1, {"x": float("nan")})
    events.position()
    assert [value.tag for event in decoded(tmp_path) for value in event.summary.value] == ["some", "x"]


def test_a_full_disk_ends_the_writing_and_not_the_run(events, warnings):
    class Full:
        def write_event(self, event):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    events._file, real = Full(), events._file
    for step in range(3):
        events.scalars(step, {"x": 1.0})
    assert len(warnings) == 1
    assert "No space left on device" in warnings[0]
    real.close()


def test_torch_is_not_loaded():
    code = (
        "import sys, tempfile, pathlib; from workbench.experiments.events import Events; "
        "Events(pathlib.Path(tempfile.mkdtemp()), None, print).close(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
