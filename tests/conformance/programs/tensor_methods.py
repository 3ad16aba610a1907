"""Methods of tensors that PyTorch's databases leave out: hooks, writing by Python functions, sizes that change, draws in place."""

from __future__ import annotations

from typing import Any

from .tools import DTYPES, About, attempt, differentiated, each, numbers, program


@program("torch.Tensor.backward")
def backward(torch: Any) -> Any:
    x = numbers(torch, 2, 3, dtype="float64", grad=True)
    y = (x**2).sum()
    y.backward(retain_graph=True)
    first = x.grad.clone()
    y.backward()
    added = x.grad.clone()
    third = attempt(y.backward)
    x.grad = None
    (x * 2).backward(torch.ones_like(x))
    weighted = x.grad.clone()
    z = numbers(torch, 3, dtype="float64", grad=True)
    (z.sum() * x.sum()).backward(inputs=[z])
    only = z.grad, bool((x.grad == weighted).all())
    x.grad = None
    (x**3).sum().backward(create_graph=True)
    second = torch.autograd.grad(x.grad.sum(), x)[0]
    bad = [
        attempt((x * 2).backward),
        attempt(x.detach().sum().backward),
        attempt((x * 2).backward, torch.ones(2)),
        attempt(y.backward, "x"),
    ]
    return {"first": first, "added": added, "third": third, "gradient": (weighted, only, second), "bad": bad}


@program(
    "torch.Tensor.register_hook", "torch.Tensor.retain_grad", "torch.Tensor.retains_grad", "torch.Tensor.register_post_accumulate_grad_hook"
)
def hooks(torch: Any) -> Any:
    seen: list[Any] = []
    x = numbers(torch, 3, dtype="float64", grad=True)
    y = x * 2
    before = y.retains_grad, x.retains_grad
    y.retain_grad()
    first = y.register_hook(lambda g: seen.append(("first", g.clone())))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    after = x.register_post_accumulate_grad_hook(lambda t: seen.append(("after", t.grad.clone())))
    (y * y).sum().backward()
    once = y.grad, x.grad.clone(), y.retains_grad, before
    first.remove()
    after.remove()
    x.grad = None
    z = x * 3
    with z.register_hook(lambda g: g * 0):
        pass
    z.sum().backward()
    leaf = numbers(torch, 2, grad=True)
    leaf.retain_grad()
    bad = [
        attempt(x.detach().register_hook, print), attempt(x.detach().retain_grad), attempt(z.register_post_accumulate_grad_hook, print),
        attempt((x * 1).register_hook, lambda g: torch.ones(7)),
    ]  # fmt: skip
    wrong = x * 1
    wrong.register_hook(lambda g: torch.ones(7))
    return seen, once, x.grad, len(seen), bad[:3], leaf.retains_grad, attempt(wrong.sum().backward)


@program("torch.Tensor.apply_", "torch.Tensor.map_", "torch.Tensor.map2_")
def by_function(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for d in ("float64", "float32", "int64", "int32", "uint8", "bool"):
        x = numbers(torch, 2, 3, dtype=d)
        back = x.apply_(lambda v: v + 1)
        y = numbers(torch, 2, 3, dtype=d, seed=1)
        y.map_(x, (lambda a, b: a) if d == "bool" else (lambda a, b: a * 2 + b))
        z = numbers(torch, 2, 3, dtype=d, seed=2)
        z.map2_(x, y, (lambda a, b, c: b) if d == "bool" else (lambda a, b, c: a + b - c))
        found[d] = back is x, x, y, z
    t = numbers(torch, 3, 2).t()
    t.apply_(abs)
    x = numbers(torch, 3)
    bad = [
        attempt(x.apply_, 3), attempt(x.map_, x[:2], min), attempt(numbers(torch, 3, grad=True).apply_, abs),
        attempt(x.apply_, lambda v: "a"),
        attempt(x.map_, 1, min), attempt(x.map2_, x, x, lambda a, b: a), attempt(x.apply_, lambda v: 1 / 0),
    ]  # fmt: skip
    return found, t, bad


@program("torch.Tensor.copy_", "torch.Tensor.zero_", "torch.Tensor.fill_diagonal_")
def written(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for d in DTYPES:
        source = numbers(torch, 3, dtype=d)
        found[d] = [attempt(torch.ones(2, 3, dtype=getattr(torch, e)).copy_, source) for e in DTYPES], numbers(torch, 2, dtype=d).zero_()
        found[f"diagonal {d}"] = numbers(torch, 3, 4, dtype=d).fill_diagonal_(1), numbers(torch, 5, 2, dtype=d).fill_diagonal_(2, wrap=True)
    x, y = numbers(torch, 3, 3), numbers(torch, 2, 2, 2)
    x.t().copy_(numbers(torch, 3, 3, seed=1))
    x[:2].copy_(x[1:].clone(), non_blocking=True)
    found["views"] = x, x[0].zero_(), x, y.fill_diagonal_(0.5)
    weight = numbers(torch, 3, dtype="float64", seed=3)
    whole = lambda a, b: (a * 1)[:1].copy_(b) + (a * 1).fill_diagonal_(0.0).sum() + (a * 1).zero_().sum()  # noqa: E731
    found["gradient"] = differentiated(torch, whole, numbers(torch, 2, 3, dtype="float64", grad=True), weight.requires_grad_())["gradient"]
    leaf = numbers(torch, 3, grad=True)
    bad = [
        attempt(x.copy_, numbers(torch, 4)), attempt(leaf.zero_), attempt(leaf.copy_, x[0]), attempt(x[0].fill_diagonal_, 1),
        attempt(x.copy_, 1),
        attempt(numbers(torch, 2, 3, 4).fill_diagonal_, 1), attempt(torch.ones(1).expand(3).zero_),
        attempt(torch.ones(1).expand(3).copy_, x[0]),
    ]  # fmt: skip
    return found, bad


@each("torch.Tensor.bernoulli_", "torch.Tensor.random_")
def drawn(torch: Any, name: str) -> Any:
    """Shape, dtype, support and moments; a seed repeats the draw."""
    last = name.rpartition(".")[2]
    calls: dict[str, Any] = {
        "bernoulli_": {
            "default": (),
            "p": (0.2,),
            "none": (0.0,),
            "all": (1.0,),
            "tensor": (torch.full((4000,), 0.3, dtype=torch.float64),),
        },
        "random_": {"to": (5,), "both": (-3, 3), "one": (2, 3)},
    }[last]
    found: dict[str, Any] = {}
    for key, args in calls.items():
        for d in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"):
            x = torch.ones(4000, dtype=getattr(torch, d))
            if last == "random_" and (d == "bool" or (d == "uint8" and key == "both")):
                continue  # numbers that it does not hold
            torch.manual_seed(4)
            back = getattr(x, last)(*args)
            again = torch.ones(4000, dtype=x.dtype)
            torch.manual_seed(4)
            repeats = bool((getattr(again, last)(*args) == x).all())
            found[f"{key} {d}"] = back is x, sorted(set(x.tolist())), About(x.double().mean().item(), 0.15), repeats
    if last == "random_":
        for d, high in (("int8", 127), ("uint8", 255), ("int64", 2**63 - 1), ("float32", 2**24), ("float16", 2**11)):
            x = torch.empty(3000, dtype=getattr(torch, d)).random_()
            found[f"whole range of {d}"] = bool((x >= 0).all()), x.double().max().item() <= high, x.double().max().item() > 0.9 * high
    g, h = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    same = bool((getattr(torch.ones(50), last)(generator=g) == getattr(torch.ones(50), last)(generator=h)).all())
    bad = attempt(torch.ones(2).bernoulli_, 1.5), attempt(torch.ones(2).bernoulli_, -0.1), attempt(torch.ones(2).random_, 3, 3)
    bad += attempt(numbers(torch, 2, grad=True).random_), attempt(torch.ones(2, dtype=torch.uint8).random_, 300)
    return found, same, bad, attempt(torch.ones(2, dtype=torch.complex64).random_), attempt(torch.ones(2, dtype=torch.complex64).bernoulli_)


@program(
    "torch.Tensor.det", "torch.Tensor.inverse", "torch.Tensor.slogdet", "torch.slogdet", "torch.Tensor.matrix_power", "torch.Tensor.orgqr"
)
def decompositions(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for d in ("float64", "float32", "complex128"):
        x = numbers(torch, 2, 3, 3, dtype=d) + 3 * torch.eye(3, dtype=getattr(torch, d))
        sign = x.slogdet()
        found[d] = (
            x.det(),
            x.inverse(),
            tuple(sign),
            sign.sign,
            sign.logabsdet,
            tuple(torch.slogdet(x)),
            [x.matrix_power(n) for n in (0, 1, 3, -2)],
        )
        a, tau = torch.geqrf(x[0])
        found[f"orgqr {d}"] = a.orgqr(tau)
    for f in (
        lambda t: t.det(),
        lambda t: t.inverse(),
        lambda t: torch.slogdet(t)[1],
        lambda t: t.matrix_power(2),
        lambda t: t.slogdet().logabsdet,
    ):
        found.setdefault("slopes", []).append(differentiated(torch, f, numbers(torch, 3, 3, dtype="float64", grad=True)))
    x = numbers(torch, 2, 3)
    bad = [attempt(x.det), attempt(x.inverse), attempt(torch.slogdet, x), attempt(x.matrix_power, 2), attempt(torch.ones(2, 2).inverse)]
    return found, bad, attempt(torch.ones(2, 2, dtype=torch.int64).det), torch.empty(0, 0).det(), torch.zeros(2, 2).slogdet().logabsdet


@program("torch.Tensor.resize_", "torch.Tensor.resize_as_", "torch.Tensor.resize", "torch.Tensor.resize_as")
def resized(torch: Any) -> Any:
    x = torch.arange(6.0)
    back = x.resize_(2, 2)
    small = x.clone(), x.stride(), x.untyped_storage().nbytes()
    x.resize_(2, 3)
    again = x.clone()
    x.resize_(4, 3)
    grown = x.shape, x.reshape(-1)[:6], x.untyped_storage().nbytes()
    y = torch.arange(24.0).reshape(1, 2, 3, 4)
    formats = (
        y.resize_(1, 2, 3, 4, memory_format=torch.channels_last).stride(),
        y.resize_((2, 12)).stride(),
        y.resize_(torch.Size([24])).shape,
    )
    like = torch.arange(4.0).resize_as_(torch.ones(2, 2)), torch.arange(4.0).resize_(()).shape, torch.arange(4.0).resize_(0).shape
    view = torch.arange(6.0)[2:]
    view.resize_(2, 2)
    bad = [attempt(numbers(torch, 2, grad=True).resize_, 3), attempt(x.resize_, -1), attempt(x.resize_, "a"), attempt(x.resize_as_, 3)]
    other = numbers(torch, 2, 3).resize(3, 2), numbers(torch, 2, 3).resize_as(torch.ones(6)), attempt(numbers(torch, 2).resize, 5)
    return back is x, small, again, grown, formats, like, view, bad, other


@program("torch.Tensor.new", "torch.Tensor.new_tensor")
def new(torch: Any) -> Any:
    found = {}
    for d in DTYPES:
        x = numbers(torch, 2, dtype=d)
        found[d] = (
            x.new([1, 0]),
            x.new(2, 3).shape,
            x.new().shape,
            x.new(torch.Size([2])).dtype,
            x.new_tensor([1, 0]),
            x.new_tensor([1], dtype=torch.float64),
        )
    x = numbers(torch, 2)
    return found, x.new(x).shape, attempt(x.new, "a"), attempt(x.new, -1), x.new_tensor(2.0, requires_grad=True), attempt(x.new_tensor, "a")


@program(
    "torch.Tensor.unsafe_split_with_sizes", "torch.unsafe_split_with_sizes", "torch.split_copy", "torch.slice_copy", "torch.select_copy",
    "torch.slice_inverse", "torch.Tensor.slice_inverse", "torch.view_as_real_copy", "torch.view_as_complex_copy",
)  # fmt: skip
def copies(torch: Any) -> Any:
    """Views whose results are copies; and the slice that is undone."""
    x = numbers(torch, 6, 3, dtype="float64")
    parts = (
        x.unsafe_split_with_sizes([2, 4]),
        torch.unsafe_split_with_sizes(x, [1, 2], dim=1),
        torch.split_copy(x, 4),
        torch.split_copy(x, 2, dim=1),
    )
    slices = (
        torch.slice_copy(x),
        torch.slice_copy(x, 0, 1, 5, 2),
        torch.slice_copy(x, 1, -2),
        torch.select_copy(x, 0, 2),
        torch.select_copy(x, -1, 0),
    )
    complex_ = torch.view_as_real_copy(numbers(torch, 2, dtype="complex64")), torch.view_as_complex_copy(numbers(torch, 3, 2))
    part = x[1:5:2]
    back = torch.slice_inverse(part, x, 0, 1, 5, 2), part.slice_inverse(x, 0, 1, 5, 2).shape
    own = [t.data_ptr() == x.data_ptr() for t in (torch.slice_copy(x), torch.select_copy(x, 0, 0), torch.split_copy(x, 6)[0])]
    outs = torch.empty(3, dtype=torch.float64)
    torch.select_copy(x, 0, 1, out=outs)
    slopes = [
        differentiated(torch, f, numbers(torch, 6, 3, dtype="float64", grad=True))
        for f in (lambda t: torch.split_copy(t, 4)[1], lambda t: torch.slice_copy(t, 0, 1, 5, 2), lambda t: torch.select_copy(t, 1, 1))
    ]
    bad = [
        attempt(torch.select_copy, x, 0, 9),
        attempt(torch.split_copy, x, -1),
        attempt(torch.unsafe_split_with_sizes, x, [1, 1]),
        attempt(torch.slice_copy, x, 5),
    ]
    bad += [attempt(torch.view_as_complex_copy, x), attempt(torch.view_as_real_copy, x), attempt(torch.slice_copy, x, 0, 0, 3, 0)]
    return parts, slices, complex_, back, own, outs, slopes, bad
