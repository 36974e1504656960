"""The network, one character at a time: state in, logits out.

:class:`Weights` arranges a model's tensors once; an :class:`Engine` adds a state and buffers of its own.
Engines of the same weights are cheap (:meth:`Engine.fork`) and independent, one per stream.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.steps import Array, Step, aligned, aligned_copy, gru_step, lstm_step, rnn_step

MAXIMUM_TABLE_BYTES = 256 * 2**20
"""Beyond this the first layer's input product is computed at every step instead of looked up."""


def _blocks(matrix: NDArray[np.float32], order: tuple[int, ...], halved: int) -> NDArray[np.float32]:
    """The gate blocks of ``matrix`` [G·H, ...] in another order, those with number < ``halved`` (new order) halved."""
    parts = np.split(matrix, max(order) + 1)
    return np.concatenate([parts[old] * np.float32(0.5 if new < halved else 1.0) for new, old in enumerate(order)])


class Weights:
    """A model's tensors, laid out for the step; read-only and shared by engines.

    Attributes:
        model: where they come from.
        offsets: per layer above the first, the sum of its biases in the order of the step.
        head, head_bias: [V, H], [V].
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        config, tensors = model.config, model.tensors
        self.products: list[tuple[Array, Array | None]] = []
        self.offsets: list[Array] = []
        self._table: list[Array] | None = None
        for layer in range(config.layers):
            W = tensors[f"rnn.weight_ih_l{layer}"]
            U = tensors[f"rnn.weight_hh_l{layer}"]
            b_ih, b_hh = tensors[f"rnn.bias_ih_l{layer}"], tensors[f"rnn.bias_hh_l{layer}"]
            if config.cell == "gru":
                # Blocks r, z, n become hn, r, z for the recurrent side and r, z, xn for the input side.
                recurrent = _blocks(U, (2, 0, 1), 0)
                recurrent[config.hidden :] *= np.float32(0.5)
                W = _blocks(W, (0, 1, 2), 2)
                gates = _blocks((b_ih + b_hh)[: 2 * config.hidden], (0, 1), 2)
                offset = np.concatenate([b_hh[2 * config.hidden :], gates, b_ih[2 * config.hidden :]])
                product = aligned_copy(recurrent.T), (aligned_copy(W.T) if layer else None)
            else:
                order, halved = ((0, 1, 3, 2), 3) if config.cell == "lstm" else ((0,), 0)
                W, U, offset = (_blocks(tensor, order, halved) for tensor in (W, U, b_ih + b_hh))
                product = aligned_copy(np.concatenate([W, U], axis=1).T if layer else U.T), None
            self.products.append(product)
            self.offsets.append(aligned_copy(offset))
            if layer == 0:
                self._embed(W, tensors["embedding.weight"])
        self.head = aligned_copy(tensors["head.weight"])
        self.head_bias = aligned_copy(tensors["head.bias"])

    def _embed(self, W: NDArray[np.float32], embedding: NDArray[np.float32]) -> None:
        """Make the look-up table [V, rows]: input product plus biases for every character."""
        self._first = aligned_copy(W.T)
        self._embedding = embedding
        if embedding.shape[0] * self.offsets[0].size * 4 <= MAXIMUM_TABLE_BYTES:
            table = aligned(embedding.shape[0], self.offsets[0].size)
            table[...] = self.offsets[0]
            table[:, -self._first.shape[1] :] += embedding @ self._first
            table.flags.writeable = False
            self._table = list(table)  # a list of rows is indexed faster than a matrix

    def input_offset(self, id: int) -> Array:
        """A row of the table, computed: biases plus the input product of one character."""
        offset = np.array(self.offsets[0])
        offset[-self._first.shape[1] :] += np.dot(self._embedding[id], self._first)
        return offset

    @property
    def has_table(self) -> bool:
        return self._table is not None

    def input_rows(self) -> "list[Array] | _Computed":
        """What ``[id]`` gives the first layer's offset of."""
        return self._table if self._table is not None else _Computed(self)


class _Computed:
    """Stands for the table where it would be too large."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def __getitem__(self, id: int) -> Array:
        return self._weights.input_offset(id)


class Engine:
    """A network with a state, advanced one character at a time.

    The same inputs give the same bytes: one thread, fixed layout, no library randomness. Not safe for two
    threads at once; use one :meth:`fork` each.

    Args:
        model: a model, or the :class:`Weights` of one. The state starts at zeros.
    """

    def __init__(self, model: Model | Weights) -> None:
        self.weights = model if isinstance(model, Weights) else Weights(model)
        self.model = self.weights.model
        config = self.model.config
        L, H = config.layers, config.hidden
        self._h, self._c = aligned(L * H), aligned(L * H)
        self._logits = aligned(config.vocabulary_size)
        self._top = self._h[(L - 1) * H :]
        self._rows = self.weights.input_rows()
        steps = [self._make_step(layer) for layer in range(L)]
        self._first = steps[0]
        self._upper = list(zip(steps[1:], self.weights.offsets[1:], strict=True))

    def _make_step(self, layer: int) -> Step:
        config, H = self.model.config, self.model.config.hidden
        first, second = self.weights.products[layer]
        own = slice(layer * H, (layer + 1) * H)
        h = self._h[own]
        if config.cell == "gru":
            below = (self._h[(layer - 1) * H : layer * H], second) if second is not None else None
            return gru_step(first, h, below)
        inputs = self._h[max(layer - 1, 0) * H : (layer + 1) * H]  # the layer below and itself, side by side
        return lstm_step(first, inputs, h, self._c[own]) if config.cell == "lstm" else rnn_step(first, inputs, h)

    def fork(self) -> "Engine":
        """Another engine on the same weights, with a copy of the state."""
        twin = Engine(self.weights)
        twin._h[:], twin._c[:] = self._h, self._c
        return twin

    @property
    def formulation(self) -> dict[str, Any]:
        """How the numbers are computed; part of a sample's provenance."""
        threads = os.environ.get("OPENBLAS_NUM_THREADS", "")
        return {
            "kind": "numpy-lookup" if self.weights.has_table else "numpy",
            "dtype": "float32",
            "threads": int(threads) if threads.isdecimal() else 0,  # 0: the library decides
            "batch": 1,
        }

    def load_state(self, state: HiddenState) -> None:
        """Continue from ``state``. Raises StateError unless it fits the model."""
        state.check_fits(self.model.config)
        self._h[:] = state.h.reshape(-1)
        if state.c is not None:
            self._c[:] = state.c.reshape(-1)

    def state(self, recipe: Mapping[str, Any], name: str = "") -> HiddenState:
        """A copy of the present state. Raises StateError if it is no longer finite."""
        config = self.model.config
        shape = (config.layers, config.hidden)
        parts = (self._h.reshape(shape), self._c.reshape(shape))[: len(config.state_parts)]
        return HiddenState.from_parts(config, parts, dict(recipe), fingerprint=self.model.fingerprint, name=name)

    # A spoiled model or a state from a stranger can overflow. Whoever reads the logits checks them and says so
    # in one sentence; a warning on the terminal besides would not help. The guard costs 0.8 µs a call.

    def _advance(self, id: int) -> None:
        self._first(self._rows[id])
        for step, offset in self._upper:
            step(offset)

    def _output(self) -> Array:
        np.dot(self.weights.head, self._top, self._logits)
        return np.add(self._logits, self.weights.head_bias, self._logits)

    @np.errstate(all="ignore")
    def logits(self) -> Array:
        """Logits [V] of the next character in the present state; a view that the next call overwrites."""
        return self._output()

    @np.errstate(all="ignore")
    def step(self, id: int) -> Array:
        """Read one character and return the logits [V] of the next; a view that the next call overwrites."""
        self._advance(id)
        return self._output()

    @np.errstate(all="ignore")
    def run(self, ids: Iterable[int]) -> None:
        """Read characters without looking at the logits: bit for bit the states of :meth:`step` on each."""
        for id in ids:
            self._advance(int(id))

    def advance(self, id: int) -> None:
        """Read one character."""
        self.run((id,))
