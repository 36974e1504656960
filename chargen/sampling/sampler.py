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
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from chargen.errors import SettingError
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.decoding import REPETITION_WINDOW, Weights, choose, decode, scores
from chargen.sampling.engine import Engine
from chargen.sampling.sample import Sample
from chargen.sampling.seeds import default_state, encode_known, fit_notices, has_read
from chargen.sampling.settings import SamplingSettings

_BITS = 1.0 / math.log(2.0)


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
    """Writes with one model. Making it lays the weights out once; streams share them and nothing else."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.engine = Engine(model)

    def stream(
        self,
        settings: SamplingSettings,
        seed_state: HiddenState | None = None,
        *,
        after: str = "",
        alternatives: int = 0,
    ) -> "Stream":
        """Start a sample; iterate over the result for its characters.

        Args:
            settings: a missing random seed is drawn; see :attr:`Stream.settings`.
            seed_state: None is what training started from (learned where the model has it, else zeros).
            after: the text already written, when a captured state is continued. The prompt is then not read again,
                and ``settings.length`` counts the characters of this part.
            alternatives: how many of the likeliest characters to give with each.

        Raises:
            UnknownCharacterError: an unknown character in the prompt, refused.
            SettingError: a stop text that can never occur. StateError: a state that does not fit.
        """
        return Stream(self.engine.fork(), settings, seed_state, after=after, alternatives=alternatives)

    def write(self, settings: SamplingSettings, seed_state: HiddenState | None = None) -> Sample:
        """A whole sample at once. Raises as :meth:`stream` does."""
        stream = self.stream(settings, seed_state)
        for _ in stream:
            pass
        return stream.sample()


class Stream(Iterator[SampledCharacter]):
    """A running sample: an iterator of :class:`SampledCharacter`. For one thread.

    Attributes:
        settings: as asked for, with the random seed in use.
        seed_state: what it started from.
        temperature_changes: (index of the first character affected, temperature) of :meth:`set_temperature`.
        notices: what the user should know, one sentence each.
        opening: the character read first where there was nothing to start from, else empty.
    """

    def __init__(
        self,
        engine: Engine,
        settings: SamplingSettings,
        seed_state: HiddenState | None,
        *,
        after: str,
        alternatives: int,
    ) -> None:
        model = engine.model
        self._engine = engine
        self._model = model
        self.settings = settings.with_seed()
        self.seed_state = default_state(model) if seed_state is None else seed_state
        self.temperature_changes: list[tuple[int, float]] = []
        self.opening = ""
        self._after = after
        self._alternatives = max(0, min(alternatives, len(model.vocabulary)))
        self._decoding = self.settings.decoding
        self._ids = array("I")
        self._surprises = array("f")
        self._pending: int | None = None
        self._recent: deque[int] = deque(maxlen=REPETITION_WINDOW)

        notices = list(fit_notices(self.seed_state, model))
        prompt, prompt_notices = encode_known(model, self.settings.prompt, self.settings.unknown)
        self.notices = (*notices, *prompt_notices, *self._check_stops())
        engine.load_state(self.seed_state)
        self._start(prompt.tolist())
        self._characters = self._write()

    # -- before the first character --------------------------------------------------------------

    def _check_stops(self) -> list[str]:
        sentences = [
            f"The stop text “{stop[:60]}” can never occur: the model does not know all its characters."
            for stop in self.settings.stop
            if self._model.characters_outside(stop)
        ]
        if sentences and self.settings.unknown == "refuse":
            raise SettingError(sentences[0])
        return sentences

    def _start(self, prompt: list[int]) -> None:
        self._recent.extend(prompt)
        if self._after:
            written, _ = encode_known(self._model, self._after, "refuse", "earlier text")
            self._recent.extend(written.tolist())
        elif prompt:
            self._engine.run(prompt)
        elif not has_read(self.seed_state):
            vocabulary = self._model.vocabulary
            first = vocabulary.index("\n") if "\n" in vocabulary else int(scores(self._engine.logits()).argmax())
            self.opening = vocabulary[first]
            self._engine.advance(first)

    # -- writing ---------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[SampledCharacter]:
        return self._characters

    def __next__(self) -> SampledCharacter:
        return next(self._characters)

    def _write(self) -> Iterator[SampledCharacter]:
        engine, vocabulary, recent, ids = self._engine, self._model.vocabulary, self._recent, self._ids
        stops, penalised = self.settings.stop, self.settings.repetition_penalty != 1.0
        tail = self._after[-max(map(len, stops)) :] if stops else ""
        numbers = np.random.PCG64(self.settings.random_seed)
        numbers.advance(len(self._after))  # one number for each character already written
        uniform = np.random.Generator(numbers).random
        length, alternatives = self.settings.length, self._alternatives
        exp, log = np.exp, math.log
        while len(ids) < length:
            pending, self._pending = self._pending, None
            values = scores(engine.logits() if pending is None else engine.step(pending))
            total = log(exp(values).sum())
            weights = decode(values, self._decoding, recent if penalised else ())
            id = choose(weights, uniform())
            log_probability = float(values[id]) - total
            character, surprise = vocabulary[id], -log_probability * _BITS
            ids.append(id)
            self._surprises.append(surprise)
            self._pending = id
            if penalised:
                recent.append(id)
            others = self._likeliest(values, total, alternatives) if alternatives else ()
            yield SampledCharacter(character, id, math.exp(log_probability), surprise, others)
            if stops:
                tail = (tail + character)[-max(map(len, stops)) :]
                if tail.endswith(stops):
                    return

    def _likeliest(self, values: Weights, total: float, count: int) -> tuple[tuple[str, float], ...]:
        order = np.argsort(-values, kind="stable")[:count]
        return tuple((self._model.vocabulary[id], math.exp(float(values[id]) - total)) for id in order)

    def set_temperature(self, temperature: float) -> None:
        """Change the temperature from the next character on; recorded. Raises SettingError."""
        self._decoding = replace(self._decoding, temperature=temperature)
        position, value = len(self._ids), self._decoding.temperature
        if self.temperature_changes and self.temperature_changes[-1][0] == position:
            self.temperature_changes.pop()
        self.temperature_changes.append((position, value))

    # -- what there is so far --------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What has been written so far."""
        return "".join(map(self._model.vocabulary.__getitem__, self._ids))

    @property
    def final_state(self) -> HiddenState:
        """The state after the last character, at any moment; recipe ``{"kind": "captured", …}``.

        Raises:
            StateError: the state is no longer finite.
        """
        if self._pending is not None:
            self._engine.advance(self._pending)
            self._pending = None
        written = len(self._after) + len(self._ids)
        recipe = {
            "kind": "captured",
            "start": dict(self.seed_state.recipe),
            "prompt": self.settings.prompt[:200],
            "random_seed": self.settings.random_seed,
            "characters": written,
        }
        if written == 0 and not self.settings.prompt and not self.opening:
            recipe = dict(self.seed_state.recipe)  # nothing has happened to it yet
        return self._engine.state(recipe, name=f"After {written:,} characters")

    def sample(self, notices: Iterable[str] = ()) -> Sample:
        """What has been written so far, with its provenance and further notices."""
        surprises = np.array(self._surprises, np.float32)
        surprises.flags.writeable = False
        return Sample(
            text=self.text,
            settings=self.settings,
            seed_state=self.seed_state,
            model_fingerprint=self._model.fingerprint,
            engine=self._engine.formulation,
            temperature_changes=tuple(self.temperature_changes),
            surprises=surprises,
            after=self._after,
            opening=self.opening,
            notices=(*self.notices, *notices),
        )
