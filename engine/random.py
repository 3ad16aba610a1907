"""The default generator, under the names of `torch.random`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .ops.generator import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state

__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state",
    "thread_safe_generator",
]  # fmt: skip


@contextmanager
def fork_rng(devices: object = None, enabled: bool = True) -> Iterator[None]:
    """Leave the default generator, at the end of the block, as it was at its start.

    Args:
        devices: Accepted for PyTorch's sake.
        enabled: Whether to do so.
    """
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


def thread_safe_generator() -> Generator | None:
    """The generator that a transform should draw from where a `DataLoader` works in threads.

    Returns:
        None, which means the default generator: workers of `DataLoader` are processes here, each with a default generator of its own.

    Example:
        >>> rand(2, generator=thread_safe_generator()).shape
        torch.Size([2])
    """
    return None
