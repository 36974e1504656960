"""What a plot draws of some runs: lines with colour, width and dashes, and their values at one place in words."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from chargen.gui import theme, words
from chargen.gui.widgets.curves import NATS_PER_BIT, Floats, decimate
from chargen.gui.widgets.plot_axes import large
from chargen.gui.widgets.run_curve import Axis, RunCurve

Unit = Literal["nats", "bits"]
View = Literal["loss", "gradient"]
POINTS, SMOOTH_POINTS = 1_000, 300  # of the raw line; of a thick, smooth one, which costs ten times as much a point
_NAME = 32  # characters of a compared run's name beside its values
MOST_RUNS = 5  # compared at once: as many as there are colours for
LEAST: dict[Axis, float] = {"steps": 1.0, "characters": 1.0, "epochs": 1e-3, "seconds": 0.1}
"""A logarithmic axis begins here, as it has no zero."""
# In widths of the line; solid lines are those of the run on the page.
DASHES: tuple[tuple[float, ...], ...] = ((5, 2.5), (1.5, 2), (8, 2.5, 1.5, 2.5), (11, 3), (4, 2, 1, 2, 1, 2))


@dataclass(frozen=True)
class Scales:
    """How values become places: what the axis counts, which axes are logarithmic, the unit of losses."""

    view: View = "loss"
    axis: Axis = "steps"
    log_x: bool = False
    log_y: bool = False
    unit: Unit = "nats"

    def value(self, numbers: Floats) -> Floats:
        """Nats to the shown unit; gradient norms stay as they are."""
        return numbers / NATS_PER_BIT if self.view == "loss" and self.unit == "bits" else numbers

    def x(self, places: Floats) -> Floats:
        return np.log10(np.maximum(places, LEAST[self.axis])) if self.log_x else places

    def y(self, values: Floats) -> Floats:
        if not self.log_y:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log10(values), np.nan)  # what has no logarithm is not drawn

    def to_place(self, x: float) -> float:
        """From where a pointer stands to what the axis counts."""
        return 10.0 ** min(max(x, -300.0), 300.0) if self.log_x else x


@dataclass(frozen=True, eq=False)
class Line:
    """One line, in the coordinates of the plot (exponents of ten where an axis is logarithmic).

    Attributes:
        name: what stands at its end and in the legend; empty for a line that only stands behind another.
        fits: whether the range of the plot must hold it; a single wild point of a raw line may leave it.
        dash: lengths of strokes and gaps in widths; empty for a solid line. dots: whether its points are marked.
    """

    key: str
    name: str
    x: Floats
    y: Floats
    colour: str
    width: float = 2.0
    dash: tuple[float, ...] = ()
    dots: bool = False
    fits: bool = True


def lines(own: RunCurve, compared: list[RunCurve], scales: Scales, window: tuple[float, float] | None) -> list[Line]:
    """Everything to draw, from back to front. ``window``: the stretch of the axis that is seen; None for all."""
    drawn = _Drawing(scales, window)
    if scales.view == "gradient":
        return drawn.norms(next((run for run in (own, *compared) if run.norms), own))
    return [*drawn.compared(compared), *drawn.own(own)]


class _Drawing:
    def __init__(self, scales: Scales, window: tuple[float, float] | None) -> None:
        self._scales, self._window = scales, window

    def _line(
        self, run: RunCurve, key: str, name: str, x: Floats, y: Floats, colour: str, points: int = SMOOTH_POINTS,
        width: float = 2.0, dash: tuple[float, ...] = (), dots: bool = False, fits: bool = True,
    ) -> list[Line]:  # fmt: skip
        """One line, or none where the run cannot be placed on the axis."""
        scales = self._scales
        if not len(x) or not run.knows(scales.axis):
            return []
        x, y = self._seen(run, x, y)
        x, y = decimate(x, y, points, scales.log_x)
        shown_x, shown_y = scales.x(run.place(x, scales.axis)), scales.y(scales.value(y))
        good = np.isfinite(shown_x) & np.isfinite(shown_y)
        if not good.any():
            return []
        return [Line(key, name, shown_x[good], shown_y[good], colour, width, dash, dots, fits)]

    def _seen(self, run: RunCurve, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Zoomed in, the points are spent on what is seen (and one neighbour at each side)."""
        if self._window is None:
            return x, y
        low, high = (run.step_at(value, self._scales.axis) for value in self._window)
        first = max(int(np.searchsorted(x, low)) - 1, 0)
        last = min(int(np.searchsorted(x, high, side="right")) + 1, len(x))
        return x[first:last], y[first:last]

    def own(self, run: RunCurve) -> list[Line]:
        t = theme.tokens()
        raw, average = run.train.raw, run.train.average
        faint = theme.mix(t.surface, t.ink_3, 0.38)
        return [
            *self._line(run, "raw", "", raw.x, raw.y, faint, POINTS, 1, fits=False),
            *self._line(run, "train", "train", average.x, average.y, t.ink_2),
            *self._line(
                run, "validation", "validation", run.validation.x, run.validation.y, t.data_1, width=2.2, dots=True
            ),
        ]

    def compared(self, runs: list[RunCurve]) -> list[Line]:
        """Of each its validation, dashed, over its faint training losses; those alone where nothing was held out."""
        t = theme.tokens()
        found: list[Line] = []
        for place, run in enumerate(runs):
            colour, dash = t.curves[place % len(t.curves)], DASHES[place % len(DASHES)]
            train, validation = run.train.average, run.validation
            faint = theme.mix(t.surface, colour, 0.45)
            if len(validation):
                found += self._line(run, f"{place} train", "", train.x, train.y, faint, width=1)
                found += self._line(run, str(place), run.name, validation.x, validation.y, colour, dash=dash)
            else:
                found += self._line(run, str(place), f"{run.name} (train)", train.x, train.y, colour, dash=dash)
        return found

    def norms(self, run: RunCurve) -> list[Line]:
        t = theme.tokens()
        colours = (t.data_1, *t.curves)
        behind: list[Line] = []
        before: list[Line] = []
        for place, (name, norm) in enumerate(zip(run.norm_names(), run.norms, strict=True)):
            colour = colours[place % len(colours)]
            dash = () if place == 0 else DASHES[(place - 1) % len(DASHES)]
            faint = theme.mix(t.surface, colour, 0.22)
            behind += self._line(run, f"{name} raw", "", norm.raw.x, norm.raw.y, faint, width=1, fits=False)
            before += self._line(run, name, name, norm.average.x, norm.average.y, colour, dash=dash)
        return behind + before


def extent(run: RunCurve, scales: Scales) -> tuple[float, float] | None:
    """Where a run begins and ends on the axis; None where nothing of it is drawn."""
    series = [run.train.raw, run.validation] if scales.view == "loss" else [norm.raw for norm in run.norms]
    ends = [np.array([each.x[0], each.x[-1]]) for each in series if len(each)]
    if not ends or not run.knows(scales.axis):
        return None
    places = scales.x(run.place(np.concatenate(ends), scales.axis))
    return float(places.min()), float(places.max())


# --- values in words


def place_words(value: float, axis: Axis) -> str:
    """``step 1,200``, ``1.5 M characters``, ``epoch 2.25``, ``0:47``."""
    return {
        "steps": f"step {value:,.0f}", "characters": f"{large(value)} characters", "epochs": f"epoch {value:.2f}",
        "seconds": words.clock(value),
    }[axis]  # fmt: skip


def reading(own: RunCurve, compared: list[RunCurve], scales: Scales, place: float) -> str:
    """The exact values nearest to ``place``, a line for each run; the smoothed ones where lines are smoothed."""
    if scales.view == "gradient":
        return _norms_at(next((run for run in (own, *compared) if run.norms), own), scales, place)
    found: list[str] = []
    head = place
    if not own.is_empty() and own.knows(scales.axis):
        head, told = _losses_at(own, scales, place)
        found.append(f"{place_words(head, scales.axis)} · {told} {scales.unit}")
    elif compared:
        found.append(f"{place_words(place, scales.axis)} · {scales.unit}")
    for run in compared:
        if run.knows(scales.axis) and not run.is_empty():
            name = run.name if len(run.name) <= _NAME else f"{run.name[: _NAME - 1]}…"
            found.append(f"{name}: {_losses_at(run, scales, head, brief=True)[1]}")
    return "\n".join(found)


def _losses_at(run: RunCurve, scales: Scales, place: float, brief: bool = False) -> tuple[float, str]:
    """Where the nearest training loss stands (else the nearest validation), and what they are."""
    step = run.step_at(place, scales.axis)
    parts: list[str] = []
    train, validation = run.train, run.validation
    if len(train):
        i = nearest(train.raw.x, step)
        step = float(train.raw.x[i])
        raw, smoothed = (float(scales.value(s.y[i : i + 1])[0]) for s in (train.raw, train.average))
        parts.append(f"train {raw:.4f}" if brief else f"train {raw:.4f}, smoothed {smoothed:.4f}")
    if len(validation):
        i = nearest(validation.x, step)
        at = f"validation {float(scales.value(validation.y[i : i + 1])[0]):.4f}"
        if parts and abs(validation.x[i] - step) > 0.5:
            where = float(run.place(validation.x[i : i + 1], scales.axis)[0])
            at += f" at {place_words(where, scales.axis).removeprefix('step ')}"
        elif not parts:
            step = float(validation.x[i])
        parts.append(at)
    return float(run.place(np.array([step]), scales.axis)[0]), " · ".join(parts)


def _norms_at(run: RunCurve, scales: Scales, place: float) -> str:
    if not run.norms or not run.knows(scales.axis):
        return ""
    i = nearest(run.norms[0].raw.x, run.step_at(place, scales.axis))
    at = float(run.place(run.norms[0].raw.x[i : i + 1], scales.axis)[0])
    parts = [f"{name} {norm.raw.y[i]:.4g}" for name, norm in zip(run.norm_names(), run.norms, strict=True)]
    rows = [" · ".join(parts[first : first + 4]) for first in range(0, len(parts), 4)]
    return "\n".join([f"{place_words(at, scales.axis)} · {rows[0]}", *rows[1:]])


def nearest(x: Floats, value: float) -> int:
    """The index of the number nearest to ``value`` among rising ones."""
    right = int(np.searchsorted(x, value))
    if right <= 0:
        return 0
    if right >= len(x):
        return len(x) - 1
    return right if x[right] - value < value - x[right - 1] else right - 1
