"""What came of the comparisons: how many agree, and what the others say."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Tally:
    """What came of one kind of comparison, over the samples of an op and dtype."""

    agree: int = 0
    nearer: int = 0  # of these: by more than rounding once, but ours is as near to PyTorch's float64 (compare.as_near)
    followed: int = 0  # of these: gradients that finite differences of PyTorch's own function bear out, and not PyTorch's (judges.follow)
    refused: list[str] = field(default_factory=list)  # PyTorch gives a result, we raise
    wrong: list[str] = field(default_factory=list)  # both give a result, and they differ
    meant: list[str] = field(default_factory=list)  # they differ, or ours raises, for a reason that judges.MEANT gives
    left_out: list[str] = field(default_factory=list)  # the sample is out of scope

    @property
    def good(self) -> bool:
        return not self.refused and not self.wrong


@dataclass
class Result:
    """One op and dtype."""

    name: str
    variant: str
    dtype: str
    tallies: dict[str, Tally] = field(default_factory=dict)

    def __getitem__(self, kind: str) -> Tally:
        return self.tallies.setdefault(kind, Tally())
