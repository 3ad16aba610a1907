"""Bessel's functions and Airy's, under PyTorch's names. Bodies are SciPy's; only i0, i0e, i1 and i1e have derivatives, as in PyTorch."""

from __future__ import annotations

from ._define import Unsupported, derivative, op, samples
from .comparison import gt, where
from .power import abs, sgn

TORCH = "torch is 3e-8 off here and there; J_0(4.5) is -0.320542508985"
NO_FORM = Unsupported("ONNX has no Bessel functions")


def _function(name, line, formula, example, values, space="special", scipy=None, order=None):
    """An op of one argument whose body is SciPy's function of the name `scipy`, called with the `order` first if there is one."""

    def body(input):
        from scipy import special

        f = getattr(special, scipy or name)
        found = f(input) if order is None else f(order, input)
        return found[0] if isinstance(found, tuple) else found

    body.__name__ = body.__qualname__ = name
    call = name if space == "torch" else f"special.{name}"
    body.__doc__ = f"""{line}

    {formula}

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> {call}(tensor({example}))
        tensor({values})
    """
    spaces = ("torch", "special") if space == "torch" else ("special",)
    return op("map", result="float", spaces=spaces, methods=space == "torch", inplace=space == "torch", onnx=NO_FORM)(body)


FIRST, SECOND = "Take the Bessel function of the first kind", "Take the Bessel function of the second kind"
GROWING, FALLING = "Take the modified Bessel function of the first kind", "Take the modified Bessel function of the second kind"
BELOW = "; -inf at 0, nan below"
ABOVE = "; inf at 0, nan below"

i0 = _function("i0", f"{GROWING} of order 0.", "y = sum of (input / 2) ** 2k / k! ** 2", "[0.0, 1.0]", "[1.0000, 1.2661]", "torch")
i0e = _function("i0e", f"{GROWING} of order 0, scaled.", "y = e ** -|input| * i0(input)", "[0.0, 1.0]", "[1.0000, 0.4658]")
i1 = _function("i1", f"{GROWING} of order 1.", "y = i0'(input)", "[0.0, 1.0]", "[0.0000, 0.5652]")
i1e = _function("i1e", f"{GROWING} of order 1, scaled.", "y = e ** -|input| * i1(input)", "[0.0, 1.0]", "[0.0000, 0.2079]")
bessel_j0 = _function("bessel_j0", f"{FIRST} of order 0.", "y = J_0(input)", "[0.0, 1.0]", "[1.0000, 0.7652]", scipy="j0")
bessel_j1 = _function("bessel_j1", f"{FIRST} of order 1.", "y = J_1(input)", "[0.0, 1.0]", "[0.0000, 0.4401]", scipy="j1")
bessel_y0 = _function("bessel_y0", f"{SECOND} of order 0{BELOW}.", "y = Y_0(input)", "[0.0, 1.0]", "[  -inf, 0.0883]", scipy="y0")
bessel_y1 = _function("bessel_y1", f"{SECOND} of order 1{BELOW}.", "y = Y_1(input)", "[0.0, 1.0]", "[   -inf, -0.7812]", scipy="y1")
modified_bessel_i0 = _function(
    "modified_bessel_i0", f"{GROWING} of order 0.", "y = I_0(input)", "[0.0, 1.0]", "[1.0000, 1.2661]", scipy="i0"
)
modified_bessel_i1 = _function(
    "modified_bessel_i1", f"{GROWING} of order 1.", "y = I_1(input)", "[0.0, 1.0]", "[0.0000, 0.5652]", scipy="i1"
)
modified_bessel_k0 = _function(
    "modified_bessel_k0", f"{FALLING} of order 0{ABOVE}.", "y = K_0(input)", "[0.0, 1.0]", "[   inf, 0.4210]", scipy="k0"
)
modified_bessel_k1 = _function(
    "modified_bessel_k1", f"{FALLING} of order 1{ABOVE}.", "y = K_1(input)", "[0.0, 1.0]", "[   inf, 0.6019]", scipy="k1"
)
scaled_modified_bessel_k0 = _function(
    "scaled_modified_bessel_k0", f"{FALLING} of order 0, scaled{ABOVE}.", "y = e ** input * K_0(input)", "[0.0, 1.0]", "[   inf, 1.1445]",
    scipy="k0e",
)  # fmt: skip
scaled_modified_bessel_k1 = _function(
    "scaled_modified_bessel_k1", f"{FALLING} of order 1, scaled{ABOVE}.", "y = e ** input * K_1(input)", "[0.0, 1.0]", "[   inf, 1.6362]",
    scipy="k1e",
)  # fmt: skip
spherical_bessel_j0 = _function(
    "spherical_bessel_j0", "Take the spherical Bessel function of the first kind of order 0.", "y = sin(input) / input", "[0.0, 1.0]",
    "[1.0000, 0.8415]", scipy="spherical_jn", order=0,
)  # fmt: skip
airy_ai = _function(
    "airy_ai", "Take the Airy function that falls off.", "y = Ai(input), a solution of y'' = input * y", "[0.0, 1.0]", "[0.3550, 0.1353]",
    scipy="airy",
)  # fmt: skip


def _per_input(input, result):
    """result / input of a function that leaves 0 with the slope 1/2."""
    away = gt(abs(input), 1e-7)
    return where(away, result / where(away, input, 1), 0.5)


derivative(i0, input=lambda g, input: g * i1(input))
derivative(i0e, input=lambda g, input, result: g * (i1e(input) - sgn(input) * result))
derivative(i1, input=lambda g, input, result: g * (i0(input) - _per_input(input, result)))
derivative(i1e, input=lambda g, input, result: g * (i0e(input) - sgn(input) * result - _per_input(input, result)))


@samples(i0)
@samples(i0e)
@samples(i1)
@samples(i1e)
@samples(bessel_j0)
@samples(bessel_j1)
@samples(modified_bessel_i0)
@samples(modified_bessel_i1)
@samples(spherical_bessel_j0)
@samples(airy_ai)
def _(s):
    yield s(s.away(3, 4))
    yield s(s.tensor([-4.5, -0.2, 0.4, 4.8])).within(rtol=2e-5, because=TORCH)


@samples(bessel_y0)
@samples(bessel_y1)
@samples(modified_bessel_k0)
@samples(modified_bessel_k1)
@samples(scaled_modified_bessel_k0)
@samples(scaled_modified_bessel_k1)
def _(s):
    yield s(s.positive(3, 4))
    yield s(s.tensor([-1.0, 0.0, 0.4, 4.8])).within(rtol=2e-5, because=TORCH)
