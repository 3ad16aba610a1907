"""What layers share that learn the sizes of their input from the first one."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from .parameter import is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin:
    """A layer of a class `cls_to_become` that takes the sizes of its parameters from its first input, and is of that class from then on.

    A subclass comes with it in front of the layer's class, makes UninitializedParameters, and defines `initialize_parameters`, which
    gets the arguments of the first call and materialises them. A state that is loaded gives the shapes too.
    """

    cls_to_become: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        module: Any = self
        self._load_hook = module._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = module.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _tensors(self) -> dict[str, Any]:
        module: Any = self
        return {k: v for k, v in (*module._parameters.items(), *module._buffers.items()) if v is not None}

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        module: Any = self
        for name, value in module._persistent().items():
            destination[prefix + name] = value if keep_vars or is_lazy(value) else value.detach()

    def _lazy_load_hook(self, state_dict: Any, prefix: str, *_: Any) -> None:
        """Take shapes from a state."""
        for name, value in self._tensors().items():
            given = state_dict.get(prefix + name)
            if is_lazy(value) and isinstance(given, Tensor) and not is_lazy(given):
                value.materialize(tuple(given.shape))

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialise and fill the parameters, for an input; every lazy layer defines it."""
        raise NotImplementedError(f"{type(self).__name__}: initialize_parameters is not defined")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer has no shape yet."""
        return any(is_lazy(value) for value in self._tensors().values())

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> None:
        """The hook of the first call."""
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            what = "initialize_parameters to materialise all parameters"
            raise expected(type(self).__name__, what, "some without a shape", error=RuntimeError)
        for name in ("_initialize_hook", "_load_hook"):
            getattr(module, name).remove()
            delattr(module, name)
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
