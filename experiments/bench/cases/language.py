"""Transformers and a recurrent network over tokens."""

from __future__ import annotations

from typing import Any

from ..case import Case, Work, fill, fused, whole


def _decoder(torch: Any, words: int, layers: int, width: int, heads: int, length: int) -> Any:
    """A GPT-2 of this size (Radford et al., 2019), without dropout: its draws would differ between engines."""
    nn = torch.nn
    functional = nn.functional

    class Attention(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width)
            self.out = nn.Linear(width, width)

        def forward(self, x: Any) -> Any:
            b, t, c = x.shape
            q, k, v = (part.view(b, t, heads, c // heads).transpose(1, 2) for part in self.qkv(x).split(c, dim=2))
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(y.transpose(1, 2).reshape(b, t, c))

    class Block(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attention = Attention()
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.ln1(x))
            return x + self.mlp(self.ln2(x))

    class Decoder(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Embedding(words, width)
            self.position = nn.Embedding(length, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(layers)))
            self.ln = nn.LayerNorm(width)
            self.head = nn.Linear(width, words, bias=False)
            self.register_buffer("steps", torch.arange(length))

        def forward(self, tokens: Any) -> Any:
            return self.head(self.ln(self.blocks(self.token(tokens) + self.position(self.steps))))

    return fill(torch, Decoder())


def _next_token(torch: Any, model: Any, words: int, batch: int, length: int) -> Work:
    target = whole(torch, words, batch, length, seed=3)
    return Work(
        model,
        (whole(torch, words, batch, length),),
        lambda logits: torch.nn.functional.cross_entropy(logits.view(-1, words), target.view(-1)),
        fused(torch, "AdamW", model, lr=3e-4),
    )


def gpt(torch: Any, batch: int = 16, width: int = 384, length: int = 256) -> Work:
    """Six layers over characters; heads of 64."""
    return _next_token(torch, _decoder(torch, 65, 6, width, width // 64, length), 65, batch, length)


def lm(torch: Any, batch: int = 8, width: int = 256, length: int = 128) -> Work:
    """Two layers over 8,000 words: the output layer and its loss are most of the work."""
    return _next_token(torch, _decoder(torch, 8000, 2, width, width // 64, length), 8000, batch, length)


def encoder(torch: Any, batch: int = 32, width: int = 256, length: int = 128) -> Work:
    """A classifier of texts: four layers of `nn.TransformerEncoder`, as BERT's."""
    nn = torch.nn

    class Encoder(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Embedding(1000, width)
            self.position = nn.Embedding(length, width)
            layer = nn.TransformerEncoderLayer(width, width // 64, 4 * width, dropout=0.0, activation="gelu", batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
            self.head = nn.Linear(width, 2)
            self.register_buffer("steps", torch.arange(length))

        def forward(self, tokens: Any) -> Any:
            return self.head(self.layers(self.token(tokens) + self.position(self.steps)).mean(1))

    model = fill(torch, Encoder())
    target = whole(torch, 2, batch, seed=3)
    return Work(
        model,
        (whole(torch, 1000, batch, length),),
        lambda output: nn.functional.cross_entropy(output, target),
        fused(torch, "AdamW", model, lr=3e-4),
    )


def lstm(torch: Any, batch: int = 32, width: int = 256, length: int = 64) -> Work:
    """Two recurrent layers over characters."""
    nn = torch.nn

    class Net(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Embedding(65, width)
            self.lstm = nn.LSTM(width, width, 2, batch_first=True)
            self.head = nn.Linear(width, 65)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.lstm(self.token(tokens))[0])

    model = fill(torch, Net())
    target = whole(torch, 65, batch, length, seed=3)
    return Work(
        model,
        (whole(torch, 65, batch, length),),
        lambda logits: nn.functional.cross_entropy(logits.view(-1, 65), target.view(-1)),
        fused(torch, "Adam", model, lr=1e-3),
    )


CASES = (
    Case("gpt", "GPT, 6 layers, width 384, 16 x 256, AdamW", gpt, {"batch": 16, "width": 384, "length": 256}),
    Case("encoder", "encoder, 4 layers, width 256, 32 x 128, AdamW", encoder, {"batch": 32, "width": 256, "length": 128}),
    Case("lm", "8,000 words, 2 layers, width 256, 8 x 128, AdamW", lm, {"batch": 8, "width": 256, "length": 128}),
    Case("lstm", "LSTM, 2 layers of 256, 32 x 64, Adam", lstm, {"batch": 32, "width": 256, "length": 64}),
)
