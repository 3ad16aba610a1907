"""The cases that are short in JAX too, compiled whole with `jax.jit`: a step is one call."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from .case import Step, draw, normal_array, whole_array

Weights = dict[str, Any]
Apply = Callable[[Weights, Any], Any]


def limit(threads: int) -> None:
    """Before JAX starts: it takes as many threads as the process has cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _dense(w: Weights, name: str, x: Any) -> Any:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _network(widths: tuple[int, ...], activation: Callable[[Any], Any]) -> tuple[dict[str, tuple[int, ...]], Apply]:
    """An `nn.Sequential` of linear layers with activations between them: its shapes, and the function."""
    names = [str(2 * i) for i in range(len(widths) - 1)]
    shapes: dict[str, tuple[int, ...]] = {}
    for name, c_in, c_out in zip(names, widths, widths[1:]):
        shapes |= {f"{name}.weight": (c_out, c_in), f"{name}.bias": (c_out,)}

    def apply(w: Weights, x: Any) -> Any:
        for name in names[:-1]:
            x = activation(_dense(w, name, x))
        return _dense(w, names[-1], x)

    return shapes, apply


def _decoder(words: int, layers: int, width: int, heads: int, length: int) -> tuple[dict[str, tuple[int, ...]], Apply]:
    """The GPT of `cases.language`: its shapes, and the function."""
    import jax
    import jax.numpy as jnp

    shapes: dict[str, tuple[int, ...]] = {"token.weight": (words, width), "position.weight": (length, width), "head.weight": (words, width)}
    linear = {
        "attention.qkv": (3 * width, width),
        "attention.out": (width, width),
        "mlp.0": (4 * width, width),
        "mlp.2": (width, 4 * width),
    }
    for i in range(layers):
        for name, shape in linear.items():
            shapes |= {f"blocks.{i}.{name}.weight": shape, f"blocks.{i}.{name}.bias": shape[:1]}
    for name in ("ln", *(f"blocks.{i}.ln{n}" for i in range(layers) for n in (1, 2))):
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}

    def norm(w: Weights, name: str, x: Any) -> Any:
        x = x - x.mean(-1, keepdims=True)
        return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def attention(w: Weights, name: str, x: Any) -> Any:
        b, t, c = x.shape
        q, k, v = (part.reshape(b, t, heads, c // heads) for part in jnp.split(_dense(w, f"{name}.qkv", x), 3, axis=2))
        return _dense(w, f"{name}.out", jax.nn.dot_product_attention(q, k, v, is_causal=True).reshape(b, t, c))

    def apply(w: Weights, tokens: Any) -> Any:
        x = w["token.weight"][tokens] + w["position.weight"]
        for i in range(layers):
            block = f"blocks.{i}"
            x = x + attention(w, f"{block}.attention", norm(w, f"{block}.ln1", x))
            inner = jax.nn.gelu(_dense(w, f"{block}.mlp.0", norm(w, f"{block}.ln2", x)), approximate=False)
            x = x + _dense(w, f"{block}.mlp.2", inner)
        return norm(w, "ln", x) @ w["head.weight"].T

    return shapes, apply


def _cross_entropy(logits: Any, target: Any) -> Any:
    import jax

    logits, target = logits.reshape(-1, logits.shape[-1]), target.reshape(-1)
    return -jax.numpy.take_along_axis(jax.nn.log_softmax(logits), target[:, None], 1).mean()


def _case(name: str) -> tuple[dict[str, tuple[int, ...]], Apply, Any, Any, dict[str, float]]:
    """Shapes, function, input, target and what the optimizer takes."""
    import jax

    if name == "gpt":
        data = whole_array(65, 16, 256), whole_array(65, 16, 256, seed=3)
        return *_decoder(65, 6, 384, 6, 256), *data, {"lr": 3e-4, "decay": 0.01}
    if name == "mlp":
        return *_network((784, 256, 256, 10), jax.nn.relu), normal_array(128, 784), whole_array(10, 128), {"lr": 1e-3}
    batch = 1 if name == "policy-latency" else 256
    return *_network((4, 64, 64, 2), jax.numpy.tanh), normal_array(batch, 4), whole_array(2, batch), {"lr": 1e-3}


WRITTEN = ("mlp", "policy", "policy-latency", "gpt")


def make(case: str, mode: str) -> tuple[str, Step]:
    """The version of JAX, and what is timed: as `make_step` for engines with torch's API."""
    import jax
    import jax.numpy as jnp

    shapes, apply, x, target, options = _case(case)
    weights = {name: jnp.asarray(value) for name, value in draw(shapes).items()}
    x, target = jnp.asarray(x), jnp.asarray(target)
    if mode == "infer":
        infer = jax.jit(apply)
        return jax.__version__, lambda: infer(weights, x).block_until_ready()

    def adam(w: Any, grad: Any, m: Any, v: Any, t: Any) -> tuple[Any, Any, Any]:
        """Kingma and Ba (2015), arXiv:1412.6980; decay as Loshchilov and Hutter (2019), arXiv:1711.05101."""
        w = w * (1 - options["lr"] * options.get("decay", 0.0))
        m, v = 0.9 * m + 0.1 * grad, 0.999 * v + 0.001 * grad * grad
        return w - options["lr"] / (1 - 0.9**t) * m / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    @partial(jax.jit, donate_argnums=0)
    def train(state: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        w, m, v, t = state
        loss, grads = jax.value_and_grad(lambda w: _cross_entropy(apply(w, x), target))(w)
        new = {name: adam(w[name], grads[name], m[name], v[name], t + 1) for name in w}
        return loss, (*({name: value[i] for name, value in new.items()} for i in range(3)), t + 1)

    zeros = {name: jnp.zeros_like(value) for name, value in weights.items()}
    state = [(weights, zeros, {name: jnp.zeros_like(value) for name, value in weights.items()}, jnp.zeros(()))]

    def step() -> Any:
        loss, state[0] = train(state[0])
        jax.block_until_ready(state[0])
        return loss

    return jax.__version__, step
