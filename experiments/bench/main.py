"""What `workbench bench` does with its words."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Collection, Sequence
from typing import Any

from ..errors import UserError, did_you_mean
from . import machine, peers, table
from .rounds import TOLERANCE, Plan, compare


def chosen(kind: str, given: Sequence[str] | None, known: Collection[str]) -> list[str]:
    """The names that were given, or all.

    Raises:
        UserError: One of them is not known.
    """
    for name in given or ():
        if name not in known:
            raise UserError(f'bench: no {kind} "{name}"; {did_you_mean(name, known)}')
    return list(given or known)


def engines(against: Sequence[str]) -> list[str]:
    """Ours and the peers that can run here.

    Raises:
        UserError: A peer is not known, or not installed.
    """
    for peer in against and chosen("engine", against, peers.PEERS):
        why = peers.not_installed(peer)
        if why:
            raise UserError(f"bench: {why}, which --against {peer} needs; install it, or give --against none")
    return ["workbench", *against]


def bench_models(arguments: Namespace) -> int:
    """Time the models.

    Returns:
        0; 1 where another engine computes something else.
    """
    from .cases import CASES

    names, those = chosen("case", arguments.cases, CASES), engines(arguments.against)
    work = [(CASES[name], mode) for name in names for mode in arguments.modes if mode in CASES[name].modes]
    jobs = [(case, mode, threads) for threads in arguments.threads for case, mode in work]
    results = []
    for number, (case, mode, threads) in enumerate(jobs):
        tell(f"{number + 1} of {len(jobs)}: {case.name}, {mode}, {threads} threads")
        results.append(compare(case, mode, Plan(those, arguments.rounds, threads, arguments.profile)))
    tell("")
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        for threads in arguments.threads:
            print(f"{threads} threads, {arguments.rounds} rounds, {machine.cpu_name()}, load {machine.load()}\n")
            those_of = [r for r in results if r["threads"] == threads]
            table.models(those_of, arguments.against).print()
            print("\n".join(["", *table.means(those_of, arguments.against), *table.profiles(those_of)]).rstrip())
    return agree(results)


def agree(results: Sequence[dict[str, Any]]) -> int:
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
