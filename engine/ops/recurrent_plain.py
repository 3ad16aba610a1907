"""What a recurrent layer over equal sequences computes, and its gradients, written once for arrays and for tensors."""

from __future__ import annotations

from workbench.ext.core.lazy import TYPE_CHECKING, np

from .pieces import cat

if TYPE_CHECKING:
    from typing import Any

MODES = ("LSTM", "GRU", "RNN_TANH", "RNN_RELU")


class Arrays:
    """The functions of arrays that the formulas need."""

    @staticmethod
    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def tanh(x: Any) -> Any:
        return np.tanh(x)

    @staticmethod
    def relu(x: Any) -> Any:
        return np.maximum(x, 0)

    @staticmethod
    def above(x: Any) -> Any:
        return (x > 0).astype(x.dtype)

    @staticmethod
    def cat(parts: Any, dim: int) -> Any:
        return np.concatenate(parts, dim)


class Tensors:
    """The same of tensors."""

    @staticmethod
    def sigmoid(x: Any) -> Any:
        return x.sigmoid()

    @staticmethod
    def tanh(x: Any) -> Any:
        return x.tanh()

    @staticmethod
    def relu(x: Any) -> Any:
        return x.relu()

    @staticmethod
    def above(x: Any) -> Any:
        return (x > 0).to(x.dtype)

    @staticmethod
    def cat(parts: Any, dim: int) -> Any:
        return cat(parts, dim)


def _parts(x: Any, n: int) -> list[Any]:
    size = x.shape[1] // n
    return [x[:, i * size : (i + 1) * size] for i in range(n)]


def _plus(x: Any, bias: Any) -> Any:
    return x if bias is None else x + bias


def _order(steps: int, reverse: bool) -> range:
    return range(steps - 1, -1, -1) if reverse else range(steps)


def forward(m: Any, input: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, mode: int, reverse: bool) -> Any:
    """States of all steps in the order of time, c at the end, and of each step: what stood before (h, c), its gates, c after it."""
    n, a = h.shape[0], _plus(input @ w_ih.T, b_ih)
    steps: dict[int, tuple[Any, ...]] = {}
    states: dict[int, Any] = {}
    for t in _order(a.shape[0] // n, reverse):
        kept: tuple[Any, ...]
        before, x, own = (h, c), a[t * n : (t + 1) * n], _plus(h @ w_hh.T, b_hh)
        if MODES[mode] == "LSTM":
            gates = _parts(x + own, 4)
            i, f, g, o = m.sigmoid(gates[0]), m.sigmoid(gates[1]), m.tanh(gates[2]), m.sigmoid(gates[3])
            c = f * c + i * g
            h, kept = o * m.tanh(c), (i, f, g, o)
        elif MODES[mode] == "GRU":
            (xr, xz, xn), (hr, hz, hn) = _parts(x, 3), _parts(own, 3)
            r, z = m.sigmoid(xr + hr), m.sigmoid(xz + hz)
            g = m.tanh(xn + r * hn)
            h, kept = g + z * (h - g), (r, z, g, hn)
        else:
            h = m.tanh(x + own) if MODES[mode] == "RNN_TANH" else m.relu(x + own)
            kept = (h,)
        steps[t], states[t] = (*before, kept, c), h
    return m.cat([states[t] for t in sorted(states)], 0), c, steps


def _pulled(m: Any, mode: int, dh: Any, dc: Any, step: tuple[Any, ...]) -> tuple[list[Any], list[Any], Any, Any]:
    """Gradients of the gates, as the input and as the state see them; of c before; of h before but through its product."""
    h, c, kept, after = step
    if MODES[mode] == "LSTM":
        i, f, g, o = kept
        tall = m.tanh(after)
        dc = dc + dh * o * (1 - tall * tall)
        d = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * tall * o * (1 - o)]
        return d, d, dc * f, None
    if MODES[mode] == "GRU":
        r, z, g, own = kept
        dn = dh * (1 - z) * (1 - g * g)
        both = [dn * own * r * (1 - r), dh * (h - g) * z * (1 - z)]
        return [*both, dn], [*both, dn * r], None, dh * z
    d = [dh * (1 - kept[0] * kept[0]) if MODES[mode] == "RNN_TANH" else dh * m.above(kept[0])]
    return d, d, None, None


def backward(
    m: Any, grad: Any, grad_c: Any, input: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, mode: int, reverse: bool
) -> tuple[Any, ...]:
    """Gradients of input, h, c, w_ih, w_hh, and of the biases in the order in which a layer keeps its gates."""
    _, _, steps = forward(m, input, h, c, w_ih, w_hh, b_ih, b_hh, mode, reverse)
    n, dh, dc = h.shape[0], h * 0, grad_c
    if c is not None and dc is None:
        dc = c * 0
    x_side: dict[int, Any] = {}
    h_side: dict[int, Any] = {}
    for t in reversed(list(steps)):
        if grad is not None:
            dh = dh + grad[t * n : (t + 1) * n]
        of_x, of_h, dc, rest = _pulled(m, mode, dh, dc, steps[t])
        x_side[t], h_side[t] = m.cat(of_x, 1), m.cat(of_h, 1)
        dh = h_side[t] @ w_hh
        dh = dh if rest is None else dh + rest
    order = sorted(steps)
    dx, own, before = (m.cat([each[t] for t in order], 0) for each in (x_side, h_side, {t: s[0] for t, s in steps.items()}))
    db = dx.sum(0)
    if MODES[mode] == "GRU":
        db = m.cat([db, own[:, 2 * h.shape[1] :].sum(0)], 0)
    return dx @ w_ih, dh, dc, dx.T @ input, own.T @ before, db
