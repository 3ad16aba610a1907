"""Generators: a seed and a counter of draws, which is all the state there is."""

from __future__ import annotations

import os

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ..random_keys import derive
from ._space import alias, public
from .errors import expected

Tensor = core.Tensor
_WORD = (1 << 64) - 1
FIRST_SEED = 67280421310721  # of a generator that nobody has seeded, as in PyTorch


class Generator:
    """A source of random numbers. Each draw depends on the seed, on the number of draws before and on the place of the element alone.

    Args:
        device: The device; None means cpu.

    Example:
        >>> Generator().manual_seed(1).initial_seed()
        1
    """

    def __init__(self, device: object = None) -> None:
        self.device = core.as_device(device)
        self._restart(FIRST_SEED, 0)

    def _restart(self, seed: int, count: int) -> None:
        self._seed, self._count = seed, count
        self._words = derive(seed, "draw", 0)[:2]

    def manual_seed(self, seed: int) -> Generator:
        """Start anew from a seed; returns the generator.

        Args:
            seed: A whole number; negative ones are taken modulo 2 ** 64.

        Raises:
            ValueError: the seed takes more than 64 bits.
            RuntimeError: it is no number.
        """
        if not hasattr(seed, "__int__"):
            raise expected("manual_seed", "seed to be a whole number", seed, error=RuntimeError)
        seed = int(seed)
        if not -(1 << 63) <= seed <= _WORD:
            raise expected("manual_seed", "seed of 64 bits", seed)
        self._restart(seed & _WORD, 0)
        return self

    def seed(self) -> int:
        """Start anew from a seed that the system gives; returns it."""
        self._restart(int.from_bytes(os.urandom(8), "little") >> 1, 0)
        return self._seed

    def initial_seed(self) -> int:
        """The seed."""
        return self._seed

    def get_state(self) -> Tensor:
        """The seed and the number of draws, as a tensor of 16 bytes."""
        return core.from_numpy(np.array([self._seed, self._count], "<u8").view(np.uint8).copy())

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on where `get_state` was taken.

        Args:
            new_state: What `get_state` gave.

        Raises:
            TypeError: it is no tensor of bytes.
            RuntimeError: it is something else.
        """
        if not isinstance(new_state, Tensor) or new_state.dtype is not core.uint8:
            raise expected("set_state", "a tensor of bytes", new_state, "take it from get_state()", TypeError)
        if tuple(new_state.shape) != (16,):
            raise expected("set_state", "a state of 16 bytes", new_state, "take it from get_state()", RuntimeError)
        seed, count = np.ascontiguousarray(new_state.numpy()).view("<u8").tolist()
        self._restart(seed, count)
        return self

    def clone_state(self) -> Generator:
        """Another generator in the same state."""
        return Generator().set_state(self.get_state())

    def key(self) -> tuple[int, int, int, int]:
        """The key of the next draw: the generator's two words and the two of the draw's number."""
        n = self._count
        self._count = n + 1
        return (*self._words, n & 0xFFFFFFFF, n >> 32)

    def __repr__(self) -> str:
        return f"Generator(seed={self._seed}, draws={self._count})"


default_generator = Generator()


def key_of(generator: Generator | None) -> tuple[int, int, int, int]:
    """The key of the next draw from a generator, the default one if None."""
    if generator is None:
        return default_generator.key()
    if not isinstance(generator, Generator):
        raise expected("generator", "a Generator", generator, error=TypeError)
    return generator.key()


@public("torch")
def manual_seed(seed: int) -> Generator:
    """Start the default generator anew from a seed.

    Args:
        seed: A whole number; negative ones are taken modulo 2 ** 64.

    Shape:
        nothing has a shape here.

    Returns:
        The default generator.

    Raises:
        ValueError: the seed takes more than 64 bits, or is no number.

    Example:
        >>> manual_seed(0).initial_seed()
        0
    """
    return default_generator.manual_seed(int(seed))


@public("torch")
def seed() -> int:
    """Start the default generator anew from a seed that the system gives; returns it."""
    return default_generator.seed()


@public("torch")
def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


@public("torch")
def get_rng_state() -> Tensor:
    """The state of the default generator, as a tensor of 16 bytes."""
    return default_generator.get_state()


@public("torch")
def set_rng_state(new_state: Tensor) -> None:
    """Let the default generator go on where `get_rng_state` was taken."""
    default_generator.set_state(new_state)


public("torch")(Generator)
alias("torch", default_generator=default_generator)


@public("torch")
def thread_safe_generator():
    """None: draws depend on a seed and a count alone, so that workers need no generator of their own."""
    return
