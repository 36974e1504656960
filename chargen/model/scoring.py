"""The loss of a text under a model: validation, score and surprise share it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from chargen.errors import CorpusError
from chargen.model.network import CharRNN, State
from chargen.model.state import HiddenState

VALIDATION_STREAMS = 64
MINIMUM_STREAM = 256
"""Shorter streams would measure the cold start more than the model."""

_CHUNK = 32_768
"""Characters (time × streams) per piece of work: between two, commands are heard."""


@dataclass(frozen=True)
class Score:
    """Summed cross-entropy over ``characters`` predicted characters."""

    nats: float
    characters: int

    @property
    def loss(self) -> float:
        """Nats per character."""
        return self.nats / self.characters

    @property
    def bits_per_character(self) -> float:
        return self.loss / float(np.log(2))


def validation_streams(length: int) -> int:
    """How many contiguous streams the validation split of ``length`` characters is read in: at most 64."""
    return max(1, min(VALIDATION_STREAMS, length // MINIMUM_STREAM))


class SideBySide(Protocol):
    """Runs a function for several shares of the streams at once, ``count`` of them."""

    count: int

    def map(self, function: Callable[[int], "Piece"]) -> "list[Piece]": ...


Piece = tuple[NDArray[np.float32], State]


class _OneByOne:
    count = 1

    def map(self, function: Callable[[int], Piece]) -> list[Piece]:
        return [function(0)]


def iterate_losses(
    network: CharRNN,
    ids: NDArray[np.unsignedinteger],
    *,
    streams: int = 1,
    window: int | None = None,
    dtype: torch.dtype | None = None,
    side_by_side: SideBySide | None = None,
    start: HiddenState | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Losses in nats of ``ids[1:]`` in pieces; each piece is [T, B], time first.

    Args:
        ids: the text, at least two characters.
        streams: contiguous slices read side by side, the state carried within each. What does not divide evenly is read
            at the end as one stream of its own, so that every character but the first is predicted once; the slices
            overlap by the one character that is only input.
        window: start afresh every ``window`` predicted characters instead of carrying the state.
        dtype: number type of the products.
        side_by_side: threads to share the streams; None uses none.
        start: what every stream and window starts from; None is what training started from.

    Raises:
        CorpusError: fewer than two characters. StateError: ``start`` does not fit the network.
    """
    if len(ids) < 2:
        raise CorpusError("At least two characters are needed to measure a loss.")
    begins = network.start_state if start is None else _copies_of(network, start)
    threads = side_by_side if side_by_side is not None else _OneByOne()
    for starts, length in _blocks(len(ids) - 1, streams, window):
        # Windows are independent, so they go through in groups; carried streams go through together.
        group = max(1, _CHUNK // length) if window is not None else len(starts)
        for first in range(0, len(starts), group):
            shares = np.array_split(starts[first : first + group], threads.count)
            states = [begins(len(share)) for share in shares]
            piece = max(1, _CHUNK // max(1, len(starts[first : first + group])))
            for begin in range(0, length, piece):
                reader = _Reader(network, ids, shares, states, begin, min(begin + piece, length), dtype)
                results = threads.map(reader)
                states = [state for _, state in results]
                yield np.concatenate([losses for losses, _ in results], axis=1)


def _copies_of(network: CharRNN, state: HiddenState) -> Callable[[int], State]:
    """So many streams that all start from ``state``."""
    state.check_fits(network.config)
    parts = [torch.from_numpy(part.copy()).to(network.head.bias.device) for part in state.parts()]
    return lambda streams: tuple(part.expand(-1, streams, -1) for part in parts)


def _blocks(predicted: int, streams: int, window: int | None) -> list[tuple[NDArray[np.int64], int]]:
    """(first characters, predicted characters of each) of the slices, and of what does not divide evenly."""
    length = window if window is not None else predicted // streams
    count = predicted // length if length else 0
    if window is None:
        count = min(count, streams)
    blocks = [(np.arange(count, dtype=np.int64) * length, length)] if count else []
    rest = predicted - count * length
    if rest:
        blocks.append((np.array([count * length]), rest))
    return blocks


@dataclass(frozen=True)
class _Reader:
    """One piece of time for each share of the streams."""

    network: CharRNN
    ids: NDArray[np.unsignedinteger]
    shares: list[NDArray[np.int64]]
    states: list[State]
    begin: int
    end: int
    dtype: torch.dtype | None

    def __call__(self, worker: int) -> Piece:
        share, state = self.shares[worker], self.states[worker]
        if len(share) == 0:
            return np.empty((self.end - self.begin, 0), np.float32), state
        index = share[None, :] + np.arange(self.begin, self.end + 1)[:, None]
        with torch.inference_mode():  # belongs to the thread
            block = torch.from_numpy(self.ids[index].astype(np.int64)).to(self.network.head.bias.device)
            logits, state = self.network(block[:-1], state, dtype=self.dtype)
            losses = F.cross_entropy(logits.flatten(0, 1).float(), block[1:].flatten(), reduction="none")
        return losses.reshape(self.end - self.begin, len(share)).cpu().numpy(), state


def score_ids(
    network: CharRNN,
    ids: NDArray[np.unsignedinteger],
    *,
    streams: int = 1,
    window: int | None = None,
    dtype: torch.dtype | None = None,
    check: Callable[[], None] = lambda: None,
) -> Score:
    """The summed loss of ``ids``; ``check`` is called between pieces and may raise to stop."""
    nats, characters = 0.0, 0
    for losses in iterate_losses(network, ids, streams=streams, window=window, dtype=dtype):
        nats += float(losses.sum(dtype=np.float64))
        characters += losses.size
        check()
    return Score(nats, characters)
