"""Environments that are stepped together: equal to Gymnasium's own, saved and restored in the middle of episodes."""

from __future__ import annotations

import json

import gymnasium
import numpy as np
import pytest

from workbench.engine.random_keys import Key
from workbench.experiments.tree import pack, unpack
from workbench.recipes.common.environments import Environments
from workbench.recipes.common.image_files import DataError

KNOWN = ["CartPole-v1", "Acrobot-v1", "MountainCar-v0"]


def actions(step, n, of=2):
    return np.random.default_rng(step).integers(0, of, n)


def walk(environments, begin, end):
    """What happens from step to step, as plain values."""
    out = []
    for step in range(begin, end):
        found = environments.step(actions(step, len(environments), environments.actions))
        out.append({name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(found).items()})
    return out


@pytest.mark.parametrize("id", KNOWN)
def test_each_copy_is_what_gymnasium_makes(id):
    environments = Environments(id, 3, seed=5)
    of = environments.actions
    singles, episodes = [gymnasium.make(id) for _ in range(3)], [0] * 3
    seeds = [[Key(5, "environment", copy, episode).integers(1 << 31) for episode in range(60)] for copy in range(3)]
    for copy, single in enumerate(singles):
        np.testing.assert_array_equal(environments.observations[copy], single.reset(seed=seeds[copy][0])[0])
    totals, ended = [0.0] * 3, 0
    for step in range(600):
        found, taken = environments.step(actions(step, 3, of)), actions(step, 3, of)
        returns = []
        for copy, single in enumerate(singles):
            observation, reward, terminated, truncated, _ = single.step(taken[copy])
            totals[copy] += reward
            np.testing.assert_array_equal(found.final[copy], observation)
            assert (found.rewards[copy], found.terminated[copy]) == (reward, terminated)
            assert found.truncated[copy] == (truncated and not terminated)
            if terminated or truncated:
                episodes[copy] += 1
                observation, _ = single.reset(seed=seeds[copy][episodes[copy]])
                returns.append(totals[copy])
                totals[copy], ended = 0.0, ended + 1
            np.testing.assert_array_equal(found.observations[copy], observation)
        assert found.returns == returns
    assert ended >= 3


@pytest.mark.parametrize("id", KNOWN)
@pytest.mark.parametrize("at", [0, 1, 7, 23])
def test_saved_in_the_middle_of_an_episode(id, at):
    environments = Environments(id, 4, seed=1)
    walk(environments, 0, at)
    plain, arrays = pack(environments.state_dict())
    text = json.dumps(plain)
    wanted = walk(environments, at, at + 220)
    again = Environments(id, 4, seed=1)
    walk(again, 1000, 1011)  # it has been elsewhere
    again.load_state_dict(unpack(json.loads(text), None, arrays.__getitem__))
    assert again.observations.tolist() == np.asarray(arrays["observations"]).tolist()
    assert walk(again, at, at + 220) == wanted


def test_what_is_saved_does_not_move_on():
    environments = Environments("CartPole-v1", 2, seed=0)
    state = environments.state_dict()
    before = json.dumps(pack(state)[0]), [array.tolist() for array in pack(state)[1].values()]
    walk(environments, 0, 50)
    assert (json.dumps(pack(state)[0]), [array.tolist() for array in pack(state)[1].values()]) == before


def test_episodes_depend_on_seed_copy_and_number_alone():
    few, many = Environments("CartPole-v1", 2, seed=3), Environments("CartPole-v1", 5, seed=3)
    assert few.observations.tolist() == many.observations[:2].tolist()
    assert few.observations.tolist() != Environments("CartPole-v1", 2, seed=4).observations.tolist()
    assert few.observations.tolist() != Environments("CartPole-v1", 2, seed=3, purpose="evaluation").observations.tolist()
    assert len({tuple(row) for row in many.observations.tolist()}) == 5


class Drawing(gymnasium.Env):
    """Draws in each step from its generator, and counts in a NumPy number."""

    observation_space = gymnasium.spaces.Box(-10.0, 10.0, (2, 2))
    action_space = gymnasium.spaces.Discrete(3, start=-1)
    unknown = None

    def __init__(self):
        self.count, self.seen, self.tree = np.int64(0), [(1, 2.0)], {"a": [np.zeros(2)]}
        if self.unknown is not None:
            self.world = self.unknown

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = np.int64(0)
        return self.np_random.normal(size=(2, 2)).astype(np.float32), {}

    def step(self, action):
        assert self.action_space.contains(action)
        self.count = self.count + np.int64(1)
        self.tree["a"][0][:] += action
        return np.full((2, 2), self.np_random.normal() + self.tree["a"][0][0], np.float32), float(action), False, bool(self.count >= 9), {}


@pytest.fixture
def drawing():
    gymnasium.register("Drawing-v0", Drawing)
    yield Drawing
    del gymnasium.registry["Drawing-v0"]


@pytest.mark.parametrize("at", [0, 5, 9, 13])
def test_generators_and_nested_state_come_back(drawing, at):
    environments = Environments("Drawing-v0", 2, seed=0)
    assert (environments.features, environments.actions) == (4, 3)
    walk(environments, 0, at)
    plain, arrays = pack(environments.state_dict())
    wanted = walk(environments, at, at + 30)
    again = Environments("Drawing-v0", 2, seed=0)
    again.load_state_dict(unpack(json.loads(json.dumps(plain)), None, arrays.__getitem__))
    assert walk(again, at, at + 30) == wanted
    assert type(again._envs[0].unwrapped.count) is np.int64


@pytest.mark.parametrize("unknown", [object(), {"deep": [object()]}, np.array([None]), iter([])], ids=lambda each: type(each).__name__)
def test_state_that_cannot_be_saved_is_refused(drawing, unknown, monkeypatch):
    monkeypatch.setattr(drawing, "unknown", unknown)
    with pytest.raises(DataError, match=r"got Drawing-v0, whose Drawing\.world is of the type \w+; wrap it in one that has state_dict"):
        Environments("Drawing-v0", 1, seed=0)


def test_an_environment_may_save_itself(drawing, monkeypatch):
    monkeypatch.setattr(drawing, "unknown", iter([]))

    def save(self):
        return {"count": int(self.count), "bits": self.np_random.bit_generator.state, "sum": self.tree["a"][0].copy()}

    def load(self, state):
        self.count = np.int64(state["count"])
        self.np_random.bit_generator.state, self.tree["a"][0] = state["bits"], state["sum"].copy()

    monkeypatch.setattr(drawing, "state_dict", save, raising=False)
    monkeypatch.setattr(drawing, "load_state_dict", load, raising=False)
    environments = Environments("Drawing-v0", 1, seed=0)
    walk(environments, 0, 4)
    state = environments.state_dict()
    assert state["copies"][0][-1]["count"] == 4
    wanted = walk(environments, 4, 20)
    again = Environments("Drawing-v0", 1, seed=0)
    again.load_state_dict(state)
    assert walk(again, 4, 20) == wanted


@pytest.mark.parametrize(
    ("id", "says"),
    [
        ("CartPol-v1", "expected env.id to be an environment of Gymnasium that can be made, got CartPol-v1"),
        ("Pendulum-v1", "expected env.id to have observations of a Box and Discrete actions"),
        ("FrozenLake-v1", "expected env.id to have observations of a Box and Discrete actions"),
    ],
)
def test_other_environments_are_refused(id, says):
    with pytest.raises(DataError, match=says):
        Environments(id, 1, seed=0)


def test_a_state_of_other_copies_is_refused():
    with pytest.raises(ValueError, match="expected the state of 2 copies, got 3"):
        Environments("CartPole-v1", 2, seed=0).load_state_dict(Environments("CartPole-v1", 3, seed=0).state_dict())
