"""A program, once with PyTorch and once with the engine: what it gives back, leaf by leaf."""

from __future__ import annotations

import cmath
import importlib
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from workbench import engine as ours

from .compare import Different, check_tensor
from .judges import is_meant
from .names import MODULES
from .programs.tools import About, Program
from .tally import Result
from .translate import OutOfScope, our_dtype, to_theirs

NAMED = ("dtype", "device", "layout", "memory_format")  # compared by their text
PLAIN = (bool, int, str, bytes, type(None))


def run(program: Program) -> Result:
    """Everything that a program compares. What raises with PyTorch is a program that is wrong, and raises here."""
    for module in (*MODULES, "torch.nn.attention", "torch.serialization"):
        importlib.import_module(module)
        importlib.import_module("workbench.engine" + module.removeprefix("torch"))
    result = Result(program.key, "", "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        expected = program.run(torch)
        ours.manual_seed(0)
        try:
            found = program.run(ours)
        except Exception as error:
            result["program"].refused.append(f"{type(error).__name__}: {error}".split("\n")[0][:300])
            return result
        for path, kind, text in differences(found, expected):
            tally = result[kind]
            if text is None:
                tally.agree += 1
            else:
                text = f"{path}: {text}"
                (tally.meant if program.meant or is_meant(program.key, kind, text) else tally.wrong).append(text)
    return result


def differences(found: Any, expected: Any, path: str = "", kind: str = "program") -> Iterator[tuple[str, str, str | None]]:
    """For each leaf where it lies, what kind of result it is, and what differs, or None where nothing does."""
    if isinstance(expected, dict):
        if not isinstance(found, dict) or list(found) != list(expected):
            yield path, kind, f"keys {list(expected)} expected, got {list(found) if isinstance(found, dict) else found!r}"
            return
        for key, value in expected.items():
            yield from differences(found[key], value, f"{path}.{key}", "gradient" if key == "gradient" else kind)
    elif isinstance(expected, (tuple, list)) and not isinstance(expected, torch.Size):
        if not isinstance(found, tuple if isinstance(expected, tuple) else list) or len(found) != len(expected):
            yield path, kind, f"{type(expected).__name__} of {len(expected)} expected, got {found!r}"[:300]
            return
        for i, (f, e) in enumerate(zip(found, expected)):
            yield from differences(f, e, f"{path}[{i}]", kind)
    else:
        if isinstance(expected, BaseException):
            kind = "errors"
        try:
            check_leaf(found, expected)
        except OutOfScope:
            return
        except Different as text:
            yield path, kind, str(text)[:300]
        else:
            yield path, kind, None


def check_leaf(found: Any, expected: Any) -> None:
    """Raise Different unless two leaves are the same, in type too."""
    if isinstance(expected, (torch.Tensor, torch.dtype)):
        our_dtype(expected.dtype if isinstance(expected, torch.Tensor) else expected)  # OutOfScope for one that is left out on purpose
    if isinstance(expected, BaseException):
        mine, theirs = type(found), type(expected)
        if not isinstance(found, BaseException):
            raise Different(f"{theirs.__name__} ({expected}) expected, got {found!r}")
        # a class of ours for one of PyTorch's own has its public name
        if not (issubclass(mine, theirs) or issubclass(theirs, mine) or mine.__name__ == theirs.__name__.lstrip("_")):
            raise Different(f"{theirs.__name__} ({expected}) expected, got {mine.__name__}: {found}")
    elif isinstance(found, BaseException):
        raise Different(f"{expected!r} expected, got {type(found).__name__}: {found}")
    elif isinstance(expected, About):
        check_about(found, expected)
    elif isinstance(expected, torch.Tensor):
        if not isinstance(found, ours.Tensor):
            raise Different(f"a tensor expected, got {type(found).__name__}")
        if found.requires_grad != expected.requires_grad:
            raise Different(f"requires_grad={expected.requires_grad} expected, got {found.requires_grad}")
        check_tensor(to_theirs(found), expected.detach(), True)
    elif isinstance(expected, np.ndarray):
        if not isinstance(found, np.ndarray) or found.dtype != expected.dtype or found.shape != expected.shape:
            raise Different(f"{expected!r} expected, got {found!r}")
        check_tensor(torch.from_numpy(np.array(found)), torch.from_numpy(np.array(expected)), True)
    elif isinstance(expected, torch.Size):
        if not isinstance(found, ours.Size) or tuple(found) != tuple(expected):
            raise Different(f"{expected!r} expected, got {found!r}")
    elif isinstance(expected, (float, complex)):
        if type(found) is not type(expected) or not near(found, expected):
            raise Different(f"{expected!r} expected, got {found!r}")
    elif isinstance(expected, PLAIN):
        mine = found.replace("workbench.engine", "torch") if isinstance(found, str) else found
        if type(mine) is not type(expected) or mine != expected:
            raise Different(f"{expected!r} expected, got {mine!r}")
    elif isinstance(expected, type):
        if not isinstance(found, type) or found.__name__ != expected.__name__:
            raise Different(f"{expected.__name__} expected, got {found!r}")
    elif type(expected).__name__ in NAMED:
        if type(found).__name__ != type(expected).__name__ or str(found).replace("workbench.engine", "torch") != str(expected):
            raise Different(f"{expected} expected, got {found}")
    else:
        raise TypeError(f"a program gave back a {type(expected).__name__}, which nothing here compares")


def check_about(found: Any, expected: About) -> None:
    if not isinstance(found, About):
        raise Different(f"{expected} expected, got {found!r}")
    mine, theirs = (torch.as_tensor(to_theirs(v)).to(torch.float64) for v in (found.value, expected.value))
    if mine.shape != theirs.shape or not bool(((mine - theirs).abs() <= expected.within).all()):
        raise Different(f"{expected.value} within {expected.within} expected, got {found.value}")


def near(a: Any, b: Any) -> bool:
    if isinstance(b, complex):
        return a == b or cmath.isclose(a, b, rel_tol=1e-5, abs_tol=1e-7)
    return math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-7) or (math.isnan(a) and math.isnan(b))
