"""Ops alone, forward and with their derivatives, in the sizes that the models use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from .case import Case, Step, Work, normal, whole

LAYOUTS = ("contiguous", "channels_last")


@dataclass(frozen=True)
class Op(Case):
    """An op and its sizes.

    Attributes:
        flops: Operations of the forward pass by the plain algorithm; a Winograd convolution needs fewer and may pass the ceiling.
        moved: Bytes that the forward pass reads and writes at least.
        backward: How many times as much its derivatives need; 0 where they are views.
    """

    modes: tuple[str, ...] = ("forward", "both")
    suite: str = "ops"
    flops: float = 0.0
    moved: float = 0.0
    backward: float = 2.0

    def cost(self, mode: str) -> tuple[float, float]:
        """Operations and bytes."""
        times = 1 + self.backward if mode == "both" else 1
        return times * self.flops, times * self.moved


def make_step(torch: Any, work: Work, mode: str, layout: str) -> Step:
    """What is timed: a call of it returns the result, or the gradients of all floating inputs.

    Args:
        torch: The engine's module.
        work: Made by the op: its model is a function.
        mode: "forward" or "both".
        layout: "contiguous", or "channels_last" for images and filters.
    """
    function, inputs = work.model, work.inputs
    if layout == "channels_last":
        inputs = tuple(x.to(memory_format=torch.channels_last) if x.dim() == 4 else x for x in inputs)
    if mode == "forward":

        def forward() -> Any:
            with torch.no_grad():
                return function(*inputs)

        return forward
    inputs = tuple(x.requires_grad_() if x.is_floating_point() else x for x in inputs)
    leaves = [x for x in inputs if x.is_floating_point()]
    seed = normal(torch, 1, *function(*inputs).shape)[0]

    def both() -> Any:
        return torch.autograd.grad(function(*inputs), leaves, seed)

    return both


def _op(
    name: str,
    what: str,
    function: Callable[..., Any],
    *shapes: tuple[int, ...],
    flops: float = 0.0,
    out: int = 0,
    words: int = 0,
    backward: float = 2.0,
) -> Op:
    """An op of normal numbers of these shapes, its function taking the engine first; with `words`, whole numbers at last."""

    def build(torch: Any) -> Work:
        inputs = [normal(torch, *shape) for shape in shapes]
        if words:
            inputs[-1] = whole(torch, words, *shapes[-1])
        return Work(lambda *x: function(torch, *x), tuple(inputs))

    moved = 4 * (sum(prod(shape) for shape in shapes) + (out or prod(shapes[0])))
    layouts = LAYOUTS if any(len(shape) == 4 for shape in shapes) else LAYOUTS[:1]
    return Op(name, what, build, layouts=layouts, flops=flops, moved=moved, backward=backward)


def _product(name: str, what: str, function: Callable[..., Any], m: int, k: int, n: int, batch: int = 1) -> Op:
    lead = (batch,) if batch > 1 else ()
    return _op(name, what, function, (*lead, m, k), (*lead, k, n), flops=2.0 * batch * m * k * n, out=batch * m * n)


def _conv(name: str, what: str, images: tuple[int, int, int, int], c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> Op:
    batch, c_in, side, _ = images
    positions = batch * (side // stride) ** 2
    return _op(
        name,
        what,
        lambda torch, x, w: torch.conv2d(x, w, None, stride, kernel // 2, 1, groups),
        images,
        (c_out, c_in // groups, kernel, kernel),
        flops=2.0 * positions * c_out * (c_in // groups) * kernel**2,
        out=positions * c_out,
    )


def _adamw(torch: Any) -> Work:
    """An optimizer step over the matrices of a GPT."""
    weights = [torch.nn.Parameter(normal(torch, 384, n)) for n in (1152, 384, 1536, 1536) for _ in range(6)]
    for p in weights:
        p.grad = torch.ones_like(p)
    optimizer = torch.optim.AdamW(weights, fused=True)

    def step() -> Any:
        optimizer.step()
        return weights[0]

    return Work(step, ())


_ADAMW = 6 * 384 * (1152 + 384 + 1536 + 1536)
_MILLION = (1 << 10, 1 << 12)  # 4 million: 16 MB, more than a cache holds
_IMAGES = (64, 64, 32, 32)

OPS = {
    op.name: op
    for op in (
        _product("matmul", "2048 x 768 x 768", lambda torch, a, b: a @ b, 2048, 768, 768),
        _product("matmul-small", "64 x 256 x 256", lambda torch, a, b: a @ b, 64, 256, 256),
        _product("bmm", "96 of 128 x 64 x 128", lambda torch, a, b: torch.bmm(a, b), 128, 64, 128, 96),
        _conv("conv3x3", "64 channels, 64 x 32 x 32", _IMAGES, 64, 3),
        _conv("conv3x3-deep", "512 channels, 64 x 4 x 4", (64, 512, 4, 4), 512, 3),
        _conv("conv3x3-stride", "64 to 128 channels, 64 x 32 x 32, stride 2", _IMAGES, 128, 3, 2),
        _conv("conv1x1", "144 to 24 channels, 32 x 32 x 32", (32, 144, 32, 32), 24, 1),
        _conv("depthwise3x3", "144 channels, 32 x 32 x 32", (32, 144, 32, 32), 144, 3, groups=144),
        _conv("depthwise5x5", "240 channels, 32 x 16 x 16", (32, 240, 16, 16), 240, 5, groups=240),
        _op(
            "conv-transpose", "256 to 128 channels, 2 x 2, 16 x 8 x 8", lambda torch, x, w: torch.conv_transpose2d(x, w, None, 2),
            (16, 256, 8, 8), (256, 128, 2, 2), flops=2.0 * 16 * 64 * 256 * 128 * 4, out=16 * 128 * 256,
        ),
        _op(
            "attention", "causal, 16 x 6 heads x 256 x 64",
            lambda torch, q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
            *[(16, 6, 256, 64)] * 3, flops=2.0 * 96 * 256 * 256 * 64, backward=2.5,
        ),
        _op(
            "batch-norm", "64 channels, 64 x 32 x 32, training",
            lambda torch, x, w, b: torch.nn.functional.batch_norm(x, None, None, w, b, training=True), _IMAGES, (64,), (64,),
        ),
        _op("layer-norm", "4096 x 384", lambda torch, x, w, b: torch.layer_norm(x, (384,), w, b), (4096, 384), (384,), (384,)),
        _op(
            "max-pool", "2 x 2, 64 channels, 64 x 32 x 32", lambda torch, x: torch.max_pool2d(x, 2), _IMAGES,
            out=64 * 64 * 256, backward=1.5,
        ),
        _op("add", "4 million", lambda torch, a, b: a + b, _MILLION, _MILLION, backward=0),
        _op("exp", "4 million", lambda torch, x: x.exp(), _MILLION, backward=1.5),
        _op("gelu", "4 million", lambda torch, x: torch.nn.functional.gelu(x), _MILLION, backward=1.5),
        _op("sum", "4 million", lambda torch, x: x.sum(), _MILLION, out=1, backward=0),
        _op("sum-rows", "4 million, 1024 rows", lambda torch, x: x.sum(0), _MILLION, out=1 << 12, backward=0),
        _op("softmax", "1024 rows of 4096", lambda torch, x: x.softmax(1), _MILLION, backward=1.5),
        _op(
            "cross-entropy", "1024 rows of 8000", lambda torch, x, y: torch.nn.functional.cross_entropy(x, y), (1024, 8000), (1024,),
            words=8000, out=1,
        ),
        _op(
            "embedding", "4096 of 8000 words, width 256", lambda torch, w, i: torch.nn.functional.embedding(i, w), (8000, 256), (4096,),
            words=8000, out=4096 * 256, backward=1,
        ),
        _op("sort", "1 million", lambda torch, x: x.sort()[0], (1 << 20,), backward=1),
        _op("topk", "50 of each of 1024 rows of 4096", lambda torch, x: x.topk(50)[0], _MILLION, out=1024 * 50, backward=1),
        _op("cumsum", "1024 rows of 4096", lambda torch, x: x.cumsum(1), _MILLION, backward=1),
        _op("cat", "two of 4 million", lambda torch, a, b: torch.cat([a, b]), _MILLION, _MILLION, out=2 << 22, backward=0),
        _op("transpose-copy", "4 million", lambda torch, x: x.t().contiguous(), _MILLION, backward=0),
        Op("adamw", "24 matrices, 10.6 million", _adamw, modes=("forward",), moved=28.0 * _ADAMW),
    )
}  # fmt: skip
