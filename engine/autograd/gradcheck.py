"""Derivatives against finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor
from workbench.ext.core.lazy import np

from . import forward_ad

Function = Callable[..., Any]


class GradcheckError(RuntimeError):
    """A derivative is not that of the function."""


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def outputs_of(func: Function, inputs: Sequence[Any]) -> list[Tensor]:
    """The results that can have a gradient."""
    return [o for o in _tuple(func(*inputs)) if isinstance(o, Tensor) and (o.is_floating_point() or o.is_complex())]


def _trained(inputs: Sequence[Any]) -> list[Tensor]:
    """The inputs that ask for a gradient, after a look at whether finite differences can be taken of them."""
    trained = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not trained:
        raise ValueError("gradcheck: expected at least one input tensor that requires grad, got none; set requires_grad=True")
    for i, x in enumerate(trained):
        if x.dtype not in (core.float64, core.complex128):
            warnings.warn(
                f"gradcheck: expected inputs of dtype float64 or complex128, got {x.dtype} (number {i}); finite differences will be coarse",
                stacklevel=3,
            )
        if x.numel() > 1 and any(stride == 0 and size > 1 for stride, size in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(f"gradcheck: expected inputs whose elements have memory of their own, got an expanded one (number {i})")
    return trained


def _parts(t: Tensor) -> np.ndarray:
    """The elements as real numbers: the real parts, and behind them the imaginary ones of a complex tensor."""
    values = t.detach().numpy().ravel()
    return np.concatenate([values.real, values.imag]) if t.is_complex() else values.astype(np.float64)


def _numerical(func: Function, inputs: Sequence[Any], x: Tensor, n_outputs: int, eps: float) -> list[np.ndarray]:
    """For each output its Jacobian with respect to `x`, (size of x, parts of the output), by central differences.

    With respect to a complex number x + iy it is d/dx + i d/dy, as a gradient is."""
    memory = x.detach().numpy()
    rows: list[list[np.ndarray]] = [[] for _ in range(n_outputs)]
    for i in range(memory.size):
        before = memory.flat[i]
        moved = []
        for unit in (1, 1j) if x.is_complex() else (1,):
            sides = []
            for step in (eps * unit, -eps * unit):
                memory.flat[i] = before + step
                sides.append([_parts(o) for o in outputs_of(func, inputs)])
            moved.append([(a - b) / (2 * eps) * unit for a, b in zip(*sides, strict=True)])
        memory.flat[i] = before
        for k in range(n_outputs):
            rows[k].append(sum(m[k] for m in moved))
    return [np.stack(r) if r else np.zeros((0, 0)) for r in rows]


def _seeds(output: Tensor) -> Iterator[Tensor]:
    """One gradient for each part of an output: 1 at an element, and i for its imaginary part."""
    units: tuple[Any, ...] = (1, 1j) if output.is_complex() else (1,)
    for unit in units:
        for j in range(output.numel()):
            one = np.zeros(tuple(output.shape), complex if output.is_complex() else float)
            one.flat[j] = unit
            yield core.from_numpy(one).to(output.dtype)


def _empty(output: Tensor, x: Tensor) -> np.ndarray:
    return np.zeros((x.numel(), output.numel() * (1 + output.is_complex())), complex if x.is_complex() else float)


def _analytical(output: Tensor, trained: Sequence[Tensor]) -> list[np.ndarray]:
    """The Jacobian of one output with respect to each input, (size of the input, parts of the output), by backward."""
    columns = [_empty(output, x) for x in trained]
    if not output.requires_grad:
        return columns
    for j, seed in enumerate(_seeds(output)):
        for x, column, grad in zip(trained, columns, core.gradients([output], [seed], trained, True, False), strict=True):
            if grad is None:
                continue
            if tuple(grad.shape) != tuple(x.shape):
                raise GradcheckError(f"gradient of shape {tuple(grad.shape)} for an input of shape {tuple(x.shape)}")
            if grad.dtype != x.dtype:
                raise GradcheckError(f"gradient of dtype {grad.dtype} for an input of dtype {x.dtype}")
            column[:, j] = grad.detach().numpy().ravel()
    return columns


def _forward(func: Function, inputs: Sequence[Any], x: Tensor, n_outputs: int) -> list[np.ndarray]:
    """For each output its Jacobian with respect to `x`, by forward mode."""
    rows: list[list[np.ndarray]] = [[] for _ in range(n_outputs)]
    for k, direction in enumerate(_seeds(x)):
        unit = 1 if k < x.numel() else 1j
        with forward_ad.dual_level():
            given = [forward_ad.make_dual(y.detach(), direction) if y is x else y for y in inputs]
            for row, o in zip(rows, outputs_of(func, given), strict=True):
                tangent = forward_ad.unpack_dual(o).tangent
                row.append((np.zeros(_parts(o).shape) if tangent is None else _parts(tangent)) * unit)
    found = [np.stack(r) if r else np.zeros((0, 0)) for r in rows]
    return [f[: x.numel()] + f[x.numel() :] if x.is_complex() else f for f in found]


def _compare(kind: str, k: int, i: int, x: Tensor, a: np.ndarray, n: np.ndarray, atol: float, rtol: float) -> None:
    n = n.reshape(a.shape)
    if np.allclose(a, n, rtol, atol, equal_nan=True):
        return
    worst = np.unravel_index(np.nanargmax(np.where(np.isnan(a) != np.isnan(n), np.inf, np.abs(a - n))), a.shape)
    raise GradcheckError(
        f"Jacobian mismatch for output {k} with respect to input {i} of shape {tuple(x.shape)}: "
        f"at element {int(worst[0])} of the input and {int(worst[1])} of the output "
        f"numerical {n[worst]:.8g}, {kind} {a[worst]:.8g}\nnumerical:\n{n}\n{kind}:\n{a}"
    )


def _check(
    func: Function,
    inputs: Sequence[Any],
    trained: Sequence[Tensor],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
    forward: bool,
    backward: bool,
) -> None:
    outputs = outputs_of(func, inputs)
    numerical = [_numerical(func, inputs, x, len(outputs), eps) for x in trained]
    for i, x in enumerate(trained) if forward else ():
        for k, found in enumerate(_forward(func, inputs, x, len(outputs))):
            _compare("forward-mode", k, i, x, found, numerical[i][k], atol, rtol)
    for k, output in enumerate(outputs) if backward else ():
        analytical = _analytical(output, trained)
        again = _analytical(output, trained)
        for i, (x, a, b) in enumerate(zip(trained, analytical, again, strict=True)):
            _compare("analytical", k, i, x, a, numerical[i][k], atol, rtol)
            if np.abs(a - b).max(initial=0) > nondet_tol:
                raise GradcheckError(
                    f"backward is not deterministic: output {k} with respect to input {i} differs by {np.abs(a - b).max()}"
                )


def gradcheck(
    func: Function,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of `func` with central finite differences, element by element.

    The gradient of a real part or an imaginary one with respect to a complex number x + iy is d/dx + i d/dy, as in PyTorch.

    Args:
        func: A function of the inputs that returns a tensor or several.
        inputs: A tensor or a tuple of arguments; those that require grad are checked, and should be float64 or complex128.
        eps: Step of the differences, in units of the inputs; > 0.
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        raise_exception: Raise where the check fails rather than return False.
        nondet_tol: How much two backward passes may differ.
        check_undefined_grad: Accepted for PyTorch's sake: outputs are always differentiated one by one, so the others have no gradient.
        check_grad_dtypes: Accepted for PyTorch's sake: always checked.
        check_batched_grad: Check that a backward with a batch of gradients gives what one for each gives.
        check_batched_forward_grad: Accepted for PyTorch's sake.
        check_forward_ad: Check the tangents of forward mode as well.
        check_backward_ad: Check gradients.
        fast_mode: Check products with random vectors only: one backward for each output in the place of one for each of its elements.
        masked: Accepted for PyTorch's sake.

    Returns:
        True; False where the check fails and raise_exception is off.

    Raises:
        GradcheckError: A gradient is wrong, of a wrong shape or dtype, or differs from pass to pass.
        ValueError: No input requires grad.
        AssertionError: Both checks are off.

    Example:
        >>> gradcheck(lambda x: x * x, (tensor([1.0, 2.0], dtype=float64, requires_grad=True),))
        True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("gradcheck: expected check_forward_ad or check_backward_ad, got neither")
    from .gradcheck_fast import check_batched, check_directions, check_linear

    inputs = _tuple(inputs)
    trained = _trained(inputs)
    outputs = outputs_of(func, inputs)
    try:
        if fast_mode:
            check_directions(func, inputs, trained, eps, atol, rtol, check_forward_ad, check_backward_ad)
        else:
            _check(func, inputs, trained, eps, atol, rtol, nondet_tol, check_forward_ad, check_backward_ad)
        if check_backward_ad:
            check_linear(outputs, trained)
        if check_batched_grad:
            check_batched(outputs, trained, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare the gradients of the gradients of `func` with finite differences, also with respect to `grad_outputs`.

    Args:
        func: A function of the inputs that returns a tensor or several.
        inputs: As for `gradcheck`.
        grad_outputs: The gradients to start the first backward pass from; drawn with a fixed seed by default.
        eps, atol, rtol, raise_exception, nondet_tol: As for `gradcheck`.
        gen_non_contig_grad_outputs: Draw them in memory that is not contiguous.
        check_batched_grad, fast_mode: As for `gradcheck`.
        check_undefined_grad, check_grad_dtypes, masked: Accepted, as for `gradcheck`.
        check_fwd_over_rev: Differentiate the gradients by forward mode too.
        check_rev_over_rev: Differentiate the gradients by backward.

    Returns:
        True; False where the check fails and raise_exception is off.

    Raises:
        GradcheckError: A second derivative is wrong.
    """
    inputs = _tuple(inputs)
    _trained(inputs)
    outputs = outputs_of(func, inputs)
    differentiable = [k for k, o in enumerate(outputs) if o.requires_grad]
    if grad_outputs is None:
        generator = np.random.Generator(np.random.Philox(key=0))
        seeds = [_drawn(generator, outputs[k], gen_non_contig_grad_outputs) for k in differentiable]
    else:
        seeds = list(_tuple(grad_outputs))
        for seed in seeds:
            seed.requires_grad_(True)
    n = len(inputs)

    places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]

    def gradients(*arguments: Any) -> tuple[Tensor, ...]:
        given = [x.requires_grad_(True) if i in places and not x.requires_grad else x for i, x in enumerate(arguments[:n])]
        found = outputs_of(func, given)
        trained = [given[i] for i in places]
        grads = core.gradients([found[k] for k in differentiable], list(arguments[n:]), trained, True, True)
        return tuple(g for g in grads if g is not None)

    if not any(g.requires_grad for g in gradients(*inputs, *seeds)):
        return True  # piecewise constant gradients, which do not even depend on the seeds
    return gradcheck(
        gradients, (*inputs, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev, check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
    )  # fmt: skip


def _drawn(generator: np.random.Generator, like: Tensor, scattered: bool) -> Tensor:
    shape = (*like.shape, 2) if scattered else tuple(like.shape)
    values = generator.standard_normal(shape)
    if like.is_complex():
        values = values + 1j * generator.standard_normal(shape)
    values = values[..., 0] if scattered else values
    return core.from_numpy(np.asarray(values)).to(like.dtype).requires_grad_(True)
