"""Random tensors. Results depend on the seed, the number of draws before and the place of the element, not on threads."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._help import sizes
from ._space import public
from .complex_view import view_as_complex
from .creation import dtype_for, empty_as, finished, into, shape_of
from .drawing import normal as normal_draw
from .drawing import randint as whole_draw
from .drawing import uniform as uniform_draw
from .errors import expected
from .generator import key_of
from .primitive import cast

Tensor = core.Tensor


def drawn(name, shape, dtype, generator, draw, a, b):
    """A draw in any floating or complex dtype: half precision is rounded from float32, complex numbers are drawn by their parts."""
    dtype = core.get_default_dtype() if dtype is None else core.as_dtype(dtype)
    if dtype.is_complex:
        b = b / 2**0.5 if draw is normal_draw else b  # the variance is that of both parts together
        return view_as_complex(drawn(name, (*shape, 2), dtype.to_real(), generator, draw, a, b))
    if not dtype.is_floating_point:
        raise expected(name, "a floating dtype", dtype.name, error=RuntimeError)
    wide = dtype if dtype in (core.float32, core.float64) else core.float32
    if draw is uniform_draw and wide is not dtype:  # as many digits as it has: rounded, the numbers next to b would become b
        steps = 2048 if dtype is core.float16 else 256
        return cast((draw(shape, wide, key_of(generator), 0.0, 1.0) * steps).floor() * ((b - a) / steps) + a, dtype)
    return cast(draw(shape, wide, key_of(generator), a, b), dtype)


def whole(name, shape, dtype, generator, low, high):
    """Whole numbers in any dtype."""
    low, high = int(low), int(high)
    if low >= high:
        raise expected(name, "low < high", f"{low} and {high}", error=RuntimeError)
    dtype = core.int64 if dtype is None else core.as_dtype(dtype)
    if dtype.is_complex:
        raise expected(name, "a dtype of real numbers", dtype.name, error=RuntimeError)
    if not dtype.is_floating_point and (low, high - 1) != (0, 0):
        least, most = (0, 1) if dtype is core.bool_ else (np.iinfo(dtype.numpy).min, np.iinfo(dtype.numpy).max)
        if low < least or high - 1 > most:
            raise expected(name, f"a range that {dtype.name} holds", f"[{low}, {high})", error=RuntimeError)
    return cast(whole_draw(shape, core.int64, key_of(generator), low, high), dtype)


def alike(drawn, input, device, memory_format):
    """The numbers that were drawn, the same for every layout, in the layout of `input` or the one that is asked for."""
    if memory_format is None and input.stride() == drawn.stride():
        return drawn
    return empty_as(input, drawn.dtype, device, memory_format).copy_(drawn)


@public("torch")
def rand(*size, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, **named):
    """Draw numbers evenly distributed in [0, 1).

    y ~ U(0, 1)

    Args:
        size: Sizes, one by one or as a sequence.
        generator: Where random numbers come from; None means the default generator.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.
        named: `size` by name.

    Shape:
        result: size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: a size is negative, or the dtype is not floating.

    Example:
        >>> rand(2, 3).shape
        torch.Size([2, 3])
    """
    core.as_device(device)
    dtype = dtype_for("rand", dtype, out)
    return into(out, finished(drawn("rand", shape_of("rand", size, named), dtype, generator, uniform_draw, 0.0, 1.0), requires_grad))


@public("torch")
def rand_like(input, *, generator=None, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False):
    """Draw numbers evenly distributed in [0, 1), of the shape of another tensor.

    y ~ U(0, 1)

    Args:
        input: Tensor whose shape is taken.
        generator: Where random numbers come from; None means the default generator.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        memory_format: The order in memory; None means that of `input`.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor.
    """
    core.as_device(device)
    found = drawn("rand_like", tuple(input.shape), dtype or input.dtype, generator, uniform_draw, 0.0, 1.0)
    return finished(alike(found, input, device, memory_format), requires_grad)


@public("torch")
def randn(*size, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, **named):
    """Draw numbers from the standard normal distribution.

    y ~ N(0, 1)

    Args:
        size: Sizes, one by one or as a sequence.
        generator: Where random numbers come from; None means the default generator.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.
        named: `size` by name.

    Shape:
        result: size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: a size is negative, or the dtype is not floating.

    Example:
        >>> randn(2, 3).shape
        torch.Size([2, 3])
    """
    core.as_device(device)
    dtype = dtype_for("randn", dtype, out)
    return into(out, finished(drawn("randn", shape_of("randn", size, named), dtype, generator, normal_draw, 0.0, 1.0), requires_grad))


@public("torch")
def randn_like(input, *, generator=None, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False):
    """Draw numbers from the standard normal distribution, of the shape of another tensor.

    y ~ N(0, 1)

    Args:
        input: Tensor whose shape is taken.
        generator: Where random numbers come from; None means the default generator.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        memory_format: The order in memory; None means that of `input`.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor.
    """
    core.as_device(device)
    found = drawn("randn_like", tuple(input.shape), dtype or input.dtype, generator, normal_draw, 0.0, 1.0)
    return finished(alike(found, input, device, memory_format), requires_grad)


@public("torch")
def randint(
    low=0, high=None, size=None, *, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
):
    """Draw whole numbers evenly distributed in [low, high).

    Args:
        low: Least number; left out, it is 0 and the first argument is `high`.
        high: One more than the largest number.
        size: Sizes.
        generator: Where random numbers come from; None means the default generator.
        out: A tensor to write into.
        dtype: The dtype; None means int64.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: there is no number in the range.
        TypeError: `size` is missing.

    Example:
        >>> randint(3, (2,)).shape
        torch.Size([2])
    """
    if size is None and isinstance(high, (tuple, list)):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None:
        raise expected("randint", "size", "nothing", error=TypeError)
    core.as_device(device)
    dtype = dtype_for("randint", dtype, out)
    return into(out, finished(whole("randint", sizes("randint", size), dtype, generator, low, high), requires_grad))


@public("torch")
def randint_like(
    input, low=0, high=None, *, generator=None, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None,
    pin_memory=False,
):  # fmt: skip
    """Draw whole numbers evenly distributed in [low, high), of the shape of another tensor.

    Args:
        input: Tensor whose shape is taken.
        low: Least number; without `high` it is 0 and this is `high`.
        high: One more than the largest number.
        generator: Where random numbers come from; None means the default generator.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        memory_format: The order in memory; None means that of `input`.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor.
    """
    core.as_device(device)
    low, high = (0, low) if high is None else (low, high)
    found = whole("randint_like", tuple(input.shape), dtype or input.dtype, generator, low, high)
    return finished(alike(found, input, device, memory_format), requires_grad)


@public("torch")
def randperm(n, *, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Put the numbers from 0 to n - 1 in random order.

    Args:
        n: How many, >= 0.
        generator: Where random numbers come from; None means the default generator.
        out: A tensor to write into.
        dtype: The dtype; None means int64.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (n,).

    Returns:
        Tensor.

    Raises:
        RuntimeError: `n` is negative.

    Example:
        >>> randperm(4).sort().values
        tensor([0, 1, 2, 3])
    """
    dtype = dtype_for("randperm", dtype, out)
    if not hasattr(n, "__index__"):
        raise expected("randperm", "n to be an int", n, error=TypeError)
    if n < 0:
        raise expected("randperm", "n >= 0", n, error=RuntimeError)
    if dtype is not None and not dtype.is_floating_point and n > np.iinfo(dtype.numpy).max:
        raise expected("randperm", f"n that {dtype.name} holds", n, error=RuntimeError)
    core.as_device(device)
    keys = whole_draw((n,), core.int64, key_of(generator), -(1 << 62), 1 << 62).numpy()
    order = core.from_numpy(np.argsort(keys, kind="stable"))
    return into(out, finished(cast(order, core.int64 if dtype is None else dtype), requires_grad))


@public("torch")
def normal(
    mean=0.0, std=1.0, size=None, *, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
):
    """Draw numbers from normal distributions.

    y ~ N(mean, std ** 2)

    Args:
        mean: Mean, a number or a tensor.
        std: Standard deviation >= 0, a number or a tensor.
        size: Sizes, where both are numbers.
        generator: Where random numbers come from; None means the default generator.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype, or that of the tensors.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        mean, std: shapes that broadcast; result: the broadcast shape, or size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: `std` is negative.
        TypeError: `size` is missing.

    Example:
        >>> normal(0.0, 1.0, (2, 3)).shape
        torch.Size([2, 3])
    """
    core.as_device(device)
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        if size is None:
            raise expected("normal", "size", "nothing", "or give mean or std as tensors", TypeError)
        if std < 0:
            raise expected("normal", "std >= 0", std, error=RuntimeError)
        dtype = dtype_for("normal", dtype, out)
        return into(out, finished(drawn("normal", sizes("normal", size), dtype, generator, normal_draw, mean, std), requires_grad))
    scaled = (mean * 0 + 1) * std if isinstance(mean, Tensor) else std
    standard = drawn("normal", tuple(scaled.shape), dtype or scaled.dtype, generator, normal_draw, 0.0, 1.0)
    return into(out, standard * scaled.detach() + (mean.detach() if isinstance(mean, Tensor) else mean))


@public("torch", methods=("bernoulli",))
def bernoulli(input, p=None, *, generator=None, out=None):
    """Draw ones, with the probabilities given, and zeros.

    Args:
        input: Probabilities in [0, 1].
        p: One probability in place of those of `input`.
        generator: Where random numbers come from; None means the default generator.
        out: A tensor to write into.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is not floating, or a probability is out of range.

    Example:
        >>> bernoulli(tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    chance = input.detach() if p is None else p
    return into(out, cast(_coins("bernoulli", tuple(input.shape), chance, generator), input.dtype))


def _coins(name, shape, p, generator):
    """True with probability p."""
    if isinstance(p, Tensor):
        if not p.dtype.is_floating_point:
            raise expected(name, "probabilities of a floating dtype", p, "cast with .float()", NotImplementedError)
        values = p.detach().float().numpy()
        if values.size and not (values.min() >= 0 and values.max() <= 1):
            raise expected(name, "probabilities in [0, 1]", f"one from {values.min()} to {values.max()}", error=RuntimeError)
        dtype = p.dtype
    else:
        if not 0 <= p <= 1:
            raise expected(name, "a probability in [0, 1]", p, error=RuntimeError)
        dtype = core.float32
    return drawn(name, shape, dtype if dtype is core.float64 else core.float32, generator, uniform_draw, 0.0, 1.0) < p
