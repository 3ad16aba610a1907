"""What the transforms share: inputs that stand for themselves at one level, and what of a result belongs to the levels outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ext.core import _core

from ..autograd.batching import active, innermost, lift, lower
from ..errors import expected
from ..pytree import tree_leaves, tree_map

Tensor = _core.Tensor


class Stage:
    """Where a transform runs: the levels of vmap around it, and whether operations are recorded there.

    Inside, functions see tensors of one element of each batch. What is differentiated are the batches, below all levels: the elements do
    not depend on each other, so that one backward over a batch is a backward for each element."""

    def __init__(self) -> None:
        self.levels = active()
        self.outer = _core.is_grad_enabled()

    def leaves(self, given: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """The batches of what is given, and stand-ins for them to differentiate with respect to while they are `alive`."""
        with _core.enable_grad():
            below = [self.below(x) for x in given]
            return below, [_core.OPS["identity"](x) if self.outer and x.requires_grad else x.detach() for x in below]

    def below(self, x: Tensor) -> Tensor:
        return lower(x, self.levels)

    def above(self, x: Tensor) -> Tensor:
        return lift(x, self.levels)

    def shown(self, xs: Sequence[Tensor]) -> list[Tensor]:
        """Tensors from below as functions within see them."""
        return [self.above(x) for x in xs]


def tensors(name: str, what: str, tree: Any, forward: bool = False) -> list[Tensor]:
    """The leaves of a tree, which have to be floating or complex tensors.

    Args:
        name: Who asks.
        what: What the leaves are.
        tree: The tree.
        forward: Whether a transform that differentiates forward asks: PyTorch's raise other classes of errors than those that go backward.
    """
    other, integral = (RuntimeError, ValueError) if forward else (ValueError, RuntimeError)
    leaves = tree_leaves(tree)
    for x in leaves:
        if not isinstance(x, Tensor):
            raise expected(name, f"{what} to hold only Tensors", type(x).__name__, error=other)
        if not (x.is_floating_point() or x.is_complex()):
            raise expected(name, f"{what} to be floating or complex", x, error=integral)
    return leaves


def outside(results: Sequence[Tensor], leaves: Sequence[Tensor], given: Sequence[Tensor], outer: bool) -> bool:
    """Whether results depend on something that somebody outside differentiates: then they keep their history.

    Args:
        results: What was computed within the transform.
        leaves: The stand-ins.
        given: What they stand for.
        outer: Whether operations are recorded outside.
    """
    if not outer:
        return False
    return any(x.requires_grad for x in given) or _core.leads_elsewhere([innermost(x) for x in results], list(leaves))


def released(tree: Any, leaves: Sequence[Tensor], outer: bool) -> Any:
    """A result as the outside gets it: without history, but for what leads to something that somebody there may differentiate.

    Args:
        tree: The result.
        leaves: The stand-ins.
        outer: Whether operations are recorded outside.
    """

    def release(x: Any) -> Any:
        if not isinstance(x, Tensor) or not x.requires_grad or (outer and _core.leads_elsewhere([innermost(x)], leaves)):
            return x
        return x.detach()

    return tree_map(release, tree)


class alive:  # noqa: N801 - read as a word: with alive(leaves)
    """Within this block stand-ins require grad; outside, what leads to them alone has no history for anybody else."""

    def __init__(self, leaves: Sequence[Tensor]) -> None:
        self.leaves = [x for x in leaves if x.grad_fn is None]

    def __enter__(self) -> None:
        for x in self.leaves:
            x.requires_grad_(True)

    def __exit__(self, *exc: object) -> None:
        for x in self.leaves:
            x.requires_grad_(False)


def split_aux(name: str, output: Any, has_aux: bool) -> tuple[Any, Any]:
    """The output proper and what comes along with it."""
    if not has_aux:
        return output, None
    if not (isinstance(output, tuple) and len(output) == 2):
        raise expected(name, "the function to return (output, aux) with has_aux=True", type(output).__name__, error=RuntimeError)
    return output


def chosen(name: str, argnums: int | tuple[int, ...], args: tuple[Any, ...]) -> tuple[int, ...]:
    """The places of the arguments to differentiate with respect to."""
    if not isinstance(argnums, (int, tuple)) or isinstance(argnums, bool):
        raise expected(name, "argnums to be an int or a tuple of ints", argnums, error=RuntimeError)
    places = (argnums,) if isinstance(argnums, int) else argnums
    if not places:
        raise expected(name, "argnums to name an argument", "()", error=RuntimeError)
    for p in places:
        if not isinstance(p, int):
            raise expected(name, "argnums to hold ints", p, error=RuntimeError)
        if not -len(args) <= p < len(args):
            raise expected(name, f"argnums within the {len(args)} positional arguments", p, error=RuntimeError)
    places = tuple(p % len(args) for p in places)
    if len(set(places)) != len(places):
        raise expected(name, "argnums without repetition", argnums, error=RuntimeError)
    return places


def replaced(args: tuple[Any, ...], places: tuple[int, ...], values: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments with those at `places` replaced."""
    given = list(args)
    for p, v in zip(places, values):
        given[p] = v
    return tuple(given)
