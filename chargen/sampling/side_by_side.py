"""Several texts side by side: the same settings, seed state and random seed, with one thing changed.

They are written in turns, a few characters each, by streams of their own rather than as the rows of a batch: so the
one whose value is that of a draft is that draft, byte for byte, can be gone on from, and is made again by itself.
(Products of matrices round their last bit otherwise than products with a vector; see :mod:`chargen.sampling.batch`.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chargen.errors import ChargenError, SettingError
from chargen.jobs import CancelledError, Worker
from chargen.sampling.difference import label_of
from chargen.sampling.drafts import LONGEST, Part, stands_alone
from chargen.sampling.events import Begun, NotObeyed, WentOn, Written
from chargen.sampling.job import Attentive, Ear, Postman, Stopped, make_state, what_was_written
from chargen.sampling.requests import Pen, Request
from chargen.sampling.sample import versions
from chargen.sampling.sampler import Stream
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Footprints, settings_at
from chargen.settings import OPTIONS, option

NUMBERS = ("temperature", "top_k", "top_p", "min_p", "typical", "repetition_penalty", "beam", "random_seed")
SWITCHES = ("loop_breaker", "beam_per_character")
WORDS = ("temperature_curve", "ban", "stop", "steer", "prompt")
"""Settings that are a text, and may be none."""
CHANGES = (
    "temperature", "temperature_curve", "top_k", "top_p", "min_p", "typical", "repetition_penalty", "loop_breaker",
    "ban", "stop", "beam", "beam_per_character", "random_seed", "prompt", "seed_state", "steer", "model",
)  # fmt: skip
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
_TRIED = {
    "temperature_curve": ("", "0%:0.4,100%:1.2", "0%:1.2,100%:0.4", "0%:0.4,50%:1.2,100%:0.4"),
    "steer": ("", "1.**0.5", "1.**1.5", "1.**0"),
}
"""Texts that mean something to every model; what to ban or where to stop depends on it."""
_SEARCHED = ("beam", "beam_per_character", "prompt", "seed_state", "model", "ban", "stop", "steer")
"""What makes a difference to a beam search."""
_TURN = 8  # characters of one text before it is the next one's turn


def offered(name: str, value: Any, count: int = 3) -> list[Any]:
    """Values worth comparing, of numbers ascending or from "off" on; ``value``, the present one, is among them.

    There are fewer of what is on or off, and of texts that depend on the model.
    """
    if name in SWITCHES:
        return [False, True]
    if name in WORDS:
        none = () if name == "stop" else ""
        return list(dict.fromkeys([value, none, *_TRIED.get(name, ())]))[:count]
    if name == "random_seed":
        return [min(value + number, int(option(name).maximum or 0)) for number in range(count)]
    values = list(_OFFERED[name][:count])
    nearest = min(range(count), key=lambda place: abs(values[place] - value))
    if value not in values:
        values[nearest] = value
    return sorted(values, reverse=name in ("top_p", "typical"))


def parse_value(name: str, text: str) -> Any:
    """A setting as a person types it; ``off`` is what switches it off, of a text the empty one. Raises SettingError."""
    typed = text.strip()
    value: Any = typed
    if name == "stop":
        value = (text,) if text else ()
    elif name in ("prompt", "ban"):
        value = text
    elif name in SWITCHES:
        value = {"on": True, "off": False}.get(typed.casefold(), typed)
    elif typed.casefold() == "off" and OPTIONS[name].default is not None:
        value = OPTIONS[name].default
    elif name in OPTIONS:
        value = OPTIONS[name].check(typed)
    return getattr(SamplingSettings(**{name: value}), name)


def variants(base: SamplingSettings, name: str, values: Sequence[Any]) -> list[SamplingSettings]:
    """The settings of each text. ``name`` is a setting; of ``seed_state`` and ``model`` only the number counts.

    Raises:
        SettingError: fewer than two values, two that are the same, values out of range, ones that would make no
            difference, or texts too long to be kept together.
    """
    if name not in CHANGES:
        raise SettingError(f"“{name[:40]}” cannot be compared; choose one of {', '.join(CHANGES).replace('_', '-')}.")
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
    if name == "beam_per_character" and not base.beam:
        raise SettingError("“Beam per character” is a rule of the beam search; switch that on to compare.")
    if base.beam and name not in _SEARCHED:
        raise SettingError(
            f"A beam search looks for the likeliest text, whatever the {label_of(name).lower()}; "
            "switch it off to compare."
        )
    base = base.with_seed()
    if name in ("seed_state", "model"):
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


@dataclass(frozen=True, eq=False)
class ColumnsSoFar:
    """The answer to :class:`~chargen.sampling.commands.Keep`: every text until now. Latest wins."""

    latest_wins: ClassVar[bool] = True

    written: tuple[Written, ...]


class _Column:
    """One text while it is written."""

    def __init__(self, worker: Worker, ear: Ear, place: int, pen: Pen, request: Request) -> None:
        self._engine = Attentive(pen.sampler.engine.weights, ear.while_reading)
        try:
            state = make_state(self._engine, request.seed)
            self.stream = Stream(
                self._engine, request.settings, state, after=request.after, given=request.given, alternatives=0
            )
        except ChargenError as error:
            raise SettingError(f"Text {place + 1}: {error}") from None
        self.place = place
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

    def so_far(self) -> Written:
        length = self.stream.settings.length
        return what_was_written(self.stream, length, not self.ended, self._problem, self._footprints)

    def end(self) -> Written:
        self._postman.post()
        return self.so_far()


def write_side_by_side(
    columns: Sequence[tuple[Pen, Request]], compared: str = "", places: Sequence[int] = ()
) -> Callable[[Worker], tuple[Written, ...] | None]:
    """The work of several texts: :class:`ColumnsBegun`, then chunks of each; the result is what was written.

    All of them are begun before one character is written: what is refused (a state, a prompt) fails the job with a
    sentence that names the text. To stop or to cancel it ends them all, and what there is is the result; None if that
    was before anything was written.

    What a running sample can be told, these can be told as well. It holds for all that are still written, from the
    same character on, so that one thing differs between them as before: so what is ``compared`` stays as it is (see
    :func:`can_change`), and steering that one of them refuses is taken by none. ``places`` are what the texts are
    called by in chunks and refusals, where they are not simply counted from 0.
    """

    def work(worker: Worker) -> tuple[Written, ...] | None:
        ear = Ear(worker)
        try:
            numbered = zip(places or range(len(columns)), columns, strict=True)
            lines = [_Column(worker, ear, place, *column) for place, column in numbered]
        except Stopped:
            return None
        worker.post(ColumnsBegun(tuple(line.begun() for line in lines)))
        try:
            while not ear.stopped and any(not line.ended for line in lines):
                _obey(worker, ear, lines, compared)
                for line in lines:
                    if not line.ended:
                        line.go_on()
                    ear.listen()
        except CancelledError:  # the window closes: kept like what was stopped
            pass
        return tuple(line.end() for line in lines)

    return work


def can_go_on(part: Part) -> bool:
    """Whether one of several texts can be continued in its place: from its state, as one sample with what is there.

    A text that ended at a stop text cannot, nor one whose rules looked ahead to its end (a beam search, a curve) or
    back over all of it (the loop breaker).
    """
    return part.goes_on and part.state is not None and stands_alone(part.sample)


def write_on(
    columns: Sequence[tuple[Pen, Part]], length: int, temperature: float, compared: str, places: Sequence[int]
) -> Callable[[Worker], tuple[Written, ...] | None]:
    """The work that continues texts (see :func:`can_go_on`) by so many characters, as each was written at its end.

    The temperature is another one, unless it is what is ``compared``. Otherwise as :func:`write_side_by_side`.
    Raises SettingError where the texts would be too long to be kept together.
    """
    if sum(len(part.sample.text) + length for _, part in columns) > LONGEST:
        raise SettingError(f"Together the texts would be longer than the {LONGEST:,} characters that are kept.")
    requests = []
    for pen, part in columns:
        sample, state = part.sample, part.state
        assert state is not None
        settings = replace(settings_at(sample, len(sample.text)), length=length)
        if can_change("temperature", compared):
            settings = replace(settings, temperature=temperature)
        requests.append((pen, Request(settings, state, sample.after + sample.text)))

    def work(worker: Worker) -> tuple[Written, ...] | None:
        for place, (pen, part) in zip(places, columns, strict=True):
            if (part.sample.engine, part.sample.versions) != (pen.sampler.engine.formulation, versions()):
                raise SettingError(
                    f"Text {place + 1} was written by other versions of the programs, which nothing goes on from in "
                    "its place; keep it as a draft and go on there."
                )
        return write_side_by_side(requests, compared, places)(worker)

    return work


def can_change(what: str, compared: str) -> bool:
    """Whether ``temperature``, ``steer`` or ``seed_state`` of texts that differ in ``compared`` can change meanwhile.

    (By another seed state they go on from that state; see :class:`~chargen.sampling.commands.SetState`.)
    """
    return what != compared and (what, compared) != ("temperature", "temperature_curve")


def _obey(worker: Worker, ear: Ear, lines: Sequence[_Column], compared: str) -> None:
    """Do what was heard, where all texts that are still written have come equally far."""
    writing = [line for line in lines if not line.ended]
    temperature, steer, state, keep = ear.temperature, ear.steer, ear.state, ear.keep
    ear.temperature, ear.steer, ear.state, ear.keep = None, None, None, False
    if temperature is not None and can_change("temperature", compared):
        drawn = [line for line in writing if not line.stream.settings.beam]  # a search has none
        _tell_all(worker, drawn, temperature, Stream.set_temperature)
    if steer is not None and can_change("steer", compared):
        _tell_all(worker, writing, steer, Stream.set_steering, Stream.check_steering)
    if state is not None and can_change("seed_state", compared):
        told = _tell_all(worker, writing, state, Stream.set_state, Stream.check_state)
        if told and writing:
            stream = writing[0].stream
            worker.post(WentOn(state, len(stream.after) + stream.written))
    if keep:
        worker.post(ColumnsSoFar(tuple(line.so_far() for line in lines)))


def _tell_all(
    worker: Worker, lines: Sequence[_Column], value: Any, tell: Callable[[Stream, Any], object],
    check: Callable[[Stream, Any], object] = lambda _stream, _value: None,
) -> bool:  # fmt: skip
    """Tell every text the same, or none where one refuses it."""
    for do in (check, tell):
        for line in lines:
            try:
                do(line.stream, value)
            except ChargenError as error:
                worker.post(NotObeyed(f"Text {line.place + 1}: {error}"))
                return False
    return True
