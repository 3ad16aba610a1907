"""What a tensor says of itself, and its attributes that can be set."""

from __future__ import annotations

from typing import Any

from .tools import DTYPES, attempt, each, numbers, program


def some(torch: Any) -> dict[str, Any]:
    """Tensors of every make: dtypes, without dimensions, empty, not contiguous, views, leaves and results."""
    leaf = numbers(torch, 2, 3, grad=True)
    with torch.inference_mode():
        inside = torch.ones(2)
    return {
        **{d: numbers(torch, 2, 3, dtype=d) for d in DTYPES}, "number": torch.tensor(2), "empty": torch.empty(0, 3),
        "turned": numbers(torch, 2, 3).t(),
        "steps": numbers(torch, 4, 6)[::2, 1::2], "expanded": numbers(torch, 3, 1).expand(3, 4), "leaf": leaf, "result": leaf * 2,
        "view": leaf[0],
        "detached": leaf.detach(), "channels last": numbers(torch, 2, 3, 4, 5).to(memory_format=torch.channels_last),
        "parameter": torch.nn.Parameter(leaf),
        "inference": inside, "one": torch.tensor([3.0]),
    }  # fmt: skip


QUESTIONS = (
    "dim", "ndimension", "element_size", "is_contiguous", "is_pinned", "is_shared", "nelement", "numel", "stride", "storage_offset", "size",
    "is_floating_point", "dim_order", "is_inference", "tolist", "item", "is_nonzero",
)  # fmt: skip
ATTRIBUTES = (
    "dtype", "is_cpu", "is_cuda", "is_ipu", "is_leaf", "is_maia", "is_meta", "is_mkldnn", "is_mps", "is_mtia", "is_vulkan", "is_xla",
    "is_xpu",
    "itemsize", "nbytes", "ndim", "output_nr", "requires_grad", "retains_grad", "shape", "grad", "name", "data", "layout", "device",
)  # fmt: skip


@each(*(f"torch.Tensor.{name}" for name in QUESTIONS))
def questions(torch: Any, name: str) -> Any:
    last = name.rpartition(".")[2]
    found = {key: attempt(getattr(t, last)) for key, t in some(torch).items()}
    return found, attempt(getattr(torch.ones(2, 3), last), 1, 2, 3, 4)


@each(*(f"torch.Tensor.{name}" for name in ATTRIBUTES))
def attributes(torch: Any, name: str) -> Any:
    last = name.rpartition(".")[2]
    found = {key: getattr(t, last) for key, t in some(torch).items()}
    x = torch.ones(2)
    unsettable = attempt(setattr, x, last, 3) if last not in ("requires_grad", "data", "grad") else None
    return found, unsettable if isinstance(unsettable, AttributeError) or unsettable is None else type(unsettable)


@program("torch.Tensor.stride", "torch.Tensor.size", "torch.Tensor.dim_order", "torch.Tensor.is_contiguous")
def by_dimension(torch: Any) -> Any:
    x = numbers(torch, 2, 3, 4)
    y = numbers(torch, 2, 3, 4, 5).to(memory_format=torch.channels_last)
    found = [x.size(d) for d in (0, -1)], [x.stride(d) for d in (0, -1)], x.size(dim=1), x.permute(2, 0, 1).stride(), y.stride()
    orders = x.dim_order(), x.permute(2, 0, 1).dim_order(), y.dim_order(), attempt(y.dim_order, ambiguity_check=[torch.channels_last])
    formats = [y.is_contiguous(memory_format=f) for f in (torch.contiguous_format, torch.channels_last)]
    return (
        found,
        orders,
        formats,
        attempt(x.size, 3),
        attempt(x.stride, -4),
        attempt(x.size, "a"),
        attempt(x.is_contiguous, memory_format=3),
    )


@program("torch.Tensor.data", "torch.Tensor.requires_grad", "torch.Tensor.grad", "torch.Tensor.requires_grad_", "torch.Tensor.is_leaf",
         "torch.Tensor.grad_fn", "torch.Tensor.output_nr")  # fmt: skip
def settable(torch: Any) -> Any:
    x = numbers(torch, 2, 3, grad=True)
    y = x * 2
    names = x.grad_fn, y.grad_fn.name(), len(y.grad_fn.next_functions), [f.name() for f, _ in y.grad_fn.next_functions if f is not None]
    outputs = [t.output_nr for t in torch.linalg.qr(x)]
    x.data = numbers(torch, 2, 3, seed=4)
    shared = x.data
    shared[0, 0] = 9.0
    after = x.detach().clone(), x.data.requires_grad, x.is_leaf
    x = numbers(torch, 2, 3, grad=True)
    x.data = torch.ones(5)
    x.grad = torch.full((5,), 2.0)
    grads = x.grad, x.shape
    x.grad = None
    (x * 3).sum().backward()
    again = x.grad
    del x.grad
    gone = x.grad
    z = torch.ones(2)
    z.requires_grad = True
    on = z.requires_grad, z.requires_grad_(False).requires_grad, z.requires_grad_() is z
    bad = [
        attempt(setattr, x, "grad", torch.ones(2)), attempt(setattr, x, "grad", 3), attempt(setattr, y, "requires_grad", False),
        attempt(torch.ones(2, dtype=torch.int64).requires_grad_), attempt(setattr, x, "data", 3),
        attempt(setattr, x, "grad", torch.ones(5).double()),
        attempt(setattr, x, "requires_grad", "x"), attempt(setattr, x, "is_leaf", True),
    ]  # fmt: skip
    return names, outputs, after, grads, again, gone, on, bad


@program(
    "torch.Tensor.T",
    "torch.Tensor.mT",
    "torch.Tensor.H",
    "torch.Tensor.mH",
    "torch.Tensor.adjoint",
    "torch.Tensor.real",
    "torch.Tensor.imag",
)
def turned(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for d in DTYPES:
        x, y = numbers(torch, 2, 3, dtype=d), numbers(torch, 2, 2, 3, dtype=d)
        found[d] = x.T, x.mT, x.H, x.mH, y.mT, y.mH, attempt(lambda y=y: y.adjoint()), x.real, attempt(lambda x=x: x.imag)
    z = numbers(torch, 2, 3, dtype="complex128", grad=True)
    weight = numbers(torch, 2, 3, dtype="float64")
    total = (z.real * weight).sum() + (z.imag * weight * 2).sum() + (z.H.abs() * weight.t()).sum()
    found["gradient"] = torch.autograd.grad(total, z)[0]
    w = numbers(torch, 2, 2, dtype="complex64")
    w.real[0, 0] = 5.0
    w.imag = torch.zeros(2, 2)
    v = numbers(torch, 3)
    v.real = torch.ones(3)
    x, y = numbers(torch, 3), numbers(torch, 2, 3, 4)
    bad = attempt(lambda: x.mT), attempt(lambda: x.H), attempt(lambda: y.H), attempt(lambda: torch.tensor(1).mH), attempt(x.adjoint)
    return found, w, v, w.real.stride(), w.imag.storage_offset(), bad, x.T, torch.tensor(1).T, torch.tensor(1).H, attempt(lambda: y.T)


@program("torch.Tensor.data_ptr", "torch.Tensor.const_data_ptr", "torch.Tensor.is_set_to")
def addresses(torch: Any) -> Any:
    x = numbers(torch, 4, 3)
    same = (
        x.data_ptr() == x.t().data_ptr(),
        x[1].data_ptr() - x.data_ptr(),
        x.clone().data_ptr() == x.data_ptr(),
        x.const_data_ptr() == x.data_ptr(),
    )
    aligned = x.data_ptr() % 64, torch.empty(0).data_ptr(), type(x.data_ptr())
    return (
        same,
        aligned,
        x.is_set_to(x),
        x.is_set_to(x.detach()),
        x.is_set_to(x[1:]),
        x.is_set_to(x.t()),
        attempt(x.is_set_to, 1),
        x.view(12).is_set_to(x),
    )


@program("torch.Tensor.detach", "torch.Tensor.detach_", "torch.detach", "torch.detach_copy", "torch.detach_")
def detached(torch: Any) -> Any:
    x = numbers(torch, 3, grad=True)
    y = x * 2
    found = (
        y.detach(),
        torch.detach(y),
        torch.detach_copy(y).detach(),
        y.detach().data_ptr() == y.data_ptr(),
        torch.detach_copy(y).data_ptr() == y.data_ptr(),
    )
    out = torch.empty(3)
    torch.detach_copy(x.detach(), out=out)
    z = x * 3
    back = z.detach_()
    with torch.no_grad():
        x.detach().add_(1)
    changed = attempt(lambda: (y.detach().mul_(2), y.sum().backward()))
    square = x * x
    x.detach().add_(1)
    return found, out, back is z, z, z.is_leaf, x.detach(), changed, attempt(square.sum().backward), attempt(x.unbind()[0].detach_)


@program("torch.Tensor.cpu", "torch.Tensor.pin_memory", "torch.Tensor.share_memory_", "torch.Tensor.is_pinned")
def places(torch: Any) -> Any:
    """The CPU's memory; what answers for other devices with an exception: on_purpose.elsewhere."""
    x = numbers(torch, 3)
    y = numbers(torch, 2, 3, 4, 5)
    found = x.cpu() is x, y.cpu(memory_format=torch.channels_last).stride(), x.is_pinned()
    shared = torch.ones(2)
    back = shared.share_memory_() is shared
    return found, back, shared, shared.is_cuda, [attempt(x.to, d) for d in ("mps", "no such")]


@program("torch.Tensor.numpy", "torch.Tensor.tolist", "torch.Tensor.item")
def out_of_it(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for d in DTYPES:
        x = numbers(torch, 2, 3, dtype=d)
        found[d] = attempt(x.numpy), x.tolist(), x[0, 0].item(), type(x[0, 0].item()), x[0, 0].tolist(), attempt(x[0].item)
    x = numbers(torch, 2, 3)
    array = x.t().numpy()
    array[0, 0] = 7.0
    leaf = numbers(torch, 2, grad=True)
    forced = (
        leaf.numpy(force=True),
        leaf.detach().numpy(),
        attempt(leaf.numpy),
        attempt((leaf * 2).numpy),
        leaf.tolist(),
        torch.tensor(2.5).numpy(),
    )
    return found, x, array.strides, forced, torch.empty(0, 2).tolist(), attempt(torch.empty(0).item), torch.tensor([[[1]]]).item()


@program("torch.Tensor.type", "torch.Tensor.type_as")
def types(torch: Any) -> Any:
    x = numbers(torch, 2, 2)
    found = {
        d: (numbers(torch, 2, dtype=d).type(), x.type(getattr(torch, d)), x.type_as(numbers(torch, 1, dtype=d)))
        for d in DTYPES
        if "complex" not in d
    }
    bad = attempt(x.type, "x"), attempt(x.type_as, torch.float32), attempt(x.type, 3)
    return (
        found,
        x.type(torch.float32) is x,
        x.type_as(x) is x,
        x.type("torch.IntTensor"),
        x.type(torch.LongTensor),
        x.type(dtype=torch.bool),
        bad,
    )


@program("torch.Tensor.storage_offset", "torch.Tensor.as_subclass", "torch.Tensor")
def classes(torch: Any) -> Any:
    class Mine(torch.Tensor):
        pass

    x = numbers(torch, 2, 3)
    mine = x.as_subclass(Mine)
    kinds = type(mine).__name__, isinstance(mine, torch.Tensor), mine + 1 == x + 1
    memory = mine.data_ptr() == x.data_ptr(), type(mine.as_subclass(torch.Tensor)).__name__
    made = (
        torch.Tensor([1, 2.5]),
        torch.Tensor(2, 3).shape,
        torch.Tensor().shape,
        torch.Tensor(torch.Size([2])).shape,
        torch.Tensor((1, 2)),
        torch.Tensor(x) is x,
    )
    bad = (
        attempt(torch.Tensor, "x"),
        attempt(torch.Tensor, 1.5),
        attempt(torch.Tensor, [1, "a"]),
        attempt(torch.Tensor, x.double()),
        attempt(torch.Tensor, -1),
    )
    return kinds, memory, made, bad, attempt(x.as_subclass, int), attempt(x.as_subclass, 3), isinstance(torch.nn.Parameter(x), torch.Tensor)


@each(*(f"torch.Tensor.{name}" for name in ("is_signed", "is_complex", "is_same_size", "is_distributed")))
def asked_of_two(torch: Any, name: str) -> Any:
    last = name.rpartition(".")[2]
    other = (torch.ones(2, 3),) if last == "is_same_size" else ()
    return {key: getattr(t, last)(*other) for key, t in some(torch).items()}
