"""What the user asks of a sample."""

import secrets
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from chargen.errors import SettingError
from chargen.sampling.curve import TemperatureCurve
from chargen.sampling.decoding import Decoding
from chargen.sampling.steering import Steering
from chargen.settings import option

MAXIMUM_PROMPT = 10_000_000
MAXIMUM_STOPS = 100
MAXIMUM_STOP_LENGTH = 10_000

MAXIMUM_BANNED = 10_000
MAXIMUM_SEARCH = 50_000_000
"""Beams times characters: what a search must remember."""

RULES = (
    "temperature",
    "temperature_curve",
    "top_k",
    "typical",
    "top_p",
    "min_p",
    "repetition_penalty",
    "loop_breaker",
    "ban",
    "beam",
    "beam_per_character",
)
"""The settings that say how a character is chosen: what is saved under a name."""

_CHECKED = ("length", *RULES, "random_seed", "unknown", "steer")


@dataclass(frozen=True)
class SamplingSettings:
    """Everything a user sets for one sample; defaults and ranges as in :mod:`chargen.settings`.

    Attributes:
        prompt: text read before the first character is written; not a part of the written text.
        length: characters to write.
        temperature, top_k, top_p, min_p, repetition_penalty, typical: see :mod:`chargen.sampling.decoding`.
        temperature_curve: takes the place of the temperature where it is not empty, see :mod:`chargen.sampling.curve`.
        loop_breaker: see :mod:`chargen.sampling.loops`.
        ban: characters that are never written.
        beam, beam_per_character: see :mod:`chargen.sampling.beam`; 0 draws characters one by one.
        steer: what is done to the state meanwhile, see :mod:`chargen.sampling.steering`.
        stop: writing ends with the first of these that the written text ends in; it stays in the text.
        random_seed: None draws a fresh one (:meth:`with_seed`).
        unknown: what to do with characters of the prompt that the model does not know.

    Raises:
        SettingError: a value is of the wrong type or out of range.
    """

    prompt: str = ""
    length: int = 1000
    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    random_seed: int | None = None
    unknown: Literal["refuse", "drop", "replace"] = "refuse"
    typical: float = 1.0
    temperature_curve: str = ""
    loop_breaker: bool = False
    ban: str = ""
    beam: int = 0
    beam_per_character: bool = False
    steer: str = ""

    def __post_init__(self) -> None:
        for name in _CHECKED:
            object.__setattr__(self, name, option(name).check(getattr(self, name)))
        if not isinstance(self.prompt, str) or len(self.prompt) > MAXIMUM_PROMPT:
            raise SettingError(f"The prompt must be text of at most {MAXIMUM_PROMPT:,} characters.")
        if not isinstance(self.stop, list | tuple):
            raise SettingError("The stop texts must be a list of texts.")
        if len(self.stop) > MAXIMUM_STOPS:
            raise SettingError(f"At most {MAXIMUM_STOPS} stop texts can be given.")
        for stop in self.stop:
            if not isinstance(stop, str) or not 1 <= len(stop) <= MAXIMUM_STOP_LENGTH:
                raise SettingError("A stop text must not be empty or longer than 10,000 characters.")
        object.__setattr__(self, "stop", tuple(self.stop))
        if len(self.ban) > MAXIMUM_BANNED:
            raise SettingError(f"At most {MAXIMUM_BANNED:,} characters can be banned.")
        if self.temperature_curve:
            TemperatureCurve.parse(self.temperature_curve)
        object.__setattr__(self, "steer", str(Steering.parse(self.steer)))
        if self.beam * self.length > MAXIMUM_SEARCH:
            raise SettingError(
                f"A beam search over {self.beam} texts can write at most {MAXIMUM_SEARCH // self.beam:,} characters; "
                "ask for fewer."
            )

    @property
    def decoding(self) -> Decoding:
        """The rules of choice alone."""
        names = (field.name for field in fields(Decoding))
        return Decoding(**{name: getattr(self, name) for name in names})

    @property
    def curve(self) -> TemperatureCurve | None:
        """The temperature over the text, where it changes by itself."""
        return TemperatureCurve.parse(self.temperature_curve) if self.temperature_curve else None

    @property
    def steering(self) -> Steering:
        """What is done to the state while it is written."""
        return Steering.parse(self.steer)

    def with_seed(self) -> "SamplingSettings":
        """The same settings with a random seed: the one given, or a fresh one short enough to be read aloud."""
        return self if self.random_seed is not None else replace(self, random_seed=secrets.randbelow(10**9))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "stop": list(self.stop)}

    @classmethod
    def from_json(cls, values: Any) -> "SamplingSettings":
        """Build from a stranger's JSON; what is missing has its default. Raises SettingError."""
        if not isinstance(values, dict):
            raise SettingError("The sampling settings are missing.")
        foreign = set(values) - set(cls.__dataclass_fields__)
        if foreign:
            raise SettingError(f"There is no sampling setting “{min(map(str, foreign))[:100]}”.")
        return cls(**values)
