"""Transforms: kinds of input, single against batch, values against torch."""

import numpy as np
import pytest

from workbench.engine.data import transforms as T
from workbench.engine.data.border import Tensor, to_array, to_tensor
from workbench.engine.data.context import use_key
from workbench.engine.data.transforms.resample import resize
from workbench.engine.random_keys import Key, Keys

RANDOM = [
    T.RandomCrop(12, padding=2),
    T.RandomCrop((10, 16), padding=(1, 3), fill=7, padding_mode="constant"),
    T.RandomCrop(24, pad_if_needed=True, padding_mode="reflect"),
    T.RandomShift(3),
    T.RandomHorizontalFlip(),
    T.RandomVerticalFlip(0.3),
    T.RandomResizedCrop(9),
    T.RandomAffine(30, translate=(0.2, 0.1), scale=(0.8, 1.2), shear=10),
    T.RandomAffine((-5, 20), shear=(0, 5, -5, 5), interpolation="bilinear", fill=(1, 2, 3)),
    T.RandomRotation(45, interpolation="bilinear"),
    T.RandomErasing(0.7),
    T.RandomErasing(1.0, value=(1, 2, 3)),
    T.RandomErasing(1.0, value="random"),
    T.ColorJitter(0.4, 0.4, 0.4, 0.2),
    T.RandomGrayscale(0.5),
    T.RandomApply([T.RandomShift(4), T.RandomHorizontalFlip()], 0.5),
    T.RandomChoice([T.RandomHorizontalFlip(1.0), T.RandomVerticalFlip(1.0), T.RandomShift(2)]),
    T.Compose([T.RandomApply([T.RandomHorizontalFlip()]), T.RandomCrop(8), T.RandomErasing()]),
]


def images(n=6, dtype=np.uint8, c=3, h=16, w=20):
    x = np.random.default_rng(0).integers(0, 256, (n, c, h, w)).astype(np.uint8)
    return x if dtype == np.uint8 else (x / 255).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("transform", RANDOM, ids=lambda t: type(t).__name__)
def test_batch_is_the_samples(transform, dtype):
    x = images(dtype=dtype)
    before = x.copy()
    with use_key(Keys(1, "augment", 2, streams=np.arange(6) + 10)):
        together = transform(x)
    for i in range(6):
        with use_key(Key(1, "augment", 2, 10 + i)):
            alone = transform(to_tensor(x[i].copy()))
        assert np.array_equal(together[i], to_array(alone))
        with use_key(Key(1, "augment", 2, 10 + i)):
            assert np.array_equal(transform(x[i].transpose(1, 2, 0)), together[i].transpose(1, 2, 0))
    assert together.dtype == dtype
    assert np.array_equal(x, before)
    with use_key(Keys(1, "augment", 3, streams=np.arange(6) + 10)):
        assert not np.array_equal(transform(x), together)


def test_kinds_of_image():
    flip = T.RandomHorizontalFlip(1.0)
    assert flip(np.arange(6).reshape(2, 3)).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert flip(np.zeros((3, 5, 6))).shape == (3, 5, 6)
    assert flip(np.zeros((5, 6, 3))).shape == (5, 6, 3)
    assert isinstance(flip(to_tensor(np.zeros((7, 5, 6)))), Tensor)
    with pytest.raises(TypeError, match="RandomHorizontalFlip: expected an image"):
        flip(np.zeros(3))
    with pytest.raises(TypeError, match="expected an image"):
        flip("image.png")


def test_pil_image():
    Image = pytest.importorskip("PIL.Image")
    picture = Image.fromarray(images(1)[0].transpose(1, 2, 0))
    assert T.ToTensor()(picture).shape == (3, 16, 20)
    assert T.Resize((8, 10))(picture).shape == (8, 10, 3)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("size", [(8, 31), (5, 7), (16, 20), (33, 50)])
def test_resize_against_torch(mode, antialias, size):
    torch = pytest.importorskip("torch")
    x = images(2, np.float64)
    if mode == "nearest":
        want = torch.nn.functional.interpolate(torch.from_numpy(x), size, mode=mode)
    else:
        want = torch.nn.functional.interpolate(torch.from_numpy(x), size, mode=mode, antialias=antialias)
    assert np.allclose(resize(x, size, mode, antialias), want.numpy(), atol=1e-6)


def test_resize_against_pil():
    Image = pytest.importorskip("PIL.Image")
    x = images(1)[0].transpose(1, 2, 0)
    want = np.asarray(Image.fromarray(x).resize((9, 7), Image.BILINEAR))
    assert np.abs(T.Resize((7, 9))(x).astype(int) - want).max() <= 1


def test_resize_sizes():
    x = np.zeros((1, 3, 10, 20), np.uint8)
    assert T.Resize(5)(x).shape == (1, 3, 5, 10)
    assert T.Resize(5, max_size=8)(x).shape == (1, 3, 4, 8)
    assert T.Resize((5, 5))(x).shape == (1, 3, 5, 5)


def test_crop_and_pad():
    x = np.arange(20.0).reshape(1, 1, 4, 5)
    assert T.CenterCrop(2)(x)[0, 0].tolist() == [[7, 8], [12, 13]] or T.CenterCrop(2)(x)[0, 0].tolist() == [[6, 7], [11, 12]]
    assert T.CenterCrop(6)(x).shape == (1, 1, 6, 6)
    assert T.CenterCrop(6)(x).sum() == x.sum()
    padded = T.Pad((1, 2, 3, 0), fill=9)(x)
    assert padded.shape == (1, 1, 6, 9)
    assert np.array_equal(padded[0, 0, 2:, 1:6], x[0, 0])
    assert (padded[0, 0, :2] == 9).all()
    assert T.Pad(-1)(x)[0, 0].tolist() == [[6, 7, 8], [11, 12, 13]]
    assert np.array_equal(T.Pad(1, padding_mode="reflect")(x), np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect"))


def test_random_crop_reaches_every_place():
    x = np.arange(36).reshape(1, 1, 6, 6).repeat(500, 0)
    with use_key(Keys(0, "augment", 0, streams=np.arange(500))):
        got = T.RandomCrop(4)(x)
    assert set(got[:, 0, 0, 0].tolist()) == {6 * r + c for r in range(3) for c in range(3)}
    assert all(np.array_equal(g[0], x[0, 0, (t := g[0, 0, 0] // 6) : t + 4, (l := g[0, 0, 0] % 6) : l + 4]) for g in got)


def test_rotation_by_quarter_turns():
    x = images(1, np.float32, h=9, w=9)
    assert np.array_equal(T.RandomRotation((90, 90))(x), np.rot90(x, 1, (2, 3)))
    assert np.allclose(T.RandomRotation((180, 180), interpolation="bilinear")(x), np.rot90(x, 2, (2, 3)), atol=1e-5)
    assert np.array_equal(T.RandomAffine(0)(x), x)
    double = T.RandomAffine(0, scale=(3, 3))(x)
    assert np.array_equal(double, x[:, :, 3:6, 3:6].repeat(3, 2).repeat(3, 3))


def test_values():
    x = images(2)
    t = to_array(T.ToTensor()(x))
    assert t.dtype == np.float32
    assert np.allclose(t, x / 255)
    assert T.ToTensor()(x[0].transpose(1, 2, 0)).shape == (3, 16, 20)
    n = T.Normalize((0.5, 0.4, 0.3), (0.1, 0.2, 0.3))(t)
    assert np.allclose(n, (t - np.array([0.5, 0.4, 0.3])[:, None, None]) / np.array([0.1, 0.2, 0.3])[:, None, None], atol=1e-5)
    assert T.ConvertImageDtype("uint8")(t).tolist() == x.tolist()
    assert np.allclose(T.ConvertImageDtype(np.float64)(x), x / 255)
    assert T.ConvertImageDtype(np.int16)(x).max() == x.max().astype(int) << 7
    assert np.allclose(T.Grayscale()(t)[:, 0], t[:, 0] * 0.2989 + t[:, 1] * 0.587 + t[:, 2] * 0.114, atol=1e-6)
    assert T.Grayscale(3)(x).shape == x.shape
    assert T.Lambda(lambda v: v + 1)(1) == 2


def test_colour_jitter():
    import colorsys

    x = images(1, np.float64)
    dark = T.ColorJitter(brightness=(0.5, 0.5))(x)
    assert np.allclose(dark, x * 0.5)
    assert np.allclose(T.ColorJitter(hue=(0.0, 0.0))(x), x)
    turned = T.ColorJitter(hue=(0.25, 0.25))(x)
    for r, c in ((0, 0), (3, 7), (15, 19)):
        h, s, v = colorsys.rgb_to_hsv(*x[0, :, r, c])
        assert np.allclose(turned[0, :, r, c], colorsys.hsv_to_rgb((h + 0.25) % 1, s, v))
    grey = T.ColorJitter(saturation=(0.0, 0.0))(x)
    assert np.allclose(grey[:, 0], grey[:, 2])


def test_erasing_covers_what_it_says():
    x = np.ones((400, 1, 32, 32), np.float32)
    with use_key(Keys(0, "augment", 0, streams=np.arange(400))):
        out = T.RandomErasing(0.5)(x)
    part = 1 - out.mean(axis=(1, 2, 3))
    assert 0.4 < (part > 0).mean() < 0.6
    assert part[part > 0].min() > 0.015
    assert part.max() < 0.35


REFUSED = [
    (lambda: T.RandomCrop(30)(images()), ValueError, "RandomCrop: expected images of at least 30 x 30, got 16 x 20; give padding"),
    (lambda: T.RandomHorizontalFlip(1.5), ValueError, r"expected p in \[0, 1\], got 1.5"),
    (lambda: T.Normalize(0.5, 0.0), ValueError, "std other than 0"),
    (lambda: T.Normalize(0.5, 1.0)(images()), TypeError, r"floating images, got dtype uint8; put ToTensor\(\)"),
    (lambda: T.Normalize((1, 2), (1, 2))(images(dtype=np.float32)), ValueError, "of 1 or 3 channels"),
    (lambda: T.Resize(0), ValueError, "one or two ints above 0"),
    (lambda: T.Resize(3, interpolation="lanczos"), ValueError, "nearest, bilinear, bicubic"),
    (lambda: T.Pad((1, 2, 3)), ValueError, "1, 2 or 4 ints"),
    (lambda: T.Pad(1, padding_mode="wrap"), ValueError, "padding_mode to be one of"),
    (lambda: T.Grayscale(2), ValueError, "to be 1 or 3"),
    (lambda: T.ColorJitter(-1), ValueError, "brightness of 0 or more"),
    (lambda: T.ColorJitter(hue=0.7), ValueError, "hue within"),
    (lambda: T.RandomAffine(-1), ValueError, "degrees of 0 or more"),
    (lambda: T.RandomAffine(1, translate=(2, 0)), ValueError, "translate in"),
    (lambda: T.RandomAffine(1, scale=(0, 1)), ValueError, "scale above 0"),
    (lambda: T.RandomErasing(scale=(0.5, 0.1)), ValueError, "scale within"),
    (lambda: T.RandomErasing(value="white"), ValueError, '"random"'),
    (lambda: T.Lambda(3), TypeError, "a function"),
    (lambda: T.RandomChoice([], [1.0]), ValueError, "p of 0 weights"),
]


@pytest.mark.parametrize(("call", "error", "says"), REFUSED, ids=[says[:25] for *_, says in REFUSED])
def test_refuses(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_reprs():
    assert repr(T.RandomCrop(4, padding=1)) == ("RandomCrop(size=(4, 4), padding=1, pad_if_needed=False, fill=0, padding_mode='constant')")
    assert "ToTensor()" in repr(T.Compose([T.ToTensor(), T.RandomHorizontalFlip()]))
