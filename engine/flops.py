"""How many floating-point operations the ops take that do nearly all of a network's arithmetic: 2 for a product and its sum.

By the name of an op: a formula of its bound arguments and its result. Ops written in others are counted by these. Elementwise work and
what a bias adds are left out, as is usual.
"""

from __future__ import annotations

from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


def product(sizes: Iterable[int]) -> int:
    """Of sizes; 1 where there are none."""
    n = 1
    for size in sizes:
        n *= size
    return n


def _linear(args: Any, result: Any) -> int:
    x, weight = args[:2]
    return 2 * product(x.shape) * weight.shape[0]


def _linear_input_backward(args: Any, result: Any) -> int:
    grad, weight = args[:2]
    return 2 * product(grad.shape) * weight.shape[-1]


def _linear_weight_backward(args: Any, result: Any) -> int:
    grad, x = args[:2]
    return 2 * product(grad.shape) * x.shape[-1]


def _batched(args: Any, result: Any) -> int:
    a, b = args[:2]
    return 2 * product(a.shape) * b.shape[-1]


def _convolution(args: Any, result: Any) -> int:
    x, weight = args[:2]
    return 2 * x.shape[0] * product(result.shape[2:]) * product(weight.shape)


def _convolution_input_backward(args: Any, result: Any) -> int:
    grad, weight = args[:2]  # the forward of a transposed convolution too
    return 2 * grad.shape[0] * product(grad.shape[2:]) * product(weight.shape)


def _convolution_weight_backward(args: Any, result: Any) -> int:
    grad, x, size = args[:3]
    groups = args[6]
    return 2 * product(grad.shape) * (x.shape[1] // groups) * product(size)


def _products_of_attention(args: Any, by_query: int, by_value: int) -> int:
    query, key, value = args[:3]
    scores = product(query.shape[:-1]) * key.shape[-2]
    return 2 * scores * (by_query * query.shape[-1] + by_value * value.shape[-1])


def _attention(args: Any, result: Any) -> int:
    return _products_of_attention(args, 1, 1)


def _attention_backward(args: Any, result: Any) -> int:
    return _products_of_attention(args[1:], 3, 2)  # the scores are computed anew; then the gradients of query, key, scores and value


def _recurrent(args: Any, result: Any) -> int:
    x, w_ih, w_hh = args[0], args[3], args[4]
    return 2 * x.shape[0] * (product(w_ih.shape) + product(w_hh.shape))


def _recurrent_backward(args: Any, result: Any) -> int:
    x, w_ih, w_hh, with_input = args[0], args[3], args[4], args[14]
    return 2 * x.shape[0] * ((1 + with_input) * product(w_ih.shape) + 2 * product(w_hh.shape))


FORMULAS: dict[str, Callable[[Any, Any], int]] = {
    "linear": _linear,
    "linear_input_backward": _linear_input_backward,
    "linear_weight_backward": _linear_weight_backward,
    "batched": _batched,
    "convolution": _convolution,
    "convolution_input_backward": _convolution_input_backward,
    "convolution_weight_backward": _convolution_weight_backward,
    "attention": _attention,
    "attention_backward": _attention_backward,
    "recurrent_layer": _recurrent,
    "recurrent_layer_backward": _recurrent_backward,
}
