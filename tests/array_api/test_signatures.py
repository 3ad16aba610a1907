"""Every function of the standard is there, with the standard's signature: array_api_strict is the peer."""

from __future__ import annotations

import inspect

import pytest

from workbench.engine import array_api

from .both import array_api_strict, function

ITS_OWN = {"Device", "ArrayAPIStrictFlags", "set_array_api_strict_flags", "get_array_api_strict_flags", "reset_array_api_strict_flags"}
ABSENT = {"uint16", "uint32", "uint64"}  # dtypes that the core has not
NAMES = [n for n in array_api_strict.__all__ if n not in ITS_OWN | ABSENT and not (n.startswith("__") and n.endswith("version__"))]
NAMES += [f"linalg.{n}" for n in array_api_strict.linalg.__all__] + [f"fft.{n}" for n in array_api_strict.fft.__all__]
FUNCTIONS = [n for n in NAMES if inspect.isfunction(function(array_api_strict, n))]


def parameters(f):
    """Name, kind and default of each parameter; what says that nothing was given is None."""
    return [(p.name, p.kind, None if str(p.default).endswith("UNDEF") else p.default) for p in inspect.signature(f).parameters.values()]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_there(name):
    assert function(array_api, name) is not None or name == "newaxis"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature(name):
    f = function(array_api, name)
    assert parameters(f) == parameters(function(array_api_strict, name))
    assert f.__name__ == name.rpartition(".")[2]
    assert f.__doc__


def test_what_is_absent_is_absent():
    assert len(FUNCTIONS) > 170
    assert not [name for name in ABSENT if hasattr(array_api, name)]
