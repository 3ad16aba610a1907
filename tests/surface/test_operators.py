"""Operators that programs register, lists of tensors, checks and futures: as PyTorch, given the same program."""

from __future__ import annotations

import pytest

from .twice import ours, run, short

pytest.importorskip("torch")

PROGRAMS = {
    "foreach": """
        def make(seed, positive=False):
            rows = [[(3 * i + 5 * j + seed) % 7 - 3.2 for i in range(4)] for j in range(3)]
            t = torch.tensor(rows, dtype=torch.float64)
            return [t.abs() if positive else t, (t * 0.5 + 0.1).abs() if positive else t * 0.5 + 0.1]
        for name in "abs exp neg sqrt sign reciprocal rsqrt sigmoid tanh floor log".split():
            positive = name in ("sqrt", "rsqrt", "log")
            say(name, getattr(torch, f"_foreach_{name}")(make(1, positive)))
            inplace = make(1, positive)
            getattr(torch, f"_foreach_{name}_")(inplace)
            say(name, inplace)
        for name in "add sub mul div maximum minimum clamp_min clamp_max".split():
            for other in (make(2), 1.5, [0.5, 2.0]):
                say(name, getattr(torch, f"_foreach_{name}")(make(1), other))
                inplace = make(1)
                getattr(torch, f"_foreach_{name}_")(inplace, other)
                say(name, inplace)
        say("alpha", torch._foreach_add(make(1), make(2), alpha=0.5))
        say("pow", torch._foreach_pow(make(1, True), 1.5), torch._foreach_pow(2.0, make(1)))
        for name in ("addcmul", "addcdiv"):
            for value in ((0.5,), ([0.5, 2.0],), (torch.tensor([0.5, 2.0], dtype=torch.float64),)):
                say(name, getattr(torch, f"_foreach_{name}")(make(1), make(2), make(3), *value))
                inplace = make(1)
                getattr(torch, f"_foreach_{name}_")(inplace, make(2), make(3), *value)
                say(name, inplace)
        say("lerp", torch._foreach_lerp(make(1), make(2), 0.3), torch._foreach_lerp(make(1), make(2), make(3)))
        inplace = make(1); torch._foreach_lerp_(inplace, make(2), 0.3); say(inplace)
        inplace = make(1); torch._foreach_copy_(inplace, make(2)); say(inplace)
        say("norm", torch._foreach_norm(make(1)), torch._foreach_norm(make(1), 1))
        inplace = make(1); torch._foreach_zero_(inplace); say(inplace)
    """,
    "custom operator": """
        @torch.library.custom_op("mine::cube", mutates_args=())
        def cube(x: torch.Tensor, scale: float) -> torch.Tensor:
            return x ** 3 * scale
        @cube.register_fake
        def _(x, scale):
            return torch.empty_like(x)
        x = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
        try:
            cube(x, 2.0).sum().backward()
        except RuntimeError:
            say("no derivative")
        def setup(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])
            ctx.scale = inputs[1]
        cube.register_autograd(lambda ctx, g: (3 * g * ctx.saved_tensors[0] ** 2 * ctx.scale, None), setup_context=setup)
        y = torch.ops.mine.cube(x, 2.0)
        y.sum().backward()
        say(y, x.grad, torch.ops.mine.cube.default(x.detach(), 1.0))
    """,
    "library": """
        lib = torch.library.Library("other", "DEF")
        lib.define("twice(Tensor x) -> Tensor")
        lib.impl("twice", lambda x: x * 2, "CompositeImplicitAutograd")
        x = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
        torch.ops.other.twice(x).sum().backward()
        say(x.grad, torch.ops.aten.mul(x.detach(), 3), torch.ops.aten.relu.default(x.detach()))
        try:
            torch.ops.other.thrice
        except AttributeError:
            say("no such operator")
        try:
            torch.ops.load_library("nothing.so")
        except OSError:
            say("no such library")
    """,
    "checks": """
        import torch.fx
        torch._check(True)
        torch._assert(True, "never")
        for check, args in ((torch._check, (False, lambda: "why")), (torch._check_index, (False,)), (torch._check_value, (False,)),
                            (torch._check_type, (False,)), (torch._check, (1,)), (torch._assert, (False, "why"))):
            try:
                check(*args)
            except Exception as error:
                say(check.__name__, type(error).__name__)
        say(torch.sym_max(2, 3), torch.sym_not(True), torch.sym_int(2.7), torch.fx.wrap("len"), isinstance(3, torch.SymInt))
        say(torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu"))
        with torch.autocast("cpu", dtype=torch.float16):
            say(torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu"), torch.is_autocast_cache_enabled())
        for name in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float16", "float32"):
            f = torch.finfo(getattr(torch, name))
            say(name, f.max, f.min, f.eps, f.tiny, f.bits)
        for name in ("uint16", "uint32", "uint64", "int8"):
            say(name, torch.iinfo(getattr(torch, name)).max, torch.iinfo(getattr(torch, name)).bits)
        say(torch.uint16, torch.float8_e5m2.itemsize, torch.sparse_coo, isinstance(torch.sparse_coo, torch.layout))
    """,
    "trees": """
        from torch.utils import _pytree as pytree
        class Pair:
            def __init__(self, a, b):
                self.a, self.b = a, b
        pytree.register_pytree_node(Pair, lambda p: ([p.a, p.b], None), lambda children, _: Pair(*children))
        tree = {"x": [1, Pair(2, (3,))], "y": 4}
        leaves, spec = pytree.tree_flatten(tree)
        again = pytree.tree_unflatten([10 * n for n in leaves], spec)
        say(leaves, again["x"][0], again["x"][1].a, again["x"][1].b, again["y"])
        say(Pair in pytree.SUPPORTED_NODES, dict in pytree.SUPPORTED_NODES, str in pytree.SUPPORTED_NODES)
        say(pytree.tree_any(lambda n: n > 3, tree), pytree.tree_all(lambda n: n > 3, tree), list(pytree.tree_iter(tree)))
        try:
            pytree.register_pytree_node(Pair, None, None)
        except ValueError:
            say("known already")
    """,
    "flexible attention": """
        from torch.nn.attention.flex_attention import AuxRequest, and_masks, create_block_mask, create_mask, flex_attention, or_masks
        from torch.nn.functional import scaled_dot_product_attention
        make = lambda *shape: torch.arange(float(torch.Size(shape).numel())).double().mul(0.7).sin().reshape(shape)
        q, k, v = make(2, 2, 6, 8).requires_grad_(), make(2, 2, 6, 8) * 0.5, make(2, 2, 6, 8).cos()
        causal = lambda b, h, i, j: i >= j
        window = lambda b, h, i, j: (i - j).abs() <= 2
        documents = torch.tensor([0, 0, 1, 1, 1, 2])
        same = lambda b, h, i, j: documents[i] == documents[j]
        slopes = torch.tensor([0.5, 0.25]).double()
        alibi = lambda score, b, h, i, j: score - slopes[h] * (i - j).abs()
        mask = and_masks(causal, or_masks(window, same))
        dense = create_mask(mask, 1, 1, 6, 6, device="cpu")
        blocks = create_block_mask(mask, None, None, 6, 6, device="cpu")
        i, j = torch.arange(6)[:, None], torch.arange(6)[None, :]
        bias = (-slopes.reshape(2, 1, 1) * (i - j).abs())[None].masked_fill(~dense, -float("inf"))
        if "workbench" in torch.__version__:  # PyTorch compiles first, which takes long, and has no gradients for it on the CPU
            out = flex_attention(q, k, v, score_mod=alibi, block_mask=blocks, scale=0.3)
            few = flex_attention(q, k[:, :1], v[:, :1], enable_gqa=True)
            blind = flex_attention(q, k, v, block_mask=create_block_mask(lambda b, h, i, j: j < i, None, None, 6, 6, device="cpu"))
            assert bool((blind[:, :, 0] == 0).all())
            plain, aux = flex_attention(q, k, v, return_aux=AuxRequest(lse=True))
            lse = aux.lse
        else:
            out = scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=0.3)
            few = scaled_dot_product_attention(q, k[:, :1].expand_as(k), v[:, :1].expand_as(v))
            plain = scaled_dot_product_attention(q, k, v)
            lse = (q @ k.transpose(-2, -1) / 8**0.5).logsumexp(-1)
        (out * make(2, 2, 6, 8)).sum().backward()
        say(out, few, plain, lse, q.grad, dense, blocks.to_dense())
    """,
    "futures": """
        a, b = torch.futures.Future(), torch.futures.Future()
        both = torch.futures.collect_all([a, b]).then(lambda f: sum(x.wait() for x in f.wait()))
        later = a.then(lambda f: f.wait() * 10)
        a.set_result(3); b.set_result(4)
        say(later.wait(), both.wait(), a.done(), torch.futures.wait_all([a, b]))
    """,
}
WHOLE = short(PROGRAMS)


@pytest.fixture(scope="module")
def printed():
    return ours(WHOLE)


@pytest.mark.parametrize("name", WHOLE)
def test_program(name, printed):
    assert printed[name] == run(WHOLE[name])
    assert "Traceback" not in printed[name]
    assert printed[name]
