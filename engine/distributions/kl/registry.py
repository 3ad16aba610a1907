"""`kl_divergence`, and the functions that compute it, found by the types of the two distributions."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from workbench.ext.core import _core

from ...errors import expected
from ..distribution import Distribution

Tensor = _core.Tensor
Divergence = Callable[[Any, Any], Tensor]

_KL_REGISTRY: dict[tuple[type, type], Divergence] = {}
_found: dict[tuple[type, type], Divergence | None] = {}  # what has been looked up since the last registration


def register_kl(type_p: type, type_q: type) -> Callable[[Divergence], Divergence]:
    """Register a function as the divergence of two types of distributions, and of their subclasses.

    Of several that fit the most specific one is taken.

    Args:
        type_p: A subclass of Distribution.
        type_q: Another, or the same.

    Raises:
        TypeError: one of them is something else.

    Example:
        >>> class Certain(distributions.Normal): pass
        >>> distributions.register_kl(Certain, distributions.Normal)(lambda p, q: zeros(()))(None, None)
        tensor(0.)
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not isinstance(kind, type):  # any class, as in PyTorch: Pyro registers one that its distributions only take themselves for
            raise expected("register_kl", f"{name} to be a subclass of Distribution", kind, error=TypeError)

    def wrap(f: Divergence) -> Divergence:
        _KL_REGISTRY[type_p, type_q] = f
        _found.clear()
        return f

    return wrap


def _lookup(type_p: type, type_q: type) -> Divergence | None:
    """The function of the most specific pair of types; the type of p counts more where two pairs cannot be compared."""
    p, q = type_p.__mro__, type_q.__mro__
    fitting = [pair for pair in _KL_REGISTRY if pair[0] in p and pair[1] in q]
    if not fitting:
        return None
    first = min(fitting, key=lambda pair: (p.index(pair[0]), q.index(pair[1])))
    second = min(fitting, key=lambda pair: (q.index(pair[1]), p.index(pair[0])))
    if _KL_REGISTRY[first] is not _KL_REGISTRY[second]:
        names = [" and ".join(kind.__name__ for kind in pair) for pair in (first, second, (type_p, type_q))]
        warnings.warn(
            f"kl_divergence({names[2]}) is ambiguous between {names[0]}, which is taken, and {names[1]}; register it for {names[2]}",
            RuntimeWarning,
            stacklevel=3,
        )
    return _KL_REGISTRY[first]


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The Kullback-Leibler divergence of two distributions.

    KL(p, q) = integral of p(x) log(p(x) / q(x))

    Args:
        p: The distribution that the mean is taken over.
        q: The distribution that it is compared with.

    Shape:
        result: the batch of p and q.

    Raises:
        NotImplementedError: no formula for these types is registered.

    Example:
        >>> distributions.kl_divergence(distributions.Normal(0.0, 1.0), distributions.Normal(1.0, 1.0))
        tensor(0.5000)
    """
    pair = type(p), type(q)
    try:
        f = _found[pair]
    except KeyError:
        f = _found[pair] = _lookup(*pair)
    if f is None:
        raise NotImplementedError(f"no divergence of {pair[0].__name__} from {pair[1].__name__} is registered: see register_kl")
    return f(p, q)
