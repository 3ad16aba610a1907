"""Short-time Fourier transforms and their inverse."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, op, refuses, samples
from ._help import made, tensors
from .comparison import lt
from .complex_view import NO_COMPLEX, REAL, view_as_real
from .errors import expected
from .fourier import as_complex, fft_of_real, fft_to_real, fft_whole, resized
from .padding import pad as padded
from .padding import pad_constant

LEAST = 1e-11  # what the sum of squared windows must reach, that it can be divided by


def _window(name, window, win_length, n_fft, like):
    """The window in the middle of `n_fft` points; None means ones."""
    if not 0 < win_length <= n_fft:
        raise expected(name, f"win_length in [1, {n_fft}], the size of the transform", f"{win_length}", error=RuntimeError)
    if window is None:
        window = made((win_length,), REAL.get(like.dtype, like.dtype), like.device, 1)
    elif tuple(window.shape) != (win_length,):
        raise expected(name, f"a window of shape ({win_length},)", window, error=RuntimeError)
    left = (n_fft - win_length) // 2
    return window if win_length == n_fft else pad_constant(window, (left, n_fft - win_length - left), 0)


def _hop(name, hop_length, n_fft, most=None):
    hop = n_fft // 4 if hop_length is None else hop_length
    if hop <= 0 or (most is not None and hop > most):
        raise expected(
            name, "hop_length above 0" + ("" if most is None else f" and up to win_length, {most}"), f"{hop}", error=RuntimeError
        )
    return hop


@op("composite", tensors=("input", "window"), dtypes=(*FLOATING, *COMPLEX), onnx=NO_COMPLEX)
def stft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode="reflect", normalized=False, onesided=None,
    return_complex=None, align_to_window=None,
):  # fmt: skip
    """Take discrete Fourier transforms of pieces of a signal that follow each other and may overlap.

    y[k, m] = sum over j of window[j] input[m hop_length + j] e ** (-2 pi i j k / n_fft)

    Args:
        input: Signals.
        n_fft: Size of the transforms.
        hop_length: How far a piece lies from the next; None means n_fft // 4.
        win_length: Length of the window, which stands in the middle of `n_fft` points; None means n_fft.
        window: The window; None means ones.
        center: Pad the signal by n_fft // 2 on both sides, so that piece m is centred at m hop_length.
        pad_mode: How: "constant", "reflect", "replicate" or "circular".
        normalized: Divide by sqrt(n_fft).
        onesided: Return the half that says everything, where everything is real; None means that wherever it is possible.
        return_complex: Return complex numbers; else pairs of real ones, in a further dimension. It has to be given for real signals.
        align_to_window: Where not `center`: let the first window, not the first transform, begin with the signal.

    Shape:
        input: (n,) or (B, n); window: (win_length,); result: (K, M) or (B, K, M), K = n_fft // 2 + 1 or n_fft.

    Returns:
        Tensor of a complex dtype, or of pairs.

    Raises:
        RuntimeError: the sizes do not fit, `return_complex` has to be given, or onesided results have to be for complex signals.
        NotImplementedError: there is no such `pad_mode`.

    References:
        Griffin and Lim (1984), doi:10.1109/TASSP.1984.1164317.

    Example:
        >>> stft(ones(8), 4, center=False, return_complex=True).abs()[0]
        tensor([4., 4., 4., 4., 4.])
    """
    tensors("stft", input=input)
    whole = input.is_complex() or (window is not None and window.is_complex())
    if return_complex is None and not whole:
        raise expected("stft", "return_complex for real signals", "None", "return_complex=True is best", RuntimeError)
    if onesided and whole:
        raise expected("stft", "onesided only where input and window are real", "complex ones", error=RuntimeError)
    if not (input.is_floating_point() or input.is_complex()) or not 1 <= input.ndim <= 2:
        raise expected("stft", "input of 1 or 2 dimensions, of a floating or complex dtype", input, error=RuntimeError)
    if center and align_to_window is not None:
        raise expected("stft", "align_to_window only without center", "both", error=RuntimeError)
    hop = _hop("stft", hop_length, n_fft)
    win_length = n_fft if win_length is None else win_length
    window = _window("stft", window, win_length, n_fft, input)
    signals = input if input.ndim == 2 else input.unsqueeze(0)
    if center:
        signals = padded(signals.unsqueeze(0), (n_fft // 2, n_fft // 2), pad_mode).squeeze(0)
    elif align_to_window:
        left = (n_fft - win_length) // 2
        signals = pad_constant(signals, (left, n_fft - win_length - left), 0)
    if not 0 < n_fft <= signals.shape[-1]:
        raise expected("stft", f"n_fft in [1, {signals.shape[-1]}], the length of the signal", f"{n_fft}", error=RuntimeError)
    pieces = signals.unfold(-1, n_fft, hop) * window
    norm = "ortho" if normalized else "backward"
    half = not whole if onesided is None else onesided
    if pieces.dtype in (core.float16, core.bfloat16):
        raise expected("stft", "input of float32, float64 or a complex dtype", input, "cast with input.float()", RuntimeError)
    y = fft_of_real(pieces, (2,), norm) if half else fft_whole(as_complex("stft", pieces), (2,), norm, True)
    y = y.transpose(1, 2) if input.ndim == 2 else y.transpose(1, 2).squeeze(0)
    return y if return_complex or return_complex is None else view_as_real(y)


@samples(stft)
def _(s):
    yield s(s.normal(40), 8, return_complex=True)
    yield s(s.normal(2, 30), 6, 3, 4, s.positive(4), True, "constant", True, return_complex=True)
    yield s(s.normal(2, 30), 7, 2, 5, s.positive(5), False, onesided=False, return_complex=True, align_to_window=True)
    pairs = s(s.normal(30), 8, center=False, return_complex=False)
    if s.dtype in FLOATING:
        yield pairs


@refuses(stft)
def _(s):
    yield s(s.normal(20), 8).raises(RuntimeError, "stft: expected return_complex for real signals")
    yield s(s.normal(20) * 1j, 8, onesided=True).raises(RuntimeError, "stft: expected onesided only where")
    yield s(s.integers(20), 8, return_complex=True).raises(RuntimeError, "stft: expected input of 1 or 2 dimensions")
    yield s(s.normal(20), 8, align_to_window=True, return_complex=True).raises(RuntimeError, "stft: expected align_to_window only")
    yield s(s.normal(20), 8, 0, return_complex=True).raises(RuntimeError, "stft: expected hop_length above 0")
    yield s(s.normal(20), 8, win_length=9, return_complex=True).raises(RuntimeError, "stft: expected win_length in [1, 8]")
    yield s(s.normal(20), 8, window=s.normal(7), return_complex=True).raises(RuntimeError, "stft: expected a window of shape (8,)")
    yield s(s.normal(20), 21, center=False, return_complex=True).raises(RuntimeError, "stft: expected n_fft in [1, 20]")
    yield s(s.normal(20), 8, pad_mode="zeros", return_complex=True).raises(NotImplementedError, "pad: expected mode to be")


def _added(pieces, hop):
    """The pieces laid over each other, each `hop` after the one before, and added: (B, M, n) to (B, (M - 1) hop + n)."""
    batch, many, n = pieces.shape
    at = hop * np.arange(many)[:, None] + np.arange(n)
    whole = made((batch, (many - 1) * hop + n), pieces.dtype, pieces.device)
    return whole.index_add(1, core.from_numpy(at.reshape(-1)), pieces.reshape(batch, many * n))


@op("composite", tensors=("input", "window"), dtypes=COMPLEX, onnx=NO_COMPLEX)
def istft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False, onesided=None, length=None,
    return_complex=False,
):  # fmt: skip
    """Take the inverse of `stft`: the signal whose pieces come closest to those of the transforms.

    y[i] = sum over m of window[i - m hop_length] piece_m[i - m hop_length] / sum over m of window[i - m hop_length] ** 2

    Args:
        input: Transforms, as `stft` returns them, complex.
        n_fft: Size of the transforms.
        hop_length: How far a piece lies from the next; None means n_fft // 4.
        win_length: Length of the window, which stands in the middle of `n_fft` points; None means n_fft.
        window: The window; None means ones.
        center: Cut off the n_fft // 2 points on both sides that `stft` put there.
        normalized: Whether the transforms were divided by sqrt(n_fft).
        onesided: Whether `input` is a half; None means to tell by its size.
        length: How many points to return; None means all that are known.
        return_complex: Return a complex signal.

    Shape:
        input: (K, M) or (B, K, M), K = n_fft // 2 + 1 or n_fft; window: (win_length,); result: (n,) or (B, n).

    Returns:
        Tensor of a floating dtype, or with `return_complex` of a complex one.

    Raises:
        RuntimeError: the sizes do not fit, the windows leave gaps, or the dtypes and `return_complex` are in conflict.

    References:
        Griffin and Lim (1984), doi:10.1109/TASSP.1984.1164317.

    Example:
        >>> istft(stft(tensor([1.0, 2.0, 3.0, 4.0]), 4, return_complex=True), 4)
        tensor([1., 2., 3., 4.])
    """
    tensors("istft", input=input)
    if not input.is_complex():
        raise expected("istft", "input of a complex dtype", input, "use stft with return_complex=True", RuntimeError)
    if input.ndim < 2:
        raise expected("istft", "input of 2 or 3 dimensions", input, error=IndexError)
    if input.ndim > 3 or not input.numel():
        raise expected("istft", "input of 2 or 3 dimensions, with elements", input, error=RuntimeError)
    size = input.shape[-2]
    half = size != n_fft if onesided is None else bool(onesided)
    if size != (n_fft // 2 + 1 if half else n_fft):
        raise expected("istft", f"input of {n_fft // 2 + 1 if half else n_fft} frequencies", f"{size}", error=RuntimeError)
    if return_complex and half:
        raise expected("istft", "onesided to be False for complex signals", "True", error=RuntimeError)
    if not return_complex and window is not None and window.is_complex():
        raise expected("istft", "a real window for a real signal", window, "say return_complex=True", RuntimeError)
    win_length = n_fft if win_length is None else win_length
    window = _window("istft", window, win_length, n_fft, input)
    hop = _hop("istft", hop_length, n_fft, win_length)
    spectra = (input if input.ndim == 3 else input.unsqueeze(0)).transpose(1, 2)
    norm = "ortho" if normalized else "backward"
    if return_complex:
        pieces = fft_whole(spectra, (2,), norm, False)
    else:
        pieces = fft_to_real(resized(spectra, 2, n_fft // 2 + 1), (2,), norm, n_fft)
    pieces = pieces * window
    y = _added(pieces, hop)
    weight = _added((window * window).expand(1, pieces.shape[1], n_fft), hop)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else y.shape[1] - start
    y, weight = y[:, start:end], weight[:, start:end]
    if bool(lt(weight.abs(), LEAST).any()):
        raise expected("istft", "windows that leave no gap", "a sum of their squares of 0", "use another window or center", RuntimeError)
    y = y / weight
    if end > start + y.shape[1]:
        from warnings import warn

        warn("istft: the signal is shorter than length; zeros follow it", UserWarning, 2)
        y = resized(y, 1, end - start)
    return y if input.ndim == 3 else y.squeeze(0)


@samples(istft)
def _(s):
    yield s(s.normal(5, 6), 8)
    window = s.tensor([1.0, 2.0, 2.0, 1.0], "float32" if s.dtype == "complex64" else "float64")
    yield s(s.normal(2, 4, 7), 6, 2, 4, window, normalized=True)
    yield s(s.normal(2, 6, 7), 6, 2, onesided=False, return_complex=True, center=False, length=15)
    yield s(s.normal(6, 7), 6, 3)


@refuses(istft)
def _(s):
    z = s.normal(5, 6) * (1 + 1j)
    yield s(s.normal(5, 6), 8).raises(RuntimeError, "istft: expected input of a complex dtype")
    yield s(z[0], 8).raises(IndexError, "istft: expected input of 2 or 3 dimensions")
    yield s(z[:, :0], 8).raises(RuntimeError, "istft: expected input of 2 or 3 dimensions, with elements")
    yield s(z, 10).raises(RuntimeError, "istft: expected input of 6 frequencies, got 5")
    yield s(z, 8, return_complex=True).raises(RuntimeError, "istft: expected onesided to be False")
    yield s(z, 5, window=z[0, :5]).raises(RuntimeError, "istft: expected a real window")
    yield s(z, 8, 9).raises(RuntimeError, "istft: expected hop_length above 0 and up to win_length, 8")
    yield s(z, 8, window=s.normal(7)).raises(RuntimeError, "istft: expected a window of shape (8,)")
    yield s(z, 8, window=s.tensor([0.0] * 8)).raises(RuntimeError, "istft: expected windows that leave no gap")
