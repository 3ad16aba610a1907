"""`workbench replay`: do again the step that made the first nan or infinity."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .common import folder_of_runs, json_instead

EXAMPLES = """
  workbench replay runs/resnet/261123-091702-3f2a/capsules/step-412
  workbench replay last                the newest capsule of a run
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.description = "Do one step again, from a capsule: 0 if the same operation makes the value that is not finite, 1 if not."
    parser.add_argument("capsule", metavar="CAPSULE", help='folder of a capsule, or a run: "last", an id or its beginning, or a path')
    json_instead(parser)
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Replay."""
    import json
    import sys

    from ..capsule import find_capsule, replay
    from ..train import recipe_named

    folder = find_capsule(arguments.runs, arguments.capsule)
    finding, same = replay(folder, recipe_named, lambda text: print(f"warning: {text}", file=sys.stderr))
    if arguments.json:
        print(
            json.dumps(
                {"step": finding.step, "what": finding.what, "origin": finding.origin, "trace": finding.trace, "same": same}, indent=2
            )
        )
    else:
        print(f"step {finding.step}: {finding.what}\n{finding.origin}" + (f"\n{finding.trace}" if finding.trace else ""))
        print("reproduced" if same else "not reproduced: the capsule tells of another origin")
    return 0 if same else 1
