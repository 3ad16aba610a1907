"""`torch.library` and `torch.ops`: operators that a program registers under a name, and those that the engine has.

@torch.library.custom_op("mine::double", mutates_args=())
def double(x: torch.Tensor) -> torch.Tensor: ...

torch.ops.mine.double(x)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ext.core import _core as core

from ...autograd.function import Function

OPERATORS: dict[str, Operator] = {}
# which of an operator's kernels runs; the first knows its own derivative, so does the second, being written in operators that do
_ORDER = ("Autograd", "AutogradCPU", "CompositeImplicitAutograd", "", "CPU", "cpu", "CompositeExplicitAutograd", "BackendSelect")
_DIFFERENTIABLE = frozenset(_ORDER[:3])


class Operator:
    """An operator by name: called, it runs the kernel for the CPU, and backward goes through what `register_autograd` gave.

    Args:
        name: "space::name".
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.__name__ = name.rpartition("::")[2]
        self.kernels: dict[str, Callable[..., Any]] = {}
        self.fake: Callable[..., Any] | None = None
        self.setup: Callable[..., Any] | None = None
        self.backward: Callable[..., Any] | None = None

    def __repr__(self) -> str:
        return f"<operator {self._name}>"

    def __getattr__(self, overload: str) -> Any:
        if overload.startswith("__"):
            raise AttributeError(overload)
        return self  # mine.double.default: overloads are one here

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key = next((k for k in _ORDER if k in self.kernels), None)
        if key is None:
            raise NotImplementedError(f"{self._name}: expected a kernel for the CPU, got {sorted(self.kernels) or 'none'}")
        kernel = self.kernels[key]
        if key in _DIFFERENTIABLE and self.backward is None:
            return kernel(*args, **kwargs)
        return _recorded(self, kernel, kwargs).apply(*args)

    def register_kernel(self, device_types: Any, func: Any = None, /) -> Any:
        """Let `func` run for tensors on these devices; without it, a decorator."""

        def keep(f: Callable[..., Any]) -> Callable[..., Any]:
            kinds = [device_types] if isinstance(device_types, str) or device_types is None else device_types
            self.kernels.update({kind or "": f for kind in kinds})
            return f

        return keep if func is None else keep(func)

    def register_fake(self, func: Callable[..., Any], /) -> Callable[..., Any]:
        """Keep what tells the shape of the result: nothing here asks for it."""
        self.fake = func
        return func

    def register_autograd(self, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None) -> None:
        """Give the derivative: `setup_context(ctx, inputs, output)` keeps what `backward(ctx, *grads)` needs."""
        self.backward, self.setup = backward, setup_context

    def register_vmap(self, func: Any = None, /) -> Any:
        """Accepted for PyTorch's sake."""
        return (lambda f: f) if func is None else func

    register_torch_dispatch = register_autocast = register_vmap


def _recorded(op: Operator, kernel: Callable[..., Any], kwargs: dict[str, Any]) -> Any:
    """A Function around a kernel, with the operator's derivative."""

    class Recorded(Function):
        """One call of the operator."""

        @staticmethod
        def forward(ctx: Any, *args: Any) -> Any:
            result = kernel(*args, **kwargs)
            if op.setup is not None:
                named = {"keyword_only_inputs": kwargs} if kwargs else {}
                op.setup(ctx, args, result, **named)
            return result

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            if op.backward is None:
                raise RuntimeError(f"{op._name}: expected a derivative for backward, got none; give one with register_autograd")
            return op.backward(ctx, *grads)

    return Recorded


def operator(name: Any) -> Operator:
    """The operator of a name, made where there is none."""
    if isinstance(name, Operator):
        return name
    name = getattr(name, "_name", name).split(".")[0]
    return OPERATORS.setdefault(name, Operator(name))


def custom_op(
    name: str, fn: Any = None, /, *, mutates_args: Any, device_types: Any = None, schema: str | None = None, tags: Any = None
) -> Any:
    """Make a function an operator under a name; without a function, a decorator.

    Args:
        name: "space::name".
        fn: What it does to tensors on the CPU.
        mutates_args: Names of arguments that it writes to; accepted for PyTorch's sake.
        device_types: Devices that `fn` is for; all by default.
        schema: Accepted for PyTorch's sake: Python's own signature holds.
        tags: Accepted for PyTorch's sake.
    """

    def make(f: Callable[..., Any]) -> Operator:
        made = OPERATORS[name] = Operator(name)
        made.__doc__ = f.__doc__
        made.register_kernel(device_types, f)
        return made

    return make if fn is None else make(fn)


class Library:
    """A space of operators that a program defines (`"DEF"`), or adds kernels to (`"IMPL"`).

    Args:
        ns: The space.
        kind: "DEF", "IMPL" or "FRAGMENT".
        dispatch_key: What its kernels are for where `impl` does not say.
    """

    def __init__(self, ns: str, kind: str, dispatch_key: str = "") -> None:
        if kind not in ("DEF", "IMPL", "FRAGMENT"):
            raise ValueError(f"Library: expected kind to be DEF, IMPL or FRAGMENT, got {kind!r}")
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key

    def define(self, schema: str, alias_analysis: str = "", *, tags: Any = ()) -> str:
        """Define the operator that a schema names."""
        name = schema.partition("(")[0].strip()
        operator(f"{self.ns}::{name}")
        return name

    def impl(self, op_name: Any, fn: Callable[..., Any], dispatch_key: str = "", *, with_keyset: bool = False, **options: Any) -> None:
        """Give an operator a kernel."""
        name = op_name.__name__ if isinstance(op_name, Operator) else op_name.rpartition("::")[2].split(".")[0]
        operator(f"{self.ns}::{name}").kernels[dispatch_key or self.dispatch_key] = fn

    def fallback(self, fn: Callable[..., Any], dispatch_key: str = "", *, with_keyset: bool = False) -> None:
        """Accepted for PyTorch's sake: nothing is handed over by key."""


def _registrar(give: Callable[..., Any]) -> Callable[..., Any]:
    """A function `register(op, func=None)` that gives an operator something; without it, a decorator."""

    def register(op: Any, func: Any = None, /, **options: Any) -> Any:
        keep = lambda f: (give(operator(op), f), f)[1]  # noqa: E731
        return keep if func is None else keep(func)

    return register


register_fake = impl_abstract = _registrar(lambda op, f: op.register_fake(f))
register_vmap = _registrar(lambda op, f: None)


def register_kernel(op: Any, device_types: Any, func: Any = None, /, *, lib: Any = None) -> Any:
    """Let `func` be an operator's kernel on these devices; without it, a decorator."""
    return operator(op).register_kernel(device_types, func)


def register_autograd(op: Any, backward: Any, /, *, setup_context: Any = None, lib: Any = None) -> None:
    """Give an operator its derivative."""
    operator(op).register_autograd(backward, setup_context=setup_context)


def define(qualname: str, schema: Any = None, *, lib: Any = None, tags: Any = ()) -> Any:
    """Define an operator by name and schema."""
    made = operator(qualname)
    return (lambda f: (made.kernels.update({"": f}), f)[1]) if schema is None else None


def impl(qualname: Any, types: Any = "", func: Any = None, *, lib: Any = None) -> Any:
    """Give an operator a kernel for some devices; without `func`, a decorator."""
    return operator(qualname).register_kernel("" if types == "default" else types, func)


class _Space:
    """`torch.ops.<space>`: its operators by name."""

    def __init__(self, ns: str) -> None:
        self.__name__ = ns

    def __getattr__(self, name: str) -> Any:
        full = f"{self.__name__}::{name}"
        if full in OPERATORS:
            return OPERATORS[full]
        if self.__name__ in ("aten", "prims"):  # named as keys of tables too: what is not here says so when it is called
            made = operator(full)
            if name in core.OPS:
                made.kernels["CompositeImplicitAutograd"] = core.OPS[name]
            return made
        raise AttributeError(f"ops: expected an operator that is registered, got {full}; register it with torch.library.custom_op")


class _Spaces:
    """`torch.ops`."""

    __name__ = "torch.ops"

    def __getattr__(self, ns: str) -> Any:
        if ns.startswith("__"):
            raise AttributeError(ns)
        found = self.__dict__[ns] = _Space(ns)
        return found

    @staticmethod
    def load_library(path: Any) -> None:
        """Not here: what was compiled against PyTorch's own memory layout cannot be loaded."""
        raise OSError(f"load_library: expected no library compiled for PyTorch, got {path}; what it does has to be there in Python")


ops = _Spaces()
