"""Synthetic runs by the thousand: `python -m tests.experiments.shell.many FOLDER [COUNT]` makes some and times lists of them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

CONFIG = """recipe: {recipe}
seed: {seed}
threads: null
runs: runs
model:
  name: resnet
  blocks: [1, 1, 1]
  widths: [16, 32, {width}]
data:
  name: digits
  root: null
  download: true
  validation: 137
  batch_size: 64
  workers: 0
  shift: 1.0
  subpixel: true
  rotate: 8.0
  scale: 0.1
  shear: 5.0
  flip: false
  epochs: 40
optim:
  name: sgd
  lr: {lr}
  momentum: 0.9
  nesterov: true
  weight_decay: 0.0005
schedule:
  name: one_cycle
  warmup: 0.25
  start: 25.0
trainer:
  epochs: 40
  max_steps: null
  label_smoothing: 0.1
  clip_norm: null
  eval_batch_size: 512
  test: true
  checkpoint:
    every_epochs: 1
    every_steps: 0
    keep_last: 2
    keep_best: 1
    metric: val/accuracy
    mode: max
logger:
  tensorboard: true
  every_steps: 10
  histograms: true
  images: 25
  graph: true
"""
RATES = (0.01, 0.05, 0.1, 0.2)


def make(root: Path, count: int) -> None:
    """Make `count` finished runs; every third is of the recipe gpt, every tenth failed."""
    draw = random.Random(0)
    for number in range(count):
        recipe = "gpt" if number % 3 == 2 else "resnet"
        folder = root / recipe / f"26{1 + number // 2000:02}01-{number:06}-{number % 65536:04x}"
        folder.mkdir(parents=True)
        failed = number % 10 == 9
        metrics = {"val/loss": draw.random(), "val/accuracy": draw.random(), "test/loss": draw.random(), "test/accuracy": draw.random()}
        about = {
            "schema": 1,
            "id": folder.name,
            "recipe": recipe,
            "status": "failed" if failed else "finished",
            "parent": None,
            "seed": number % 5,
            "created_s": 1.7e9 + number,
            "ended_s": 1.7e9 + number + 20,
            "step": 800,
            "total_steps": 800,
            "parameters": 308074,
            "resumed": [],
            "error": "train: out of memory" if failed else None,
            "process": {"pid": 1, "start": 1, "host": "h", "boot": "b", "pids": "p"},
            "heartbeat_s": 1.7e9 + number + 20,
            "metrics": {"val/loss": metrics["val/loss"], "val/accuracy": metrics["val/accuracy"]},
        }
        (folder / "run.json").write_text(json.dumps(about, indent=2))
        (folder / "config.yaml").write_text(CONFIG.format(recipe=recipe, seed=number % 5, lr=RATES[number % 4], width=64))
        if not failed:
            result = {"schema": 1, "metrics": metrics, "sha256": f"{number:064x}", "parameters": 308074, "steps": 800, "train_s": 18.9}
            (folder / "result.json").write_text(json.dumps(result, indent=2))


def main(root: Path, count: int) -> None:
    """Make the runs, then time lists of them, each in a process of its own as in a shell; the first builds the index."""
    if not root.exists():
        make(root, count)
        time.sleep(2.5)  # a file that changed just now is not yet believed
    words = ["runs", "--runs", str(root)]
    lists = (words, words, [*words, "--where", "recipe=resnet and optim.lr<0.1", "--sort", "-test/accuracy"], [*words, "--all"])
    for each in lists:
        began = time.perf_counter()
        done = subprocess.run(
            ["bash", "-c", 'time "$0" -m workbench.experiments.cli "$@"', sys.executable, *each], capture_output=True, text=True
        )
        lines, spent = len(done.stdout.splitlines()), time.perf_counter() - began
        print(f"{' '.join(each[3:]) or 'runs'}: {lines} lines, {spent:.2f} s  ({' '.join(done.stderr.split())})")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
