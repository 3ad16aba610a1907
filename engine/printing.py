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
    """The common width and notation of all numbers that are shown."""

    def __init__(self, values, floating):
        self.floating = floating
        self.whole, self.scientific, self.width = True, False, 1
        if not floating:
            self.width = max((len(str(v)) for v in values), default=1)
            return
        finite = [v for v in values if math.isfinite(v) and v != 0]
        self.whole = all(v == math.ceil(v) for v in finite)
        if finite:
            low, high = min(map(abs, finite)), max(map(abs, finite))
            self.scientific = high / low > 1000.0 or high > 1e8 or (not self.whole and low < 1e-4)
            if OPTIONS["sci_mode"] is not None:
                self.scientific = OPTIONS["sci_mode"]
        self.width = max((len(self.text(v)) for v in finite), default=1)

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


class _FormatComplex:
    """Real and imaginary parts, each in a notation of its own."""

    def __init__(self, values):
        self.real, self.imag = _Format([v.real for v in values], True), _Format([v.imag for v in values], True)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, v):
        imag = self.imag.text(v.imag) + "j"
        return self.real(v.real) + (imag if imag[0] == "-" else "+" + imag)


def _shown(data, depth, cut):
    """The nested lists that are printed: None stands for what is left out."""
    if depth == 0:
        return data.item()
    n = OPTIONS["edgeitems"]
    if cut and len(data) > 2 * n:
        ends = [_shown(data[i], depth - 1, cut) for i in (*range(n), *range(len(data) - n, len(data)))]
        return [*ends[:n], None, *ends[n:]]
    return [_shown(x, depth - 1, cut) for x in data]


def _leaves(x):
    if isinstance(x, list):
        for y in x:
            if y is not None:
                yield from _leaves(y)
    else:
        yield x


def _lay_out(x, form, depth, indent):
    """The text of nested lists of `depth`, whose first line starts at column `indent`."""
    if depth == 0:
        return form(x)
    if depth == 1:
        per_line = max(1, (OPTIONS["linewidth"] - indent) // (form.width + 2))
        words = [" ..." if v is None else form(v) for v in x]
        lines = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    between = "," + "\n" * (depth - 1) + " " * (indent + 1)
    return "[" + between.join("..." if row is None else _lay_out(row, form, depth - 1, indent + 1) for row in x) + "]"


def _with_suffixes(text, suffixes, indent):
    """The text and what is said of the tensor behind it, on a new line where the line is full."""
    at = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if at + len(suffix) + 2 > OPTIONS["linewidth"]:
            text += ",\n" + " " * indent + suffix
            at = indent + len(suffix)
        else:
            text += ", " + suffix
            at += len(suffix) + 2
    return text + ")"


def tensor_repr(t) -> str:
    """What `repr(tensor)` and `str(tensor)` return."""
    data = t.detach()
    plain = data.to(_core.float32) if data.dtype in (_core.bfloat16, _core.float16) else data
    start, text, suffixes = "tensor(", "[]", []
    if data.numel():
        shown = _shown(plain.numpy(), data.ndim, data.numel() > OPTIONS["threshold"])
        values = list(_leaves(shown))
        form = _FormatComplex(values) if data.is_complex() else _Format(values, data.is_floating_point())
        text = _lay_out(shown, form, data.ndim, len(start))
    elif data.ndim != 1:
        suffixes.append(f"size={tuple(t.shape)}")
    default = _core.get_default_dtype()
    evident = (default, _core.int64, _core.bool_, _core.as_dtype(complex)) if data.numel() else (default,)
    if t.dtype not in evident:
        suffixes.append(f"dtype={t.dtype}")
    if t.grad_fn is not None:
        suffixes.append(f"grad_fn=<{_node_name(t.grad_fn)}>")
    elif t.requires_grad:
        suffixes.append("requires_grad=True")
    name = "Parameter containing:\n" if type(t).__name__ == "Parameter" else ""
    return name + _with_suffixes(start + text, suffixes, len(start))


def _node_name(node) -> str:
    name = node.name()
    if name.endswith("_backward"):
        name = "".join(w.capitalize() for w in name[: -len("_backward")].split("_")) + "Backward0"
    return name


_core.set_repr(tensor_repr)
