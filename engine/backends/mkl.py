"""Intel's MKL: products run in OpenBLAS here."""

from __future__ import annotations


def is_available() -> bool:
    return False
