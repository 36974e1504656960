"""A growing text cut into short paragraphs, so that a million characters can be shown a screen at a time.

Plain Python: offsets count characters (code points) of the whole text. A line without end is cut softly
every thousand characters or so, at a space where there is one; the cut is not part of the text.
"""

from array import array
from bisect import bisect_right

import numpy as np

CHUNK = 1_000

# What would be invisible, or break a line on its own, is shown by its picture, one for one.
_SHOWN: dict[int, int] = {code: 0x2400 + code for code in range(32) if code not in (9, 10)}
_SHOWN |= {0x7F: 0x2421, 0x85: 0x2424, 0x2028: 0x2424, 0x2029: 0x2424}
_SHOWN |= dict.fromkeys(range(0x80, 0x85), 0xFFFD) | dict.fromkeys(range(0x86, 0xA0), 0xFFFD)


def displayable(text: str) -> str:
    """The same number of characters, each of which can be drawn within a line."""
    shown = text.translate(_SHOWN)
    if any("\ud800" <= c <= "\udfff" for c in shown):  # a lone half of a pair is no character for Qt
        shown = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in shown)
    return shown


def to_utf16(text: str, index: int) -> int:
    """Where character ``index`` of ``text`` begins in Qt's 16-bit units."""
    return index if text.isascii() else len(text[:index].encode("utf-16-le")) // 2


def from_utf16(text: str, unit: int) -> int:
    """The character of ``text`` that holds Qt's 16-bit ``unit``."""
    if text.isascii():
        return unit
    return len(text.encode("utf-16-le")[: 2 * unit].decode("utf-16-le", "ignore"))


def cut(line: str) -> list[str]:
    """One line in pieces of at most CHUNK characters."""
    pieces: list[str] = []
    at = 0
    while len(line) - at > CHUNK:
        space = line.rfind(" ", at + CHUNK // 2, at + CHUNK)
        end = space + 1 if space >= 0 else at + CHUNK
        pieces.append(line[at:end])
        at = end
    pieces.append(line[at:])
    return pieces


class ReadingText:
    """The paragraphs, and how many lines each takes at the current width (estimated until laid out)."""

    def __init__(self) -> None:
        self._texts: list[str] = [""]
        self._hard = bytearray(1)  # whether each is ended by a newline, rather than by a soft cut
        self._starts = array("q", [0])
        self._lines = array("i", [1])
        self._exact = bytearray(1)
        self._columns = 66
        self._tops = np.array([0, 1], np.int64)  # the line at which each begins, one more for the end; then room

    def __len__(self) -> int:
        return self._starts[-1] + len(self._texts[-1])

    @property
    def count(self) -> int:
        """How many paragraphs."""
        return len(self._texts)

    def paragraph(self, index: int) -> str:
        return self._texts[index]

    def start(self, index: int) -> int:
        return self._starts[index]

    def find(self, offset: int) -> int:
        """The paragraph that holds ``offset``."""
        return max(bisect_right(self._starts, offset) - 1, 0)

    def append(self, text: str) -> int:
        """Add to the end; returns the first paragraph that changed."""
        if not text:
            return self.count
        first = self.count - 1
        start, pending = self._starts[-1], self._texts[-1] + text
        del self._texts[-1], self._hard[-1], self._starts[-1], self._lines[-1], self._exact[-1]
        lines = pending.split("\n")
        for number, line in enumerate(lines):
            pieces = cut(line)
            for position, piece in enumerate(pieces):
                hard = position == len(pieces) - 1 and number < len(lines) - 1
                self._texts.append(piece)
                self._hard.append(hard)
                self._starts.append(start)
                start += len(piece) + hard
                self._lines.append(self._estimate(piece))
                self._exact.append(0)
        self._add_tops(first)
        return first

    def truncate(self, length: int) -> int:
        """Leave out everything after so many characters; returns the first paragraph that changed."""
        index = self.find(min(length, len(self)))
        rest = self._texts[index][: length - self._starts[index]]
        start = self._starts[index]
        del self._texts[index:], self._hard[index:], self._starts[index:], self._lines[index:], self._exact[index:]
        self._texts.append("")
        self._hard.append(0)
        self._starts.append(start)
        self._lines.append(1)
        self._exact.append(0)
        self._add_tops(index)
        self.append(rest)
        return index

    def slice(self, first: int, last: int) -> str:
        """The text from ``first`` up to ``last``."""
        first, last = max(first, 0), min(last, len(self))
        if first >= last:
            return ""
        begin, end = self.find(first), self.find(last - 1)
        whole = "".join(self._texts[i] + ("\n" if self._hard[i] else "") for i in range(begin, end + 1))
        offset = self._starts[begin]
        return whole[first - offset : last - offset]

    def text(self) -> str:
        return self.slice(0, len(self))

    # --- how tall

    def _estimate(self, text: str) -> int:
        return max(1, -(-len(text) // self._columns))

    def reflow(self, columns: int) -> None:
        """The width changed: every count is an estimate again."""
        self._columns = max(columns, 1)
        self._lines = array("i", (self._estimate(text) for text in self._texts))
        self._exact = bytearray(self.count)
        self._add_tops(0)

    def is_exact(self, index: int) -> bool:
        return bool(self._exact[index])

    def set_lines(self, index: int, lines: int) -> bool:
        """A paragraph was laid out; returns whether that moved what follows."""
        by = lines - self._lines[index]
        self._lines[index] = lines
        self._exact[index] = 1
        if by:
            self._tops[index + 1 : self.count + 1] += by
        return by != 0

    def _add_tops(self, first: int) -> None:
        """The paragraphs from ``first`` on are new."""
        if self.count >= len(self._tops):
            room = self.count - first + self.count // 8 + 64
            self._tops = np.concatenate([self._tops[: first + 1], np.zeros(room, np.int64)])
        lines = np.array(self._lines[first:], np.int64)
        self._tops[first + 1 : self.count + 1] = self._tops[first] + np.cumsum(lines)

    def top(self, index: int) -> int:
        """The line at which a paragraph begins; of ``count``, the one after the last."""
        return int(self._tops[index])

    def at_line(self, line: int) -> int:
        """The paragraph that stands at ``line``."""
        index = int(np.searchsorted(self._tops[: self.count + 1], line, side="right")) - 1
        return min(max(index, 0), self.count - 1)
