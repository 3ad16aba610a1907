"""A recipe on the engine whose values stop being finite at a step and in a way that a test chooses."""

from __future__ import annotations

from workbench import engine as torch
from workbench.engine import nn
from workbench.engine.data import DataLoader, TensorDataset

BATCHES = 5
how = "forward"
at_sample = 27.0  # in the batch with this sample


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 4), nn.Tanh())
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        y = self.head(self.body(x / 50))
        hit = (x == at_sample).any()
        if hit and how == "forward":
            y = (y * 0 - 1).log()  # the forward
        if hit and how == "backward":
            y = y + (y * 0).sqrt()  # the backward
        return y


def train(config, run):
    run.data("none", {"sha256": "0"})
    data = TensorDataset(torch.arange(50.0).reshape(50, 1))
    loader = DataLoader(data, 10, shuffle=True, num_workers=config.data.workers)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=config.optim.lr, momentum=0.9)
    run.parameters(sum(p.numel() for p in model.parameters()))
    run.plan(config.trainer.epochs, BATCHES)
    run.track(model=model, optimizer=optimizer, loader=loader)
    for _ in run.epochs():
        for (x,) in run.batches(loader):
            optimizer.zero_grad()
            loss = model(x).square().mean() + 0 * torch.rand(1).sum()
            loss.backward()
            for group in optimizer.param_groups:
                group["lr"] = 1e300 if how == "optimizer" and (x == at_sample).any() else config.optim.lr
            optimizer.step()
            value = loss.item()
            if how == "value" and (x == at_sample).any():
                value = float("inf")
            run.advance({"train/loss": value}, items=len(x))
        value = float("nan") if how == "evaluation" and run.epoch == 1 else 1.0
        if how == "evaluation by an operation" and run.epoch == 1:
            value = (torch.zeros(1) - 1).log().item()
        run.end_epoch({"val/loss": value})
    return {"loss": 0.0}
