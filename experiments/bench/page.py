"""A page of results in Markdown, made from runs: each suite is a section that is made anew, the others stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import chart, table
from .ceilings import Ceilings

_HEADS = {"models": "Models", "ops": "Ops alone", "scaling": "Scaling"}
_TOP = """# Performance

Made by `workbench bench --write`; do not edit. A ratio is the other engine's time over ours: above 1, ours is faster. Each engine runs in a
process of its own, from the same weights; losses and outputs are compared before anything is timed. A round times every engine once; the
ratio is the median over the rounds, with its quartiles. "best" compares the fastest steps. "MB" is what a process took beyond what it held
when the model was built. "reach" is the least time that the machine's arithmetic and memory allow for the plain algorithm, over the time
taken; a Winograd convolution needs fewer operations than that.
"""


def write(path: Path, suite: str, document: dict[str, Any], peers: Sequence[str]) -> None:
    """Put a run into the page.

    Args:
        path: The page; it is made where there is none. The picture of the models lies beside it, named by the number of threads.
        suite: Its section: "models", "ops" or "scaling".
        document: What `workbench bench --json` prints.
        peers: The other engines.
    """
    sections = _sections(path.read_text()) if path.exists() else {}
    sections[_HEADS[suite]] = _section(path, suite, document, peers)
    ordered = [f"## {head}\n\n{sections[head].strip()}\n" for head in _HEADS.values() if head in sections]
    path.write_text("\n".join([_TOP, *ordered]))


def _sections(text: str) -> dict[str, str]:
    """The sections of a page by their heads."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def _section(path: Path, suite: str, document: dict[str, Any], peers: Sequence[str]) -> str:
    about, results = document["about"], document["results"]
    versions = {peer: e["version"] for r in results for peer, e in r["engines"].items() if peer in ("torch", "jax")}
    rounds = table.counted(about["rounds"], "round")
    told = "".join(f"; {peer} {version}" for peer, version in versions.items())
    lines = [f"{about['day']}: {about['cpu']}, {about['cores']} cores; {rounds}; load {about['load']:.1f} at the start{told}."]
    if about["load"] > about["cores"] / 2:
        lines.append("\nOther processes were at work on this machine: the ratios tell little.")
    if suite == "scaling":
        return "\n".join([*lines, "", table.scaling(results, peers).markdown()])
    form = table.ops if suite == "ops" else table.models
    for threads in sorted({r["threads"] for r in results}):
        those = [r for r in results if r["threads"] == threads]
        ceilings = Ceilings(**document["ceilings"][threads]).text()
        lines += ["", f"### {_HEADS[suite]}, {table.counted(threads, 'thread')}", "", f"{ceilings[0].upper()}{ceilings[1:]}.", ""]
        if suite == "models" and peers:
            picture = path.with_name(f"{path.stem}-{threads}.svg")
            title = f"{peers[0]}'s time over ours with {table.counted(threads, 'thread')}"
            picture.write_text(chart.ratios(those, peers[0], title))
            lines += [f"![{title}]({picture.name})", ""]
        lines += [form(those, peers).markdown(), "", *(f"* {line}" for line in table.means(those, peers))]
    if suite == "models":
        lines += ["", *(f"* {name}: {what}" for name, what in {r["case"]: r["what"] for r in results}.items())]
    return "\n".join(lines)
