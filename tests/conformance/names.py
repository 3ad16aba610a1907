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
    "torch.profiler", "torch.testing", "torch.random", "torch.utils.tensorboard",
)  # fmt: skip

# pattern of dotted names -> why they are out of scope
OUT = {
    r"torch\.(cuda|xpu|mps|mtia|hpu|accelerator|acc)\b.*": "another device",
    r".*(sparse|csr|csc|coo|bsr|bsc|sspaddmm|smm|hspmm|saddmm).*|torch\.Tensor\.(coalesce|is_coalesced|crow_indices|col_indices|ccol_indices|"
    r"row_indices|indices|values|dense_dim|to_dense|to_mkldnn|is_mkldnn)": "sparse tensors and other layouts",
    r".*(quantiz|quantile_|qint|quint|q_scale|q_zero|q_per|qscheme|int_repr|fake_quant|fbgemm|qat|fused_moving|dequant|per_channel|"
    r"per_tensor).*": "quantised tensors",
    r".*(named_tensor|refine_names|align_to|align_as|align_tensors|rename_?|has_names|\.names|unify_names)$": "named tensors",
    r".*nested.*|.*\bjagged\b|.*NestedTensor.*": "nested tensors",
    r".*(Storage|TypedStorage|UntypedStorage|ByteStorage)$|torch\.Tensor\.(storage|storage_type|untyped_storage|set_|is_set_to|from_file|"
    r"data_ptr_unused)|torch\.from_file": "storages as objects of their own",
    r"torch\.(jit|fx|export|compiler|_.*|onnx|package|hub|library|ops|classes|overrides|masked|monitor|mobile|futures|multiprocessing|"
    r"distributed|utils|types|version|functional|return_types|serialization|storage|quasirandom|torch_version|contrib|backends|ao|"
    r"quantization|nativert|numa|headeronly|accelerator|misc|cpu)$": "modules of their own, not in this list",
    r"torch\.(Script\w*|\w*Script\w*|Compilation\w*|parse_\w*|import_ir_module\w*|fork|wait|Future|Awaitable\w*|Async\w*|BenchmarkConfig|"
    r"BenchmarkExecutionStats|Block|Callstack|Capsule|Code|CallStack|Argument|Alias\w*|DeepCopyMemoTable|DeserializationStorageContext|"
    r"DispatchKey\w*|ErrorReport|Exec\w*|FileCheck|FunctionSchema|Gradient|Graph\w*|IODescriptor|InferredType|InterfaceType|JITException|"
    r"ListType|LiteScriptModule|LockingLogger|LoggerBase|ModuleDict|Node|NoneType|NoopLogger|NumberType|OperatorInfo|OptionalType|"
    r"ParameterDict|PyObjectType|PyTorchFile\w*|RRefType|SerializationStorageContext|StaticModule|Stream\w*|StringType|SymIntType|"
    r"ThroughputBenchmark|TracingState|TupleType|Type|UnionType|Use|Value|AnyType|BoolType|ClassType|ComplexType|ConcreteModuleType\w*|"
    r"DeviceObjType|DictType|EnumType|FloatType|FutureType|IntType|TensorType|Event|cudnn_\w*|miopen_\w*|mkldnn_\w*|cond|vmap_unused|"
    r"SymBool|SymFloat|SymInt|sym_\w*|unbacked\w*|unsafe_\w*_not|get_device_module|merge_type_from_type_comment|set_vital|vitals_enabled|"
    r"read_vitals|stft_unused|segment_reduce|native_\w*|batch_norm_\w+|embedding_renorm_|choose_qparams_optimized|clear_autocast_cache|"
    r"autocast_\w*|is_autocast_cache_enabled|set_autocast_\w*|get_autocast_\w*|is_autocast_\w*|nuclear_norm|resize_as_sparse_|norm_except_dim|"
    r"constant_pad_nd_unused|conv_tbc|convolution|cosine_embedding_loss|ctc_loss|\w*_loss|frobenius_norm|grid_sampler\w*|gru\w*|lstm\w*|"
    r"rnn_\w*|group_norm|instance_norm|layer_norm|rms_norm|max_pool\w*|avg_pool\w*|adaptive_\w*|affine_grid_generator|bilinear|"
    r"binary_cross_entropy_with_logits|cdist_unused|dropout\w*|alpha_dropout\w*|feature_\w*|embedding\w*|pairwise_distance|pdist|"
    r"pixel_\w*|rrelu\w*|selu\w*|celu\w*|relu_unused|threshold\w*|prelu|hardshrink|native_channel_shuffle|channel_shuffle|"
    r"cosine_similarity|batch_norm\w*|conv\d?\w*|hinge_embedding_loss|margin_ranking_loss|poisson_nll_loss|triplet_margin_loss|"
    r"init_num_threads|prepare_multiprocessing_environment|import_ir_module_from_buffer|is_storage|is_vulkan_available|get_file_path|"
    r"default_generator_unused|candidate|obj|name|mod|memory_format_unused|AggregationType|AutocastCacheUnused|has_\w+|"
    r"fbgemm\w*|hash_tensor|log_unused|GradScaler_unused|Tag|AcceleratorError|OutOfMemoryError|DisableTorchFunction\w*|"
    r"EnableTorchFunction\w*|set_warn_always|is_warn_always_enabled|set_deterministic_debug_mode|get_deterministic_debug_mode)$":
        "TorchScript's types and PyTorch's own internals (functional forms are counted under nn.functional)",
    r"torch\.Tensor\.(cuda|xpu|ipu|hpu|mtia|is_(cuda|xpu|ipu|hpu|mtia|maia|mps|meta|vulkan|xla|ort|nested|quantized|distributed|shared)|"
    r"module_load|map_|map2_|apply_|as_subclass|reinforce|new|dim_order|to_padded_tensor|has_names|device_unused|share_memory_|"
    r"is_sparse\w*|imag_unused|volatile|grad_dtype)$": "devices, legacy forms and tensor subclasses",
    r"torch\.testing\.(FileCheck)$": "TorchScript",
    r"torch\.utils\.data\.(datapipes|dataset|dataloader|sampler|graph|graph_settings|functional_datapipe|guaranteed_datapipes_determinism|"
    r"non_deterministic|runtime_validation\w*|argument_validation|DFIterDataPipe|DataChunk|\w*DataPipe|\w*Mixin|_.*|backward_compatibility)$":
        "data pipes, which PyTorch has given up",
    r"torch\.profiler\.(itt|ExecutionTraceObserver|_.*|kineto_available|supported_activities|python_tracer|profiler)$": "other profilers",
    r"torch\.autograd\.(\w*profiler\w*|function|functional|grad_mode|gradcheck|graph|forward_ad|variable|anomaly_mode|inference_mode_unused)$":
        "modules of their own",
    r"torch\.nn\.(modules|parallel|functional|init|utils|parameter|grad|intrinsic|qat|quantizable|quantized|attention|backends|cpp|"
    r"factory_kwargs|common_types|DataParallel|UninitializedTensorMixin)$": "modules of their own",
    r".*\.(Any|Optional|Union|List|Tuple|Dict|Callable|Sequence|Iterable|Iterator|TypeVar|Generic|Set|NamedTuple|TYPE_CHECKING|Literal|"
    r"Protocol|TypeAlias|overload|Final|annotations|deprecated)$": "typing",
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
