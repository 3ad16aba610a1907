"""A recipe on the engine's layers that is done in a moment: a perceptron, SGD with momentum, a loader that shuffles.

`change` says what a test makes different, from the step `at_step` on.
"""

from __future__ import annotations

import os

from workbench import engine as torch
from workbench.engine import nn
from workbench.engine.data import DataLoader, TensorDataset

BATCHES = 5
change = os.environ.get("SMALL_CHANGE", "")
at_step = 8


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 4), nn.Tanh())
        self.head = nn.Linear(4, 1)
        self.late = False

    def forward(self, x):
        y = self.body(x / 50)
        if change == "forward" and self.late:
            y = y * 1.001  # the change
        return self.head(y)


def train(config, run):
    values = torch.arange(50.0).reshape(50, 1)
    run.data("numbers", {"sha256": "0"})
    loader = DataLoader(TensorDataset(values), 10, shuffle=True, num_workers=config.data.workers)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=config.optim.lr, momentum=0.9)
    run.parameters(sum(p.numel() for p in model.parameters()))
    run.plan(config.trainer.epochs, BATCHES)
    run.track(model=model, optimizer=optimizer, loader=loader)
    for _ in run.epochs():
        for (x,) in run.batches(loader):
            model.late = run.step + 1 >= at_step
            if model.late and change == "update":
                model.head.bias.detach().numpy()[0] += 1e-3  # past every operation
            optimizer.zero_grad()
            loss = ((model(x) - x / 50) ** 2).mean()
            loss.backward()
            optimizer.step()
            run.advance({"train/loss": loss}, items=len(x))
        run.end_epoch({"val/accuracy": 0.0})
    return {}
