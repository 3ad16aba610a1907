"""Arithmetic over all pairs of dtypes, and of a dtype and a number: values, dtype of the result and refusals are PyTorch's."""

from __future__ import annotations

import cmath
import warnings

import pytest

from workbench import engine

torch = pytest.importorskip("torch")

WHOLE = ["uint8", "int8", "int16", "int32", "int64"]
DTYPES = ["bool", *WHOLE, "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
NUMBERS = [True, 2, -2, 2.5, 1 + 2j]
PAIRS = """
add(x, y); add(x, y, alpha=2); add(x, y, alpha=0.5); sub(x, y); sub(x, y, alpha=2); rsub(x, y); mul(x, y); div(x, y); floor_divide(x, y)
remainder(x, y); div(x, y, rounding_mode='trunc'); div(x, y, rounding_mode='floor'); fmod(x, y); pow(x, y); maximum(x, y); fmax(x, y)
atan2(x, y); hypot(x, y); lerp(x, y, 0.5); addcmul(x, x, y); addcdiv(x, x, y); copysign(x, y); nextafter(x, y); logaddexp2(x, y)
heaviside(x, y); ldexp(x, y); xlogy(x, y); bitwise_and(x, y); bitwise_xor(x, y); bitwise_left_shift(x, y); logical_and(x, y)
logical_xor(x, y); eq(x, y); lt(x, y); gcd(x, y); clamp(x, y, y); where(x, x, y)
""".replace("\n", ";")
SINGLES = """
neg(x); abs(x); sign(x); sgn(x); square(x); sqrt(x); rsqrt(x); reciprocal(x); floor(x); round(x); round(x, decimals=1); trunc(x)
frac(x); positive(x); bitwise_not(x); logical_not(x); signbit(x); erf(x); sinc(x); isinf(x); clamp(x, 1, 2); clamp(x, 0.5, 1.5)
clamp(x, min=True); argmax(x); median(x); nanmean(x); nansum(x); Tensor.abs_(x); Tensor.square_(x); Tensor.neg_(x)
Tensor.clamp_(x, 1, 2); Tensor.sub_(x, 1); Tensor.remainder_(x, 2); Tensor.add_(x, 0.5); Tensor.mul_(x, 1j); Tensor.__invert__(x)
Tensor.__pos__(x); Tensor.pow_(x, -1); clamp(x, min=-2); clamp(x, max=300); where(x, x, x)
""".replace("\n", ";")
APART = (("pow(x, y)", "bool", True), ("pow(x, y)", -2, "uint8"))  # refused here: one is a copy there, the other wraps
SAMPLES = {"bool": ([0, 1, 1, 0], [1, 1, 0, 1]), "uint8": ([0, 1, 2, 3], [1, 2, 1, 3])}
REST = ([-5, 1, 2, 3], [2, -2, 1, 3])


def operand(lib, dtype, which):
    shift = 0.5 if "float" in dtype else 0.5 + 1j if "complex" in dtype else 0
    return lib.tensor([v + shift for v in SAMPLES.get(dtype, REST)[which]], dtype=getattr(lib, dtype))


def outcome(lib, call, x, y=None):
    """dtype and values of the result, or the class of what is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(f"lib.{call}", {"lib": lib, "x": x, "y": y})
        except Exception as error:
            return type(error)
    result = result.resolve_conj() if lib is torch else result
    return str(result.dtype), result.to(lib.complex128).reshape(-1).tolist()


def agree(ours, theirs, dtypes):
    if isinstance(ours, type) and isinstance(theirs, type):
        return issubclass(ours, theirs)
    if isinstance(ours, type) or isinstance(theirs, type) or ours[0] != theirs[0]:
        return False
    rel = 2e-2 if "bfloat16" in dtypes else 3e-3 if "float16" in dtypes else 1e-5
    return all(
        p == q or (p != p and q != q) or cmath.isclose(p, q, rel_tol=rel, abs_tol=rel)
        for a, b in zip(ours[1], theirs[1], strict=True)
        for p, q in ((a.real, b.real), (a.imag, b.imag))
    )


def compare(call, cases):
    """Both libraries on every case; PyTorch's complex32, which is not here, aside."""
    wrong = []
    for dtypes, args in cases:
        ours, theirs = outcome(engine, call, *args(engine)), outcome(torch, call, *args(torch))
        if not agree(ours, theirs, dtypes) and not ("float16" in dtypes and any(d in DTYPES[-2:] or type(d) is complex for d in dtypes)):
            wrong.append((dtypes, ours, theirs))
    assert not wrong


@pytest.mark.parametrize("call", [c.strip() for c in PAIRS.split(";") if c.strip()])
def test_two_operands(call):
    cases = [((a, b), lambda lib, a=a, b=b: (operand(lib, a, 0), operand(lib, b, 1))) for a in DTYPES for b in DTYPES]
    cases += [
        ((a, b), lambda lib, a=a, b=b: (operand(lib, a, 0), operand(lib, b, 1)[1])) for a in DTYPES for b in ("bool", "int64", "float32")
    ]
    for n in NUMBERS:
        cases += [((a, n), lambda lib, a=a, n=n: (operand(lib, a, 0), n)) for a in DTYPES]
        cases += [((n, a), lambda lib, a=a, n=n: (n, operand(lib, a, 1))) for a in DTYPES]
    compare(call, [case for case in cases if (call, *case[0]) not in APART])


@pytest.mark.parametrize("call", [c.strip() for c in SINGLES.split(";") if c.strip()])
def test_one_operand(call):
    compare(call, [((a,), lambda lib, a=a: (operand(lib, a, 0),)) for a in DTYPES])


@pytest.mark.parametrize("call", ["x % y", "x // y", "lib.fmod(x, y)", "lib.div(x, y, rounding_mode='trunc')"])
@pytest.mark.parametrize("dtype", WHOLE)
def test_division_of_whole_numbers(call, dtype):
    least, most = (torch.iinfo(getattr(torch, dtype)).min, torch.iinfo(getattr(torch, dtype)).max)
    values = [v for v in (least, least + 1, -3, -2, -1, 0, 1, 2, 3, most) if v >= least]
    results = []
    for lib in (engine, torch):
        kind = getattr(lib, dtype)
        x, y = lib.tensor(values, dtype=kind), lib.tensor([v for v in values if v and v != -1], dtype=kind)
        results.append([eval(call, {"lib": lib, "x": a, "y": b}).tolist() for a, b in ((x[:, None], y), (x.flip(0)[None], y[:, None]))])
        with pytest.raises(RuntimeError):
            eval(call, {"lib": lib, "x": x[:1], "y": lib.zeros(1, dtype=kind)})
    assert results[0] == results[1]


def test_the_least_number_divided_by_minus_one_wraps():
    x = engine.tensor([-(2**63), 7])
    assert (x // -1).tolist() == [-(2**63), -7]
    assert (x % -1).tolist() == [0, 0]
