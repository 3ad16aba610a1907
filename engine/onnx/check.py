"""The ONNX form of an op, computed by onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.ext.core import _core as core

from ..ops._define import Unsupported
from ..testing.case import Case, Skip, map_tensors, tensors_in
from ..testing.compare import as_array, assert_close
from .builder import Builder


def build(case: Case) -> tuple[Any, dict[str, np.ndarray], tuple[core.Tensor, ...]]:
    """A model of one call of an op, what to feed it, and what has to come out."""
    d = case.definition
    b = Builder()
    feeds: dict[str, np.ndarray] = {}
    named: dict[int, str] = {}

    def name(t: core.Tensor) -> str:
        if id(t) not in named:
            named[id(t)] = b.input(f"x{len(named)}", t.shape, as_array(t).dtype)
            feeds[named[id(t)]] = np.ascontiguousarray(as_array(t)).reshape(tuple(t.shape))
        return named[id(t)]

    given = {k: map_tensors(name, v) for k, v in case.given()}
    if d.star is not None:
        at = d.params.index(d.star)
        spread = case.call.args[at:]
        if len(spread) != 1 or not isinstance(spread[0], (tuple, list)):
            given = {k: v for k, v in given.items() if d.params.index(k) < at or k in case.call.kwargs}
            given |= {d.star: spread} if spread else {}
    try:
        result = b.add(case.op, *(given.get(p, default) for p, default in zip(d.params, d.defaults, strict=True)))
    except ValueError as error:
        if "has no ONNX form" in str(error):
            raise Skip(str(error)) from None
        raise
    wanted = tuple(tensors_in(case.run()))
    names = result if isinstance(result, tuple) else (result,)
    assert len(names) == len(wanted), f"{len(wanted)} results, {len(names)} in the ONNX form"
    typed = [(n, tuple(w.shape), as_array(w).dtype) for n, w in zip(names, wanted, strict=True)]
    return b.model(typed), feeds, wanted


def check_onnx(case: Case) -> None:
    """onnxruntime computes the ONNX form to what the op returns."""
    onnx = case.definition.onnx
    if onnx is None or isinstance(onnx, Unsupported):
        raise Skip("no ONNX form" if onnx is None else onnx.why)
    if "onnx" in case.call.skipped:
        raise Skip(case.call.skipped["onnx"])
    try:
        import onnxruntime as ort
    except ImportError:
        raise Skip("onnxruntime is not installed") from None
    model, feeds, wanted = build(case)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        found = session.run(None, feeds)
    except Exception as error:
        if "NOT_IMPLEMENTED" in str(error) or "Could not find an implementation" in str(error):
            raise Skip(f"onnxruntime: {error}") from None
        raise AssertionError(f"onnxruntime refuses the ONNX form: {error}") from None
    assert_close(tuple(found), wanted, **case.tolerance, what="ONNX form")
