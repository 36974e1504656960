"""What a trainer tells whoever watches: numbers, strings and copied arrays, never live tensors."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chargen.model.model_file import Model


@dataclass(frozen=True)
class Started:
    """The first event: what is trained, where, and why there."""

    run: str
    device: str
    reason: str
    precision: str
    backend: str
    threads: int
    cell: str
    layers: int
    hidden: int
    embedding: int
    streams: int
    unroll: int
    parameters: int
    characters: int
    vocabulary: int
    step: int


@dataclass(frozen=True)
class Notice:
    """Something the user should know, in one sentence (a shrunken unroll, a fallback)."""

    message: str


@dataclass(frozen=True)
class Progress:
    """Where training stands. ``seconds_left`` is None while unknown. Latest wins.

    ``gradient_norm`` is the whole one at the newest step, before its limit. ``layer_gradient_norms`` [L + 2] are those
    of embedding, each layer and head, each averaged over the steps since the last report.
    """

    latest_wins: ClassVar[bool] = True

    step: int
    characters: int
    epoch: float
    seconds: float
    train_loss: float
    learning_rate: float
    gradient_norm: float
    characters_per_second: float
    seconds_left: float | None
    fraction: float
    layer_gradient_norms: tuple[float, ...] = ()


@dataclass(frozen=True)
class LossPoints:
    """Training losses (nats per character) of single steps since the last report. Never dropped.

    Attributes:
        steps: [n] int64. losses: [n] float32. gradient_norms: [n, L+2] float32: embedding, layers, head.
    """

    steps: NDArray[np.int64]
    losses: NDArray[np.float32]
    gradient_norms: NDArray[np.float32]


@dataclass(frozen=True)
class Validated:
    """The loss of the whole validation split: at most 64 streams, state carried."""

    step: int
    seconds: float
    loss: float
    bits_per_character: float
    best: bool


@dataclass(frozen=True)
class Sampled:
    """A short text written by a frozen copy of the network."""

    step: int
    text: str
    temperature: float


@dataclass(frozen=True)
class Snapshot:
    """A frozen copy of the network being trained, to write with meanwhile. Latest wins."""

    latest_wins: ClassVar[bool] = True

    step: int
    model: Model


@dataclass(frozen=True)
class Saved:
    """A file of the run was written and verified."""

    step: int
    path: str


@dataclass(frozen=True)
class Paused:
    """Training stands still until resumed."""

    step: int


@dataclass(frozen=True)
class Resumed:
    """Training goes on."""

    step: int


@dataclass(frozen=True)
class Tick:
    """Nothing to report: a moment between two pieces of work, at which commands are heard."""


@dataclass(frozen=True)
class Finished:
    """The last event. ``reason``: ``budget``, ``stopped``, ``interrupted``, or ``by heart``: it had begun to
    predict the text kept aside worse and worse.

    ``loss`` is the validation loss of the file named in ``model``; None where the run was interrupted before the first
    validation (``model`` is then the latest). ``best_step``: after how many steps that model was measured.
    """

    reason: str
    step: int
    seconds: float
    loss: float | None
    bits_per_character: float | None
    model: str
    best_step: int = 0


def to_json(event: Any) -> dict[str, Any]:
    """The event as one JSON object with the key ``event`` first (for those the command line prints)."""
    return {"event": type(event).__name__.lower(), **asdict(event)}
