"""A recipe whose validation loss follows a curve that a test gives; nothing is learned."""

from __future__ import annotations

losses = [1.0]


class Nothing:
    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def train(config, run):
    run.plan(config.trainer.epochs, 2)
    run.track(nothing=Nothing())
    for epoch in run.epochs():
        for _ in run.batches(range(2)):
            run.advance({"train/loss": 0.0}, items=1)
        run.end_epoch({"val/loss": losses[epoch]})
    return {"epochs": float(run.epoch)}
