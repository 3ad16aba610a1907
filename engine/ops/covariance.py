"""How variables vary together."""

from __future__ import annotations

from ._define import COMPLEX, NUMBER, Unsupported, op, refuses, samples
from ._help import tensors
from .comparison import lt
from .complex import complex as complex_of
from .complex import conj
from .errors import expected
from .matmul import mm

NO_STATISTIC = Unsupported("a statistic, not part of a network")


def _weights(name, argument, weights, n, whole):
    """The weights of observations, checked."""
    tensors(name, **{argument: weights})
    if weights.ndim > 1 or weights.numel() != n:
        raise expected(name, f"{argument} of {n} numbers, one for each observation", weights, error=RuntimeError)
    if weights.is_complex() or weights.dtype.is_floating_point is whole or weights.dtype.name == "bool":
        raise expected(name, f"{argument} of {'an integer' if whole else 'a floating'} dtype", weights, error=RuntimeError)
    if bool(lt(weights, 0).any()):
        raise expected(name, f"{argument} of 0 or more", "negative ones", error=RuntimeError)
    return weights


def _covariance(name, input, correction, fweights, aweights):
    tensors(name, input=input)
    if input.ndim > 2:
        raise expected(name, "input of at most 2 dimensions", input, error=RuntimeError)
    if input.dtype.name == "bool":
        raise expected(name, "input of another dtype than bool", "bool", "cast with .float()", RuntimeError)
    x = input if input.ndim == 2 else input.reshape(1, -1)
    n = x.shape[1]
    w = None if fweights is None else _weights(name, "fweights", fweights, n, True)
    if aweights is not None:
        aweights = _weights(name, "aweights", aweights, n, False)
        w = aweights if w is None else w * aweights
    total = n if w is None else w.sum()
    if w is not None and float(total) == 0:
        raise expected(name, "weights that are not all 0", "only such ones", error=RuntimeError)
    mean = (x if w is None else x * w).sum(1) / total
    freedom = total - correction if aweights is None else total - correction * (w * aweights).sum() / total
    if float(freedom) <= 0:
        from warnings import warn

        warn(f"{name}: the correction leaves no degree of freedom", UserWarning, 3)
        freedom = freedom * 0
    apart = x - mean.unsqueeze(1)
    weighted = apart if w is None else apart * w
    return mm(apart, conj(weighted.t()) if weighted.is_complex() else weighted.t()) / freedom


@op("composite", tensors=("input", "fweights", "aweights"), dtypes=(*NUMBER, *COMPLEX), onnx=NO_STATISTIC)
def cov(input, *, correction=1, fweights=None, aweights=None):
    """Estimate the covariances of variables.

    C_ij = sum over k of w_k (x_ik - mean_i) conj(x_jk - mean_j) / (n - correction), with the means and the number n weighted by w too

    Args:
        input: A variable in each row, an observation in each column.
        correction: How much less than the number of observations to divide by; 1 makes the estimate unbiased.
        fweights: How often each observation was made; None means once.
        aweights: How much each observation counts, >= 0; None means 1.

    Shape:
        input: (m, n), (n,) or (); fweights, aweights: (n,); result: (m, m), or () for one variable.

    Returns:
        Tensor of a floating or complex dtype.

    Raises:
        RuntimeError: `input` has more dimensions or is bool, or weights are not as described.

    Example:
        >>> cov(tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    return _covariance("cov", input, correction, fweights, aweights).squeeze()


@op("composite", dtypes=(*NUMBER, *COMPLEX), onnx=NO_STATISTIC)
def corrcoef(input):
    """Estimate the correlations of variables.

    R_ij = C_ij / sqrt(C_ii C_jj), with the covariances C

    Args:
        input: A variable in each row, an observation in each column.

    Shape:
        input: (m, n), (n,) or (); result: (m, m), or () for one variable.

    Returns:
        Tensor of a floating or complex dtype, with parts in [-1, 1].

    Raises:
        RuntimeError: `input` has more dimensions, or is bool.

    Example:
        >>> corrcoef(tensor([[1.0, 2.0, 3.0], [6.0, 4.0, 2.0]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    c = _covariance("corrcoef", input, 1, None, None).squeeze()
    if not c.ndim:
        return c / c
    variance = c.diagonal()
    deviation = (variance.real if c.is_complex() else variance).sqrt()
    r = c / deviation.unsqueeze(1) / deviation
    return complex_of(r.real.clamp(-1, 1), r.imag.clamp(-1, 1)) if r.is_complex() else r.clamp(-1, 1)


@samples(cov)
def _(s):
    yield s(s.normal(3, 5))
    yield s(s.normal(5), correction=0)
    yield s(s.normal(2, 4), fweights=s.integers(4, low=1, high=4), aweights=s.tensor([0.5, 1.0, 2.0, 1.5], "float64"))


@samples(corrcoef)
def _(s):
    yield s(s.normal(3, 5))
    yield s(s.normal(5)).within(atol=1e-5, because="the derivative of x / x is a difference of equal numbers")


@refuses(cov)
def _(s):
    yield s(s.normal(2, 3, 4)).raises(RuntimeError, "cov: expected input of at most 2 dimensions")
    yield s(s.mask(2, 3)).raises(RuntimeError, "cov: expected input of another dtype than bool")
    yield s(s.normal(2, 3), fweights=s.normal(3)).raises(RuntimeError, "cov: expected fweights of an integer dtype")
    yield s(s.normal(2, 3), aweights=s.integers(3)).raises(RuntimeError, "cov: expected aweights of a floating dtype")
    yield s(s.normal(2, 3), aweights=s.positive(4)).raises(RuntimeError, "cov: expected aweights of 3 numbers")
    yield s(s.normal(2, 3), aweights=-s.positive(3)).raises(RuntimeError, "cov: expected aweights of 0 or more")
    yield s(s.normal(2, 3), aweights=s.positive(3) * 0).raises(RuntimeError, "cov: expected weights that are not all 0")


@refuses(corrcoef)
def _(s):
    yield s(s.normal(2, 3, 4)).raises(RuntimeError, "corrcoef: expected input of at most 2 dimensions")
