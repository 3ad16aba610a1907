"""What `workbench check` tells about a configuration."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .compose import compose
from .errors import RunStoppedError, UserError
from .files import size_text
from .progress import duration
from .rehearsal import Prediction, known_data, rehearse
from .train import is_data_error, recipe_named, set_threads


def check_configuration(overrides: Sequence[str], as_json: bool = False) -> int:
    """Compose a configuration, rehearse it and print what it will take.

    Args:
        overrides: Words of Hydra's grammar.
        as_json: Print JSON.

    Returns:
        0 if all is well, 1 if a step or the checkpoint fails.

    Raises:
        UserError: The configuration or its data is wrong.
    """
    config = compose(overrides)
    recipe = recipe_named(config.recipe)
    set_threads(config)
    try:
        prediction, wrong = rehearse(config, recipe)
    except UserError:
        raise
    except RunStoppedError as error:
        print(f"check: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        if is_data_error(error):
            raise UserError(str(error)) from error
        print(f"check: {type(error).__name__}: {error}{_place(error)}", file=sys.stderr)
        return 1
    known = known_data(Path(config.runs), prediction)
    short = prediction.kept_bytes > prediction.free_bytes
    well = not wrong and not short
    if as_json:
        print(json.dumps({"ok": well, "not_restored": wrong, "known_data": known, **asdict(prediction)}, indent=2))
    else:
        for name, text in _rows(prediction, known, wrong):
            print(f"{name:<11} {text}")
    return 0 if well else 1


def _rows(p: Prediction, known: dict[str, str], wrong: list[str]) -> list[tuple[str, str]]:
    rows = []
    seen = {"same": ", as in the newest run with it", "changed": ", NOT what the newest run with it read", "": ""}
    for name, about in p.data.items():
        counts = "  ".join(f"{key} {value:,}" for key, value in about.items() if isinstance(value, int))
        sha256 = f"  sha256 {str(about['sha256'])[:12]}" if "sha256" in about else ""
        rows.append(("data", f"{name}  {counts}{sha256}{seen[known[name]]}"))
    if p.parameters is not None:
        rows.append(("parameters", f"{p.parameters:,}"))
    values = "  ".join(f"{name} {value:.4g}" for name, value in p.loss.items())
    rows.append(("first step", values))
    rows.append(("a step", f"{1e3 * p.step_s:.3g} ms ({1e3 * p.spread_s[0]:.3g} to {1e3 * p.spread_s[1]:.3g})"))
    state = (
        "comes back equal to the bit" if not wrong else f"does NOT come back: {', '.join(wrong)}; see their state_dict and load_state_dict"
    )
    rows.append(("checkpoint", f"{size_text(p.checkpoint_bytes)}; {state}"))
    room = f"about {size_text(p.kept_bytes)} of {size_text(p.free_bytes)} that are free"
    rows.append(("disk", room if p.kept_bytes <= p.free_bytes else f"NOT enough: {room}"))
    rows.append(("memory", f"about {size_text(p.peak_bytes)} at the peak"))
    rows.append(("time", f"about {duration(p.train_s)}: {p.steps:,} steps in {p.epochs:,} epochs"))
    return rows


def _place(error: BaseException) -> str:
    """Where an error came from, for who wrote the recipe: the layer, and the innermost line outside of the engine."""
    from workbench.engine.autograd.anomaly_mode import place_of

    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return f"\nat {place_of(last.tb_frame, getattr(error, 'running_modules', []))}" if last is not None else ""
