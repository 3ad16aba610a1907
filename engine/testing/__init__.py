"""Sample-driven checks of ops, for this project's tests and for users' own ops."""

from .maker import Call, Maker

__all__ = ["Call", "Maker"]
