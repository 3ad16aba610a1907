"""Windows as columns, and back."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, op, refuses, samples
from .conv import pair, spread
from .errors import expected

Tensor = core.Tensor


UNFOLD = Unsupported("ONNX has no im2col; it would be a convolution with one-hot filters")


@op("composite", spaces="functional", methods=False, onnx=UNFOLD)
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Every window of an image as a column.

    Args:
        input: Images.
        kernel_size: Of the window: an int or two.
        dilation: Distance between a window's elements.
        padding: Zeros on both sides.
        stride: Step of the window.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: (N, C kh kw, number of windows).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` has another number of dimensions, or no window fits.

    Example:
        >>> unfold(ones(1, 1, 3, 3), 2).shape
        torch.Size([1, 4, 4])
    """
    from .padding import pad

    if not isinstance(input, Tensor):
        raise expected("unfold", "input to be a Tensor", type(input).__name__, error=TypeError)
    if input.ndim == 3:
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    if input.ndim != 4:
        raise expected("unfold", "input of 3 or 4 dimensions", input, error=RuntimeError)
    (kh, kw), (sh, sw) = pair("unfold", kernel_size, "kernel_size", least=1), pair("unfold", stride, "stride", least=1)
    (dh, dw), (ph, pw) = pair("unfold", dilation, "dilation", least=1), pair("unfold", padding, "padding")
    ho, wo = spread(input.shape[2], kh, sh, ph, dh), spread(input.shape[3], kw, sw, pw, dw)
    if ho < 1 or wo < 1:
        raise expected("unfold", f"input that a window of {(kh, kw)} fits into", input, error=RuntimeError)
    x = pad(input, (pw, pw, ph, ph)) if ph or pw else input
    columns = [
        x[:, :, i * dh : i * dh + sh * (ho - 1) + 1 : sh, j * dw : j * dw + sw * (wo - 1) + 1 : sw] for i in range(kh) for j in range(kw)
    ]
    from .pieces import stack

    return stack(columns, 2).reshape(input.shape[0], input.shape[1] * kh * kw, ho * wo)


@samples(unfold)
def _(s):
    yield s(s.normal(2, 3, 4, 5), 2)
    yield s(s.normal(2, 2, 5, 4), (3, 2), (1, 2), (1, 0), (2, 1))


@refuses(unfold)
def _(s):
    yield s(s.normal(2, 3), 2).raises(RuntimeError, "unfold: expected input of 3 or 4 dimensions")
    yield s(s.normal(1, 2, 2, 2), 3).raises(RuntimeError, "unfold: expected input that a window")


@op("composite", spaces="functional", methods=False, onnx=UNFOLD)
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add the columns that `unfold` gives back into images; windows that overlap add up.

    Args:
        input: Columns.
        output_size: Height and width of the images.
        kernel_size: Of the window: an int or two.
        dilation: Distance between a window's elements.
        padding: Zeros that were on both sides.
        stride: Step of the window.

    Shape:
        input: (N, C kh kw, number of windows) or without N; result: (N, C, *output_size).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the columns do not fit the sizes.

    Example:
        >>> fold(ones(1, 4, 4), (3, 3), 2)
        tensor([[[[1., 2., 1.],
                  [2., 4., 2.],
                  [1., 2., 1.]]]])
    """
    if not isinstance(input, Tensor):
        raise expected("fold", "input to be a Tensor", type(input).__name__, error=TypeError)
    if input.ndim == 2:
        return fold(input.unsqueeze(0), output_size, kernel_size, dilation, padding, stride).squeeze(0)
    (h, w), (kh, kw) = pair("fold", output_size, "output_size", least=1), pair("fold", kernel_size, "kernel_size", least=1)
    (sh, sw), (dh, dw), (ph, pw) = (
        pair("fold", stride, "stride", least=1),
        pair("fold", dilation, "dilation", least=1),
        pair("fold", padding, "padding"),
    )
    ho, wo = spread(h, kh, sh, ph, dh), spread(w, kw, sw, pw, dw)
    if input.ndim != 3 or input.shape[1] % (kh * kw) or input.shape[2] != ho * wo:
        raise expected("fold", f"input of shape (N, C * {kh * kw}, {ho * wo})", input, error=RuntimeError)
    n, c = input.shape[0], input.shape[1] // (kh * kw)
    columns = input.reshape(n, c, kh, kw, ho, wo)
    out = core.fill(core.make_empty((n, c, h + 2 * ph, w + 2 * pw), input.dtype), 0)
    for i in range(kh):
        for j in range(kw):
            out[:, :, i * dh : i * dh + sh * (ho - 1) + 1 : sh, j * dw : j * dw + sw * (wo - 1) + 1 : sw] += columns[:, :, i, j]
    return out[:, :, ph : ph + h, pw : pw + w]


@samples(fold)
def _(s):
    yield s(s.normal(2, 12, 12), (4, 5), 2)
    yield s(s.normal(2, 12, 6), (5, 4), (3, 2), (1, 2), (1, 0), (2, 1))


@refuses(fold)
def _(s):
    yield s(s.normal(2, 12, 11), (4, 5), 2).raises(RuntimeError, "fold: expected input of shape (N, C * 4, 12)")
