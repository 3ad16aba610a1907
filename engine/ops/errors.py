"""The wording of errors, in one place: `<op>: expected <what>, got <value>; <what to do>`."""

from __future__ import annotations

from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def describe(value: Any) -> str:
    """A value as an error shows it: tensors by shape and dtype, the rest by repr, shortened."""
    shape = getattr(value, "shape", None)
    if shape is not None and hasattr(value, "dtype"):
        return f"a tensor of shape {tuple(shape)} and dtype {str(value.dtype).removeprefix('torch.')}"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def expected(op: str, what: str, got: Any, then: str = "", error: type[Exception] = ValueError) -> Exception:
    """An exception, to be raised, that says what `op` expected, what came, and what to do.

    Args:
        op: Name of the op or function.
        what: The argument and the property it must have, as in "b of shape (3, n)".
        got: What came: a str is taken as the words themselves, anything else is described.
        then: What the user can do; left out if empty.
        error: The class a PyTorch or Python user would catch.
    """
    message = f"{op}: expected {what}, got {got if isinstance(got, str) else describe(got)}"
    return error(f"{message}; {then}" if then else message)
