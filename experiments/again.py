"""What runs in the process that does a run again: `workbench rerun` and `workbench bisect` start it with the code of that run.

It reads a request from a JSON file:

    config     the resolved configuration
    command    the command line, for the record
    start      null, or a checkpoint to begin from: {"checkpoint": folder, "run": folder, "changed": [keys], "seed": number or null}
    run        fields of the new run's record: "folder", "parent", "lineage", "step"; null where no run is to be made
    trace      null, or what is to be traced instead: see trace.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import UserError
from .start import Start


def main(words: Sequence[str]) -> int:
    """Do what the request says; its file is the only word.

    Returns:
        The exit code, as of `workbench train`.
    """
    from omegaconf import OmegaConf

    from .compose import check

    request: dict[str, Any] = json.loads(Path(words[0]).read_bytes())
    given = request["start"]
    start = Start(Path(given["checkpoint"]), Path(given["run"]), given["changed"], given["seed"]) if given is not None else None
    try:
        config = check(OmegaConf.create(request["config"]))
        if request.get("trace") is not None:
            from .trace import trace_steps

            return trace_steps(config, start, **request["trace"])
        from .train import begin_with

        about = request["run"]
        folder = Path(about.pop("folder"))
        return begin_with(config, request["command"], request.get("plain"), start, folder=folder, **about)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
