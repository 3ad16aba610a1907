"""The PPO recipe: advantages by their definition, PyTorch's losses, two steps, equal bits however it is run, and what it learns."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from workbench import engine as torch
from workbench.experiments.cli import main
from workbench.experiments.metrics import read_metrics
from workbench.recipes import ppo
from workbench.recipes.common.environments import Environments

WORDS = ["+recipe=ppo", "env.copies=3", "trainer.rollout=16", "env.steps=480", "trainer.epochs=2"]
WORDS += ["trainer.passes=2", "trainer.minibatch=20"]
WORDS += ["model.hidden=[8]", "trainer.eval_episodes=2", "logger.histograms=false", "trainer.checkpoint.every_steps=3"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def result(root="runs"):
    folder = max(Path(root, "ppo").iterdir(), key=lambda run: run.stat().st_ctime_ns)
    rows = [(row.step, row.values) for row in read_metrics(folder / "metrics.bin")]
    return json.loads((folder / "result.json").read_text()), rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    assert main(["train", "--plain", *WORDS, f"runs={root}"]) == 0
    found, rows = result(root)
    return found["sha256"], rows, found["metrics"]


@pytest.mark.parametrize(("gamma", "gae_lambda"), [(0.99, 0.95), (0.9, 0.0), (0.98, 1.0), (0.0, 0.5), (1.0, 1.0)])
def test_advantages_by_their_definition(gamma, gae_lambda):
    """Equations 11 to 16 of Schulman et al. (2016), term by term: an exponentially weighted mean of the k-step advantages."""
    rng = np.random.default_rng(0)
    rewards, values = rng.standard_normal((2, 12, 3))
    ended, after = rng.random((12, 3)) < 0.2, rng.standard_normal(3)
    found = ppo.advantages_of(rewards, values, ended.astype(float), after, gamma, gae_lambda)
    for copy in range(3):
        for t in range(12):
            last = next((s for s in range(t, 12) if ended[s, copy]), 11)
            beyond = 0.0 if ended[last, copy] else after[copy]
            n = last - t + 1
            steps = []
            for k in range(1, n + 1):
                tail = beyond if k == n else values[t + k, copy]
                steps.append(sum(gamma**i * rewards[t + i, copy] for i in range(k)) + gamma**k * tail - values[t, copy])
            weights = [(1 - gae_lambda) * gae_lambda ** (k - 1) for k in range(1, n)] + [gae_lambda ** (n - 1)]
            assert found[t, copy] == pytest.approx(np.dot(weights, steps), rel=1e-9, abs=1e-12)


def test_networks_begin_as_they_should():
    """Huang et al. (2022), detail 2: orthogonal, of gain sqrt(2), 0.01 for the policy's last layer and 1 for the value's."""
    model = ppo.ActorCritic(4, 2, [64, 64], "tanh")
    for net, last in ((model.policy, 0.01), (model.value, 1.0)):
        linear = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
        gains = [np.linalg.svd(layer.weight.detach().numpy(), compute_uv=False) for layer in linear]
        for found, gain in zip(gains, [2**0.5, 2**0.5, last], strict=True):
            np.testing.assert_allclose(found, gain, rtol=1e-4)
        assert all(not layer.bias.detach().numpy().any() for layer in linear)


OTHERWISE = ["", "trainer.clip_value=true", "trainer.entropy_weight=0.01", "trainer.normalise_advantages=false"]


@pytest.mark.parametrize("words", [word.split() for word in OTHERWISE], ids=" ".join)
def test_pytorch_goes_the_same_way(words, monkeypatch):
    """A training of the same rollouts in PyTorch, its losses written down here after the paper, ends with the same weights."""
    peer = pytest.importorskip("torch")
    batches, began, ends = [], {}, {}

    class Watched(ppo.ActorCritic):
        def __init__(self, *args):
            super().__init__(*args)
            began.update({name: tensor.numpy().copy() for name, tensor in self.state_dict().items()})
            ends["model"] = self

    monkeypatch.setattr(ppo, "ActorCritic", Watched)
    monkeypatch.setattr(ppo, "Environments", Watching)
    Watching.newest, taken = [], ppo.torch.randperm
    monkeypatch.setattr(ppo.torch, "randperm", lambda n: batches.append(taken(n)) or batches[-1])
    more = ["env.steps=48", "trainer.epochs=1", "schedule=constant", "trainer.anneal_clip=false", "trainer.clip=0.05", "optim.lr=0.02"]
    assert main(["train", "--plain", *WORDS, *more, *words]) == 0
    config = dict(word.split("=") for word in words)
    sizes = {"policy": 2, "value": 1}
    perceptron = lambda n: peer.nn.Sequential(peer.nn.Linear(4, 8), peer.nn.Tanh(), peer.nn.Linear(8, n))  # noqa: E731
    model = peer.nn.ModuleDict({name: perceptron(n) for name, n in sizes.items()})
    model.load_state_dict({name: peer.from_numpy(array) for name, array in began.items()})
    seen, done, rewards, ended, last = Watching.newest[0].recorded()
    with peer.no_grad():
        values = model["value"](peer.from_numpy(seen)).squeeze(-1).numpy()
        after = model["value"](peer.from_numpy(last)).squeeze(-1).numpy()
        old = peer.distributions.Categorical(logits=model["policy"](peer.from_numpy(seen))).log_prob(peer.from_numpy(done)).reshape(-1)
    advantages = peer.from_numpy(ppo.advantages_of(rewards, values, ended, after, 0.98, 0.8).reshape(-1))
    states, acts = peer.from_numpy(seen.reshape(48, 4)), peer.from_numpy(done.reshape(48))
    said = peer.from_numpy(values.reshape(48))
    targets = advantages + said
    optimizer = peer.optim.Adam(model.parameters(), lr=0.02, eps=1e-5)
    for order in batches:
        for chosen in peer.from_numpy(order.numpy()).split(20):
            policy = peer.distributions.Categorical(logits=model["policy"](states[chosen]))
            ratio, gain = (policy.log_prob(acts[chosen]) - old[chosen]).exp(), advantages[chosen]
            if "trainer.normalise_advantages" not in config:
                gain = (gain - gain.mean()) / (gain.std() + 1e-8)
            surrogate = peer.where(gain > 0, ratio.clamp(max=1.05), ratio.clamp(min=0.95)) * gain  # the paper's figure 1
            value = model["value"](states[chosen]).squeeze(-1)
            errors = (value - targets[chosen]).square()
            if "trainer.clip_value" in config:
                near = said[chosen] + (value - said[chosen]).clamp(-0.05, 0.05)
                errors = peer.maximum(errors, (near - targets[chosen]).square())
            loss = -surrogate.mean() + 0.5 * errors.mean() - float(config.get("trainer.entropy_weight", 0)) * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            peer.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
    for name, tensor in ends["model"].state_dict().items():
        assert abs(tensor.numpy() - began[name]).max() > 1e-3
        np.testing.assert_allclose(tensor.numpy(), model.state_dict()[name].numpy(), atol=2e-5, err_msg=name)


class Watching(Environments):
    """Keeps what was done in the first rollout of the training, and what came of it."""

    newest = []  # noqa: RUF012

    def __init__(self, *args):
        super().__init__(*args)
        self.kept = []
        Watching.newest.append(self)

    def step(self, actions):
        before, found = self.observations.copy(), super().step(actions)
        self.kept.append((before, np.array(actions), found.rewards, (found.terminated | found.truncated).astype(np.float32)))
        return found

    def recorded(self):
        return (*(np.stack(each) for each in zip(*self.kept, strict=True)), self.observations)


def test_two_steps(capsys):
    assert main(["train", "--plain", *WORDS, "trainer.max_steps=2"]) == 0
    out = capsys.readouterr().out
    assert "steps/s" in out
    found, rows = result()
    assert [step for step, values in rows if "train/loss" in values] == [1, 2]
    assert set(found["metrics"]) == {"test/return", "test/return_std", "test/return_min"}


def test_a_limit_of_time_is_no_end(monkeypatch):
    """What follows the last observation is expected where an episode was cut off, and not where the pole fell."""
    given = {}

    class Cut(Environments):
        def step(self, actions):
            found = super().step(actions)
            found.terminated[:], found.truncated[:] = [True, False, False], [False, True, False]
            found.final[:] = [[1.0] * 4, [2.0] * 4, [3.0] * 4]
            return found

    def watched(rewards, values, ended, after, gamma, gae_lambda):
        given.update(rewards=rewards, ended=ended)
        return advantages_of(rewards, values, ended, after, gamma, gae_lambda)

    class Constant(ppo.ActorCritic):
        def forward(self, observations):
            return self.policy(observations), self.value(observations).squeeze(-1) * 0 + observations[:, 0] * 10

    advantages_of = ppo.advantages_of
    monkeypatch.setattr(ppo, "advantages_of", watched)
    monkeypatch.setattr(ppo, "ActorCritic", Constant)
    monkeypatch.setattr(ppo, "Environments", Cut)
    monkeypatch.setattr(ppo, "evaluate", lambda *args: np.zeros(1))
    assert main(["train", "--plain", *WORDS, "trainer.max_steps=1"]) == 0
    np.testing.assert_allclose(given["rewards"][0], [1.0, 1.0 + 0.98 * 20.0, 1.0], rtol=1e-6)
    assert given["ended"][0].tolist() == [1.0, 1.0, 0.0]


def test_the_rate_and_the_clip_go_down():
    assert main(["train", "--plain", *WORDS, "optim.lr=1"]) == 0
    rates = [values["train/lr"] for _, values in result()[1] if "train/lr" in values]
    assert rates == pytest.approx([1 - step / 10 for step in range(10)])


@pytest.mark.parametrize("words", [["threads=1"], ["threads=2"], ["logger=quiet"]], ids=" ".join)
def test_equal_bits_however_it_is_run(words, whole):
    words = [word for word in WORDS if not (words == ["logger=quiet"] and word.startswith("logger."))] + words
    assert main(["train", "--plain", *words]) == 0
    found, rows = result()
    assert (found["sha256"], rows, found["metrics"]) == whole


def test_another_seed_gives_other_bits(whole):
    assert main(["train", "--plain", *WORDS, "seed=1"]) == 0
    assert result()[0]["sha256"] != whole[0]


@pytest.mark.parametrize("step", [1, 3, 4, 5, 6, 9])
def test_interrupted_and_resumed(step, whole, monkeypatch):
    seen, advantages_of = [], ppo.advantages_of

    def interrupting(*args):
        seen.append(1)
        if len(seen) == step:
            signal.raise_signal(signal.SIGINT)
        return advantages_of(*args)

    monkeypatch.setattr(ppo, "advantages_of", interrupting)
    assert main(["train", "--plain", *WORDS]) == 130
    assert len(seen) == step
    assert main(["train", "--plain", "--resume", "last"]) == 0
    found, rows = result()
    assert (found["sha256"], rows, found["metrics"]) == whole
    assert len(seen) == 10


def test_evaluation_counts_one_episode_a_copy():
    class Left(torch.nn.Module):
        def policy(self, observations):
            return torch.tensor([[1.0, 0.0]]).expand(len(observations), 2)

    found = ppo.evaluate(Left(), "CartPole-v1", 7, seed=2)
    assert found.shape == (7,)
    assert found.min() >= 8  # always to the left, a pole falls within 8 to 11 steps
    assert found.max() <= 11


def test_too_few_steps_are_told_in_one_sentence(capsys):
    assert main(["train", "--plain", *WORDS, "env.steps=95"]) == 2
    assert capsys.readouterr().err == "train: expected env.steps of 96 or more, a rollout an epoch, got 95\n"


def test_it_learns():
    """Pushed at random a pole stands for 22 steps; 10,000 steps of learning make it six times as many."""
    words = ["+recipe=ppo", "env.steps=10000", "trainer.epochs=1", "trainer.eval_episodes=10", "trainer.passes=10"]
    words += ["logger=quiet", "schedule=constant"]
    assert main(["train", "--plain", *words]) == 0
    assert result()[0]["metrics"]["test/return"] > 120


@pytest.mark.long
def test_it_solves_cartpole():
    assert main(["train", "--plain", "+recipe=ppo", "logger=quiet", "seed=7"]) == 0
    found, _ = result()
    assert found["metrics"]["test/return"] >= 475  # Gymnasium's threshold, over 100 episodes
    assert found["steps"] * 8 * 32 <= 100_000
