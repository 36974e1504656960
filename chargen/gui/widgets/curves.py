"""Numbers for a loss plot: growing series, debiased smoothing, decimation. Pure numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NATS_PER_BIT = float(np.log(2.0))


class Series:
    """Points that only ever grow; room is doubled, so adding one is cheap."""

    def __init__(self) -> None:
        self._x = np.empty(256)
        self._y = np.empty(256)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def x(self) -> Floats:
        return self._x[: self._count]

    @property
    def y(self) -> Floats:
        return self._y[: self._count]

    def extend(self, x: Floats, y: Floats) -> None:
        needed = self._count + len(x)
        if needed > len(self._x):
            size = max(needed, 2 * len(self._x))
            self._x, self._y = np.resize(self._x, size), np.resize(self._y, size)
        self._x[self._count : needed] = x
        self._y[self._count : needed] = y
        self._count = needed


@dataclass(frozen=True)
class Smoothing:
    """Where an exponential average stands: its biased sum, and what weight it has gathered."""

    total: float = 0.0
    weight: float = 0.0


def smooth(values: Floats, beta: float, state: Smoothing | None = None) -> tuple[Floats, Smoothing]:
    """The exponential average of ``values`` after ``state``, without the bias towards zero at the start.

    Continuing from the returned state gives what one call over everything would give.
    """
    state = state or Smoothing()
    values = np.asarray(values, dtype=np.float64)
    if not len(values):
        return values.copy(), state
    if beta < 1e-9:  # and beta ** -1 must stay finite
        return values.copy(), Smoothing(float(values[-1]), 1.0)
    result = np.empty_like(values)
    total, weight = state.total, state.weight
    # Within a block, sum beta^(i-j) x_j is a cumulative sum of x_j beta^-j; blocks keep that finite.
    size = max(1, min(4096, int(300 / -np.log(beta))))
    for start in range(0, len(values), size):
        block = values[start : start + size]
        decay = beta ** np.arange(1, len(block) + 1)
        totals = decay * (total + (1 - beta) * np.cumsum(block / decay))
        weights = 1 - decay * (1 - weight)
        result[start : start + size] = totals / weights
        total, weight = float(totals[-1]), float(weights[-1])
    return result, Smoothing(total, weight)


def decimate(x: Floats, y: Floats, limit: int = 2_000, log_x: bool = False) -> tuple[Floats, Floats]:
    """At most ``limit`` points that keep the lowest and highest of every stretch, and both ends.

    ``log_x`` makes the stretches even on a logarithmic axis rather than on a linear one.
    """
    count = len(x)
    if count <= limit:
        return x, y
    buckets = max((limit - 2) // 2, 1)
    if log_x:
        low = max(float(x[0]), 1.0)
        bounds = np.searchsorted(x, np.geomspace(low, max(float(x[-1]), low + 1), buckets + 1)[1:-1])
        edges = np.concatenate(([0], bounds, [count]))
    else:
        edges = np.linspace(0, count, buckets + 1).astype(np.int64)
    starts = np.unique(edges[:-1][edges[:-1] < count])
    stretch = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, count)))
    kept = [np.array([0, count - 1])]
    for extreme in (np.minimum, np.maximum):
        found = np.flatnonzero(y == extreme.reduceat(y, starts)[stretch])
        kept.append(found[np.unique(stretch[found], return_index=True)[1]])  # the first of equals
    index = np.unique(np.concatenate(kept))
    return x[index], y[index]
