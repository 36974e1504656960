"""What the user asks of a sample."""

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from chargen.errors import SettingError
from chargen.sampling.decoding import Decoding
from chargen.settings import option

MAXIMUM_PROMPT = 10_000_000
MAXIMUM_STOPS = 100
MAXIMUM_STOP_LENGTH = 10_000

_CHECKED = (
    "length",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "repetition_penalty",
    "random_seed",
    "unknown",
)


@dataclass(frozen=True)
class SamplingSettings:
    """Everything a user sets for one sample; defaults and ranges as in :mod:`chargen.settings`.

    Attributes:
        prompt: text read before the first character is written; not a part of the written text.
        length: characters to write.
        temperature, top_k, top_p, min_p, repetition_penalty: see :mod:`chargen.sampling.decoding`.
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

    @property
    def decoding(self) -> Decoding:
        """The rules of choice alone."""
        return Decoding(self.temperature, self.top_k, self.top_p, self.min_p, self.repetition_penalty)

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
