"""The language of `--where`, against Python's own `and`, `or`, `not` and comparisons."""

from __future__ import annotations

import json
import operator
import random
import re

import pytest

from workbench.experiments.errors import UserError
from workbench.experiments.facts import Entry
from workbench.experiments.query import Query

FACTS = {
    "recipe": "resnet",
    "optim.lr": 0.05,
    "seed": 3,
    "test/accuracy": 0.991,
    "val/loss": float("nan"),
    "data.flip": True,
    "data.root": None,
    "model.widths": [16, 32],
    "error": "train: Out of memory (lower data.batch_size)",
    "id": "261123-0917-ab12",
    "big": 2**63 - 1,
    "odd name": 1,
}


def entry(facts):
    return Entry("runs/resnet/a", json.dumps([list(facts), [], []]), json.dumps(list(facts.values())), 0.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recipe=resnet", True),
        ("recipe==resnet", True),
        ("recipe = 'resnet'", True),
        ("recipe!=resnet", False),
        ("recipe=res", False),
        ("recipe~res", True),
        ("recipe~^net", False),
        ("error~'OUT of'", True),
        ("error~memory AND recipe=resnet", True),
        (r'error~"\(lower"', True),
        ("optim.lr<0.1", True),
        ("optim.lr<=5e-2", True),
        ("optim.lr=.05", True),
        ("optim.lr>0.05", False),
        ("seed=3", True),
        ("seed=3.0", True),
        ("seed=03", True),
        ("seed>=4", False),
        (f"big={2**63 - 1}", True),
        (f"big={2**63 - 2}", False),  # a float would not tell them apart
        ("data.flip=true", True),
        ("data.flip=True", True),
        ("data.flip=1", False),
        ("data.flip!=false", True),
        ("data.flip>0", False),
        ("data.root=null", True),
        ("data.root!=null", False),
        ("recipe='null'", False),
        ("data.root='null'", False),
        ("none.such=null", True),
        ("none.such=1", False),
        ("none.such!=1", True),
        ("none.such<1", False),
        ("none.such~.", False),
        ("val/loss<1", False),
        ("val/loss>1", False),
        ("model.widths=[16,32]", True),
        ("model.widths='[16, 32]'", True),
        ("model.widths~32", True),
        ("id>=261123 and id<261124", True),
        ("id>261124", False),
        ("'odd name'=1", True),
        ("run~^261123", True),
        ("not recipe=gpt", True),
        ("not not recipe=gpt", False),
        ("recipe=gpt or recipe=resnet and seed=4", False),
        ("(recipe=gpt or recipe=resnet) and seed=3", True),
        ("recipe=resnet or recipe=gpt and seed=4", True),
        ("not (recipe=gpt or seed=4) and test/accuracy>0.99", True),
    ],
)
def test_values(text, expected):
    assert Query(text).matches(FACTS) is expected


def test_the_order_of_operators_is_pythons():
    """Random trees of comparisons, written without any parenthesis that is not in the tree, mean what Python means by them."""
    draw = random.Random(0)
    facts = {"a": 1, "b": 2, "c": 3}
    operators = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
    seen = set()
    for _ in range(2000):
        parts = []
        for number in range(draw.randint(1, 8)):
            if number:
                parts.append(draw.choice(["and", "or"]))
            parts += ["not"] * draw.choice([0, 0, 1, 2])
            key, sign, value = draw.choice("abc"), draw.choice(list(operators)), draw.randint(0, 4)
            parts.append((f"{key}{sign}{value}", operators[sign](facts[key], value)))
        for _ in range(draw.randint(0, 2)):
            places = [i for i, part in enumerate(parts) if isinstance(part, tuple)]
            first, last = sorted((draw.choice(places), draw.choice(places)))
            parts[first] = (f"({parts[first][0]}", f"({parts[first][1]}")
            parts[last] = (f"{parts[last][0]})", f"{parts[last][1]})")
        query, python = (" ".join(part if isinstance(part, str) else str(part[side]) for part in parts) for side in (0, 1))
        expected = eval(python)
        assert Query(query).matches(facts) is expected, query
        seen.add(expected)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "where: expected a key, got the end of: "),
        ("recipe", 'where: expected =, !=, <, <=, >, >= or ~ after "recipe", got the end of: recipe'),
        ("recipe=", 'where: expected a value after "recipe=", got the end of: recipe='),
        ("recipe=and", 'where: expected a value after "recipe=", got "and" at character 8 of: recipe=and'),
        ("=3", 'where: expected a key, got "=" at character 1 of: =3'),
        ("a=1 b=2", 'where: expected "and" or "or", got "b" at character 5 of: a=1 b=2'),
        ("(a=1", 'where: expected ")", got the end of: (a=1'),
        ("a=1)", 'where: expected "and" or "or", got ")" at character 4 of: a=1)'),
        ("a=1 and", "where: expected a key, got the end of: a=1 and"),
        ("a='x", 'where: expected KEY OPERATOR VALUE, got "\'x": the quote is never closed'),
        ("a!1", "where: expected KEY OPERATOR VALUE, got '!1': \"!\" means nothing here"),
        ("a~'['", 'where: expected a regular expression after "a~", got "["'),
    ],
)
def test_mistakes_are_told_in_a_sentence(text, message):
    with pytest.raises(UserError, match="^" + re.escape(message)) as caught:
        Query(text)
    assert "\n" not in str(caught.value)


def test_unknown_keys_are_answered_with_the_nearest():
    entries = [entry({"recipe": "resnet", "optim.lr": 0.1}), entry({"recipe": "gpt", "model.depth": 4})]
    Query("optim.lr<1 or model.depth=4 or age>3").check(entries, "runs")
    with pytest.raises(UserError, match=r'^runs: no run has a key "optim.rl"; did you mean "optim.lr"\?$'):
        Query("optim.rl<1").check(entries, "runs")
    with pytest.raises(UserError, match=r'^runs: no run has a key "zzz"; workbench runs --keys prints them$'):
        Query("zzz<1").check(entries, "runs")
    with pytest.raises(UserError, match=r'^runs: expected a number after "optim.lr<", got "big"$'):
        Query("recipe=gpt and optim.lr<big").check(entries, "runs")
    Query("anything=1").check([], "runs")
