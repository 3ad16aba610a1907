"""Tokenizers: what is encoded comes back, and byte pairs are those of the paper's algorithm."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from workbench.recipes.common import tokenizer as module
from workbench.recipes.common.tokenizer import WORDS, BytePairs, Characters, from_json

TEXT = 'def f(x_1):\n    """Größe."""\n\n    return x_1 + 12345  # naïve ²\n\n\n\tif a<b: pass\n' * 3
ODD = ["", " ", "\n\n  x", "日本語 text\r\n", "e\u0301 \U0001f600", "\x00\x01", "__init__  (  )", "a\u00a0b", "x" * 100]


@pytest.mark.parametrize("text", [TEXT, *ODD], ids=repr)
def test_words_are_the_whole_text(text):
    assert "".join(WORDS.findall(text)) == text


@pytest.mark.parametrize("text", ODD, ids=repr)
def test_any_text_comes_back(text):
    tokenizer = BytePairs.train(TEXT, 300)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_long_text_is_cut_without_a_trace(monkeypatch):
    tokenizer = BytePairs.train(TEXT, 300)
    whole, words = tokenizer.encode(TEXT).tolist(), list(module._words(TEXT))
    monkeypatch.setattr(module, "_PIECE", 20)
    assert len(list(module._words(TEXT))) > len(words)
    assert tokenizer.encode(TEXT).tolist() == whole
    assert BytePairs.train(TEXT, 300).merges == tokenizer.merges


def listing(words, n):
    """Algorithm 1 of Sennrich, Haddow and Birch (2016), with their expressions, on words of symbols with blanks between."""
    vocabulary, merges = {" ".join(map(str, word.encode())): count for word, count in words.items()}, []
    for token in range(256, 256 + n):
        pairs = Counter()
        for word, count in vocabulary.items():
            symbols = word.split()
            for pair in zip(symbols, symbols[1:]):  # noqa: RUF007
                pairs[pair] += count
        if not pairs or max(pairs.values()) < 2:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], int(pair[0]), int(pair[1])))
        bigram = re.compile(r"(?<!\S)" + re.escape(" ".join(best)) + r"(?!\S)")
        vocabulary = {bigram.sub(str(token), word): count for word, count in vocabulary.items()}
        merges.append((int(best[0]), int(best[1])))
    return merges, vocabulary


@pytest.mark.parametrize("text", ["low low low low low lower lower newest newest newest newest newest newest widest widest widest", TEXT])
def test_merges_are_those_of_the_paper(text):
    words = Counter(WORDS.findall(text))
    merges, vocabulary = listing(words, 60)
    tokenizer = BytePairs.train(text, 256 + 60)
    assert tokenizer.merges == merges
    assert [" ".join(map(str, tokenizer.encode(word).tolist())) for word in words] == list(vocabulary)


def test_nothing_is_learned_from_what_occurs_once():
    assert len(BytePairs.train("abc", 1024)) == 256
    assert len(BytePairs.train("", 1024)) == 256


def test_characters():
    tokenizer = Characters.train(TEXT)
    assert len(tokenizer) == len(set(TEXT))
    assert tokenizer.decode(tokenizer.encode(TEXT)) == TEXT
    assert Characters("ba").encode("abba").tolist() == [1, 0, 0, 1]
    with pytest.raises(ValueError, match="expected characters that the tokenizer knows, got '語'; use tokenizer=bpe"):
        tokenizer.encode("ab語")


@pytest.mark.parametrize("tokenizer", [Characters.train(TEXT), BytePairs.train(TEXT, 280)], ids=lambda each: each.kind)
def test_json_keeps_it(tokenizer):
    again = from_json(tokenizer.as_json())
    assert type(again) is type(tokenizer)
    assert again.encode(TEXT).tolist() == tokenizer.encode(TEXT).tolist()
    assert len(again) == len(tokenizer)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "wordpiece"}', '{"kind": "bpe", "merges": [[1, 999]]}', '{"kind": "bpe"}'])
def test_what_is_no_tokenizer_is_refused(text):
    with pytest.raises(ValueError, match="expected a tokenizer, got something else"):
        from_json(text)


def test_bytes_that_are_no_text_are_marked():
    assert BytePairs([]).decode([0xC3]) == "\ufffd"
