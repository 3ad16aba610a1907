"""Connectionist temporal classification: the probability of a label sequence under every alignment with the frames.

A target of S labels is written with blanks around each, 2 S + 1 places s = 0, 1, ...; an alignment goes from one of the two first to one of
the two last, each frame staying, going on by one, or by two over a blank between labels that differ. alpha[t, s] is the logarithm of the
sum over all ways to be at s in frame t, beta[t, s] that of all ways from there to the end, without frame t.
"""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, refuses, samples
from ._help import floating, made, tensors
from .comparison import where
from .errors import expected
from .loss import LOSS
from .loss_class import reduced, reduction_of
from .pieces import cat, stack

Tensor = core.Tensor
FAR = -1e30  # stands for the logarithm of 0 in the plain form: it has gradients, and exp of its differences is 0


def _places(targets, target_lengths, blank):
    """The labels of all places, whether a place can be reached over the blank before it, and whether there is such a place."""
    n, s = targets.shape
    labels = np.full((n, 2 * s + 1), blank, np.int64)
    labels[:, 1::2] = targets
    places = np.arange(2 * s + 1)
    inside = places < 2 * target_lengths[:, None] + 1
    labels = np.where(inside, labels, blank)
    skips = np.zeros(labels.shape, bool)
    skips[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    ends = inside & (places >= 2 * target_lengths[:, None] - 1)
    return labels, skips, ends


def _moved(x, by):
    """The values `by` places before (after, if negative), minus infinity beyond the first and last."""
    out = np.full_like(x, -np.inf)
    if by > 0:
        out[..., by:] = x[..., :-by]
    else:
        out[..., :by] = x[..., -by:]
    return out


def _either(a, b, c):
    return np.logaddexp(np.logaddexp(a, b), c)


def _likelihood(last, ends):
    """The logarithm of the sum over the two last places."""
    found = np.where(ends, last, -np.inf)
    top = found.max(1, initial=-np.inf)
    safe = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return safe + np.log(np.exp(found - safe[:, None]).sum(1))


@op("call", tensors=("log_probs", "targets", "input_lengths", "target_lengths"), spaces=(), methods=False, extra=("alpha",),
    onnx=Unsupported("an internal form"))  # fmt: skip
def ctc_losses(log_probs, targets, input_lengths, target_lengths, blank):
    """The negative log-likelihood of each target; hidden, alpha.

    Shape:
        log_probs: (T, N, C); targets: (N, S); input_lengths, target_lengths: (N); result: (N); alpha: (T, N, 2 S + 1) of float64.
    """
    labels, skips, ends = _places(targets, target_lengths, blank)
    t, n = log_probs.shape[:2]
    start = np.where(np.arange(labels.shape[1]) == 0, 0.0, -np.inf)
    if not t or not n:
        return np.full(n, np.inf, log_probs.dtype), np.zeros((t, n, labels.shape[1]))
    each = np.take_along_axis(log_probs.astype(np.float64), np.broadcast_to(labels, (t, *labels.shape)), 2)
    alpha = np.empty_like(each)
    before = np.where(np.arange(labels.shape[1]) < 2, 0.0, -np.inf) + np.zeros(labels.shape)
    alpha[0] = before + each[0]
    for i in range(1, t):
        before = alpha[i - 1]
        alpha[i] = each[i] + _either(before, _moved(before, 1), np.where(skips, _moved(before, 2), -np.inf))
    last = np.where(input_lengths[:, None] > 0, alpha[input_lengths - 1, np.arange(n)], start)
    return (-_likelihood(last, ends)).astype(log_probs.dtype), alpha


@infer(ctc_losses)
def _(log_probs, targets, input_lengths, target_lengths, blank):
    t, n = log_probs.shape[:2]
    return [((n,), log_probs.dtype), ((t, n, 2 * targets.shape[1] + 1), core.float64)], (blank,), ()


@op("call", tensors=("grad", "log_probs", "targets", "input_lengths", "target_lengths", "alpha"), spaces=(), methods=False,
    onnx=Unsupported("a backward"))  # fmt: skip
def ctc_backward(grad, log_probs, targets, input_lengths, target_lengths, alpha, blank):
    """The gradient of ctc_losses: minus the probability of each label in each frame, given the target.

    It is NaN for a target without any alignment, unless `grad` is 0 there.

    Shape:
        grad: (N); the others as for ctc_losses; result: (T, N, C).
    """
    labels, skips, ends = _places(targets, target_lengths, blank)
    t, n, c = log_probs.shape
    out = np.zeros((t, n, c))
    if not out.size:
        return out.astype(log_probs.dtype)
    each = np.take_along_axis(log_probs.astype(np.float64), np.broadcast_to(labels, (t, *labels.shape)), 2)
    over = np.zeros_like(skips)
    over[:, :-2] = skips[:, 2:]
    end = np.where(ends, 0.0, -np.inf)
    total = _likelihood(alpha[input_lengths - 1, np.arange(n)], ends)[:, None]
    found = np.isfinite(total)
    beta = np.full(labels.shape, -np.inf)
    rows = np.arange(n)[:, None]
    for i in reversed(range(t)):
        if i + 1 < t:
            after = beta + each[i + 1]
            beta = _either(after, _moved(after, -1), np.where(over, _moved(after, -2), -np.inf))
        beta = np.where(input_lengths[:, None] - 1 == i, end, beta)
        np.add.at(out[i], (rows, labels), np.where(found, -np.exp(alpha[i] + beta - np.where(found, total, 0)), 0))
    live = np.arange(t)[:, None] < input_lengths
    bad = (live & ~found[:, 0] & (grad != 0))[..., None]
    return np.where(bad, np.nan, out * np.where(live, grad, 0)[..., None]).astype(log_probs.dtype)


@infer(ctc_backward)
def _(grad, log_probs, targets, input_lengths, target_lengths, alpha, blank):
    return [(tuple(log_probs.shape), log_probs.dtype)], (blank,), ()


derivative(
    ctc_losses,
    log_probs=lambda g, log_probs, targets, input_lengths, target_lengths, alpha, blank: ctc_backward(
        g, log_probs, targets, input_lengths, target_lengths, alpha, blank
    ),
)


def _shifted(x, by):
    """`_moved` in ops, with FAR in the place of minus infinity."""
    far = made((x.shape[0], min(abs(by), x.shape[1])), x.dtype, x.device, FAR)
    return cat((far, x[:, :-by]), 1) if by > 0 else cat((x[:, -by:], far), 1)


def _steps(x, mask, direction):
    """The logarithm of the sum over staying, one and two places, the last where `mask` allows it."""
    return stack((x, _shifted(x, direction), where(mask, _shifted(x, 2 * direction), FAR))).logsumexp(0)


@formula(ctc_backward)
def _(grad, log_probs, targets, input_lengths, target_lengths, alpha, blank):
    lengths = input_lengths.numpy()
    labels, skips, ends = _places(targets.numpy(), target_lengths.numpy(), blank)
    over = np.zeros_like(skips)
    over[:, :-2] = skips[:, 2:]
    t, n, c = log_probs.shape
    index, skips, over, ends = map(core.from_numpy, (labels, skips, over, ends))
    each = [row.gather(1, index) for row in log_probs.unbind(0)]
    forth = [where(core.from_numpy(np.arange(labels.shape[1]) < 2), each[0], FAR)]
    for row in each[1:]:
        forth.append((row + _steps(forth[-1], skips, 1)).clamp(min=FAR))
    final = stack(forth).gather(0, core.from_numpy(np.maximum(lengths - 1, 0)[None, :, None] + np.zeros_like(labels))).squeeze(0)
    total = where(ends, final, FAR).logsumexp(1, True)
    found = total.detach() > FAR / 2
    beta, out = made(labels.shape, log_probs.dtype, log_probs.device, FAR), []
    for i in reversed(range(t)):
        if i + 1 < t:
            beta = _steps((beta + each[i + 1]).clamp(min=FAR), over, -1)
        beta = where(core.from_numpy(lengths[:, None] - 1 == i), where(ends, 0, FAR), beta)
        share = where(found, (forth[i] + beta - where(found, total, 0)).exp(), 0)
        out.append(made((n, c), log_probs.dtype, log_probs.device).scatter_add(1, index, share))
    live = np.arange(t)[:, None] < lengths
    bad = core.from_numpy((live & ~found.numpy()[:, 0] & (grad.detach().numpy() != 0))[..., None])
    return where(bad, float("nan"), -stack(out[::-1]) * where(core.from_numpy(live), grad, 0).unsqueeze(-1))


@samples(ctc_losses)
def _(s):
    two = s.tensor([[1, 2], [1, 1]], "int64")
    yield s(s.normal(4, 2, 3), two, s.tensor([4, 3], "int64"), s.tensor([2, 2], "int64"), 0)
    yield s(s.normal(5, 2, 3), s.tensor([[0, 1], [1, 0]], "int64"), s.tensor([2, 5], "int64"), s.tensor([1, 0], "int64"), 2)


@samples(ctc_backward)
def _(s):
    for t, lengths, labels in ((4, (4, 3), (2, 2)), (3, (2, 3), (1, 0)), (5, (3, 5), (2, 1))):
        targets = s.tensor([[1, 2], [1, 1]], "int64")
        logp = s.normal(t, 2, 3)
        il, tl = s.tensor(lengths, "int64"), s.tensor(labels, "int64")
        _, alpha = ctc_losses.with_extra(logp, targets, il, tl, 0)
        yield s(s.normal(2), logp, targets, il, tl, alpha, 0).without(
            "gradcheck",
            "gradgradcheck",
            "versions",
            because="alpha belongs to log_probs",
        )


def _lengths(argument, given, most, n):
    """Lengths as a vector of int64."""
    if not isinstance(given, Tensor):
        given = core.from_numpy(np.array(given, np.int64))
    if given.is_floating_point() or given.dtype is core.bool_:
        raise expected("ctc_loss", f"{argument} of whole numbers", given, error=RuntimeError)
    values = given.numpy().astype(np.int64).reshape(-1)
    if values.shape != (n,):
        raise expected("ctc_loss", f"{argument} of shape ({n},)", given, error=RuntimeError)
    if n and (values.min() < 0 or (most is not None and values.max() > most)):
        what = f"{argument} of 0 or more" if most is None else f"{argument} from 0 to {most}"
        raise expected("ctc_loss", what, f"{values.tolist()}", error=RuntimeError)
    return values


def _padded(targets, lengths, n):
    """Targets as rows (N, S), whether they came so or one after the other."""
    given = targets.numpy().astype(np.int64)
    if given.ndim == 2:
        if given.shape[0] != n or (n and lengths.max() > given.shape[1]):
            wanted = f"targets of shape ({n}, {int(lengths.max(initial=0))} or more)"
            raise expected("ctc_loss", wanted, targets, error=RuntimeError)
        return given
    if given.ndim != 1 or given.size != lengths.sum():
        raise expected("ctc_loss", f"targets of shape (N, S), or of {lengths.sum()} labels in a row", targets, error=RuntimeError)
    rows = np.zeros((n, int(lengths.max(initial=0))), np.int64)
    rows[np.arange(rows.shape[1]) < lengths[:, None]] = given
    return rows


@op("composite", tensors=("log_probs",), spaces="functional", methods=False, onnx=LOSS)
def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False):
    """The negative logarithm of the probability of label sequences, summed over all alignments with the frames.

    Args:
        log_probs: Logarithms of the probabilities of all labels in each frame.
        targets: Labels without blanks, in rows or one sequence after the other.
        input_lengths: Number of frames of each sequence.
        target_lengths: Number of labels of each sequence.
        blank: The label that stands for none.
        reduction: "mean" (each loss divided by its number of labels, then the mean), "sum" or "none".
        zero_infinity: Take 0 for the loss, and so for its gradient, where there is no alignment.

    Shape:
        log_probs: (T, N, C) or (T, C); targets: (N, S) or (sum of target_lengths); input_lengths, target_lengths: (N) or ();
        result: (), or (N) without reduction.

    Returns:
        Tensor of the dtype of `log_probs`. Its gradient is PyTorch's, which is that of the function of normalised probabilities: it has
        exp(log_probs) added, which makes no difference behind log_softmax.

    Raises:
        RuntimeError: lengths, labels or shapes do not fit.
        ValueError: the reduction is unknown.

    References:
        Graves et al. (2006), Connectionist temporal classification: labelling unsegmented sequence data with recurrent neural networks.

    Example:
        >>> functional.ctc_loss(full((2, 1, 2), 0.5).log(), tensor([[1]]), (2,), (1,), reduction="sum")
        tensor(0.2877)
    """
    reduction = reduction_of("ctc_loss", reduction)
    tensors("ctc_loss", log_probs=log_probs, targets=targets)
    floating("ctc_loss", log_probs, "log_probs")
    if log_probs.ndim not in (2, 3):
        raise expected("ctc_loss", "log_probs of 3 dimensions (or 2 without a batch)", log_probs, error=RuntimeError)
    single = log_probs.ndim == 2
    rows = log_probs.unsqueeze(1) if single else log_probs
    t, n, c = rows.shape
    if not 0 <= blank < c:
        raise expected("ctc_loss", f"blank from 0 to {c - 1}", f"{blank}", error=RuntimeError)
    frames = _lengths("input_lengths", input_lengths, t, n)
    labels = _lengths("target_lengths", target_lengths, None, n)
    padded = _padded(targets, labels, n)
    counted = padded[np.arange(padded.shape[1]) < labels[:, None]]
    if counted.size and (counted.min() < 0 or counted.max() >= c):
        raise expected("ctc_loss", f"labels from 0 to {c - 1}", f"one from {counted.min()} to {counted.max()}", error=RuntimeError)
    loss = ctc_losses(rows, *map(core.from_numpy, (padded, frames, labels)), int(blank))
    if rows.requires_grad and core.is_grad_enabled():
        # PyTorch's slope has exp(log_probs) beside that of the function: the sum of it is 1 for probabilities, so its slope alone counts
        live = core.from_numpy(np.arange(t)[:, None, None] < frames[:, None])
        total = where(live, rows, float("-inf")).exp().sum((0, 2))
        loss = loss + (total - total.detach())
    if zero_infinity:
        loss = where(loss == float("inf"), 0, loss)
    if reduction == "mean":
        loss = loss / core.from_numpy(np.maximum(labels, 1).astype(loss.dtype.numpy))
    loss = reduced(loss, reduction)
    return loss.squeeze(0) if single and reduction == "none" else loss


@samples(ctc_loss)
def _(s):
    slope = "PyTorch's gradient, and so ours, is that behind log_softmax"
    rows, flat = s.tensor([[1, 2, 0], [1, 1, 2]], "int64"), s.tensor([1, 2, 1, 1, 2], "int64")
    for targets in (rows, flat):
        yield s(s.normal(6, 2, 3), targets, (6, 5), (2, 3)).without("gradcheck", because=slope)
        yield s(s.normal(6, 2, 3), targets, s.tensor([4, 6], "int64"), s.tensor([2, 3], "int32"), reduction="none").without(
            "gradcheck", because=slope
        )
    yield s(s.normal(5, 3), s.tensor([0, 1], "int64"), s.tensor(5, "int64"), s.tensor(2, "int64"), 2, "sum").without(
        "gradcheck", because=slope
    )
    yield s(s.normal(4, 2, 3), rows, (3, 4), (2, 3), 0, "mean", True).without("gradcheck", because=slope)
    yield s(s.normal(4, 2, 3), rows, (3, 3), (2, 3), reduction="none").without(
        "peer_gradient", "gradcheck", "gradgradcheck", "layout_gradient", because="an infinite loss has no slope"
    )


@refuses(ctc_loss)
def _(s):
    logp, rows = s.normal(4, 2, 3), s.tensor([[1, 2], [1, 1]], "int64")
    yield s(logp, rows, (4, 5), (2, 2)).raises(RuntimeError, "ctc_loss: expected input_lengths from 0 to 4, got [4, 5]")
    yield s(logp, rows, (4, 4), (2, -1)).raises(RuntimeError, "ctc_loss: expected target_lengths of 0 or more")
    yield s(logp, rows, (4, 4), (2, 3)).raises(RuntimeError, "ctc_loss: expected targets of shape (2, 3 or more)")
    yield s(logp, rows, (4, 4, 4), (2, 2)).raises(RuntimeError, "ctc_loss: expected input_lengths of shape (2,)")
    yield s(logp, rows, s.positive(2), (2, 2)).raises(RuntimeError, "ctc_loss: expected input_lengths of whole numbers")
    yield s(logp, s.tensor([1, 2, 1], "int64"), (4, 4), (2, 2)).raises(RuntimeError, "or of 4 labels in a row")
    yield s(logp, rows + 1, (4, 4), (2, 2)).raises(RuntimeError, "ctc_loss: expected labels from 0 to 2, got one from 2 to 3")
    yield s(logp, rows, (4, 4), (2, 2), 3).raises(RuntimeError, "ctc_loss: expected blank from 0 to 2, got 3")
    yield s(logp, rows, (4, 4), (2, 2), reduction="avg").raises(ValueError, "ctc_loss: expected reduction")
    yield s(s.normal(3), rows, (4, 4), (2, 2)).raises(RuntimeError, "ctc_loss: expected log_probs of 3 dimensions")
    yield s(s.integers(4, 2, 3), rows, (4, 4), (2, 2)).raises(NotImplementedError, "ctc_loss: expected log_probs of a floating dtype")
    yield s(1.0, rows, (4, 4), (2, 2)).raises(TypeError, "ctc_loss: expected log_probs to be a Tensor, got float")
