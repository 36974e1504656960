"""Warm bands behind the characters of a paragraph that was laid out: made once, painted often."""

from functools import cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter, QTextCharFormat, QTextLayout

from chargen.gui import theme
from chargen.gui.widgets import heat


class HeatBands:
    """The bands of one paragraph, for this layout, these levels and this theme.

    A line's bands are kept as one row of pixels, drawn as high as a band is: a hundred characters are one object.

    Args:
        layout, text: the paragraph. width: of its column.
        levels: one byte for each of its characters, see :mod:`chargen.gui.widgets.heat`.
    """

    def __init__(self, layout: QTextLayout, text: str, width: int, levels: bytes, t: theme.Tokens) -> None:
        self.layout, self.tokens = layout, t
        runs = heat.runs(levels)
        if not text.isascii() and max(text) > "\uffff":  # some characters take two of Qt's units
            places = [0, *accumulate(1 + (character > "\uffff") for character in text)]
            runs = [(places[first], places[last], level) for first, last, level in runs]
        colours, inks = _look(t)
        pixels = np.zeros((layout.lineCount(), width), np.uint32)
        at = 0
        for number, row in enumerate(pixels):
            line = layout.lineAt(number)
            begin = line.textStart()
            end = begin + line.textLength()
            places, inside = [begin], []  # the borders of its runs, and the colours between them
            while at < len(runs) and runs[at][0] < end:
                first, last, level = runs[at]
                first = max(first, begin)
                if first > places[-1]:
                    places.append(first)
                    inside.append(0)
                places.append(min(last, end))
                inside.append(colours[level])
                if last > end:
                    break  # it goes on in the next line
                at += 1
            _fill(row, [line_x(line, place) for place in places], inside)
        self._pixels = pixels  # the picture reads them where they are
        size = pixels.shape[::-1]
        self._image = QImage(pixels.data, *size, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        self.inks = [_ink(first, last, inks[level]) for first, last, level in runs if level in inks] if inks else []

    def paint(self, painter: QPainter, at: QPoint, top: int, height: int, unit: int) -> None:
        """The bands of a paragraph at ``at``; of a line, ``unit`` pixels high, they take ``height`` at ``top``."""
        width = self._image.width()
        for number in range(self._image.height()):
            where = QRect(at.x(), at.y() + number * unit + top, width, height)
            painter.drawImage(where, self._image, QRect(0, number, width, 1))


def _fill(row: NDArray[np.uint32], borders: list[float], inside: list[int]) -> None:
    """Colour a row of pixels between the borders, which run to the left where the script does."""
    # Whole pixels, so that neighbouring bands neither overlap nor leave a seam.
    x = np.rint(borders).clip(0, len(row)).astype(np.intp)
    widths = x[1:] - x[:-1]
    if widths.size and widths.min() >= 0:  # in one go, for there are hundreds of them on a screen
        row[x[0] : x[-1]] = np.repeat(np.array(inside, np.uint32), widths)
        return
    for one, other, colour in zip(x[:-1], x[1:], inside, strict=True):
        if colour:
            row[min(one, other) : max(one, other)] = colour


@cache
def _look(t: theme.Tokens) -> tuple[list[int], dict[int, QTextCharFormat]]:
    """The colour of each level, and the ink of those where the common one does not do."""
    inks = {}
    for level in range(len(t.heat)):
        if t.heat_ink(level) != t.ink:
            inks[level] = QTextCharFormat()
            inks[level].setForeground(theme.colour(t.heat_ink(level)))
    return [theme.colour(value).rgba() for value in t.heat], inks


def _ink(first: int, last: int, ink: QTextCharFormat) -> QTextLayout.FormatRange:
    """Each costs a piece of layout to draw."""
    run = QTextLayout.FormatRange()
    run.start, run.length, run.format = first, last - first, ink
    return run


def line_x(line: object, unit: int) -> float:
    """PySide returns the position with the corrected cursor, or the position alone, by version."""
    result = line.cursorToX(unit)  # type: ignore[attr-defined]
    return result[0] if isinstance(result, tuple) else result  # type: ignore[no-any-return]
