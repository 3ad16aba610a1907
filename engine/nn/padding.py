"""Padding layers. `padding` is one number for all sides, or (left, right, top, bottom, front, back) as far as there are dimensions."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import Tensor

from . import functional as F
from .module import Module


class _Pad(Module):
    _n = 0
    _mode = "constant"
    value: Any = None

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self._n) if isinstance(padding, int) else tuple(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode, self.value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: int | tuple[int, ...], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


def _family(base: type[_Pad], name: str, mode: str, what: str) -> list[Any]:
    """The layers of one mode for one, two and three dimensions."""
    shapes = ("(N, C, L)", "(N, C, H, W)", "(N, C, D, H, W)")
    return [
        type(
            f"{name}{n}d",
            (base,),
            {
                "_n": n,
                "_mode": mode,
                "__module__": __name__,
                "__doc__": f"Pad {what}.\n\n    Shape:\n        input: {shape}, or without N.\n    ",
            },
        )
        for n, shape in zip((1, 2, 3), shapes, strict=True)
    ]


ConstantPad1d, ConstantPad2d, ConstantPad3d = _family(_ConstantPad, "ConstantPad", "constant", "with a value")
ZeroPad1d, ZeroPad2d, ZeroPad3d = _family(_ZeroPad, "ZeroPad", "constant", "with zeros")
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = _family(_Pad, "ReflectionPad", "reflect", "by mirroring at the border elements")
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = _family(_Pad, "ReplicationPad", "replicate", "by repeating the border elements")
CircularPad1d, CircularPad2d, CircularPad3d = _family(_Pad, "CircularPad", "circular", "with what stands at the other end")
