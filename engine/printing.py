"""How a tensor prints: as PyTorch prints it."""

from __future__ import annotations

import math

from workbench.ext.core import _core
from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

OPTIONS: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None):
    """Set how tensors print.

    Args:
        precision: Digits after the point.
        threshold: Number of elements from which a summary is printed.
        edgeitems: Elements at each end of a summarised dimension.
        linewidth: Characters in a line.
        profile: "default", "short" or "full", applied first.
        sci_mode: Scientific notation always (True), never (False) or where values ask for it (None).
    """
    if profile is not None:
        OPTIONS.update(PROFILES[profile])
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    OPTIONS.update({k: v for k, v in given.items() if v is not None})
    OPTIONS["sci_mode"] = sci_mode


class _Format:
    """The common width and notation of all values that are shown."""

    def __init__(self, values, floating):
        self.floating = floating
        self.whole, self.scientific, self.width = True, False, 1
        if not floating:
            self.width = max((len(str(v)) for v in values), default=1)
            return
        finite = [abs(v) for v in values if math.isfinite(v) and v != 0]
        self.whole = all(v == int(v) for v in values if math.isfinite(v))
        if finite:
            low, high = min(finite), max(finite)
            self.scientific = high / low > 1000.0 or high > 1e8 or (not self.whole and low < 1e-4)
        if OPTIONS["sci_mode"] is not None:
            self.scientific = OPTIONS["sci_mode"]
        self.width = max((len(self.text(v)) for v in values if math.isfinite(v)), default=1)

    def text(self, v):
        if not self.floating:
            return str(v)
        if not math.isfinite(v):
            return str(v)
        if self.scientific:
            return f"{v:.{OPTIONS['precision']}e}"
        return f"{v:.0f}." if self.whole else f"{v:.{OPTIONS['precision']}f}"

    def __call__(self, v):
        return self.text(v).rjust(self.width)


def _shown(data, depth, cut):
    """The nested lists that are printed: None stands for what is left out."""
    n = OPTIONS["edgeitems"]
    if depth == 0:
        return data.item()
    items = list(range(len(data)))
    if cut and len(items) > 2 * n:
        return [_shown(data[i], depth - 1, cut) for i in items[:n]] + [None] + [_shown(data[i], depth - 1, cut) for i in items[-n:]]
    return [_shown(data[i], depth - 1, cut) for i in items]


def _leaves(x):
    if isinstance(x, list):
        for y in x:
            if y is not None:
                yield from _leaves(y)
    else:
        yield x


def _lay_out(x, form, indent):
    if not isinstance(x, list):
        return form(x)
    if not x or not isinstance(x[0], list):
        per_line = max(1, (OPTIONS["linewidth"] - indent) // (form.width + 2))
        words = [" ..." if v is None else form(v) for v in x]
        lines = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    depth, y = 1, x[0]
    while isinstance(y, list) and y and isinstance(y[0], list):
        depth, y = depth + 1, y[0]
    between = "," + "\n" * depth + " " * (indent + 1)
    return "[" + between.join("..." if row is None else _lay_out(row, form, indent + 1) for row in x) + "]"


def tensor_repr(t) -> str:
    """What `repr(tensor)` and `str(tensor)` return."""
    data = t.detach()
    plain = data.to(_core.float32) if data.dtype in (_core.bfloat16, _core.float16) else data
    array = plain.numpy()
    floating = data.is_floating_point() or data.is_complex()
    cut = data.numel() > OPTIONS["threshold"]
    shown = _shown(array, array.ndim, cut)
    if data.is_complex():
        form: Any = _Format([abs(v) for v in _leaves(shown)], True)
        text = str(array)
    else:
        form = _Format(list(_leaves(shown)), floating)
        name = "Parameter containing:\n" if type(t).__name__ == "Parameter" else ""
        text = _lay_out(shown, form, len("tensor(")) if data.numel() else "[" * array.ndim + "]" * array.ndim if array.ndim == 1 else "[]"
    suffix = []
    if data.numel() == 0 and array.ndim != 1:
        suffix.append(f"size={tuple(t.shape)}")
    default = (_core.get_default_dtype(), _core.int64, _core.bool_)
    if t.dtype not in default or (data.numel() == 0 and t.dtype != default[0]):
        suffix.append(f"dtype={t.dtype}")
    if t.grad_fn is not None:
        suffix.append(f"grad_fn=<{_node_name(t.grad_fn)}>")
    elif t.requires_grad:
        suffix.append("requires_grad=True")
    name = "Parameter containing:\n" if type(t).__name__ == "Parameter" else ""
    return name + "tensor(" + ", ".join([text, *suffix]) + ")"


def _node_name(node) -> str:
    name = node.name()
    if name.endswith("_backward"):
        name = "".join(w.capitalize() for w in name[: -len("_backward")].split("_")) + "Backward0"
    return name


_core.set_repr(tensor_repr)
