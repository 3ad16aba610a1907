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

from workbench.experiments.events import Events
from workbench.recipes.common.graph import Node

READ = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
log = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
log.Reload()
print(json.dumps({
    "tags": {kind: tags for kind, tags in log.Tags().items()},
    "loss": [(e.step, e.value) for e in log.Scalars("train/loss")],
    "histogram": [(e.step, e.histogram_value.num) for e in log.Histograms("weights/conv")],
    "image": [(e.width, e.height) for e in log.Images("samples")],
    "nodes": [(n.name, n.op, list(n.input)) for n in log.Graph().node],
}))
"""


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
@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
def test_tensorboard_reads_them(events, tmp_path):
    write_all(events)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", READ, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read["loss"] == [[10, pytest.approx(0.1)], [20, pytest.approx(0.05)]]
    assert read["histogram"] == [[20, 100.0]]
    assert read["image"] == [[26, 17]]
    assert read["nodes"] == [["input", "Placeholder", []], ["net/conv", "conv2d", ["input"]]]


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
