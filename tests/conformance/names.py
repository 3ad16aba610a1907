"""PyTorch's public names in scope, and which of them are here.

A name is public where PyTorch's own rule says so: it is in `__all__`, or has no underscore in front and was defined below `torch`. What is
out of scope stands in OUT with the reason, so that the count of what is absent hides nothing.
"""

from __future__ import annotations

import importlib
import inspect
import re
import types
from dataclasses import dataclass

import torch

from workbench import engine as ours

# module of PyTorch -> ours of the same dotted name
MODULES = (
    "torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn", "torch.nn.utils.parametrize",
    "torch.nn.utils.parametrizations", "torch.nn.utils.prune", "torch.nn.utils.stateless", "torch.linalg", "torch.fft", "torch.special",
    "torch.signal.windows", "torch.optim", "torch.optim.lr_scheduler", "torch.optim.swa_utils", "torch.autograd",
    "torch.autograd.functional", "torch.autograd.forward_ad", "torch.autograd.graph", "torch.func", "torch.utils.data",
    "torch.utils.checkpoint", "torch.distributions", "torch.distributions.constraints", "torch.distributions.transforms", "torch.amp",
    "torch.profiler", "torch.testing", "torch.random", "torch.utils.tensorboard", "torch.masked",
)  # fmt: skip

# pattern of dotted names -> why they are out of scope
OUT = {
    r"torch\.(cuda|xpu|mps|mtia|hpu|accelerator|acc|Event|Stream|is_vulkan_available|native_norm)\b.*|torch\.(cudnn|miopen|mkldnn|fbgemm)_\w*|"
    r"torch\.Tensor\.(cuda|xpu|ipu|hpu|mtia|record_stream|to_mkldnn)": "another device, or a kernel under a library's name",
    r".*(sparse|csr|csc|coo|bsr|bsc|sspaddmm|smm|hspmm|saddmm).*|torch\.Tensor\.(coalesce|is_coalesced|crow_indices|col_indices|ccol_indices|"
    r"row_indices|indices|values|dense_dim|to_dense)|torch\.((c?crow_|c?col_|row_)?indices|values)_copy|torch\.(crow|ccol|row)_indices_copy|"
    r"torch\.optim\.SparseAdam":
        "sparse tensors and other layouts",
    r".*(quantiz|quantile_|qint|quint|QInt|QUInt|q_scale|q_zero|q_per|qscheme|int_repr|fake_quant|qat|fused_moving|dequant|per_channel|"
    r"per_tensor).*|torch\.choose_qparams_optimized|"
    r"torch\.nn\.functional\.(scaled_(grouped_)?mm|ScalingType|SwizzleType)": "quantised tensors",
    r"torch\.masked\.(MaskedTensor|(as_|is_)?masked_tensor)": "tensors that carry a mask",
    r".*nested.*|.*\bjagged\b|.*NestedTensor.*|torch\.Tensor\.to_padded_tensor": "nested tensors",
    r"torch\.(bits?\d*(x\d)?|float[48]_\w+|u?int[1-7]|uint(16|32|64)|complex32|chalf|hash_tensor)|torch\.Tensor\.(chalf|hash_tensor)":
        "dtypes that the design leaves out, and what gives them",
    r"torch\.(StorageBase|from_file)|torch\.Tensor\.(storage_type|set_)": "storages that tensors are put together from",
    r"torch\.(eig|lstsq|solve|symeig|matrix_rank)|torch\.Tensor\.(eig|lstsq|solve|symeig)": "removed from PyTorch: they only raise",
    r"torch\.(Script\w*|\w*Script\w*|Compilation\w*|parse_\w*|import_ir_module\w*|fork|wait|Future|Await\w*|\w+Type|BenchmarkConfig|"
    r"BenchmarkExecutionStats|Block|Callstack|CallStack|Capsule|Code|\w*ArgumentSpec|Argument|Alias\w*|Type|DeepCopyMemoTable|BufferDict|"
    r"DeserializationStorageContext|DispatchKey\w*|ExcludeDispatchKeyGuard|ErrorReport|Exec\w*|FileCheck|FatalError|FunctionSchema|Gradient|"
    r"Graph\w*|IODescriptor|JITException|LockingLogger|LoggerBase|NoopLogger|ModuleDict|Node|OperatorInfo|ParameterDict|"
    r"PyTorchFile\w*|SerializationStorageContext|StaticModule|Stream\w*|ThroughputBenchmark|TracingState|ConcreteModuleType\w*|Use|Value|"
    r"AggregationType|SUM|AVG|merge_type_from_type_comment|unify_type_list|Tag|get_file_path)$": "TorchScript's types and graphs",
    r"torch\.(SymBool|SymFloat|SymInt|sym_\w*|unbacked\w*|cond|while_loop)$": "what stands for sizes and branches in a traced program",
    r"torch\.(autocast_\w*|clear_autocast_cache|set_autocast_\w*|get_autocast_\w*|is_autocast_\w*)$": "what torch.amp is made of",
    r"torch\.(batch_norm_(stats|elemt|update_stats|gather_\w+|backward_\w+))$": "parts of batch norm over several CUDA devices",
    r"torch\.(has_\w+|USE_\w+|PRIVATE_OPS|init_num_threads|prepare_multiprocessing_environment|profiler_allow_\w+|classproperty|"
    r"set_vital|vitals_enabled|read_vitals|candidate|obj|name|mod)$": "how PyTorch was built, and variables left over in its modules",
    r"torch\.((Disable|Enable)TorchFunction\w*)$|torch\.nn\.functional\.has_torch_function\w*|"
    r"torch\.Tensor\.(module_load|grad_dtype|index|volatile|reinforce)$": "tensor subclasses, first-class dimensions, and what only raises",
    r"torch\.utils\.data\.(datapipes|dataset|dataloader|sampler|graph|graph_settings|functional_datapipe|guaranteed_datapipes_determinism|"
    r"non_deterministic|runtime_validation\w*|argument_validation|DFIterDataPipe|DataChunk|\w*DataPipe|\w*Mixin|_.*|backward_compatibility)$":
        "data pipes, which PyTorch has given up",
    r"torch\.profiler\.(itt|ExecutionTraceObserver|_.*|kineto_available|supported_activities|python_tracer|profiler)$": "other profilers",
    r"torch\.autograd\.(\w*profiler\w*|function|functional|grad_mode|gradcheck|graph|forward_ad|variable|anomaly_mode)$":
        "modules of their own",
    r"torch\.nn\.(modules|parallel|functional|init|utils|parameter|grad|intrinsic|qat|quantizable|quantized|attention|backends|cpp|"
    r"factory_kwargs|common_types|DataParallel|UninitializedTensorMixin)$": "modules of their own",
    r".*_notes|torch\.nn\.functional\.(BroadcastingList\d|GRID_SAMPLE_\w+|assert_int_or_pair)|torch\.fft\.Tensor":
        "typing, pieces of PyTorch's documentation and checks for TorchScript",
    r".*\.(Any|Optional|Union|List|Tuple|Dict|Callable|Sequence|Iterable|Iterator|TypeVar|Generic|Set|NamedTuple|TYPE_CHECKING|Literal|"
    r"Protocol|TypeAlias|overload|Final|annotations|deprecated)$":
        "typing, pieces of PyTorch's documentation and checks for TorchScript",
}  # fmt: skip


@dataclass
class Name:
    """A public name of PyTorch: where it is, whether it is here."""

    path: str
    present: bool
    out: str = ""


def is_module(x: object) -> bool:
    return isinstance(x, types.ModuleType)


def public(module: str) -> list[str]:
    """Names of a module that PyTorch calls public."""
    found = importlib.import_module(module)
    listed = getattr(found, "__all__", None)
    names = listed if listed is not None and module != "torch" else [n for n in dir(found) if not n.startswith("_")]
    kept = []
    for name in names:
        value = getattr(found, name, None)
        if is_module(value):
            continue
        home = getattr(value, "__module__", None) or "torch"
        if not str(home).startswith("torch"):
            continue
        if listed is None and inspect.isclass(value) | inspect.isfunction(value) and not str(home).startswith(module):
            continue  # imported from elsewhere
        kept.append(name)
    return sorted(set(kept))


def reason(path: str) -> str:
    return next((why for pattern, why in OUT.items() if re.fullmatch(pattern, path)), "")


def walk() -> list[Name]:
    """Every public name of MODULES and of torch.Tensor."""
    found = []
    for module in MODULES:
        here = _ours(module)
        found += [named(module, name, _has(here, name)) for name in public(module)]
    methods = sorted(n for n in dir(torch.Tensor) if not n.startswith("_"))
    return found + [named("torch.Tensor", name, hasattr(ours.Tensor, name)) for name in methods]


def named(module: str, name: str, present: bool) -> Name:
    return Name(f"{module}.{name}", present, reason(f"{module}.{name}"))


def _has(module: object, name: str) -> bool:
    try:
        return module is not None and hasattr(module, name)
    except ImportError:
        return False


def _ours(module: str) -> object:
    try:
        return importlib.import_module("workbench.engine" + module.removeprefix("torch"))
    except ImportError:
        return None


if __name__ == "__main__":
    names = walk()
    inside = [n for n in names if not n.out]
    absent = [n.path for n in inside if not n.present]
    print(*absent, sep="\n")
    print(f"{len(names)} public names, {len(names) - len(inside)} out of scope, {len(inside) - len(absent)} of {len(inside)} present")
