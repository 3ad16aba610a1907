"""`workbench compare`: groups of runs that differ in their seeds alone."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .common import folder_of_runs, json_instead, where

EXAMPLES = """
  workbench compare resnet                                    every configuration of a recipe, the best first
  workbench compare --where "recipe=resnet and seed<5" --metric val/loss
  workbench compare ppo --tasks env.id                        several environments together, by interquartile mean
  workbench compare resnet --markdown                         for a page; --latex for a paper (with booktabs)

A group is the finished runs of one configuration, code and data. Its interval is Student's over the seeds; with one seed there is none. The
other groups are tested against the first, over the seeds that both have. Tasks that count together need results on one scale.
"""


def arguments(parser: ArgumentParser) -> None:
    """Add its words and options."""
    parser.add_argument("recipe", nargs="?", help="only the runs of this recipe")
    where(parser)
    parser.add_argument("--metric", metavar="NAME", help="the result to compare (default: the one that workbench runs shows)")
    parser.add_argument("--tasks", metavar="KEY", help="key whose values are tasks that count together, as env.id")
    parser.add_argument("--iqm", action="store_true", help="interquartile means, as reinforcement learning gets anyway")
    parser.add_argument("--any-code", action="store_true", help="put runs of different commits and uncommitted changes into one group")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--markdown", action="store_true", help="print a Markdown table")
    forms.add_argument("--latex", action="store_true", help="print a LaTeX table")
    forms.add_argument("--csv", action="store_true", help="print CSV")
    json_instead(forms)
    folder_of_runs(parser)


def run(arguments: Namespace) -> int:
    """Compare."""
    from ..compare import compare_runs
    from ..listing import Choice

    form = next((form for form in ("markdown", "latex", "csv", "json") if getattr(arguments, form)), "table")
    choice = Choice(arguments.recipe, arguments.where)
    return compare_runs(arguments.runs, choice, arguments.metric, arguments.tasks, arguments.iqm, arguments.any_code, form)
