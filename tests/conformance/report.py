"""`python -m tests.conformance.report`: docs/conformance.md from the public names and the results in build/conformance-*.json."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from . import names
from .judges import MEANT
from .ops import INFOS, MOST
from .programs import load

ROOT = Path(__file__).parents[2]
FORWARD = ("function", "method", "inplace", "train", "eval", "steps", "program")
HEAD = """# Conformance with PyTorch

Made by `make conformance` (tests/conformance); nothing here is written by hand. It compares with PyTorch {version} on PyTorch's own test
samples (its databases of ops, layers and optimizers), which stand on both sides of every option: values, shapes and dtypes by function,
method and in-place form; gradients in float64 and complex128; the class of the exception for bad inputs; float64, float32, float16,
bfloat16, complex64, complex128, int64, int32, int16, int8, uint8 and bool where PyTorch takes them. Of more than {most}
samples of an op and dtype, {most} are tried, spread evenly: method and in-place form on 8 of them, gradients on 60.

A result that differs in its rounding agrees where each such element is as near as PyTorch's, or nearer, to PyTorch's own result in float64
(Bessel functions: to mpmath's): in many functions PyTorch rounds float16 and bfloat16 after each step. A gradient that differs from
PyTorch's agrees where central differences of PyTorch's own function bear it out. Of what is drawn, shapes and dtypes are compared; of
sorting, what lies at the indices; of decompositions that are unique up to signs or a basis, what PyTorch's own tests take of them.

{ours} names are sampled by programs of this project (tests/conformance/programs), {alone} of them by these alone: each program runs once
with PyTorch and once with the engine, and all that it gives back must be the same: values, gradients, dtypes, shapes, types, text, classes
of exceptions. Of what is drawn, it gives back what no generator decides: shapes, dtypes, support, moments within a tolerance that stands in
the program, and whether a seed repeats a draw.

*agrees*: every sample of every dtype. *differs*: some sample gives another result. *refuses*: some sample that PyTorch takes raises here.
*on purpose*: some sample gives another result or raises for a reason that is given below, and all others agree.
*not sampled*: neither has anything for it; this project's own tests may.

{summary}
"""


def by_programs() -> dict[str, list[str]]:
    """Public name -> our programs that sample it."""
    found: dict[str, list[str]] = defaultdict(list)
    for program in load().values():
        for name in program.names:
            found[name].append(program.key)
    return found


def sampled() -> dict[str, list[str]]:
    """Public name -> the names of the database that say something about it."""
    found: dict[str, list[str]] = defaultdict(list)
    for info in INFOS:
        last = info.name.split(".")[-1]
        places = [f"torch.{info.name}", f"torch.Tensor.{last}", f"torch.Tensor.{last}_"]
        for alias in info.aliases:
            places += [f"torch.{alias.name}", f"torch.Tensor.{alias.name.split('.')[-1]}", f"torch.Tensor.{alias.name.split('.')[-1]}_"]
        for place in dict.fromkeys(places):
            if info.name not in found[place]:
                found[place].append(info.name)
    return found


def merged(files: list[Path]) -> list[dict[str, Any]]:
    """The results of several runs."""
    found = {(r["name"], r["variant"], r["dtype"]): r for file in files for r in json.loads(file.read_text())}
    return list(found.values())


def verdict(results: list[dict[str, Any]], kinds: tuple[str, ...]) -> str:
    """One word for the tallies of these kinds."""
    tallies = [t for r in results for kind, t in r["tallies"].items() if kind in kinds]
    words = {"wrong": "differs", "refused": "refuses", "meant": "on purpose", "agree": "agrees"}
    return next((word for key, word in words.items() if any(t[key] for t in tallies)), "")


def first_difference(results: list[dict[str, Any]], kinds: tuple[str, ...]) -> str:
    for r in results:
        for kind, t in r["tallies"].items():
            if kind not in kinds:
                continue
            for text in (*t["wrong"], *t["refused"]):
                return f"{r['dtype']} {kind}: {text}".replace("|", "\\|").replace("\n", " ")[:200]
    return ""


def rows(results: list[dict[str, Any]]) -> list[dict[str, str]]:
    """A row for every public name in scope."""
    by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for r in results:
        by_name[r["name"]].append(r)
    index, ours = sampled(), by_programs()
    made = []
    for name in names.walk():
        if name.out:
            continue
        keys = index.get(name.path, []) or [name.path.removeprefix("torch.")]
        mine = [r for key in keys for r in by_name.get(key, [])]
        own = [r for key in ours.get(name.path, []) for r in by_name.get(key, [])]
        kinds = FORWARD
        if name.path.startswith("torch.Tensor."):
            kinds = ("inplace",) if name.path.endswith("_") else ("method",)
        elif mine and any("function" in r["tallies"] for r in mine):
            kinds = ("function",)
        alone = bool(own) and not verdict(mine, kinds)
        mine, kinds = mine + own, (*kinds, "program")
        made.append({
            "path": name.path,
            "here": "yes" if name.present else "no",
            "forward": verdict(mine, kinds),
            "gradient": verdict(mine, ("gradient",)),
            "errors": verdict(mine, ("errors",)),
            "note": first_difference(mine, (*kinds, "gradient", "errors")),
            "sampled by": "ours" if alone else "both" if own else "",
        })  # fmt: skip
    return made


def summary(table: list[dict[str, str]]) -> str:
    present = [r for r in table if r["here"] == "yes"]
    tried = [r for r in present if r["forward"]]
    good = [r for r in tried if r["forward"] == "agrees" and {r["gradient"], r["errors"]} <= {"", "agrees"}]
    wrong, refused, meant = (
        [r for r in tried if word in (r["forward"], r["gradient"], r["errors"])] for word in ("differs", "refuses", "on purpose")
    )
    lines = [
        f"Of {len(table)} public names in scope, {len(present)} are here ({len(present) / len(table):.1%}). "
        f"Of these, {len(tried)} are sampled: {len(good)} agree in everything "
        f"({len(good) / max(len(tried), 1):.1%}), {len(wrong)} give another result, or another class of exception, somewhere, "
        f"{len(refused)} refuse something, {len(meant)} differ on purpose.",
        "",
        "| module | names | here | sampled | agree |",
        "|---|---|---|---|---|",
    ]
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    for r in table:
        groups[r["path"].rpartition(".")[0]].append(r)
    for module, group in groups.items():
        here = [r for r in group if r["here"] == "yes"]
        seen = [r for r in here if r["forward"]]
        lines.append(f"| `{module}` | {len(group)} | {len(here)} | {len(seen)} | {sum(r in good for r in seen)} |")
    return "\n".join(lines)


def judged(results: list[dict[str, Any]]) -> list[str]:
    """What was found right without PyTorch, and what differs on purpose."""
    tallies = [t for r in results for t in r["tallies"].values()]
    lines = [
        f"\n{sum(t['agree'] for t in tallies):,} comparisons agree, {sum(t['nearer'] for t in tallies):,} of them by float64; "
        f"{sum(len(t['left_out']) for t in tallies):,} samples are left out, as PyTorch raises there, or as they use what is out of scope.",
        "\n## Where it differs on purpose\n\n| op | samples | why |\n|---|---|---|",
    ]
    for (op, kind, _), why in MEANT.items():
        found = [r["tallies"][kind] for r in results if r["name"] == op and kind in r["tallies"]]
        lines.append(f"| `{op}`, {kind} | {sum(len(t['meant']) for t in found)} | {why} |")
    for program in load().values():
        found = [t for r in results if r["name"] == program.key for t in r["tallies"].values()]
        if program.meant:
            lines.append(f"| {', '.join(f'`{n}`' for n in program.names)} | {sum(len(t['meant']) for t in found)} | {program.meant} |")
    borne: dict[str, int] = defaultdict(int)
    for r in results:
        borne[r["name"]] += r["tallies"].get("gradient", {}).get("followed", 0)
    lines.append("\n## Gradients that differ from PyTorch's, and that central differences of PyTorch's function bear out\n")
    return [*lines, ", ".join(f"`{name}` ({n} samples)" for name, n in sorted(borne.items()) if n) or "none"]


def document(table: list[dict[str, str]], results: list[dict[str, Any]]) -> str:
    import torch

    by = [r["sampled by"] for r in table if r["sampled by"]]
    version = torch.__version__.split("+")[0]
    parts = [HEAD.format(most=MOST, version=version, summary=summary(table), ours=len(by), alone=by.count("ours"))]
    differing = [r for r in table if r["note"]]
    parts.append("## Where it differs\n\n" + ("| name | first difference |\n|---|---|" if differing else "Nowhere on these samples."))
    parts += [f"| `{r['path']}` | {r['note']} |" for r in differing]
    parts += judged(results)
    absent = [r["path"] for r in table if r["here"] == "no"]
    parts.append("\n## Absent\n\n" + (", ".join(f"`{path}`" for path in absent) or "nothing"))
    parts.append("\n## Out of scope\n\n| why | how many |\n|---|---|")
    reasons: dict[str, int] = defaultdict(int)
    for name in names.walk():
        if name.out:
            reasons[name.out] += 1
    parts += [f"| {why} | {n} |" for why, n in sorted(reasons.items())]
    parts.append("\n## Every name\n\n| name | here | forward | gradient | errors |\n|---|---|---|---|---|")
    parts += [line(r) for r in table]
    return "\n".join(parts) + "\n"


def line(r: dict[str, str]) -> str:
    forward = r["forward"] or ("not sampled" if r["here"] == "yes" else "")
    return f"| `{r['path']}` | {r['here']} | {forward} | {r['gradient']} | {r['errors']} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="conformance report", description=__doc__)
    parser.add_argument("results", type=Path, nargs="*", help="files of results; of two that tell of one op and dtype, the later counts")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/conformance.md")
    args = parser.parse_args()
    results = merged(args.results or sorted((ROOT / "build").glob("conformance-*.json")))
    table = rows(results)
    args.out.write_text(document(table, results))
    print(summary(table))


if __name__ == "__main__":
    main()
