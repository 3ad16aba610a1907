"""Numbers that fill a cube more evenly than random ones do: `torch.quasirandom`."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .errors import expected
from .ops.data import from_numpy
from .ops.generator import Generator, default_generator
from .ops.random import randint

Tensor = core.Tensor


class SobolEngine:
    """Points of a Sobol sequence in the unit cube, one after the other.

    The numbers are those of SciPy, whose direction numbers PyTorch has too; without scrambling they are equal to PyTorch's.

    Args:
        dimension: Numbers in a point, at most 21201.
        scramble: Shift and mix the binary digits at random, which keeps the evenness and makes the points unbiased.
        seed: What scrambling draws from; None draws it from the engine's generator.

    Raises:
        ValueError: There are no direction numbers for so many dimensions.

    References:
        Joe and Kuo (2008), Constructing Sobol sequences with better two-dimensional projections.
        Matousek (1998), On the L2-discrepancy for anchored boxes.

    Example:
        >>> SobolEngine(2).draw(3)
        tensor([[0.0000, 0.0000],
                [0.5000, 0.5000],
                [0.7500, 0.2500]])
    """

    MAXBIT = 30
    MAXDIM = 21201

    def __init__(self, dimension: int, scramble: bool = False, seed: int | None = None) -> None:
        if not 1 <= dimension <= self.MAXDIM:
            raise expected("SobolEngine", f"dimension in [1, {self.MAXDIM}]", dimension)
        self.dimension, self.scramble, self.seed = dimension, scramble, seed
        self.num_generated = 0
        g = default_generator if seed is None else Generator().manual_seed(seed)
        self._drawn = int(randint(2**31, (1,), generator=g).item()) if scramble else 0
        self._sequence = self._start()

    def _start(self) -> Any:
        from scipy.stats.qmc import Sobol

        return Sobol(self.dimension, scramble=self.scramble, bits=self.MAXBIT, seed=self._drawn)

    def draw(self, n: int = 1, out: Tensor | None = None, dtype: Any = None) -> Tensor:
        """The next points.

        Args:
            n: How many.
            out: A tensor that takes them.
            dtype: Of the result; None is the default dtype.

        Shape:
            result: (n, dimension).
        """
        dtype = core.get_default_dtype() if dtype is None else dtype
        # in two parts, for SciPy warns where the first draw is not a power of two of points long
        parts = [self._sequence.random(k) for k in (min(n, 1), n - 1) if k > 0]
        points = np.concatenate([np.empty((0, self.dimension)), *parts])
        self.num_generated += n
        found = from_numpy(points).to(dtype)
        return found if out is None else out.resize_(found.shape).copy_(found)

    def draw_base2(self, m: int, out: Tensor | None = None, dtype: Any = None) -> Tensor:
        """The next 2 ** m points, which end where the sequence is balanced.

        Raises:
            ValueError: The points that were drawn before and these are not a power of two together.
        """
        n = 2**m
        total = self.num_generated + n
        if total & (total - 1):
            raise expected("draw_base2", "a power of two of points in all", total, "call draw, or reset first")
        return self.draw(n, out, dtype)

    def reset(self) -> SobolEngine:
        """Begin anew."""
        self._sequence.reset()
        self.num_generated = 0
        return self

    def fast_forward(self, n: int) -> SobolEngine:
        """Leave out the next `n` points."""
        self._sequence.fast_forward(n)
        self.num_generated += n
        return self

    def __repr__(self) -> str:
        said = [f"dimension={self.dimension}"]
        said += ["scramble=True"] if self.scramble else []
        said += [f"seed={self.seed}"] if self.seed is not None else []
        return f"SobolEngine({', '.join(said)})"
