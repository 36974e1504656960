"""Rates measured in turns: A B A B …, so that whatever else the machine does falls on both.

A *contestant* is a function that works for about the seconds it is given and returns how much work it did
(characters, products, bytes). Its rate is that over the seconds it took. Rates of the same turn are neighbours in
time: ratios are taken within a turn, and only then their median.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Contestant = Callable[[float], float]

ROUNDS = 5
SECONDS = 0.3
"""How long one contestant works in one turn."""

ENOUGH_ROUNDS = 3
OVERRUN_SECONDS = 4.0
"""Where one action lasts longer than a turn: when all turns together overran by that much, so many rounds will do."""


@dataclass(frozen=True)
class Measured:
    """Rates of one contestant, one a turn, in units of work per second."""

    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rates)

    @property
    def spread(self) -> float:
        """From the slowest turn to the fastest, as a share of the median: 0.1 is ten per cent."""
        return (max(self.rates) - min(self.rates)) / self.median

    def over(self, other: "Measured") -> "Measured":
        """This rate over another's, turn by turn."""
        return Measured(tuple(mine / theirs for mine, theirs in zip(self.rates, other.rates, strict=True)))

    def times(self, factor: float) -> "Measured":
        """The same in another unit."""
        return Measured(tuple(rate * factor for rate in self.rates))


def repeated(action: Callable[[], object], work: float = 1.0) -> Contestant:
    """A contestant that calls ``action`` until its seconds are over, at least once; each call does ``work``."""

    def contestant(seconds: float) -> float:
        end, calls = time.perf_counter() + seconds, 0
        while calls == 0 or time.perf_counter() < end:
            action()
            calls += 1
        return calls * work

    return contestant


def interleaved(
    contestants: Mapping[str, Contestant], rounds: int = ROUNDS, seconds: float = SECONDS
) -> dict[str, Measured]:
    """Measure all of them in turns; each has worked a moment before, unmeasured.

    Args:
        rounds: turns of each; fewer, but not below :data:`ENOUGH_ROUNDS`, where they overrun by
            :data:`OVERRUN_SECONDS`.
        seconds: how long one works in one turn.
    """
    for contestant in contestants.values():
        contestant(seconds / 4)
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    begun = time.perf_counter()
    for done in range(rounds):
        overrun = time.perf_counter() - begun - done * len(contestants) * seconds
        if done >= ENOUGH_ROUNDS and overrun > OVERRUN_SECONDS:
            break
        for name, contestant in contestants.items():
            start = time.perf_counter()
            work = contestant(seconds)
            rates[name].append(work / (time.perf_counter() - start))
    return {name: Measured(tuple(values)) for name, values in rates.items()}


def figures(named: Mapping[str, Measured]) -> dict[str, float]:
    """For a JSON line: the medians under the names that scripts rely on, their spreads after them."""
    medians = {name: float(f"{value.median:.4g}") for name, value in named.items()}
    return {**medians, **{f"{name}_spread": round(value.spread, 3) for name, value in named.items()}}
