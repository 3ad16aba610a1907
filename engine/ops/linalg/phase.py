"""The phase of complex eigenvectors and singular vectors, which is arbitrary: what depends on it has no derivative."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ..errors import expected


def refuse_phase(name, vectors, along):
    """Raise if a gradient has a part along e^(i phi) of the vectors.

    Args:
        name: The op, for the error.
        vectors: How it calls them.
        along: (*, k), the products of each vector and its gradient: their imaginary parts are the derivatives by phi.
    """
    values = along.detach().numpy()
    loose = 1e-2 if values.dtype == np.complex64 else 1e-4
    if np.abs(values.imag).max(initial=0) > loose * max(1.0, np.abs(values).max(initial=0)):
        what = f"a loss that does not depend on the phase of the {vectors}"
        raise expected(name, what, "one that does", "the phase is arbitrary, and so would the gradient be", RuntimeError)
