"""A variational autoencoder: reparametrisation, torch.distributions, KL divergence, EMA weights, gradient accumulation, checkpointing."""

import copy

import torch
from torch import nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


class VAE(nn.Module):
    def __init__(self, n=12, hidden=16, latent=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.Softplus())
        self.mu, self.log_var = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ELU(), nn.Linear(hidden, n))

    def encode(self, x):
        h = checkpoint(self.encoder, x, use_reentrant=False)
        return Normal(self.mu(h), torch.exp(0.5 * self.log_var(h)))

    def forward(self, x, eps):
        q = self.encode(x)
        z = q.loc + q.scale * eps
        return torch.sigmoid(self.decoder(z)), q


def fill(model):
    for i, (name, p) in enumerate(model.named_parameters()):
        nn.init.zeros_(p) if name.endswith("bias") else p.data.copy_(
            (torch.arange(p.numel(), dtype=torch.float64) * (0.8 + i)).sin().view_as(p) * 0.3
        )


class EMA:
    def __init__(self, model, decay):
        self.decay, self.shadow = decay, copy.deepcopy(model).eval()
        for p in self.shadow.parameters():
            p.requires_grad = False

    def update(self, model):
        with torch.no_grad():
            for a, b in zip(self.shadow.parameters(), model.parameters()):
                a.lerp_(b.detach(), 1 - self.decay)


torch.set_default_dtype(torch.float64)
model = VAE()
fill(model)
ema = EMA(model, 0.9)
optimizer = torch.optim.NAdam(model.parameters(), lr=2e-2)
data = (torch.sin(torch.arange(96.0).view(8, 12) * 0.37) + 1) / 2
prior = Normal(torch.zeros(3), torch.ones(3))
for step in range(6):
    optimizer.zero_grad()
    for half in data.chunk(2):
        eps = torch.cos(torch.arange(half.size(0) * 3.0) + step).view(-1, 3)
        out, q = model(half, eps)
        reconstruction = F.binary_cross_entropy(out, half, reduction="sum") / data.size(0)
        kl = kl_divergence(q, prior).sum(-1).mean()
        by_hand = -0.5 * torch.mean(torch.sum(1 + q.variance.log() - q.loc.pow(2) - q.variance, 1))
        (reconstruction + 0.5 * kl).backward()
    optimizer.step()
    ema.update(model)
    print(f"{step} {reconstruction.item():.7f} {kl.item():.7f} {(kl - by_hand).abs().item() < 1e-10}")
with torch.no_grad():
    q = ema.shadow.encode(data)
    print([round(v, 6) for v in q.log_prob(torch.zeros(3)).sum(1).tolist()], round(q.entropy().mean().item(), 6))
    print(round(F.mse_loss(*[m(data, torch.zeros(8, 3))[0] for m in (model, ema.shadow)]).item(), 8))
torch.set_default_dtype(torch.float32)
