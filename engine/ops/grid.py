"""Sampling images at any places: grids of coordinates from -1 to 1, x first."""

from __future__ import annotations

from itertools import product as combinations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, op, refuses, samples
from ._help import floating, product, tensors
from .comparison import where
from .errors import expected

MODES = {"bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"}  # and what ONNX calls them
BORDERS = ("zeros", "border", "reflection")


def _reflected(x, n, align_corners, floor):
    """Coordinates folded back at the first and last element, or at their outer edges."""
    least, span = (0.0, n - 1.0) if align_corners else (-0.5, float(n))
    if span == 0:
        return x * 0
    x = abs(x - least)
    folds = floor(x / span)
    rest = x - folds * span
    even = folds % 2 == 0
    choose = where if isinstance(x, core.Tensor) else np.where
    return choose(even, rest, span - rest) + least


def _bordered(x, n, border, align_corners):
    """Coordinates as the border asks for them: tensors or arrays."""
    if border == "zeros":
        return x
    plain = isinstance(x, np.ndarray)
    if border == "reflection":
        x = _reflected(x, n, align_corners, np.floor if plain else lambda t: t.detach().floor())
    return np.clip(x, 0, n - 1) if plain else x.clamp(0, n - 1)


def _numbers(t):
    return t.detach().double().numpy()


def _gathered(flat, at, spatial):
    """The elements of the flattened images (N, C, P) at whole coordinates (N, Q) for each dimension, and whether they lie inside."""
    inside, index = np.True_, np.zeros((1, 1), np.int64)
    for x, n in zip(at, spatial, strict=True):
        within = (x >= 0) & (x <= n - 1)
        inside = inside & within
        index = index * n + np.where(within, x, 0).astype(np.int64)
    places = core.from_numpy(np.ascontiguousarray(index)).unsqueeze(1)
    return flat.gather(2, places.expand(flat.shape[0], flat.shape[1], index.shape[1])), core.from_numpy(inside)


def _added(flat, taps, spatial):
    """The sum of elements with weights: taps are (coordinates of each dimension, weights of each dimension)."""
    total = None
    for at, weights in taps:
        values, inside = _gathered(flat, at, spatial)
        weight = weights[0]
        for w in weights[1:]:
            weight = weight * w
        part = values * where(inside, weight, 0).unsqueeze(1)
        total = part if total is None else total + part
    return total


def _linear(x):
    """The two neighbours of coordinates, with weights."""
    low = np.floor(_numbers(x))
    share = x - core.from_numpy(low).to(x.dtype)
    return [(low, 1 - share), (low + 1, share)]


def _cubic(x, n, border, align_corners, a=-0.75):
    """The four neighbours of coordinates, with the weights of Keys' cubic convolution."""
    low = np.floor(_numbers(x))
    t = x - core.from_numpy(low).to(x.dtype)
    near = lambda d: ((a + 2) * d - (a + 3)) * d * d + 1  # noqa: E731
    far = lambda d: ((a * d - 5 * a) * d + 8 * a) * d - 4 * a  # noqa: E731
    weights = (far(t + 1), near(t), near(1 - t), far(2 - t))
    return [(np.rint(_bordered(low + k - 1, n, border, align_corners)), w) for k, w in enumerate(weights)]


def _sample_form(b, input, grid, mode, padding_mode, align_corners):
    if len(b.shape(input)) != 4:
        return Unsupported("volumes: runtimes sample images alone")
    return b.node("GridSample", input, grid, mode=MODES[mode], padding_mode=padding_mode, align_corners=int(bool(align_corners)))


@op("composite", tensors=2, spaces="functional", methods=False, onnx=_sample_form)
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """Take the values of images at given places.

    Args:
        input: Images or volumes.
        grid: Places, x before y before z, -1 to 1 from one end to the other.
        mode: "bilinear" (in volumes it is trilinear), "nearest" or "bicubic" (images alone).
        padding_mode: What lies outside: "zeros", the nearest element of the "border", or the "reflection" at it.
        align_corners: Whether -1 and 1 are the centres of the outermost elements rather than their outer edges; None means False.

    Shape:
        input: (N, C, H, W) or (N, C, D, H, W); grid: (N, Ho, Wo, 2) or (N, Do, Ho, Wo, 3); result: (N, C, *sizes of the grid).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: there is no such mode.
        RuntimeError: shapes or dtypes do not fit.

    References:
        Jaderberg et al. (2015), arXiv:1506.02025.

    Example:
        >>> functional.grid_sample(tensor([[[[1.0, 3.0]]]]), tensor([[[[0.0, 0.0]]]]))
        tensor([[[[2.]]]])
    """
    name = "grid_sample"
    tensors(name, input=input, grid=grid)
    floating(name, input)
    if mode not in MODES:
        raise expected(name, f"mode to be one of {', '.join(MODES)}", mode)
    if padding_mode not in BORDERS:
        raise expected(name, f"padding_mode to be one of {', '.join(BORDERS)}", padding_mode)
    n = input.ndim - 2
    if n not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != n or grid.shape[0] != input.shape[0]:
        shapes = f"{tuple(input.shape)} and {tuple(grid.shape)}"
        raise expected(name, "input (N, C, H, W) and grid (N, H, W, 2), or (N, C, D, H, W) and (N, D, H, W, 3)", shapes, error=RuntimeError)
    if mode == "bicubic" and n == 3:
        raise expected(name, "input of 4 dimensions for bicubic", input, error=RuntimeError)
    if grid.dtype != input.dtype:
        raise expected(name, f"grid of the input's dtype {input.dtype.name}", grid, error=RuntimeError)
    spatial, align_corners = tuple(input.shape[2:]), bool(align_corners)
    if product(spatial) == 0:
        raise expected(name, "input with elements in every plane", input, error=RuntimeError)
    flat, out = input.flatten(2), (input.shape[0], input.shape[1], *grid.shape[1:-1])
    places = grid.reshape(grid.shape[0], -1, n) if grid.numel() else grid.reshape(grid.shape[0], product(grid.shape[1:-1]), n)
    where_to = []
    for d, size in enumerate(spatial):
        x = places[..., n - 1 - d]
        x = (x + 1) * ((size - 1) / 2) if align_corners else ((x + 1) * size - 1) / 2
        where_to.append(x if mode == "bicubic" else _bordered(x, size, padding_mode, align_corners))
    if mode == "nearest":
        values, inside = _gathered(flat, [np.rint(_numbers(x)) for x in where_to], spatial)
        return where(inside.unsqueeze(1), values, 0).reshape(out)
    if mode == "bicubic":
        each = [_cubic(x, size, padding_mode, align_corners) for x, size in zip(where_to, spatial, strict=True)]
    else:
        each = [_linear(x) for x in where_to]
    taps = [([at for at, _ in chosen], [w for _, w in chosen]) for chosen in combinations(*each)]
    return _added(flat, taps, spatial).reshape(out)


@samples(grid_sample)
def _(s):
    for align in (None, True):
        for border in BORDERS:
            for mode in MODES:
                image, grid = s.normal(2, 2, 3, 4), s.uniform(2, 4, 3, 2, low=-1.6, high=1.6)
                call = s(image, grid, mode, border, align)
                folded = mode == "bicubic" and border == "reflection"
                yield call.without("onnx", because="runtimes reflect cubic taps otherwise") if folded else call
            yield s(s.normal(1, 2, 3, 2, 4), s.uniform(1, 2, 3, 2, 3, low=-1.6, high=1.6), "bilinear", border, align)
            yield s(s.normal(1, 1, 3, 2, 4), s.uniform(1, 2, 3, 1, 3, low=-1.6, high=1.6), "nearest", border, align)
    yield s(s.normal(1, 1, 1, 3), s.uniform(1, 2, 2, 2, low=-2.0, high=2.0), "bilinear", "reflection", True)


@refuses(grid_sample)
def _(s):
    image, grid = s.normal(1, 2, 3, 3), s.normal(1, 2, 2, 2)
    yield s(image, grid, "cubic").raises(ValueError, "grid_sample: expected mode to be one of bilinear, nearest, bicubic, got cubic")
    yield s(image, grid, padding_mode="wrap").raises(ValueError, "grid_sample: expected padding_mode to be one of zeros")
    yield s(image, s.normal(1, 2, 2, 3)).raises(RuntimeError, "grid_sample: expected input (N, C, H, W) and grid (N, H, W, 2)")
    yield s(image, s.normal(2, 2, 2, 2)).raises(RuntimeError, "grid_sample: expected input (N, C, H, W) and grid (N, H, W, 2)")
    yield s(s.normal(1, 1, 2, 2, 2), s.normal(1, 1, 1, 1, 3), "bicubic").raises(RuntimeError, "expected input of 4 dimensions for bicubic")
    yield s(image, grid.double()).raises(RuntimeError, "grid_sample: expected grid of the input's dtype float32")
    yield s(image[:, :, :0], grid).raises(RuntimeError, "grid_sample: expected input with elements in every plane")
    yield s(1.0, grid).raises(TypeError, "grid_sample: expected input to be a Tensor, got float")


def _steps(n, align_corners, dtype):
    """Coordinates of n elements from -1 to 1."""
    if n == 1:
        return np.zeros(1, dtype)
    x = np.linspace(-1, 1, n)
    return (x if align_corners else x * ((n - 1) / n)).astype(dtype)


def _affine_form(b, theta, size, align_corners):
    return b.node("AffineGrid", theta, b.constant(np.array(size, np.int64)), align_corners=int(bool(align_corners)))


@op("composite", spaces="functional", methods=False, onnx=_affine_form)
def affine_grid(theta, size, align_corners=None):
    """The places that affine maps take the elements of an image to: a grid for `grid_sample`.

    Args:
        theta: Maps of (x, y, 1), or (x, y, z, 1) for volumes, to the places to take values from.
        size: Shape of the images to make: (N, C, H, W) or (N, C, D, H, W).
        align_corners: Whether -1 and 1 are the centres of the outermost elements rather than their outer edges; None means False.

    Shape:
        theta: (N, 2, 3) or (N, 3, 4); result: (N, H, W, 2) or (N, D, H, W, 3).

    Returns:
        Tensor of the dtype of `theta`.

    Raises:
        ValueError: `theta` does not fit `size` or is not floating.
        NotImplementedError: `size` is not of 4 or 5 numbers.

    References:
        Jaderberg et al. (2015), arXiv:1506.02025.

    Example:
        >>> functional.affine_grid(tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2))
        tensor([[[[-0.5000,  0.0000],
                  [ 0.5000,  0.0000]]]])
    """
    name = "affine_grid"
    tensors(name, theta=theta)
    if not theta.is_floating_point():
        raise expected(name, "theta of a floating dtype", theta, "cast with theta.float()")
    size = tuple(size)
    n = len(size) - 2
    if n not in (2, 3):
        raise expected(name, "size of 4 or 5 numbers", f"{size}", error=NotImplementedError)
    if tuple(theta.shape) != (size[0], n, n + 1):
        raise expected(name, f"theta of shape {(size[0], n, n + 1)} for size {size}", theta)
    if min(size) < 1:
        raise expected(name, "size of numbers of 1 or more", f"{size}")
    dtype = theta.dtype.numpy
    axes = np.meshgrid(*(_steps(m, align_corners, dtype) for m in size[2:]), indexing="ij")
    base = np.stack([*axes[::-1], np.ones_like(axes[0])], -1).reshape(1, -1, n + 1)
    return (core.from_numpy(base) @ theta.transpose(1, 2)).reshape(size[0], *size[2:], n)


@samples(affine_grid)
def _(s):
    for align in (None, True):
        yield s(s.normal(2, 2, 3), (2, 1, 3, 4), align)
        yield s(s.normal(2, 3, 4), (2, 1, 3, 2, 4), align)
    yield s(s.normal(1, 2, 3), (1, 3, 1, 5), False)
    yield s(s.normal(1, 2, 3), (1, 3, 1, 5), True).without("onnx", because="ONNX divides by 0 for one element")


@refuses(affine_grid)
def _(s):
    yield s(s.normal(2, 2, 3), (1, 1, 3, 4)).raises(ValueError, "affine_grid: expected theta of shape (1, 2, 3)")
    yield s(s.integers(1, 2, 3), (1, 1, 3, 4)).raises(ValueError, "affine_grid: expected theta of a floating dtype")
    yield s(s.normal(1, 2, 3), (1, 1, 3)).raises(NotImplementedError, "affine_grid: expected size of 4 or 5 numbers, got (1, 1, 3)")
    yield s(s.normal(1, 2, 3), (1, 1, 0, 3)).raises(ValueError, "affine_grid: expected size of numbers of 1 or more")
    yield s(1.0, (1, 1, 3, 3)).raises(TypeError, "affine_grid: expected theta to be a Tensor, got float")
