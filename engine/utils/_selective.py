"""Which results of a checkpointed function are kept all the same: PyTorch's selective activation checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import Any

from workbench.ext.core import _core

from ..errors import expected
from ..pytree import tree_leaves, tree_map

Tensor = _core.Tensor


class CheckpointPolicy(Enum):
    """What becomes of the result of one operation. MUST and PREFER differ for a compiler alone; offloading keeps, as all is on the CPU."""

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4
    PREFER_CPU_OFFLOAD = 5


_RECOMPUTED = (CheckpointPolicy.MUST_RECOMPUTE, CheckpointPolicy.PREFER_RECOMPUTE)


class SelectiveCheckpointContext:
    """What a policy is told besides the operation: `op_output`, and `is_recompute`, which is always False."""

    def __init__(self, *, is_recompute: bool, op_output: Any = None) -> None:
        self.is_recompute = is_recompute
        self.op_output = op_output


class _View:
    """What was saved is an argument, or a view of one: its place among the arguments, and its geometry."""

    def __init__(self, place: int, of: Tensor, t: Tensor) -> None:
        self.place = place
        self.geometry = None
        if t is not of:
            offset = (t.data_ptr() - of.data_ptr()) // t.element_size()
            self.geometry = (tuple(t.shape), tuple(t.stride()), offset, tuple(of.stride()))

    def of(self, leaves: list[Any]) -> Tensor:
        x = leaves[self.place]
        return x if self.geometry is None else _core.OPS["restride"](x.detach(), *self.geometry)


def _place(t: Tensor, leaves: list[Any]) -> Any:
    """How a saved tensor is found again: from the arguments, which the second run computes; else it is kept."""
    for same in (lambda x: x is t, lambda x: isinstance(x, Tensor) and x.dtype is t.dtype and _core.same_storage(x, t)):
        for i, x in enumerate(leaves):
            if same(x):
                return _View(i, x, t)
    return t.detach()


class _Kept:
    """One call whose result is kept: the result, and what the operation saved for backward, in its order."""

    def __init__(self, result: Any, saved: list[Tensor], leaves: list[Any]) -> None:
        self.require = [isinstance(r, Tensor) and r.requires_grad for r in tree_leaves(result)]
        self.result = tree_map(lambda r: r.detach() if isinstance(r, Tensor) else r, result)
        self.saved = [_place(t, leaves) for t in saved]
        self.versions = [t._version for t in self.tensors()]

    def tensors(self) -> list[Tensor]:
        return [t for t in (*tree_leaves(self.result), *self.saved) if isinstance(t, Tensor)]

    def give(self, op: Any, args: tuple[Any, ...], mutable: bool) -> Any:
        """The result, as if the operation had run with these arguments."""
        if not mutable and [t._version for t in self.tensors()] != self.versions:
            raise expected(
                "checkpoint",
                f"the kept result of {op.name} unchanged",
                "one that was changed in place",
                "say allow_cache_entry_mutation=True if that is meant",
                RuntimeError,
            )
        leaves = tree_leaves(args)
        for s in self.saved:
            _core.pack_saved(s.of(leaves) if isinstance(s, _View) else s)
        require = iter(self.require)
        return tree_map(lambda r: r.detach().requires_grad_(True) if next(require) else r, self.result)


class _Recomputed:
    """The mark of a call whose result is computed again."""


class _Used:
    """The mark of a result that was kept and has been given back."""


SAC_IGNORED_OPS = {op for op in _core.OPS.values() if op.definition is not None and op.definition.family == "view"}


def _runs_always(op: Any) -> bool:
    """Whether an operation makes a view or writes in place: its result alone would not do."""
    return op in SAC_IGNORED_OPS or op.name.endswith("_")


class _Keeping(_core.intercept):
    """The first run: asks the policy for each operation."""

    def __init__(self, policy: Callable[..., Any], storage: dict[Any, Any]) -> None:
        super().__init__(self.call)
        self.policy, self.storage = policy, storage
        self.count: Counter[str] = Counter()

    def call(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        if _runs_always(op):
            return proceed(*args)
        saved: list[Tensor] = []
        pack, unpack = _core.set_saving(None, None)

        def note(t: Tensor) -> Any:
            saved.append(t)
            return pack(t)

        key = (op.name, self.count[op.name])
        self.count[op.name] += 1
        before = Counter(self.count)
        if pack is not None:
            _core.set_saving(note, unpack)
        try:
            result = proceed(*args)
        finally:
            _core.set_saving(pack, unpack)
        said = self.policy(SelectiveCheckpointContext(is_recompute=False, op_output=result), op, *args)
        if isinstance(said, bool):
            said = CheckpointPolicy.MUST_SAVE if said else CheckpointPolicy.PREFER_RECOMPUTE
        if said in _RECOMPUTED:
            self.storage[key] = _Recomputed
            return result
        for name, n in self.count.items():  # the operations that this one is written in do not run again
            for i in range(before[name], n):
                self.storage.pop((name, i), None)
        self.count = before
        self.storage[key] = _Kept(result, saved, tree_leaves(args))
        return result


class _Giving(_core.intercept):
    """The run in backward: gives back what was kept."""

    def __init__(self, storage: dict[Any, Any], mutable: bool) -> None:
        super().__init__(self.call)
        self.storage, self.mutable = storage, mutable
        self.count: Counter[str] = Counter()

    def __enter__(self) -> _Giving:
        self.count.clear()
        super().__enter__()
        return self

    def call(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        if _runs_always(op):
            return proceed(*args)
        key = (op.name, self.count[op.name])
        self.count[op.name] += 1
        found = self.storage.get(key)
        if found is None:
            raise expected("checkpoint", "the same operations when the function runs again", f"{op.name} once more", error=RuntimeError)
        if found is _Used:
            raise expected("checkpoint", "one backward through a selective checkpoint", "a second", error=RuntimeError)
        if found is _Recomputed:
            return proceed(*args)
        self.storage[key] = _Used
        return found.give(op, args, self.mutable)


def create_selective_checkpoint_contexts(policy_fn_or_list: Any, allow_cache_entry_mutation: bool = False) -> tuple[Any, Any]:
    """The contexts of a checkpoint that keeps the results of some operations and computes the others again.

    The policy is asked about operations by their name here: about those that an operation is written in, and then about itself. What
    makes a view or writes in place always runs again.

    Args:
        policy_fn_or_list: A function of (SelectiveCheckpointContext, op, *arguments) that returns a CheckpointPolicy; or a list of the
            operations to keep, as in [engine.matmul, engine.nn.functional.linear].
        allow_cache_entry_mutation: Whether a result that is kept may be changed in place.

    Returns:
        Two context managers, as `checkpoint(..., context_fn=partial(create_selective_checkpoint_contexts, policy))` takes them.

    Raises:
        TypeError: neither a function nor a list.
        ValueError: the list holds something that is no operation.
        RuntimeError: in backward, where the function did not compute the same again, a kept result was changed, or a second backward comes.
    """
    if isinstance(policy_fn_or_list, list):
        for op in policy_fn_or_list:
            if not isinstance(op, _core.Op):
                raise expected("create_selective_checkpoint_contexts", "a list of operations", repr(op))
        names = {op.name for op in policy_fn_or_list}

        def policy(ctx: Any, op: Any, *args: Any) -> CheckpointPolicy:
            return CheckpointPolicy.MUST_SAVE if op.name in names else CheckpointPolicy.PREFER_RECOMPUTE
    elif callable(policy_fn_or_list):
        policy = policy_fn_or_list
    else:
        raise expected(
            "create_selective_checkpoint_contexts", "a function or a list of operations", type(policy_fn_or_list).__name__, error=TypeError
        )
    storage: dict[Any, Any] = {}
    return _Keeping(policy, storage), _Giving(storage, allow_cache_entry_mutation)
