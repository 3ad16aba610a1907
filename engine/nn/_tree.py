"""The modules, parameters and buffers below a Module, by their dotted names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module


class Tree:
    """The part of Module that finds what is below it."""

    __slots__ = ()
    if TYPE_CHECKING:
        _names: dict[str, str]
        _modules: Any

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it with their dotted names, parents first; one that occurs twice comes once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)  # type: ignore[arg-type]
        yield prefix, self  # type: ignore[misc]
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The immediate children with their names, each once."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """The immediate children, each once."""
        for _, child in self.named_children():
            yield child

    def _named_members(
        self, get: Callable[[Module], Any], prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        everything = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        modules: Any = everything if recurse else [(prefix, self)]
        for where, module in modules:
            for name, value in get(module):
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield (f"{where}.{name}" if where else name), value

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their dotted names; a shared one comes once.

        Args:
            prefix: Put in front of all names, with a dot.
            recurse: Also those of the modules below.
            remove_duplicate: Give a shared parameter under its first name only.
        """
        return self._named_members(lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once: what an optimizer takes."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their dotted names; arguments as for `named_parameters`."""
        return self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """The module with the dotted name `target`; "" is this one.

        Raises:
            AttributeError: There is none, or something else is in its place.
        """
        module: Any = self
        for name in target.split(".") if target else ():
            found = getattr(module, name)
            if not isinstance(found, Tree):
                raise AttributeError(f"`{name}` in {target!r} is not an nn.Module but {type(found).__name__}")
            module = found
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put `module` in the place of the one with the dotted name `target`, or make it a new child of its parent.

        Args:
            target: The dotted name.
            module: The module.
            strict: Refuse to make a new child.

        Raises:
            ValueError: `target` is empty, or `module` is no Module.
            AttributeError: There is no such parent, something else has the name, or nothing has it and `strict` is set.
        """
        where, _, name = target.rpartition(".")
        if not name:
            raise expected("set_submodule", "a name", "an empty one")
        if not isinstance(module, Tree):
            raise expected("set_submodule", "an nn.Module", module)
        parent = self.get_submodule(where)
        if strict or hasattr(parent, name):
            present = getattr(parent, name)
            if not isinstance(present, Tree):
                raise AttributeError(f"`{name}` in {target!r} is not an nn.Module but {type(present).__name__}")
        setattr(parent, name, module)

    def _get_tensor(self, target: str, kind: str) -> Any:
        where, _, name = target.rpartition(".")
        module = self.get_submodule(where)
        found = getattr(module, name)
        if module._names.get(name) != kind and not (kind == "parameter" and isinstance(found, Parameter)):
            raise AttributeError(f"`{target}` is not a {kind}")
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with the dotted name `target`."""
        return self._get_tensor(target, "parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with the dotted name `target`."""
        return self._get_tensor(target, "buffer")
