"""What is done across channels: dealing them out anew, and normalising each by its neighbours."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, op, refuses, samples
from ._help import floating, tensors
from ._space import alias
from .errors import expected


def _shuffle_form(b, input, groups):
    c, *rest = b.shape(input)[1:]
    if not all(isinstance(m, int) for m in rest):
        return Unsupported("sizes that are not known")
    split = b.node("Reshape", input, b.constant(np.array([0, groups, c // groups, *rest], np.int64)))
    dealt = b.node("Transpose", split, perm=[0, 2, 1, *range(3, 3 + len(rest))])
    return b.node("Reshape", dealt, b.constant(np.array([0, c, *rest], np.int64)))


@op("composite", spaces=("torch", "functional"), methods=False, onnx=_shuffle_form)
def channel_shuffle(input, groups):
    """Deal the channels out to groups in turn: channel g (C / groups) + i becomes channel i groups + g.

    Args:
        input: Activations.
        groups: Number of groups; divides the number of channels.

    Shape:
        input: (N, C, *), with at least one more dimension; result: the same.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the channels cannot be divided, or there are too few dimensions.

    References:
        Zhang et al. (2017), arXiv:1707.01083.

    Example:
        >>> channel_shuffle(tensor([[[1.0], [2.0], [3.0], [4.0]]]), 2).flatten()
        tensor([1., 3., 2., 4.])
    """
    tensors("channel_shuffle", input=input)
    if input.ndim < 3:
        raise expected("channel_shuffle", "input of 3 or more dimensions", input, error=RuntimeError)
    n, c, *rest = input.shape
    if groups < 1 or c % groups:
        raise expected("channel_shuffle", f"groups that divide {c} channels", f"{groups}", error=RuntimeError)
    return input.reshape(n, groups, c // groups, *rest).transpose(1, 2).reshape(n, c, *rest)


for _space in ("torch", "functional"):
    alias(_space, native_channel_shuffle=channel_shuffle)


@samples(channel_shuffle)
def _(s):
    yield s(s.normal(2, 6, 3, 2), 3)
    yield s(s.normal(2, 4, 5), 2)


@refuses(channel_shuffle)
def _(s):
    yield s(s.normal(2, 6, 3, 2), 4).raises(RuntimeError, "channel_shuffle: expected groups that divide 6 channels, got 4")
    yield s(s.normal(2, 6), 2).raises(RuntimeError, "channel_shuffle: expected input of 3 or more dimensions")
    yield s([1.0], 2).raises(TypeError, "channel_shuffle: expected input to be a Tensor, got list")


def _response_form(b, input, size, alpha, beta, k):
    if size % 2 == 0 or len(b.shape(input)) != 4:
        return Unsupported("windows of even size, and inputs that are no images: ONNX lays them otherwise")
    return b.node("LRN", input, size=size, alpha=float(alpha), beta=float(beta), bias=float(k))


@op("composite", spaces="functional", methods=False, onnx=_response_form)
def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Divide each channel by what goes on in the channels around it.

    y = x / (k + alpha / size * (sum of x ** 2 over `size` channels around it)) ** beta, with zeros beyond the first and last channel

    Args:
        input: Activations.
        size: Number of channels in a window; one of an even number has its larger half in front.
        alpha: Factor of the mean square.
        beta: Exponent.
        k: Added to it.

    Shape:
        input: (N, C, *), with at least one more dimension; result: the same.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `input` has too few dimensions.
        RuntimeError: `size` is not positive.

    References:
        Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with deep convolutional neural networks.

    Example:
        >>> functional.local_response_norm(tensor([[[2.0]]]), 1, alpha=1.0, beta=1.0, k=0.0)
        tensor([[[0.5000]]])
    """
    from .padding import pad_constant

    tensors("local_response_norm", input=input)
    if input.dtype is not core.int64:  # PyTorch takes these beside floating ones, and cuts their means off to whole numbers
        floating("local_response_norm", input)
    if input.ndim < 3:
        raise expected("local_response_norm", "input of 3 or more dimensions", input)
    if not input.numel():
        return input
    if size < 1:
        raise expected("local_response_norm", "size of 1 or more", f"{size}", error=RuntimeError)
    c = input.shape[1]
    squares = pad_constant(input * input, (0, 0) * (input.ndim - 2) + (size // 2, (size - 1) // 2), 0)
    total = squares[:, :c]
    for i in range(1, size):
        total = total + squares[:, i : i + c]
    scaled = total * (alpha / size) if input.is_floating_point() else (total // size).float() * alpha
    return input / (scaled + k) ** beta


@samples(local_response_norm)
def _(s):
    yield s(s.normal(2, 5, 3, 2), 3, 0.5)
    yield s(s.normal(2, 5, 3, 2), 5)
    yield s(s.normal(1, 5, 3), 2, 0.3, 0.5, 2.0)
    yield s(s.normal(1, 2, 2, 2, 2), 4, 0.3)


@refuses(local_response_norm)
def _(s):
    yield s(s.normal(2, 6), 2).raises(ValueError, "local_response_norm: expected input of 3 or more dimensions")
    yield s(s.normal(2, 6, 2), 0).raises(RuntimeError, "local_response_norm: expected size of 1 or more, got 0")
    yield s(s.mask(2, 6, 2), 2).raises(NotImplementedError, "local_response_norm: expected input of a floating dtype")
