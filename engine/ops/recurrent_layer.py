"""A layer of a recurrent network over sequences of one length, all steps in one call."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, derivative, formula, infer, op, samples
from .pieces import cat
from .recurrent_plain import MODES, Arrays, Tensors, backward, forward

GATES = (4, 3, 1, 1)  # of each mode; KEPT: blocks of them, with the state's own part of a GRU's last gate
KEPT = (4, 4, 1, 1)
TENSORS = ("input", "h", "c", "w_ih", "w_hh", "b_ih", "b_hh")


@op("call", tensors=TENSORS, spaces=(), methods=False, extra=("gates", "cells"), onnx=Unsupported("an internal form"))
def recurrent_layer(input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse):
    """The states of all steps, and c at the end of an LSTM (else None); hidden, its gates and c of all steps.

    Shape:
        input: (T N, I); h, c: (N, H); w_ih: (G H, I); w_hh: (G H, H); b_ih, b_hh: (G H) or None; results: (T N, H) and (N, H);
        gates: (T N, K H); cells: (T N, H). mode is a place in MODES, G and K the numbers of GATES and KEPT there.
    """
    states, end, steps = forward(Arrays, input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse)
    if mode > 1:
        return states, None, None, None
    order = sorted(steps)
    gates = Arrays.cat([Arrays.cat(steps[t][2], 1) for t in order], 0)
    return (states, end, gates, Arrays.cat([steps[t][3] for t in order], 0)) if mode == 0 else (states, None, gates, None)


@infer(recurrent_layer)
def _(input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse):
    rows, size, dtype = input.shape[0], h.shape[1], input.dtype
    gates = ((rows, KEPT[mode] * size), dtype) if mode < 2 else None
    end, cells = (((h.shape[0], size), dtype), ((rows, size), dtype)) if mode == 0 else (None, None)
    return [((rows, size), dtype), end, gates, cells], (mode, bool(reverse)), ()


@formula(recurrent_layer)
def _(input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse):
    states, end, _ = forward(Tensors, input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse)
    return states, end


def fits(mode, n, rows, h, c, w_ih, w_hh, b_ih, b_hh):
    """Whether a layer over sequences of `n` rows a step can run in one call: its tensors fit together, and are on the CPU."""
    if rows.ndim != 2 or h.ndim != 2 or h.shape[0] != n or not rows.shape[0] or rows.dtype not in (core.float32, core.float64):
        return False
    size = h.shape[1]
    tall = GATES[mode] * size
    wanted = [(w_ih, (tall, rows.shape[1])), (w_hh, (tall, size)), (b_ih, (tall,)), (b_hh, (tall,)), (c, (n, size)), (h, (n, size))]
    return all(t is None or (tuple(t.shape) == s and t.dtype is rows.dtype and t.device.type == "cpu") for t, s in wanted)


@op("call", tensors=(*TENSORS, "grad", "grad_c", "states", "gates", "cells"), spaces=(), methods=False, onnx=Unsupported("a backward"))
def recurrent_layer_backward(input, h, c, w_ih, w_hh, b_ih, b_hh, grad, grad_c, states, gates, cells, mode, reverse, with_input):
    """The gradients of a layer along its input (None without `with_input`), h, c, weights, and its biases by the gates that it keeps.

    Shape:
        as those of recurrent_layer; grad and grad_c: those of its results, or None; the biases' gradient: (K H).
    """
    dx, *others = backward(Arrays, grad, grad_c, input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse)
    return (dx if with_input else None, *others)


@infer(recurrent_layer_backward)
def _(input, h, c, w_ih, w_hh, b_ih, b_hh, grad, grad_c, states, gates, cells, mode, reverse, with_input):
    shapes = [tuple(t.shape) if t is not None else None for t in (input if with_input else None, h, c, w_ih, w_hh)]
    shapes.append((KEPT[mode] * h.shape[1],))
    return [(shape, h.dtype) if shape is not None else None for shape in shapes], (mode, bool(reverse)), ()


@formula(recurrent_layer_backward)
def _(input, h, c, w_ih, w_hh, b_ih, b_hh, grad, grad_c, states, gates, cells, mode, reverse, with_input):
    dx, *others = backward(Tensors, grad, grad_c, input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse)
    return (dx if with_input else None, *others)


def _backward(g, input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse, result, gates, cells, need):
    grad, grad_c = g
    dx, dh, dc, dw_ih, dw_hh, db = recurrent_layer_backward(
        input, h, c, w_ih, w_hh, b_ih, b_hh, grad, grad_c, result[0], gates, cells, mode, reverse, need[0]
    )
    db_hh, size = db, h.shape[1]
    if MODES[mode] == "GRU":
        db, db_hh = db[: 3 * size], cat([db[: 2 * size], db[3 * size :]], 0)
    return dx, dh, dc, dw_ih, dw_hh, db, db_hh


derivative(recurrent_layer, together=_backward)


def _drawn(s, mode, steps, rows, inputs, size, bias):
    """The tensors of a layer."""
    tall = GATES[mode] * size
    biases = (s.normal(tall), s.normal(tall)) if bias else (None, None)
    c = s.normal(rows, size) if mode == 0 else None
    return [s.normal(steps * rows, inputs), s.normal(rows, size), c, s.normal(tall, inputs), s.normal(tall, size), *biases]


@samples(recurrent_layer)
def _(s):
    whole = {"because": "a layer of other sizes is none"}
    for mode in range(4):
        yield s(*_drawn(s, mode, 3, 2, 2, 3, True), mode, False).without("empty", **whole)
        yield s(*_drawn(s, mode, 3, 2, 2, 3, False), mode, True).without("empty", **whole)
        yield s(*_drawn(s, mode, 1, 1, 1, 1, True), mode, False).without("empty", **whole)


@samples(recurrent_layer_backward)
def _(s):
    for mode in range(4):
        for reverse, bias, with_input in ((False, True, True), (True, False, False)):
            given = _drawn(s, mode, 3, 2, 2, 3, bias)
            states, _, steps = forward(Tensors, *(*given, mode, reverse))
            kept = [Tensors.cat([Tensors.cat(steps[t][2], 1) for t in sorted(steps)], 0)] if mode < 2 else [None]
            kept.append(Tensors.cat([steps[t][3] for t in sorted(steps)], 0) if mode == 0 else None)
            grad_c = s.normal(2, 3) if mode == 0 and bias else None
            yield s(*given, s.normal(6, 3), grad_c, states, *kept, mode, reverse, with_input).without(
                "empty", "gradcheck", "gradgradcheck", because="its arguments belong together"
            )
