"""What every distribution is: batches of events, parameters that are checked, samples, densities."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from typing_extensions import Self

from workbench.ext.core import _core

from ..errors import expected
from . import constraints
from .utils import lazy_property

Tensor = _core.Tensor
Size = _core.Size


class Distribution:
    """A batch of distributions of one kind.

    Samples are of shape sample_shape + batch_shape + event_shape, `log_prob` of shape sample_shape + batch_shape.

    Args:
        batch_shape: The shape of the batch of distributions.
        event_shape: The shape of one sample of one distribution.
        validate_args: Whether parameters and samples are checked; None means what `set_default_validate_args` says.

    Shape:
        sample: (*sample_shape, *batch_shape, *event_shape).

    Raises:
        ValueError: a parameter is out of its range.

    Example:
        >>> distributions.Distribution((2,), (3,), validate_args=False).batch_shape
        torch.Size([2])
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args: bool = __debug__
    # the parameters that `expand` expands, and how many dimensions of each belong to the event
    _params: ClassVar[dict[str, int]] = {}

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Say whether distributions check their arguments where their constructor does not say it.

        Args:
            value: Whether they do.

        Raises:
            ValueError: it is no bool.
        """
        if value not in (True, False):
            raise expected("set_default_validate_args", "a bool", value)
        Distribution._validate_args = value

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape = batch_shape if type(batch_shape) is Size else Size(batch_shape)
        self._event_shape = event_shape if type(event_shape) is Size else Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _check_parameters(self) -> None:
        name = type(self).__name__
        try:
            wanted = self.arg_constraints
        except NotImplementedError:
            warnings.warn(f"{name} has no arg_constraints: its parameters are not checked", stacklevel=3)
            return
        for parameter, constraint in wanted.items():
            given = self.__dict__.get(parameter)
            if given is None and isinstance(getattr(type(self), parameter, None), lazy_property):
                continue  # follows from another parameter, which is checked
            if constraints.is_dependent(constraint):
                continue
            value = getattr(self, parameter) if given is None else given
            if not constraint.check(value).all():
                raise expected(name, f"{parameter} to satisfy {constraint!r}", f"{value!r}", "or say validate_args=False")

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with a larger batch, whose parameters share memory.

        Args:
            batch_shape: The new shape of the batch; the present one must broadcast to it.
            _instance: For subclasses: the object that is filled in.

        Raises:
            NotImplementedError: a subclass has a constructor of its own and no `expand`.
        """
        owner = next(c for c in type(self).__mro__ if "_params" in c.__dict__)
        new = self._get_checked_instance(owner, _instance)
        shape = Size(batch_shape)
        self._expand_into(new, shape)
        Distribution.__init__(new, shape, self._expanded_event_shape(new), validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _expand_into(self, new: Any, batch_shape: Size) -> None:
        """Fill in what `new` has of its own."""
        for name, n in self._params.items():
            value = self.__dict__.get(name)
            if value is not None:
                new.__dict__[name] = value.expand((*batch_shape, *value.shape[value.ndim - n :]))

    def _expanded_event_shape(self, new: Any) -> Size:
        return self._event_shape

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample of one distribution."""
        return self._event_shape

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        """What each parameter must satisfy."""
        raise NotImplementedError

    @property
    def support(self) -> Any:
        """What samples satisfy."""
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The value of the largest density."""
        raise NotImplementedError(f"{type(self)} has no mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw samples, without gradient.

        Args:
            sample_shape: How many, as the first dimensions of the result.
        """
        with _core.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draw samples that are differentiable functions of the parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no reparameterised samples: use sample() and log_prob()")

    def sample_n(self, n: int) -> Tensor:
        """Draw n samples: what `sample((n,))` does."""
        warnings.warn("sample_n(n) is deprecated in favour of sample((n,))", UserWarning, stacklevel=2)
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at a value."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most a value."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which there is a probability."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values that a sample can have, along a new first dimension.

        Args:
            expand: Whether the result is expanded over the batch, or has dimensions of size 1 there.
        """
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """e to the power of the entropy."""
        return self.entropy().exp()

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        """The shape of `sample(sample_shape)`."""
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value: Tensor) -> None:
        """Raise unless a value has a shape that fits, and lies in the support."""
        name = type(self).__name__
        if not isinstance(value, Tensor):
            raise expected(name, "value to be a Tensor", type(value).__name__)
        event, shape = self._event_shape, value.shape
        at = len(shape) - len(event)
        if shape[max(at, 0) :] != event:
            raise expected(name, f"value of a shape that ends with {tuple(event)}", value)
        wanted = (*self._batch_shape, *event)
        for i, j in zip(reversed(shape), reversed(wanted)):
            if i != 1 and j != 1 and i != j:
                raise expected(name, f"value of a shape that broadcasts with {wanted}", value)
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(f"{name} has no support: values are not checked", stacklevel=3)
            return
        if not support.check(value).all():
            raise expected(name, f"value within the support {support!r}", f"{value!r}", "or say validate_args=False")

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Self:
        if _instance is None and type(self).__init__ is not cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(f"{type(self).__name__} has a constructor of its own and needs an expand of its own")
        return type(self).__new__(type(self)) if _instance is None else _instance

    def __repr__(self) -> str:
        shown = []
        for name in self.arg_constraints:
            value = self.__dict__.get(name)
            if value is not None:
                single = value.numel() == 1
                shown.append(f"{name}: {(value if value.ndim else value.item()) if single else value.shape}")
        return f"{type(self).__name__}({', '.join(shown)})"
