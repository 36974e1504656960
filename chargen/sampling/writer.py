"""One sample while it is written: what was asked, what has been written, how the next character is chosen.

A :class:`Writer` knows the model's characters and nothing of how its numbers are computed. Whoever computes them
(:class:`~chargen.sampling.sampler.Stream` for one sample, :class:`~chargen.sampling.batch.Batch` for several)
gives it the scores of the next character and tells it what was written.
"""

import math
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.vocabulary import id_type, list_characters
from chargen.errors import SettingError
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.decoding import REPETITION_WINDOW, Weights, choose, decode, scores
from chargen.sampling.engine import Engine
from chargen.sampling.loops import REACH, Loops
from chargen.sampling.pages import own_pages
from chargen.sampling.sample import Sample
from chargen.sampling.seeds import default_state, encode_known, fit_notices, has_read
from chargen.sampling.settings import RULES, SamplingSettings
from chargen.sampling.state_changes import StateChanges, read_since
from chargen.sampling.steering import Helm, Steering

BITS = 1.0 / math.log(2.0)
"""Bits in a nat."""

_PIECE = 2**16  # characters turned into a text at a time
_LOOKED_BACK = max(REPETITION_WINDOW, REACH)  # characters of earlier parts that a choice may depend on
_COLD = 0.001  # below it a score over the temperature may be beyond all numbers, which needs care

MAXIMUM_CAPTURED_TEXT = 4_000
"""Characters that the recipe of a captured state keeps; a draft may hold hundreds of them."""

_SEARCHED = ("temperature", "ban", "beam", "beam_per_character")  # the temperature always has a value: no surprise


class Writer:
    """A sample in the making.

    Attributes:
        settings: as asked for, with the random seed in use.
        seed_state: what it started from.
        temperature_changes: (index of the first character affected, temperature) of :meth:`set_temperature`.
        steering_changes: (index of the first character affected, steering) of :meth:`set_steering`.
        state_changes: those of :meth:`record_state`.
        helm: keeps the engine steered.
        notices: what the user should know, one sentence each.
        opening: the character read first where there was nothing to start from, else empty.
        ended: whether the length is reached or a stop text stands at the end.
        plain: whether the choice needs nothing but the scores, the temperature and a random number.

    Raises:
        UnknownCharacterError: an unknown character in the prompt, refused.
        SettingError: a stop text that can never occur, an unknown character or all of them banned, steering of what
            does not exist.
        StateError: a state that does not fit.
    """

    def __init__(
        self, model: Model, settings: SamplingSettings, seed_state: HiddenState | None, *, after: str = ""
    ) -> None:
        self.model = model
        self.settings = settings.with_seed()
        self.seed_state = default_state(model) if seed_state is None else seed_state
        self.temperature_changes: list[tuple[int, float]] = []
        self.steering_changes: list[tuple[int, str]] = []
        self.state_changes = StateChanges()
        self.opening = ""
        self.after = after
        self.formulation: dict[str, Any] = {}
        self._ids = array(np.dtype(id_type(len(model.vocabulary))).char)
        self._surprises = array("f")

        steering = self.settings.steering
        steering.check(model.config)
        self.helm = Helm(steering, len(after))
        self._steered = bool(steering.rules)  # at any time
        notices = list(fit_notices(self.seed_state, model))
        prompt, prompt_notices = encode_known(model, settings.prompt, settings.unknown)
        self._banned = self._ban()
        self.notices = (*notices, *prompt_notices, *self._check_ban(), *self._check_stops(), *self._check_search())
        self._prompt: list[int] = prompt.tolist()
        earlier: list[int] = encode_known(model, after, "refuse", "earlier text")[0][-_LOOKED_BACK:].tolist()

        self._decoding = self.settings.decoding
        self._curve = self.settings.curve
        self._stops = settings.stop
        self._tail_length = max(map(len, settings.stop), default=0)
        self._tail = after[-self._tail_length :] if settings.stop else ""
        self._stopped = False
        self._penalised = settings.repetition_penalty != 1.0
        self._recent: deque[int] = deque(maxlen=REPETITION_WINDOW)
        if self._penalised:
            self._recent.extend(self._prompt)
            self._recent.extend(earlier)
        known = [*self._prompt[-REACH:], *earlier[-REACH:]]
        self._loops = Loops(known[-REACH:]) if settings.loop_breaker else None
        self.plain = self._is_plain()
        numbers = np.random.PCG64(self.settings.random_seed)
        numbers.advance(len(after))  # one number for each character already written
        self.random = np.random.Generator(numbers).random

    # -- before the first character --------------------------------------------------------------

    def _ban(self) -> NDArray[np.intp] | None:
        """Ids that must not be written, in order; None where there are none."""
        banned = set(self.settings.ban)
        ids = [id for id, character in enumerate(self.model.vocabulary) if character in banned]
        if len(ids) == len(self.model.vocabulary):
            raise SettingError("Every character that the model knows is banned; leave it at least one to write.")
        return np.array(ids, np.intp) if ids else None

    def _check_ban(self) -> list[str]:
        foreign = self.model.characters_outside(self.settings.ban)
        if not foreign:
            return []
        sentence = f"The model does not know what is to be banned: {list_characters(foreign)}"
        if self.settings.unknown == "refuse":
            raise SettingError(f"{sentence}; leave {'it' if len(foreign) == 1 else 'them'} out.")
        return [f"{sentence}."]

    def _check_stops(self) -> list[str]:
        sentences = []
        for stop in self.settings.stop:
            if self.model.characters_outside(stop):
                why = "the model does not know all its characters"
            elif set(stop) & set(self.settings.ban):
                why = "it holds a banned character"
            else:
                continue
            sentences.append(f"The stop text “{stop[:60]}” can never occur: {why}.")
        if sentences and self.settings.unknown == "refuse":
            raise SettingError(sentences[0])
        return sentences

    def _check_search(self) -> list[str]:
        if not self.settings.beam:
            return []
        default = SamplingSettings()
        idle = [
            name.replace("_", " ")
            for name in RULES
            if name not in _SEARCHED and getattr(self.settings, name) != getattr(default, name)
        ]
        return [f"Beam search looks for the likeliest text and takes no notice of {', '.join(idle)}."] if idle else []

    def begin(self, engine: Engine) -> None:
        """Bring ``engine`` to where the first character can be chosen: load the state, read the prompt."""
        engine.load_state(self.seed_state)
        if self.after:
            return
        if self._prompt:
            engine.run(self._prompt)
        elif not has_read(self.seed_state):
            vocabulary = self.model.vocabulary
            first = vocabulary.index("\n") if "\n" in vocabulary else int(scores(engine.logits()).argmax())
            self.opening = vocabulary[first]
            engine.advance(first)

    # -- writing ---------------------------------------------------------------------------------

    def _is_plain(self) -> bool:
        decoding = self._decoding
        filtered = decoding.top_k or decoding.top_p < 1.0 or decoding.min_p or decoding.typical < 1.0
        followed = self._penalised or self._loops is not None or self._curve is not None or self._stops
        return not (filtered or followed or self._banned is not None or decoding.temperature < _COLD)

    @property
    def temperature(self) -> float:
        """The one in force at the next character."""
        if self._curve is None:
            return self._decoding.temperature
        written = len(self.after)
        return self._curve.at(written + len(self._ids), written + self.settings.length)

    def weights(self, values: Weights) -> Weights:
        """Scores [V] of the next character to the weights it is drawn with."""
        if self.plain:
            return np.exp(values / self._decoding.temperature)  # bit for bit what follows, in one step
        return decode(
            values,
            self._decoding,
            self._recent,
            banned=self._banned,
            brake=None if self._loops is None else self._loops.brake(),
            temperature=None if self._curve is None else self.temperature,
        )

    def choose(self, values: Weights) -> int:
        """The next character, drawn with the next random number."""
        return choose(self.weights(values), self.random())

    def record(self, id: int, surprise: float) -> None:
        """A character has been written, and how many bits it came as."""
        self._ids.append(id)
        self._surprises.append(surprise)
        if self.plain:
            return
        if self._penalised:
            self._recent.append(id)
        if self._loops is not None:
            self._loops.add(id)
        if self._stops:
            self._tail = (self._tail + self.model.vocabulary[id])[-self._tail_length :]
            self._stopped = self._tail.endswith(self._stops)

    @property
    def ended(self) -> bool:
        return self._stopped or len(self._ids) >= self.settings.length

    def record_all(self, ids: NDArray[np.integer], surprises: NDArray[np.floating]) -> None:
        """:meth:`record` of several, where nothing but the length is followed (see :attr:`plain`)."""
        self._ids.frombytes(ids.astype(self._ids.typecode).tobytes())
        self._surprises.frombytes(surprises.astype(np.float32).tobytes())

    def set_temperature(self, temperature: float) -> None:
        """Choose with this temperature from the next character on, in place of a curve too; recorded.

        Raises SettingError.
        """
        self._decoding = replace(self._decoding, temperature=temperature)
        self._curve = None
        self.plain = self._is_plain()
        position, value = len(self._ids), self._decoding.temperature
        if self.temperature_changes and self.temperature_changes[-1][0] == position:
            self.temperature_changes.pop()
        self.temperature_changes.append((position, value))

    def set_steering(self, steer: str) -> None:
        """Steer in this way, and no other, from the next character on; an empty text steers no more; recorded.

        Its ranges are of the characters of the whole text, as in the settings.

        Raises:
            SettingError: it cannot be understood, steers what does not exist, or a beam search, which looks ahead, is
                under way.
        """
        steering = self.check_steering(steer)
        self.helm.set(steering)
        self._steered = self._steered or bool(steering.rules)
        if self.steering_changes and self.steering_changes[-1][0] == len(self._ids):
            self.steering_changes.pop()
        self.steering_changes.append((len(self._ids), str(steering)))

    def check_steering(self, steer: str) -> Steering:
        """What :meth:`set_steering` would set, and nothing is set. Raises as it does."""
        steering = Steering.parse(steer)
        steering.check(self.model.config)
        if self.settings.beam:
            raise SettingError("A beam search looks ahead, so its steering cannot be changed meanwhile; write anew.")
        return steering

    def record_state(self, state: HiddenState) -> None:
        """Another hidden state takes the place of the present one at the next character; who computes does the rest.

        See :mod:`chargen.sampling.state_changes`. Raises as :meth:`Stream.set_state` does.
        """
        notices = self.check_state(state)
        self.state_changes.add(len(self._ids), state)
        self.notices = tuple(dict.fromkeys((*self.notices, *notices)))

    def check_state(self, state: HiddenState) -> tuple[str, ...]:
        """Whether :meth:`record_state` takes a state, and what it would say about it. Raises as it does."""
        notices = fit_notices(state, self.model)
        if self.settings.beam:
            raise SettingError("A beam search looks ahead, so its state cannot be changed meanwhile; write anew.")
        return notices

    @property
    def last_read(self) -> int | None:
        """The last character that has been read, or will be before the next one is drawn; None where none is."""
        if self._ids:
            return self._ids[-1]
        if self._prompt and not self.after:
            return self._prompt[-1]
        before = self.after[-1:] or self.opening
        return self.model.vocabulary.index(before) if before else None

    # -- what there is so far --------------------------------------------------------------------

    @property
    def written(self) -> int:
        """Characters written, without earlier parts."""
        return len(self._ids)

    @property
    def text(self) -> str:
        """What has been written so far."""
        codes = np.array([ord(character) for character in self.model.vocabulary], "<u4")
        written = memoryview(self._ids)
        # In pieces: whatever turns numbers into a text lets no other thread of the program run meanwhile.
        pieces = (codes[np.array(written[at : at + _PIECE])] for at in range(0, len(written), _PIECE))
        return "".join(piece.tobytes().decode("utf-32-le", "surrogatepass") for piece in pieces)

    def capture(self, engine: Engine) -> HiddenState:
        """The state of an ``engine`` that has read all of it; recipe ``{"kind": "captured", …}``. Raises StateError."""
        written = len(self.after) + len(self._ids)
        position, start = self.state_changes.changes[-1] if self.state_changes.changes else (None, self.seed_state)
        recipe = {
            "kind": "captured",
            "start": dict(start.recipe),
            "prompt": self.settings.prompt[:200],
            "random_seed": self.settings.random_seed,
            "characters": written,
        }
        known = self.model.vocabulary.__getitem__
        prompt = self._prompt[-MAXIMUM_CAPTURED_TEXT - 1 :]  # a longer one is too long as well
        before, since = read_since(position, self.opening + "".join(map(known, prompt)), self.after)
        if self._steered:
            recipe["steered"] = True
        elif len(before) + len(self._ids) - since <= MAXIMUM_CAPTURED_TEXT:  # read since the start
            recipe["text"] = before + "".join(map(known, self._ids[since:]))
        if written == 0 and not self.settings.prompt and not self.opening:
            recipe = dict(start.recipe)  # nothing has happened to it yet
        return engine.state(recipe, name=f"After {written:,} characters")

    def sample(self, notices: Iterable[str] = ()) -> Sample:
        """What has been written so far, with its provenance and further notices."""
        surprises = own_pages(len(self._surprises))
        surprises[:] = memoryview(self._surprises)
        surprises.flags.writeable = False
        return Sample(
            text=self.text,
            settings=self.settings,
            seed_state=self.seed_state,
            model_fingerprint=self.model.fingerprint,
            engine=dict(self.formulation),
            temperature_changes=tuple(self.temperature_changes),
            steering_changes=tuple(self.steering_changes),
            state_changes=tuple(self.state_changes.changes),
            surprises=surprises,
            after=self.after,
            opening=self.opening,
            notices=(*self.notices, *notices),
        )
