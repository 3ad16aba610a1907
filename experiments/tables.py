"""A table in the forms that people and programs read: columns in a terminal, plain columns elsewhere, Markdown, LaTeX, CSV."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Collection, Mapping, Sequence

STYLES = {"running": "cyan", "finished": "green", "failed": "red", "interrupted": "yellow", "lost": "red"}
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "±": r"$\pm$",
    "<": r"$<$",
    ">": r"$>$",
}


class Table:
    """Rows of texts below heads.

    Args:
        heads: Texts above the columns.
        rows: Texts of the cells.
        right: Numbers of the columns that are set to the right.
    """

    def __init__(self, heads: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> None:
        self.heads, self.rows, self.right = heads, rows, right

    def print(self, styles: Mapping[str, str] = STYLES, fold: bool = False) -> None:
        """Print it: with colours in a terminal, in plain columns anywhere else.

        Args:
            styles: Colours of the cells with these texts.
            fold: In a terminal, break the first column where there is no room, rather than others.
        """
        if not sys.stdout.isatty():
            print(self.plain())
            return
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(box=None, header_style="bold", pad_edge=False)
        for number, head in enumerate(self.heads):
            table.add_column(
                Text(head), justify="right" if number in self.right else "left", no_wrap=number == 0 and not fold, overflow="fold"
            )
        for row in self.rows:
            table.add_row(*(Text(cell, style=styles.get(cell, "")) for cell in row))
        Console().print(table)

    def plain(self) -> str:
        """Columns of equal width.

        Example:
            >>> print(Table(["run", "steps"], [["a", "1,200"], ["long", "3"]], right=[1]).plain())
            run   steps
            a     1,200
            long      3
        """
        widths = [max(len(row[i]) for row in [self.heads, *self.rows]) for i in range(len(self.heads))]
        lines = []
        for row in [self.heads, *self.rows]:
            cells = [f"{cell:>{width}}" if i in self.right else f"{cell:<{width}}" for i, (cell, width) in enumerate(zip(row, widths))]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def markdown(self) -> str:
        """As GitHub and others show it.

        Example:
            >>> print(Table(["run", "steps"], [["a|b", "3"]], right=[1]).markdown())
            | run | steps |
            |---|---:|
            | a\\|b | 3 |
        """
        rule = "".join("|---:" if i in self.right else "|---" for i in range(len(self.heads)))
        rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in [self.heads, *self.rows]]
        return "\n".join([rows[0], rule + "|", *rows[1:]])

    def latex(self) -> str:
        r"""A tabular with the rules of the package booktabs.

        Example:
            >>> print(Table(["run", "mean"], [["a_b", "0.5 ± 0.1"]], right=[1]).latex())
            \begin{tabular}{lr}
            \toprule
            run & mean \\
            \midrule
            a\_b & 0.5 $\pm$ 0.1 \\
            \bottomrule
            \end{tabular}
        """
        columns = "".join("r" if i in self.right else "l" for i in range(len(self.heads)))
        rows = [
            " & ".join("".join(_LATEX.get(letter, letter) for letter in cell) for cell in row) + r" \\" for row in [self.heads, *self.rows]
        ]
        return "\n".join(
            [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", rows[0], r"\midrule", *rows[1:], r"\bottomrule", r"\end{tabular}"]
        )

    def csv(self) -> str:
        """Values between commas, quoted where they must be."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows([self.heads, *self.rows])
        return out.getvalue().rstrip("\n")
