"""Modules that hold modules: in a chain, a list or a dictionary."""

from __future__ import annotations

import operator
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from workbench.ext.core._core import InTurn

from ..ops.errors import expected
from .module import MODULE, Module


class _Indexed(Module):
    """What Sequential and ModuleList share: children under the names "0", "1", ..., or other ones for Sequential."""

    if TYPE_CHECKING:
        __getitem__: Any

    def _position(self, index: Any, n: int | None = None) -> int:
        n = len(self) if n is None else n
        index = operator.index(index)
        if not -n <= index < n:
            raise IndexError(f"index {index} is out of range for {len(self)} modules")
        return index % n if n else 0

    def _children(self) -> list[Module]:
        return list(self._modules.values())

    def _renumber(self, modules: Iterable[Module]) -> None:
        modules = list(modules)
        self._modules.clear()
        for i, module in enumerate(modules):
            self.register_module(str(i), module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._children())

    def _name_at(self, index: int) -> str:
        return list(self._modules)[self._position(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [names[self._position(index)]]:
            delattr(self, name)
        self._renumber(self._children())

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.register_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add several modules at the end."""
        if not isinstance(modules, Iterable):
            raise expected(f"{type(self).__name__}.extend", "an iterable of modules", modules, error=TypeError)
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module before the one at `index`."""
        if not isinstance(module, Module):
            raise expected(f"{type(self).__name__}.insert", "a Module", module, error=AssertionError)
        modules = self._children()
        modules.insert(len(modules) if index == len(modules) else self._position(index), module)
        self._renumber(modules)
        return self

    def pop(self, index: int | slice = -1) -> Any:
        """Take the module at `index` out and return it."""
        module = self[index]
        del self[index]
        return module

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]


class Sequential(_Indexed):
    """Modules that are called one after the other, each with the result of the one before.

    Args:
        *args: The modules, or one OrderedDict of names and modules.

    Example:
        >>> Sequential(Linear(4, 8), ReLU(), Linear(8, 2))(zeros(3, 4)).shape
        torch.Size([3, 2])
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else ((str(i), m) for i, m in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    forward = InTurn(MODULE)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self.__class__(OrderedDict(list(self._modules.items())[index]))
        return self.__dict__[self._name_at(index)]

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [names[self._position(index)]]:
            delattr(self, name)
        if all(name.isdigit() for name in names):
            self._renumber(self._children())

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise expected("Sequential + other", "other to be a Sequential", other, error=ValueError)
        return Sequential(*chain(self, other))

    def __iadd__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise expected("Sequential += other", "other to be a Sequential", other, error=ValueError)
        return self.extend(other)

    def __mul__(self, n: int) -> Sequential:
        if not isinstance(n, int):
            raise expected("Sequential * n", "n to be a whole number", n, error=TypeError)
        if n <= 0:
            raise expected("Sequential * n", "n above 0", n)
        return Sequential(*(module for _ in range(n) for module in self))

    __rmul__ = __mul__


class ModuleList(_Indexed):
    """Modules in a list, which is registered as a whole; it has no forward."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self.__class__(self._children()[index])
        return self.__dict__[self._name_at(index)]

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def __repr__(self) -> str:
        """Runs of equal modules are shown once, with their number."""
        texts = [repr(module) for module in self]
        if not texts:
            return f"{self._get_name()}()"
        lines, start = [], 0
        for i, text in enumerate(texts):
            if i + 1 == len(texts) or texts[i + 1] != text:
                where = f"({start})" if start == i else f"({start}-{i})"
                times = "" if start == i else f"{i - start + 1} x "
                lines.append(f"{where}: {times}{text}".replace("\n", "\n  "))
                start = i + 1
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """Modules in a dictionary, in order of insertion; it has no forward."""

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Take the module out and return it."""
        return self._modules.pop(key)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Names and modules."""
        return self._modules.items()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add or replace modules by name."""
        if not isinstance(modules, Iterable):
            raise expected("ModuleDict.update", "a mapping or pairs of names and modules", modules, error=TypeError)
        for key, module in modules.items() if isinstance(modules, (Mapping, ModuleDict)) else modules:
            self[key] = module


class Container(Module):
    """PyTorch's oldest container, out of use: a Module with children given by name.

    Shape:
        whatever a subclass's forward takes and gives.
    """

    def __init__(self, **kwargs: Module) -> None:
        warnings.warn("nn.Container is out of use; subclass nn.Module", FutureWarning, stacklevel=2)
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)
