"""The language of `--where`: comparisons of keys with values, joined by `and`, `or`, `not` and parentheses.

    query       any of   A or B
    A, B        all of   C and D
    C, D        not C  |  ( query )  |  KEY OPERATOR VALUE
    OPERATOR    =  !=  <  <=  >  >=  ~      (~: the regular expression VALUE is found in it, capitals or not)
    VALUE       a word, or text between quotes of either kind

`and` binds before `or`. Numbers compare as numbers, text by its letters; `true`, `false` and `null` mean what they say, and a key that a
run does not have is `null`: it is equal to `null` alone, and neither less nor more than anything.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from .errors import UserError
from .facts import Entry, check_keys, key_of

_TOKEN = re.compile(
    r"""\s*(?: (?P<operator> <=|>=|!=|==|[=<>~] ) | (?P<parenthesis> [()] ) | "(?P<double> [^"]*)" | '(?P<single> [^']*)'
             | (?P<word> [^\s()=<>!~"']+ ) )""",
    re.VERBOSE,
)
_WORDS = ("and", "or", "not")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_Test = Callable[[Mapping[str, Any]], bool]


class Query:
    """A parsed `--where`.

    Args:
        text: The words of the query.

    Raises:
        UserError: It cannot be read; the message says what was expected where.

    Example:
        >>> query = Query("recipe=resnet and (optim.lr<0.1 or not test/accuracy>0.9)")
        >>> query.matches({"recipe": "resnet", "optim.lr": 0.2, "test/accuracy": 0.95})
        False
        >>> query.matches({"recipe": "resnet", "optim.lr": 0.05})
        True
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens, self._at = _tokens(text), 0
        self._comparisons: list[tuple[str, str, str]] = []
        self.matches: _Test = self._either()
        if self._at < len(self._tokens):
            raise self._expected('"and" or "or"')

    def check(self, entries: Iterable[Entry], command: str) -> None:
        """Refuse keys that none of these runs has, and orders of a number and a word.

        Raises:
            UserError: The message names the nearest key, or the value.
        """
        entries = list(entries)
        check_keys([key for key, _, _ in self._comparisons], entries, command)
        for key, operator, value in self._comparisons:
            if operator in _ORDER and _number(value) is None:
                found = [each for entry in entries if (each := entry.facts.get(key_of(key))) is not None]
                if found and all(isinstance(each, (int, float)) for each in found):
                    raise UserError(f'{command}: expected a number after "{key}{operator}", got "{value}"')

    def _either(self) -> _Test:
        tests = [self._all()]
        while self._take("or"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda facts: any(test(facts) for test in tests)

    def _all(self) -> _Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda facts: all(test(facts) for test in tests)

    def _one(self) -> _Test:
        if self._take("not"):
            test = self._one()
            return lambda facts: not test(facts)
        if self._take("("):
            test = self._either()
            if not self._take(")"):
                raise self._expected('")"')
            return test
        key = self._text("a key")
        if self._at >= len(self._tokens) or self._tokens[self._at].kind != "operator":
            raise self._expected(f'=, !=, <, <=, >, >= or ~ after "{key}"')
        operator = self._tokens[self._at].text.replace("==", "=")
        self._at += 1
        value, quoted = self._text(f'a value after "{key}{operator}"'), self._tokens[self._at - 1].kind == "text"
        self._comparisons.append((key, operator, value))
        return _comparison(key_of(key), operator, value, quoted)

    def _take(self, text: str) -> bool:
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind != "text" and token.text.lower() == text:
                self._at += 1
                return True
        return False

    def _text(self, what: str) -> str:
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == "text" or (token.kind == "word" and token.text.lower() not in _WORDS):
                self._at += 1
                return token.text
        raise self._expected(what)

    def _expected(self, what: str) -> UserError:
        if self._at >= len(self._tokens):
            return UserError(f"where: expected {what}, got the end of: {self.text}")
        token = self._tokens[self._at]
        return UserError(f'where: expected {what}, got "{token.text}" at character {token.at + 1} of: {self.text}')


class _Token(NamedTuple):
    kind: str  # operator, parenthesis, word, or text for what was between quotes
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            wrong = "the quote is never closed" if rest[0] in "\"'" else f'"{rest[0]}" means nothing here'
            raise UserError(f"where: expected KEY OPERATOR VALUE, got {rest!r}: {wrong}")
        kind = match.lastgroup or ""
        found.append(_Token("text" if kind in ("double", "single") else kind, match[kind], match.start(kind)))
        at = match.end()
    return found


def _comparison(key: str, operator: str, value: str, quoted: bool) -> _Test:
    if operator == "~":
        try:
            pattern = re.compile(value, re.IGNORECASE)
        except re.error as error:
            raise UserError(f'where: expected a regular expression after "{key}~", got "{value}" ({error})') from error
        return lambda facts: facts.get(key) is not None and pattern.search(_text(facts[key])) is not None
    number = _number(value)
    if operator in ("=", "!="):
        word: Any = value if quoted else {"true": True, "false": False, "null": None, "none": None}.get(value.lower(), value)

        def equal(facts: Mapping[str, Any]) -> bool:
            have = facts.get(key)
            if have is None or isinstance(have, bool):
                return have is word
            if isinstance(have, (int, float)):
                return number is not None and have == number
            return _text(have) == (value if isinstance(have, str) else value.replace(" ", ""))

        return equal if operator == "=" else lambda facts: not equal(facts)
    holds = _ORDER[operator]

    def ordered(facts: Mapping[str, Any]) -> bool:
        have = facts.get(key)
        if isinstance(have, str):
            return holds(have, value)
        return isinstance(have, (int, float)) and not isinstance(have, bool) and number is not None and holds(have, number)

    return ordered


def _number(text: str) -> float | int | None:
    """A number; whole ones stay whole, for a seed may have more digits than a float."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else json.dumps(value, separators=(",", ":"))
