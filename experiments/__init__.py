"""The life of an experiment: record, checkpoints, resumption, and the `workbench` command."""
