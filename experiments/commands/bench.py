"""`workbench bench`: the engine against others."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from .common import count, json_instead, names

_VARIED = ("batch", "width", "length", "threads")
EXAMPLES = """
  workbench bench                                      every model against PyTorch, with 2 threads
  workbench bench --cases lstm,unet --rounds 3 --profile
  workbench bench --threads 1,2 --against torch,compile,jax --json
  workbench bench ops --cases conv3x3,attention        ops alone, and what share of the machine's ceiling they reach
  workbench bench scaling --cases gpt --vary batch,length
  workbench bench --write docs/performance.md          make that part of a page anew, with a picture

A ratio is the other engine's time over ours: above 1, ours is faster. Each engine runs in a process of its own, from the same weights;
losses and outputs are compared before anything is timed. A round times every engine once; the ratio is the median over the rounds, with
its quartiles; "best" compares the fastest steps, which a busy machine disturbs less. MB is what a process took beyond what it held when the
model was built. "reach" is the least time that the machine's arithmetic and memory allow for the plain algorithm, over the time taken.
"""


def _counts(text: str) -> list[int]:
    return [count(word) for word in names(text)]


def _peers(text: str) -> list[str]:
    return [] if text == "none" else names(text)


def _varied(text: str) -> list[str]:
    found = names(text)
    if not set(found) <= set(_VARIED):
        raise ArgumentTypeError(f'expected names of {", ".join(_VARIED)} between commas, got "{text}"')
    return found


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.add_argument("suite", nargs="?", choices=("models", "ops", "scaling"), default="models", help="what to time (default: models)")
    parser.add_argument("--cases", type=names, metavar="NAMES", help="models or ops, between commas (default: all; four for scaling)")
    parser.add_argument("--modes", type=names, help="train, infer; of ops forward, both (default: all; train for scaling)")
    parser.add_argument("--threads", type=_counts, default=[2], metavar="NUMBERS", help="numbers of threads, between commas (default: 2)")
    peers = 'of torch, compile and jax, or "none" (default: torch)'
    parser.add_argument("--against", type=_peers, default=["torch"], metavar="ENGINES", help=peers)
    parser.add_argument("--rounds", type=count, default=7, help="timed rounds (default: 7)")
    parser.add_argument("--vary", type=_varied, default=list(_VARIED), metavar="NAMES", help=f"for scaling, of {', '.join(_VARIED)}")
    parser.add_argument("--profile", action="store_true", help="tell as well in which ops the time goes")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the results into a page of Markdown, with a picture beside it")
    json_instead(parser)


def run(arguments: Namespace) -> int:
    """Time and print."""
    from ..bench.main import bench

    return bench(arguments)
