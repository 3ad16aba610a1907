"""Products, norms and pieces of `torch` that PyTorch's databases have under other names or not at all."""

from __future__ import annotations

from typing import Any

from .tools import attempt, differentiated, numbers, program


@program("torch.chain_matmul", "torch.spmm")
def products(torch: Any) -> Any:
    leaves = [numbers(torch, *s, dtype="float64", seed=i, grad=True) for i, s in enumerate(((2, 5), (5, 3), (3, 4), (4, 2)))]
    found = [differentiated(torch, torch.chain_matmul, *leaves[:n]) for n in (1, 2, 3, 4)]
    spmm = (
        differentiated(torch, torch.spmm, *leaves[:2]),
        torch.spmm(numbers(torch, 2, 3, dtype="int64"), numbers(torch, 3, 2, dtype="int64")),
    )
    out = torch.empty(2, 3, dtype=torch.float64)
    with torch.no_grad():
        torch.chain_matmul(*leaves[:2], out=out)
    bad = attempt(torch.chain_matmul, leaves[0], leaves[2]), attempt(torch.chain_matmul), attempt(torch.spmm, leaves[0], leaves[2])
    return found, spmm, out, bad, attempt(torch.chain_matmul, leaves[0], leaves[0][0]), attempt(torch.spmm, leaves[0], 1.0)


@program("torch.frobenius_norm", "torch.nuclear_norm", "torch.norm_except_dim")
def norms(torch: Any) -> Any:
    x = numbers(torch, 2, 3, 4, dtype="float64", grad=True)
    found: dict[str, Any] = {}
    for name, dims in (("frobenius_norm", ([0], [1, 2], [-1, 0])), ("nuclear_norm", ([1, 2], [0, -1]))):
        f = getattr(torch, name)
        for dim in dims:
            for keep in (False, True):
                found[f"{name} {dim} {keep}"] = differentiated(torch, lambda t, f=f, d=dim, k=keep: f(t, d, k), x)
    found["nuclear"] = differentiated(torch, torch.nuclear_norm, x[0]), torch.nuclear_norm(x[0], True)
    found["complex"] = (
        torch.frobenius_norm(numbers(torch, 2, 2, dtype="complex64"), [0, 1]),
        torch.frobenius_norm(numbers(torch, 2, 2), [0], keepdim=True),
    )
    for power in (1, 2, 3):
        for dim in (0, 1, 2, -1):
            found[f"except {power} {dim}"] = differentiated(torch, lambda t, p=power, d=dim: torch.norm_except_dim(t, p, d), x)
    bad = (
        attempt(torch.frobenius_norm, x, [5]),
        attempt(torch.nuclear_norm, x),
        attempt(torch.nuclear_norm, x, [0]),
        attempt(torch.norm_except_dim, x, 2, 7),
    )
    return found, bad, torch.norm_except_dim(numbers(torch, 3, 2))


@program("torch.segment_reduce")
def segments(torch: Any) -> Any:
    x = numbers(torch, 6, 2, dtype="float64", grad=True)
    lengths, offsets = torch.tensor([2, 0, 3, 1]), torch.tensor([0, 2, 2, 5, 6])
    found: dict[str, Any] = {}
    for how in ("sum", "mean", "max", "min", "prod"):
        found[how] = differentiated(torch, lambda t, h=how: torch.segment_reduce(t, h, lengths=lengths), x)
        found[f"{how} offsets"] = differentiated(torch, lambda t, h=how: torch.segment_reduce(t, h, offsets=offsets), x)
        found[f"{how} initial"] = torch.segment_reduce(numbers(torch, 6), how, lengths=lengths, initial=2.0)
        rows = torch.tensor([[1, 2], [3, 0]])
        found[f"{how} axis"] = torch.segment_reduce(numbers(torch, 2, 3), how, lengths=rows, axis=1, unsafe=True)
    y = numbers(torch, 6)
    bad = [
        attempt(torch.segment_reduce, y, "sum", lengths=torch.tensor([2, 3])), attempt(torch.segment_reduce, y, "no such", lengths=lengths),
        attempt(torch.segment_reduce, y, "sum"), attempt(torch.segment_reduce, y, "sum", lengths=torch.tensor([-1, 7])),
        attempt(torch.segment_reduce, y.long(), "sum", lengths=lengths),
    ]  # fmt: skip
    return found, bad, torch.segment_reduce(y, "sum", lengths=torch.tensor([2, 3]), unsafe=True)


@program("torch.lobpcg")
def lobpcg(torch: Any) -> Any:
    """Eigenvalues agree; of eigenvectors that A x = lambda B x."""
    half = numbers(torch, 12, 12, dtype="float64")
    a = half @ half.t() + torch.eye(12, dtype=torch.float64)
    b = torch.diag(torch.linspace(1.0, 2.0, 12, dtype=torch.float64))
    found: dict[str, Any] = {}
    for key, options in {
        "largest": {"k": 2}, "smallest": {"k": 2, "largest": False}, "basic": {"k": 1, "method": "basic"}, "general": {"k": 2, "B": b},
        "start": {"X": numbers(torch, 12, 3, dtype="float64", seed=1)}, "default": {},
    }.items():  # fmt: skip
        torch.manual_seed(0)
        values, vectors = torch.lobpcg(a, niter=200, tol=1e-10, **options)
        right = (b if "B" in options else torch.eye(12, dtype=torch.float64)) @ vectors * values
        found[key] = values, vectors.shape, bool(((a @ vectors - right).abs() < 1e-4).all())
    batch = torch.lobpcg(torch.stack([a, 2 * a]), k=1, niter=200, tol=1e-10)[0]
    bad = attempt(torch.lobpcg, a, k=6), attempt(torch.lobpcg, half[:3]), attempt(torch.lobpcg, a, k=1, method="no such")
    return found, batch, bad
