"""The mistakes that a user can mend, and the wording that leads to the mending."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something the user can put right: told in one sentence, without a traceback, exit code 2."""


class RunStoppedError(Exception):
    """A run that ended before its end for a reason that the program found, as a loss that is no number; exit code 1."""


class DivergedError(RunStoppedError):
    """A value of the training is not finite.

    Args:
        text: What is told.
        step: The step at which it was seen.
    """

    def __init__(self, text: str, step: int) -> None:
        super().__init__(text)
        self.step = step


class PrunedError(Exception):
    """A trial of a sweep that does too badly to go on: its run ends with the status "pruned"; exit code 0."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or a request to terminate, taken after the step in hand and a checkpoint; a second one, at once.

    Args:
        code: The exit code that a shell expects for the signal: 130 for Ctrl-C, 143 for a termination.
    """

    def __init__(self, code: int = 130) -> None:
        super().__init__(f"interrupted (exit code {code})")
        self.code = code


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The entry of `known` that `word` most likely means, or None.

    Dotted names are also compared by their last part, so that "lr" finds "optim.lr".

    Example:
        >>> nearest("optim.lrate", ["optim.lr", "seed", "trainer.epochs"])
        'optim.lr'
        >>> nearest("epochs", ["optim.lr", "trainer.epochs"])
        'trainer.epochs'
    """
    known = list(known)
    whole = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if whole:
        return whole[0]
    last = word.rpartition(".")[2]
    leaves: dict[str, str] = {}
    for name in known:
        leaves.setdefault(name.rpartition(".")[2], name)
    close = difflib.get_close_matches(last, list(leaves), n=1, cutoff=0.6)
    return leaves[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: the nearest right word, else all of them."""
    known = sorted(known)
    best = nearest(word, known)
    if best is not None:
        return f'did you mean "{best}"?'
    return f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}" if known else "there are none"
