"""What `workbench bench` does with its words."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Collection, Sequence
from typing import Any

from workbench.ext.core.cpus import available

from ..errors import UserError, did_you_mean
from . import machine, peers, scaling, table
from .case import Case
from .ceilings import Ceilings, measure
from .rounds import TOLERANCE, Plan, compare

Result = dict[str, Any]


def chosen(kind: str, given: Sequence[str] | None, known: Collection[str], default: Sequence[str] = ()) -> list[str]:
    """The names that were given; else the default, or all.

    Raises:
        UserError: One of them is not known.
    """
    for name in given or ():
        if name not in known:
            raise UserError(f'bench: no {kind} "{name}"; {did_you_mean(name, known)}')
    return list(given or default or known)


def engines(against: Sequence[str], suite: str) -> list[str]:
    """Ours and the peers that can run here.

    Raises:
        UserError: A peer is not known, not installed, or has no ops of its own.
    """
    for peer in against and chosen("engine", against, peers.PEERS):
        why = peers.not_installed(peer)
        if why:
            raise UserError(f"bench: {why}, which --against {peer} needs; install it, or give --against none")
        if suite == "ops" and peer != "torch":
            raise UserError(f'bench: {peer} compiles networks, not single ops; give "bench ops" --against torch or none')
    return ["workbench", *against]


def bench(arguments: Namespace) -> int:
    """Time what the words say, and print or write it.

    Returns:
        0; 1 where another engine computes something else, or one fails.
    """
    suite, peer_names = arguments.suite, arguments.against
    known = _cases(suite)
    names = chosen("case", arguments.cases, known, scaling.CASES if suite == "scaling" else ())
    cases = [known[name] for name in names]
    chosen("mode", arguments.modes, sorted({mode for case in known.values() for mode in case.modes}))
    those = engines(peer_names, suite)
    about = {"cpu": machine.cpu_name(), "cores": available(), "load": machine.load(), "day": machine.day(), "rounds": arguments.rounds}
    ceilings = {n: measure(n) for n in _thread_counts(suite, arguments)}
    results, failures = _run(suite, cases, arguments, those, ceilings)
    tell("")
    document = {"about": about, "ceilings": {n: vars(c) for n, c in ceilings.items()}, "results": results}
    if arguments.write:
        from . import page

        page.write(arguments.write, suite, document, peer_names)
        print(f"bench: wrote {arguments.write}")
    if arguments.json:
        print(json.dumps(document, indent=1))
    elif not arguments.write:
        print("\n".join(_text(suite, document, ceilings, peer_names)))
    for failure in failures:
        print(f"bench: {failure}", file=sys.stderr)
    return 1 if failures else agree(results)


def _cases(suite: str) -> dict[str, Case]:
    from .cases import CASES
    from .ops import OPS

    return dict(OPS) if suite == "ops" else CASES


def _thread_counts(suite: str, arguments: Namespace) -> list[int]:
    counts = list(arguments.threads)
    if suite == "scaling":
        counts = sorted({threads for case in _cases(suite).values() for *_, threads, _ in scaling.points(case, arguments.vary, counts[0])})
    return counts


def _run(
    suite: str, cases: Sequence[Case], arguments: Namespace, those: Sequence[str], ceilings: dict[int, Ceilings]
) -> tuple[list[Result], list[str]]:
    """The results, and what failed: an engine that dies takes no other measurement with it."""
    jobs: list[tuple[Case, str, int, dict[str, int], Result]] = []
    for case in cases:
        for mode in arguments.modes or (("train",) if suite == "scaling" else case.modes):
            if mode not in case.modes:
                continue
            if suite == "scaling":
                for name, value, threads, sizes in scaling.points(case, arguments.vary, arguments.threads[0]):
                    jobs.append((case, mode, threads, sizes, {"varied": name, "value": value}))
            else:
                jobs += [(case, mode, threads, {}, {}) for threads in arguments.threads]
    results, failures = [], []
    for number, (case, mode, threads, sizes, more) in enumerate(jobs):
        label = f"{case.name}, {mode}, {table.counted(threads, 'thread')}"
        tell(f"{number + 1} of {len(jobs)}: {label}")
        try:
            result = compare(case, mode, Plan(those, arguments.rounds, threads, arguments.profile), sizes) | more
        except (RuntimeError, OSError) as error:  # the latter of a pipe whose process is gone
            failures.append(f"{label}: {error}")
            continue
        flops, moved = case.cost(mode) if hasattr(case, "cost") else (result["flops"], 0.0)
        for engine in result["engines"].values():
            engine["share"] = ceilings[threads].seconds(flops, moved) / (engine["ms"] / 1e3)
        results.append(result)
    return results, failures


def _text(suite: str, document: dict[str, Any], ceilings: dict[int, Ceilings], peer_names: Sequence[str]) -> list[str]:
    """What is printed: for each number of threads a head, the table and the means."""
    about, results = document["about"], document["results"]
    lines = [f"{about['cpu']}, {about['cores']} cores, load {about['load']:.1f}; {table.counted(about['rounds'], 'round')}"]
    if about["load"] > about["cores"] / 2:
        lines.append("Other processes are at work on this machine: the ratios tell little.")
    if suite == "scaling":
        return [*lines, "", table.scaling(results, peer_names).plain(), *table.profiles(results)]
    for threads in sorted({r["threads"] for r in results}):
        chosen_results = [r for r in results if r["threads"] == threads]
        form = table.ops if suite == "ops" else table.models
        lines += ["", f"{table.counted(threads, 'thread')}; {ceilings[threads].text()}", "", form(chosen_results, peer_names).plain(), ""]
        lines += [*table.means(chosen_results, peer_names), *table.profiles(chosen_results)]
    return lines


def agree(results: Sequence[Result]) -> int:
    """Tell where another engine computes something else; 1 then, else 0."""
    wrong = [(r, peer, e["gap"]) for r in results for peer, e in r["engines"].items() if e.get("gap", 0.0) > TOLERANCE]
    for r, peer, difference in wrong:
        kind = "losses" if r["mode"] == "train" else "outputs"
        print(f"bench: expected equal {kind} on {r['case']}, got a relative difference of {difference:.1e} to {peer}", file=sys.stderr)
    return 1 if wrong else 0


def tell(text: str) -> None:
    """One line in a terminal that the next replaces; nothing elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)
