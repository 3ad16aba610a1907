"""Where the elements of another resolution come from along one dimension: taps, each a place in the input and a weight for every element
of the result."""

from __future__ import annotations

from workbench.ext.core.lazy import np


def nearest(n, m, scale, exact, images):
    if images and not exact and m in (n, 2 * n):  # PyTorch forgets the factor that gave this size, for images alone
        return [(np.arange(m) // (m // n), None)]
    at = (np.arange(m, dtype=np.float32) + np.float32(0.5 if exact else 0)) * np.float32(scale)
    return [(np.minimum(at.astype(np.int64), n - 1), None)]


def _positions(n, m, scale, align_corners):
    """Where, between the elements of the input, those of the result lie."""
    if align_corners:
        return np.arange(m) * step_between_corners(n, m)
    return (np.arange(m) + 0.5) * scale - 0.5


def step_between_corners(n, m):
    return (n - 1) / (m - 1) if m > 1 else 0.0


def linear(n, m, scale, align_corners):
    at = np.maximum(_positions(n, m, scale, align_corners), 0)
    low = np.minimum(at.astype(np.int64), n - 1)
    share = at - low
    return [(low, 1 - share), (np.minimum(low + 1, n - 1), share)]


def cubic(n, m, scale, align_corners):
    at = _positions(n, m, scale, align_corners)
    base = np.floor(at).astype(np.int64)
    t = at - base
    return [(np.clip(base + k, 0, n - 1), _cubic_filter(t - k, -0.75)) for k in range(-1, 3)]


def _cubic_filter(x, a):
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    return np.where(x < 1, near, np.where(x < 2, (((x - 5) * x + 8) * x - 4) * a, 0))


FILTERS = {  # how far each reaches, and its form
    "bilinear": (1, lambda x: np.maximum(1 - np.abs(x), 0)),
    "bicubic": (2, lambda x: _cubic_filter(x, -0.5)),
    "lanczos": (3, lambda x: np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)),
}


def smooth(n, m, scale, mode):
    """Taps of a filter that is as wide as the step between elements of the result, at least as wide as without antialiasing."""
    reach, weight_at = FILTERS[mode]
    wide = max(scale, 1.0)
    centre = scale * (np.arange(m) + 0.5)
    low = np.maximum((centre - reach * wide + 0.5).astype(np.int64), 0)
    count = np.minimum((centre + reach * wide + 0.5).astype(np.int64), n) - low
    places = low[:, None] + np.arange(count.max())
    weights = np.where(np.arange(count.max()) < count[:, None], weight_at((places - centre[:, None] + 0.5) / wide), 0)
    weights /= weights.sum(1, keepdims=True)
    return [(p, w) for p, w in zip(np.minimum(places, n - 1).T.copy(), weights.T.copy(), strict=True)]


def in_whole_numbers(taps):
    """The same taps with int16 weights, which are to be divided by 2 ** bits, and bits: as many as the largest weight allows.

    Weights of the same place are added up before they are rounded, as images of bytes are resized everywhere since Pillow.
    """
    places = np.stack([p for p, _ in taps])
    weights = np.stack([w for _, w in taps])
    for k in range(1, len(taps)):
        again = (places[:k] == places[k]) & (weights[:k] != 0)
        first = again.argmax(0)
        doubled = again.any(0).nonzero()[0]
        weights[first[doubled], doubled] += weights[k, doubled]
        weights[k, doubled] = 0
    bits = 0
    while bits < 22 and int(0.5 + weights.max() * (1 << (bits + 1))) < 1 << 15:
        bits += 1
    whole = np.trunc(weights * (1 << bits) + np.copysign(0.5, weights)).astype(np.int32)
    return list(zip(places, whole, strict=True)), bits
