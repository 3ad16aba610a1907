"""The cases by name. Each is written once; every engine runs the same code."""

from __future__ import annotations

from . import language, small, vision

CASES = {case.name: case for case in (*vision.CASES, *language.CASES, *small.CASES)}
