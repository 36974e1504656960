"""Measurements as aligned lines of text."""

from collections.abc import Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their heads, numbers to the right, two spaces between; each line ends with a newline."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = ("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (heads, *rows))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def readable(number: float) -> str:
    """Three figures that matter, thousands apart: 16,100  39.1  0.62."""
    if abs(number) >= 1000:
        digits = len(str(int(abs(number)))) - 3
        return f"{round(number, -digits):,.0f}"
    return f"{number:.3g}"


def percent(share: float) -> str:
    """A share in words: 3 %."""
    return f"{100 * share:.0f} %"
