"""The way back into a text: states kept along it while it is written, and the rest read again between them.

A state is a few kilobytes; one for every character would be too many, and reading a long text again from its beginning
too slow. So a :class:`Trail` keeps one every few characters (:func:`spacing`; further apart where a text is so long
that they would take more than :data:`MOST_BYTES`), and a :class:`Retrace` reads from the last one before a character.
The network computes the same bytes for the same characters, whoever chose them: no random number is needed, and the
state at a character is bit for bit the one it was drawn from.

*The state at character n* of a sample is the one whose output character n (counted from 0) was drawn from: after
everything before it, steered as it was. At n = length it is the one that the next character would be drawn from.
To write on from the first character of a text is to begin it anew: there the sample's own seed state does.
"""

import math
import weakref
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.decoding import scores
from chargen.sampling.engine import Engine
from chargen.sampling.sample import Sample
from chargen.sampling.seeds import encode_known
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.state_changes import StateChanges, last_change
from chargen.sampling.steering import Helm, Steering
from chargen.sampling.steps import Array
from chargen.sampling.writer import Writer

CLOSEST, WIDEST = 32, 512
"""Characters from one kept state to the next: of large networks, of small ones."""
MOST_BYTES = 40 * 2**20
"""Of the states of one text."""
ALL_BYTES = 44 * 2**20
"""Of the states of all texts that are remembered; of the least recently used the most go."""
_HEARD_EVERY = 128  # characters read again between two looks at whether to go on
_REREAD_SECONDS = 0.012  # at the most, where the space between two states allows it
_STEP_SECONDS = 10e-6  # of a layer, beside reading its weights
_BYTES_PER_SECOND = 30e9  # weights read: a cautious figure, for the spacing only


def spacing(model: Model) -> int:
    """How many characters apart states are kept: a power of two, smaller where a step of the network takes longer."""
    step = model.config.layers * _STEP_SECONDS + 4 * model.config.parameter_count() / _BYTES_PER_SECOND
    fitting = 1 << int(math.log2(max(_REREAD_SECONDS / step, 1)))
    return min(max(fitting, CLOSEST), WIDEST)


@dataclass(frozen=True, eq=False)
class Trail:
    """States of one sample, at ascending ``places``; each state is h, and c of an LSTM: [1 or 2, L, H]."""

    places: tuple[int, ...] = ()
    states: tuple[Array, ...] = ()

    @property
    def nbytes(self) -> int:
        return sum(state.nbytes for state in self.states)

    def nearest(self, place: int) -> tuple[int, Array] | None:
        """The last kept state at or before a character; None where there is none."""
        index = bisect_right(self.places, place) - 1
        return (self.places[index], self.states[index]) if index >= 0 else None

    def followed_by(self, other: "Trail", length: int) -> "Trail":
        """The trail of a sample of ``length`` characters and of what goes on from its end, as one."""
        own = bisect_right(self.places, length - 1)
        places = (*self.places[:own], *(length + place for place in other.places))
        return Trail(places, (*self.states[:own], *other.states)).thinned()

    def before(self, place: int) -> "Trail":
        """What there is up to a character."""
        count = bisect_right(self.places, place)
        return Trail(self.places[:count], self.states[:count])

    def thinned(self, most: int = MOST_BYTES) -> "Trail":
        """Every second one left out until they take no more than ``most`` bytes."""
        trail = self
        while trail.nbytes > most and trail.places:
            trail = Trail(trail.places[::2], trail.states[::2]) if len(trail.places) > 1 else Trail()
        return trail


class Footprints:
    """Makes a trail while a text is written, or read again: :meth:`keep` when a character is ``due``.

    ``interval`` is that between two states; 0 is the :func:`spacing` of the model whose states are kept.
    """

    def __init__(self, trail: Trail | None = None, interval: int = 0) -> None:
        trail = trail or Trail()
        self._states = dict(zip(trail.places, trail.states, strict=True))
        self._interval = interval
        self.due = 0

    def keep(self, place: int, engine: Engine) -> None:
        """Take a copy of the engine's state at that character, if none is held; say when the next is due."""
        self._interval = self._interval or spacing(engine.model)
        if place not in self._states:
            parts = (engine.h, engine.c)[: len(engine.model.config.state_parts)]
            state = np.stack(parts)
            self._states[place] = state
            if len(self._states) * state.nbytes > MOST_BYTES:
                self._interval *= 2
                for at in sorted(self._states)[1::2]:
                    del self._states[at]
        self.pass_by(place)

    def pass_by(self, place: int) -> None:
        """The next one due is the first beyond ``place``."""
        self.due = place - place % self._interval + self._interval

    def trail(self) -> Trail:
        """All that is held."""
        places = tuple(sorted(self._states))
        return Trail(places, tuple(self._states[place] for place in places))


@dataclass(frozen=True)
class Alternatives:
    """What could have stood at a character, under the model at temperature 1, before any rule of choice.

    Attributes:
        place: which character. chosen: what stands there; empty after the last one. probability: of it.
        rank: how many are likelier, plus one. best: (character, probability), the likeliest first.
    """

    place: int
    chosen: str
    probability: float
    rank: int
    best: tuple[tuple[str, float], ...]


class Retrace:
    """Goes to any character of a sample and has the exact state there.

    Args:
        engine: of the model that wrote it; it is moved about, or one of the sample's own formulation.
        trail: what was kept while it was written; more is kept on the way, see :meth:`trail`.
        hear: called with (characters read, characters to read) now and then; may raise to stop.

    Raises:
        ChargenError: the sample does not fit the model, as :class:`Writer` says.
    """

    def __init__(
        self,
        engine: Engine,
        sample: Sample,
        trail: Trail | None = None,
        hear: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        self.sample = sample
        weights = engine.weights.as_in(sample.engine)
        self._engine, self._hear = engine if weights is engine.weights else Engine(weights), hear
        self._kept = Footprints(trail, spacing(engine.model))
        self._ids = encode_known(engine.model, sample.text, "refuse", "text")[0]
        self._writer()  # holds the whole sample against the model
        self._at: int | None = None
        self._steer = ""
        self._helm = Helm(Steering(), 0)
        self._states = dict(sample.state_changes)
        self._changes = sorted({place for place, _ in (*sample.steering_changes, *sample.state_changes)})

    def _writer(self) -> Writer:
        return Writer(self._engine.model, self.sample.settings, self.sample.seed_state, after=self.sample.after)

    def trail(self) -> Trail:
        """Everything kept, with what was passed on the way."""
        return self._kept.trail()

    # -- going there -----------------------------------------------------------------------------

    def go_to(self, place: int) -> Engine:
        """The engine, in the state at a character. Raises IndexError beyond the text."""
        if not 0 <= place <= len(self._ids):
            raise IndexError(place)
        self._begin(place)
        assert self._at is not None
        first = self._at
        while self._at < place:
            at = self._at
            self._turn(at + 1)
            if at + 1 in self._states:
                self._engine.load_state(self._states[at + 1])
            later = bisect_right(self._changes, at + 1)
            change = self._changes[later] if later < len(self._changes) else place + 1
            stop = min(place, self._helm.due - 1, change - 1, self._kept.due, at + _HEARD_EVERY)
            self._engine.run(self._ids[at:stop].tolist())
            self._at = stop
            if stop >= self._kept.due:
                self._kept.keep(stop, self._engine)
            if stop < place:
                self._hear(stop - first, place - first)
        return self._engine

    def _begin(self, place: int) -> None:
        """Be at the nearest known state at or before a character."""
        kept = self.trail().nearest(place)
        near = self._at if self._at is not None and self._at <= place else None
        if near is not None and (kept is None or near >= kept[0]):
            return
        if kept is not None:
            at, state = kept
            self._engine.h[...] = state[0]
            if len(state) > 1:
                self._engine.c[...] = state[1]
            self._helm = self._helm_at(at, steered=True)
        else:
            at = 0
            self._engine.steer({})
            writer = self._writer()
            writer.begin(self._engine)
            last = None
            if 0 in self._states:
                self._engine.load_state(self._states[0])
                last = writer.last_read
            self._helm = self._helm_at(0, steered=last is not None)
            self._turn(0)
            if last is not None:
                self._engine.advance(last)
            self._kept.keep(0, self._engine)
        self._at = at
        self._kept.pass_by(at)

    def _helm_at(self, place: int, *, steered: bool) -> Helm:
        self._steer = steering_at(self.sample, place)
        return Helm(Steering.parse(self._steer), len(self.sample.after), steered=steered)

    def _turn(self, place: int) -> None:
        """Steer the step that makes the state at a character, as it was steered."""
        steer = steering_at(self.sample, place)
        if steer != self._steer:
            self._steer = steer
            self._helm.set(Steering.parse(steer))
        if place >= self._helm.due:
            self._helm.turn(self._engine, place)

    # -- what is there ---------------------------------------------------------------------------

    def state_at(self, place: int) -> HiddenState:
        """The state at a character, as if writing had been stopped before it. Raises StateError if it is spoiled."""
        engine = self.go_to(place)
        writer = self._writer()
        writer.opening = self.sample.opening
        for position, steer in self.sample.steering_changes:
            if position <= place:
                writer.set_steering(steer)
        changed = last_change(self.sample.state_changes, place)
        writer.state_changes = StateChanges([changed] if changed is not None else ())
        writer.record_all(self._ids[:place], self.sample.surprises[:place])
        return writer.capture(engine)

    def alternatives_at(self, place: int, count: int = 10) -> Alternatives:
        """The likeliest characters at a place, and how likely the one was that stands there. Raises ChargenError."""
        values = scores(self.go_to(place).logits())
        total = math.log(np.add.reduce(np.exp(values)))
        order = np.argsort(-values, kind="stable")
        vocabulary = self._engine.model.vocabulary
        best = tuple((vocabulary[id], math.exp(float(values[id]) - total)) for id in order[:count])
        if place == len(self._ids):
            return Alternatives(place, "", 0.0, 0, best)
        id = int(self._ids[place])
        probability = math.exp(float(values[id]) - total)
        return Alternatives(place, vocabulary[id], probability, int(np.flatnonzero(order == id)[0]) + 1, best)


def steering_at(sample: Sample, place: int) -> str:
    """How a character was steered."""
    return next((s for p, s in reversed(sample.steering_changes) if p <= place), sample.settings.steer)


def settings_at(sample: Sample, place: int) -> SamplingSettings:
    """What to ask for so that writing goes on from a character as it did: the rest of the length, what was in force.

    With the state at that character as seed state and everything before it as ``after``, the same text is written, as
    long as nothing was changed while it was.
    """
    asked = sample.settings
    changed = next((t for p, t in reversed(sample.temperature_changes) if p <= place), None)
    return replace(
        asked,
        length=max(asked.length - place, 1),
        temperature=asked.temperature if changed is None else changed,
        temperature_curve=asked.temperature_curve if changed is None else "",
        steer=steering_at(sample, place),
    )


class Trails:
    """The trails of several samples, while these live; all together no more than :data:`ALL_BYTES`."""

    def __init__(self, most: int = ALL_BYTES) -> None:
        self._trails: weakref.WeakKeyDictionary[Sample, Trail] = weakref.WeakKeyDictionary()
        self._most = most

    def of(self, sample: Sample) -> Trail:
        """What is kept of a sample."""
        return self._trails.get(sample, Trail())

    def keep(self, sample: Sample, trail: Trail) -> None:
        """Remember it; make room among the others, those not used for longest first."""
        self._trails.pop(sample, None)
        self._trails[sample] = trail
        over = sum(each.nbytes for each in self._trails.values()) - self._most
        for other in list(self._trails):
            if over <= 0 or other is sample:
                break
            before = self._trails[other].nbytes
            self._trails[other] = self._trails[other].thinned(max(before - over, 0))
            over -= before - self._trails[other].nbytes
