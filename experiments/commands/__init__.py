"""The subcommands of `workbench`, one file each, imported when they are called.

A file has `EXAMPLES`, the text below its help; `arguments(parser)`, which adds its words and options; and `run(arguments)`, which gives the
exit code. It is listed, with its one line of help, in `experiments/cli.py`. What it needs is imported inside `run`.
"""
