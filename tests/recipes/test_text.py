"""Texts: where they come from, how they are divided, and windows that depend on seed and place alone."""

from __future__ import annotations

import hashlib
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from workbench.engine.data import DataLoader
from workbench.experiments.cli import main
from workbench.recipes.common import text
from workbench.recipes.common.image_files import DataError
from workbench.recipes.common.text import RandomBatches, Windows

VERSE = "Whose woods these are I think I know.\nHis house is in the village though;\n" * 8


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "cache"))
    Path("verse.txt").write_text(VERSE)


def settings(**changes):
    kept = {"name": "text", "path": "verse.txt", "download": False, "tokenizer": "char", "vocabulary": 300, "validation": 0.25}
    return SimpleNamespace(**(kept | changes))


@pytest.mark.parametrize("tokenizer", ["char", "bpe"])
def test_the_last_part_is_held_out(tokenizer):
    corpus = text.load(settings(tokenizer=tokenizer))
    cut = len(VERSE) - len(VERSE) // 4
    assert corpus.tokenizer.decode(corpus.train.tolist()) == VERSE[:cut]
    assert corpus.tokenizer.decode(corpus.validation.tolist()) == VERSE[cut:]
    assert corpus.about()["sha256"] == hashlib.sha256(VERSE.encode()).hexdigest()
    assert corpus.bytes_per_token == len(VERSE[cut:]) / len(corpus.validation)


def kept():
    (file,) = Path("cache/text").iterdir()
    return file


@pytest.mark.parametrize("tokenizer", ["char", "bpe"])
def test_tokens_are_kept_for_the_next_run(tokenizer, monkeypatch):
    first = text.load(settings(tokenizer=tokenizer))
    monkeypatch.setattr(text, "BytePairs", None)
    monkeypatch.setattr(text, "Characters", None)
    assert text.load(settings(tokenizer=tokenizer)).about() == first.about()


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-400] + bytes([b[-400] ^ 1]) + b[-399:]])
def test_damaged_tokens_are_made_again(damage):
    first = text.load(settings())
    whole = kept().read_bytes()
    kept().write_bytes(damage(whole))
    assert text.load(settings()).about() == first.about()
    assert kept().read_bytes() == whole


def test_other_settings_and_other_texts_have_other_tokens():
    text.load(settings())
    text.load(settings(validation=0.5))
    text.load(settings(tokenizer="bpe"))
    Path("verse.txt").write_text(VERSE + ".")
    text.load(settings())
    assert len(list(Path("cache/text").iterdir())) == 4


def test_without_a_place_to_keep_them_it_goes_on():
    Path("cache").write_text("a file where a folder is wanted")
    assert len(text.load(settings()).train) > 0


def test_the_standard_library():
    found = text.standard_library()
    assert found == text.standard_library()
    for name in ("ast.py", "asyncio/tasks.py"):
        assert Path(sysconfig.get_path("stdlib"), name).read_text(encoding="utf-8") in found
    assert not text._belongs(Path("site-packages/numpy/__init__.py"))
    assert not text._belongs(Path("test/test_ast.py"))
    assert not text._belongs(Path("_sysconfigdata__linux_x86_64-linux-gnu.py"))


WRONG = {
    "data.path=absent.txt": "data: expected data.path to be a file that can be read, got absent.txt: No such file or directory",
    "data.path=picture.bin": "data: expected text in UTF-8, got byte 0xff at 1: picture.bin; convert it",
    "data.path=short.txt": "data: expected a text that can be divided into two parts, got 1 characters",
    "data.path=verse.txt data.tokenizer=char data.validation=0.05": "expected a part of more than 64 tokens (model.block), got 30",
    "data=tinyshakespeare data.download=false": "set data.path=FILE, or let it be downloaded with data.download=true",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_told_in_one_sentence(words, capsys):
    Path("picture.bin").write_bytes(b"a\xff")
    Path("short.txt").write_text("a")
    assert main(["train", "--plain", "+recipe=gpt", "logger=quiet", *words.split()]) == 2
    err = capsys.readouterr().err
    assert WRONG[words] in err
    assert err.count("\n") == 1


def test_shakespeare_is_downloaded_and_checked(monkeypatch, tmp_path):
    published = tmp_path / "published.txt"
    published.write_text(VERSE)
    monkeypatch.setattr(text, "SHAKESPEARE_URLS", (published.as_uri(),))
    with pytest.raises(DataError, match=f"its MD5 is {hashlib.md5(VERSE.encode()).hexdigest()} where {text.SHAKESPEARE_MD5} was published"):
        text.read("tinyshakespeare", None, download=True)
    monkeypatch.setattr(text, "SHAKESPEARE_MD5", hashlib.md5(VERSE.encode()).hexdigest())
    assert text.read("tinyshakespeare", None, download=True) == VERSE
    published.unlink()
    assert text.read("tinyshakespeare", None, download=False) == VERSE


def test_windows_at_any_place():
    tokens = np.arange(10, dtype=np.uint16)
    windows = Windows(tokens, 4)
    assert len(windows) == 6
    inputs, targets = windows.__getbatch__([0, 5])
    assert inputs.tolist() == [[0, 1, 2, 3], [5, 6, 7, 8]]
    assert targets.tolist() == [[1, 2, 3, 4], [6, 7, 8, 9]]
    assert inputs.dtype == targets.dtype == np.int64


@pytest.mark.parametrize("n", [9, 10, 11, 12, 13])
def test_windows_side_by_side_say_each_token_once(n):
    windows = Windows(np.arange(n), 4, apart=4)
    inputs, targets = windows.__getbatch__(range(len(windows)))
    counted = targets[targets != -100]
    assert counted.tolist() == list(range(1, n))
    assert (targets[targets != -100] == inputs[targets != -100] + 1).all()


def all_of(loader):
    return [[part.tolist() for part in batch] for batch in loader]


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_depend_on_seed_epoch_and_place_alone(workers):
    def loader(workers=0):
        return DataLoader(Windows(np.arange(1000), 4), batch_sampler=RandomBatches(996, 3, 7), num_workers=workers)

    plain, parallel = loader(), loader(workers)
    first, second = all_of(plain), all_of(plain)
    assert len(first) == len(plain) == 7
    assert first != second
    assert all_of(parallel) == first
    passing = loader()
    steps = iter(passing)
    for _ in range(3):
        next(steps)
    resumed = loader(workers)
    resumed.load_state_dict(passing.state_dict())
    assert all_of(resumed) == first[3:]
    assert all_of(resumed) == second


def test_a_place_is_reached_without_those_before_it():
    drawn = []

    class Counted(RandomBatches):
        @property
        def n(self):
            drawn.append(1)
            return 996

        @n.setter
        def n(self, value):
            pass

    loader = DataLoader(Windows(np.arange(1000), 4), batch_sampler=Counted(996, 3, 10**9))
    loader.load_state_dict(loader.state_dict() | {"batch": 10**9 - 2, "sample": 3 * (10**9 - 2)})
    assert len(all_of(loader)) == 2
    assert len(drawn) == 2
