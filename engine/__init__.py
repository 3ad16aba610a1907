"""The engine, under PyTorch's names: `from workbench import engine as torch`.

Subpackages (`nn`, `optim`, `autograd`, `utils`, ...) are imported when they are first used, so that importing the engine stays quick.
"""

from __future__ import annotations

from importlib import import_module

from workbench.ext.core import _core
from workbench.ext.core.lazy import TYPE_CHECKING

from . import grad_mode as _grad_mode  # noqa: F401 - makes no_grad a decorator
from . import interchange as _interchange  # noqa: F401 - gives tensors __array_namespace__
from . import ops, printing, storage
from .determinism import *  # noqa: F403
from .dtypes import *  # noqa: F403
from .limits import *  # noqa: F403
from .predicates import *  # noqa: F403

if TYPE_CHECKING:
    from typing import Any

Tensor = _core.Tensor
Size = _core.Size
device = _core.device
dtype = _core.dtype
no_grad = _core.no_grad
enable_grad = _core.enable_grad
inference_mode = _core.inference_mode
set_grad_enabled = _core.set_grad_enabled
is_grad_enabled = _core.is_grad_enabled
is_inference_mode_enabled = _core.is_inference_mode_enabled
get_default_dtype = _core.get_default_dtype
set_default_dtype = _core.set_default_dtype
promote_types = _core.promote_types
get_num_threads = _core.get_num_threads
set_num_threads = _core.set_num_threads
UntypedStorage = storage.UntypedStorage
TypedStorage = storage.TypedStorage
is_storage = storage.is_storage
set_printoptions = printing.set_printoptions
__version__ = "0.1.0"

globals().update(ops.space("torch"))

# what programs for PyTorch name and this engine has no other use for
_NAMED = ("jit", "compiler", "hub", "distributed", "multiprocessing", "overrides", "types", "version")
_ALSO_NAMED = (
    "compile", "get_default_device", "set_default_device", "set_default_tensor_type", "get_num_interop_threads", "set_num_interop_threads",
    "get_float32_matmul_precision", "set_float32_matmul_precision", "set_flush_denormal", "get_device_module", "OutOfMemoryError", "layout",
    "DoubleTensor", "FloatTensor", "HalfTensor", "BFloat16Tensor", "LongTensor", "IntTensor", "ShortTensor", "CharTensor", "ByteTensor",
    "BoolTensor", "FloatStorage", "DoubleStorage", "LongStorage", "ByteStorage", "HalfStorage", "BFloat16Storage", "IntStorage",
    "ShortStorage", "CharStorage", "BoolStorage", "ComplexFloatStorage", "ComplexDoubleStorage", "Storage", "AcceleratorError",
    "compiled_with_cxx11_abi", "is_warn_always_enabled", "set_warn_always",
)  # fmt: skip
_SUBPACKAGES = {
    "nn": "nn", "optim": "optim", "amp": "amp", "autograd": "autograd", "data": "data", "utils": "utils", "testing": "testing",
    "linalg": "linalg", "special": "special", "fft": "fft", "signal": "signal", "random": "random", "cuda": "cuda", "backends":
    "backends", "onnx": "onnx", "serialization": "serialization", "func": "func", "distributions": "distributions", "profiler": "profiler",
    "array_api": "array_api", "return_types": "return_types", "masked": "masked", "quasirandom": "quasirandom",
    **{name: f"as_torch.modules.{name}" for name in _NAMED},
}  # fmt: skip
# names of this module that a subpackage defines
_ELSEWHERE = {
    "save": "serialization", "load": "serialization", "autocast": "amp", "GradScaler": "amp", "vmap": "func",
    **dict.fromkeys(("is_anomaly_enabled", "is_anomaly_check_nan_enabled", "set_anomaly_enabled"), "autograd.anomaly_mode"),
    **dict.fromkeys(_ALSO_NAMED, "as_torch.modules.top"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return import_module(f".{_SUBPACKAGES[name]}", __name__)
    if name in _ELSEWHERE:
        return getattr(import_module(f".{_ELSEWHERE[name]}", __name__), name)
    from difflib import get_close_matches

    near = get_close_matches(name, [n for n in (*globals(), *_SUBPACKAGES, *_ELSEWHERE) if not n.startswith("_")], 1)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def __dir__() -> list[str]:
    return sorted({*(n for n in globals() if not n.startswith("_")), *_SUBPACKAGES, *_ELSEWHERE})
