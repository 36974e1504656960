"""The passages of a text that a network expected least, and those it expected most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LENGTH = 72
"""Characters of a passage: about a line of a book."""
COUNT = 5
_SHORTEST = 12
_PER_TEXT = 8  # a short text has shorter passages, so that there are several
_WORD = 16  # how far a passage may grow to begin and end between words


@dataclass(frozen=True)
class Passage:
    """The characters of a text from ``first`` up to ``last``, and the mean of their bits."""

    first: int
    last: int
    bits: float


def passages(text: str, bits: NDArray[np.float32], count: int = COUNT) -> tuple[list[Passage], list[Passage]]:
    """The worst and the best passages, each list beginning with the most extreme; none overlaps another.

    A passage is a stretch of :data:`LENGTH` characters (fewer in a short text) with the highest or lowest mean, found
    one after the other, grown to whole words. Where less than half was measured there is no passage.

    Args:
        text: N characters.
        bits: [N], NaN where nothing was measured.
        count: at most so many of each kind.
    """
    length = min(LENGTH, max(_SHORTEST, len(text) // _PER_TEXT))
    if len(text) < 2 * _SHORTEST:
        return [], []
    measured = ~np.isnan(bits)
    means = _means(bits, measured, length)
    taken = np.zeros(len(text), bool)
    worst: list[Passage] = []
    best: list[Passage] = []
    for _ in range(count):  # in turns, so that a short text has some of both
        for found, sign in ((worst, 1.0), (best, -1.0)):
            start = _extreme(sign * means)
            if start is None:
                return worst, best
            first, last = _words(text, start, start + length, taken)
            taken[first:last] = True
            means[max(first - length + 1, 0) : last] = np.nan
            inside = bits[first:last][measured[first:last]]
            if inside.size:
                found.append(Passage(first, last, float(inside.mean(dtype=np.float64))))
    return worst, best


def _means(bits: NDArray[np.float32], measured: NDArray[np.bool_], length: int) -> NDArray[np.float64]:
    """Mean bits of every stretch of ``length`` characters; NaN where less than half of it was measured."""
    sums = np.concatenate([[0.0], np.cumsum(np.where(measured, bits, 0.0), dtype=np.float64)])
    counts = np.concatenate([[0], np.cumsum(measured)])
    inside = counts[length:] - counts[:-length]
    total = sums[length:] - sums[:-length]
    return np.where(2 * inside >= length, total / np.maximum(inside, 1), np.nan)


def _extreme(means: NDArray[np.float64]) -> int | None:
    return None if np.isnan(means).all() else int(np.nanargmax(means))


def _words(text: str, first: int, last: int, taken: NDArray[np.bool_]) -> tuple[int, int]:
    """Grown to the words at both ends, where that is not far and free; without blanks at its ends."""
    for start in range(first, max(first - _WORD, 0) - 1, -1):
        if taken[start]:
            break
        if start == 0 or text[start - 1].isspace():
            first = start
            break
    for end in range(last, min(last + _WORD, len(text)) + 1):
        if taken[end - 1]:
            break
        if end == len(text) or text[end].isspace():
            last = end
            break
    inner = text[first:last]
    if inner.strip():
        first, last = first + len(inner) - len(inner.lstrip()), last - (len(inner) - len(inner.rstrip()))
    return first, last
