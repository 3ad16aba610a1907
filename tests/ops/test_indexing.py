"""Random indices, of every kind and mixed, as PyTorch takes them: reading, writing, and the gradients of both."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest
import torch

from workbench import engine as ours

PROGRAMS = 400  # of each test; all from one seed each


def index_of(r: random.Random, shape: tuple[int, ...]) -> list[str]:
    """The parts of an index of a tensor called x, as source, with `lib` for either library."""
    parts, d, spread = [], 0, False
    while d < len(shape):
        n = shape[d]
        kind = r.choice(("int", "slice", "slice", "none", "dots", "tensor", "list", "mask", "scalar", "bool", "stop"))
        if kind == "stop":
            break
        if kind == "int" and n:
            parts.append(str(r.randrange(-n, n)))
            d += 1
        elif kind == "slice":
            low, high = (r.choice(("", str(r.randrange(-n - 1, n + 2)))) for _ in range(2))
            parts.append(f"{low}:{high}" + r.choice(("", "", f":{r.randint(1, 3)}")))
            d += 1
        elif kind == "none":
            parts.append("None")
        elif kind == "dots" and not spread:
            skipped = r.randint(0, len(shape) - d)
            parts.append("...")
            d += skipped
            spread = True
            # what follows the dots counts from the end: nothing may be left over
            rest = index_tail(r, shape[d:])
            return parts + rest
        elif kind == "tensor" and n:
            parts.append(places(r, n, r.choice(((), (2,), (3,), (2, 3), (1, 3), (0,)))))
            d += 1
        elif kind == "list" and n:
            parts.append(str([r.randrange(-n, n) for _ in range(3)]))
            d += 1
        elif kind == "mask":
            k = r.choice((1, 1, 2))
            if d + k <= len(shape):
                parts.append(mask(r, shape[d : d + k]))
                d += k
        elif kind == "scalar" and n:
            parts.append(f"lib.tensor({r.randrange(n)}, dtype=lib.{r.choice(('int64', 'int32', 'uint8'))})" if n < 200 else "0")
            d += 1
        elif kind == "bool" and r.random() < 0.3:
            parts.append(r.choice(("True", "False")))
    return parts


def index_tail(r: random.Random, shape: tuple[int, ...]) -> list[str]:
    """One part for each of the last dimensions."""
    parts = []
    for n in shape:
        kind = r.choice(("int", "slice", "tensor", "mask"))
        if kind == "int" and n:
            parts.append(str(r.randrange(-n, n)))
        elif kind == "tensor" and n:
            parts.append(places(r, n, r.choice(((2,), (3,), (1, 3)))))
        elif kind == "mask":
            parts.append(mask(r, (n,)))
        else:
            parts.append(f"{r.choice(('', '1'))}:")
    return parts


def places(r: random.Random, n: int, shape: tuple[int, ...]) -> str:
    values = np.array([r.randrange(-n, n) for _ in range(int(np.prod(shape)))], dtype=np.int64).reshape(shape)
    return f"lib.tensor({values.tolist()}, dtype=lib.int64)"


def mask(r: random.Random, shape: tuple[int, ...]) -> str:
    values = np.array([r.random() < 0.6 for _ in range(int(np.prod(shape)))], dtype=bool).reshape(shape)
    return f"lib.tensor({values.tolist()}, dtype=lib.bool).reshape({shape})"


def program(r: random.Random) -> tuple[str, str]:
    """How the tensor is made, and its index."""
    shape = tuple(r.choice((0, 1, 2, 3, 3, 4)) if r.random() < 0.3 else r.randint(2, 4) for _ in range(r.randint(1, 4)))
    n = int(np.prod(shape))
    made = f"lib.arange({n}.).reshape({shape})"
    if r.random() < 0.3:
        made += ".transpose(0, -1)"
        shape = (shape[-1], *shape[1:-1], shape[0]) if len(shape) > 1 else shape
    parts = index_of(r, shape)
    return made, ", ".join(parts) + ("," if len(parts) == 1 and r.random() < 0.5 else "") if parts else "..."


def run(lib, source: str):
    space = {"lib": lib}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(source, space)
        except (IndexError, RuntimeError, ValueError, TypeError) as error:
            return type(error).__name__
    return [
        np.array(space[name].detach().numpy()).tolist() if name != "size" else space[name] for name in ("y", "size", "x") if name in space
    ]


def check(source: str) -> None:
    found, wanted = run(ours, source), run(torch, source)
    if isinstance(wanted, str):  # which of the errors comes first is not compared
        assert isinstance(found, str), f"{source}\n{wanted} expected, got {found}"
    else:
        assert found == wanted, source


@pytest.mark.parametrize("seed", range(4))
def test_read(seed):
    r = random.Random(seed)
    for _ in range(PROGRAMS):
        made, index = program(r)
        check(f"x = {made}\ny = x[{index}]\nsize = tuple(y.shape)")


@pytest.mark.parametrize("seed", range(4))
def test_write(seed):
    """Numbers, tensors of the right shape, and those that broadcast to it. Places that are written twice get one value from each."""
    r = random.Random(100 + seed)
    for _ in range(PROGRAMS):
        made, index = program(r)
        value = r.choice(("7.", "True", "x[{i}] * 2", "lib.tensor(5.)", "lib.ones(1)", "x[{i}].sum()", "x[{i}][..., :1]"))
        check(f"x = {made}\nx[{index}] = {value.format(i=index)}\ny = x\nsize = tuple(x.shape)")


@pytest.mark.parametrize("seed", range(2))
def test_gradient(seed):
    r = random.Random(200 + seed)
    for _ in range(PROGRAMS // 2):
        made, index = program(r)
        source = f"z = {made}.requires_grad_()\npart = z[{index}]\nw = lib.arange(float(part.numel())).reshape(part.shape) + 1\n"
        check(f"{source}(part * w).sum().backward()\ny = z.grad\nsize = tuple(y.shape)")


@pytest.mark.parametrize("seed", range(2))
def test_gradient_of_writing(seed):
    r = random.Random(300 + seed)
    for _ in range(PROGRAMS // 2):
        made, index = program(r)
        source = f"z = {made}.requires_grad_()\nv = lib.tensor(3., requires_grad=True)\nx = z * 2\nx[{index}] = v\n"
        check(f"{source}(x * lib.arange(float(x.numel())).reshape(x.shape)).sum().backward()\ny = z.grad\nsize = v.grad.item()")


BAD = [
    "x[3]", "x[-4]", "x[0, 0, 0]", "x['a']", "x[1.5]", "x[lib.tensor([3])]", "x[lib.tensor([-4])]", "x[lib.tensor([1.])]",
    "x[lib.tensor([True, False])]", "x[::-1]", "x[::0]", "x[lib.zeros(2, 2, dtype=lib.bool)]", "x[[0, 1], [0, 1, 2]]",
    "x[{}]", "x[lib.tensor([0, 1]), lib.tensor([0, 1, 2])]", "x[None, 3]", "lib.tensor(3.)[0]", "x[1, 2, ..., 0]",
]  # fmt: skip


@pytest.mark.parametrize("index", BAD)
def test_bad_index(index):
    found, wanted = (run(lib, f"x = lib.arange(12.).reshape(3, 4)\ny = {index}\nsize = 0") for lib in (ours, torch))
    assert isinstance(wanted, str)
    assert found == wanted


@pytest.mark.parametrize("value", ["lib.ones(5)", "lib.ones(2, 3, 4)", "'a'", "lib.ones(3, 1)[:2]"])
def test_bad_value(value):
    found, wanted = (run(lib, f"x = lib.arange(12.).reshape(3, 4)\nx[1:] = {value}\ny = x\nsize = 0") for lib in (ours, torch))
    assert isinstance(found, str) == isinstance(wanted, str)
