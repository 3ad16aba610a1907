"""PyTorch's operations on lists of tensors (`torch._foreach_add_` and its kin), which optimizers written for it call: one after the other.

Every operand beside the first list is a list of the same length, or one value for all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ext.core._core import OPS, Tensor

_UNARY = (
    "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "erfc", "exp", "expm1", "floor", "frac", "lgamma", "log", "log10", "log1p",
    "log2", "neg", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
)  # fmt: skip
_BINARY = {"add": "add", "sub": "sub", "mul": "mul", "div": "div", "pow": "pow", "maximum": "maximum", "minimum": "minimum",
           "clamp_max": "minimum", "clamp_min": "maximum"}  # fmt: skip
_POINTWISE = ("addcdiv", "addcmul")


def _each(name: str, value: Any, n: int) -> list[Any]:
    """One operand per tensor."""
    if isinstance(value, Tensor) and value.ndim == 1 and value.numel() == n and name in _POINTWISE:
        return list(value)
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        raise RuntimeError(f"_foreach_{name}: expected {n} operands, as many as tensors, got {len(value)}")
    return list(value)


def _keep(tensor: Tensor, value: Any) -> Tensor:
    """Write a result into the tensor that it replaces, which may keep its dtype or refuse another."""
    return tensor.copy_(value)


def _by_value(op: Any, tensor: Tensor, operand: Any, **options: Any) -> Any:
    """A binary op of a tensor and a number or tensor; the larger or smaller of a tensor and a number is a bound."""
    if op.name in ("maximum", "minimum") and not isinstance(operand, Tensor):
        return tensor.clamp(min=operand) if op.name == "maximum" else tensor.clamp(max=operand)
    return op(tensor, operand, **options)


def _unary(name: str, inplace: bool) -> Callable[..., Any]:
    op = OPS[name]

    def run(self: Any) -> Any:
        if not inplace:
            return tuple(op(t) for t in self)
        for t in self:
            _keep(t, op(t))
        return self

    return run


def _binary(name: str, inplace: bool) -> Callable[..., Any]:
    op = OPS[_BINARY[name]]

    def run(self: Any, other: Any, *, alpha: Any = None) -> Any:
        options = {} if alpha is None else {"alpha": alpha}
        if name == "pow" and not isinstance(self, (list, tuple)):  # a number to the power of each
            return tuple(op(self, t) for t in other)
        pairs = zip(self, _each(name, other, len(self)), strict=True)
        if not inplace:
            return tuple(_by_value(op, t, o, **options) for t, o in pairs)
        for t, o in pairs:
            _keep(t, _by_value(op, t, o, **options))
        return self

    return run


def _pointwise(name: str, inplace: bool) -> Callable[..., Any]:
    op = OPS[name]

    def run(self: Any, tensor1: Any, tensor2: Any, value: Any = 1, *, scalars: Any = None) -> Any:
        each = zip(self, tensor1, tensor2, _each(name, value if scalars is None else scalars, len(self)), strict=True)
        done = (op(t, a, b, value=v.item() if isinstance(v, Tensor) else v) for t, a, b, v in each)
        if not inplace:
            return tuple(done)
        for t, result in zip(self, done, strict=True):
            _keep(t, result)
        return self

    return run


def _foreach_lerp(self: Any, tensors1: Any, weight: Any) -> tuple[Tensor, ...]:
    """Between two lists of tensors, `weight` of the way."""
    each = zip(self, tensors1, _each("lerp", weight, len(self)), strict=True)
    return tuple(t.lerp(end, w) for t, end, w in each)


def _foreach_lerp_(self: Any, tensors1: Any, weight: Any) -> Any:
    """The same, in place."""
    for t, value in zip(self, _foreach_lerp(self, tensors1, weight), strict=True):
        _keep(t, value)
    return self


def _foreach_copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    """Copy each tensor into its counterpart."""
    for t, value in zip(self, _each("copy_", src, len(self)), strict=True):
        t.copy_(value)
    return self


def _foreach_zero_(self: Any) -> Any:
    """Set each tensor to zero."""
    for t in self:
        t.zero_()
    return self


def _foreach_norm(self: Any, ord: Any = 2, dtype: Any = None) -> tuple[Tensor, ...]:
    """The norm of each tensor."""
    return tuple(t.norm(ord) if dtype is None else t.norm(ord, dtype=dtype) for t in self)


def _foreach_max(self: Any) -> tuple[Tensor, ...]:
    """The largest element of each tensor."""
    return tuple(t.max() for t in self)


for _make, _names in ((_unary, _UNARY), (_binary, _BINARY), (_pointwise, _POINTWISE)):
    for _name in _names:
        globals()[f"_foreach_{_name}"] = _make(_name, False)
        globals()[f"_foreach_{_name}_"] = _make(_name, True)
