"""Where the ticks of a plot stand and how they read, on linear, logarithmic and time axes."""

import math
from typing import Literal

import pyqtgraph as pg

from chargen.gui import words

Kind = Literal["steps", "characters", "epochs", "seconds", "value"]

_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
_FARTHEST = 300.0  # powers of ten that a float still holds
_PIXELS = {"value": 38}  # between two ticks at least; along the bottom words need more
_PIXELS_BELOW = 84


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts ``span`` into at most ``most`` pieces."""
    rough = span / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def ticks(low: float, high: float, most: int, kind: Kind = "value", log: bool = False) -> list[float]:
    """At most about ``most`` places from ``low`` to ``high``; on a logarithmic axis all are powers' exponents."""
    if not (math.isfinite(low) and math.isfinite(high)) or high - low <= max(abs(low), abs(high), 1e-250) * 1e-12:
        return []
    if log:
        return _log_ticks(max(low, -_FARTHEST), min(high, _FARTHEST), most)
    step = nice_step(high - low, most)
    if kind == "seconds" and high - low >= 2:
        step = next((float(time) for time in _TIMES if time * most >= high - low), step)
    elif kind in ("steps", "characters"):
        step = max(step, 1.0)
    return _multiples(low, high, step)


def _multiples(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step - 1e-9)
    return [at * step for at in range(first, first + 200) if at * step <= high + 1e-9 * step]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    if high <= low:
        return []
    if high - low < 0.7:  # less than a decade reads best in round numbers
        small, large = 10.0**low, 10.0**high
        if large - small <= 1e-9 * large:  # too narrow for round numbers to be told apart
            return []
        found = [math.log10(value) for value in _multiples(small, large, nice_step(large - small, most)) if value > 0]
        return [place for place in found if low <= place <= high]
    decades = range(math.floor(low), math.ceil(high) + 1)
    for heads in ((1, 2, 5), (1, 3), (1,)):
        found = [decade + math.log10(head) for decade in decades for head in heads]
        found = [place for place in found if low <= place <= high]
        if len(found) <= max(most, 2):
            return found
    every = math.ceil(len(decades) / max(most, 1))
    return [float(decade) for decade in decades if decade % every == 0 and low <= decade <= high]


def tick_word(value: float, kind: Kind, step: float = 0.0) -> str:
    """How a tick reads; ``step``: the distance to the next one, 0 on a logarithmic axis."""
    if kind == "seconds":
        return words.clock(value) if value >= 1 or value == 0 else f"{value:g} s"
    if kind == "characters":
        return large(value)
    if kind == "steps":
        return f"{value:,.0f}"
    if step > 0:
        return f"{value:,.{min(max(0, -math.floor(math.log10(step) + 1e-9)), 9)}f}"
    return f"{value:.4g}"


def large(value: float) -> str:
    """``250``, ``12 k``, ``1.5 M``, ``2 G``: as many digits as are needed."""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= unit:
            return f"{value / unit:.4g}{name}"
    return f"{value:.4g}"


class Ticks(pg.AxisItem):  # type: ignore[misc]
    """An axis whose ticks are chosen here. Where ``log`` is on, its range is that of exponents of ten."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.kind: Kind = "value"
        self.log = False

    def set_kind(self, kind: Kind, log: bool) -> None:
        if (kind, log) != (self.kind, self.log):
            self.kind, self.log = kind, log
            self.picture = None
            self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        low, high = sorted((minVal, maxVal))
        most = max(int(size / _PIXELS.get(self.kind, _PIXELS_BELOW)), 2)
        places = ticks(low, high, most, self.kind, self.log)
        step = places[1] - places[0] if len(places) > 1 else high - low
        return [(step, places)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.log:
            return [tick_word(10.0**value, self.kind) for value in values]
        return [tick_word(value, self.kind, spacing) for value in values]
