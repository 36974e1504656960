"""Surprise as five steps of warmth."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NONE = 255  # a character without a measurement
# In nats: about 1, 2.3, 4 and 6 bits. A fair guess among two is no surprise; one among sixty is the utmost.
LIMITS = (0.7, 1.6, 2.8, 4.2)


def level(surprise: float) -> int:
    """0 (expected) to 4 (astonishing); NONE where the number is not one."""
    if math.isnan(surprise):
        return NONE
    return sum(surprise >= limit for limit in LIMITS)


def levels(surprises: Sequence[float] | NDArray[np.floating]) -> bytes:
    """The level of each, as one byte a character."""
    values = np.asarray(surprises, np.float64)
    steps = np.searchsorted(LIMITS, values, side="right").astype(np.uint8)
    steps[np.isnan(values)] = NONE
    return steps.tobytes()


def runs(values: bytes | bytearray) -> list[tuple[int, int, int]]:
    """Neighbours of one level joined: (first, after last, level), without NONE and 0."""
    if not values:
        return []
    array = np.frombuffer(values, np.uint8)
    ends = [*(np.flatnonzero(array[1:] != array[:-1]) + 1).tolist(), len(values)]
    firsts = [0, *ends[:-1]]
    pairs = zip(firsts, ends, strict=True)
    return [(first, end, values[first]) for first, end in pairs if values[first] not in (0, NONE)]
