"""Copies of an environment of Gymnasium that are stepped together, and whose state can be saved and restored in the middle of an episode.

A resumed training goes on to the bit only if its environments do. Those of Gymnasium cannot be saved in general, so that what is needed is
taken from the environment and the wrappers around it: every attribute that is plain data, and the state of random generators. One that
keeps anything else, as a simulator written in C, is refused when it is made: a wrapper for it may offer `state_dict()` and
`load_state_dict(state)`, which are used instead.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec

from workbench.engine.random_keys import Key

from .image_files import DataError

_GENERATOR = "$generator of NumPy"
_FIXED = (gymnasium.Space, gymnasium.Env, EnvSpec, type, types.FunctionType, types.MethodType, types.ModuleType)  # never change by a step


@dataclass
class Step:
    """What came of a step, for all copies.

    Args:
        observations: What to act on next, (copies, features); of a copy whose episode ended, the first of its next episode.
        rewards: (copies,).
        terminated: Whether the episode came to its end by itself: nothing is to be expected after it.
        truncated: Whether it was cut off, as by a limit of time.
        final: What was seen last in each episode that ended, else as `observations`; (copies, features).
        returns: Sums of rewards of the episodes that ended.
        lengths: Steps of the episodes that ended.
    """

    observations: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    final: np.ndarray
    returns: list[float]
    lengths: list[int]


class Environments:
    """Copies of an environment that are stepped together; a copy whose episode ends begins the next one at once.

    Each episode is seeded by (seed, purpose, copy, number of the episode): none depends on how many copies there are, or on what they did
    before.

    Args:
        id: As `gymnasium.make` takes it; with observations of a `Box` and actions of a `Discrete` space.
        copies: How many.
        seed: Root of the episodes' seeds.
        purpose: What they are for: equal seeds of another purpose give other episodes.

    Raises:
        DataError: There is no such environment, it is of another kind, or its state cannot be saved.

    Attributes:
        observations: What to act on next, float32, (copies, features).
        features: Numbers of an observation.
        actions: Number of actions.
    """

    def __init__(self, id: str, copies: int, seed: int, purpose: str = "environment") -> None:
        self._seed, self._purpose = seed, purpose
        self._envs = [_made(id) for _ in range(copies)]
        space, actions = self._envs[0].observation_space, self._envs[0].action_space
        if not isinstance(space, gymnasium.spaces.Box) or not isinstance(actions, gymnasium.spaces.Discrete):
            raise DataError(f"train: expected env.id to have observations of a Box and Discrete actions, got {space} and {actions}: {id}")
        self.features, self.actions, self._first = int(np.prod(space.shape)), int(actions.n), int(actions.start)
        self._episodes = [0] * copies
        self._returns, self._lengths = [0.0] * copies, [0] * copies
        self.observations = np.stack([self._begin(number) for number in range(copies)])
        _check(self._envs[0], id)

    def __len__(self) -> int:
        return len(self._envs)

    def step(self, actions: Any) -> Step:
        """Take a step in each copy.

        Args:
            actions: Number of the action of each, (copies,).
        """
        n = len(self)
        seen, final = np.empty_like(self.observations), np.empty_like(self.observations)
        rewards, ends = np.empty(n, np.float32), np.zeros((2, n), bool)
        returns, lengths = [], []
        for number, (env, action) in enumerate(zip(self._envs, np.asarray(actions).tolist(), strict=True)):
            observation, reward, ends[0, number], ends[1, number], _ = env.step(self._first + action)
            rewards[number] = reward
            seen[number] = final[number] = np.asarray(observation, np.float32).reshape(-1)
            self._returns[number] += float(reward)
            self._lengths[number] += 1
            if ends[:, number].any():
                returns.append(self._returns[number])
                lengths.append(self._lengths[number])
                self._returns[number], self._lengths[number] = 0.0, 0
                self._episodes[number] += 1
                seen[number] = self._begin(number)
        self.observations = seen
        return Step(seen, rewards, ends[0], ends[1] & ~ends[0], final, returns, lengths)

    def state_dict(self) -> dict[str, Any]:
        """Where every copy is: its state and that of its random numbers, its episode so far, and what it shows."""
        return {
            "copies": [_state(env) for env in self._envs],
            "episodes": list(self._episodes),
            "returns": list(self._returns),
            "lengths": list(self._lengths),
            "observations": self.observations.copy(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put every copy to where it was."""
        if len(state["copies"]) != len(self):
            raise ValueError(f"load_state_dict: expected the state of {len(self)} copies, got {len(state['copies'])}")
        for env, own in zip(self._envs, state["copies"], strict=True):
            _restore(env, own)
        self._episodes, self._returns, self._lengths = (list(state[name]) for name in ("episodes", "returns", "lengths"))
        self.observations = np.array(state["observations"], np.float32)

    def close(self) -> None:
        """Close every copy."""
        for env in self._envs:
            env.close()

    def _begin(self, number: int) -> np.ndarray:
        """Begin the next episode of a copy."""
        seed = Key(self._seed, self._purpose, number, self._episodes[number]).integers(1 << 31)
        return np.asarray(self._envs[number].reset(seed=seed)[0], np.float32).reshape(-1)


def _made(id: str) -> Any:
    try:
        return gymnasium.make(id, disable_env_checker=True)
    except (gymnasium.error.Error, ImportError, ValueError) as e:
        raise DataError(f"train: expected env.id to be an environment of Gymnasium that can be made, got {id}: {e}") from e


def _layers(env: Any) -> Iterator[Any]:
    """The wrappers around an environment, from the outermost, and the environment."""
    while True:
        yield env
        if hasattr(env, "state_dict") or not isinstance(env, gymnasium.Wrapper):
            return
        env = env.env


def _check(env: Any, id: str) -> None:
    for layer in _layers(env):
        if hasattr(layer, "state_dict"):
            return
        for name, value in vars(layer).items():
            if not isinstance(value, _FIXED) and not _plain(value):
                raise DataError(
                    f"train: expected an environment whose state can be saved, got {id}, whose {type(layer).__name__}.{name} is of the "
                    f"type {type(value).__name__}; wrap it in one that has state_dict() and load_state_dict()"
                )


def _plain(value: Any) -> bool:
    """Whether a value can be written into a checkpoint, and comes back equal."""
    if value is None or isinstance(value, (bool, int, float, str, np.random.Generator)):
        return True
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind in "biuf"
    if isinstance(value, Mapping):
        return type(value) is dict and all(_plain(key) and _plain(each) for key, each in value.items())
    return type(value) in (list, tuple) and all(map(_plain, value))


def _state(env: Any) -> list[Any]:
    """What `_restore` needs, of each layer."""
    out: list[Any] = []
    for layer in _layers(env):
        if hasattr(layer, "state_dict"):
            out.append(layer.state_dict())
            break
        out.append({name: _saved(value) for name, value in vars(layer).items() if not isinstance(value, _FIXED)})
    return out


def _saved(value: Any) -> Any:
    return {_GENERATOR: value.bit_generator.state} if isinstance(value, np.random.Generator) else copy.deepcopy(value)


def _restore(env: Any, state: list[Any]) -> None:
    for layer, own in zip(_layers(env), state, strict=True):
        if hasattr(layer, "load_state_dict"):
            layer.load_state_dict(own)
            break
        for name, value in own.items():
            setattr(layer, name, _loaded(value))


def _loaded(value: Any) -> Any:
    if isinstance(value, dict) and _GENERATOR in value:
        state = value[_GENERATOR]
        generator = np.random.Generator(getattr(np.random, state["bit_generator"])())
        generator.bit_generator.state = state
        return generator
    if isinstance(value, np.ndarray) and value.ndim == 0:  # a NumPy number, which a checkpoint keeps as an array
        return value[()]
    return copy.deepcopy(value)
