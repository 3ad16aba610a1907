"""Fold the batch norm of evaluation into the layer before it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...errors import expected
from ..module import Module
from ..parameter import Parameter

Layer = TypeVar("Layer", bound=Module)


def _scaled(
    weight: Tensor, bias: Tensor | None, mean: Tensor, var: Tensor, eps: float, gamma: Tensor | None, beta: Tensor | None, shape: list[int]
) -> tuple[Parameter, Parameter]:
    with core.no_grad():
        scale = (var + eps).rsqrt()
        scale = scale if gamma is None else gamma * scale
        moved = (0 - mean if bias is None else bias - mean) * scale
        moved = moved if beta is None else moved + beta
        made = (weight * scale.reshape(shape)).to(weight.dtype)
    return Parameter(made, weight.requires_grad), Parameter(
        moved.to(weight.dtype), weight.requires_grad if bias is None else bias.requires_grad
    )


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of a convolution that does the batch norm after it as well.

    w' = w * gamma / sqrt(var + eps); b' = (b - mean) * gamma / sqrt(var + eps) + beta

    Args:
        conv_w: Weight of the convolution.
        conv_b: Its bias; None means 0.
        bn_rm, bn_rv: Running mean and variance.
        bn_eps: Added to the variance.
        bn_w, bn_b: Scale and shift; None means 1 and 0.
        transpose: The weight is that of a transposed convolution: (in, out, ...).

    Shape:
        conv_w: (out, in, ...); the others: (out); results: those of conv_w and (out).

    Returns:
        The weight and the bias.
    """
    shape = [1, -1] + [1] * (conv_w.ndim - 2) if transpose else [-1] + [1] * (conv_w.ndim - 1)
    return _scaled(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None, bn_b: Tensor | None
) -> tuple[Parameter, Parameter]:
    """The weight and bias of a linear layer that does the batch norm after it as well.

    Args:
        linear_w: Weight of the layer.
        linear_b: Its bias; None means 0.
        bn_rm, bn_rv: Running mean and variance.
        bn_eps: Added to the variance.
        bn_w, bn_b: Scale and shift; None means 1 and 0.

    Shape:
        linear_w: (out, in); the others: (out); results: (out, in) and (out).

    Returns:
        The weight and the bias.
    """
    return _scaled(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])


def _both_evaluate(name: str, layer: Module, bn: Module) -> None:
    if layer.training or bn.training:
        raise expected(name, "layers in evaluation mode", "one in training mode", "call eval() first", AssertionError)
    if bn.running_mean is None or bn.running_var is None:
        raise expected(name, "a batch norm with running statistics", "one without", error=ValueError)


def fuse_conv_bn_eval(conv: Layer, bn: Module, transpose: bool = False) -> Layer:
    """A convolution that computes what `conv` and then `bn` do, both in evaluation mode.

    Args:
        conv: The convolution.
        bn: The batch norm after it.
        transpose: `conv` is a transposed convolution.

    Returns:
        A new layer.

    Raises:
        AssertionError: one of them is in training mode.
    """
    _both_evaluate("fuse_conv_bn_eval", conv, bn)
    made: Any = deepcopy(conv)
    made.weight, made.bias = fuse_conv_bn_weights(
        made.weight, made.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return made


def fuse_linear_bn_eval(linear: Layer, bn: Module) -> Layer:
    """A linear layer that computes what `linear` and then `bn` do, both in evaluation mode.

    Args:
        linear: The layer.
        bn: The batch norm after it, over as many features.

    Returns:
        A new layer.

    Raises:
        AssertionError: one of them is in training mode, or features differ.
    """
    _both_evaluate("fuse_linear_bn_eval", linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise expected(
            "fuse_linear_bn_eval", f"a batch norm over {linear.out_features} features", str(bn.num_features), error=AssertionError
        )
    made: Any = deepcopy(linear)
    made.weight, made.bias = fuse_linear_bn_weights(made.weight, made.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias)
    return made
