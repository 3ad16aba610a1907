"""How Sphinx builds the documentation: `make docs`."""

from __future__ import annotations

from workbench import engine

project = "Workbench"
copyright = "the Workbench developers"
version = release = engine.__version__

extensions = ["myst_parser", "sphinx.ext.mathjax"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
root_doc = "index"
suppress_warnings = ["ref.python"]  # an annotation names a class by its last name, which two modules may have
default_role = "code"  # a name between single backticks is code
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Workbench"
pygments_style = "default"
