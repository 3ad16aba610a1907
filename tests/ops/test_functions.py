"""What is no op of its own: the same expressions with PyTorch and with the engine."""

from __future__ import annotations

import pytest
import torch

from workbench import engine as ours

from .both import close, outcome

X = "lib.arange(12.).reshape(3, 4)"
COMPLEX = "[[1 + 2j, 0, 0], [2j, 0, 2]]"


def gradients(name):
    leaves = "[lib.tensor(v, requires_grad=True) for v in values]"
    return f"(lambda values: (lambda x, y: lib.autograd.grad(lib.view_as_real(lib.{name}(x, y) + 0j).sum(), (x, y)))(*{leaves}))"


EXPRESSIONS = [
    f"{X}.narrow(0, lib.tensor(True), 1)", f"{X}.narrow(0, lib.tensor(1.), 1)", f"{X}.narrow(0, lib.tensor([1]), 1)",
    f"{X}.narrow(0, lib.tensor(1, dtype=lib.uint8), 2)", f"{X}.narrow(0, 1., 1)", f"{X}.narrow(0, 1, 1.)",
    "lib.roll(lib.tensor(1.), 0, 0)", "lib.roll(lib.tensor(1.), 2)", f"lib.roll({X}, (), ())", f"lib.roll({X}, 1, ())",
    f"lib.roll({X}, (1, 2))", f"lib.roll({X}, (1, 1), (0, 0))", "lib.roll(lib.zeros(0), 1, 3)", f"lib.roll({X}, 1, 2)",
    "lib.tensor(3, dtype=lib.int32).sum_to_size(())", "lib.tensor(True).sum_to_size(())", "lib.tensor([True]).sum_to_size((1,))",
    "lib.special.zeta(lib.full((2,), 2., requires_grad=True), 1).sum().backward()",
    f"{gradients('pow')}({COMPLEX})", f"{gradients('pow')}({COMPLEX}[::-1])", f"{gradients('nextafter')}([[1., 2, 3], [2., 2, 1]])",
    *(f"lib.narrow_copy({X}, {d}, {start}, 1)" for d, start in ((2, 0), (-3, 0), (0, 9), (1, -1), (-1, 3))),
    *(f"lib.{name}(lib.tensor([True, False]), {bound})" for name in ("clamp_min", "clamp_max", "clamp")
      for bound in ("lib.tensor([False])", "True", "lib.tensor([2])", ".5")),
    "lib.clamp(lib.tensor([True]), lib.tensor([True]), lib.tensor([True]))", "lib.clamp(lib.tensor([True]), max=lib.tensor([False]))",
    "lib.ormqr(lib.eye(3), input2=lib.ones(3), input3=lib.eye(3))",
    "lib.linalg.eigvalsh(input=lib.eye(3))", "lib.linalg.ldl_factor(input=lib.eye(3), hermitian=True)",
    "[t.requires_grad for t in lib.native_layer_norm(lib.ones(2, 3, requires_grad=True), (3,), None, None, 1e-5)]",
    "[t.requires_grad for t in lib.native_batch_norm(lib.ones(2, 3, requires_grad=True), None, None, None, None, True, .1, 1e-5)]",
    "lib.isin(lib.tensor([1, 2]), 2)", "lib.isin(2, lib.tensor([1, 2]))", "lib.isin(lib.tensor([[1., 2.]]), lib.tensor([2]), invert=True)",
    "lib.isin(lib.tensor([.1]), .1)", "lib.isin(lib.tensor([1, 2]), lib.tensor([1., 1.5]))", "lib.isin(lib.tensor([1, 2]), 1.5)",
    "lib.isin(lib.tensor([float('nan')]), lib.tensor([float('nan'), 1]))", "lib.isin(lib.tensor([1]), 1j)",
    "lib.isin(2, 2)", "lib.isin(lib.tensor([True]), lib.tensor([True]))",
    "lib.unravel_index(lib.tensor([5, 2]), (2, 3))", "lib.unravel_index(lib.tensor(-1), (2, 3))", "lib.unravel_index(lib.tensor([1]), 6)",
    "lib.unravel_index(lib.tensor([1.]), (2, 3))", "lib.unravel_index(lib.tensor([0]), (2, -3))",
    "lib.nonzero_static(lib.tensor([[1, 0], [1, 1]]), size=2)", "lib.tensor([1, 0]).nonzero_static(size=3, fill_value=-7)",
    "lib.vander(lib.tensor([1, 2, 3]))", "lib.vander(lib.tensor([1., 2.]), 4, True)", "lib.vander(lib.tensor([[1.]]))",
    "lib.vander(lib.tensor([True, False]), 0)", "lib.vander(lib.tensor([1]), -1)",
    "lib.gradient(lib.tensor([1., 2, 4, 3]))",
    "lib.gradient(lib.tensor([1., 2, 4, 3]), edge_order=2, spacing=(lib.tensor([0., .5, 2, 3]),))",
    f"lib.gradient({X}, dim=1, spacing=2.)", f"lib.gradient({X}, spacing=[2., 3.])", f"lib.gradient({X}, edge_order=3)",
    f"lib.gradient({X}[:2], edge_order=2)", f"lib.gradient({X}, dim=(0, 0))", f"lib.gradient({X}, spacing=[2., 3., 4.])",
    "lib.frombuffer(bytearray(b'abcdefgh'), dtype=lib.int32)", "lib.frombuffer(bytearray(b'abcdefghi'), dtype=lib.int32, offset=1)",
    "lib.frombuffer(bytearray(b'abcdefgh'), dtype=lib.int16, count=2)", "lib.frombuffer(bytearray(b'abc'), dtype=lib.int32)",
    "lib.frombuffer(bytearray(b''), dtype=lib.int32)", "lib.frombuffer(bytearray(b'abcd'), dtype=lib.int32, offset=4)",
    "lib.frombuffer(3, dtype=lib.int32)", "lib.frombuffer(bytearray(b'abcd'), dtype=lib.int32, count=2)",
    "lib.range(1, 4)", "lib.range(4)", "lib.range(1, 4, .5)", "lib.range(0, 3, dtype=lib.int64)", "lib.range(3, 1)", "lib.range(1, 2, 0)",
    "lib.empty_permuted((2, 3, 5), (0, 2, 1)).stride()", "lib.empty_permuted((2, 3), (0, 0))", "lib.empty_strided((2, 3), (1, 2)).stride()",
    "lib.empty_strided((2, 3), (1,))", "lib.ones(2).double().new_empty_strided((2, 0), (3, 1)).stride()",
    "lib.zeros(7, 3).fill_diagonal_(2, wrap=True)", "lib.zeros(9, 3).fill_diagonal_(2, True)", "lib.zeros(3, 9).fill_diagonal_(2, True)",
    "lib.zeros(3, 3, 3).fill_diagonal_(1)", "lib.zeros(3, 3, 2).fill_diagonal_(1)", "lib.zeros(3).fill_diagonal_(1)",
    f"{X}.resize_(2, 3)", f"{X}.resize_(4, 1, 2)", f"{X}.resize_(5, 5)[:2]",
    f"{X}.resize_((2, 3, 1, 2), memory_format=lib.channels_last).stride()",
    f"{X}[1:].resize_(2, 2)", f"lib.resize_as_({X}, lib.zeros(2, 2))", f"({X}).requires_grad_().resize_(2, 2)",
    f"{X}.as_strided_((2, 2), (1, 1), 3)", f"lib.as_strided_({X}, (2, 2), (1, 2))", f"{X}.as_strided_((20,), (1,))",
    f"{X}.t_()", f"{X}.transpose_(0, 1).stride()", f"{X}.swapaxes_(axis0=0, axis1=1)", f"{X}.swapdims_(0, 1)", f"{X}.unsqueeze_(1)",
    "lib.ones(1, 3, 1).squeeze_()", "lib.ones(1, 3, 1).squeeze_(0)", "lib.ones(1, 3, requires_grad=True).squeeze_()",
    "lib.zeros(size=(2, 3))", "lib.ones(size=[2])", "lib.zeros(2, size=(3,))", "lib.zeros(2, foo=3)", "lib.rand(size=(2, 0))",
    f"{X}.new_zeros(size=(2,))", f"lib.zeros_like({X}, pin_memory=False)", "lib.arange(end=3)",
    "lib.arange(0., -8.1, -4., dtype=lib.int64)",
    "lib.arange(0, float('inf'))", "lib.linspace(4.3, -3, 9, dtype=lib.int64)", "lib.logspace(.5, 3.7, 4, dtype=lib.int32)",
    f"{X}.to('cpu', lib.int32, True, True)", f"{X}.to(lib.float64, copy=True)", f"{X}.to(lib.zeros(1, dtype=lib.int8))", f"{X}.type()",
    f"{X}.type('torch.DoubleTensor')", f"{X}.type(lib.int16)", f"{X}.double().type()", f"{X}.sum_to_size(1, 4)", f"{X}.sum_to_size(2)",
    f"{X}.apply_(lambda v: v + 1)", f"{X}.map_({X} + 1, lambda a, b: a * b)", f"{X}.map2_({X}, {X}, lambda a, b, c: a + b + c)",
    f"{X}.requires_grad_().apply_(abs)", f"{X}.map_({X}[:2], min)", f"{X}.dim_order()", f"{X}.t().dim_order()", f"list(reversed({X}))",
    f"{X}.is_set_to({X})", f"lib.is_nonzero({X}[0, :1])", f"lib.is_nonzero({X})", f"lib.fill({X}, lib.tensor(3))", f"lib.fill({X}, {X}[0])",
    f"{X}.new([1, 2])", f"{X}.new(2, 0)", f"{X}.long().__ilshift__(1)", f"{X}.view(size=(4, 3))", f"{X}.repeat(repeats=(2, 1))",
    f"{X}.split(split_size=2)", f"lib.tensor_split({X}, sections=2)", f"{X}.copy_({X} * 2, non_blocking=True)", f"lib.ravel({X})",
    f"lib.angle({X}.long() - 3)", f"lib.subtract({X}, 1, alpha=2)", f"{X}.uniform_(**{{'from': 2., 'to': 2.}})",
    "lib.fliplr(lib.ones(2))", "lib.flipud(lib.tensor(1.))", "lib.rot90(lib.ones(3))",
    f"{X}.H", f"{X}.mH", f"{X}[0].H", f"{X}[None].H", f"{X}[0].mH", "lib.tensor([[1j, 2]]).H",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_like_torch(expression):
    found, wanted = outcome(ours, expression), outcome(torch, expression)
    assert close(found, wanted), f"{wanted} expected, got {found}"


INTO = [  # the dtype of out counts, before the result is computed; a class of error for each thing that is wrong
    *(f"lib.{call}, out=lib.empty(0, dtype=lib.{dtype}))" for dtype in ("float64", "int64", "int32") for call in (
        "arange(0, 3, .5", "arange(0, 3, 1.5", "arange(0., 1, .1", "arange(3, 0, .5", "linspace(.5, 3, 4", "logspace(.1, .3, 4",
        "full((2,), 1.5", "zeros(2", "ones(2, dtype=lib.float64", "eye(2, dtype=lib.int32", "arange(3, dtype=lib.float64")),
    *(f"str(lib.{name}, out=lib.empty(2, dtype=lib.float64){dtype}).dtype)" for dtype in ("", ", dtype=lib.float32")
      for name in ("rand(2", "randn(2", "normal(0., 1., (2,)", "empty(2")),
    "lib.arange(0, 3, .5, dtype=lib.int64)", "lib.arange(0, 3, .5, dtype=lib.int32)", "lib.arange(0, 1 + 1j)", "lib.arange(True)",
    "lib.arange(5, dtype=lib.bool)", "lib.arange(5, dtype=lib.complex64)", "lib.linspace(0, 3, 1.)", "lib.linspace(0, 3, True)",
    "lib.logspace(0, 3, 2.)", "lib.linspace(0, 1, lib.tensor(3))", "lib.cat(())",
]  # fmt: skip
WAVE = "(lib.arange(-999., 999.) * .37)"
INTO += [  # in half precision a quotient is rounded to the dtype before it is rounded to zero
    f"{WAVE}.{half}().{name}({other}, rounding_mode='trunc').float()"
    for half in ("half", "bfloat16")
    for name in ("div", "div_")
    for other in (".3", f"({WAVE} + 7.1).{half}()", "lib.tensor(.3)")
]
INTO += ["lib.ones(2).div_(2, rounding_mode='foo')", "lib.div(1, lib.tensor([.3, .7]).half(), rounding_mode='trunc').float()"]
TRUTH = "lib.tensor([True, True, False, False]), lib.tensor([True, False, True, False])"
POWER = "(lambda z, e: lib.autograd.grad(lib.{}(z, e), (z, e), lib.ones(4, dtype=lib.complex128)))"
POWERS = [
    f"{POWER.format(name)}(lib.tensor({z}, dtype=lib.complex128, requires_grad=True), lib.tensor({e}, requires_grad=True))"
    for name in ("pow", "float_power")
    for z in ("[1 + 1j, -2, 1j, .5]", "[0, 0, 0, 1]")
    for e in (
        "[2 + 1j, -1j, .5, 3], dtype=lib.complex128",
        "[1j, -1 + 1j, 2, 0], dtype=lib.complex128",
        "[.5, 2, -1, 3], dtype=lib.float64",
    )
    if z != "[0, 0, 0, 1]" or "2, 0]" in e
]


@pytest.mark.parametrize("expression", [*INTO, *POWERS, *(f"lib.add({TRUTH}, alpha={a})" for a in (False, True))])
def test_dtypes_of_results(expression):
    found, wanted = outcome(ours, expression), outcome(torch, expression)
    assert close(found, wanted), f"{wanted} expected, got {found}"


OUT_OF_RANGE = [
    *(f"lib.{name}(lib.ones(3, 3), 0, lib.tensor([[{i}, 0]]){source})" for i in (5, -1) for name, source in (
        ("gather", ""), ("scatter", ", 1."), ("scatter", ", lib.ones(1, 2)"), ("scatter_add", ", lib.ones(1, 2)"),
        ("scatter_reduce", ", lib.ones(1, 2), 'sum'"))),
    *(f"lib.{name}(lib.ones(3, 3), 0, lib.tensor([{i}, 0]){source})" for i in (5, -4) for name, source in (
        ("index_select", ""), ("index_add", ", lib.ones(2, 3)"), ("index_copy", ", lib.ones(2, 3)"), ("index_fill", ", 1."),
        ("index_reduce", ", lib.ones(2, 3), 'prod'"))),
    "lib.take(lib.ones(3), lib.tensor([5]))", "lib.ones(3)[lib.tensor([5])]",
    "lib.take_along_dim(lib.ones(3), lib.tensor([5]))", "lib.take_along_dim(lib.ones(3), lib.tensor([-1]))",
    "lib.nn.functional.embedding(lib.tensor([5]), lib.ones(3, 3))", "lib.nn.functional.embedding_bag(lib.tensor([[5]]), lib.ones(3, 3))",
    "lib.nn.functional.cross_entropy(lib.ones(1, 3), lib.tensor([5]))",
    "lib.nn.functional.multi_margin_loss(lib.ones(1, 3), lib.tensor([5]))",
]  # fmt: skip


@pytest.mark.parametrize("expression", OUT_OF_RANGE)
def test_indices_out_of_range(expression):
    wanted = outcome(torch, expression)
    assert wanted in ("IndexError", "RuntimeError")
    assert outcome(ours, expression) == wanted


ROUNDED_ONCE = [
    "lib.gradient({0}, spacing=({1},), edge_order=2)[0]", "lib.gradient({0})[0]", "lib.addmm({0}, {0}.reshape(5, 1), {1}.reshape(1, 5))",
    "lib.nn.functional.multi_head_attention_forward(*[{0}.reshape(5, 1, 1)] * 3, 1, 1, lib.ones(3, 1, dtype={0}.dtype), None, "
    "None, None, False, 0., lib.ones(1, 1, dtype={0}.dtype), None)[0]",
]  # fmt: skip


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
@pytest.mark.parametrize("expression", ROUNDED_ONCE)
def test_half_precision_is_rounded_once(expression, half):
    """The result is PyTorch's in float32 of the same numbers, rounded."""
    numbers = [f"lib.tensor({v}).{half}()" for v in ("[.7, 1.9, 2.3, 5.1, 4.9]", "[.1, .4, 1.3, 1.9, 4.7]")]
    found = outcome(ours, f"({expression.format(*numbers)}).float()")
    wanted = outcome(torch, f"({expression.format(*(n + '.float()' for n in numbers))}).{half}().float()")
    assert close(found, wanted), f"{wanted} expected, got {found}"


BYTES = "lib.tensor([255, 50, 1], dtype=lib.uint8)"
BEYOND = [  # numbers that a dtype does not hold: their lower bits count in arithmetic and comparisons, as values they are refused
    *(f"{BYTES} {sign} {number}" for sign in ("==", "<", ">", "!=", "+", "-", "*", "//", "%", "&", "<<", ">>")
      for number in (-1, 300, 2**40)
      if number > 0 or sign not in ("//", "%", "<<", ">>")),
    f"300 - {BYTES}", f"300 % {BYTES}", "lib.tensor([44, -56, 1], dtype=lib.int8) == 300", "lib.tensor([44, 1], dtype=lib.int8) + 130",
    "lib.tensor([1]) + 2 ** 63", "lib.tensor([1]) == 2 ** 64", f"{BYTES} + 2 ** 64", f"{BYTES}.add_(300)", f"{BYTES}.fill_(-9)",
    f"{BYTES}.fill_(300)", f"{BYTES}.fill_(-300)", f"{BYTES}.__setitem__(0, 300)", f"{BYTES} ** 300",
    f"lib.where({BYTES} > 3, {BYTES}, 300)",
    f"lib.full_like({BYTES}, -9)", "lib.full((2,), 200, dtype=lib.int8)", "lib.full((2,), float('inf'), dtype=lib.int8)",
    "lib.full((2,), float('nan'), dtype=lib.int64)", f"{BYTES} == 1e40", f"{BYTES} < -1.5", f"{BYTES} + 1.5",
]  # fmt: skip


@pytest.mark.parametrize("expression", BEYOND)
def test_numbers_beyond_the_dtype(expression):
    found, wanted = outcome(ours, expression), outcome(torch, expression)
    assert close(found, wanted), f"{wanted} expected, got {found}"


ORDER = ["lt", "le", "gt", "ge", "maximum", "minimum", "fmax", "fmin", "xlogy", "clamp"]
ORDER_OF_ONE = [
    "sign", "relu", "round", "sort", "argsort", "msort", "amax", "amin", "max", "min", "argmax", "argmin", "aminmax", "median", "nanmedian",
    "mode", "nanmean", "nansum", "logit", "digamma", "unique", "unique_consecutive", "selu", "celu", "hardshrink",
]  # fmt: skip


@pytest.mark.parametrize("name", ORDER + ORDER_OF_ONE)
def test_complex_numbers_have_no_order(name):
    """PyTorch raises RuntimeError or NotImplementedError, which is one."""
    arguments = "lib.tensor([1j, 2])" + (", lib.tensor([2., 1j])" if name in ORDER else "")
    assert outcome(torch, f"lib.{name}({arguments})") in ("RuntimeError", "NotImplementedError")
    assert outcome(ours, f"lib.{name}({arguments})") == "NotImplementedError"


IN_PLACE = sorted(n for n in dir(torch) if n.endswith("_") and not n.startswith("_") and hasattr(ours, n) and hasattr(torch.Tensor, n))
ARGUMENTS = {
    "addmv_": "lib.eye(2), lib.ones(2)", "as_strided_": "(1,), (1,)", "clamp_": "0.2, 0.5", "clip_": "0.2, 0.5", "clamp_max_": "0.5",
    "clamp_min_": "0.5", "fill_": "3", "gcd_": "lib.tensor([4, 6])", "lcm_": "lib.tensor([4, 6])", "ldexp_": "lib.tensor([1, 2])",
    "xlogy_": "lib.tensor([.1, .2])", "index_put_": "(lib.tensor([1]),), lib.tensor(.7)", "resize_as_": "lib.ones(1, 1)",
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_functions(name):
    """`torch.name_` writes what the method writes, into the tensor that is given, and returns it."""
    start = "[12, 10]" if name in ("gcd_", "lcm_") else "[1.5, 1.25]" if "acosh" in name or "arccosh" in name else "[.3, .6]"
    for lib in (torch, ours):
        x = eval(f"lib.tensor({start})", {"lib": lib})
        assert eval(f"lib.{name}(x, {ARGUMENTS.get(name, '')})", {"lib": lib, "x": x}) is x
    call = f"(lambda x: (lib.{name}(x, {ARGUMENTS.get(name, '')}), x))(lib.tensor({start}))"
    assert close(outcome(ours, call), outcome(torch, call))


@pytest.mark.parametrize("name", ["arccos", "arcsinh", "absolute", "negative", "multiply", "greater_equal", "not_equal", "fix", "arctan2"])
def test_second_names(name):
    x = "lib.tensor([.3, -.6])"
    other = f", {x} * 2" if name in ("multiply", "greater_equal", "not_equal", "arctan2") else ""
    for call in (f"lib.{name}({x}{other})", f"{x}.{name}({other.strip(', ')})", f"{x}.{name}_({other.strip(', ')})"):
        assert close(outcome(ours, call), outcome(torch, call))


def test_in_place_functions_are_not_few():
    assert len(IN_PLACE) > 55


@pytest.mark.parametrize("mode", [0, 1, 2, "default", "warn", "error", 3, "foo", 1.5])
def test_deterministic_debug_mode(mode):
    for lib in (torch, ours):
        lib.set_deterministic_debug_mode(0)
    asked = "[lib.get_deterministic_debug_mode(), lib.are_deterministic_algorithms_enabled()]"
    found, wanted = (outcome(lib, f"[lib.set_deterministic_debug_mode({mode!r}), *{asked}]") for lib in (ours, torch))
    for lib in (torch, ours):
        lib.set_deterministic_debug_mode(0)
    assert found == wanted


def test_view_in_place_keeps_history():
    """The base and views of it go on sharing memory and gradients."""
    found = []
    for lib in (torch, ours):
        leaf = lib.arange(6.0).reshape(2, 3).requires_grad_()
        y = leaf * 2
        row = y[0]
        y.transpose_(0, 1)
        y.mul_(lib.arange(6.0).reshape(3, 2))
        (y.sum() + row.sum()).backward()
        found.append((leaf.grad.tolist(), y.tolist(), row.tolist()))
    assert found[0] == found[1]


def test_saved_tensors_are_not_changed_unseen():
    for lib in (torch, ours):
        x = lib.ones(1, 3, requires_grad=True) * 1
        square = x * x
        x.squeeze_()
        with pytest.raises(RuntimeError):
            square.sum().backward()
