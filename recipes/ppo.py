"""Train a policy by proximal policy optimisation.

    workbench train +recipe=ppo                      CartPole-v1, 100,000 steps
    workbench train +recipe=ppo env.id=Acrobot-v1 env.steps=300000

A rollout of all copies of the environment, the advantages of what was done in it (generalised advantage estimation), some passes over it
with the clipped objective, then the next rollout. Where an episode is cut off by a limit of time, the value of its last observation stands
for what would have come. Read this file from top to bottom: all of the training is here.

References:
    Schulman, Wolski, Dhariwal, Radford and Klimov (2017), arXiv:1707.06347.
    Schulman, Moritz, Levine, Jordan and Abbeel (2016), arXiv:1506.02438 (advantages).
    Huang, Dossa, Raffin, Kanervisto and Wang (2022), The 37 implementation details of proximal policy optimization.
    Pardo, Tavakoli, Levdik and Kormushev (2018), arXiv:1712.00378 (limits of time).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import gymnasium
import numpy as np

from workbench import engine as torch
from workbench.engine import nn
from workbench.engine.nn import functional as F
from workbench.recipes.common import optimisation
from workbench.recipes.common.contract import Run
from workbench.recipes.common.environments import Environments
from workbench.recipes.common.image_files import DataError
from workbench.recipes.common.meter import Mean

UNIT = "steps"  # what a step's items are: those of the environments


class ActorCritic(nn.Module):
    """Two perceptrons: one scores the actions, one tells what is to be expected from here on.

    Args:
        features: Numbers of an observation.
        actions: Number of actions.
        hidden: Widths of the hidden layers of each.
        activation: "tanh" or "relu".

    Shape:
        observations: (n, features); scores: (n, actions); values: (n,).
    """

    def __init__(self, features: int, actions: int, hidden: list[int], activation: str) -> None:
        super().__init__()
        self.policy = self._perceptron([features, *hidden, actions], activation, 0.01)
        self.value = self._perceptron([features, *hidden, 1], activation, 1.0)

    @staticmethod
    def _perceptron(widths: list[int], activation: str, last_gain: float) -> nn.Sequential:
        layers: list[nn.Module] = []
        for number, (inputs, outputs) in enumerate(pairwise(widths)):
            linear, last = nn.Linear(inputs, outputs), number == len(widths) - 2
            nn.init.orthogonal_(linear.weight, last_gain if last else math.sqrt(2))
            nn.init.zeros_(linear.bias)
            layers.append(linear)
            if not last:
                layers.append(nn.Tanh() if activation == "tanh" else nn.ReLU())
        return nn.Sequential(*layers)

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.policy(observations), self.value(observations).squeeze(-1)


def advantages_of(
    rewards: np.ndarray, values: np.ndarray, ended: np.ndarray, after: np.ndarray, gamma: float, gae_lambda: float
) -> np.ndarray:
    """How much better than expected what was done turned out: the sum over k of (gamma lambda)^k delta(t + k), up to the episode's end.

    delta(t) = reward(t) + gamma value(t + 1) - value(t), where nothing follows the end of an episode.

    Args:
        rewards: Of each step, (steps, copies).
        values: What was expected before each step, (steps, copies).
        ended: Whether the episode ended with the step, (steps, copies).
        after: What is expected after the last step, (copies,).
        gamma: Discount of a step.
        gae_lambda: From 0, one step and then what is expected, to 1, all steps that follow.

    Returns:
        The advantages, (steps, copies).
    """
    out = np.empty_like(values)
    coming = np.zeros_like(after)
    for t in reversed(range(len(rewards))):
        goes_on = 1.0 - ended[t]
        delta = rewards[t] + gamma * goes_on * after - values[t]
        out[t] = coming = delta + gamma * gae_lambda * goes_on * coming
        after = values[t]
    return out


def evaluate(model: ActorCritic, id: str, episodes: int, seed: int) -> np.ndarray:
    """Returns of episodes that no training has seen, one of each of so many copies, with the likeliest action; in the copies' order."""
    environments = Environments(id, episodes, seed, "evaluation")
    sums, running = np.zeros(episodes), np.ones(episodes, bool)
    with torch.no_grad():
        while running.any():
            scores = model.policy(torch.from_numpy(environments.observations))
            step = environments.step(scores.argmax(1).numpy())
            sums += running * step.rewards
            running &= ~(step.terminated | step.truncated)
    environments.close()
    return sums


def train(config: Any, run: Run) -> dict[str, float]:
    """Train a policy as `config` says, inside `run`. A step of the run is a rollout and what is learned from it.

    Args:
        config: conf/config.yaml with the options of conf/recipe/ppo.yaml.
        run: The run around the training.

    Returns:
        The final metrics.
    """
    # Environments. Every episode has a seed of its own, that depends on config.seed, the copy and the episode's number.
    settings, copies, rollout = config.trainer, config.env.copies, config.trainer.rollout
    n_samples = copies * rollout
    updates = config.env.steps // (settings.epochs * n_samples)
    if updates < 1:
        raise DataError(f"train: expected env.steps of {settings.epochs * n_samples} or more, a rollout an epoch, got {config.env.steps}")
    environments = Environments(config.env.id, copies, config.seed)
    run.data(config.env.id, {"gymnasium": gymnasium.__version__, "features": environments.features, "actions": environments.actions})

    # Model, optimizer, schedule. Initialisation draws from config.seed, which the run has set.
    model = ActorCritic(environments.features, environments.actions, list(config.model.hidden), config.model.activation)
    run.parameters(sum(p.numel() for p in model.parameters()))
    n_steps = run.plan(settings.epochs, updates)
    optimizer = optimisation.optimizer(config.optim, model)
    schedule = optimisation.schedule(config.schedule, optimizer, n_steps)

    # Everything that a resumed run needs to go on exactly is named here. A rollout is used up within its step, so there is none to keep.
    epoch_return, epoch_length = Mean(), Mean()
    run.track(model=model, optimizer=optimizer, schedule=schedule, environments=environments)
    run.track(epoch_return=epoch_return, epoch_length=epoch_length)

    for epoch in run.epochs():
        for _ in run.batches(range(run.step - epoch * updates, updates)):
            # What the policy does, step by step.
            seen = np.empty((rollout, copies, environments.features), np.float32)
            done, said = np.empty((rollout, copies), np.int64), np.empty((rollout, copies), np.float32)
            values, rewards, ended = (np.empty((rollout, copies), np.float32) for _ in range(3))
            with torch.no_grad():
                for t in range(rollout):
                    seen[t] = environments.observations
                    scores, value = model(torch.from_numpy(seen[t]))
                    chances = F.log_softmax(scores, -1)
                    action = torch.multinomial(chances.exp(), 1)
                    done[t], values[t] = action.squeeze(-1).numpy(), value.numpy()
                    said[t] = chances.gather(1, action).squeeze(-1).numpy()
                    step = environments.step(done[t])
                    rewards[t], ended[t] = step.rewards, step.terminated | step.truncated
                    if step.truncated.any():
                        rewards[t] += settings.gamma * step.truncated * model(torch.from_numpy(step.final))[1].numpy()
                    for total, length in zip(step.returns, step.lengths, strict=True):
                        epoch_return.add(total)
                        epoch_length.add(length)
                after = model(torch.from_numpy(environments.observations))[1].numpy()
            advantages = advantages_of(rewards, values, ended, after, settings.gamma, settings.gae_lambda)

            # What is learned from it: passes over the rollout in random order.
            flat = {"seen": seen, "done": done, "said": said, "values": values, "advantages": advantages, "targets": advantages + values}
            samples = {name: torch.from_numpy(array.reshape(n_samples, *array.shape[2:])) for name, array in flat.items()}
            clip = settings.clip * (1 - run.step / n_steps if settings.anneal_clip else 1.0)
            means = {name: Mean() for name in ("loss", "policy_loss", "value_loss", "entropy", "kl", "clipped")}
            for _ in range(settings.passes):
                for chosen in torch.randperm(n_samples).split(min(settings.minibatch, n_samples)):
                    batch = {name: tensor[chosen] for name, tensor in samples.items()}
                    scores, value = model(batch["seen"])
                    chances = F.log_softmax(scores, -1)
                    change = chances.gather(1, batch["done"][:, None]).squeeze(-1) - batch["said"]
                    ratio = change.exp()
                    gain = batch["advantages"]
                    if settings.normalise_advantages and len(gain) > 1:
                        gain = (gain - gain.mean()) / (gain.std() + 1e-8)
                    policy_loss = -torch.minimum(gain * ratio, gain * ratio.clamp(1 - clip, 1 + clip)).mean()
                    errors = (value - batch["targets"]) ** 2
                    if settings.clip_value:
                        near = batch["values"] + (value - batch["values"]).clamp(-clip, clip)
                        errors = torch.maximum(errors, (near - batch["targets"]) ** 2)
                    value_loss = errors.mean()
                    entropy = -(chances.exp() * chances).sum(-1).mean()
                    loss = policy_loss + settings.value_weight * value_loss - settings.entropy_weight * entropy

                    optimizer.zero_grad()
                    loss.backward()
                    if settings.clip_norm is not None:
                        nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
                    optimizer.step()
                    with torch.no_grad():
                        kl = (ratio - 1 - change).mean()  # Schulman (2020): an estimate without bias that is never negative
                        clipped = ((ratio - 1).abs() > clip).float().mean()
                    shown = (loss, policy_loss, value_loss, entropy, kl, clipped)
                    for mean, number in zip(means.values(), shown, strict=True):
                        mean.add(number.item(), len(chosen))
            rate = optimizer.param_groups[0]["lr"]
            schedule.step()
            run.advance({f"train/{name}": mean.value for name, mean in means.items()} | {"train/lr": rate}, items=n_samples)

        ends = {"epoch/return": epoch_return.value, "epoch/length": epoch_length.value} if epoch_return.weight else {}
        epoch_return.reset()
        epoch_length.reset()
        run.histograms("weights", dict(model.named_parameters()))
        run.end_epoch(ends)

    # The last policy counts.
    returns = evaluate(model, config.env.id, settings.eval_episodes, config.seed)
    return {"test/return": float(returns.mean()), "test/return_std": float(returns.std()), "test/return_min": float(returns.min())}
