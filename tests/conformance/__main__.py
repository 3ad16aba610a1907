"""`python -m tests.conformance [--ops NAME ...]`: run the comparison, print what differs, write the results where `--json` says."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

warnings.filterwarnings("ignore")

from . import modules, ops, programs, side_by_side  # noqa: E402
from .tally import Result  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("--ops", nargs="*", help="only these (a name of the op database, or the start of one with a * behind)")
    parser.add_argument("--modules", nargs="*", help="layers instead of ops (names as nn.Linear, or the start of one with a * behind)")
    parser.add_argument("--optimizers", action="store_true", help="optimizers instead of ops")
    parser.add_argument("--programs", nargs="*", help="programs of ours instead of ops (names as creation.tensor, or creation*)")
    parser.add_argument("--dtypes", nargs="*", help="only these dtypes")
    parser.add_argument(
        "--part", default="0/1", help="I/N: of what is chosen only every Nth, from the Ith on, for N processes side by side"
    )
    parser.add_argument("--most", type=int, default=3, help="how many differences to print for each op")
    parser.add_argument("--json", type=Path, help="write all results here")
    args = parser.parse_args()
    import torch

    from workbench import engine

    torch.set_num_threads(1)  # the parts are many and small, and another process computes beside this one
    engine.set_num_threads(1)

    dtypes = tuple(getattr(torch, d) for d in args.dtypes) if args.dtypes else ops.DTYPES
    jobs: list[tuple[str, Callable[[], list[Result]]]] = []
    everything = args.ops is None and args.modules is None and args.programs is None and not args.optimizers
    if everything or args.ops is not None:
        jobs += [(info.name, partial(ops.run, info, dtypes)) for info in ops.INFOS if chosen(info.name, args.ops)]
    if everything or args.modules is not None:
        jobs += [(info.name, partial(modules.run, info)) for info in modules.INFOS if chosen(info.name, args.modules)]
    if everything or args.optimizers:
        jobs += [(info.optim_cls.__name__, partial(modules.run_optimizer, info)) for info in modules.OPTIMIZERS]
    if everything or args.programs is not None:
        ours = [p for p in programs.load().values() if chosen(p.key.removeprefix("programs."), args.programs)]
        jobs += [(p.key, partial(alone, p)) for p in ours]
    found = []
    first, parts = map(int, args.part.split("/"))
    for _, job in jobs[first::parts]:
        results = job()
        found += results
        report(results, args.most)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps([asdict(r) for r in found]))
    bad = {r.name for r in found if not all(t.good for t in r.tallies.values())}
    names = {r.name for r in found}
    print(f"{len(names) - len(bad)} of {len(names)} agree in everything")
    return 0


def alone(program: programs.Program) -> list[Result]:
    try:
        return [side_by_side.run(program)]
    except Exception as error:  # another version of PyTorch, where the program is wrong
        result = Result(program.key, "", "")
        result["program"].left_out.append(f"torch: {ops.brief(error)}")
        return [result]


def chosen(name: str, wanted: list[str] | None) -> bool:
    return not wanted or any(name == n or (n.endswith("*") and name.startswith(n[:-1])) for n in wanted)


def report(results: list[Result], most: int) -> None:
    lines: list[str] = []
    for r in results:
        for kind, t in r.tallies.items():
            for word, items in (("wrong", t.wrong), ("refused", t.refused)):
                if items:
                    lines.append(f"  {r.dtype} {kind}: {len(items)} {word} ({t.agree} agree): {items[0]}")
    if lines:
        head = results[0]
        print(f"{head.name}{'.' + head.variant if head.variant else ''}")
        print("\n".join(lines[:most] + ([f"  (+{len(lines) - most} more)"] if len(lines) > most else [])))
        sys.stdout.flush()


sys.exit(main())
