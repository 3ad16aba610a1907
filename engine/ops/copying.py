"""Views as copies: what PyTorch offers under names that end in `_copy`."""

from __future__ import annotations

from workbench.ext.core import _core as core

from . import cutting, order, part_scatter, primitive, shape, slices
from ._space import public
from .complex_view import view_as_complex, view_as_real
from .errors import expected
from .expand import expand

Tensor = core.Tensor


def _narrow(input, dim, start, length):
    """`narrow`, with the class of exception that PyTorch has for a dimension beyond the last where it copies."""
    if isinstance(dim, int) and dim >= input.ndim:
        raise expected("narrow_copy", f"dim in the range [{-input.ndim}, {input.ndim - 1}]", str(dim), error=RuntimeError)
    return slices.narrow(input, dim, start, length)


def _copied(name, view, method=False):
    """`name`: what `view` gives, in memory of its own."""

    def copy(input, *args, out=None, **kwargs):
        found = view(input, *args, **kwargs)
        if out is None:
            return found.clone() if isinstance(found, Tensor) else tuple(part.clone() for part in found)
        for target, part in zip((out,), (found,), strict=True) if isinstance(found, Tensor) else zip(out, found, strict=True):
            core.init_tensor(target, part.detach().clone().to(target.dtype), False) if target.shape != part.shape else target.copy_(part)
        return out

    of = name.removesuffix("_copy")
    copy.__name__ = copy.__qualname__ = name
    copy.__doc__ = f"""Do what `{of}` does, but give a copy.

    Args:
        input: Tensor.
        args: The other arguments of `{of}`.
        out: A tensor to write into, or a sequence of them where there are several results.
        kwargs: The same, by name.

    Shape:
        input: (*); result: that of `{of}`.

    Returns:
        A tensor with memory of its own, or a tuple of them.
    """
    return public("torch", methods=(name,) if method else ())(copy)


for _name, _view in {
    "alias": primitive.identity, "as_strided": slices.as_strided, "detach": Tensor.detach, "diagonal": slices.diagonal, "expand": expand,
    "permute": order.permute, "select": slices.select, "slice": part_scatter.slice_along, "split": cutting.split,
    "split_with_sizes": cutting.split_with_sizes, "squeeze": order.squeeze, "t": order.t, "transpose": order.transpose,
    "unbind": cutting.unbind, "unfold": slices.windows, "unsqueeze": order.unsqueeze, "view": shape.view,
    "view_as_complex": view_as_complex, "view_as_real": view_as_real,
}.items():  # fmt: skip
    _copied(f"{_name}_copy", _view)

narrow_copy = _copied("narrow_copy", _narrow, method=True)
