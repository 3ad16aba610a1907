"""The three discrete Fourier transforms that all others are written in, and how their arguments are settled."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, derivative, infer, op, samples
from ._help import axis, tensors
from .complex_view import NO_COMPLEX, REAL, WHOLE
from .errors import expected
from .padding import pad_constant

Tensor = core.Tensor
# what an adjoint is scaled by, and a transform in the other direction of the same scale
OTHER = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


@op("call", spaces=(), methods=False, dtypes=COMPLEX, onnx=NO_COMPLEX,
    peer=lambda torch, x, dim, norm, forward: (torch.fft.fftn if forward else torch.fft.ifftn)(x, dim=dim, norm=norm))  # fmt: skip
def fft_whole(input, dim, norm, forward):
    """From complex to complex numbers, in either direction."""
    return (np.fft.fftn if forward else np.fft.ifftn)(input, axes=dim, norm=norm)


@infer(fft_whole)
def _(input, dim, norm, forward):
    return [(tuple(input.shape), input.dtype)], [], []


derivative(fft_whole, input=lambda g, dim, norm, forward: fft_whole(g, dim, norm, forward))  # the matrix is symmetric


@op("call", spaces=(), methods=False, holomorphic=False, dtypes=FLOATING, onnx=NO_COMPLEX,
    peer=lambda torch, x, dim, norm: torch.fft.rfftn(x, dim=dim, norm=norm))  # fmt: skip
def fft_of_real(input, dim, norm):
    """Forward from real numbers: the last of `dim` keeps the half that says everything."""
    return np.fft.rfftn(input, axes=dim, norm=norm)


@infer(fft_of_real)
def _(input, dim, norm):
    shape = list(input.shape)
    shape[dim[-1]] = shape[dim[-1]] // 2 + 1
    return [(tuple(shape), WHOLE[input.dtype])], [], []


def _of_real_input(g, input_shape, dim, norm):
    """Each number of the result depends on the whole input: the half is filled up with zeros and transformed back."""
    return fft_whole(resized(g, dim[-1], input_shape[dim[-1]]), dim, OTHER[norm], False).real


derivative(fft_of_real, input=_of_real_input)


@op("call", spaces=(), methods=False, holomorphic=False, dtypes=COMPLEX, onnx=NO_COMPLEX,
    peer=lambda torch, x, dim, norm, n: torch.fft.irfftn(x, s=[*(x.shape[d] for d in dim[:-1]), n], dim=dim, norm=norm))  # fmt: skip
def fft_to_real(input, dim, norm, n):
    """Backward to real numbers: the last of `dim` is the half of a spectrum whose other half is its conjugate."""
    return np.fft.irfftn(input, s=[*(input.shape[d] for d in dim[:-1]), n], axes=dim, norm=norm)


@infer(fft_to_real)
def _(input, dim, norm, n):
    shape = list(input.shape)
    shape[dim[-1]] = n
    return [(tuple(shape), REAL[input.dtype])], [], []


def _to_real_input(g, input_dtype, dim, norm, n):
    """What stands for its conjugate too counts twice."""
    last = n // 2 + 1
    counts = np.full(last, 2, REAL[input_dtype].numpy)
    counts[0] = 1
    if n % 2 == 0:
        counts[-1] = 1
    shape = [1] * g.ndim
    shape[dim[-1]] = last
    return fft_of_real(g, dim, OTHER[norm]) * core.from_numpy(counts.reshape(shape))


derivative(fft_to_real, input=_to_real_input)


@samples(fft_whole)
def _(s):
    yield s(s.normal(3, 4), (1,), "backward", True)
    yield s(s.normal(3, 4, 2), (2, 0), "forward", True)
    yield s(s.normal(3, 5), (0, 1), "backward", False)
    yield s(s.normal(3, 5), (1,), "ortho", False)


@samples(fft_of_real)
def _(s):
    yield s(s.normal(3, 4), (1,), "backward")
    yield s(s.normal(3, 5), (0, 1), "forward")
    yield s(s.normal(5, 3), (1, 0), "ortho")


@samples(fft_to_real)
def _(s):
    yield s(s.normal(3, 4), (1,), "backward", 6)
    yield s(s.normal(3, 3), (0, 1), "forward", 5)
    yield s(s.normal(4, 3), (1, 0), "ortho", 7).without("empty", because="no half of 7 points is empty")


def as_real(name, input):
    """`input` of a floating dtype that has transforms; whole numbers in the default one."""
    tensors(name, input=input)
    if input.is_complex():
        raise expected(name, "input of real numbers", input, "use the transform of complex numbers", RuntimeError)
    if not input.dtype.is_floating_point:
        input = input.to(core.get_default_dtype())
    if input.dtype not in WHOLE:
        raise expected(name, "input of float32, float64 or a complex dtype", input, "cast with input.float()", RuntimeError)
    return input


def as_complex(name, input):
    """`input` in its complex dtype."""
    tensors(name, input=input)
    if input.is_complex():
        return input
    input = as_real(name, input)
    return input.to(WHOLE[input.dtype])


def norm_of(name, norm):
    """The mode of normalisation; None means "backward"."""
    if norm is None:
        return "backward"
    if norm not in OTHER:
        raise expected(name, 'norm to be "forward", "backward" or "ortho"', norm, error=RuntimeError)
    return norm


def points(name, n):
    """The length of a transform, checked."""
    if n < 1:
        raise expected(name, "at least one point to transform", f"{n}", error=RuntimeError)
    return n


def resized(x, dim, n):
    """Cut off, or filled up with zeros, at the end of a dimension."""
    more = n - x.shape[dim]
    return pad_constant(x, (0, 0) * (x.ndim - 1 - dim) + (0, more), 0) if more else x


def along(name, input, dim):
    """One dimension, of a tensor that has some."""
    if not input.ndim:
        raise expected(name, "input of 1 or more dimensions", "one without", error=IndexError)
    return axis(name, dim, input.ndim)


def over(name, input, s, dim):
    """The dimensions of a transform over several and its lengths there; -1 means the length that there is."""
    if isinstance(s, int):
        s = (s,)
    if isinstance(dim, int):
        dim = (dim,)
    if dim is not None:
        dims = tuple(along(name, input, d) for d in dim)
        if len(set(dims)) != len(dims):
            raise expected(name, "each dimension once in dim", repr(tuple(dim)), error=RuntimeError)
        if s is not None and len(s) != len(dims):
            raise expected(name, "s and dim of equal length", f"{len(s)} and {len(dims)}", error=RuntimeError)
    elif s is not None and len(s) > input.ndim:
        raise expected(name, f"s of up to {input.ndim} lengths", f"{len(s)}", error=RuntimeError)
    else:
        dims = tuple(range(0 if s is None else input.ndim - len(s), input.ndim))
    lengths = [input.shape[d] for d in dims] if s is None else [input.shape[d] if n == -1 else n for n, d in zip(s, dims, strict=True)]
    return dims, [points(name, n) for n in lengths]
