"""`torch._tensor_str`: parts of a tensor's text, which classes with a text of their own put together."""

from __future__ import annotations

from typing import Any

from ...printing import tensor_repr


def _tensor_str(self: Any, indent: int) -> str:
    """The numbers of a tensor between brackets."""
    text = tensor_repr(self.detach())
    inner = text[text.index("(") + 1 : text.rindex("]") + 1] if "]" in text else text[text.index("(") + 1 : -1].split(",")[0]
    return inner.replace("\n" + " " * len("tensor("), "\n" + " " * indent)


def _add_suffixes(tensor_str: str, suffixes: list[str], indent: int, force_newline: bool) -> str:
    """The text closed, with more about the tensor before the bracket."""
    texts = [tensor_str]
    for suffix in suffixes:
        line = len(texts[-1]) - texts[-1].rfind("\n") + 1
        if force_newline or line + len(suffix) + 2 > 80:
            texts.append(",\n" + " " * indent + suffix)
            force_newline = False
        else:
            texts.append(", " + suffix)
    return "".join(texts) + ")"


def _str_intern(inp: Any, *, tensor_contents: str | None = None) -> str:
    """The text of a tensor."""
    return tensor_repr(inp) if tensor_contents is None else f"{type(inp).__name__}({tensor_contents})"


class _Options:
    """How numbers are printed."""

    precision, threshold, edgeitems, linewidth, sci_mode = 4, 1000, 3, 80, None


PRINT_OPTS = _Options()
