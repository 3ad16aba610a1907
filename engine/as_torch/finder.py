"""`import torch` and everything below it, answered by this engine.

Each of PyTorch's modules is a facade over one or more modules of ours (see `table`): a name is looked up in them when it is asked for,
and what a program sets stays with the facade. Classes and functions are the engine's own, so both names mean the same objects.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from .table import MODULES

ENGINE = __name__.split(".as_torch")[0]
ROOT = Path(__file__).parents[1]


def known(name: str) -> bool:
    """Whether one of PyTorch's modules has a counterpart, which the engine has already."""
    return name in MODULES and all(map(_there, MODULES[name]))


def _there(path: str) -> bool:
    """Whether a module of the engine is there, without importing it."""
    place = ROOT.joinpath(*path.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


class Facade(ModuleType):
    """A module under PyTorch's name whose attributes are those of its providers, the first that has one."""

    def __getattr__(self, name: str) -> Any:
        full = f"{self.__name__}.{name}"
        if known(full):
            return import_module(full)
        if not (name.startswith("__") and name.endswith("__")):
            for provider in providers(self.__name__):
                found = getattr(provider, name, FINDER)
                if found is not FINDER:
                    return found
            raise AttributeError(missing(full, dir(self)), name=name, obj=self)
        if name == "__all__":
            # what `from torch.x import *` takes: not the modules that later providers have
            own = None if self.__name__ == "torch" else getattr(providers(self.__name__)[0], "__all__", None)
            return list(own or (n for n in dir(self) if not n.startswith("_")))
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)

    def __dir__(self) -> list[str]:
        below = len(self.__name__) + 1
        children = {n[below:] for n in MODULES if n.startswith(self.__name__ + ".") and "." not in n[below:]}
        found = {n for provider in providers(self.__name__) for n in dir(provider) if not n.startswith("__")}
        return sorted({*self.__dict__, *children, *found})


def missing(full: str, near: Iterable[str]) -> str:
    """The sentence for a name of PyTorch's that is not here."""
    name = full.rpartition(".")[2]
    close = get_close_matches(name, [n for n in near if not n.startswith("_")], 1, 0.8)
    return f"as_torch: expected a name that workbench has, got {full}; it is not here" + (f", did you mean {close[0]!r}?" if close else "")


def providers(name: str) -> list[ModuleType]:
    """The engine's modules behind one of PyTorch's."""
    return [import_module(f"{ENGINE}.{path}" if path else ENGINE) for path in MODULES[name]]


class Finder(MetaPathFinder, Loader):
    """Finds torch and all that is below it, and says so where something is not here: another torch never answers for it."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in ("torch", "functorch"):
            return None
        if not known(fullname):
            raise ModuleNotFoundError(missing(fullname, [n.rpartition(".")[2] for n in MODULES]), name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Facade(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        behind = providers(module.__name__)
        module.__doc__ = f"{module.__name__}, as {ENGINE} has it."
        module.__file__ = behind[-1].__file__
        if module.__name__ != "torch":  # programs look through vars(torch.optim) and the like for classes
            module.__dict__.update({n: v for n, v in vars(behind[0]).items() if not n.startswith("_")})
        else:
            module.torch = module  # type: ignore[attr-defined]  # torch.torch, which PyTorch has and programs name
        if hasattr(behind[0], "__version__"):
            module.__version__ = behind[0].__version__  # type: ignore[attr-defined]


FINDER = Finder()


def install() -> None:
    """Let `import torch` mean this engine, in this process, from here on.

    Raises:
        ImportError: Another torch has been imported already.
    """
    there = sys.modules.get("torch")
    if there is not None and not isinstance(there, Facade):
        raise ImportError("as_torch: expected that nothing has imported torch yet, got one that is loaded; call install() first")
    if FINDER not in sys.meta_path:
        sys.meta_path.insert(0, FINDER)


def uninstall() -> None:
    """Take it back; what has been imported keeps its objects."""
    if FINDER in sys.meta_path:
        sys.meta_path.remove(FINDER)
    for name in [n for n, module in sys.modules.items() if isinstance(module, Facade)]:
        del sys.modules[name]
