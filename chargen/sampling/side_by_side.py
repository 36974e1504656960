"""Several texts side by side: the same settings, seed state and random seed, with one thing changed.

They are written in turns, a few characters each, by streams of their own rather than as the rows of a batch: so the
one whose value is that of a draft is that draft, byte for byte, can be gone on from, and is made again by itself.
(Products of matrices round their last bit otherwise than products with a vector; see :mod:`chargen.sampling.batch`.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.errors import ChargenError, SettingError
from chargen.jobs import CancelledError, Worker
from chargen.sampling.difference import label_of
from chargen.sampling.drafts import LONGEST
from chargen.sampling.job import (
    Attentive,
    Begun,
    Ear,
    Pen,
    Postman,
    Request,
    Stopped,
    Written,
    make_state,
    what_was_written,
)
from chargen.sampling.sampler import Stream
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Footprints
from chargen.settings import OPTIONS, option

NUMBERS = ("temperature", "top_k", "top_p", "min_p", "typical", "repetition_penalty", "beam", "random_seed")
CHANGES = (*NUMBERS, "prompt", "seed_state", "model")
"""What can be the one thing that changes."""

MOST_COLUMNS = 4
"""That a window shows side by side."""

_OFFERED: dict[str, tuple[float, ...]] = {
    "temperature": (0.4, 0.8, 1.2, 1.6),
    "top_k": (0, 5, 20, 2),
    "top_p": (1.0, 0.9, 0.7, 0.5),
    "min_p": (0.0, 0.05, 0.15, 0.3),
    "typical": (1.0, 0.9, 0.6, 0.3),
    "repetition_penalty": (1.0, 1.1, 1.3, 1.6),
    "beam": (0, 4, 16, 64),
}
_TURN = 8  # characters of one text before it is the next one's turn


def offered(name: str, value: Any, count: int = 3) -> list[Any]:
    """Values of a number worth comparing, ascending or from "off" on; ``value``, the present one, is among them."""
    if name == "random_seed":
        return [min(value + number, int(option(name).maximum or 0)) for number in range(count)]
    values = list(_OFFERED[name][:count])
    nearest = min(range(count), key=lambda place: abs(values[place] - value))
    if value not in values:
        values[nearest] = value
    return sorted(values, reverse=name in ("top_p", "typical"))


def parse_value(name: str, text: str) -> Any:
    """A setting as a person types it; ``off`` is what switches it off. Raises SettingError."""
    if name == "prompt":
        return text
    row = OPTIONS[name]
    typed = text.strip()
    return row.default if typed.casefold() == "off" and row.default is not None else row.check(typed)


def variants(base: SamplingSettings, name: str, values: Sequence[Any]) -> list[SamplingSettings]:
    """The settings of each text. ``name`` is a setting; of ``seed_state`` and ``model`` only the number counts.

    Raises:
        SettingError: fewer than two values, two that are the same, values out of range, ones that would make no
            difference, or texts too long to be kept together.
    """
    if name not in CHANGES:
        raise SettingError(f"“{name[:40]}” cannot be compared; choose one of {', '.join(CHANGES)}.")
    if len(values) < 2:
        raise SettingError("A comparison needs at least two values; give another one.")
    if len(values) * base.length > LONGEST:
        raise SettingError(
            f"{len(values)} texts of {base.length:,} characters are more than are kept together; "
            f"ask for at most {LONGEST // len(values):,} each."
        )
    for number, value in enumerate(values):
        if value in values[:number]:
            raise SettingError(f"Two of the texts have the same {label_of(name).lower()}; change one of them.")
    if name == "temperature" and base.temperature_curve:
        raise SettingError("A temperature curve stands in place of the temperature; empty it to compare temperatures.")
    if base.beam and name not in ("beam", "beam_per_character", "prompt", "seed_state", "model"):
        raise SettingError(
            f"A beam search looks for the likeliest text, whatever the {label_of(name).lower()}; "
            "switch it off to compare."
        )
    base = base.with_seed()
    if name not in OPTIONS and name != "prompt":
        return [base] * len(values)
    return [replace(base, **{name: value}) for value in values]


# -- the job -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ColumnsBegun:
    """Everything is ready: one :class:`Begun` for each text."""

    columns: tuple[Begun, ...]


@dataclass(frozen=True, eq=False)
class ColumnChunk:
    """Characters of one text (``place``, from 0), and how surprising each was, in bits."""

    place: int
    text: str
    bits: NDArray[np.float32]


class _Column:
    """One text while it is written."""

    def __init__(self, worker: Worker, ear: Ear, place: int, pen: Pen, request: Request) -> None:
        self._engine = Attentive(pen.sampler.engine.weights, ear.while_reading)
        try:
            state = make_state(self._engine, request.seed)
            self.stream = Stream(self._engine, request.settings, state, after="", alternatives=0)
        except ChargenError as error:
            raise SettingError(f"Text {place + 1}: {error}") from None
        self._postman = Postman(worker, partial(ColumnChunk, place))
        self._footprints = Footprints()
        self._written = 0
        self._problem = ""
        self.ended = False

    def begun(self) -> Begun:
        return Begun(self.stream.settings, self.stream.seed_state, self.stream.notices)

    def go_on(self) -> None:
        """A few characters."""
        try:
            for _ in range(_TURN):
                sampled = next(self.stream, None)
                if sampled is None:
                    self.ended = True
                    break
                if self._written >= self._footprints.due:
                    self._footprints.keep(self._written, self._engine)
                self._written += 1
                self._postman.take(sampled.character, sampled.surprise)
        except ChargenError as error:  # the network's numbers went astray: the other texts go on
            self._problem, self.ended = str(error), True

    def end(self) -> Written:
        self._postman.post()
        length = self.stream.settings.length
        return what_was_written(self.stream, length, not self.ended, self._problem, self._footprints)


def write_side_by_side(columns: Sequence[tuple[Pen, Request]]) -> Callable[[Worker], tuple[Written, ...] | None]:
    """The work of several texts: :class:`ColumnsBegun`, then chunks of each; the result is what was written.

    All of them are begun before one character is written: what is refused (a state, a prompt) fails the job with a
    sentence that names the text. To stop or to cancel it ends them all, and what there is is the result; None if that
    was before anything was written.
    """

    def work(worker: Worker) -> tuple[Written, ...] | None:
        ear = Ear(worker)
        try:
            lines = [_Column(worker, ear, place, *column) for place, column in enumerate(columns)]
        except Stopped:
            return None
        worker.post(ColumnsBegun(tuple(line.begun() for line in lines)))
        try:
            while not ear.stopped and any(not line.ended for line in lines):
                for line in lines:
                    if not line.ended:
                        line.go_on()
                    ear.listen()
        except CancelledError:  # the window closes: kept like what was stopped
            pass
        return tuple(line.end() for line in lines)

    return work
