"""The loss of a text under a model: validation, score and surprise share it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from chargen.errors import CorpusError
from chargen.model.network import CharRNN

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


def iterate_losses(
    network: CharRNN,
    ids: NDArray[np.unsignedinteger],
    *,
    streams: int = 1,
    window: int | None = None,
    dtype: torch.dtype | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Losses in nats of ``ids[1:]`` in pieces; each piece is [T, B], time first.

    Args:
        ids: the text, at least two characters.
        streams: contiguous slices read side by side, the state carried within each. What does not divide evenly is read
            at the end as one stream of its own, so that every character but the first of each slice is predicted; the
            slices overlap by the one character that is only input.
        window: start afresh every ``window`` predicted characters instead of carrying the state.
        dtype: number type of the products.
    """
    if len(ids) < 2:
        raise CorpusError("At least two characters are needed to measure a loss.")
    device = network.head.bias.device
    predicted = len(ids) - 1
    if window is not None:
        streams = max(1, predicted // window)
        length = window
    else:
        length = predicted // streams
    starts = np.arange(streams) * length
    blocks = [(starts, length)] if streams * length else []
    if predicted > streams * length:
        blocks.append((np.array([streams * length]), predicted - streams * length))
    with torch.inference_mode():
        for block_starts, block_length in blocks:
            # Windows are independent, so they go through in groups; carried streams go through together.
            group = max(1, _CHUNK // block_length) if window is not None else len(block_starts)
            for first in range(0, len(block_starts), group):
                some = block_starts[first : first + group]
                state = network.start_state(len(some))
                piece = max(1, _CHUNK // len(some))
                for begin in range(0, block_length, piece):
                    end = min(begin + piece, block_length)
                    index = some[None, :] + np.arange(begin, end + 1)[:, None]
                    block = torch.from_numpy(ids[index].astype(np.int64)).to(device)
                    logits, state = network(block[:-1], state, dtype=dtype)
                    losses = F.cross_entropy(
                        logits.reshape(-1, logits.shape[-1]).float(), block[1:].reshape(-1), reduction="none"
                    )
                    yield losses.reshape(end - begin, len(some)).cpu().numpy()


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
