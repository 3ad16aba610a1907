"""Random choices among places, by their weights."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._space import public
from .creation import into
from .drawing import uniform as uniform_draw
from .errors import expected
from .generator import key_of
from .sampling import category_at


@public("torch", methods=("multinomial",))
def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """Draw indices with probabilities in proportion to weights.

    Args:
        input: Weights >= 0; they need not add up to 1.
        num_samples: How many indices for each row.
        replacement: Whether an index may be drawn again.
        generator: Where random numbers come from; None means the default generator.
        out: A tensor to write into.

    Shape:
        input: (n,) or (m, n); result: (num_samples,) or (m, num_samples).

    Returns:
        Tensor of int64.

    Raises:
        RuntimeError: weights are negative, not finite or all 0, or there are fewer than `num_samples` to draw without replacement.

    Example:
        >>> multinomial(tensor([0.0, 1.0]), 2, replacement=True)
        tensor([1, 1])
    """
    if input.ndim not in (1, 2) or not input.dtype.is_floating_point:
        raise expected("multinomial", "weights of 1 or 2 dimensions and a floating dtype", input, error=RuntimeError)
    if out is not None and out.dtype is not core.int64:
        raise expected("multinomial", "out of dtype int64", out, error=RuntimeError)
    weights = np.atleast_2d(input.detach().double().numpy())
    if not np.isfinite(weights).all() or (weights < 0).any() or (weights.sum(1) <= 0).any():
        raise expected("multinomial", "weights that are finite, >= 0 and not all 0", input, error=RuntimeError)
    rows, n = weights.shape
    if num_samples < 1 or (not replacement and num_samples > (weights > 0).sum(1).min(initial=n)):
        raise expected("multinomial", "num_samples of 1 to the number of weights > 0", num_samples, "or replacement=True", RuntimeError)
    if replacement:
        u = uniform_draw((rows, num_samples), core.float64, key_of(generator), 0.0, 1.0)
        found = category_at(core.from_numpy(weights), u.T).T.numpy()
    else:
        u = uniform_draw((rows, n), core.float64, key_of(generator), 0.0, 1.0).numpy()
        with np.errstate(divide="ignore"):
            found = np.argsort(-np.log1p(-u) / weights, axis=1, kind="stable")[:, :num_samples]
    result = core.from_numpy(np.ascontiguousarray(found[0] if input.ndim == 1 else found))
    return into(out, result)
