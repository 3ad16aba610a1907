"""Frequencies of transforms, compared with PyTorch's, and signals through a spectrogram and back."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import fft

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_frequencies(name, dtype):
    for n in (0, 1, 2, 7, 8):
        for d in (1.0, 0.25, 3):
            found = getattr(fft, name)(n, d, dtype=getattr(engine, dtype))
            expected = getattr(torch.fft, name)(n, d, dtype=getattr(torch, dtype))
            assert str(found.dtype) == str(expected.dtype)
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=2e-3 if dtype == "float16" else 1e-6)
    out = engine.empty(5)
    assert getattr(fft, name)(8, out=out) is out
    assert getattr(fft, name)(8, requires_grad=True).requires_grad


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies_refused(name):
    with pytest.raises(TypeError, match="expected n to be a whole number"):
        getattr(fft, name)(2.5)
    with pytest.raises(RuntimeError, match="expected n of 0 or more, got -3"):
        getattr(fft, name)(-3)
    with pytest.raises(RuntimeError, match="expected a floating dtype, got int64"):
        getattr(fft, name)(3, dtype=engine.int64)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("kind", ["float64", "complex128"])
def test_a_signal_comes_back(center, kind):
    generator = np.random.default_rng(0)
    signal = generator.standard_normal((2, 96)).astype(kind)
    if kind == "complex128":
        signal = signal + 1j * generator.standard_normal((2, 96))
    options = {"n_fft": 16, "hop_length": 4, "window": engine.hamming_window(16, dtype=engine.float64), "center": center}
    whole = kind == "complex128"
    spectra = engine.stft(engine.tensor(signal), return_complex=True, **options)
    back = engine.istft(spectra, onesided=not whole, return_complex=whole, length=96, **options)
    np.testing.assert_allclose(back.numpy(), signal, atol=1e-12)


def test_a_longer_signal_ends_in_zeros():
    window = np.ones(8)
    spectra = engine.stft(engine.ones(32, dtype=engine.float64), 8, window=engine.tensor(window), return_complex=True)
    with pytest.warns(UserWarning, match="zeros follow"):
        back = engine.istft(spectra, 8, window=engine.tensor(window), length=64)
    with pytest.warns(UserWarning, match="padded with zeros"):
        theirs = torch.istft(torch.tensor(spectra.numpy()), 8, window=torch.tensor(window), length=64)
    np.testing.assert_allclose(back.numpy(), theirs.numpy(), atol=1e-12)
