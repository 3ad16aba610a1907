"""Every op on every sample, dtype and device: the checks of `workbench.engine.testing`.

An id reads `softmax-float32-2-cpu`: op, dtype, number of the sample, device.
"""

from __future__ import annotations

import warnings

import pytest

import workbench.engine  # noqa: F401  fills the registry
from workbench.engine.onnx.check import check_onnx
from workbench.engine.ops._define import Unsupported
from workbench.engine.testing import CHECKS, Case, Skip, calls, check_refused, defined, refused

OPS = defined()
DEVICES = ("cpu",)
FLOATING = ("float32", "float64")


def every(applies=lambda op, case: True, dtypes=None):
    """Parametrise over the samples for which a check makes sense."""
    found = []
    for name, op in OPS.items():
        for dtype in op.definition.dtypes:
            if dtypes is None or dtype in dtypes:
                for i, call in enumerate(calls(op, dtype)):
                    if applies(op, Case(op, call, dtype)):
                        found += [pytest.param(name, dtype, i, id=f"{name}-{dtype}-{i}-{device}") for device in DEVICES]
    return pytest.mark.parametrize(("name", "dtype", "i"), found)


def run(kind, name, dtype, i):
    case = Case(OPS[name], calls(OPS[name], dtype)[i], dtype)
    if kind in case.call.skipped:
        pytest.skip(case.call.skipped[kind])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)  # torch's, about what it will change some day
        try:
            CHECKS[kind](case)
        except Skip as reason:
            pytest.skip(str(reason))


def differentiable(op, case):
    return bool(case.differentiable())


@every(lambda op, case: op.kernel_dtypes or op.definition.formula)
def test_kernel_is_body(name, dtype, i):
    run("kernel", name, dtype, i)


@every(lambda op, case: op.definition.peer or op.definition.spaces or op.definition.methods)
def test_like_torch(name, dtype, i):
    run("peer", name, dtype, i)


@every()
def test_memory_layouts(name, dtype, i):
    run("layout", name, dtype, i)


@every(lambda op, case: op.definition.peer or op.definition.spaces or op.definition.methods)
def test_without_elements(name, dtype, i):
    run("empty", name, dtype, i)


@every(lambda op, case: op.definition.inplace)
def test_in_place(name, dtype, i):
    run("inplace", name, dtype, i)


@every()
def test_bookkeeping(name, dtype, i):
    run("bookkeeping", name, dtype, i)


@every(differentiable, FLOATING)
def test_gradient_like_torch(name, dtype, i):
    run("peer_gradient", name, dtype, i)


@every(differentiable, FLOATING)
def test_gradient_of_memory_layouts(name, dtype, i):
    run("layout_gradient", name, dtype, i)


@every(differentiable, FLOATING)
def test_changes_after_the_forward(name, dtype, i):
    run("versions", name, dtype, i)


@every(lambda op, case: len(case.differentiable()) > 1, FLOATING)
def test_one_tensor_twice(name, dtype, i):
    run("shared", name, dtype, i)


@every(differentiable, ("float64",))
def test_gradcheck(name, dtype, i):
    run("gradcheck", name, dtype, i)


@every(differentiable, ("float64",))
def test_gradgradcheck(name, dtype, i):
    run("gradgradcheck", name, dtype, i)


@every(lambda op, case: op.definition.onnx and not isinstance(op.definition.onnx, Unsupported), ("float32", "int64", "bool"))
def test_onnx(name, dtype, i):
    case = Case(OPS[name], calls(OPS[name], dtype)[i], dtype)
    try:
        check_onnx(case)
    except Skip as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(("name", "i"), [pytest.param(n, i, id=f"{n}-{i}") for n, op in OPS.items() for i, _ in enumerate(refused(op))])
def test_bad_input(name, i):
    check_refused(Case(OPS[name], refused(OPS[name])[i], "float32"))
