"""Keep a matrix orthogonal, by a map from all matrices to orthogonal ones."""

from __future__ import annotations

from workbench.ext.core._core import Tensor
from workbench.ext.core.lazy import TYPE_CHECKING, np

from ...errors import expected
from ...ops.linalg._lapack import adjoint, unit
from ...ops.linalg.householder import geqrf, householder_product
from ...ops.linalg.power import matrix_exp
from ...ops.linalg.solve import linalg_solve
from ...ops.pieces import cat
from ..module import Module
from .parametrize import register_parametrization

if TYPE_CHECKING:
    from typing import Any

MAPS = ("matrix_exp", "cayley", "householder")


def _is_orthogonal(q: Tensor) -> bool:
    """Whether the columns of each matrix are orthonormal, up to rounding."""
    n, k = q.shape[-2:]
    apart = adjoint(q) @ q - unit(k, q)
    return bool((apart.abs() <= 10 * n * float(np.finfo(q.dtype.numpy).eps)).all())


def _made_orthogonal(x: Tensor) -> Tensor:
    """The Q of the QR factors with a positive diagonal."""
    a, tau = geqrf(x)
    return householder_product(a, tau) * a.diagonal(0, -2, -1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    """An orthogonal (or unitary) matrix from any matrix, by one of three maps; with trivialization, from `base` on."""

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise expected("orthogonal", "a real weight for the map householder", weight)
        self.shape, self.orthogonal_map, self.trivial = tuple(weight.shape), orthogonal_map, use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        X = X.mT if wide else X
        if self.orthogonal_map == "householder":
            below = X.tril(-1)
            q = householder_product(below, 2.0 / (1.0 + (below * below).sum(-2)))
            q = q * X.detach().diagonal(0, -2, -1).int().unsqueeze(-2)
        else:
            q = self._from_skew(X)
        if self.trivial and self.base is not None:
            q = self.base @ q
        return q.mT if wide else q

    def _from_skew(self, X: Tensor) -> Tensor:
        """e^(X - X^H) or its rational approximation of lowest order, cut to as many columns as X has."""
        n, k = X.shape[-2:]
        X = X.tril()
        if n != k:
            X = cat((X, X.new_zeros((*X.shape[:-2], n, n - k))), -1)
        skew = X - adjoint(X)
        if self.orthogonal_map == "matrix_exp":
            q = matrix_exp(skew)
        else:
            eye = unit(n, X)
            q = linalg_solve(eye - skew * 0.5, eye + skew * 0.5)
        return q[..., :k] if n != k else q

    def right_inverse(self, Q: Tensor) -> Tensor:
        """What `forward` makes Q of: where there is a base, that is Q, and the rest is the unit matrix."""
        if tuple(Q.shape) != self.shape:
            raise expected("orthogonal", f"a matrix of shape {self.shape}", Q)
        wide = Q.shape[-2] < Q.shape[-1]
        q = Q.mT if wide else Q
        made = self._with_base(q) if self.trivial else self._reflections(q)
        return made.mT if wide else made

    def _reflections(self, q: Tensor) -> Tensor:
        if self.orthogonal_map != "householder":
            raise expected("orthogonal", "use_trivialization=True, to assign with this map", self.orthogonal_map, error=NotImplementedError)
        a, tau = geqrf(q)
        diagonal = a.diagonal(0, -2, -1)
        diagonal.sign_()
        diagonal[tau == 0] *= -1
        return a

    def _with_base(self, q: Tensor) -> Tensor:
        n, k = q.shape[-2:]
        if n == k:
            self.base = q.clone() if _is_orthogonal(q) else _made_orthogonal(q)
        else:
            rest = q.new_empty((*q.shape[:-2], n, n - k)).normal_()
            self.base = _made_orthogonal(cat((q, rest), -1))
        made = q.new_zeros(q.shape)
        made.diagonal(0, -2, -1).fill_(-1)  # of which all three maps make the unit matrix
        return made


def orthogonal(module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True) -> Module:
    """Keep a matrix orthogonal: its rows, or columns where there are fewer of these, are orthonormal.

    Args:
        module: The module.
        name: Name of its weight, of 2 or more dimensions; the last two are the matrix.
        orthogonal_map: "matrix_exp", "cayley" or "householder"; None: "matrix_exp" for square and for complex matrices, else
            "householder".
        use_trivialization: Start from the present weight, made orthogonal by QR, as a base that the map turns.

    Returns:
        `module`.

    Raises:
        ValueError: there is no such weight, it has fewer than 2 dimensions, the map is unknown, or it is "householder" for complex numbers.

    References:
        Lezcano-Casado (2019), arXiv:1909.09501.
    """
    weight: Any = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise expected("orthogonal", f"a module with a tensor {name!r}", type(module).__name__)
    if weight.ndim < 2:
        raise expected("orthogonal", "a weight of 2 or more dimensions", weight)
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] or weight.is_complex() else "householder"
    if orthogonal_map not in MAPS:
        raise expected("orthogonal", 'orthogonal_map "matrix_exp", "cayley" or "householder"', orthogonal_map)
    register_parametrization(module, name, _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization), unsafe=True)
    return module
