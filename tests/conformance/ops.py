"""Every op on PyTorch's own sample inputs (`torch.testing`'s op database): what agrees, what is refused, what is wrong.

The samples are PyTorch's, made for its own tests, so they stand on both sides of each option, and nobody here wrote them.
"""

from __future__ import annotations

import importlib
import inspect
import types
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

from workbench import engine as ours

from .compare import Different, as_near, check_same, widened
from .judges import GAUGE, RANDOM, SOURCES, TIES, drawn, follow, is_meant, named_by_value, of_source, slopes
from .tally import Result, Tally
from .translate import OutOfScope, as_they_lie, our_dtype, tensors, to_ours, to_theirs

DTYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.complex128,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
)  # fmt: skip
GRADIENT_DTYPES = (torch.float64, torch.complex128)
MOST = 120  # samples of one op and dtype; spread evenly where PyTorch gives more


def find(name: str) -> Any:
    """Our object of a dotted name below `torch`; raises AttributeError where there is none."""
    found: Any = ours
    for part in name.split("."):
        found = below(found, part)
    return found


def below(parent: Any, name: str) -> Any:
    try:
        return getattr(parent, name)
    except (AttributeError, ModuleNotFoundError):
        if not isinstance(parent, types.ModuleType):
            raise AttributeError(name) from None
    try:
        return importlib.import_module(f"{parent.__name__}.{name}")
    except ModuleNotFoundError:
        raise AttributeError(f"no {name} in {parent.__name__}") from None


def rebound(f: Any) -> Any:
    """A function of PyTorch's test code, with `torch` meaning our engine in it."""
    space = {**f.__globals__, "torch": ours, "F": ours.nn.functional, "np": __import__("numpy")}
    copy = types.FunctionType(f.__code__, space, f.__name__, f.__defaults__, f.__closure__)
    copy.__kwdefaults__ = f.__kwdefaults__
    return copy


def our_function(info: Any) -> Callable[..., Any]:
    """What we have for an op of the database."""
    op = info.op
    if inspect.isfunction(op) and op.__module__.startswith("torch.testing"):
        return rebound(op)
    try:
        found = find(info.name)
    except AttributeError:
        found = None
    if callable(found):
        return found
    return getattr(ours.Tensor, info.name)  # `float` and the like are dtypes beside methods


def samples(info: Any, dtype: torch.dtype, requires_grad: bool) -> list[Any]:
    """PyTorch's sample inputs, at most MOST of them, the same ones each time."""
    torch.manual_seed(0)
    found = list(info.sample_inputs("cpu", dtype, requires_grad=requires_grad))
    step = max(1, -(-len(found) // MOST))
    return found[::step]


def brief(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".split("\n")[0][:300]


def describe(sample: Any) -> str:
    """A sample in a line: shapes and options."""

    def say(v: Any) -> str:
        if isinstance(v, torch.Tensor):
            return f"{str(v.dtype).removeprefix('torch.')}{list(v.shape)}"
        if isinstance(v, (tuple, list)):
            return "(" + ", ".join(map(say, v)) + ")"
        return repr(v)

    parts = [say(sample.input), *map(say, sample.args), *(f"{k}={say(v)}" for k, v in sample.kwargs.items())]
    return ", ".join(parts)[:200]


def variants(info: Any) -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """The forms of an op: name, ours, PyTorch's."""
    yield "function", our_function(info), info.op
    name = info.name.split(".")[-1]
    if isinstance(info.method_variant, types.MethodDescriptorType | types.FunctionType) and hasattr(torch.Tensor, name):
        yield "method", lambda x, *a, **k: getattr(x, name)(*a, **k), lambda x, *a, **k: getattr(x, name)(*a, **k)
    if info.inplace_variant is not None and hasattr(torch.Tensor, name + "_"):
        place = name + "_"
        yield "inplace", lambda x, *a, **k: getattr(x, place)(*a, **k), lambda x, *a, **k: getattr(x, place)(*a, **k)


def check_forward(info: Any, dtype: torch.dtype, result: Result) -> None:
    """Values, shapes and dtypes, by function, method and in-place form."""
    chosen = samples(info, dtype, False)
    for kind, mine, theirs in variants(info):
        tally = result[kind]
        for sample in chosen if kind == "function" else chosen[:8]:
            try:
                args = to_ours((sample.input, *sample.args))
                kwargs = to_ours(sample.kwargs)
            except OutOfScope as reason:
                tally.left_out.append(str(reason))
                continue
            copies = torch.utils._pytree.tree_map(lambda t: t.clone() if isinstance(t, torch.Tensor) else t, (sample.input, *sample.args))
            try:
                torch.manual_seed(1)
                expected = theirs(*copies, **sample.kwargs)
                for t in tensors(expected):
                    our_dtype(t.dtype)
            except OutOfScope as reason:
                tally.left_out.append(str(reason))
                continue
            except Exception as error:
                tally.left_out.append(f"torch: {brief(error)}")
                continue
            compare(tally, sample, partial(mine, *args, **kwargs), expected, partial(in_float64, info.name, theirs, sample), info)
        for found in (tally.wrong, tally.refused):
            tally.meant += [text for text in found if is_meant(info.name, kind, text)]
            found[:] = [text for text in found if not is_meant(info.name, kind, text)]


def in_float64(name: str, theirs: Callable[..., Any], sample: Any) -> Any:
    """PyTorch's result on the same numbers with more digits, or that of a better source."""
    if name in SOURCES:
        return of_source(name, sample.input)
    args, kwargs = widened(((sample.input, *sample.args), sample.kwargs))
    return theirs(*args, **kwargs)


def compare(tally: Tally, sample: Any, call: Callable[[], Any], expected: Any, exact: Callable[[], Any], info: Any) -> None:
    """Call ours and put what comes of it into the tally."""
    try:
        found = call()
    except OutOfScope as reason:
        tally.left_out.append(str(reason))
        return
    except Exception as error:
        tally.refused.append(f"({describe(sample)}) {brief(error)}")
        return
    try:
        if info.name in GAUGE:
            expected, found = sample.output_process_fn_grad(expected), rebound_process(sample)(found)
        found = to_theirs(found)
        if info.name in TIES and not sample.kwargs.get("stable"):
            found, expected = named_by_value(info.name, sample, found), named_by_value(info.name, sample, expected)
        check_same(found, expected, values=not drawn(info.name, sample))
    except OutOfScope as reason:
        tally.left_out.append(str(reason))
    except Different as error:
        if as_near(found, expected, exact):
            tally.agree += 1
            tally.nearer += 1
        else:
            tally.wrong.append(f"({describe(sample)}) {error}")
    except Exception as error:
        tally.refused.append(f"({describe(sample)}) while comparing: {brief(error)}")
    else:
        tally.agree += 1


def rebound_process(sample: Any) -> Callable[[Any], Any]:
    f = sample.output_process_fn_grad
    return rebound(f) if inspect.isfunction(f) and f.__module__.startswith("torch.testing") else f


def check_gradient(info: Any, dtype: torch.dtype, result: Result) -> None:
    """Gradients of a weighted sum of all outputs, with respect to every input that PyTorch gives one for."""
    tally = result["gradient"]
    mine = our_function(info)
    for sample in samples(info, dtype, True)[:60]:
        try:
            args, kwargs = as_they_lie(((sample.input, *sample.args), sample.kwargs))
        except OutOfScope as reason:
            tally.left_out.append(str(reason))
            continue

        def theirs(sample: Any = sample) -> Any:
            torch.manual_seed(1)
            return sample.output_process_fn_grad(info.op(sample.input, *sample.args, **sample.kwargs))

        try:
            out = tensors(theirs())
            which = [] if drawn(info.name, sample) else [i for i, t in enumerate(out) if t.requires_grad]
            outs = [out[i] for i in which]
            leaves = [t for t in tensors((sample.input, *sample.args, sample.kwargs)) if t.requires_grad]
            if not outs or not leaves:
                continue
            weights = [torch.randn(t.shape, dtype=t.dtype, generator=torch.Generator().manual_seed(i)) for i, t in enumerate(outs)]
            expected = torch.autograd.grad(outs, leaves, weights, allow_unused=True)
        except Exception as error:
            tally.left_out.append(f"torch: {brief(error)}")
            continue

        process = rebound_process(sample)

        def call(args: Any = args, kwargs: Any = kwargs, weights: Any = weights, process: Any = process) -> Any:
            found = [t for t in tensors(process(mine(*args, **kwargs))) if t.requires_grad]
            if len(found) != len(weights):
                raise RuntimeError(f"{len(weights)} outputs with a gradient expected, got {len(found)}")
            inputs = [t for t in tensors((args, kwargs)) if t.requires_grad]
            return ours.autograd.grad(found, inputs, [to_ours(w) for w in weights], allow_unused=True)

        filled = [torch.zeros_like(t) if g is None else g for g, t in zip(expected, leaves)]
        try:
            got = call()
        except Exception as error:
            tally.refused.append(f"({describe(sample)}) {brief(error)}")
            continue
        found = [torch.zeros_like(t) if g is None else to_theirs(g) for g, t in zip(got, leaves)]
        try:
            check_same(found, filled)
        except Different as error:
            if follow(found, filled, partial(slopes, theirs, which, leaves, weights)):
                tally.agree += 1
                tally.followed += 1
            else:
                tally.wrong.append(f"({describe(sample)}) {error}")
        else:
            tally.agree += 1


def check_errors(info: Any, result: Result) -> None:
    """Bad inputs of PyTorch's own tests: the class of the exception."""
    tally = result["errors"]
    if info.error_inputs_func is None:
        return
    mine = our_function(info)
    for bad in info.error_inputs("cpu"):
        sample = bad.sample_input
        try:
            args, kwargs = as_they_lie(((sample.input, *sample.args), sample.kwargs))
        except OutOfScope as reason:
            tally.left_out.append(str(reason))
            continue
        try:
            info.op(sample.input, *sample.args, **sample.kwargs)
        except Exception as error:
            expected = type(error)
        else:
            tally.left_out.append("torch accepts it here")
            continue
        try:
            mine(*args, **kwargs)
        except Exception as error:
            if isinstance(error, expected) or issubclass(expected, type(error)):
                tally.agree += 1
            else:
                tally.wrong.append(f"({describe(sample)}) {expected.__name__} expected, got {brief(error)}")
        else:
            tally.wrong.append(f"({describe(sample)}) {expected.__name__} expected, nothing raised")


def run(info: Any, dtypes: tuple[torch.dtype, ...] = DTYPES) -> list[Result]:
    """Everything for one op of the database."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in dtypes:
            if dtype not in info.supported_dtypes("cpu"):
                continue
            result = Result(info.name, info.variant_test_name, str(dtype).removeprefix("torch."))
            try:
                our_function(info)
            except AttributeError:
                result["function"].refused.append("absent")
                found.append(result)
                continue
            check_forward(info, dtype, result)
            if (
                dtype in GRADIENT_DTYPES
                and info.supports_autograd
                and dtype in info.supported_backward_dtypes("cpu")
                and info.name not in RANDOM
            ):
                check_gradient(info, dtype, result)
            if dtype is torch.float32:
                check_errors(info, result)
            found.append(result)
    return found


PRIVATE = ("torch.ops", "jiterator", "sparse.", "torch._", "_")
# tried through torch.ops.aten alone, or left out on purpose (names.OUT)
NOT_HERE = {"max_pool2d_with_indices_backward", "native_dropout_backward", "slice", "chalf", "hash_tensor", "to_sparse"}
INFOS = [info for info in op_db if not info.name.startswith(PRIVATE) and info.name not in NOT_HERE]
