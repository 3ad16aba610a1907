"""`@op`: the one place where an op is said. Nothing here runs when an op is called.

The decorated function is the op's name, signature, docstring and NumPy meaning (its *body*: tensors arrive as ndarrays, an ndarray
comes back, or a tuple of them); what replaces it is the callable `Op` of the core. What else is known of the op is attached with
`infer`, `derivative`, `formula`, `samples` and `refuses`. docs/ops.md is the guide.
"""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING

from ..return_types import FIELDS, made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

REGISTRY: dict[str, Op] = {}
Op = core.Op

FLOATING = ("float32", "float64")
INTEGRAL = ("int64", "int32", "uint8")
NUMBER = FLOATING + INTEGRAL
ALL = (*NUMBER, "bool")
COMPLEX = ("complex64", "complex128")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
HALF = ("float16", "bfloat16")
NOT_FLOATING = ("bool", *INTEGERS, *COMPLEX)


class Unsupported:
    """The ONNX form of an op that ONNX cannot say; `why` goes into the exporter's error."""

    def __init__(self, why: str) -> None:
        self.why = why


class Definition:
    """Everything that is known of one op; `op.definition`."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def _parameters(f: Any) -> tuple[tuple[str, ...], tuple[Any, ...], int]:
    code = f.__code__
    n, k = code.co_argcount, code.co_kwonlyargcount
    names = code.co_varnames[: n + k]
    given = f.__defaults__ or ()
    keyword = f.__kwdefaults__ or {}
    defaults = (...,) * (n - len(given)) + given + tuple(keyword.get(name, ...) for name in names[n:])
    return names, defaults, n


def _packing(name: str, fields: tuple[str, ...]) -> Callable[..., Any]:
    """What makes the named tuple of a call's results."""
    FIELDS[name] = fields

    def pack(*results: Any) -> Any:
        return made(name)(results)

    return pack


def op(
    family: str,
    *,
    tensors: int | tuple[str, ...] = 1,
    spaces: tuple[str, ...] | str = "torch",
    methods: bool | tuple[str, ...] = True,
    inplace: bool = False,
    result: str = "promote",
    attrs: tuple[str, ...] = (),
    star: str | None = None,
    outputs: tuple[str, ...] = (),
    returns: str = "",
    extra: tuple[str, ...] = (),
    dtypes: tuple[str, ...] | None = None,
    refused: tuple[str, ...] = (),
    numbers: tuple[str, ...] | None = None,
    kernel: str = "",
    holomorphic: bool = True,
    out: tuple[str, ...] | str = (),
    onnx: str | Callable[..., Any] | Unsupported | None = None,
    peer: str | Callable[..., Any] | None = None,
) -> Callable[[Any], Op]:
    """Define an op.

    Args:
        family: How the op runs. `map`: elementwise with broadcasting and promotion. `reduce`: parameters `dim` and `keepdim`.
            `view`: shares memory with its input. `call`: anything else; `infer` gives the outputs. `composite`: the body is written
            in ops and gets tensors.
        tensors: The first so many parameters are tensors, or the names of those that are. A name with a star in front takes a
            sequence of tensors.
        spaces: Where users find it: "torch", "functional", "linalg", "special", "fft", "windows"; () for an internal op.
        methods: Names of the Tensor methods that are this op; True means its own name.
        inplace: Make `name_` as well.
        result: The dtype of the result: "promote" (of the tensors), "float" (the same, integers become the default dtype), "bool",
            "first" (that of the first tensor), "real" (promoted, and of complex tensors their real counterpart), "whole" (promoted, and
            int64 of bools) or a dtype's name. A `call` op's inference overrules it.
        attrs: For `map` and `reduce`: the parameters that a kernel gets as numbers, in this order.
        star: The parameter that also accepts its sequence spread out, as in `x.view(2, 3)`.
        outputs: Names of the fields where a named tuple comes back.
        returns: Name of that tuple's type in `return_types`; the op's own by default.
        extra: Names of outputs after the public ones, kept only for the derivative, which may name them.
        dtypes: What the tests try: FLOATING, NUMBER, ALL or names; by default that of the result rule.
        refused: Of a `map`: dtypes that it is not defined for, as PyTorch has it; that of the arguments together counts.
        numbers: Of a `map`: which of its tensors may be numbers, as in PyTorch; None means all.
        kernel: The name that its kernel is registered under, where it is not the op's own: a public op often only chooses arguments for
            an internal one, and the kernel has the public name.
        holomorphic: Of complex tensors: the derivative is that for real numbers. False where the result depends on the conjugate too
            (abs, real, angle); then the rules say the gradient themselves, in PyTorch's convention (the conjugate Wirtinger derivative).
        out: What PyTorch asks of `out=` here, where that is more than a dtype that holds the result: "exact" (the result's own dtype),
            "bytes" (that or uint8), "type error" (raised for another one), "apart" (no memory shared with any argument, as the op reads
            while it writes), "whole" (the memory of an argument as a whole or none of it; asked of every `map`).
        onnx: The op type where it takes the tensors in order, or a function `f(graph, *bound arguments)` that gives the name of the result
            (or Unsupported for these arguments), or Unsupported.
        peer: PyTorch's name of it below `torch` (by default found in the spaces), or a function of torch arguments.
    """

    def wrap(f: Any) -> Op:
        names, defaults, npos = _parameters(f)
        named = names[:tensors] if isinstance(tensors, int) else tensors
        sequence = next((t[1:] for t in named if t.startswith("*")), None)
        named = tuple(t.lstrip("*") for t in named)
        name = f.__name__.rstrip("_") if f.__name__.endswith("__") else f.__name__
        definition = Definition(
            name=name, family=family, params=names, defaults=defaults, npos=npos, tensors=named, sequence=sequence, star=star,
            attrs=attrs, result=result, outputs=outputs, extra=extra, body=f, doc=f.__doc__, module=f.__module__,
            spaces=(spaces,) if isinstance(spaces, str) else spaces,
            methods=(name,) if methods is True else tuple(methods or ()), inplace=inplace,
            dtypes=dtypes or (ALL if result == "bool" else FLOATING), kernel=kernel or name, holomorphic=holomorphic, onnx=onnx, peer=peer,
            refused=refused, numbers=numbers, rules={}, together=None, formula=None, samples=None, refuses=None, infer=None,
            out=(out,) if isinstance(out, str) else out, pack=_packing(returns or name, outputs) if outputs else None,
        )  # fmt: skip
        defined = core.define(definition)
        REGISTRY[name] = defined
        for method in definition.methods:
            core.add_method(method, defined)
        if inplace:
            twin = core.define_inplace(defined)
            REGISTRY[name + "_"] = twin
            for method in definition.methods or (name,):
                core.add_method(method + "_", twin)
        return defined

    return wrap


def infer(o: Op) -> Callable[[Any], Any]:
    """Attach the inference of a `call` or `view` op: bound arguments in, errors raised here, the plan of the call out.

    A `call` op returns `(outputs, ints, floats)`: outputs is a list of `(shape, dtype)`, extra ones included; ints and floats are the
    attributes that a kernel reads as `c->i` and `c->f` (ints may hold nested tuples, which are flattened). A `view` op returns
    `(shape, strides, offset)`, in elements, offset relative to the input's first element, with a dtype behind where it is another
    one; None hands over to the body, whose result is a copy.
    """

    def wrap(f: Any) -> Any:
        o.definition.infer = f
        core.set_infer(o, f)
        return f

    return wrap


def _needs(o: Op, f: Any, skip: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """How the core finds each argument of a rule: (kind, index) packed into one number."""
    params, extra = o.definition.params, o.definition.extra
    code = []
    for name in f.__code__.co_varnames[skip : f.__code__.co_argcount]:
        if name in params:
            code.append(params.index(name))
        elif name == "result":
            code.append(core.RULE_RESULT)
        elif name == "need":
            code.append(core.RULE_NEED)
        elif name in extra:
            code.append(core.RULE_EXTRA + extra.index(name))
        elif name.endswith("_shape") and name[:-6] in params:
            code.append(core.RULE_SHAPE + params.index(name[:-6]))
        elif name.endswith("_dtype") and name[:-6] in params:
            code.append(core.RULE_DTYPE + params.index(name[:-6]))
        else:
            raise TypeError(
                f"derivative of {o.name}: {name!r} is neither a parameter nor result, need, an extra output or <parameter>_shape"
            )
    return tuple(code)


def derivative(o: Op, *, together: Any = None, **rules: Any) -> None:
    """Attach the derivative, written in ops, so that it has derivatives itself.

    `derivative(mul, input=lambda g, other: g * other, other=lambda g, input: g * input)`: one rule for each tensor that has a
    gradient; `g` is the gradient of the result (a tuple, with None where nothing came, for an op of several outputs). What a rule names
    is what is saved: a parameter (its value), `result` (the output, a tuple if several), the name of an extra output, `input_shape`,
    `input_dtype`, `need` (a bool for each tensor parameter). Broadcasting is undone by the engine. `together` is one rule that returns the
    gradients of all tensor parameters in their order, None where not needed.
    """
    unknown = set(rules) - set(o.definition.tensors)
    if unknown:
        raise TypeError(f"derivative of {o.name}: {sorted(unknown)} are not among its tensors {o.definition.tensors}")
    o.definition.rules, o.definition.together = rules, together
    if together is not None:
        core.set_together(o, together, _needs(o, together, 1))
    else:
        fs = tuple(rules.get(t) for t in o.definition.tensors)
        core.set_rules(o, fs, tuple(_needs(o, f, 1) if f else () for f in fs))


def formula(o: Op) -> Callable[[Any], Any]:
    """Attach the meaning in plain ops, from the same arguments: what the derivative of a fused op (usually a `*_backward`) is taken
    from, by differentiating it. The result must be the op's own, to rounding."""

    def wrap(f: Any) -> Any:
        o.definition.formula = f
        core.set_formula(o, f)
        return f

    return wrap


def _both(before: Callable[..., Iterable[Any]] | None, f: Callable[..., Iterable[Any]]) -> Callable[..., Iterable[Any]]:
    """One generator after the other: an op may have its samples in several blocks."""

    def calls(s: Any) -> Iterator[Any]:
        yield from before(s) if before is not None else ()
        yield from f(s)

    return calls


def samples(o: Op) -> Callable[[Callable[..., Iterable[Any]]], Callable[..., Iterable[Any]]]:
    """Attach the sample inputs: a generator that takes a `testing.Maker` and yields its calls, on both sides of every kink."""

    def wrap(f: Callable[..., Iterable[Any]]) -> Callable[..., Iterable[Any]]:
        o.definition.samples = _both(o.definition.samples, f)
        return f

    return wrap


def refuses(o: Op) -> Callable[[Callable[..., Iterable[Any]]], Callable[..., Iterable[Any]]]:
    """Attach the bad inputs: a generator like `samples` whose calls are marked with `.raises(Error, "part of the message")`."""

    def wrap(f: Callable[..., Iterable[Any]]) -> Callable[..., Iterable[Any]]:
        o.definition.refuses = _both(o.definition.refuses, f)
        return f

    return wrap
