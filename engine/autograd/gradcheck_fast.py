"""Checks of derivatives that take few passes: in random directions, and of properties that every derivative has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor
from workbench.ext.core.lazy import np

from . import forward_ad
from .batching import batched_over
from .gradcheck import GradcheckError, outputs_of

Function = Callable[..., Any]


def _direction(generator: np.random.Generator, like: Tensor, n: int | None = None) -> np.ndarray:
    """A random array of length 1 in the shape of a tensor; n of them."""
    shape = tuple(like.shape) if n is None else (n, *like.shape)
    v = generator.standard_normal(shape)
    v = v + 1j * generator.standard_normal(shape) if like.is_complex() else v
    return np.asarray(v / max(float(np.linalg.norm(v)), 1e-300))


def _tensor(values: np.ndarray, like: Tensor) -> Tensor:
    return core.from_numpy(values).to(like.dtype)


def _inner(a: np.ndarray, b: np.ndarray) -> float:
    """The product of arrays as vectors of real numbers."""
    return float(np.sum(np.conj(a) * b).real)


def _moved(func: Function, inputs: Sequence[Any], x: Tensor, v: np.ndarray, eps: float) -> list[np.ndarray]:
    """For each output its derivative in the direction `v` of one input, by central differences."""
    memory = x.detach().numpy()
    before = memory.copy()
    sides = []
    for step in (eps, -eps):
        memory[...] = before + step * v
        sides.append([o.detach().numpy().copy() for o in outputs_of(func, inputs)])
    memory[...] = before
    return [(a - b) / (2 * eps) for a, b in zip(*sides, strict=True)]


def _pushed(func: Function, inputs: Sequence[Any], x: Tensor, v: np.ndarray) -> list[np.ndarray]:
    """The same by forward mode."""
    with forward_ad.dual_level():
        given = [forward_ad.make_dual(y.detach(), _tensor(v, x)) if y is x else y for y in inputs]
        found = [(o, forward_ad.unpack_dual(o).tangent) for o in outputs_of(func, given)]
        return [np.zeros(tuple(o.shape)) if t is None else t.detach().numpy() for o, t in found]


def _agree(kind: str, k: int, i: int, found: float, wanted: float, atol: float, rtol: float) -> None:
    if not np.isclose(found, wanted, rtol, atol, equal_nan=True):
        raise GradcheckError(
            f"Jacobian mismatch for output {k} with respect to input {i} in a random direction: "
            f"numerical {wanted:.8g}, {kind} {found:.8g}; say fast_mode=False to see the elements"
        )


def check_directions(
    func: Function, inputs: Sequence[Any], trained: Sequence[Tensor], eps: float, atol: float, rtol: float, forward: bool, backward: bool
) -> None:
    """Compare u^T J v for random u and v of length 1: one pass backward for each output, two evaluations for each input."""
    generator = np.random.Generator(np.random.Philox(key=0))
    outputs = outputs_of(func, inputs)
    left = [_direction(generator, o) for o in outputs]
    right = [_direction(generator, x) for x in trained]
    numerical = [_moved(func, inputs, x, v, eps) for x, v in zip(trained, right)]
    for i, (x, v) in enumerate(zip(trained, right)) if forward else ():
        for k, tangent in enumerate(_pushed(func, inputs, x, v)):
            _agree("forward-mode", k, i, _inner(left[k], tangent), _inner(left[k], numerical[i][k]), atol, rtol)
    for k, (o, u) in enumerate(zip(outputs, left)) if backward else ():
        grads = core.gradients([o], [_tensor(u, o)], list(trained), True, False) if o.requires_grad else [None] * len(trained)
        for i, (g, v) in enumerate(zip(grads, right)):
            found = 0.0 if g is None else _inner(g.detach().numpy(), v)
            _agree("analytical", k, i, found, _inner(u, numerical[i][k]), atol, rtol)


def check_linear(outputs: Sequence[Tensor], trained: Sequence[Tensor]) -> None:
    """A gradient of zero comes back as zero: a backward that does not multiply by what it gets is found."""
    for k, o in enumerate(outputs):
        if not o.requires_grad:
            continue
        zeros = core.fill(core.make_empty(tuple(o.shape), o.dtype), 0)
        for i, g in enumerate(core.gradients([o], [zeros], list(trained), True, False)):
            if g is not None and np.any(g.detach().numpy() != 0):
                raise GradcheckError(f"backward not multiplied by the gradient of output {k}: with zeros, that of input {i} is not zero")


def check_batched(outputs: Sequence[Tensor], trained: Sequence[Tensor], atol: float, rtol: float) -> None:
    """A backward with a batch of gradients gives what one for each of them gives."""
    generator = np.random.Generator(np.random.Philox(key=1))
    for k, o in enumerate(outputs):
        if not o.requires_grad:
            continue
        seeds = _tensor(_direction(generator, o, 3), o)
        together = batched_over(3, lambda e, o=o: core.gradients([o], [e], list(trained), True, False), seeds)
        for j in range(3):
            for i, g in enumerate(core.gradients([o], [seeds[j]], list(trained), True, False)):
                if g is not None and not np.allclose(together[i][j].detach().numpy(), g.detach().numpy(), rtol, atol, equal_nan=True):
                    raise GradcheckError(f"batched gradients of output {k} with respect to input {i} differ from those taken one by one")
