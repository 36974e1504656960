"""A stream of sampled characters that owns its state and its random numbers.

**What a state means here.** A state is always the one *after* everything read or written so far: the next
character is chosen from its output directly. So a captured state needs no pending character beside it.
To continue a sample exactly, start from its captured state with the same settings and ``after`` = what it
had written: the same number of random numbers is passed over, and penalty and stop texts look back into it.

**The first character.** After a prompt, or from a state in which the network has read something, it is chosen
like every other. With neither, the network has seen nothing: it reads one *opening* character first, a newline
where the vocabulary has it (a new line is where texts begin), else the likeliest character of that state.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from chargen.errors import SettingError
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling import decoding
from chargen.sampling.beam import search
from chargen.sampling.decoding import scores
from chargen.sampling.engine import Engine, Way, Weights
from chargen.sampling.sample import Sample
from chargen.sampling.seeds import encode_known
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.writer import BITS, Writer

WORTH_COMPILING = 100_000
"""Characters of one text from which a compiled step saves more time than the compiling takes."""


class SampledCharacter(NamedTuple):
    """One written character.

    Attributes:
        character, id: what was chosen.
        probability: of it, under the model at temperature 1, before any rule of choice.
        surprise: -log2 of that, in bits.
        alternatives: the likeliest (character, probability) at this place, best first, where asked for.
    """

    character: str
    id: int
    probability: float
    surprise: float
    alternatives: tuple[tuple[str, float], ...] = ()


class Sampler:
    """Writes with one model. Making it lays the weights out once; streams share them and nothing else.

    Args:
        model: a model, or its weights as they are to be computed.
        way: how to compute, see :mod:`~chargen.sampling.engine`; compiling takes a second or two in every process.
    """

    def __init__(self, model: Model | Weights, way: Way = "numpy") -> None:
        self.engine = Engine(Weights(model).by(way) if isinstance(model, Model) else model)
        self.model = self.engine.model

    def as_in(self, formulation: Mapping[str, Any]) -> "Sampler":
        """The same, computing as a sample was whose ``engine`` this is, as far as that can be done here."""
        weights = self.engine.weights.as_in(formulation)
        return self if weights is self.engine.weights else Sampler(weights)

    def stream(
        self,
        settings: SamplingSettings,
        seed_state: HiddenState | None = None,
        *,
        after: str = "",
        given: str = "",
        alternatives: int = 0,
    ) -> "Stream":
        """Start a sample; iterate over the result for its characters.

        Args:
            settings: a missing random seed is drawn; see :attr:`Stream.settings`.
            seed_state: None is what training started from (learned where the model has it, else zeros).
            after: the text already written, when a captured state is continued. The prompt is then not read again,
                and ``settings.length`` counts the characters of this part.
            given: what a person chose or typed: the first characters are these. They are read like written ones,
                each in place of a random number, stop texts pass by, and none is cut off by the length.
            alternatives: how many of the likeliest characters to give with each.

        Raises:
            UnknownCharacterError: an unknown character in the prompt or in ``given``, refused.
            SettingError: a stop text that can never occur, an unknown character or all of them banned; a beam search
                with something given.
            StateError: a state that does not fit.
        """
        return Stream(self.engine.fork(), settings, seed_state, after=after, given=given, alternatives=alternatives)

    def write(self, settings: SamplingSettings, seed_state: HiddenState | None = None) -> Sample:
        """A whole sample at once. Raises as :meth:`stream` does."""
        stream = self.stream(settings, seed_state)
        for _ in stream:
            pass
        return stream.sample()


class Stream(Writer, Iterator[SampledCharacter]):
    """A running sample: an iterator of :class:`SampledCharacter`. For one thread. See :class:`Writer`.

    With ``settings.beam`` the characters come from a search, as soon as it is sure of them; see
    :mod:`chargen.sampling.beam`. Everything else about them is the same. ``given`` is how many a person set.
    """

    def __init__(
        self,
        engine: Engine,
        settings: SamplingSettings,
        seed_state: HiddenState | None,
        *,
        after: str,
        given: str = "",
        alternatives: int,
    ) -> None:
        super().__init__(engine.model, settings, seed_state, after=after)
        self._given: list[int] = []
        if given:
            ids, notices = encode_known(engine.model, given, settings.unknown, "text")
            self._given, self.notices = ids.tolist(), (*self.notices, *notices)
        self.given = len(self._given)
        if len(self._given) > self.settings.length:
            self.settings = replace(self.settings, length=len(self._given))
        if self._given and self.settings.beam:
            raise SettingError("A beam search begins with nothing given; switch it off to go on from this text.")
        self._engine = engine
        self._alternatives = max(0, min(alternatives, len(self.model.vocabulary)))
        self._pending: int | None = None
        self.begin(engine)
        self.formulation = engine.formulation
        self._found: Iterator[int] | None = None
        if self.settings.beam:
            self.formulation["search_batch"] = self.settings.beam
            self.helm.turn(engine, 0)  # the search begins at once
            self._found = search(engine, self.settings, self._banned, after)
        self._characters = self._write()

    def __iter__(self) -> Iterator[SampledCharacter]:
        return self._characters

    def __next__(self) -> SampledCharacter:
        return next(self._characters)

    def _write(self) -> Iterator[SampledCharacter]:
        engine, vocabulary, found = self._engine, self.model.vocabulary, self._found
        alternatives, helm = self._alternatives, self.helm
        exp, log, add_up, likelihood = np.exp, math.log, np.add.reduce, math.exp
        given, draw = self.given, engine.weights.draw()
        while not self.ended:
            written = self.written
            if written >= helm.due:
                helm.turn(engine, written)
            pending, self._pending = self._pending, None
            logits = engine.logits() if pending is None else engine.step(pending)
            by_hand = written < given
            if self.plain and found is None and not by_hand:
                id, total = draw(logits, self.temperature, self.random())
                values = draw.values
            else:
                values = scores(logits)
                total = log(add_up(exp(values)))
                if by_hand:
                    id = self._given[written]
                    self.random()  # one number for each character, whoever chose it
                elif found is None:
                    id = self.choose(values)
                else:
                    looked_for = next(found, None)
                    if looked_for is None:
                        return
                    id = looked_for
            log_probability = values.item(id) - total
            surprise = -log_probability * BITS
            self.record(id, surprise)
            if by_hand and written + 1 < given:
                self._stopped = False
            self._pending = id
            others = self._likeliest(values, total, alternatives) if alternatives else ()
            yield SampledCharacter(vocabulary[id], id, likelihood(log_probability), surprise, others)

    def _likeliest(self, values: decoding.Weights, total: float, count: int) -> tuple[tuple[str, float], ...]:
        order = np.argsort(-values, kind="stable")[:count]
        return tuple((self.model.vocabulary[id], math.exp(float(values[id]) - total)) for id in order)

    def set_state(self, state: HiddenState) -> None:
        """Go on from another hidden state: the last character is read into it, and the next one drawn; recorded.

        See :mod:`chargen.sampling.state_changes`.

        Raises:
            StateError: it does not fit the model. SettingError: there have been too many, or a beam search, which
                looks ahead, is under way.
        """
        self.record_state(state)
        self._engine.load_state(state)
        if self._pending is None and self.last_read is not None:  # before the first character: it has been read
            self._pending = self.last_read
            self.helm.read_anew()

    def sample(self, notices: Iterable[str] = ()) -> Sample:
        """What has been written so far; see :meth:`Writer.sample`."""
        return replace(super().sample(notices), by_hand=min(self.given, self.written))

    @property
    def final_state(self) -> HiddenState:
        """The state after the last character, at any moment; recipe ``{"kind": "captured", …}``.

        Raises:
            StateError: the state is no longer finite.
        """
        engine = self._engine
        if self._pending is None:
            return self.capture(engine)
        # The last character is read as it will be, and unread: it may yet be steered in another way.
        before = engine.h.copy(), engine.c.copy()
        if self.written >= self.helm.due:
            self.helm.turn(engine, self.written)
        engine.advance(self._pending)
        try:
            return self.capture(engine)
        finally:
            engine.h[...], engine.c[...] = before
