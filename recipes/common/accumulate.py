"""A batch in parts, one after the other: the gradient of the whole in the memory of a part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def parts(inputs: Any, targets: Any, n: int, ignore_index: int = -100) -> Iterator[tuple[Any, Any, float]]:
    """Cut a batch into `n` parts, each with its share in the mean over all targets that count.

    The sum of `share * cross_entropy(part)` is `cross_entropy(batch)`, and so are the gradients, but for rounding: a part with more padding
    has a smaller share, which a plain mean over the parts would give too much.

    Args:
        inputs: Tensor (batch, ...).
        targets: Tensor (batch, ...) of whole numbers.
        n: How many; fewer where the batch is smaller.
        ignore_index: Targets that do not count, as in `cross_entropy`.

    Returns:
        Inputs, targets and share of each part in which a target counts.

    Example:
        >>> x = tensor([[1, 2], [3, 0], [4, 5]])
        >>> y = tensor([[2, 3], [4, -100], [5, 6]])
        >>> [(len(a), share) for a, _, share in parts(x, y, 2)]
        [(2, 0.6), (1, 0.4)]
    """
    counted = int((targets != ignore_index).sum())
    for some, wanted in zip(inputs.chunk(n), targets.chunk(n), strict=True):
        here = int((wanted != ignore_index).sum())
        if here:
            yield some, wanted, here / counted
