"""The wording of errors, for everything above the ops."""

from .ops.errors import describe, expected

__all__ = ["describe", "expected"]
