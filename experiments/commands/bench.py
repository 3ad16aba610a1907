"""`workbench bench`: the engine against others."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from .common import count, json_instead, names

EXAMPLES = """
  workbench bench                                      every case against PyTorch, with 2 threads
  workbench bench --cases lstm,unet --rounds 3 --profile
  workbench bench --threads 1,2 --against torch,compile --json

A ratio is the other engine's time over ours: above 1, ours is faster. Each engine runs in a process of its own, from the same weights;
losses and outputs are compared before anything is timed. A round times every engine once; the ratio is the median over the rounds, with
its quartiles; "best" compares the fastest steps, which a busy machine disturbs less. MB is what a process took beyond what it held when the
model was built.
"""


def _counts(text: str) -> list[int]:
    return [count(word) for word in names(text)]


def _peers(text: str) -> list[str]:
    return [] if text == "none" else names(text)


def _modes(text: str) -> list[str]:
    found = names(text)
    if not set(found) <= {"train", "infer"}:
        raise ArgumentTypeError(f'expected train, infer or both between commas, got "{text}"')
    return found


def arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("--cases", type=names, metavar="NAMES", help="models, between commas (default: all)")
    parser.add_argument("--modes", type=_modes, default=["train", "infer"], help="train, infer or both (default: train,infer)")
    parser.add_argument("--threads", type=_counts, default=[2], metavar="NUMBERS", help="numbers of threads, between commas (default: 2)")
    parser.add_argument(
        "--against",
        type=_peers,
        default=["torch"],
        metavar="ENGINES",
        help='torch, compile or both, or "none" (default: torch)',
    )
    parser.add_argument("--rounds", type=count, default=7, help="timed rounds (default: 7)")
    parser.add_argument("--profile", action="store_true", help="tell as well in which ops the time goes")
    json_instead(parser)


def run(arguments: Namespace) -> int:
    """Time and print."""
    from ..bench.main import bench_models

    return bench_models(arguments)
