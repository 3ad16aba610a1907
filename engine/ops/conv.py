"""Convolutions and their transposes. Everything is said through conv2d and its two backwards, which are each other's derivatives."""

from __future__ import annotations

from operator import index as whole

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING, np

from ._define import Unsupported, derivative, infer, op, refuses, samples
from .errors import expected

if TYPE_CHECKING:
    from typing import Any

Tensor = core.Tensor
WINOGRAD = {"tile": 2}  # outputs a Winograd tile computes along each side: 2 or 4, see backends.winograd


def pair(op: str, value: Any, argument: str, n: int = 2, least: int = 0) -> tuple[int, ...]:
    """An int for all `n` dimensions, or one for each."""
    try:
        v = tuple(whole(x) for x in value) if isinstance(value, (tuple, list)) else (whole(value),) * n
    except TypeError:
        raise expected(op, f"{argument} to be an int or {n} of them", value, error=TypeError) from None
    if len(v) == 1:
        v *= n
    if len(v) != n:
        raise expected(op, f"{argument} of {n} numbers", repr(tuple(v)), error=RuntimeError)
    if min(v) < least:
        raise expected(op, f"{argument} of {least} or more", repr(v), error=RuntimeError)
    return v


def spread(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How many places a window has along a dimension."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _windows(x: np.ndarray, kh: int, kw: int, ho: int, wo: int, sh: int, sw: int, dh: int, dw: int) -> np.ndarray:
    """(N, C, Ho, Wo, kh, kw): every window of a padded input, as a view."""
    n, c = x.shape[:2]
    a, b, h, w = x.strides
    return np.lib.stride_tricks.as_strided(x, (n, c, ho, wo, kh, kw), (a, b, h * sh, w * sw, h * dh, w * dw), writeable=False)


@op("call", tensors=("input", "weight", "bias"), spaces=(), methods=False, kernel="conv2d", onnx=Unsupported("an internal form"))
def convolution(input, weight, bias, stride, padding, dilation, groups):
    """conv2d with every argument settled: pairs of ints.

    Shape:
        input: (N, C, H, W); weight: (O, C / groups, kh, kw); bias: (O) or None; result: (N, O, Ho, Wo).
    """
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    n, c, h, w = input.shape
    o, _, kh, kw = weight.shape
    x = np.pad(input, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    view = _windows(x, kh, kw, spread(h, kh, sh, ph, dh), spread(w, kw, sw, pw, dw), sh, sw, dh, dw)
    view = view.reshape(n, groups, c // groups, *view.shape[2:])
    out = np.einsum("ngcyxhw,gochw->ngoyx", view, weight.reshape(groups, o // groups, *weight.shape[1:]), optimize=True)
    out = out.reshape(n, o, *out.shape[3:])
    return out if bias is None else out + bias[:, None, None]


@infer(convolution)
def _(input, weight, bias, stride, padding, dilation, groups):
    (n, _, h, w), (o, _, kh, kw) = input.shape, weight.shape
    ho, wo = spread(h, kh, stride[0], padding[0], dilation[0]), spread(w, kw, stride[1], padding[1], dilation[1])
    return [((n, o, ho, wo), input.dtype)], (*stride, *padding, *dilation, groups, 0, 0, WINOGRAD["tile"]), ()


@op("call", tensors=("grad", "weight"), spaces=(), methods=False, kernel="conv2d_input_backward", onnx=Unsupported("a backward"))
def convolution_input_backward(grad, weight, size, stride, padding, dilation, groups):
    """Gradient of convolution with respect to its input, of height and width `size`: the transposed convolution.

    Shape:
        grad: (N, O, Ho, Wo); weight: (O, C / groups, kh, kw); result: (N, C, *size).
    """
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    n, o, ho, wo = grad.shape
    _, i, kh, kw = weight.shape
    out = np.zeros((n, i * groups, size[0] + 2 * ph + dh * kh + sh, size[1] + 2 * pw + dw * kw + sw), grad.dtype)
    g = grad.reshape(n, groups, o // groups, ho, wo)
    k = weight.reshape(groups, o // groups, i, kh, kw)
    for y in range(kh):
        for x in range(kw):
            part = np.einsum("ngoyx,goi->ngiyx", g, k[..., y, x], optimize=True).reshape(n, i * groups, ho, wo)
            out[:, :, y * dh : y * dh + sh * ho : sh, x * dw : x * dw + sw * wo : sw] += part
    return out[:, :, ph : ph + size[0], pw : pw + size[1]]


@infer(convolution_input_backward)
def _(grad, weight, size, stride, padding, dilation, groups):
    shape = (grad.shape[0], weight.shape[1] * groups, *size)
    return [(shape, grad.dtype)], (*stride, *padding, *dilation, groups, *size, WINOGRAD["tile"]), ()


@op("call", tensors=("grad", "input"), spaces=(), methods=False, kernel="conv2d_weight_backward", onnx=Unsupported("a backward"))
def convolution_weight_backward(grad, input, size, stride, padding, dilation, groups):
    """Gradient of convolution with respect to its weight, of kernel `size`.

    Shape:
        grad: (N, O, Ho, Wo); input: (N, C, H, W); result: (O, C / groups, *size).
    """
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    (n, c), (kh, kw) = input.shape[:2], size
    o, ho, wo = grad.shape[1:]
    x = np.pad(input, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    view = _windows(x, kh, kw, ho, wo, sh, sw, dh, dw).reshape(n, groups, c // groups, ho, wo, kh, kw)
    g = grad.reshape(n, groups, o // groups, ho, wo)
    return np.einsum("ngoyx,ngcyxhw->gochw", g, view, optimize=True).reshape(o, c // groups, *size)


@infer(convolution_weight_backward)
def _(grad, input, size, stride, padding, dilation, groups):
    shape = (grad.shape[1], input.shape[1] // groups, *size)
    return [(shape, grad.dtype)], (*stride, *padding, *dilation, groups, *size, WINOGRAD["tile"]), ()


def _within(result, shape):
    """The first places: a window may have more of them than the result of a transposed convolution with output_padding came from."""
    return result if tuple(result.shape) == tuple(shape) else result[..., : shape[2], : shape[3]]


derivative(
    convolution,
    input=lambda g, input_shape, weight, stride, padding, dilation, groups: convolution_input_backward(
        g, weight, tuple(input_shape[2:]), stride, padding, dilation, groups
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: convolution_weight_backward(
        g, input, tuple(weight_shape[2:]), stride, padding, dilation, groups
    ),
    bias=lambda g: g.sum((0, 2, 3)),
)
derivative(
    convolution_input_backward,
    grad=lambda g, grad_shape, weight, stride, padding, dilation, groups: _within(
        convolution(g, weight, None, stride, padding, dilation, groups), grad_shape
    ),
    weight=lambda g, grad, weight_shape, stride, padding, dilation, groups: convolution_weight_backward(
        grad, g, tuple(weight_shape[2:]), stride, padding, dilation, groups
    ),
)
derivative(
    convolution_weight_backward,
    grad=lambda g, grad_shape, input, stride, padding, dilation, groups: _within(
        convolution(input, g, None, stride, padding, dilation, groups), grad_shape
    ),
    input=lambda g, grad, input_shape, stride, padding, dilation, groups: convolution_input_backward(
        grad, g, tuple(input_shape[2:]), stride, padding, dilation, groups
    ),
)

_ONES = ((1, 1), (0, 0), (1, 1), 1)
_ODD = ((2, 1), (1, 2), (1, 2), 1)


@samples(convolution)
def _(s):
    yield s(s.normal(2, 3, 6, 5), s.normal(4, 3, 3, 3), s.normal(4), (1, 1), (1, 1), (1, 1), 1)
    yield s(s.normal(2, 3, 5, 6), s.normal(2, 3, 2, 3), None, *_ODD)
    yield s(s.normal(2, 4, 5, 4), s.normal(6, 2, 3, 3), s.normal(6), (2, 2), (1, 1), (1, 1), 2)
    yield s(s.normal(2, 3, 4, 4), s.normal(3, 1, 3, 3), None, (1, 1), (1, 1), (1, 1), 3)
    yield s(s.normal(2, 5, 3, 4), s.normal(3, 5, 1, 1), s.normal(3), *_ONES)


@samples(convolution_input_backward)
def _(s):
    yield s(s.normal(2, 4, 6, 5), s.normal(4, 3, 3, 3), (6, 5), (1, 1), (1, 1), (1, 1), 1)
    yield s(s.normal(2, 2, 3, 6), s.normal(2, 3, 2, 3), (5, 6), *_ODD)


@samples(convolution_weight_backward)
def _(s):
    yield s(s.normal(2, 4, 6, 5), s.normal(2, 3, 6, 5), (3, 3), (1, 1), (1, 1), (1, 1), 1)
    yield s(s.normal(2, 2, 3, 6), s.normal(2, 3, 5, 6), (2, 3), *_ODD)


def check(name: str, input: Any, weight: Any, bias: Any, n: int, groups: Any, transposed: bool = False) -> int:
    """The errors that all convolutions share; returns groups as an int."""
    for argument, t in (("input", input), ("weight", weight), ("bias", bias)):
        if not isinstance(t, Tensor) and not (argument == "bias" and t is None):
            raise expected(name, f"{argument} to be a Tensor", type(t).__name__, error=TypeError)
    if input.dtype is core.bool_:
        raise expected(name, "input of a dtype of numbers", input, "cast with input.float()", NotImplementedError)
    if weight.dtype != input.dtype or (bias is not None and bias.dtype != input.dtype):
        raise expected(
            name, f"weight and bias of the input's dtype {input.dtype.name}", weight, "cast the module or the input", RuntimeError
        )
    if weight.ndim != n + 2:
        raise expected(name, f"weight of {n + 2} dimensions", weight, error=RuntimeError)
    if input.ndim not in (n + 1, n + 2):
        raise expected(name, f"input of {n + 2} dimensions (or {n + 1} without a batch)", input, error=RuntimeError)
    groups = whole(groups)
    channels = input.shape[-n - 1]
    if groups < 1:
        raise expected(name, "groups of 1 or more", repr(groups), error=RuntimeError)
    if transposed:
        if channels != weight.shape[0] or channels % groups:
            raise expected(
                name, f"input of {weight.shape[0]} channels (weight is {tuple(weight.shape)})", f"{channels}", error=RuntimeError
            )
        outputs = weight.shape[1] * groups
    else:
        if channels != weight.shape[1] * groups:
            which = f"weight is {tuple(weight.shape)}" + (f", groups={groups}" if groups > 1 else "")
            wanted = f"input of {weight.shape[1] * groups} channels ({which})"
            raise expected(name, wanted, f"{channels}", error=RuntimeError)
        if weight.shape[0] % groups:
            raise expected(name, f"weight of a multiple of {groups} output channels for groups={groups}", weight, error=RuntimeError)
        outputs = weight.shape[0]
    if bias is not None and tuple(bias.shape) != (outputs,):
        raise expected(name, f"bias of shape ({outputs},)", bias, error=RuntimeError)
    return groups


def padded(
    name: str, input: Tensor, weight: Tensor, padding: Any, stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[Tensor, tuple[int, ...]]:
    """The padding as ints; "same" with an odd total pads the input here by one at the end."""
    from .padding import pad

    n = len(stride)
    if not isinstance(padding, str):
        return input, pair(name, padding, "padding", n)
    if padding == "valid":
        return input, (0,) * n
    if padding != "same":
        raise expected(name, "padding to be ints, 'valid' or 'same'", padding, error=RuntimeError)
    if any(s != 1 for s in stride):
        raise expected(name, "stride 1 with padding='same'", repr(stride), "give the padding as ints", RuntimeError)
    total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:])]
    if any(t % 2 for t in total):
        input = pad(input, [x for t in reversed(total) for x in (0, t % 2)])
    return input, tuple(t // 2 for t in total)


def widened(*given):
    """Tensors of half precision in float32."""
    return [None if t is None else t.float() for t in given]


def check_places(name: str, input: Tensor, weight: Tensor, padding: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    n = len(padding)
    for size, k, p, d in zip(input.shape[-n:], weight.shape[-n:], padding, dilation):
        if size + 2 * p < d * (k - 1) + 1:
            wanted = (
                f"input whose padded size is at least the kernel's ({tuple(d * (k - 1) + 1 for k, d in zip(weight.shape[-n:], dilation))})"
            )
            raise expected(name, wanted, f"{tuple(s + 2 * p for s, p in zip(input.shape[-n:], padding))}", error=RuntimeError)


def _conv_form(b, input, weight, bias, stride, padding, dilation, groups):
    n = len(b.shape(weight)) - 2
    each = lambda v: [v] * n if isinstance(v, int) else list(v)  # noqa: E731
    extra: dict[str, Any] = (
        {"pads": each(padding) * 2} if not isinstance(padding, str) else {"auto_pad": {"same": "SAME_UPPER", "valid": "VALID"}[padding]}
    )
    return b.node(
        "Conv", input, weight, *([bias] if bias is not None else []), strides=each(stride), dilations=each(dilation), group=groups, **extra
    )


@op("composite", tensors=("input", "weight", "bias"), spaces=("torch", "functional"), methods=False, onnx=_conv_form)
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide filters over images.

    result[n, o] = bias[o] + sum over c of weight[o, c] * input[n, c], with * the cross-correlation over the two last dimensions.

    Args:
        input: Images.
        weight: Filters.
        bias: Added to each output channel; None for none.
        stride: Step of the window: an int or (height, width).
        padding: Zeros on both sides: an int, (height, width), "valid" for none or "same" for an output of the input's size (stride 1).
        dilation: Distance between the filter's elements.
        groups: Channels are split into so many groups that do not see each other; groups = C is a depthwise convolution.

    Shape:
        input: (N, C, H, W) or (C, H, W); weight: (O, C / groups, kh, kw); bias: (O);
        result: (N, O, (H + 2 padding - dilation (kh - 1) - 1) // stride + 1, the same for W). Its memory is channels-last.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the channels or dtypes do not fit, or the kernel is larger than the padded input.

    References:
        Lavin and Gray (2015), arXiv:1509.09308, for the 3 x 3 kernels (Winograd).

    Example:
        >>> conv2d(ones(1, 1, 3, 3), ones(1, 1, 2, 2)).shape
        torch.Size([1, 1, 2, 2])
    """
    groups = check("conv2d", input, weight, bias, 2, groups)
    stride, dilation = pair("conv2d", stride, "stride", least=1), pair("conv2d", dilation, "dilation", least=1)
    input, padding = padded("conv2d", input, weight, padding, stride, dilation)
    check_places("conv2d", input, weight, padding, dilation)
    if input.ndim == 3:
        return convolution(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0)
    return convolution(input, weight, bias, stride, padding, dilation, groups)


@samples(conv2d)
def _(s):
    yield s(s.normal(2, 3, 6, 5), s.normal(4, 3, 3, 3), s.normal(4), padding=1)
    yield s(s.normal(2, 3, 6, 5), s.normal(4, 3, 3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2))
    yield s(s.normal(2, 4, 5, 5), s.normal(4, 2, 3, 3), s.normal(4), padding="same", groups=2)
    yield s(s.normal(3, 6, 5), s.normal(2, 3, 3, 3)).without("onnx", because="ONNX wants a batch")
    yield s(s.channels_last(2, 8, 5, 4), s.normal(16, 8, 3, 3), padding=1)


@refuses(conv2d)
def _(s):
    yield s(s.normal(2, 4, 5, 5), s.normal(16, 3, 3, 3)).raises(
        RuntimeError, "conv2d: expected input of 3 channels (weight is (16, 3, 3, 3)), got 4"
    )
    yield s(s.normal(2, 3, 2, 2), s.normal(4, 3, 3, 3)).raises(
        RuntimeError, "conv2d: expected input whose padded size is at least the kernel's"
    )
    yield s(s.normal(2, 3, 5, 5), s.normal(4, 3, 3, 3), s.normal(3)).raises(RuntimeError, "conv2d: expected bias of shape (4,)")
    yield s(s.normal(2, 3, 5, 5), s.normal(4, 3, 3, 3), stride=0).raises(RuntimeError, "conv2d: expected stride of 1 or more")
    yield s(s.normal(2, 3, 5, 5), s.normal(4, 3, 3, 3), padding="full").raises(RuntimeError, "conv2d: expected padding to be ints")
    yield s(s.normal(5), s.normal(4, 3, 3, 3)).raises(RuntimeError, "conv2d: expected input of 4 dimensions")
