"""The GPT recipe: PyTorch's own transformer says the same, two steps run, it learns, and bits are equal however it is run."""

from __future__ import annotations

import inspect
import json
import math
import signal
from pathlib import Path

import numpy as np
import pytest

from workbench import engine as torch
from workbench.experiments.cli import main
from workbench.experiments.metrics import read_metrics
from workbench.recipes import gpt
from workbench.recipes.gpt import GPT

VERSE = "Whose woods these are I think I know.\nHis house is in the village though;\nHe will not see me stopping here\n" * 9
SHAPE = {"vocabulary": 11, "layers": 2, "heads": 2, "width": 16, "block": 8, "dropout": 0.0}
WORDS = ["+recipe=gpt", "data.path=verse.txt", "data.tokenizer=char", "data.batches=4", "data.batch_size=6", "trainer.epochs=3"]
WORDS += ["model.layers=1", "model.heads=2", "model.width=16", "model.block=12", "model.dropout=0.1", "trainer.sample=5"]
WORDS += ["trainer.checkpoint.every_steps=3", "logger.histograms=false"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "cache"))
    Path("verse.txt").write_text(VERSE)


def result(root="runs"):
    folder = max(Path(root, "gpt").iterdir(), key=lambda run: run.stat().st_ctime_ns)
    rows = [(row.step, row.values) for row in read_metrics(folder / "metrics.bin")]
    return json.loads((folder / "result.json").read_text()), rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("WORKBENCH_DATA", str(root / "cache"))
        Path("verse.txt").write_text(VERSE)
        assert main(["train", "--plain", *WORDS]) == 0
        found, rows = result()
    return found["sha256"], rows


def batch():
    rng = np.random.default_rng(0)
    return rng.integers(0, 11, (3, 8)), rng.integers(0, 11, (3, 8))


def losses_and_gradients(library, model, function):
    tokens, targets = (library.from_numpy(array) for array in batch())
    scores = function(model, tokens)
    library.nn.functional.cross_entropy(scores.reshape(-1, 11), targets.reshape(-1)).backward()
    return scores.detach().numpy(), {name: p.grad.numpy() for name, p in model.named_parameters()}


def test_pytorchs_transformer_says_the_same():
    """Its own encoder layers, normalised first and with a causal mask, hold the same weights under other names."""
    peer = pytest.importorskip("torch")
    model = GPT(**SHAPE, positions="learned", bias=True, tied=True)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, 1.0 if "norm" in name else 0.0, 0.2)

    class Reference(peer.nn.Module):
        def __init__(self):
            super().__init__()
            layer = peer.nn.TransformerEncoderLayer(16, 2, 64, 0.0, "gelu", batch_first=True, norm_first=True)
            self.encoder = peer.nn.TransformerEncoder(layer, 2, peer.nn.LayerNorm(16), enable_nested_tensor=False)
            self.tokens, self.places = peer.nn.Embedding(11, 16), peer.nn.Embedding(8, 16)

        def forward(self, tokens):
            x = self.tokens(tokens) + self.places.weight
            y = self.encoder(x, mask=peer.nn.Transformer.generate_square_subsequent_mask(8), is_causal=True)
            return y @ self.tokens.weight.T

    reference = Reference()
    names = {"tokens.weight": "tokens.weight", "places.weight": "places.weight"}
    names |= {f"norm.{part}": f"encoder.norm.{part}" for part in ("weight", "bias")}
    inside = {"norm1": "norm1", "norm2": "norm2", "up": "linear1", "down": "linear2", "attention.out": "self_attn.out_proj"}
    for layer in range(2):
        for part in ("weight", "bias"):
            names |= {f"blocks.{layer}.{ours}.{part}": f"encoder.layers.{layer}.{theirs}.{part}" for ours, theirs in inside.items()}
            names[f"blocks.{layer}.attention.qkv.{part}"] = f"encoder.layers.{layer}.self_attn.in_proj_{part}"
    state = {theirs: peer.from_numpy(model.state_dict()[ours].numpy().copy()) for ours, theirs in names.items()}
    reference.load_state_dict(state)
    scores, grads = losses_and_gradients(torch, model, lambda m, tokens: m(tokens))
    wanted, wanted_grads = losses_and_gradients(peer, reference, lambda m, tokens: m(tokens))
    np.testing.assert_allclose(scores, wanted, atol=2e-6)
    assert len(grads) == len(names) == len(wanted_grads)
    for ours, theirs in names.items():
        np.testing.assert_allclose(grads[ours], wanted_grads[theirs], atol=2e-6, err_msg=ours)


@pytest.mark.parametrize("positions", ["rotary", "learned"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("tied", [True, False])
def test_the_recipes_source_says_the_same_in_pytorch(positions, bias, tied):
    peer = pytest.importorskip("torch")
    names = {"torch": peer, "nn": peer.nn, "F": peer.nn.functional, "math": math, "Any": object}
    source = "\n".join(map(inspect.getsource, (gpt.Attention, gpt.rotate, gpt.Block, gpt.GPT)))
    exec("from __future__ import annotations\n" + source, names)
    shape = SHAPE | {"positions": positions, "bias": bias, "tied": tied}
    model, reference = GPT(**shape), names["GPT"](**shape)
    reference.load_state_dict({name: peer.from_numpy(tensor.numpy().copy()) for name, tensor in model.state_dict().items()})
    scores, grads = losses_and_gradients(torch, model, lambda m, tokens: m(tokens))
    wanted, wanted_grads = losses_and_gradients(peer, reference, lambda m, tokens: m(tokens))
    np.testing.assert_allclose(scores, wanted, atol=2e-6)
    assert set(grads) == set(wanted_grads)
    for name, grad in grads.items():
        np.testing.assert_allclose(grad, wanted_grads[name], atol=2e-6, err_msg=name)


def test_rotary_positions_are_those_of_the_paper():
    """Equation 34 of Su et al.: feature pairs as complex numbers, times exp(i m theta); products depend on the distance alone."""
    model = GPT(**SHAPE, positions="rotary", bias=False, tied=True)
    x = np.random.default_rng(1).standard_normal((2, 8, 2, 8)).astype(np.float32)
    pairs = x[..., :4] + 1j * x[..., 4:]
    turned = pairs * np.exp(1j * np.arange(8)[:, None, None] * 10000.0 ** (-np.arange(4) / 4))
    found = gpt.rotate(torch.from_numpy(x), *model.turn).numpy()
    np.testing.assert_allclose(found, np.concatenate([turned.real, turned.imag], -1), atol=1e-5)


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_no_token_sees_those_after_it(positions):
    model = GPT(**SHAPE, positions=positions, bias=False, tied=True)
    tokens = torch.from_numpy(batch()[0])
    changed = tokens.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 11
    before, after = model(tokens), model(changed)
    assert bool((before[:, :5] == after[:, :5]).all())
    assert not bool((before[:, 5:] == after[:, 5:]).all())


def test_parameters_are_those_of_nanogpts_preset():
    """ "number of parameters: 0.80M", which leaves the positions out."""
    model = GPT(65, layers=4, heads=4, width=128, block=64, positions="learned", dropout=0.0, bias=False, tied=True)
    assert round((sum(p.numel() for p in model.parameters()) - 64 * 128) / 1e6, 2) == 0.80
    scales = {name: p.std().item() for name, p in model.named_parameters() if p.ndim > 1}
    for name, scale in scales.items():
        small = 0.02 / math.sqrt(8) if name.endswith(("out.weight", "down.weight")) else 0.02
        assert scale == pytest.approx(small, rel=0.05)


def test_two_steps(capsys):
    assert main(["train", "--plain", *WORDS, "trainer.max_steps=2"]) == 0
    out = capsys.readouterr().out
    assert "sample:\n" in out
    assert "tokens/s" in out
    found, rows = result()
    assert [step for step, values in rows if "train/loss" in values] == [1, 2]
    assert set(found["metrics"]) == {"val/loss", "val/perplexity", "val/bits_per_byte"}
    assert found["metrics"]["val/perplexity"] == pytest.approx(math.exp(found["metrics"]["val/loss"]))
    assert found["metrics"]["val/bits_per_byte"] == pytest.approx(found["metrics"]["val/loss"] / math.log(2))
    (folder,) = Path("runs/gpt").iterdir()
    assert json.loads((folder / "tokenizer.json").read_text())["characters"] == "".join(sorted(set(VERSE)))


def test_it_learns():
    """Three lines over and over: with the length of a line in view, what comes next is certain."""
    words = ["model.block=32", "model.width=32", "model.dropout=0", "trainer.epochs=1", "data.batches=120", "optim.lr=1e-2"]
    assert main(["train", "--plain", *WORDS, *words, "logger=quiet", "trainer.sample=0", "trainer.checkpoint.every_steps=0"]) == 0
    found, rows = result()
    first = next(values["train/loss"] for _, values in rows)
    assert first == pytest.approx(math.log(len(set(VERSE))), abs=0.2)
    assert found["metrics"]["val/loss"] < 0.35


@pytest.mark.parametrize("words", [["threads=1"], ["data.workers=2"], ["logger=quiet"]], ids=" ".join)
def test_equal_bits_however_it_is_run(words, whole):
    words = [word for word in WORDS if not (words == ["logger=quiet"] and word.startswith("logger."))] + words
    assert main(["train", "--plain", *words]) == 0
    found, rows = result()
    assert (found["sha256"], rows) == whole


def test_another_seed_gives_other_bits(whole):
    assert main(["train", "--plain", *WORDS, "seed=1"]) == 0
    assert result()[0]["sha256"] != whole[0]


@pytest.mark.parametrize("step", [1, 3, 4, 7, 11])
@pytest.mark.parametrize("words", [[], ["data.workers=1"]], ids=" ".join)
def test_interrupted_and_resumed(step, words, whole, monkeypatch):
    seen, loss_of = [], gpt.loss_of

    def interrupting(model, *args):
        seen.extend([1] * model.training)
        if model.training and len(seen) == step:
            signal.raise_signal(signal.SIGINT)
        return loss_of(model, *args)

    monkeypatch.setattr(gpt, "loss_of", interrupting)
    assert main(["train", "--plain", *WORDS]) == 130
    monkeypatch.setattr(gpt, "loss_of", loss_of)
    assert main(["train", "--plain", "--resume", str(next(Path("runs/gpt").iterdir())), *words]) == 0
    found, rows = result()
    assert (found["sha256"], rows) == whole
    assert len(seen) == step


def test_accumulated_gradients_are_those_of_the_whole_batch():
    words = ["model.dropout=0", "trainer.epochs=1", "trainer.sample=0"]
    found = []
    for parts in (1, 2, 3, 6):
        assert main(["train", "--plain", *WORDS, *words, f"trainer.accumulate={parts}", f"runs=runs{parts}"]) == 0
        found.append([values["train/loss"] for _, values in result(f"runs{parts}")[1] if "train/loss" in values])
    np.testing.assert_allclose(found[1:], [found[0]] * 3, rtol=1e-6)


@pytest.mark.parametrize(("limit", "windows"), [("null", 61), ("1", 8), ("3", 24), ("99", 61)])
def test_validation_reads_the_whole_part_or_an_even_choice_of_it(limit, windows, monkeypatch):
    seen, evaluate = [], gpt.evaluate

    def counting(model, loader, *args):
        batches = list(loader)
        seen.append(sum(len(tokens) for tokens, _ in batches))
        return evaluate(model, batches, *args)

    monkeypatch.setattr(gpt, "evaluate", counting)
    more = [
        "trainer.max_steps=1",
        f"trainer.eval_batches={limit}",
        "trainer.eval_batch_size=8",
        "trainer.sample=0",
        "data.validation=0.75",
    ]
    assert main(["train", "--plain", *WORDS, *more]) == 0
    assert seen == [windows]


def test_what_is_written_is_drawn_from_what_the_model_says():
    class Certain(torch.nn.Module):
        block = 4

        def forward(self, tokens):
            return 50.0 * torch.nn.functional.one_hot((tokens + 1) % 11, 11).float()

    def draws():
        return torch.Generator().manual_seed(0)

    assert gpt.write(Certain(), [8], range(5), 1.0, draws()) == [8, 9, 10, 0, 1, 2]
    warm = gpt.write(Certain(), [8], range(20), 1e3, draws())
    assert warm == gpt.write(Certain(), [8], range(20), 1e3, draws())
    assert warm != [(8 + i) % 11 for i in range(21)]
