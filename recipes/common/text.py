"""Texts for language models: the standard library's source, Shakespeare, or a file; as tokens, and as windows over them."""

from __future__ import annotations

import hashlib
import json
import os
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from workbench.engine.data import Dataset, Sampler
from workbench.engine.random_keys import Key

from . import image_files as files
from .image_files import DataError
from .tokenizer import BytePairs, Characters, from_json

SHAKESPEARE_URLS = ("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",)
SHAKESPEARE_MD5 = "6fb458f1232090904fb40fe944165e91"
_NO_TARGET = -100  # what cross_entropy leaves out
_CACHE_FORMAT = 1
# Folders of the standard library that are none of it, or that differ from one machine to the next.
_LEFT_OUT = {"site-packages", "dist-packages", "__pycache__", "test", "tests", "idle_test"}


class Corpus:
    """A text as tokens, its last part held out.

    Attributes:
        name: As it was asked for.
        train: Tokens to train on.
        validation: Tokens to validate on.
        tokenizer: `Characters` or `BytePairs`; it was made from the part to train on, but knows all characters.
        bytes_per_token: Of the validation part, in UTF-8.
        fingerprint: SHA-256 of the text.
    """

    def __init__(self, name: str, text: str, validation: float, train: np.ndarray, held: np.ndarray, tokenizer: Any) -> None:
        self.name, self.train, self.validation, self.tokenizer = name, train, held, tokenizer
        self.fingerprint = _sha256(text.encode())
        self.bytes_per_token = len(_parts(text, validation)[1].encode()) / max(1, len(held))

    def about(self) -> dict[str, Any]:
        """What a run records of it."""
        tokens = {"train": len(self.train), "validation": len(self.validation)}
        encoded = _sha256(self.train.tobytes() + self.validation.tobytes())
        return {"sha256": self.fingerprint, **tokens, "vocabulary": len(self.tokenizer), "tokens": encoded}

    def __repr__(self) -> str:
        return f"Corpus({self.name}: {len(self.train)} + {len(self.validation)} tokens of {len(self.tokenizer)})"


def load(config: Any) -> Corpus:
    """The text that `conf/data` names, as tokens.

    Tokens are kept in $WORKBENCH_DATA or ~/.cache/workbench, by the text's fingerprint: the next run, or a resumed one, begins at once.

    Args:
        config: `name`, `path`, `download`, `tokenizer`, `vocabulary`, `validation`.

    Raises:
        DataError: The text is not there, is no text, or is too short to be divided.
    """
    text = read(config.name, config.path, config.download)
    train_text, held_text = _parts(text, config.validation)
    if not train_text or not held_text:
        raise DataError(f"data: expected a text that can be divided into two parts, got {len(text)} characters")
    settings = [_CACHE_FORMAT, _sha256(text.encode()), config.validation, config.tokenizer, config.vocabulary]
    place = files.cache_folder() / "text" / f"{_sha256(json.dumps(settings).encode())[:32]}.npz"
    found = _read_tokens(place)
    if found is None:
        tokenizer: Any = Characters.train(text) if config.tokenizer == "char" else BytePairs.train(train_text, config.vocabulary)
        small = np.uint16 if len(tokenizer) <= 1 << 16 else np.uint32
        found = tokenizer, tokenizer.encode(train_text).astype(small), tokenizer.encode(held_text).astype(small)
        _write_tokens(place, *found)
    tokenizer, train, held = found
    return Corpus(config.name, text, config.validation, train, held, tokenizer)


def read(name: str, path: str | None, download: bool) -> str:
    """The text by its name: that of the file `path`, else what the name says.

    Raises:
        DataError: It is not there, or is no text in UTF-8.
    """
    if path is not None:
        return _decoded(Path(path).expanduser())
    if name == "text":
        return standard_library()
    target = files.cache_folder() / name / "input.txt"
    if not target.is_file():
        looked = f"data: expected {target.name} in {target.parent}, got no such file"
        if not download:
            raise DataError(f"{looked}; set data.path=FILE, or let it be downloaded with data.download=true")
        try:
            files.download(SHAKESPEARE_URLS, target, SHAKESPEARE_MD5)
        except DataError as e:
            raise DataError(f"{looked}, and no download ({e}); set data.path=FILE to a copy of it, or take data=text") from e
    return _decoded(target)


def standard_library() -> str:
    """The source of the running interpreter's standard library: its .py files, without tests, in the order of their names."""
    root = Path(sysconfig.get_path("stdlib"))
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py") if _belongs(path.relative_to(root)))
    if not names:
        raise DataError(f"data: expected the standard library's source in {root}, got no .py file; set data.path=FILE")
    return "\n".join((root / name).read_bytes().decode(errors="replace").replace("\r\n", "\n") for name in names)


def _belongs(path: Path) -> bool:
    folders = set(path.parts[:-1])
    return not folders & _LEFT_OUT and not path.parts[0].startswith("config-") and not path.name.startswith("_sysconfigdata")


def _decoded(path: Path) -> str:
    try:
        return path.read_bytes().decode().replace("\r\n", "\n")
    except OSError as e:
        raise DataError(f"data: expected data.path to be a file that can be read, got {path}: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise DataError(f"data: expected text in UTF-8, got byte {e.object[e.start]:#04x} at {e.start}: {path}; convert it") from e


def _parts(text: str, validation: float) -> tuple[str, str]:
    """What is trained on, and the last part, which is held out."""
    cut = len(text) - round(len(text) * validation)
    return text[:cut], text[cut:]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_tokens(place: Path) -> tuple[Any, np.ndarray, np.ndarray] | None:
    """Tokens that an earlier run kept; None where there are none, or they are damaged."""
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            raw, train, held = (kept[name] for name in ("tokenizer", "train", "held"))
            if kept["sha256"].tobytes().hex() == _sha256(raw.tobytes() + train.tobytes() + held.tobytes()):
                return from_json(raw.tobytes().decode()), train, held
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        pass
    return None


def _write_tokens(place: Path, tokenizer: Any, train: np.ndarray, held: np.ndarray) -> None:
    """Keep tokens for the next run; where the folder cannot be written, that run makes them again."""
    raw = np.frombuffer(tokenizer.as_json().encode(), np.uint8)
    digest = np.frombuffer(bytes.fromhex(_sha256(raw.tobytes() + train.tobytes() + held.tobytes())), np.uint8)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=place.name + ".", dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                np.savez(out, tokenizer=raw, train=train, held=held, sha256=digest)
            Path(name).replace(place)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return


class Windows(Dataset[Any]):
    """Stretches of `block` tokens, each with the tokens that follow its own: what a language model reads, and what it is to say.

    Args:
        tokens: The text, (n,).
        block: Tokens of a window.
        apart: Tokens between the starts of neighbours. With `block` the windows lie side by side, and the last is filled up with targets
            that do not count.

    A loader that collates by default gets whole batches: two int64 tensors (batch, block).
    """

    def __init__(self, tokens: np.ndarray, block: int, apart: int = 1) -> None:
        if len(tokens) <= block:
            raise DataError(f"data: expected a part of more than {block} tokens (model.block), got {len(tokens)}; take more text")
        self.tokens, self.block, self.apart = tokens, block, apart

    def __len__(self) -> int:
        whole = len(self.tokens) - 1
        return whole - self.block + 1 if self.apart == 1 else -(-whole // self.apart)

    def __getbatch__(self, indices: Sequence[int]) -> list[np.ndarray]:
        places = np.asarray(indices, np.int64)[:, None] * self.apart + np.arange(self.block + 1)
        last = len(self.tokens) - 1
        found = self.tokens[np.minimum(places, last)].astype(np.int64)
        inputs, targets = np.ascontiguousarray(found[:, :-1]), found[:, 1:]
        return [inputs, np.where(places[:, 1:] > last, _NO_TARGET, targets)]

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        inputs, targets = self.__getbatch__([index])
        return inputs[0], targets[0]


class RandomBatches(Sampler[list[int]]):
    """`count` batches an epoch of `size` numbers below `n` each, drawn at random; a `batch_sampler` for a `DataLoader`.

    A batch depends on (seed, epoch, its place in the epoch) alone and is drawn when it is asked for: a loader goes on anywhere at once.
    """

    epoch = 0
    told: int | None = None

    def __init__(self, n: int, size: int, count: int) -> None:
        self.n, self.size, self.count = n, size, count

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration takes."""
        self.epoch = self.told = epoch

    def batches(self, epoch: int, seed: int) -> _Drawn:
        """The batches of an epoch."""
        return _Drawn(self, epoch, seed, range(self.count))

    def __len__(self) -> int:
        return self.count


class _Drawn:
    """Batches that are drawn when they are looked at."""

    def __init__(self, source: RandomBatches, epoch: int, seed: int, places: range) -> None:
        self.source, self.epoch, self.seed, self.places = source, epoch, seed, places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, part: slice) -> _Drawn:
        return _Drawn(self.source, self.epoch, self.seed, self.places[part])

    def __iter__(self) -> Iterator[list[int]]:
        for place in self.places:
            yield Key(self.seed, "windows", self.epoch, place).integers(self.source.n, size=self.source.size).tolist()
