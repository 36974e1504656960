"""The network for several streams at once: one matrix product a layer for all of them.

The rows of a batch do not touch each other: what a row becomes depends on its own numbers, the number of rows and,
where the library treats the last rows of a product apart, its place among them. So the same row of a batch of the
same size gives the same bytes, whatever stands in the other rows; a batch of another size need not.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.sampling.engine import Edit, Engine, Weights, formulation, steered
from chargen.sampling.steps import Array, aligned

MAXIMUM_BATCH = 64
"""Rows of one batch: products of more are hardly faster a row."""


class BatchEngine:
    """A network with a state for each of several streams. For one thread.

    Args:
        engines: where each row starts, engines of the same weights; nothing of theirs is changed. Steering is taken
            over from the first.

    Attributes:
        h, c: the states themselves, per layer [B, H], not copies: what is written there is what the next step reads.
        edits: the steering in force, see :meth:`Engine.steer`; for all rows.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._make(engines[0].weights, len(engines))
        for row, engine in enumerate(engines):
            self._h[row], self._c[:, row] = engine.h.reshape(-1), engine.c
        self.steer(engines[0].edits)

    def _make(self, weights: Weights, rows: int) -> None:
        config = weights.model.config
        L, H = config.layers, config.hidden
        self.weights, self.rows = weights, rows
        self._h, self._c = aligned(rows, L * H), aligned(L, rows, H)
        self.h = [self._h[:, layer * H : (layer + 1) * H] for layer in range(L)]
        self.c = list(self._c)
        self._offset = aligned(rows, weights.offsets[0].size)
        self._logits = aligned(rows, config.vocabulary_size)
        self._head = weights.head.T
        # Written out for every row: adding arrays of one size is faster than adding a row to each.
        self._offsets = [np.tile(offset, (rows, 1)) for offset in weights.offsets[1:]]
        self._plain = weights.steps(self._h, self.c)

    def steer(self, edits: Mapping[int, Edit]) -> None:
        """As :meth:`Engine.steer`, with h and c [B, H]."""
        self.edits = dict(edits)
        steps = [
            steered(step, self.edits.get(layer), self.h[layer], self.c[layer]) for layer, step in enumerate(self._plain)
        ]
        self._first = steps[0]
        self._upper = list(zip(steps[1:], self._offsets, strict=True))

    @property
    def formulation(self) -> dict[str, Any]:
        """How the numbers are computed; part of a sample's provenance."""
        return formulation(self.weights, self.rows)

    def keep(self, rows: Iterable[int]) -> None:
        """Go on with these rows alone, in this order; a row may come more than once."""
        chosen = np.fromiter(rows, np.intp)
        h, c, edits = self._h[chosen], self._c[:, chosen], self.edits
        if len(chosen) != self.rows:
            self._make(self.weights, len(chosen))
            self.steer(edits)
        self._h[...], self._c[...] = h, c

    @np.errstate(all="ignore")  # as in Engine: whoever reads the logits checks them
    def logits(self) -> Array:
        """Logits [B, V] of the next characters in the present states; the next call overwrites them."""
        np.dot(self.h[-1], self._head, self._logits)
        return np.add(self._logits, self.weights.head_bias, self._logits)

    @np.errstate(all="ignore")
    def step(self, ids: NDArray[np.intp]) -> Array:
        """Read one character in each row, ``ids`` [B], and return the logits [B, V] of the next ones."""
        self._first(self.weights.input_offsets(ids, self._offset))
        for step, offset in self._upper:
            step(offset)
        return self.logits()
