"""`python -m tests.conformance [--ops NAME ...]`: run the comparison, print what differs, write build/conformance.json."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

warnings.filterwarnings("ignore")

from . import ops  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("--ops", nargs="*", help="only these (a name of the op database, or the start of one with a * behind)")
    parser.add_argument("--dtypes", nargs="*", help="only these dtypes")
    parser.add_argument("--most", type=int, default=3, help="how many differences to print for each op")
    parser.add_argument("--json", type=Path, help="write all results here")
    args = parser.parse_args()
    import torch

    dtypes = tuple(getattr(torch, d) for d in args.dtypes) if args.dtypes else ops.DTYPES
    found = []
    for info in ops.INFOS:
        if args.ops is not None and not any(info.name == n or (n.endswith("*") and info.name.startswith(n[:-1])) for n in args.ops):
            continue
        results = ops.run(info, dtypes)
        found += results
        report(info, results, args.most)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps([asdict(r) for r in found]))
    bad = {r.name for r in found if not all(t.good for t in r.tallies.values())}
    names = {r.name for r in found}
    print(f"{len(names) - len(bad)} of {len(names)} ops agree in everything")
    return 0


def report(info: object, results: list[ops.Result], most: int) -> None:
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
