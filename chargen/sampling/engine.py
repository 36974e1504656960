"""The network, one character at a time: state in, logits out.

:class:`Weights` arranges a model's tensors once; an :class:`Engine` adds a state and buffers of its own.
Engines of the same weights are cheap (:meth:`Engine.fork`) and independent, one per stream.

There are three *ways* to compute a step of a single stream with the same weights: with NumPy
(:mod:`~chargen.sampling.steps`), ready at once; compiled (:mod:`~chargen.sampling.compiled`), faster, but made anew in
every process; and compiled with narrow weights, faster still, but not quite the same distribution.
"""

import copy
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling import decoding
from chargen.sampling import steps as numpy_steps
from chargen.sampling.decoding import Draw
from chargen.sampling.steps import ALIGNMENT, Array, Step, aligned, aligned_copy

Way = Literal["numpy", "compiled", "narrow"]
WAYS: tuple[Way, ...] = ("numpy", "compiled", "narrow")
_COMPILED, _NARROW = "numba", "int16"  # in a formulation

MAXIMUM_TABLE_BYTES = 256 * 2**20
"""Beyond this the first layer's input product is computed at every step instead of looked up."""


_STRIP = 16  # rows transposed at a time: one cache line of the result; whole matrices take twice as long

Edit = Callable[[Array, Array], None]
"""What steering does to one layer: h and c of it, [..., H], changed in place (c is unused but in an LSTM)."""


def _lay(result: Array, matrix: NDArray[np.float32], order: tuple[int, ...], halved: int) -> None:
    """Write ``matrix`` [G·H, inputs] transposed to ``result`` [inputs, len(order)·H].

    Its gate blocks come in another order; those with number < ``halved`` (new order) are halved.
    """
    H = result.shape[1] // len(order)
    for new, old in enumerate(order):
        factor = np.float32(0.5 if new < halved else 1.0)
        for row in range(0, H, _STRIP):
            width = min(_STRIP, H - row)
            block = matrix[old * H + row : old * H + row + width]
            np.multiply(block.T, factor, out=result[:, new * H + row : new * H + row + width])


def _transposed(matrices: Sequence[NDArray[np.float32]], order: tuple[int, ...], halved: int) -> Array:
    """:func:`_lay` of matrices with the same rows, one below the other, read-only."""
    inputs = [matrix.shape[1] for matrix in matrices]
    H = matrices[0].shape[0] // (max(order) + 1)
    result = aligned(sum(inputs), len(order) * H)
    start = 0
    for matrix, size in zip(matrices, inputs, strict=True):
        _lay(result[start : start + size], matrix, order, halved)
        start += size
    result.flags.writeable = False
    return result


def _blocks(bias: NDArray[np.float32], order: tuple[int, ...], halved: int) -> NDArray[np.float32]:
    """The gate blocks of a bias [G·H] in another order, those with number < ``halved`` (new order) halved."""
    parts = np.split(bias, max(order) + 1)
    return np.concatenate([parts[old] * np.float32(0.5 if new < halved else 1.0) for new, old in enumerate(order)])


def compiler() -> ModuleType | None:
    """:mod:`chargen.sampling.compiled`; None where Numba is not installed, or not for this Python or NumPy."""
    try:
        from chargen.sampling import compiled
    except ImportError:
        return None
    return compiled


class Weights:
    """A model's tensors, laid out for the step; read-only and shared by engines.

    Attributes:
        model: where they come from.
        way: how a step of a single stream is computed. Several at once are computed with NumPy.
        products: per layer, the matrices of its step. offsets: per layer, the sum of its biases in the step's order.
        table: [V, rows], the first layer's offset of every character; None where it would be too large.
        head, head_bias: [V, H], [V].
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.way: Way = "numpy"
        self._ways: dict[Way, Weights] = {"numpy": self}  # shared by all of them: packing takes a while
        self._single: Any = numpy_steps
        self._packed: list[tuple[Any, Any]] = []  # what the compiled steps take in place of the products
        self._packed_head: Any = None
        config, tensors = model.config, model.tensors
        self.products: list[tuple[Array, Array | None]] = []
        self.offsets: list[Array] = []
        self.table: Array | None = None
        for layer in range(config.layers):
            W = tensors[f"rnn.weight_ih_l{layer}"]
            U = tensors[f"rnn.weight_hh_l{layer}"]
            b_ih, b_hh = tensors[f"rnn.bias_ih_l{layer}"], tensors[f"rnn.bias_hh_l{layer}"]
            second = None
            if config.cell == "gru":
                # Blocks r, z, n become hn, r, z for the recurrent side and r, z, xn for the input side.
                product = aligned(config.hidden, 3 * config.hidden)
                _lay(product[:, : config.hidden], U[2 * config.hidden :], (0,), 0)
                _lay(product[:, config.hidden :], U, (0, 1), 2)
                product.flags.writeable = False
                W_order: tuple[int, ...] = (0, 1, 2)
                W_halved = 2
                if layer:
                    second = _transposed([W], W_order, W_halved)
                gates = _blocks((b_ih + b_hh)[: 2 * config.hidden], (0, 1), 2)
                offset = np.concatenate([b_hh[2 * config.hidden :], gates, b_ih[2 * config.hidden :]])
            else:
                W_order, W_halved = ((0, 1, 3, 2), 3) if config.cell == "lstm" else ((0,), 0)
                product = _transposed([W, U] if layer else [U], W_order, W_halved)
                offset = _blocks(b_ih + b_hh, W_order, W_halved)
            self.products.append((product, second))
            self.offsets.append(aligned_copy(offset))
            if layer == 0:
                self._embed(_transposed([W], W_order, W_halved), tensors["embedding.weight"])
        self.head = aligned_copy(tensors["head.weight"])
        self.head_bias = aligned_copy(tensors["head.bias"])

    def _embed(self, first: Array, embedding: NDArray[np.float32]) -> None:
        """Make the look-up table [V, rows]: input product plus biases for every character."""
        self._first = first
        self._embedding = embedding
        if embedding.shape[0] * self.offsets[0].size * 4 <= MAXIMUM_TABLE_BYTES:
            self.table = self._offsets(np.arange(embedding.shape[0]))
            self._rows = list(self.table)  # a list of rows is indexed faster than a matrix

    def _offsets(self, ids: NDArray[np.integer]) -> Array:
        """Biases plus the input product of some characters, [ids, rows], read-only."""
        result = aligned(len(ids), self.offsets[0].size)
        result[...] = self.offsets[0]
        result[:, -self._first.shape[1] :] += self._embedding[ids] @ self._first
        result.flags.writeable = False
        return result

    def input_offset(self, id: int) -> Array:
        """A row of the table, computed: biases plus the input product of one character."""
        offset = np.array(self.offsets[0])
        offset[-self._first.shape[1] :] += np.dot(self._embedding[id], self._first)
        return offset

    def input_offsets(self, ids: NDArray[np.intp], result: Array) -> Array:
        """The first layer's offsets of several characters, written to ``result`` [ids, rows] and returned."""
        if self.table is not None:
            return np.take(self.table, ids, axis=0, out=result, mode="clip")  # the mode that needs no buffer
        result[...] = self._offsets(ids)
        return result

    def by(self, way: Way) -> "Weights":
        """The same to be computed in another way; with NumPy where that cannot be had here."""
        compiled = None if way == "numpy" else compiler()
        if compiled is None:
            return self._ways["numpy"]
        if way not in self._ways:
            other, narrow = copy.copy(self), way == "narrow"
            other.way, other._single = way, compiled
            other._packed = [
                (compiled.pack(first, narrow=narrow), None if second is None else compiled.pack(second, narrow=narrow))
                for first, second in self.products
            ]
            other._packed_head = compiled.pack(self.head, narrow=narrow, inputs=1)
            self._ways[way] = other
        return self._ways[way]

    def as_in(self, formulation: Mapping[str, Any]) -> "Weights":
        """The same to be computed as a sample was, whose :func:`formulation` this is, as far as it can be here."""
        if not str(formulation.get("kind", "")).startswith(_COMPILED):
            return self.by("numpy")
        return self.by("narrow" if formulation.get("dtype") == _NARROW else "compiled")

    def input_rows(self) -> "list[Array] | _Computed":
        """What ``[id]`` gives the first layer's offset of."""
        return self._rows if self.table is not None else _Computed(self)

    @property
    def compiler_version(self) -> str:
        """Of Numba, where it computes."""
        return str(self._single.VERSION)

    def draw(self) -> Draw:
        """What chooses the characters of a single stream."""
        V = self.model.config.vocabulary_size
        chosen: Draw = (decoding if self.way == "numpy" else self._single).Draw(V)
        return chosen

    def output(self, top: Array, logits: Array) -> Callable[[], None]:
        """What makes logits [V] of the uppermost h [H] of a single stream."""
        if self.way != "numpy":
            compiled: Callable[[], None] = self._single.output(self._packed_head, self.head_bias, top, logits)
            return compiled

        def make() -> None:
            np.dot(self.head, top, logits)
            np.add(logits, self.head_bias, logits)

        return make

    def steps(self, h: Array, rooms: Sequence[Array]) -> list[Step]:
        """The steps of all layers on states h [L·H], or [B, L·H], in place.

        ``rooms`` are per layer the ``room`` of :func:`lstm_step`, or for a batch c [B, H].
        """
        config, H = self.model.config, self.model.config.hidden
        steps: list[Step] = []
        alone = h.ndim == 1 and self.way != "numpy"
        module, products = (self._single, self._packed) if alone else (numpy_steps, self.products)
        for layer, (first, second) in enumerate(products):
            own, below = slice(layer * H, (layer + 1) * H), slice((layer - 1) * H, layer * H)
            # The layer below and itself, side by side: one product takes both.
            inputs = h[..., max(layer - 1, 0) * H : (layer + 1) * H]
            if config.cell == "gru":
                steps.append(module.gru_step(first, h[..., own], None if second is None else (h[..., below], second)))
            elif config.cell == "lstm":
                lstm = module.lstm_step if h.ndim == 1 else numpy_steps.lstm_batch_step
                steps.append(lstm(first, inputs, h[..., own], rooms[layer]))
            else:
                steps.append(module.rnn_step(first, inputs, h[..., own]))
        return steps


def steered(step: Step, edit: Edit | None, h: Array, c: Array) -> Step:
    """``step``, and then ``edit`` on what it has made of h and c."""
    if edit is None:
        return step

    def both(offset: Array) -> None:
        step(offset)
        edit(h, c)

    return both


class _Computed:
    """Stands for the table where it would be too large."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def __getitem__(self, id: int) -> Array:
        return self._weights.input_offset(id)


def formulation(weights: Weights, batch: int | None = None) -> dict[str, Any]:
    """How the numbers of a single stream, or of a batch of so many, are computed."""
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "")
    way = weights.way if batch is None else "numpy"
    kind = "numpy" if way == "numpy" else _COMPILED
    how: dict[str, Any] = {
        "kind": kind if weights.table is None else f"{kind}-lookup",  # whether the first layer's input product is
        "dtype": _NARROW if way == "narrow" else "float32",
        "threads": int(threads) if threads.isdecimal() else 0,  # 0: the library decides
        "batch": batch or 1,
    }
    return how if way == "numpy" else {**how, "compiler": f"numba {weights.compiler_version}", "threads": 1}


class Engine:
    """A network with a state, advanced one character at a time.

    The same inputs give the same bytes: one thread, fixed layout, no library randomness. Not safe for two
    threads at once; use one :meth:`fork` each.

    Args:
        model: a model, or the :class:`Weights` of one. The state starts at zeros.

    Attributes:
        h, c: the state itself, [L, H], not a copy: what is written there is what the next step reads.
        edits: the steering in force, see :meth:`steer`.
    """

    def __init__(self, model: Model | Weights) -> None:
        self.weights = model if isinstance(model, Weights) else Weights(model)
        self.model = self.weights.model
        config = self.model.config
        L, H = config.layers, config.hidden
        self._h = aligned(L * H)
        self.h = self._h.reshape(L, H)
        line = ALIGNMENT // self._h.itemsize
        rooms = aligned(L, -(-5 * H // line) * line)[:, : 5 * H]  # each on a cache line of its own
        self.c = rooms[:, 4 * H :]
        self._logits = aligned(config.vocabulary_size)
        self._top = self._h[(L - 1) * H :]
        self._rows = self.weights.input_rows()
        self._plain = self.weights.steps(self._h, list(rooms))
        self._make_logits = self.weights.output(self._top, self._logits)
        self.steer({})

    def steer(self, edits: Mapping[int, Edit]) -> None:
        """From the next step on, call ``edits[layer](h, c)`` right after that layer's step; {} steers no more.

        h and c are the layer's own arrays [H], to be changed in place: the layer above and the layer's own next step
        read what the edit leaves. A steering over a range of characters is set at its beginning and at its end.
        Written with ``h[..., unit]``, an edit serves :class:`~chargen.sampling.batch_engine.BatchEngine` as well.
        """
        self.edits = dict(edits)
        steps = [
            steered(step, self.edits.get(layer), self.h[layer], self.c[layer]) for layer, step in enumerate(self._plain)
        ]
        self._first = steps[0]
        self._upper = list(zip(steps[1:], self.weights.offsets[1:], strict=True))

    def fork(self) -> "Engine":
        """Another engine on the same weights, with a copy of the state and the same steering."""
        twin = Engine(self.weights)
        twin.take_over(self)
        return twin

    def take_over(self, other: "Engine") -> None:
        """Be where ``other``, of the same weights, is, and steered as it is."""
        self.h[...], self.c[...] = other.h, other.c
        self.steer(other.edits)

    @property
    def formulation(self) -> dict[str, Any]:
        """How the numbers are computed; part of a sample's provenance."""
        return formulation(self.weights)

    def load_state(self, state: HiddenState) -> None:
        """Continue from ``state``. Raises StateError unless it fits the model."""
        state.check_fits(self.model.config)
        self.h[...] = state.h[:, 0]
        if state.c is not None:
            self.c[...] = state.c[:, 0]

    def state(self, recipe: Mapping[str, Any], name: str = "") -> HiddenState:
        """A copy of the present state. Raises StateError if it is no longer finite."""
        config = self.model.config
        parts = (self.h, self.c)[: len(config.state_parts)]
        return HiddenState.from_parts(config, parts, dict(recipe), fingerprint=self.model.fingerprint, name=name)

    # A spoiled model or a state from a stranger can overflow. Whoever reads the logits checks them and says so
    # in one sentence; a warning of NumPy's on the terminal besides would not help. The guard costs 0.8 µs a call.

    def _advance(self, id: int) -> None:
        self._first(self._rows[id])
        for step, offset in self._upper:
            step(offset)

    @np.errstate(all="ignore")
    def logits(self) -> Array:
        """Logits [V] of the next character in the present state; a view that the next call overwrites."""
        self._make_logits()
        return self._logits

    @np.errstate(all="ignore")
    def step(self, id: int) -> Array:
        """Read one character and return the logits [V] of the next; a view that the next call overwrites."""
        self._advance(id)
        self._make_logits()
        return self._logits

    @np.errstate(all="ignore")
    def run(self, ids: Iterable[int]) -> None:
        """Read characters without looking at the logits: bit for bit the states of :meth:`step` on each."""
        for id in ids:
            self._advance(int(id))

    @np.errstate(all="ignore")
    def logits_after(self, ids: Sequence[int]) -> Array:
        """Read characters, and the logits [N, V] after each: those of :meth:`step` but for the last bits, and quicker,
        for the uppermost h of all are multiplied at once."""
        tops = np.empty((len(ids), self._top.size), np.float32)
        for row, id in enumerate(ids):
            self._advance(id)
            tops[row] = self._top
        logits: Array = tops @ self.weights.head.T + self.weights.head_bias
        return logits

    def advance(self, id: int) -> None:
        """Read one character."""
        self.run((id,))
