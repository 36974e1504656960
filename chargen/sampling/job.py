"""Sampling as the work of a job: commands in, chunks of text out.

Characters travel in chunks, at most :data:`CHUNKS_PER_SECOND` of them, so that whoever shows them is not
called ten thousand times a second. The first character travels alone, at once. Commands are heard between
two characters, and every few characters while a prompt is read.
"""

import time
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chargen.errors import ChargenError
from chargen.jobs import CancelledError, Worker
from chargen.model.state import HiddenState
from chargen.sampling.commands import Keep, SetState, SetSteering, SetTemperature, Stop
from chargen.sampling.engine import Engine, Weights
from chargen.sampling.events import Begun, Chunk, Looked, Made, NotObeyed, Reading, SoFar, WentOn, Written
from chargen.sampling.requests import Drawn, Pen, Place, PrimedBy, Request, Seed
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Stream
from chargen.sampling.seeds import fit_notices, prime
from chargen.sampling.trail import Footprints, Retrace, Trail

CHUNKS_PER_SECOND = 30
_HEARD_EVERY = 128  # characters of a prompt between two looks at the commands


class Stopped(Exception):  # noqa: N818 - not an error: somebody pressed Stop while a prompt was read
    pass


class Attentive(Engine):
    """An engine that calls ``hear(done, total)`` every few characters of a long text."""

    def __init__(self, weights: Weights, hear: Callable[[int, int], None]) -> None:
        super().__init__(weights)
        self.hear = hear

    def fork(self) -> "Attentive":
        twin = Attentive(self.weights, self.hear)
        twin.take_over(self)
        return twin

    def run(self, ids: Iterable[int]) -> None:
        everything = list(ids)
        if len(everything) == 1:  # a single step, as :meth:`advance` makes it
            super().run(everything)
            return
        for start in range(0, len(everything), _HEARD_EVERY):
            super().run(everything[start : start + _HEARD_EVERY])
            self.hear(min(start + _HEARD_EVERY, len(everything)), len(everything))


class Ear:
    """Hears the commands of a sample, whatever it is doing."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._told = time.monotonic()
        self.stopped = False
        self.keep = False
        self.temperature: float | None = None
        self.steer: str | None = None
        self.state: HiddenState | None = None

    def listen(self) -> bool:
        """Take in what has arrived; whether something has."""
        self._worker.check()
        commands = self._worker.commands()
        for command in commands:
            match command:
                case Stop():
                    self.stopped = True
                case Keep():
                    self.keep = True
                case SetTemperature(temperature):
                    self.temperature = temperature
                case SetSteering(steer):
                    self.steer = steer
                case SetState(state):
                    self.state = state
        return bool(commands)

    def while_reading(self, done: int, total: int) -> None:
        self.listen()
        if self.stopped:
            raise Stopped
        if time.monotonic() - self._told > 1 / CHUNKS_PER_SECOND:
            self._told = time.monotonic()
            self._worker.post(Reading(done, total))


class Postman:
    """Gathers characters and posts them in chunks, as events that ``make(text, bits)`` makes."""

    def __init__(self, worker: Worker, make: Callable[[str, NDArray[np.float32]], object] = Chunk) -> None:
        self._worker, self._make = worker, make
        self._text: list[str] = []
        self._bits: list[float] = []
        self._due = 0.0  # the first one at once

    def take(self, character: str, bits: float) -> None:
        self._text.append(character)
        self._bits.append(bits)
        now = time.monotonic()
        if now >= self._due:
            self._due = now + 1 / CHUNKS_PER_SECOND
            self.post()

    def post(self) -> None:
        if self._text:
            bits = np.array(self._bits, np.float32)
            bits.flags.writeable = False
            self._worker.post(self._make("".join(self._text), bits))
            self._text.clear()
            self._bits.clear()


def make_state(engine: Engine, seed: Seed) -> HiddenState:
    """The state that ``seed`` means for the engine's model.

    Raises:
        StateError: it does not fit, or the model learned none. UnknownCharacterError: as :func:`prime` does.
    """
    model = engine.model
    match seed:
        case HiddenState():
            seed.check_fits(model.config)
            return seed
        case PrimedBy(text, unknown):
            return prime(engine, text, unknown)
        case Drawn(number, scale):
            return HiddenState.random(model.config, number, scale)
        case Place(sample, at, trail):
            hear = engine.hear if isinstance(engine, Attentive) else lambda _done, _total: None
            return Retrace(Engine(engine.weights), sample, trail, hear).state_at(at)
        case "learned":
            return HiddenState.learned(model)
    return HiddenState.zero(model.config)


def write(pen: Pen, request: Request) -> Callable[[Worker], Written | None]:
    """The work of a writing job: :class:`Begun`, then chunks; the result is what was written.

    To cancel it is to stop it, once it has begun: what was written is the result all the same.
    Before the first character a refusal (of a state, of a prompt) fails the job; what is written already is never
    lost. None is the result if :class:`Stop` came before anything was written.
    """

    def work(worker: Worker) -> Written | None:
        ear = Ear(worker)
        try:
            weights = pen.sampler.engine.weights
            if isinstance(request.seed, Place):  # so that it goes on as it did
                weights = weights.as_in(request.seed.sample.engine)
            engine = Attentive(weights, ear.while_reading)
            state = make_state(engine, request.seed)
            stream = Stream(engine, request.settings, state, after=request.after, given=request.given, alternatives=0)
            if request.state is not None:
                stream.set_state(request.state)
        except Stopped:
            return None
        worker.post(Begun(stream.settings, stream.seed_state, stream.notices))
        return _drive(worker, ear, stream, engine, stream.given if request.given_only else stream.settings.length)

    return work


def _drive(worker: Worker, ear: Ear, stream: Stream, engine: Engine, length: int) -> Written | None:
    postman, written = Postman(worker), 0
    footprints = Footprints()
    problem = ""
    try:
        _obey(worker, ear, stream)
        for sampled in stream if length else ():
            if written >= footprints.due:
                footprints.keep(written, engine)
            written += 1
            postman.take(sampled.character, sampled.surprise)
            if ear.listen() or ear.stopped:
                _obey(worker, ear, stream)
                if ear.keep:
                    ear.keep = False
                    worker.post(SoFar(what_was_written(stream, length, True, "", footprints)))
                if ear.stopped:
                    break
            if written >= length:
                break
    except CancelledError:  # the window closes: kept like what was stopped
        ear.stopped = True
    except ChargenError as error:  # the network's numbers went astray: keep the text, say so
        problem = str(error)
    postman.post()
    if problem and not written:
        raise ChargenError(problem)
    return what_was_written(stream, length, ear.stopped, problem, footprints)


def what_was_written(stream: Stream, length: int, stopped: bool, problem: str, footprints: Footprints) -> Written:
    """What a stream has written of the ``length`` characters that were wanted, with the state after the last one.

    The stream is left as it is, and may go on.
    """
    try:
        state = stream.final_state
    except ChargenError:
        state = None
    ended: Literal["length", "stop text", "stopped", "failed"] = "stop text"
    if problem:
        ended = "failed"
    elif stream.written >= length:
        ended = "length"
    elif stopped:
        ended = "stopped"
    return Written(stream.sample(), state, ended, problem, footprints.trail())


def look(pen: Pen, sample: Sample, place: int, trail: Trail | None = None) -> Callable[[Worker], Looked]:
    """The work that finds what could have stood at a character. Cancelled, it still gives what it has kept."""

    def work(worker: Worker) -> Looked:
        told = time.monotonic()

        def hear(done: int, total: int) -> None:
            nonlocal told
            worker.check()
            if time.monotonic() - told > 1 / CHUNKS_PER_SECOND:
                told = time.monotonic()
                worker.post(Reading(done, total))

        way = Retrace(Engine(pen.sampler.engine.weights), sample, trail, hear)
        try:
            return Looked(way.alternatives_at(place), way.trail())
        except CancelledError:
            return Looked(None, way.trail())

    return work


def _obey(worker: Worker, ear: Ear, stream: Stream) -> None:
    if ear.temperature is not None:
        stream.set_temperature(ear.temperature)
        ear.temperature = None
    if ear.steer is not None:
        try:
            stream.set_steering(ear.steer)
        except ChargenError as error:
            worker.post(NotObeyed(str(error)))
        ear.steer = None
    if ear.state is not None:
        try:
            stream.set_state(ear.state)
            worker.post(WentOn(ear.state, len(stream.after) + stream.written))
        except ChargenError as error:
            worker.post(NotObeyed(str(error)))
        ear.state = None


def prepare(pen: Pen, seed: Seed) -> Callable[[Worker], Made | None]:
    """The work that makes a state to look at, before anything is written; None if stopped."""

    def work(worker: Worker) -> Made | None:
        ear = Ear(worker)
        try:
            state = make_state(Attentive(pen.sampler.engine.weights, ear.while_reading), seed)
        except Stopped:
            return None
        return Made(state, fit_notices(state, pen.model))

    return work


def load(pen: Pen, read: Callable[[], HiddenState]) -> Callable[[Worker], Made]:
    """The work that gets a state from a file (``read``) and holds it against the model."""

    def work(worker: Worker) -> Made:
        state = read()
        return Made(state, fit_notices(state, pen.model))

    return work
