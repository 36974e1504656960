"""What a sampling job is asked for: a model to write with, a seed state by its recipe, one sample."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from chargen.corpus.vocabulary import Unknown
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Trail


@dataclass(frozen=True)
class PrimedBy:
    """The state after reading a text."""

    text: str
    unknown: Unknown = "refuse"


@dataclass(frozen=True)
class Drawn:
    """A random state."""

    seed: int
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Place:
    """The state at a character of a sample of this model; ``trail`` is what was kept of it, see that module."""

    sample: Sample
    at: int
    trail: Trail | None = None


Seed = Literal["zeros", "learned"] | PrimedBy | Drawn | Place | HiddenState
"""A seed state by its recipe, so that it can be made again for another model, or by its values."""


class Pen:
    """A model, and its sampler once somebody writes with it. Laying out the weights is left to the first job."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @cached_property
    def sampler(self) -> Sampler:
        return Sampler(self.model)


@dataclass(frozen=True)
class Request:
    """One sample to write.

    Attributes:
        after: what has been written already, where the captured state ``seed`` is continued.
        given: what a person chose or typed, which comes first; see :meth:`Sampler.stream`.
        given_only: nothing is written after that.
        state: takes the place of the seed state before the first character, see :meth:`Stream.set_state`.
    """

    settings: SamplingSettings
    seed: Seed = "zeros"
    after: str = ""
    given: str = ""
    given_only: bool = False
    state: HiddenState | None = None
