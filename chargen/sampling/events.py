"""What a sampling job tells, and what it results in: strings, numbers, read-only arrays."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from chargen.model.state import HiddenState
from chargen.sampling.sample import Sample
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Alternatives, Trail


@dataclass(frozen=True)
class Reading:
    """How much of a long text has been read. Latest wins."""

    latest_wins: ClassVar[bool] = True

    done: int
    total: int


@dataclass(frozen=True)
class Begun:
    """Everything is ready: the settings with the random seed in use, the state by value, what to mention."""

    settings: SamplingSettings
    seed_state: HiddenState
    notices: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Chunk:
    """Characters in the order they were written, and how surprising each was, in bits."""

    text: str
    bits: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Written:
    """The result of :func:`~chargen.sampling.job.write`.

    Attributes:
        state: after the last character, to continue from; None where it is spoiled.
        ended: ``length``, ``stop text``, ``stopped`` or ``failed``; ``problem`` then says why.
        trail: states along it, to go back to.
    """

    sample: Sample
    state: HiddenState | None
    ended: Literal["length", "stop text", "stopped", "failed"]
    problem: str = ""
    trail: Trail = field(default_factory=Trail)


@dataclass(frozen=True, eq=False)
class SoFar:
    """The answer to :class:`Keep`: everything until now, as if it had been stopped there. Latest wins."""

    latest_wins: ClassVar[bool] = True

    written: Written


@dataclass(frozen=True, eq=False)
class WentOn:
    """The answer to a :class:`SetState`: the text goes on from it since so many characters. Latest wins."""

    latest_wins: ClassVar[bool] = True

    state: HiddenState
    characters: int


@dataclass(frozen=True)
class NotObeyed:
    """The answer to a :class:`SetSteering` or :class:`SetState` that cannot be obeyed, in one sentence."""

    problem: str


@dataclass(frozen=True, eq=False)
class Made:
    """The result of :func:`~chargen.sampling.job.prepare` and :func:`~chargen.sampling.job.load`: a state that fits,
    and what to mention about it."""

    state: HiddenState
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Looked:
    """The result of :func:`~chargen.sampling.job.look`: None where it was left early; ``trail`` is what is kept of the
    sample by now."""

    alternatives: Alternatives | None
    trail: Trail
