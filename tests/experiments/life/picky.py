"""A recipe on the engine that goes wrong in a way that a test chooses."""

from __future__ import annotations

from workbench import engine as torch
from workbench.engine import nn
from workbench.engine.data import DataLoader, TensorDataset
from workbench.recipes.common.image_files import DataError

how = "well"
fingerprint = "0"
read = []


class Part:
    def state_dict(self):
        return {"value": object() if how == "unsavable" else 1.0}

    def load_state_dict(self, state):
        pass


class Forgetful(Part):
    calls = 0

    def state_dict(self):
        self.calls += 1
        return {"calls": self.calls}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5 if how == "shapes" else 4, 1))

    def forward(self, x):
        return self.body(x)


def train(config, run):
    if how == "no data":
        raise DataError("data: no file faces.npz; put it into data/")
    run.data("faces", {"sha256": fingerprint, "train": 400})
    loader = DataLoader(TensorDataset(torch.rand(400, 3)), 2, shuffle=True)
    test_loader = DataLoader(TensorDataset(torch.rand(4000, 3)), 2)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=config.optim.lr)
    run.parameters(sum(p.numel() for p in model.parameters()))
    run.plan(config.trainer.epochs, len(loader))
    run.track(model=model, optimizer=optimizer, loader=loader, part=Forgetful() if how == "forgetful" else Part())
    for _ in run.epochs():
        for (x,) in run.batches(loader):
            optimizer.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            run.advance({"train/loss": loss * float("nan") if how == "nan" else loss}, items=2)
        read.append(sum(1 for _ in run.evaluation(test_loader)))
        run.end_epoch({"val/loss": 1.0})
    read.append(sum(1 for _ in run.evaluation(test_loader)))
    return {"loss": 1.0}
