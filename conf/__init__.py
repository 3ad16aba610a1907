"""Hydra configuration: groups of options, and the schema that they are checked against."""
