"""What the writer writes is what TensorBoard reads, and what PyTorch's writer writes."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn
from workbench.engine.utils.tensorboard import FileWriter, SummaryWriter

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def events(folder):
    """(step, tag, value) of all summaries below a folder, and the graphs, as TensorBoard's own reader finds them."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    values, graphs = [], []
    for path in sorted(folder.rglob("events.out.tfevents.*")):
        for event in LegacyEventFileLoader(str(path)).Load():
            values += [(event.step, value.tag, value) for value in event.summary.value]
            if event.graph_def:
                graphs.append(event.graph_def)
    return values, graphs


def write(writer, e, numbers):
    """The same calls for both writers; `e` makes tensors."""
    t = lambda a: e.tensor(np.asarray(a).tolist())  # noqa: E731
    values = t(numbers.normal(size=100))
    picture = t(numbers.uniform(size=(3, 6, 5)))
    writer.add_scalar("loss", t(0.25), 3)
    writer.add_scalar("new", 0.5, 4, new_style=True)
    writer.add_scalar("double", 1 / 3, 5, new_style=True, double_precision=True)
    writer.add_scalar("single", 1 / 3, 5, double_precision=True)
    writer.add_scalars("both", {"a": 1.0, "b": t(2.0)}, 1)
    writer.add_tensor("tensor", t([[1.0, 2.0]]), 2)
    writer.add_histogram("histogram", values, 1)
    writer.add_histogram("edges", values, 1, bins="auto")
    writer.add_histogram_raw("raw", 0.0, 1.0, 4, 2.0, 1.5, [0.5, 1.0], [2, 2], 7)
    writer.add_image("image", picture, 1)
    writer.add_image("grey", picture[0], 1, dataformats="HW")
    writer.add_images("images", e.stack([picture, picture]), 1)
    writer.add_image_with_boxes("boxes", picture, t([[1.0, 1.0, 3.0, 3.0]]), 1)
    writer.add_text("text", "some *words*", 1)
    writer.add_pr_curve("pr", t([0, 1, 1, 0]), t([0.1, 0.8, 0.6, 0.4]), 1)
    writer.add_audio("audio", t(numbers.uniform(-1, 1, size=(1, 50))), 1, sample_rate=8000)
    writer.add_mesh("mesh", t(numbers.normal(size=(1, 4, 3))), global_step=1)
    writer.add_custom_scalars({"c": {"losses": ["Multiline", ["loss", "new"]]}})
    writer.add_hparams({"lr": 0.1, "name": "x", "on": True}, {"hparam/loss": t(0.5)}, run_name="settings")
    writer.flush()
    writer.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    from torch.utils.tensorboard import SummaryWriter as Theirs

    found = {}
    for name, writer, e in (("ours", SummaryWriter, engine), ("theirs", Theirs, torch)):
        folder = tmp_path_factory.mktemp(name)
        write(writer(str(folder)), e, np.random.default_rng(0))
        found[name] = events(folder)[0]
    return found


def test_the_same_tags_and_steps(written):
    # a mesh is written in parts, which the two number and name
    ours, theirs = ([(step, tag.split("mesh_")[0]) for step, tag, _ in written[name]] for name in ("ours", "theirs"))
    assert sorted(ours) == sorted(theirs)
    assert len(ours) > 20


@pytest.mark.parametrize("tag", ["loss", "single", "both", "hparam/loss"])
def test_numbers(written, tag):
    ours, theirs = ([v.simple_value for _, t, v in written[name] if t == tag] for name in ("ours", "theirs"))
    assert ours == theirs != []


@pytest.mark.parametrize("tag", ["new", "double", "tensor"])
def test_tensors_keep_their_bits(written, tag):
    from tensorboard.util.tensor_util import make_ndarray

    ours, theirs = (next(make_ndarray(v.tensor) for _, t, v in written[name] if t == tag) for name in ("ours", "theirs"))
    assert ours.dtype == theirs.dtype
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("tag", ["histogram", "edges", "raw"])
def test_histograms(written, tag):
    ours, theirs = (next(v.histo for _, t, v in written[name] if t == tag) for name in ("ours", "theirs"))
    for field in ("min", "max", "num", "sum", "sum_squares"):
        assert getattr(ours, field) == pytest.approx(getattr(theirs, field), rel=1e-6)
    assert sum(ours.bucket) == sum(theirs.bucket)


def test_sound(written):
    ours, theirs = (next(v.audio for _, t, v in written[name] if t == "audio") for name in ("ours", "theirs"))
    assert (ours.sample_rate, ours.num_channels, ours.length_frames) == (theirs.sample_rate, theirs.num_channels, theirs.length_frames)
    frames = [np.frombuffer(sound.encoded_audio_string[44:], "<i2").astype(int) for sound in (ours, theirs)]
    assert np.abs(frames[0] - frames[1]).max() <= 1


@pytest.mark.parametrize("tag", ["image", "grey", "images"])
def test_pictures(written, tag):
    from io import BytesIO

    from PIL import Image

    ours, theirs = (next(v.image for _, t, v in written[name] if t == tag) for name in ("ours", "theirs"))
    assert (ours.height, ours.width) == (theirs.height, theirs.width)
    pixels = [np.asarray(Image.open(BytesIO(image.encoded_image_string))).astype(int) for image in (ours, theirs)]
    assert np.abs(pixels[0] - pixels[1]).max() <= 1


def test_signatures_are_torch_s():
    from torch.utils.tensorboard import FileWriter as TheirFiles
    from torch.utils.tensorboard import SummaryWriter as Theirs

    for ours, theirs in ((SummaryWriter, Theirs), (FileWriter, TheirFiles)):
        for name, method in inspect.getmembers(theirs, inspect.isfunction):
            if not name.startswith("_") or name == "__init__":
                mine = {p.name: p.default for p in inspect.signature(getattr(ours, name)).parameters.values()}
                other = {p.name: p.default for p in inspect.signature(method).parameters.values()}
                shared = [n for n in mine if n in other]
                if ours is SummaryWriter and name not in ("add_onnx_graph", "close", "flush"):
                    assert mine == other, name
                assert shared == list(other)[: len(shared)], name


def test_graph_names_modules_and_follows_values(tmp_path):
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 2)))
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(model, engine.ones(5, 3))
    (text,) = events(tmp_path)[1]
    nodes = {node.name: node for node in GraphDef.FromString(text).node}
    linear = nodes["Sequential/0/linear"]
    assert list(linear.input) == ["input/0", "Sequential/0/weight", "Sequential/0/bias"]
    assert list(nodes["Sequential/1/relu"].input) == ["Sequential/0/linear"]
    assert "Sequential/2/0/linear" in nodes
    assert list(nodes["output/0"].input) == ["Sequential/2/0/linear"]
    assert not model[0]._forward_hooks


def test_folders_and_refusals(tmp_path):
    writer = SummaryWriter(tmp_path / "a", purge_step=3, filename_suffix=".end")
    assert writer.get_logdir() == writer.log_dir == str(tmp_path / "a")
    writer.add_embedding(engine.randn(4, 3), metadata=list("abcd"), global_step=1)
    with pytest.raises(AssertionError, match="add_scalar: expected a value of one element"):
        writer.add_scalar("x", engine.ones(2))
    with pytest.raises(TypeError, match="add_hparams: expected hparam_dict"):
        writer.add_hparams([], {})
    writer.close()
    assert all(path.name.endswith(".end") for path in (tmp_path / "a").glob("events*"))
    assert any((tmp_path / "a").rglob("tensors.tsv"))
    files = FileWriter(tmp_path / "b")
    assert files.get_logdir() == str(tmp_path / "b")
    files.close()
