"""Products with Jacobians and Hessians, and these themselves, of functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.ext.core import _core

from ..ops.creation import zeros_like
from ..ops.errors import expected
from ..ops.pieces import stack
from .batching import batched_over
from .forward_ad import push

Tensor = _core.Tensor
Function = Callable[..., Any]


def _tuple(name: str, what: str, value: Any) -> tuple[tuple[Tensor, ...], bool]:
    """The tensors as a tuple, and whether they came as one."""
    many = isinstance(value, (tuple, list))
    values = tuple(value) if many else (value,)
    for v in values:
        if not isinstance(v, Tensor):
            raise expected(name, f"{what} to be a Tensor or a tuple of Tensors", type(v).__name__, error=TypeError)
    return values, many


def _inputs(values: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """The inputs as tensors to differentiate with respect to: views of the given ones where the result must be differentiable in them."""
    made = []
    for v in values:
        x = _core.OPS["identity"](v) if create_graph and v.requires_grad else v.detach()
        made.append(x.requires_grad_(True))
    return tuple(made)


def _call(name: str, func: Function, inputs: tuple[Tensor, ...], strict: bool) -> tuple[tuple[Tensor, ...], bool]:
    outputs, many = _tuple(name, "the result of func", func(*inputs))
    for i, o in enumerate(outputs):
        if strict and not o.requires_grad:
            raise expected(name, "outputs that depend on the inputs", f"output {i} that does not", "leave strict=True away", RuntimeError)
    return outputs, many


def _vectors(name: str, v: Any, like: tuple[Tensor, ...], many: bool, scalar: bool) -> tuple[Tensor, ...]:
    """The vectors given, of the shapes of `like`; a one where there is a single element and none is given."""
    if v is None:
        if not scalar or len(like) != 1 or like[0].numel() != 1:
            raise expected(name, "v, as there is more than one element", "None", error=RuntimeError)
        return (zeros_like(like[0]) + 1,)
    given, several = _tuple(name, "v", v)
    if several != many or len(given) != len(like):
        raise expected(name, f"v to be {len(like)} tensors, given as they are", f"{len(given)}", error=RuntimeError)
    for a, b in zip(given, like):
        if tuple(a.shape) != tuple(b.shape):
            raise expected(name, f"v of shape {tuple(b.shape)}", f"{tuple(a.shape)}", error=RuntimeError)
    return given


def _grads(
    name: str, outputs: tuple[Tensor, ...], inputs: tuple[Tensor, ...], seeds: Any, strict: bool, create_graph: bool, retain: bool = False
) -> tuple[Tensor, ...]:
    """Gradients, zeros where there is no path (an error if strict)."""
    pairs = [(o, s) for o, s in zip(outputs, seeds) if o.requires_grad]
    found: list[Tensor | None] = [None] * len(inputs)
    if pairs:
        found = _core.gradients([o for o, _ in pairs], [s for _, s in pairs], list(inputs), retain or create_graph, create_graph)
    for i, g in enumerate(found):
        if strict and g is None:
            raise expected(name, "outputs that depend on every input", f"input {i} on which none does", error=RuntimeError)
        if strict and create_graph and g is not None and not g.requires_grad:
            raise expected(name, "a derivative that depends on the inputs", f"one in input {i} that does not", error=RuntimeError)
    return tuple(zeros_like(x) if g is None else g for x, g in zip(inputs, found))


def _done(tensors: tuple[Tensor, ...], many: bool, create_graph: bool) -> Any:
    found = tensors if create_graph else tuple(t.detach() for t in tensors)
    return found if many else found[0]


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The vector-Jacobian product: the outputs, and v^T J.

    Args:
        func: A function of the inputs that gives a tensor or a tuple.
        inputs: A tensor or a tuple.
        v: The vector, in the shape of the outputs; may be left out for one element.
        create_graph: Whether the results can be differentiated.
        strict: Raise where an output depends on no input or the other way round, instead of answering zeros.

    Returns:
        The outputs and the product, in the shape of the inputs.

    Raises:
        RuntimeError: v does not fit, or independence with strict.

    Example:
        >>> vjp(lambda x: x * x, tensor([1.0, 2.0]), tensor([1.0, 1.0]))
        (tensor([1., 4.]), tensor([2., 4.]))
    """
    with _core.enable_grad():
        given, many = _tuple("vjp", "inputs", inputs)
        xs = _inputs(given, create_graph)
        outputs, several = _call("vjp", func, xs, strict)
        seeds = _vectors("vjp", v, outputs, several, True)
        found = _grads("vjp", outputs, xs, seeds, strict, create_graph)
    return _done(outputs, several, create_graph), _done(found, many, create_graph)


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The Jacobian-vector product: the outputs, and J v, by differentiating the derivative.

    Args:
        func: A function of the inputs that gives a tensor or a tuple.
        inputs: A tensor or a tuple.
        v: The vector, in the shape of the inputs; may be left out for one element.
        create_graph: Whether the results can be differentiated.
        strict: Raise where an output depends on no input or the other way round, instead of answering zeros.

    Returns:
        The outputs and the product, in the shape of the outputs.

    Raises:
        RuntimeError: v does not fit, or independence with strict.

    Example:
        >>> jvp(lambda x: x * x, tensor([1.0, 2.0]), tensor([1.0, 0.0]))
        (tensor([1., 4.]), tensor([2., 0.]))
    """
    with _core.enable_grad():
        given, many = _tuple("jvp", "inputs", inputs)
        vectors = _vectors("jvp", v, given, many, True)
        xs = _inputs(given, create_graph)
        outputs, several = _call("jvp", func, xs, strict)
        if strict:
            _grads("jvp", outputs, xs, [zeros_like(o) for o in outputs], True, False, retain=True)
        found = tuple(push(list(outputs), list(xs), list(vectors), create_graph))
        for i, t in enumerate(found):
            if strict and create_graph and not t.requires_grad:
                raise expected("jvp", "a product that depends on the inputs", f"one of output {i} that does not", error=RuntimeError)
    return _done(outputs, several, create_graph), _done(found, several, create_graph)


def _basis(like: Tensor) -> Tensor:
    """All tensors of this shape with a single one in them, stacked."""
    n = like.numel()
    eye = _core.fill(_core.make_empty((n, n), like.dtype), 0)
    with _core.no_grad():
        eye.view(-1)[:: n + 1] = 1
    return eye.view((n, *like.shape))


def _for_each(basis: Tensor, f: Callable[[Tensor], Sequence[Tensor]], vectorize: bool) -> list[Tensor | None]:
    """Stacks of what f gives for each of a basis: at once or one after the other."""
    if not basis.shape[0]:
        return []
    if vectorize:
        return batched_over(basis.shape[0], f, basis)
    return [stack(list(column)) for column in zip(*(f(e) for e in basis))]


def jacobian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False, strategy: str = "reverse-mode"
) -> Any:
    """The Jacobian of a function.

    Args:
        func: A function of the inputs that gives a tensor or a tuple.
        inputs: A tensor or a tuple.
        create_graph: Whether the result can be differentiated.
        strict: Raise where an output depends on no input or the other way round, instead of answering zeros.
        vectorize: Whether all rows (or columns) are computed at once, as a batch, instead of one after the other.
        strategy: "reverse-mode" (a backward for each output element) or "forward-mode" (a product for each input element).

    Shape:
        result: for each output a tuple with one for each input, of shape (*output, *input); without tuples where they came without.

    Raises:
        AssertionError: another strategy.
        RuntimeError: independence with strict.

    Example:
        >>> jacobian(lambda x: x * x, tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise expected("jacobian", 'strategy to be "reverse-mode" or "forward-mode"', strategy, error=AssertionError)
    with _core.enable_grad():
        given, many = _tuple("jacobian", "inputs", inputs)
        if strategy == "forward-mode":
            return _forward_jacobian(func, given, many, create_graph, strict, vectorize)
        xs = _inputs(given, create_graph)
        outputs, several = _call("jacobian", func, xs, strict)
        rows = []
        for o in outputs:

            def row(e: Tensor, o: Tensor = o) -> tuple[Tensor, ...]:
                return _grads("jacobian", (o,), xs, (e,), strict, create_graph, retain=True)

            found = _for_each(_basis(o), row, vectorize) or [None] * len(xs)
            shapes = [(*o.shape, *x.shape) for x in xs]
            made = [zeros_like(x).new_zeros(s) if p is None else p.reshape(s) for x, p, s in zip(xs, found, shapes)]
            rows.append(_done(tuple(made), many, create_graph))
    return tuple(rows) if several else rows[0]


def _forward_jacobian(func: Function, given: tuple[Tensor, ...], many: bool, create_graph: bool, strict: bool, vectorize: bool) -> Any:
    """The same by columns."""
    if strict:
        raise expected("jacobian", 'strict=False with strategy="forward-mode"', "True", error=RuntimeError)
    xs = _inputs(given, create_graph)
    outputs, several = _call("jacobian", func, xs, strict)
    columns = []
    for i, x in enumerate(xs):

        def column(e: Tensor, i: int = i) -> list[Tensor]:
            vectors = [e if k == i else zeros_like(y) for k, y in enumerate(xs)]
            return push(list(outputs), list(xs), vectors, create_graph)

        columns.append(_for_each(_basis(x), column, vectorize) or [None] * len(outputs))
    rows = []
    for k, o in enumerate(outputs):
        shapes = [(*o.shape, *x.shape) for x in xs]
        parts = [c[k] for c in columns]
        made = [zeros_like(o).new_zeros(s) if p is None else p.movedim(0, -1).reshape(s) for p, s in zip(parts, shapes)]
        rows.append(_done(tuple(made), many, create_graph))
    return tuple(rows) if several else rows[0]


def _scalar(name: str, func: Function) -> Function:
    def checked(*xs: Tensor) -> Tensor:
        out = func(*xs)
        if not isinstance(out, (Tensor, tuple, list)):
            return out  # refused by whoever asked
        if not isinstance(out, Tensor) or out.numel() != 1:
            raise expected(name, "func to give a tensor of one element", out, error=RuntimeError)
        return out.reshape(())

    return checked


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function with one element.

    Args:
        func: A function of the inputs that gives a tensor of one element.
        inputs: A tensor or a tuple.
        create_graph: Whether the result can be differentiated.
        strict: Raise where the gradient does not depend on an input, instead of answering zeros.
        vectorize: Whether all rows (or columns) are computed at once.
        outer_jacobian_strategy: How the gradient is differentiated: "reverse-mode" or "forward-mode".

    Shape:
        result: for each input a tuple with one for each input, of shape (*first, *second); without tuples for a single tensor.

    Raises:
        RuntimeError: several elements, or independence with strict.

    Example:
        >>> hessian(lambda x: (x * x * x).sum(), tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    _, many = _tuple("hessian", "inputs", inputs)
    scalar = _scalar("hessian", func)

    def gradient(*xs: Tensor) -> Any:
        (out,), _ = _call("hessian", scalar, xs, strict)
        found = _grads("hessian", (out,), xs, (zeros_like(out) + 1,), strict, True)
        return found if many else found[0]

    return jacobian(gradient, inputs, create_graph=create_graph, strict=strict, vectorize=vectorize, strategy=outer_jacobian_strategy)


def vhp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The vector-Hessian product: the value, and v^T H.

    Args:
        func: A function of the inputs that gives a tensor of one element.
        inputs: A tensor or a tuple.
        v: The vector, in the shape of the inputs; may be left out for one element.
        create_graph: Whether the results can be differentiated.
        strict: Raise where the gradient does not depend on an input, instead of answering zeros.

    Returns:
        The value and the product, in the shape of the inputs.

    Example:
        >>> vhp(lambda x: (x * x * x).sum(), tensor([1.0, 2.0]), tensor([1.0, 1.0]))
        (tensor(9.), tensor([ 6., 12.]))
    """
    return _second("vhp", func, inputs, v, create_graph, strict)


def hvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The Hessian-vector product: the value, and H v, which is v^T H as H is symmetric.

    Args:
        func: A function of the inputs that gives a tensor of one element.
        inputs: A tensor or a tuple.
        v: The vector, in the shape of the inputs; may be left out for one element.
        create_graph: Whether the results can be differentiated.
        strict: Raise where the gradient does not depend on an input, instead of answering zeros.

    Returns:
        The value and the product, in the shape of the inputs.

    Example:
        >>> hvp(lambda x: (x * x * x).sum(), tensor([1.0, 2.0]), tensor([1.0, 1.0]))
        (tensor(9.), tensor([ 6., 12.]))
    """
    return _second("hvp", func, inputs, v, create_graph, strict)


def _second(name: str, func: Function, inputs: Any, v: Any, create_graph: bool, strict: bool) -> tuple[Any, Any]:
    with _core.enable_grad():
        given, many = _tuple(name, "inputs", inputs)
        vectors = _vectors(name, v, given, many, True)
        xs = _inputs(given, create_graph)
        outputs, _ = _call(name, _scalar(name, func), xs, strict)
        first = _grads(name, outputs, xs, (zeros_like(outputs[0]) + 1,), strict, True)
        found = _grads(name, first, xs, vectors, strict, create_graph)
    return _done(outputs, False, create_graph), _done(found, many, create_graph)
