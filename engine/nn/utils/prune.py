"""Pruning by masks: PyTorch's `nn.utils.prune`.

A pruned parameter `<name>` becomes `<name>_orig` (the parameter) and `<name>_mask` (a buffer); before each forward, `<name>` is their
product.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...errors import expected
from ...ops.pieces import cat
from ...ops.random import rand_like, randperm
from ...ops.sorting import topk
from ..module import Module
from ._named_hook import find


class BasePruningMethod(ABC):
    """A way of choosing what is pruned; subclasses define `compute_mask` and `PRUNING_TYPE`.

    PRUNING_TYPE says what a further pruning of the same tensor counts in: "unstructured" (elements that are left), "structured" (channels
    that are left) or "global" (the whole tensor).
    """

    PRUNING_TYPE = "unstructured"
    _tensor_name: str

    @property
    def name(self) -> str:
        """Name of the parameter."""
        return self._tensor_name

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask (0 and 1) of a tensor; what `default_mask` has pruned stays pruned."""

    def apply_mask(self, module: Module) -> Tensor:
        """The pruned parameter."""
        mask = getattr(module, self._tensor_name + "_mask", None)
        if mask is None:
            raise expected("prune", f"a mask of {self._tensor_name}", "none", error=AssertionError)
        orig = getattr(module, self._tensor_name + "_orig")
        return mask.to(orig.dtype) * orig

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any) -> BasePruningMethod:
        """Prune a parameter; where it is pruned already, further.

        Args:
            module: The module.
            name: Name of its parameter.
            args, kwargs: For the method's constructor.
            importance_scores: What to choose by instead of the parameter's values, of its shape.

        Returns:
            The method, or the container that holds it and those before.

        Raises:
            AssertionError: the scores are of another shape.
        """
        method = cls(*args, **kwargs)
        method._tensor_name = name
        known = find(module, BasePruningMethod, name)
        if known is not None:
            key, before = known
            del module._forward_pre_hooks[key]
            container = before if isinstance(before, PruningContainer) else PruningContainer(before)
            container.add_pruning_method(method)
            method = container
        orig = getattr(module, name)  # where it is pruned already, what is left of it
        if importance_scores is not None and tuple(importance_scores.shape) != tuple(orig.shape):
            raise expected("prune", f"importance_scores of shape {tuple(orig.shape)}", importance_scores, error=AssertionError)
        scores = orig if importance_scores is None else importance_scores
        if known is None:
            delattr(module, name)
            module.register_parameter(name + "_orig", orig)
            default = core.fill(core.make_empty(tuple(orig.shape), orig.dtype), 1)
        else:
            default = getattr(module, name + "_mask").detach().clone()
        with core.no_grad():
            mask = method.compute_mask(scores.detach(), default_mask=default)
        if known is None:
            module.register_buffer(name + "_mask", mask)
        else:
            setattr(module, name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """A pruned copy of a tensor that belongs to no module."""
        scores = t if importance_scores is None else importance_scores
        if tuple(scores.shape) != tuple(t.shape):
            raise expected("prune", f"importance_scores of shape {tuple(t.shape)}", scores, error=AssertionError)
        default = core.fill(core.make_empty(tuple(t.shape), t.dtype), 1) if default_mask is None else default_mask
        return t * self.compute_mask(scores, default_mask=default)

    def remove(self, module: Module) -> None:
        """Make the pruned values the parameter."""
        name = self._tensor_name
        pruned = self.apply_mask(module).detach()
        orig = getattr(module, name + "_orig")
        delattr(module, name)
        delattr(module, name + "_orig")
        delattr(module, name + "_mask")
        orig.data = pruned
        module.register_parameter(name, orig)


class PruningContainer(BasePruningMethod):
    """Several prunings of one parameter, one after the other: each counts in what those before have left.

    Args:
        args: Methods, all of one tensor.
    """

    PRUNING_TYPE = "container"

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        given = tuple(args[0]) if len(args) == 1 and isinstance(args[0], Iterable) else args
        for method in given:
            if not self._pruning_methods and isinstance(method, BasePruningMethod):
                self._tensor_name = method._tensor_name
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Add a method of the same tensor."""
        if not isinstance(method, BasePruningMethod):
            raise expected("PruningContainer", "a BasePruningMethod", type(method).__name__, error=TypeError)
        if method._tensor_name != self._tensor_name:
            raise expected("PruningContainer", f"a method for {self._tensor_name!r}", repr(method._tensor_name), error=ValueError)
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Any:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The latest method's mask of what is left."""
        method, mask = self._pruning_methods[-1], default_mask.to(t.dtype)
        if method.PRUNING_TYPE == "unstructured":
            part: Any = mask == 1
        elif method.PRUNING_TYPE == "structured":
            dim = method.dim % t.ndim  # type: ignore[attr-defined]
            others = [d for d in range(t.ndim) if d != dim]
            kept = mask.sum(others) != 0
            part = tuple(kept if d == dim else slice(None) for d in range(t.ndim))
        elif method.PRUNING_TYPE == "global":
            part = tuple(slice(None) for _ in range(t.ndim))
        else:
            raise expected("prune", 'PRUNING_TYPE "unstructured", "structured" or "global"', method.PRUNING_TYPE)
        made = mask.clone()
        made[part] = method.compute_mask(t[part], default_mask=mask[part]).to(mask.dtype)
        return made


class Identity(BasePruningMethod):
    """Prunes nothing: for masks that are set by hand later."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask as it is."""
        return default_mask


class _Amount(BasePruningMethod):
    def __init__(self, amount: float) -> None:
        if isinstance(amount, bool) or not isinstance(amount, (int, float)):
            raise expected("prune", "amount to be a number", amount, error=TypeError)
        if amount < 0 or (isinstance(amount, float) and amount > 1):
            raise expected("prune", "amount to be a share in [0, 1] or a count of 0 or more", amount)
        self.amount = amount

    def _count(self, size: int) -> int:
        if isinstance(self.amount, int):
            if self.amount > size:
                raise expected("prune", f"amount of at most {size}, which is what is left", self.amount)
            return self.amount
        return round(self.amount * size)


class RandomUnstructured(_Amount):
    """Prunes elements by chance.

    Args:
        amount: Share (float) or count (int) of elements.
    """

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with `amount` more elements pruned."""
        mask, n = default_mask.clone(), self._count(t.numel())
        if n:
            mask.view(-1)[topk(rand_like(t.float()).view(-1), n).indices] = 0
        return mask


class L1Unstructured(_Amount):
    """Prunes the elements of the least magnitude.

    Args:
        amount: Share (float) or count (int) of elements.
    """

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with `amount` more elements pruned."""
        mask, n = default_mask.clone(), self._count(t.numel())
        if n:
            mask.view(-1)[topk(t.abs().reshape(-1), n, largest=False).indices] = 0
        return mask


class _Structured(_Amount):
    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _masked(self, t: Tensor, default_mask: Tensor, kept: Tensor) -> Tensor:
        shape = [1] * t.ndim
        shape[self.dim] = -1
        return default_mask.to(t.dtype) * kept.to(t.dtype).reshape(shape)

    def _checked(self, t: Tensor) -> int:
        if t.ndim < 2:
            raise expected("prune", "a tensor of 2 or more dimensions for structured pruning", t)
        if not -t.ndim <= self.dim < t.ndim:
            raise expected("prune", f"dim in [{-t.ndim}, {t.ndim - 1}]", self.dim, error=IndexError)
        return t.shape[self.dim]


class RandomStructured(_Structured):
    """Prunes whole channels by chance.

    Args:
        amount: Share (float) or count (int) of channels.
        dim: The dimension of channels.
    """

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with `amount` more channels pruned."""
        size = self._checked(t)
        kept = core.fill(core.make_empty((size,), t.dtype), 1)
        kept[randperm(size)[: self._count(size)]] = 0
        return self._masked(t, default_mask, kept)


class LnStructured(_Structured):
    """Prunes the channels of the least norm.

    Args:
        amount: Share (float) or count (int) of channels.
        n: Order of the norm, as `torch.norm` takes it.
        dim: The dimension of channels.
    """

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with `amount` more channels pruned."""
        size = self._checked(t)
        n = self._count(size)
        if not n:
            return default_mask
        dim = self.dim % t.ndim
        norms = t.norm(self.n, [d for d in range(t.ndim) if d != dim])
        kept = core.fill(core.make_empty((size,), t.dtype), 0)
        kept[topk(norms, size - n).indices] = 1
        return self._masked(t, default_mask, kept)


class CustomFromMask(BasePruningMethod):
    """Prunes by a mask that is given.

    Args:
        mask: Of the parameter's shape, 0 where it is pruned.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask given, where the default mask has not pruned already."""
        return default_mask * self.mask.to(default_mask.dtype)


def identity(module: Module, name: str) -> Module:
    """Give a parameter a mask of ones."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune `amount` elements of a parameter by chance (see RandomUnstructured)."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: float, importance_scores: Tensor | None = None) -> Module:
    """Prune the `amount` elements of the least magnitude (see L1Unstructured)."""
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune `amount` channels along `dim` by chance (see RandomStructured)."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: Module, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None) -> Module:
    """Prune the `amount` channels along `dim` of the least norm (see LnStructured)."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune a parameter by a mask."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: dict[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if they were one.

    Args:
        parameters: (module, name) pairs.
        pruning_method: An unstructured method.
        importance_scores: What to choose by instead of values, for some of the pairs.
        kwargs: For the method's constructor.

    Raises:
        TypeError: the method is not unstructured.
    """
    pairs = list(parameters)
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise expected("global_unstructured", 'a method of PRUNING_TYPE "unstructured"', method.PRUNING_TYPE, error=TypeError)
    given = importance_scores or {}
    with core.no_grad():
        scores = [given.get((m, n), getattr(m, n)).detach() for m, n in pairs]
        masks: list[Any] = [getattr(m, n + "_mask", None) for m, n in pairs]
        masks = [core.fill(core.make_empty(tuple(s.shape), s.dtype), 1) if k is None else k for k, s in zip(masks, scores, strict=True)]
        container = PruningContainer()
        container._tensor_name = method._tensor_name = "temp"
        container.add_pruning_method(method)
        final = container.compute_mask(cat([s.reshape(-1) for s in scores]), cat([k.reshape(-1) for k in masks]))
    at = 0
    for (module, name), score in zip(pairs, scores, strict=True):
        n = score.numel()
        custom_from_mask(module, name, final[at : at + n].reshape(score.shape))
        at += n


def remove(module: Module, name: str) -> Module:
    """Make a pruning permanent: the pruned values become the parameter.

    Raises:
        ValueError: the parameter is not pruned.
    """
    found = find(module, BasePruningMethod, name)
    if found is None:
        raise expected("remove", f"a pruned {name}", type(module).__name__)
    key, method = found
    method.remove(module)
    del module._forward_pre_hooks[key]
    return module


def is_pruned(module: Module) -> bool:
    """Whether a module or one below it has pruned parameters."""
    return any(isinstance(hook, BasePruningMethod) for m in module.modules() for hook in m._forward_pre_hooks.values())
