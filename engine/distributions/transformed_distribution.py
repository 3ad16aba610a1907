"""The distribution of a function of a random variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from . import constraints
from .distribution import Distribution
from .independent import Independent
from .transforms import ComposeTransform, Transform
from .utils import sum_rightmost

Tensor = _core.Tensor
Size = _core.Size


class TransformedDistribution(Distribution):
    """The distribution of f(x), with x a sample of another distribution.

    log p(y) = log p_base(x) - log abs(df / dx), with y = f(x)

    Args:
        base_distribution: The distribution of x.
        transforms: The function: a transform, or several that are applied one after the other.
        validate_args: Whether arguments are checked.

    Shape:
        event: what the transforms make of the base's, with at least as many dimensions as they take.

    Raises:
        ValueError: something else than transforms is given, or the base has too few dimensions for them.

    Example:
        >>> base = distributions.Uniform(0.0, 1.0)
        >>> distributions.TransformedDistribution(base, distributions.AffineTransform(1.0, 2.0)).log_prob(tensor(2.0))
        tensor(-0.6931)
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}
    _params: ClassVar[dict[str, int]] = {}
    base_dist: Any

    def __init__(
        self, base_distribution: Distribution, transforms: Transform | Sequence[Transform], validate_args: bool | None = None
    ) -> None:
        name = type(self).__name__
        chain = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(chain, (list, tuple)) or not all(isinstance(t, Transform) for t in chain):
            raise expected(name, "transforms to be a Transform or a list of them", transforms)
        self.transforms = list(chain)
        base, event = base_distribution, base_distribution.event_shape
        whole = (*base.batch_shape, *event)
        transform = ComposeTransform(self.transforms)
        taken, given = transform.domain.event_dim, transform.codomain.event_dim
        if len(whole) < taken:
            raise expected(name, f"a base with {taken} or more dimensions", f"one of shape {whole}")
        forward = transform.forward_shape(whole)
        needed = transform.inverse_shape(forward)
        if tuple(needed) != whole:
            base = base.expand(needed[: len(needed) - len(event)])
        if taken > len(event):
            base = Independent(base, taken - len(event))
        self.base_dist = base
        at = len(forward) - given - max(len(base.event_shape) - taken, 0)
        super().__init__(forward[:at], forward[at:], validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        shape: Any = (*batch_shape, *self.event_shape)
        for t in reversed(self.transforms):
            shape = t.inverse_shape(shape)
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        new.transforms = self.transforms

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:
        if not self.transforms:
            return self.base_dist.support
        found, n = self.transforms[-1].codomain, len(self.event_shape)
        return constraints.independent(found, n - found.event_dim) if n > found.event_dim else found

    @property
    def has_rsample(self) -> bool:
        """Whether the base has reparameterised samples."""
        return self.base_dist.has_rsample

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw samples, without gradient; of the base they may be drawn by other means than its `rsample`."""
        with _core.no_grad():
            return self._transformed(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self._transformed(self.base_dist.rsample(sample_shape))

    def _transformed(self, x: Tensor) -> Tensor:
        for t in self.transforms:
            x = t(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n, y = len(self.event_shape), value
        total: Any = 0.0
        for t in reversed(self.transforms):
            x = t.inv(y)
            n += t.domain.event_dim - t.codomain.event_dim
            total = total - sum_rightmost(t.log_abs_det_jacobian(x, y), n - t.domain.event_dim)
            y = x
        return total + sum_rightmost(self.base_dist.log_prob(y), n - len(self.base_dist.event_shape))

    def _sign(self) -> Any:
        sign = 1
        for t in self.transforms:
            sign = sign * t.sign
        return sign

    def _turned(self, p: Tensor) -> Tensor:
        """Probabilities of at least a value where the function falls."""
        sign = self._sign()
        return p if isinstance(sign, int) and sign == 1 else sign * (p - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most a value, by the inverse transforms and the base's."""
        for t in self.transforms[::-1]:
            value = t.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._turned(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which there is a probability, by the base's and the transforms."""
        return self._transformed(self.base_dist.icdf(self._turned(value)))
