"""Reinforcement learning on a corridor: PPO with generalised advantages, then Q-learning with a replay buffer and a target network."""

import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.optim as optim
from torch.distributions import Categorical

Transition = namedtuple("Transition", ("state", "action", "reward", "next_state", "done"))


class Corridor:
    def __init__(self, length=5):
        self.length = length

    def reset(self):
        self.at, self.steps = 0, 0
        return self.observe()

    def observe(self):
        seen = torch.zeros(self.length, dtype=torch.float64)
        seen[self.at] = 1.0
        return seen

    def step(self, action):
        self.at = min(self.length - 1, max(0, self.at + (1 if action == 1 else -1)))
        self.steps += 1
        done = self.at == self.length - 1 or self.steps >= 12
        return self.observe(), (1.0 if self.at == self.length - 1 else -0.05), done


def layer_init(layer, gain=2**0.5):
    with torch.no_grad():
        layer.weight.copy_((torch.arange(layer.weight.numel(), dtype=torch.float64) * 1.7).cos().view_as(layer.weight) * gain / 3)
    nn.init.constant_(layer.bias, 0.0)
    return layer


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(layer_init(nn.Linear(5, 8)), nn.Tanh(), layer_init(nn.Linear(8, 1), 1.0))
        self.actor = nn.Sequential(layer_init(nn.Linear(5, 8)), nn.Tanh(), layer_init(nn.Linear(8, 2), 0.1))

    def act(self, x, action=None):
        dist = Categorical(logits=self.actor(x))
        action = dist.probs.argmax(-1) if action is None else action
        return action, dist.log_prob(action), dist.entropy(), self.critic(x).squeeze(-1)


torch.set_default_dtype(torch.float64)
agent, env = Agent(), Corridor()
optimizer = optim.Adam(agent.parameters(), lr=2e-2, eps=1e-5)
for update in range(3):
    n = 24
    obs, actions, logprobs = torch.zeros(n, 5), torch.zeros(n, dtype=torch.long), torch.zeros(n)
    rewards, dones, values = torch.zeros(n), torch.zeros(n), torch.zeros(n)
    seen, done = env.reset(), 0.0
    for t in range(n):
        obs[t], dones[t] = seen, done
        with torch.no_grad():
            _, _, _, value = agent.act(seen)
            a = torch.tensor((t * 7 + update) % 3 > 0).long()
            _, logprobs[t], _, values[t] = agent.act(seen, a)
        actions[t] = a
        seen, rewards[t], done = env.step(a.item())
        if done:
            seen = env.reset()
        done = float(done)
    with torch.no_grad():
        advantages, last = torch.zeros_like(rewards), 0.0
        for t in reversed(range(n)):
            free = 1.0 - (done if t == n - 1 else dones[t + 1])
            following = agent.act(seen)[3] if t == n - 1 else values[t + 1]
            last = rewards[t] + 0.99 * following * free - values[t] + 0.99 * 0.95 * free * last
            advantages[t] = last
        returns = advantages + values
    for start in range(0, n, 12):
        mb = torch.arange(n)[start : start + 12]
        _, new, entropy, value = agent.act(obs[mb], actions[mb])
        ratio = (new - logprobs[mb]).exp()
        adv = (advantages[mb] - advantages[mb].mean()) / (advantages[mb].std() + 1e-8)
        policy = torch.max(-adv * ratio, -adv * torch.clamp(ratio, 0.8, 1.2)).mean()
        loss = policy - 0.01 * entropy.mean() + 0.5 * 0.5 * ((value - returns[mb]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
        optimizer.step()
    print(f"ppo {update} {policy.item():.7f} {loss.item():.7f} {rewards.sum().item():.2f}")

random.seed(0)
net = nn.Sequential(layer_init(nn.Linear(5, 8)), nn.ReLU(), layer_init(nn.Linear(8, 2)))
target = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))
target.load_state_dict(net.state_dict())
memory, optimizer = deque(maxlen=60), optim.AdamW(net.parameters(), lr=1e-2, amsgrad=True)
seen = env.reset()
for _ in range(60):
    with torch.no_grad():
        action = net(seen[None]).max(1).indices.item() if random.random() > 0.4 else random.randrange(2)
    following, reward, done = env.step(action)
    memory.append(Transition(seen, torch.tensor([action]), torch.tensor([reward]), None if done else following, done))
    seen = env.reset() if done else following
    if len(memory) < 16:
        continue
    batch = Transition(*zip(*random.sample(memory, 16)))
    open_ended = torch.tensor([s is not None for s in batch.next_state], dtype=torch.bool)
    q = net(torch.stack(batch.state)).gather(1, torch.stack(batch.action)).squeeze(1)
    best = torch.zeros(16)
    with torch.no_grad():
        best[open_ended] = target(torch.stack([s for s in batch.next_state if s is not None])).max(1).values
    loss = nn.SmoothL1Loss()(q, torch.cat(batch.reward) + 0.9 * best)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(net.parameters(), 100)
    optimizer.step()
    kept = target.state_dict()
    for key, value in net.state_dict().items():
        kept[key] = value * 0.05 + kept[key] * 0.95
    target.load_state_dict(kept)
print(f"dqn {loss.item():.7f}", [round(v, 5) for v in net(torch.eye(5)).max(1).values.tolist()])
torch.set_default_dtype(torch.float32)
