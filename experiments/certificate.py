"""Whether two runs came to the same bits, and what they were made of differently: content of `certificate.json`.

    format            1
    verdict           "equal" or "different"
    run, rerun        ids of the two runs
    time_s            when it was written, in seconds since 1970
    code              {"how": "rebuilt" or "installed", "native": "recorded", "same sources", "built" or "installed", "commit": ...}
    compared          {"steps": n, "scalars": n, "digests": n, "sha256": [of the run, of the rerun]}
    first_difference  null, or {"step": n, "what": name of a scalar, "digest" or "sha256", "run": value, "rerun": value}; the bits of
                      scalars are given as hexadecimal digits beside the value
    differences       of what the two were made of: [{"kind", "name", "run", "rerun", "text"}]
    checkout          the same for the code as it lies there now, where the recorded code was rebuilt: it took no part

Scalars whose names end in `_s` measure time and are left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from .differences import Difference, config_differences, differences
from .errors import UserError
from .facts import configuration
from .files import read_object
from .metrics import read_digests, read_metrics
from .parting import Parting, agreement, bits

FORMAT = 1


class Comparison(NamedTuple):
    """What came of comparing the records of two runs.

    Args:
        first: The first difference, as the certificate has it; None if there is none.
        steps: How many steps were compared.
        scalars: How many scalars.
        digests: How many digests of the parameters.
        sha256: That of each run's parameters at its end.
    """

    first: dict[str, Any] | None
    steps: int
    scalars: int
    digests: int
    sha256: tuple[str | None, str | None]


def compare(a: Path, b: Path) -> Comparison:
    """Compare what two runs recorded, to the bit.

    Args:
        a: Folder of the one run.
        b: Folder of the other.

    Raises:
        UserError: One of them has no numbers that can be read.
    """
    for folder in (a, b):
        if not (folder / "metrics.bin").is_file():
            raise UserError(f"expected run {folder.name} to have a metrics.bin, got none; without it nothing can be compared step by step")
    parting, steps, scalars = agreement(*(read_metrics(folder / "metrics.bin") for folder in (a, b)))
    first = _first(parting)
    ours, theirs = ({each.step: each for each in read_digests(folder / "metrics.bin")} for folder in (a, b))
    common = sorted(ours.keys() & theirs.keys())
    for step in common:
        if ours[step].own != theirs[step].own:
            if first is None or step < first["step"]:
                first = {"step": step, "what": "digest", "run": ours[step].own.hex(), "rerun": theirs[step].own.hex()}
            break
    results = [read_object(folder / "result.json") for folder in (a, b)]
    sums = (results[0].get("sha256"), results[1].get("sha256"))
    if first is None and sums[0] != sums[1]:
        first = {"step": results[0].get("steps"), "what": "sha256", "run": sums[0], "rerun": sums[1]}
    return Comparison(first, steps, scalars, len(common), sums)


def made_of(a: Path, b: Path) -> list[Difference]:
    """What two runs were made of differently: configuration, code, packages, machine, data."""
    configs = [configuration(folder / "config.yaml") for folder in (a, b)]
    return config_differences(*configs) + differences(a / "provenance", b / "provenance")


def certificate(run: Path, rerun: Path, code: dict[str, Any], checkout: Iterable[Difference]) -> dict[str, Any]:
    """The certificate of a run and its rerun."""
    found = compare(run, rerun)
    return {
        "format": FORMAT,
        "verdict": "equal" if found.first is None else "different",
        "run": run.name,
        "rerun": rerun.name,
        "time_s": time.time(),
        "code": code,
        "compared": {"steps": found.steps, "scalars": found.scalars, "digests": found.digests, "sha256": list(found.sha256)},
        "first_difference": found.first,
        "differences": [_plain(each) for each in made_of(run, rerun)],
        "checkout": [_plain(each) for each in checkout],
    }


def _first(parting: Parting | None) -> dict[str, Any] | None:
    """A parting of logs for JSON."""
    if parting is None:
        return None
    if parting.steps is not None:
        found = [f"step {step}" if step is not None else "no more steps" for step in parting.steps]
        return {"step": parting.step, "what": "steps", "run": found[0], "rerun": found[1]}
    name, pair = next(iter(parting.values.items()))
    run, rerun = (None if value is None else float(value) for value in pair)
    return {"step": parting.step, "what": name, "run": run, "rerun": rerun, "run_bits": bits(pair[0]), "rerun_bits": bits(pair[1])}


def _plain(each: Difference) -> dict[str, Any]:
    """A difference for JSON; of a changed file, whether it was and is there."""
    before, after = (value if not isinstance(value, bytes) else "changed" for value in (each.before, each.after))
    return {"kind": each.kind, "name": each.name, "run": before, "rerun": after, "text": str(each)}
