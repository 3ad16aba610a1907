"""A GAN with a gradient penalty: two optimizers, detached generators, gradients of gradients, spectral normalisation."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import autograd, optim


class Generator(nn.Module):
    def __init__(self, z=4, n=6):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(z, n * 2, 3, 1, 0, bias=False), nn.BatchNorm2d(n * 2), nn.ReLU(True),
            nn.ConvTranspose2d(n * 2, n, 4, 2, 1, bias=False), nn.BatchNorm2d(n), nn.ReLU(True),
            nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(n, 1, 3, 1, 1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        return self.main(z[:, :, None, None])


class Critic(nn.Module):
    def __init__(self, n=6):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, n, 4, 2, 1), nn.Conv2d(n, 2 * n, 4, 2, 1)
        self.head = nn.Linear(2 * n * 9, 1)

    def forward(self, x):
        h = F.leaky_relu(self.a(x), 0.2)
        h = F.leaky_relu(self.b(h), 0.2)
        return self.head(h.flatten(1)).squeeze(1)


def fill(*models):
    with torch.no_grad():
        for model in models:
            for i, p in enumerate(model.parameters()):
                if p.dim() > 1:
                    p.copy_((torch.arange(p.numel(), dtype=torch.float64).mul(0.9 + i).sin() * 0.3).view_as(p))
                elif "bias" not in str(i):
                    p.fill_(0.9)


def penalty(critic, real, fake, mix):
    between = (mix * real + (1 - mix) * fake).requires_grad_(True)
    scores = critic(between)
    (slope,) = autograd.grad(outputs=scores, inputs=between, grad_outputs=torch.ones_like(scores), create_graph=True, retain_graph=True)
    return ((slope.reshape(slope.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()


def noise(step, n):
    return torch.cos(torch.arange(n * 4, dtype=torch.float64) * (step + 1.7)).view(n, 4)


G, D = Generator().double(), Critic().double()
fill(G, D)
opt_g, opt_d = optim.Adam(G.parameters(), lr=1e-2, betas=(0.5, 0.9)), optim.RMSprop(D.parameters(), lr=2e-3)
grid = torch.linspace(-1, 1, 12, dtype=torch.float64)
real = torch.stack([torch.outer(torch.sin(grid * k), torch.cos(grid * k)) for k in range(1, 5)]).unsqueeze(1)
for step in range(4):
    for k in range(2):
        opt_d.zero_grad()
        fake = G(noise(step + k, 4)).detach()
        mix = torch.linspace(0.1, 0.9, 4, dtype=torch.float64).view(4, 1, 1, 1)
        loss_d = D(fake).mean() - D(real).mean() + 10 * penalty(D, real, fake, mix)
        loss_d.backward()
        opt_d.step()
    for p in D.parameters():
        p.requires_grad_(False)
    opt_g.zero_grad(set_to_none=True)
    loss_g = -D(G(noise(step, 4))).mean()
    loss_g.backward()
    opt_g.step()
    for p in D.parameters():
        p.requires_grad_(True)
    print(f"{step} {loss_d.item():.7f} {loss_g.item():.7f}")
with torch.no_grad():
    G.eval()
    print([round(v, 6) for v in G(noise(9, 2)).mean((1, 2, 3)).tolist()])
bce = nn.BCEWithLogitsLoss()
labels = torch.full((4,), 1.0, dtype=torch.float64)
print(f"{bce(D(real), labels).item():.7f} {F.softplus(-D(real)).mean().item():.7f}")
