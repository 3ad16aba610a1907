"""Train a transformer to continue a text.

    workbench train +recipe=gpt                                 the standard library's source, byte pairs
    workbench train +recipe=gpt data=tinyshakespeare            plays, character by character
    workbench train +recipe=gpt data=text data.path=FILE        any text

The network is that of Radford et al. (2019), GPT-2: blocks of causal attention and a perceptron, each behind a layer norm and added to
what came in, and the embedding of the tokens once more as the last layer. Where a token stands it knows from rotated queries and keys, or
from a learned embedding. It is trained with AdamW on windows of the text at random places. Read this file from top to bottom: all of the
training is here.

References:
    Vaswani et al. (2017), arXiv:1706.03762.
    Radford, Wu, Child, Luan, Amodei and Sutskever (2019), Language models are unsupervised multitask learners.
    Su et al. (2021), arXiv:2104.09864 (rotary positions).
    Press and Wolf (2017), arXiv:1608.05859 (tied embeddings).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from workbench import engine as torch
from workbench.engine import nn
from workbench.engine.data import DataLoader
from workbench.engine.nn import functional as F
from workbench.engine.random_keys import Key
from workbench.recipes.common import accumulate, optimisation, text
from workbench.recipes.common.best import Best
from workbench.recipes.common.contract import Run
from workbench.recipes.common.meter import Mean

UNIT = "tokens"  # what a step's items are


class Attention(nn.Module):
    """Causal attention of several heads: softmax(q k' / sqrt(d)) v over the tokens up to each one, for all heads, then mixed.

    Args:
        width: Features of a token.
        heads: How many look at the text; each has width / heads features.
        dropout: Part of the weights, and of the results, that is set to 0 in training.
        bias: Whether the linear layers have one.

    Shape:
        x: (batch, tokens, width); turn: None, or cosines and sines, each (tokens, 1, width / heads / 2); result: that of x.
    """

    def __init__(self, width: int, heads: int, dropout: float, bias: bool) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.out = nn.Linear(width, width, bias=bias)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, turn: Any) -> torch.Tensor:
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).unbind(2)
        if turn is not None:
            q, k = rotate(q, *turn), rotate(k, *turn)
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout if self.training else 0.0, is_causal=True)
        return self.drop(self.out(y.transpose(1, 2).reshape(batch, tokens, width)))


def rotate(x: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
    """Turn each pair of features (i, i + half) by its angle, so that a product of two tokens knows how far they are apart."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cosines - b * sines, a * sines + b * cosines), -1)


class Block(nn.Module):
    """Attention, then a perceptron four times as wide, each of the normalised input and added to it.

    Shape:
        x: (batch, tokens, width); turn: as `Attention` takes it; result: that of x.
    """

    def __init__(self, width: int, heads: int, dropout: float, bias: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, bias=bias)
        self.attention = Attention(width, heads, dropout, bias)
        self.norm2 = nn.LayerNorm(width, bias=bias)
        self.up = nn.Linear(width, 4 * width, bias=bias)
        self.down = nn.Linear(4 * width, width, bias=bias)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, turn: Any) -> torch.Tensor:
        x = x + self.attention(self.norm1(x), turn)
        return x + self.drop(self.down(F.gelu(self.up(self.norm2(x)))))


class GPT(nn.Module):
    """A decoder-only transformer.

    Args:
        vocabulary: Number of tokens.
        layers: Blocks.
        heads: Of each block.
        width: Features of a token.
        block: Tokens that it sees.
        positions: "rotary", or "learned" for an embedding of each place.
        dropout: Part of activations set to 0 in training.
        bias: Whether linear layers and norms have one.
        tied: Whether the last layer has the weights of the tokens' embedding.

    Shape:
        tokens: (batch, tokens), at most `block`; result: (batch, tokens, vocabulary), the scores of the token that follows each.
    """

    def __init__(
        self, vocabulary: int, layers: int, heads: int, width: int, block: int, positions: str, dropout: float, bias: bool, tied: bool
    ) -> None:
        super().__init__()
        self.block = block
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(block, width) if positions == "learned" else None
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList([Block(width, heads, dropout, bias) for _ in range(layers)])
        self.norm = nn.LayerNorm(width, bias=bias)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.turn = None
        if positions == "rotary":
            size = width // heads
            angles = torch.arange(block).float()[:, None] * 10000.0 ** (-torch.arange(0, size, 2).float() / size)
            self.turn = angles.cos()[:, None], angles.sin()[:, None]
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:  # GPT-2's: what is added to the stream of a token adds up over the layers
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * layers) if name.endswith(("out.weight", "down.weight")) else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        if tied:
            self.head.weight = self.tokens.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        n = tokens.shape[1]
        x = self.tokens(tokens)
        if self.places is not None:
            x = x + self.places(torch.arange(n))
        turn = None if self.turn is None else (self.turn[0][:n], self.turn[1][:n])
        x = self.drop(x)
        for block in self.blocks:
            x = block(x, turn)
        return self.head(self.norm(x))


def loss_of(model: nn.Module, tokens: torch.Tensor, targets: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
    """Cross-entropy of what the model says about the targets, in nats a token; targets of -100 do not count."""
    scores = model(tokens)
    return F.cross_entropy(scores.view(-1, scores.shape[-1]), targets.reshape(-1), reduction=reduction)


def evaluate(model: nn.Module, loader: Any, bytes_per_token: float) -> dict[str, float]:
    """Loss in nats a token, perplexity and bits a byte of a model over a loader, in evaluation mode."""
    loss = Mean()
    model.eval()
    with torch.no_grad():
        for tokens, targets in loader:
            counted = int((targets != -100).sum())
            loss.add(loss_of(model, tokens, targets, "sum").item() / counted, counted)
    return {
        "val/loss": loss.value,
        "val/perplexity": math.exp(min(loss.value, 700.0)),
        "val/bits_per_byte": loss.value / math.log(2) / bytes_per_token,
    }


def write(model: nn.Module, tokens: list[int], places: Iterable[int], temperature: float, generator: torch.Generator) -> list[int]:
    """Let the model continue `tokens`, by one for each of `places`, drawn from what it says, in evaluation mode."""
    tokens = list(tokens)
    model.eval()
    with torch.no_grad():
        for _ in places:
            seen = torch.tensor([tokens[-model.block :]])
            chances = F.softmax(model(seen)[0, -1] / temperature, -1)
            tokens.append(int(torch.multinomial(chances, 1, generator=generator)))
    return tokens


def train(config: Any, run: Run) -> dict[str, float]:
    """Train a language model as `config` says, inside `run`.

    Args:
        config: conf/config.yaml with the options of conf/recipe/gpt.yaml.
        run: The run around the training.

    Returns:
        The final metrics.
    """
    # Data: the text as tokens in memory, its last part held out. A step draws windows of the rest at random places, so that an epoch is no
    # more than the time between two validations; these read the held-out part in windows side by side.
    corpus = text.load(config.data)
    run.data(corpus.name, corpus.about())
    (run.folder / "tokenizer.json").write_text(corpus.tokenizer.as_json(), encoding="utf-8")
    block, size, workers = config.model.block, config.data.batch_size, config.data.workers
    windows = text.Windows(corpus.train, block)
    batches = text.RandomBatches(len(windows), size, config.data.batches)
    loader: Any = DataLoader(windows, batch_sampler=batches, num_workers=workers)
    held = text.Windows(corpus.validation, block, apart=block)
    n_held = len(held)
    if config.trainer.eval_batches is not None:
        n_held = min(n_held, config.trainer.eval_batches * config.trainer.eval_batch_size)
    evenly = [number * len(held) // n_held for number in range(n_held)]
    validation_loader: Any = DataLoader(held, config.trainer.eval_batch_size, sampler=evenly, num_workers=workers)

    # Model, optimizer, schedule. Initialisation draws from config.seed, which the run has set.
    shape = {name: value for name, value in config.model.items() if name != "name"}
    model = GPT(len(corpus.tokenizer), **shape)
    run.parameters(sum(p.numel() for p in model.parameters()))
    n_steps = run.plan(config.trainer.epochs, len(loader))
    optimizer = optimisation.optimizer(config.optim, model)
    schedule = optimisation.schedule(config.schedule, optimizer, n_steps)

    # Everything that a resumed run needs to go on exactly is named here; the mean makes its epoch's average whole.
    epoch_loss = Mean()
    best = Best(config.trainer.checkpoint.metric, config.trainer.checkpoint.mode)
    run.track(model=model, optimizer=optimizer, schedule=schedule, loader=loader, best=best, epoch_loss=epoch_loss)

    for epoch in run.epochs():
        model.train()
        for tokens, targets in run.batches(loader):
            optimizer.zero_grad()
            value = 0.0
            for some, wanted, share in accumulate.parts(tokens, targets, config.trainer.accumulate):
                loss = loss_of(model, some, wanted) * share
                loss.backward()
                value += loss.item()
            if config.trainer.clip_norm is not None:
                nn.utils.clip_grad_norm_(model.parameters(), config.trainer.clip_norm)
            rate = optimizer.param_groups[0]["lr"]
            optimizer.step()
            schedule.step()

            epoch_loss.add(value, targets.numel())
            run.advance({"train/loss": value, "train/lr": rate}, items=targets.numel())

        values = {"epoch/loss": epoch_loss.value, **evaluate(model, run.evaluation(validation_loader), corpus.bytes_per_token)}
        epoch_loss.reset()
        best.offer(model, values)
        if config.trainer.sample:
            draws = torch.Generator().manual_seed(Key(config.seed, "sample", epoch).integers(1 << 63))
            begun = corpus.validation[:1].tolist()
            places = run.evaluation(range(config.trainer.sample))
            run.text("sample", corpus.tokenizer.decode(write(model, begun, places, config.trainer.temperature, draws)))
        run.histograms("weights", dict(model.named_parameters()))
        run.histograms("gradients", {name: p.grad for name, p in model.named_parameters() if p.grad is not None})
        run.end_epoch(values)

    # The best epoch by the held-out part counts.
    best.restore(model)
    return {name: value for name, value in best.values.items() if name.startswith("val/")}
