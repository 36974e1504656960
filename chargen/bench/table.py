"""Measurements as a table whose rows come one after the other: aligned lines, or Markdown for a document."""

from collections.abc import Sequence


class Table:
    """The head and the rows of a table, each as one line that ends with a newline.

    Widths are fixed before the first row is known, since a row is shown as soon as it was measured; what is wider
    than its column pushes the rest of its line.

    Args:
        columns: (head, least width) each; all but the first stand to the right.
        markdown: write it as GitHub's Markdown.
    """

    def __init__(self, columns: Sequence[tuple[str, int]], *, markdown: bool = False) -> None:
        self._heads = [head for head, _ in columns]
        self._widths = [max(len(head), width) for head, width in columns]
        self._markdown = markdown

    def head(self) -> str:
        """The line of heads; in Markdown the line under it as well."""
        if not self._markdown:
            return self.row(self._heads)
        return self.row(self._heads) + "|---" + "|---:" * (len(self._heads) - 1) + "|\n"

    def row(self, cells: Sequence[str]) -> str:
        """One line; as many cells as heads."""
        if self._markdown:
            return "".join(f"| {cell.replace('|', chr(92) + '|')} " for cell in cells) + "|\n"
        first, *others = zip(cells, self._widths, strict=True)
        line = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return "  ".join(line).rstrip() + "\n"


def readable(number: float) -> str:
    """Three figures that matter, thousands apart: 16,100  39.1  0.62."""
    if abs(number) >= 1000:
        digits = len(str(int(abs(number)))) - 3
        return f"{round(number, -digits):,.0f}"
    return f"{number:.3g}"


def percent(share: float) -> str:
    """A share in words: 3 %."""
    return f"{100 * share:.0f} %"
