"""The space of a sweep: words of Hydra's grammar that give several values, as Optuna's distributions.

optim.lr=log(1e-4,1)              between the two, evenly on a logarithmic scale; short for tag(log,interval(1e-4,1))
optim.momentum=interval(0,0.99)   between the two
data.batch_size=log(16,256)       whole numbers, for this key takes whole numbers
optim=sgd,adamw                   one of them, as choice(sgd,adamw)
trainer.epochs=range(2,10,2)      2, 4, 6, 8
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UserError

_LOG = re.compile(r"\blog\(\s*([^(),]+?)\s*,\s*([^(),]+?)\s*\)")
_HINT = "write it like optim.lr=log(1e-4,1), interval(0,1), range(1,9,2) or choice(a,b), in quotes for the shell"


@dataclass(frozen=True)
class Parameter:
    """One key that takes several values.

    Args:
        key: The word before the "=", as `optim.lr`.
        text: The word after it, as it was written.
        kind: "float", "int" or "choice".
        low: Smallest value of a number.
        high: Largest value of a number, included.
        step: Distance of the values of a number; None for any value between.
        log: Whether the scale is logarithmic.
        choices: For a choice, its values as words of the command line.
    """

    key: str
    text: str
    kind: str
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    log: bool = False
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The key without the signs that Hydra takes before it."""
        return self.key.lstrip("+")

    def word(self, value: Any) -> str:
        """The word of the command line that sets a value.

        Example:
            >>> parameter("optim.lr=log(1e-4,1)").word(0.01)
            'optim.lr=0.01'
        """
        return f"{self.key}={value if self.kind == 'choice' else repr(value)}"

    def suggest(self, trial: Any) -> Any:
        """Have a trial of Optuna choose a value."""
        if self.kind == "choice":
            return trial.suggest_categorical(self.name, self.choices)
        if self.kind == "int":
            return trial.suggest_int(self.name, int(self.low), int(self.high), step=int(self.step or 1), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, step=self.step, log=self.log)

    def values(self) -> list[Any]:
        """All values, for a grid.

        Raises:
            UserError: There are infinitely many.
        """
        if self.kind == "choice":
            return list(self.choices)
        if self.step is None:
            raise UserError(f'sweep: "{self.key}={self.text}" has no end of values, and a grid needs some; use choice(...) or range(...)')
        count = round((self.high - self.low) / self.step) + 1
        values = [self.low + number * self.step for number in range(count)]
        return [int(value) for value in values] if self.kind == "int" else [float(f"{value:.12g}") for value in values]

    def examples(self) -> list[Any]:
        """Values that stand for all: if a configuration takes these, it takes every one."""
        if self.kind == "choice":
            return list(self.choices)
        return [int(self.low), int(self.high)] if self.kind == "int" else [self.low, self.high]


def is_several(override: Any) -> bool:
    """Whether a parsed word gives several values."""
    return bool(override.is_sweep_override())


def parse(word: str) -> Any:
    """The word of a command line, parsed by Hydra.

    Raises:
        UserError: It is none.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create().parse_override(_LOG.sub(r"tag(log,interval(\1,\2))", word))
    except HydraException as error:
        raise UserError(f'sweep: cannot read "{word}" as KEY=VALUES; {_HINT}') from error


def parameter(word: str, whole: bool = False) -> Parameter:
    """The parameter of a word that gives several values.

    Args:
        word: As `optim.lr=log(1e-4,1)`.
        whole: Whether the key takes whole numbers only: an interval then means those between its ends.

    Raises:
        UserError: The word gives one value, or none that can be searched.

    Example:
        >>> parameter("data.batch_size=log(16,64)", whole=True)
        Parameter(key='data.batch_size', text='log(16,64)', kind='int', low=16, high=64, step=1, log=True, choices=())
    """
    from hydra.core.override_parser.types import IntervalSweep, RangeSweep

    override = parse(word)
    key, _, text = word.partition("=")
    if not is_several(override):
        raise UserError(f'sweep: "{word}" gives one value, and the space needs several; {_HINT}')
    sweep = override.value()
    log = "log" in sweep.tags
    if unknown := sorted(set(sweep.tags) - {"log"}):
        raise UserError(f'sweep: expected the tag in "{word}" to be log, got {", ".join(unknown)}')
    if isinstance(sweep, IntervalSweep):
        low: Any = sweep.start
        high: Any = sweep.end
        if whole and low == int(low) and high == int(high):
            low, high = int(low), int(high)
        kind = "int" if isinstance(low, int) and isinstance(high, int) else "float"
        return _ordered(Parameter(key, text, kind, low, high, 1 if kind == "int" else None, log), word)
    if isinstance(sweep, RangeSweep):
        values = sorted(sweep.range())
        if len(values) < 2:
            raise UserError(f'sweep: "{word}" gives {len(values)} values, and the space needs several; range(1,4) is 1, 2, 3')
        kind = "int" if all(isinstance(value, int) for value in values) else "float"
        return _ordered(Parameter(key, text, kind, values[0], values[-1], abs(sweep.step), log), word)
    choices = tuple(dict.fromkeys(str(text) for text in override.sweep_string_iterator()))
    return Parameter(key, text, "choice", choices=choices)


def _ordered(found: Parameter, word: str) -> Parameter:
    if found.low >= found.high:
        raise UserError(f'sweep: expected the second number of "{word}" to be larger than the first')
    if found.log and found.low <= 0:
        raise UserError(f'sweep: expected the numbers of "{word}" to be above 0 on a logarithmic scale, got {found.low:g}')
    if found.log and found.step not in (None, 1):
        raise UserError(f'sweep: expected "{word}" to have no step on a logarithmic scale, got {found.step:g}')
    return found


def words_of(space: Mapping[str, Any]) -> list[str]:
    """The words that a mapping of a YAML file means, a list in it being a choice.

    Example:
        >>> words_of({"optim.lr": "log(1e-4,1)", "model": ["resnet8", "resnet20"]})
        ['optim.lr=log(1e-4,1)', 'model=resnet8,resnet20']
    """

    def text(value: Any) -> str:
        if isinstance(value, (list, tuple)):
            return f"[{','.join(map(text, value))}]"
        return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    return [f"{key}={','.join(map(text, value)) if isinstance(value, (list, tuple)) else text(value)}" for key, value in space.items()]
