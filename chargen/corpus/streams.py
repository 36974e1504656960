"""Contiguous parallel streams for truncated back-propagation through time.

The training text is cut into B streams of equal length that are read side by side, T characters a
step, so that the hidden state a step ends with is the state the next step starts from. Every epoch
shifts the starting points by a little, so that no character is always the first of an unroll.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargen.errors import CorpusError

Ids = NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class StreamShape:
    """B streams read T characters a step; ``steps`` steps make an epoch."""

    streams: int
    unroll: int
    steps: int
    length: int  # characters of text the streams are cut from


def fit_streams(length: int, streams: int, unroll: int) -> StreamShape:
    """The nearest shape to ``streams`` × ``unroll`` that a text of ``length`` characters can fill.

    Streams shrink first, until each holds four unrolls (fewer would forget the state it carries); then the unroll.

    Raises:
        CorpusError: fewer than three characters.
    """
    usable = length - 1  # the last character is only ever a target
    if usable < 2:
        raise CorpusError("The text is too short to learn from; give at least 200 characters.")
    streams = max(1, min(streams, usable // (4 * unroll)))
    unroll = max(2, min(unroll, usable // streams))
    return StreamShape(streams, unroll, max(1, usable // streams // unroll), length)


class Streams:
    """Where each step of each epoch reads. Stateless: the position is a pair (epoch, step within it).

    Args:
        shape: from :func:`fit_streams`.
        seed: of the epochs' offsets.
    """

    def __init__(self, shape: StreamShape, seed: int) -> None:
        self.shape = shape
        self._seed = seed

    def position(self, step: int) -> tuple[int, int]:
        """(epoch, step within the epoch) of the run's ``step``, both from 0."""
        return divmod(step, self.shape.steps)

    def starts(self, epoch: int) -> NDArray[np.int64]:
        """First character of every stream in that epoch: [B]."""
        stride = (self.shape.length - 1) // self.shape.streams
        slack = self.shape.length - 1 - (self.shape.streams - 1) * stride - self.shape.steps * self.shape.unroll
        offset = np.random.Generator(np.random.PCG64([self._seed, epoch])).integers(0, slack + 1) if epoch else 0
        return np.asarray(offset + np.arange(self.shape.streams) * stride, dtype=np.int64)

    def indices(self, step: int) -> NDArray[np.int64]:
        """Positions in the text that a step reads: [T + 1, B]; rows 0…T−1 are inputs, rows 1…T their targets."""
        epoch, within = self.position(step)
        begin = within * self.shape.unroll
        return self.starts(epoch)[None, :] + begin + np.arange(self.shape.unroll + 1)[:, None]
