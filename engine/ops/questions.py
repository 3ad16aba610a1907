"""What tensors tell of themselves and do element by element in Python, and shapes taken back by sums."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array
from ._define import ALL, Unsupported, op, refuses, samples
from ._help import tensors
from ._space import public
from .casting import fill_
from .errors import expected
from .expand import sum_to
from .rearrange import flip
from .slices import as_strided

Tensor = core.Tensor


@public("torch", methods=("is_nonzero",))
def is_nonzero(input):
    """Whether the one element of a tensor is not 0.

    Args:
        input: Tensor of one element.

    Shape:
        input: (1, *).

    Returns:
        bool.

    Raises:
        RuntimeError: there are more elements, or none.

    Example:
        >>> is_nonzero(tensor([0.0]))
        False
    """
    tensors("is_nonzero", input=input)
    return bool(input)


@op("composite", spaces=(), methods=("sum_to_size",), star="size", dtypes=ALL, onnx=Unsupported("it undoes a broadcast"))
def sum_to_size(input, size):
    """Sum over dimensions until a shape is left that broadcasts to that of `input`.

    Args:
        input: Tensor.
        size: The shape, as a sequence or one by one.

    Shape:
        input: (*); result: size.

    Returns:
        Tensor of the dtype of `input`; of whole numbers that are summed, and where `size` is (), of int64.

    Raises:
        RuntimeError: `size` does not broadcast to the shape of `input`.

    Example:
        >>> ones(2, 3).sum_to_size(1, 3)
        tensor([[2., 2., 2.]])
    """
    size, shape = tuple(size), tuple(input.shape)
    fits = len(size) <= len(shape) and all(n in (1, m) for n, m in zip(reversed(size), reversed(shape)))
    if not fits:
        raise expected("sum_to_size", f"size that broadcasts to {shape}", f"{size}", error=RuntimeError)
    return sum_to(input, size) if size or shape else input.sum()  # which of whole numbers is of int64


@samples(sum_to_size)
def _(s):
    yield s(s.normal(2, 3), (1, 3))
    yield s(s.normal(2, 3), (3,))
    yield s(s.normal(2, 3), ())


@refuses(sum_to_size)
def _(s):
    yield s(s.normal(2, 3), (2,)).raises(RuntimeError, "sum_to_size: expected size that broadcasts to (2, 3)")


@public("torch")
def fill(input, value):
    """A tensor like another one, full of a number; `value` may be a tensor without dimensions, and has a gradient then."""
    tensors("fill", input=input)
    return fill_(input.clone(), value)


@public("torch", methods=("slice_inverse",))
def slice_inverse(input, src, dim=0, start=None, end=None, step=1):
    """The tensor that `input` is a slice of: a view of its memory with the shape and strides of `src`."""
    return as_strided(input, tuple(src.shape), src.stride(), src.storage_offset())


@public("torch", methods=("is_distributed",))
def is_distributed(input):
    """Whether a tensor lies on several machines: never."""
    tensors("is_distributed", input=input)
    return False


def _elements(name, input, *others):
    if input.requires_grad:
        raise expected(name, "a tensor that does not require grad", input, "use .detach()", RuntimeError)
    for t in others:
        tensors(name, tensor=t)
        if tuple(t.shape) != tuple(input.shape):
            raise expected(name, f"tensors of shape {tuple(input.shape)}", t, error=RuntimeError)
    return zip(*(array(t).reshape(-1).tolist() for t in (input, *others)), strict=True)


def _write(input, values):
    wide = np.complex128 if input.is_complex() else np.float64 if input.dtype.is_floating_point else np.int64
    try:
        found = np.array(values, wide)
    except ValueError:
        raise expected("apply_", "a function that gives numbers", values, error=TypeError) from None
    return input.copy_(core.from_numpy(found.reshape(tuple(input.shape))).to(input.dtype))


@public(methods=("apply_",))
def apply_(input, callable):
    """Replace each element by what a function of Python gives for it; returns the tensor."""
    return _write(input, [callable(x) for (x,) in _elements("apply_", input)])


@public(methods=("map_",))
def map_(input, tensor, callable):
    """Replace each element by what a function of it and of one of another tensor gives; returns the tensor."""
    return _write(input, [callable(*pair) for pair in _elements("map_", input, tensor)])


@public(methods=("map2_",))
def map2_(input, x, y, callable):
    """Replace each element by what a function of it and of one of each of two other tensors gives; returns the tensor."""
    return _write(input, [callable(*three) for three in _elements("map2_", input, x, y)])


@public(methods=("new",))
def new(input, *args, device=None):
    """The oldest form of `new_empty` and `new_tensor`: sizes give memory that is not written, a sequence or a tensor gives data."""
    core.as_device(device)
    if len(args) == 1 and isinstance(args[0], Tensor):
        return args[0].to(input.dtype).detach()
    if len(args) == 1 and isinstance(args[0], (list, tuple)) and not isinstance(args[0], core.Size):
        return input.new_tensor(args[0])
    return core.make_empty(tuple(args[0]) if len(args) == 1 and isinstance(args[0], core.Size) else args or (0,), input.dtype, input.device)


@public(methods=("dim_order",))
def dim_order(input, *, ambiguity_check=False):
    """The dimensions in the order in which they lie in memory, the farthest apart first.

    Args:
        input: Tensor.
        ambiguity_check: True refuses tensors for which another order is as true, as dimensions of size 1 have; a list of memory formats
            refuses those of them of which not exactly one format is true.

    Shape:
        input: (*).

    Returns:
        tuple of ints.

    Raises:
        RuntimeError: the check fails.
        TypeError: `ambiguity_check` is neither a bool nor a list.

    Example:
        >>> zeros(2, 3).t().dim_order()
        (1, 0)
    """
    strides = input.stride()
    if not isinstance(ambiguity_check, (bool, list)):
        raise expected("dim_order", "ambiguity_check to be a bool or a list of memory formats", ambiguity_check, error=TypeError)
    if ambiguity_check and input.ndim > 1 and (1 in input.shape or len(set(strides)) < input.ndim):
        formats = [] if ambiguity_check is True else [f for f in ambiguity_check if input.is_contiguous(memory_format=f)]
        if len(formats) != 1:
            raise expected("dim_order", "a tensor with one order of its dimensions", input, error=RuntimeError)
    return tuple(sorted(range(input.ndim), key=lambda d: (-strides[d], d)))


@public(methods=("is_same_size",))
def is_same_size(input, other):
    """Whether two tensors have one shape."""
    return tuple(input.shape) == tuple(other.shape)


@public(methods=("is_set_to",))
def is_set_to(input, tensor):
    """Whether two tensors are the same view of the same memory."""
    same = (tuple(t.shape) + t.stride() + (t.storage_offset(),) for t in (input, tensor))
    return bool(input._shares_storage(tensor)) and next(same) == next(same)


@public(methods=("as_subclass",))
def as_subclass(input, cls):
    """A tensor of a class derived from Tensor, over the same memory."""
    if not (isinstance(cls, type) and issubclass(cls, Tensor)):
        raise expected("as_subclass", "a class derived from Tensor", cls, error=TypeError)
    return core.init_tensor(cls.__new__(cls), input.detach(), False)


@public(methods=("const_data_ptr",))
def const_data_ptr(input):
    """The address of the first element, for reading."""
    return input.data_ptr()


core.add_method("is_cpu", property(lambda input: input.device.type == "cpu"))
core.add_method("name", property(lambda input: None))
for _name in ("meta", "mps", "xla", "xpu", "ipu", "maia", "mtia", "vulkan", "mkldnn", "sparse_csr", "nested"):
    core.add_method(f"is_{_name}", property(lambda input: False))
core.add_method("is_distributed", is_distributed)


@public(methods=("__reversed__",))
def reversed_(input):
    """Flipped along the first dimension."""
    return flip(input, 0) if input.ndim else input


core.add_method("__div__", lambda input, other: input / other)
core.add_method("__idiv__", lambda input, other: input.div_(other))
core.add_method("__rdiv__", lambda input, other: other / input)
core.add_method("__nonzero__", core.Tensor.__bool__)
core.add_method("__long__", core.Tensor.__int__)
