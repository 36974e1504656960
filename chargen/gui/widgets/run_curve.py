"""One run as a plot knows it: losses, gradient norms, and where each step stands in characters, epochs and seconds."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from chargen.gui.widgets.curves import Floats, Series, Smoothing, smooth

Axis = Literal["steps", "characters", "epochs", "seconds"]
AXES: tuple[Axis, ...] = ("steps", "characters", "epochs", "seconds")


class Smoothed:
    """A series and its exponential average, both growing."""

    def __init__(self, beta: float) -> None:
        self.raw, self.average = Series(), Series()
        self._beta, self._state = beta, Smoothing()

    def __len__(self) -> int:
        return len(self.raw)

    def extend(self, x: Floats, y: Floats) -> None:
        average, self._state = smooth(y, self._beta, self._state)
        self.raw.extend(x, y)
        self.average.extend(x, average)

    def smooth_again(self, beta: float) -> None:
        self._beta = beta
        average, self._state = smooth(self.raw.y, beta)
        self.average = Series()
        self.average.extend(self.raw.x, average)


class RunCurve:
    """Losses in nats a character; what is not a finite number is left out. Steps come in order.

    Attributes:
        name: what to call the run. train: its training losses. validation: on held-out text, by step.
        norms: the gradient norms of embedding, each layer and head; empty until some are known.
        text: the hash of the text it learned, where known: losses of two texts cannot be compared.
    """

    def __init__(self, name: str = "", beta: float = 0.95, text: str = "") -> None:
        self.name, self.text = name, text
        self._beta = beta
        self.train, self.validation = Smoothed(beta), Series()
        self.norms: list[Smoothed] = []
        self._places: dict[Axis, Series] = {axis: Series() for axis in AXES if axis != "steps"}
        self._earlier = 0.0  # seconds of the sessions before this one

    def is_empty(self) -> bool:
        return not len(self.train) and not len(self.validation)

    def append_train(self, steps: ArrayLike, losses: ArrayLike) -> None:
        x, y = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
        good = np.isfinite(x) & np.isfinite(y)
        if good.any():
            self.train.extend(x[good], y[good])

    def append_norms(self, steps: ArrayLike, norms: ArrayLike) -> None:
        """``norms`` [n, L + 2]; another number of layers than before begins anew."""
        x, table = np.asarray(steps, dtype=np.float64), np.asarray(norms, dtype=np.float64)
        if table.ndim != 2 or not table.shape[1]:
            return
        good = np.isfinite(x) & np.isfinite(table).all(axis=1)
        if not good.any():
            return
        if len(self.norms) != table.shape[1]:
            self.norms = [Smoothed(self._beta) for _ in range(table.shape[1])]
        for group, column in zip(self.norms, table.T, strict=True):
            group.extend(x[good], column[good])

    def append_validation(self, step: float, loss: float) -> None:
        if np.isfinite(loss):
            self.validation.extend(np.array([step], dtype=np.float64), np.array([loss], dtype=np.float64))

    def append_place(self, step: float, characters: float, epochs: float, seconds: float) -> None:
        """Where ``step`` stands. Seconds that fall back to zero are those of a new session, and add up."""
        times = self._places["seconds"]
        if len(times) and np.isfinite(seconds) and self._earlier + seconds < times.y[-1]:
            self._earlier = float(times.y[-1])
        places: tuple[tuple[Axis, float], ...] = (
            ("characters", characters), ("epochs", epochs), ("seconds", self._earlier + seconds),
        )  # fmt: skip
        for axis, value in places:
            series = self._places[axis]
            if np.isfinite(value) and step > 0 and (not len(series) or step > series.x[-1]):
                series.extend(np.array([step], dtype=np.float64), np.array([value]))

    def forget_reports(self) -> None:
        """Keep the validations and places only."""
        self.train, self.norms = Smoothed(self._beta), []

    def smooth_again(self, beta: float) -> None:
        self._beta = beta
        for line in (self.train, *self.norms):
            line.smooth_again(beta)

    def norm_names(self) -> list[str]:
        """``embedding``, ``layer 1`` …, ``head``."""
        return ["embedding", *(f"layer {i}" for i in range(1, len(self.norms) - 1)), "head"][: len(self.norms)]

    # --- from steps to what the axis counts, and back

    def knows(self, axis: Axis) -> bool:
        """Whether its steps can be placed on that axis."""
        return axis == "steps" or len(self._places[axis]) > 0

    def place(self, steps: Floats, axis: Axis) -> Floats:
        """Where steps stand on an axis: between two reports in proportion, beyond the last at its mean pace."""
        if axis == "steps":
            return steps
        return _along(steps, *self._anchors(axis))

    def step_at(self, value: float, axis: Axis) -> float:
        """The step that stands at ``value``."""
        if axis == "steps":
            return value
        steps, values = self._anchors(axis)
        return float(_along(np.array([value]), values, steps)[0])

    def _anchors(self, axis: Axis) -> tuple[Floats, Floats]:
        series = self._places[axis]
        return np.concatenate(([0.0], series.x)), np.concatenate(([0.0], series.y))


def _along(x: Floats, known_x: Floats, known_y: Floats) -> Floats:
    found = np.interp(x, known_x, known_y)
    if len(known_x) > 1 and known_x[-1] > 0:
        pace = known_y[-1] / known_x[-1]
        found = np.where(x > known_x[-1], known_y[-1] + (x - known_x[-1]) * pace, found)
    return found
