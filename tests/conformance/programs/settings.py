"""What `torch` remembers between calls: defaults, modes, switches, and how tensors are printed. Each program puts back what it found."""

from __future__ import annotations

import warnings
from typing import Any

from .tools import attempt, each, numbers, program


@program("torch.get_default_dtype", "torch.set_default_dtype", "torch.set_default_tensor_type")
def default_dtype(torch: Any) -> Any:
    found: dict[str, Any] = {"at first": torch.get_default_dtype()}
    try:
        for d in ("float64", "float16", "bfloat16", "float32"):
            back = torch.set_default_dtype(getattr(torch, d))
            made = torch.zeros(1), torch.tensor(1.5), attempt(torch.tensor, 1j), torch.arange(1.0), torch.tensor(1) / 2, torch.empty(0)
            found[d] = back, torch.get_default_dtype(), made, torch.tensor(1), torch.tensor([]), torch.ones(1).dtype
        torch.set_default_dtype(torch.float64)
        found["layers"] = torch.nn.Linear(1, 1).weight.dtype, torch.rand(1).dtype, torch.result_type(torch.tensor(1), 1.5)
        found["printed"] = repr(torch.tensor(1.5)), repr(torch.tensor(1.5, dtype=torch.float32))
        for kind in ("torch.FloatTensor", torch.DoubleTensor, "torch.HalfTensor", torch.FloatTensor):
            torch.set_default_tensor_type(kind)
            found[f"type {kind if isinstance(kind, str) else kind.__name__}"] = torch.get_default_dtype()
        found["refused"] = [attempt(torch.set_default_dtype, d) for d in (torch.int64, torch.bool, "x", 3)]
        found["types refused"] = [attempt(torch.set_default_tensor_type, t) for t in ("torch.LongTensor", "no such", 3)]
    finally:
        torch.set_default_dtype(torch.float32)
    return found


@program("torch.get_default_device", "torch.set_default_device", "torch.get_device", "torch.get_device_module", "torch.Tensor.get_device")
def devices(torch: Any) -> Any:
    torch.set_default_device("cpu")
    first = torch.get_default_device(), torch.ones(1).device
    torch.set_default_device(None)
    x = torch.ones(1)
    module = torch.get_device_module("cpu"), torch.get_device_module()
    known = [(m.is_available(), m.device_count()) for m in module]
    refused = attempt(torch.set_default_device, "no such"), attempt(torch.get_device, 1.0), attempt(torch.get_device_module, "no such")
    return first, torch.get_default_device(), torch.get_device(x), x.get_device(), known, refused


@program("torch.device", "torch.Tensor.device")
def device(torch: Any) -> Any:
    cpu, one = torch.device("cpu"), torch.device("cuda:1")
    made = cpu, one, torch.device("cuda", 1), torch.device("cpu", 0), torch.device(cpu), torch.device(type="cuda", index=2)
    parts = [(d.type, d.index, str(d), repr(d)) for d in made]
    same = cpu == torch.device("cpu"), cpu == one, one == torch.device("cuda", 1), hash(one) == hash(torch.device("cuda:1")), cpu == "cpu"
    with torch.device("cpu"):
        inside = torch.ones(1).device
    bad = [attempt(torch.device, *a) for a in (("no such",), ("cpu", "x"), ("cuda:x",), ("cuda:-1",), (1.5,), (), ("cpu:0", 0), ("",))]
    return made, parts, same, inside, torch.ones(1).device, isinstance(cpu, torch.device), bad


@program(
    "torch.use_deterministic_algorithms", "torch.are_deterministic_algorithms_enabled", "torch.set_deterministic_debug_mode",
    "torch.is_deterministic_algorithms_warn_only_enabled", "torch.get_deterministic_debug_mode",
)  # fmt: skip
def determinism(torch: Any) -> Any:
    def state() -> Any:
        asked = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
        return asked, torch.get_deterministic_debug_mode()

    found = [state()]
    for mode, warn in ((True, False), (True, True), (False, False)):
        torch.use_deterministic_algorithms(mode, warn_only=warn)
        found.append(state())
    for level in (0, 1, 2, "warn", "error", "default"):
        torch.set_deterministic_debug_mode(level)
        found.append(state())
    return found, [attempt(torch.set_deterministic_debug_mode, m) for m in (3, "x", 1.5)], attempt(torch.use_deterministic_algorithms)


@program("torch.set_float32_matmul_precision", "torch.get_float32_matmul_precision")
def matmul_precision(torch: Any) -> Any:
    found = [torch.get_float32_matmul_precision()]
    for p in ("high", "medium", "highest"):
        torch.set_float32_matmul_precision(p)
        found.append(torch.get_float32_matmul_precision())
    return found, attempt(torch.set_float32_matmul_precision, "low"), attempt(torch.set_float32_matmul_precision, 1)


@program("torch.get_num_threads", "torch.set_num_threads", "torch.get_num_interop_threads", "torch.set_num_interop_threads")
def threads(torch: Any) -> Any:
    """How many there are is the machine's; what is set comes back."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    two = torch.get_num_threads()
    bad = [attempt(torch.set_num_threads, n) for n in (0, -1, 1.5, "x")]
    torch.set_num_threads(before)
    between = [attempt(torch.set_num_interop_threads, n) for n in (0, -1, 1.5)]
    return two, bad, before > 0, type(before), torch.get_num_interop_threads() > 0, between


@program("torch.set_warn_always", "torch.is_warn_always_enabled", "torch.set_flush_denormal", "torch.compiled_with_cxx11_abi")
def switches(torch: Any) -> Any:
    found = [torch.is_warn_always_enabled()]
    for on in (True, False):
        torch.set_warn_always(on)
        found.append(torch.is_warn_always_enabled())
    flushed = torch.set_flush_denormal(True)
    tiny = torch.tensor([1e-310], dtype=torch.float64)
    under = (tiny * 1).item() == 0
    torch.set_flush_denormal(False)
    return found, type(flushed), under == flushed, (tiny * 1).item() > 0, torch.compiled_with_cxx11_abi()


@program("torch.no_grad", "torch.enable_grad", "torch.set_grad_enabled", "torch.is_grad_enabled", "torch.inference_mode",
         "torch.is_inference_mode_enabled")  # fmt: skip
def grad_modes(torch: Any) -> Any:
    x = numbers(torch, 2, grad=True)

    def state() -> Any:
        y = x * 2
        return torch.is_grad_enabled(), torch.is_inference_mode_enabled(), y.requires_grad, y.is_inference()

    found: dict[str, Any] = {"at first": state()}
    contexts = {
        "no_grad": torch.no_grad, "enable_grad": torch.enable_grad, "inference": torch.inference_mode,
        "no inference": lambda: torch.inference_mode(False), "off": lambda: torch.set_grad_enabled(False),
        "on": lambda: torch.set_grad_enabled(True),
    }  # fmt: skip
    for a, outer in contexts.items():
        with outer():
            found[a] = state()
            for b, inner in contexts.items():
                with inner():
                    found[f"{a}, {b}"] = state()[a == "inference" :]  # is_grad_enabled() there: on_purpose.recorded
        found[f"after {a}"] = state()
    for name in ("no_grad", "enable_grad", "inference_mode"):
        f = getattr(torch, name)
        found[f"decorated {name}"] = f()(state)(), f(state)()

        @f()
        def steps() -> Any:
            yield torch.is_grad_enabled()
            yield state()

        found[f"generator {name}"] = [(s, torch.is_grad_enabled()) for s in steps()]
    torch.set_grad_enabled(False)
    found["set"] = state()
    torch.set_grad_enabled(True)
    with torch.inference_mode():
        y = torch.ones(2)
    found["inference tensor"] = (
        y + 1,
        attempt(y.add_, 1),
        attempt(lambda: (y * x).sum()),
        attempt(y.requires_grad_),
        y.clone().is_inference(),
    )
    try:
        with torch.no_grad():
            raise KeyError
    except KeyError:
        found["left by an error"] = state()
    return found, attempt(torch.set_grad_enabled, "x")


@program("torch.is_anomaly_enabled", "torch.is_anomaly_check_nan_enabled", "torch.set_anomaly_enabled")
def anomaly(torch: Any) -> Any:
    def state() -> Any:
        return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()

    found = [state()]
    for on, nan in ((True, True), (True, False), (False, True)):
        torch.set_anomaly_enabled(on, check_nan=nan)
        found.append(state())
    torch.set_anomaly_enabled(True)
    x = torch.tensor([-1.0], requires_grad=True)
    bad = attempt(lambda: x.sqrt().sum().backward())
    torch.set_anomaly_enabled(False)
    with torch.autograd.detect_anomaly(check_nan=False):
        found.append(state())
    return found, state(), bad, attempt(lambda: x.sqrt().sum().backward())


PRINTED = {
    "short": {"precision": 2}, "cut": {"threshold": 5, "edgeitems": 1}, "narrow": {"linewidth": 30}, "scientific": {"sci_mode": True},
    "plain": {"sci_mode": False}, "profile short": {"profile": "short"}, "profile full": {"profile": "full"},
    "default": {"profile": "default"},
}  # fmt: skip


@each("torch.set_printoptions")
def printing(torch: Any, name: str) -> Any:
    tensors = [
        numbers(torch, 3, 4), numbers(torch, 20, dtype="int64"), numbers(torch, 2, 2, dtype="complex64"), torch.tensor([1e-5, 1e5]),
        torch.tensor(3.0), torch.tensor([float("nan"), float("inf"), 1.0]), torch.arange(1200.0), numbers(torch, 2, 2, 2, dtype="float64"),
        torch.ones(0, 3), numbers(torch, 3, dtype="bool"), numbers(torch, 2, grad=True), numbers(torch, 3, dtype="bfloat16"),
    ]  # fmt: skip
    found: dict[str, Any] = {"at first": [repr(t) for t in tensors]}
    for key, options in PRINTED.items():
        torch.set_printoptions(**options)
        found[key] = [str(t) for t in tensors]
        torch.set_printoptions(profile="default", sci_mode=None)
    return found, [repr(t) for t in tensors], attempt(torch.set_printoptions, profil="x")


@program("torch.compile")
def compiled(torch: Any) -> Any:
    """Without a compiler's help: the eager backend, whose results are the function's own."""

    def f(x: Any, scale: float = 2.0) -> Any:
        return (x * scale).sin()

    x = numbers(torch, 3)
    layer = torch.nn.Linear(3, 2)
    found = torch.compile(f, backend="eager")(x), torch.compile(backend="eager")(f)(x, scale=3.0), f(x)
    same = bool((torch.compile(layer, backend="eager")(x) == layer(x)).all())
    torch.distributions.Distribution.set_default_validate_args(True)  # PyTorch's compiler turns it off for the whole process
    return found, same, torch.compile(f, disable=True)(x)


@program("torch.vmap")
def vmapped(torch: Any) -> Any:
    x, y = numbers(torch, 3, 4, dtype="float64"), numbers(torch, 4, dtype="float64", seed=1)
    found = torch.vmap(torch.dot, in_dims=(0, None))(x, y), torch.vmap(torch.sin, out_dims=1)(x), torch.vmap(torch.sum, in_dims=1)(x)
    several = torch.vmap(lambda a: (a.sum(), a * 2))(x), torch.vmap(torch.vmap(torch.exp))(x), torch.vmap(torch.sum, chunk_size=2)(x)
    bad = attempt(torch.vmap(torch.dot), x, y), attempt(torch.vmap(torch.sum, in_dims=3), x), attempt(torch.vmap(lambda a: a.item()), y)
    drawn = torch.vmap(lambda a: a + torch.rand(()), randomness="same")(torch.zeros(4))
    each_own = torch.vmap(lambda a: a + torch.rand(()), randomness="different")(torch.zeros(4))
    refused = attempt(torch.vmap(lambda a: a + torch.rand(())), torch.zeros(4))
    return found, several, bad, len(set(drawn.tolist())), len(set(each_own.tolist())), refused


@program("torch.autocast", "torch.GradScaler")
def mixed(torch: Any) -> Any:
    a, b = numbers(torch, 2, 3), numbers(torch, 3, 2)
    found = []
    for dtype in (torch.bfloat16, torch.float16, None):
        with torch.autocast("cpu", dtype=dtype):
            found.append(((a @ b).dtype, (a + a).dtype, a.exp().dtype))
    with torch.autocast("cpu", enabled=False):
        found.append((a @ b).dtype)
    decorated = torch.autocast("cpu", dtype=torch.bfloat16)(lambda: (a @ b).dtype)()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refused = attempt(torch.autocast, "no such"), attempt(torch.autocast), attempt(torch.autocast, 3)
    scaler = torch.GradScaler("cpu", init_scale=8.0)
    p = torch.nn.Parameter(torch.ones(2))
    step = torch.optim.SGD([p], 0.5)
    scaler.scale(p.sum()).backward()
    scaled = p.grad.clone()
    scaler.step(step)
    scaler.update()
    p.grad = torch.tensor([float("inf"), 1.0])
    scaler.unscale_(step)
    scaler.step(step)
    scaler.update()
    return (
        found,
        decorated,
        refused,
        scaled,
        p.detach(),
        scaler.get_scale(),
        scaler.is_enabled(),
        torch.GradScaler("cpu", enabled=False).is_enabled(),
    )
