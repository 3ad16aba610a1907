"""state_dict and load_state_dict of a Module."""

from __future__ import annotations

import difflib
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from ._handle import RemovableHandle
from .parameter import Parameter

_EXTRA = "_extra_state"


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """Names that a state lacks, and names that the module does not know."""

    __slots__ = ()

    def __repr__(self) -> str:
        return super().__repr__() if self.missing_keys or self.unexpected_keys else "<All keys matched successfully>"

    __str__ = __repr__


class State:
    """The part of Module that gives its parameters and buffers by name and takes them back."""

    __slots__ = ()
    _version = 1
    if TYPE_CHECKING:
        _modules: Any
        _parameters: Any
        _buffers: Any
        _non_persistent_buffers_set: Any
        named_parameters: Any
        named_buffers: Any

    # -- giving ----------------------------------------------------------------------------------------------------------------

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by their names, children's with the child's name in front.

        Args:
            destination: The mapping to fill; a new OrderedDict by default.
            prefix: Put in front of every name.
            keep_vars: Give the tensors themselves, with their history, rather than detached ones. Either way memory is shared.

        Returns:
            The mapping; its attribute `_metadata` holds the version of every module.
        """
        if args:
            import warnings

            warnings.warn("state_dict: give destination, prefix and keep_vars by name", FutureWarning, stacklevel=2)
            given: list[Any] = [destination, prefix, keep_vars]
            destination, prefix, keep_vars = [*args, *given[len(args) :]]
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in _hooks(self, "_state_dict_pre_hooks"):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in _hooks(self, "_state_dict_hooks"):
            result = hook(self, destination, prefix, metadata)
            if getattr(hook, "_from_public_api", False):
                if result is not None:
                    raise expected("register_state_dict_post_hook", "a hook that returns None", result, error=RuntimeError)
            elif result is not None:
                destination = result
        return destination

    def _persistent(self) -> dict[str, Tensor]:
        """This module's own parameters and persistent buffers that are not None."""
        skip = self._non_persistent_buffers_set
        named = {**self._parameters, **{k: v for k, v in self._buffers.items() if k not in skip}}
        return {k: v for k, v in named.items() if v is not None}

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, value in self._persistent().items():
            destination[prefix + name] = value if keep_vars else value.detach()
        if type(self).get_extra_state is not State.get_extra_state:
            destination[prefix + _EXTRA] = self.get_extra_state()

    def get_extra_state(self) -> Any:
        """What else belongs in `state_dict`. A module that defines it defines `set_extra_state` too."""
        raise RuntimeError(f"{type(self).__name__}.get_extra_state is not defined; define it together with set_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` gave."""
        raise RuntimeError(f"{type(self).__name__}.set_extra_state is not defined; define it together with get_extra_state")

    # -- taking back -----------------------------------------------------------------------------------------------------------

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> _IncompatibleKeys:
        """Copy values by name into the parameters and buffers. Where anything is wrong, one error lists all of it and nothing is changed.

        Args:
            state_dict: Values by name, as `state_dict` gives them.
            strict: Require exactly the names of this module. Shapes always have to agree.
            assign: Take the tensors themselves (and their dtype) rather than copying into the present ones.

        Returns:
            (missing_keys, unexpected_keys), which can be other than empty only with strict=False.

        Raises:
            TypeError: `state_dict` is not a mapping.
            RuntimeError: Names are missing or unexpected, or shapes differ.
        """
        if not isinstance(state_dict, Mapping):
            raise expected("load_state_dict", "state_dict to be a mapping from names to tensors", state_dict, error=TypeError)
        metadata = getattr(state_dict, "_metadata", None)
        state = OrderedDict(state_dict)
        if metadata is not None:
            state._metadata = metadata  # type: ignore[attr-defined]
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        pending: list[Callable[[], None]] = []
        incompatible = _IncompatibleKeys(missing, unexpected)

        def load(module: Any, prefix: str) -> None:
            local = {**((metadata or {}).get(prefix[:-1], {})), "pending": pending}
            if assign:
                local["assign_to_params_buffers"] = True
            module._load_from_state_dict(state, prefix, local, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    load(child, f"{prefix}{name}.")
            for hook in _hooks(module, "_load_state_dict_post_hooks"):
                if hook(module, incompatible) is not None:
                    what = "a hook that changes incompatible_keys in place"
                    raise expected("register_load_state_dict_post_hook", what, "a returned value", error=AssertionError)

        load(self, "")
        if strict:
            known = [name for named in (self.named_parameters(), self.named_buffers()) for name, _ in named]
            wrong = [f"Unexpected key(s) in state_dict: {_listing(unexpected, missing or known)}. "] if unexpected else []
            wrong += [f"Missing key(s) in state_dict: {_listing(missing, ())}. "] if missing else []
            errors[:0] = reversed(wrong)
        if errors:
            raise RuntimeError("Error(s) in loading state_dict for {}:\n\t{}".format(type(self).__name__, "\n\t".join(errors)))
        with core.no_grad():
            for copy in pending:
                copy()
        return incompatible

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load this module's own entries; children follow by themselves. Modules whose layout changed override it, look at
        `local_metadata.get("version")` and rename or add entries before calling this one."""
        for hook in _hooks(self, "_load_state_dict_pre_hooks"):
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        pending = local_metadata["pending"]
        for name, value in self._persistent().items():
            key = prefix + name
            if key not in state_dict:
                missing_keys.append(key)
                continue
            given = state_dict[key]
            if not isinstance(given, Tensor):
                error_msgs.append(f'While copying the parameter named "{key}", expected a Tensor but received {type(given).__name__}. ')
            elif tuple(given.shape) != tuple(value.shape) and not (given.ndim == 1 and value.ndim == 0 and given.numel() == 1):
                error_msgs.append(
                    f"size mismatch for {key}: copying a param with shape {tuple(given.shape)} from checkpoint, "
                    f"the shape in current model is {tuple(value.shape)}."
                )
            elif local_metadata.get("assign_to_params_buffers"):
                pending.append(_assignment(self, name, value, given))
            else:
                pending.append(_copy(value, given))
        extra = prefix + _EXTRA
        if type(self).set_extra_state is not State.set_extra_state:
            if extra in state_dict:
                state = state_dict[extra]
                pending.append(lambda: self.set_extra_state(state))
            else:
                missing_keys.append(extra)
        elif extra in state_dict and strict:
            unexpected_keys.append(extra)
        unexpected_keys += [key for key in state_dict if self._is_unexpected(key, prefix)]

    def _is_unexpected(self, key: str, prefix: str) -> bool:
        """Whether a name below `prefix` is nothing that this module or a child of it would take."""
        if not key.startswith(prefix) or key == prefix + _EXTRA:
            return False
        head, dot, _ = key[len(prefix) :].partition(".")
        if dot:
            return self._modules.get(head) is None
        return head not in self._persistent()

    # -- hooks -----------------------------------------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` collects."""
        return _add(self, "_state_dict_pre_hooks", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)`, which may change `state_dict` in place."""
        hook._from_public_api = True  # type: ignore[attr-defined]
        return _add(self, "_state_dict_hooks", hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        if getattr(hook, "_from_public_api", False):
            what = "a function that is no hook of register_state_dict_post_hook"
            raise expected("_register_state_dict_hook", what, hook, error=RuntimeError)
        return _add(self, "_state_dict_hooks", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)` before loading."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., None], with_module: bool = False) -> RemovableHandle:
        return _add(self, "_load_state_dict_pre_hooks", _WithModule(hook, self) if with_module else hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` when the names are known; it may change the two lists in place."""
        return _add(self, "_load_state_dict_post_hooks", hook)


class _WithModule:
    """A hook together with the module that it gets as first argument; a class, so that it can be copied with the module."""

    def __init__(self, hook: Callable[..., None], module: Any) -> None:
        self.hook, self.module = hook, module

    def __call__(self, *args: Any) -> None:
        self.hook(self.module, *args)


def _hooks(module: Any, table: str) -> tuple[Any, ...]:
    return tuple(module.__dict__.get(table, {}).values())


def _add(module: Any, table: str, hook: Any) -> RemovableHandle:
    hooks = module.__dict__.setdefault(table, OrderedDict())
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def _copy(target: Tensor, given: Tensor) -> Callable[[], None]:
    return lambda: target.copy_(given.reshape(target.shape))


def _assignment(module: Any, name: str, present: Tensor, given: Tensor) -> Callable[[], None]:
    if isinstance(present, Parameter) and not isinstance(given, Parameter):
        given = type(present)(given.detach(), requires_grad=present.requires_grad)
    elif isinstance(given, Parameter):
        given.requires_grad_(present.requires_grad)
    return lambda: setattr(module, name, given)


def _listing(names: list[str], candidates: Any) -> str:
    """The names in quotes, each with the nearest one that it may have been meant as."""
    parts = []
    for name in names:
        near = difflib.get_close_matches(name, list(candidates), 1, 0.8) if len(names) <= 20 else []
        parts.append(f'"{name}"' + (f' (did you mean "{near[0]}"?)' if near else ""))
    return ", ".join(parts)
