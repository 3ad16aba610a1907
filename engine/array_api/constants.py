"""The constants of the standard."""

from ..limits import e, inf, nan, newaxis, pi

__all__ = ["e", "inf", "nan", "newaxis", "pi"]
