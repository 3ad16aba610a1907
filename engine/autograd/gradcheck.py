"""Derivatives against finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

Function = Callable[..., Any]


class GradcheckError(RuntimeError):
    """A derivative is not that of the function."""


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _outputs(func: Function, inputs: Sequence[Any]) -> list[Tensor]:
    """The results that have a gradient."""
    return [o for o in _tuple(func(*inputs)) if isinstance(o, Tensor) and (o.is_floating_point() or o.is_complex())]


def _trained(inputs: Sequence[Any]) -> list[Tensor]:
    """The inputs that ask for a gradient, after a look at whether finite differences can be taken of them."""
    trained = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not trained:
        raise ValueError("gradcheck: expected at least one input tensor that requires grad, got none; set requires_grad=True")
    for i, x in enumerate(trained):
        if x.dtype != core.float64:
            warnings.warn(
                f"gradcheck: expected inputs of dtype float64, got {x.dtype} (number {i}); finite differences will be coarse", stacklevel=3
            )
        if x.numel() > 1 and any(stride == 0 and size > 1 for stride, size in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(f"gradcheck: expected inputs whose elements have memory of their own, got an expanded one (number {i})")
    return trained


def _numerical(func: Function, inputs: Sequence[Any], x: Tensor, n_outputs: int, eps: float) -> list[np.ndarray]:
    """For each output its Jacobian with respect to `x`, (size of x, size of the output), by central differences."""
    memory = x.detach().numpy()
    rows: list[list[np.ndarray]] = [[] for _ in range(n_outputs)]
    for i in range(memory.size):
        before = memory.flat[i]
        sides = []
        for step in (eps, -eps):
            memory.flat[i] = before + step
            sides.append([o.detach().numpy().astype(np.float64).ravel() for o in _outputs(func, inputs)])
        memory.flat[i] = before
        for k in range(n_outputs):
            rows[k].append((sides[0][k] - sides[1][k]) / (2 * eps))
    return [np.stack(r) if r else np.zeros((0, 0)) for r in rows]


def _analytical(output: Tensor, trained: Sequence[Tensor]) -> list[np.ndarray]:
    """The Jacobian of one output with respect to each input, (size of the input, size of the output), by backward."""
    columns = [np.zeros((x.numel(), output.numel())) for x in trained]
    if not output.requires_grad:
        return columns
    one = np.zeros(tuple(output.shape))
    for j in range(output.numel()):
        one.flat[j] = 1
        seed = core.from_numpy(one.copy()).to(output.dtype)
        one.flat[j] = 0
        for x, column, grad in zip(trained, columns, core.gradients([output], [seed], trained, True, False), strict=True):
            if grad is None:
                continue
            if tuple(grad.shape) != tuple(x.shape):
                raise GradcheckError(f"gradient of shape {tuple(grad.shape)} for an input of shape {tuple(x.shape)}")
            if grad.dtype != x.dtype:
                raise GradcheckError(f"gradient of dtype {grad.dtype} for an input of dtype {x.dtype}")
            column[:, j] = grad.detach().numpy().ravel()
    return columns


def _check(func: Function, inputs: Sequence[Any], eps: float, atol: float, rtol: float, nondet_tol: float) -> None:
    trained = _trained(inputs)
    outputs = _outputs(func, inputs)
    if not any(o.requires_grad for o in outputs):
        raise ValueError("gradcheck: expected at least one output that requires grad, got none")
    numerical = [_numerical(func, inputs, x, len(outputs), eps) for x in trained]
    for k, output in enumerate(outputs):
        analytical = _analytical(output, trained)
        again = _analytical(output, trained)
        for i, (x, a, b) in enumerate(zip(trained, analytical, again, strict=True)):
            n = numerical[i][k].reshape(a.shape)
            if not np.allclose(a, n, rtol, atol, equal_nan=True):
                worst = np.unravel_index(np.nanargmax(np.where(np.isnan(a) != np.isnan(n), np.inf, np.abs(a - n))), a.shape)
                raise GradcheckError(
                    f"Jacobian mismatch for output {k} with respect to input {i} of shape {tuple(x.shape)}: "
                    f"at element {int(worst[0])} of the input and {int(worst[1])} of the output "
                    f"numerical {n[worst]:.8g}, analytical {a[worst]:.8g}\nnumerical:\n{n}\nanalytical:\n{a}"
                )
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
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of `func` with central finite differences, element by element.

    Args:
        func: A function of the inputs that returns a tensor or several.
        inputs: A tensor or a tuple of arguments; those that require grad are checked, and should be float64.
        eps: Step of the differences, in units of the inputs; > 0.
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        raise_exception: Raise where the check fails rather than return False.
        nondet_tol: How much two backward passes may differ.
        check_undefined_grad: Accepted for PyTorch's sake, as are the arguments after it: outputs are always differentiated one by one.

    Returns:
        True; False where the check fails and raise_exception is off.

    Raises:
        GradcheckError: A gradient is wrong, of a wrong shape or dtype, or differs from pass to pass.
        ValueError: No input requires grad, or no output does.

    Example:
        >>> gradcheck(lambda x: x * x, (tensor([1.0, 2.0], dtype=float64, requires_grad=True),))
        True
    """
    try:
        _check(func, _tuple(inputs), eps, atol, rtol, nondet_tol)
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
        gen_non_contig_grad_outputs: Draw them in memory that is not contiguous.

    Returns:
        True; False where the check fails and raise_exception is off.

    Raises:
        GradcheckError: A second derivative is wrong.
    """
    inputs = _tuple(inputs)
    outputs = _outputs(func, inputs)
    differentiable = [k for k, o in enumerate(outputs) if o.requires_grad]
    if grad_outputs is None:
        generator = np.random.Generator(np.random.Philox(key=0))
        seeds = [_drawn(generator, outputs[k], gen_non_contig_grad_outputs) for k in differentiable]
    else:
        seeds = list(_tuple(grad_outputs))
        for seed in seeds:
            seed.requires_grad_(True)
    n = len(inputs)

    def gradients(*arguments: Any) -> tuple[Tensor, ...]:
        found = _outputs(func, arguments[:n])
        trained = [x for x in arguments[:n] if isinstance(x, Tensor) and x.requires_grad]
        grads = core.gradients([found[k] for k in differentiable], list(arguments[n:]), trained, True, True)
        return tuple(g for g in grads if g is not None)

    if not any(g.requires_grad for g in gradients(*inputs, *seeds)):
        return True  # piecewise constant gradients, which do not even depend on the seeds
    return gradcheck(gradients, (*inputs, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol)


def _drawn(generator: np.random.Generator, like: Tensor, scattered: bool) -> Tensor:
    shape = tuple(like.shape)
    values = generator.standard_normal((*shape, 2))[..., 0] if scattered else generator.standard_normal(shape)
    return core.from_numpy(np.asarray(values)).to(like.dtype).requires_grad_(True)
