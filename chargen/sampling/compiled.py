"""The step of one stream and the choice of its character, compiled for this machine's processor.

The same functions as in :mod:`~chargen.sampling.steps` and :class:`~chargen.sampling.decoding.Draw`, with the same
weights: a layer, the output and the choice are one call each, where NumPy takes ten. It is the calls that count at
batch 1: each runs a good deal of Python, which takes its time and pushes weights out of the cache nearest to the core.

Numba compiles in a second or two, once in a process and for each kind of cell, so that only long texts are worth it;
see :data:`chargen.sampling.sampler.WORTH_COMPILING`. Nothing compiled is kept in a file: Numba would read it with
pickle.

The sums are added up in another order than OpenBLAS has, and tanh is a quotient of polynomials: the numbers differ in
the last bits from those of NumPy, which is why the formulation is a part of every sample's provenance.

*Narrow* weights are whole numbers of 16 bits, in units of the largest weight of the same input over 32,767: half the
bytes to read, which is most of the time of a large network. Probabilities are then off by some 1e-5, not by 1e-7; at
worst by 1e-4 in 20,000 characters of a trained 1×256, whose loss is the same to six figures.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from chargen.errors import ChargenError
from chargen.sampling.decoding import SPOILED
from chargen.sampling.steps import Array, Step, aligned

VERSION: str = numba.__version__

_FREEDOM = {"contract", "reassoc", "nsz"}  # sums in any order; what is not a number stays what it is
_HALF = np.float32(0.5)
_LARGEST = 2**15 - 1
_FAR = np.float32(9.0)  # from here on tanh is 1 in float32

# tanh x = x P(x²) / Q(x²) for |x| ≤ 9, relative error 1.4e-9: our own fit, by least squares at Chebyshev points, with
# the weights of the last round's denominator. tests/sampling/test_compiled.py holds it against tanh.
_P = tuple(map(np.float32, (1.0, 0.136833779, 0.003872630643, 2.809200829e-05, 3.07789995e-08, -1.233874043e-11)))
_Q = tuple(map(np.float32, (1.0, 0.470167104, 0.02726168077, 0.0003946137538, 1.29315014e-06)))


def _compile(function: Any) -> Any:
    return numba.njit(fastmath=_FREEDOM, nogil=True)(function)


@_compile
def _tanh(x: np.float32) -> np.float32:
    x = _FAR if x > _FAR else x  # written so that what is not a number passes
    x = -_FAR if x < -_FAR else x
    y = x * x
    numerator = _P[0] + y * (_P[1] + y * (_P[2] + y * (_P[3] + y * (_P[4] + y * _P[5]))))
    return x * numerator / (_Q[0] + y * (_Q[1] + y * (_Q[2] + y * (_Q[3] + y * _Q[4]))))


@_compile
def _add_product(x: Array, W: Any, units: Array, sums: Array) -> None:
    """sums [columns] += (x · units) [rows] · W [rows, columns]; four rows at a time, the quickest of 2, 4, 8 and 16."""
    rows, columns = W.shape
    for k in range(0, rows - 3, 4):
        x0, x1 = x[k] * units[k], x[k + 1] * units[k + 1]
        x2, x3 = x[k + 2] * units[k + 2], x[k + 3] * units[k + 3]
        for j in range(columns):
            sums[j] += (x0 * np.float32(W[k, j]) + x1 * np.float32(W[k + 1, j])) + (
                x2 * np.float32(W[k + 2, j]) + x3 * np.float32(W[k + 3, j])
            )
    for k in range(rows - rows % 4, rows):
        x0 = x[k] * units[k]
        for j in range(columns):
            sums[j] += x0 * np.float32(W[k, j])


@_compile
def _lstm(offset: Array, W: Any, units: Array, inputs: Array, h: Array, room: Array) -> None:
    H = h.size
    gates, c = room[: 4 * H], room[4 * H :]
    for j in range(4 * H):
        gates[j] = offset[j]
    _add_product(inputs, W, units, gates)
    for j in range(4 * H):
        gates[j] = _tanh(gates[j])
    for j in range(H):
        c[j] = (_HALF + _HALF * gates[H + j]) * c[j] + (_HALF + _HALF * gates[j]) * gates[3 * H + j]
    for j in range(H):
        h[j] = (_HALF + _HALF * gates[2 * H + j]) * _tanh(c[j])


@_compile
def _gru(
    offset: Array, U: Any, own_units: Array, h: Array, W: Any, units: Array, below: Array, sums: Array
) -> None:
    H = h.size
    for j in range(4 * H):
        sums[j] = offset[j]
    _add_product(h, U, own_units, sums[: 3 * H])
    if W.size:  # above the first layer
        _add_product(below, W, units, sums[H:])
    for j in range(H, 3 * H):
        sums[j] = _HALF + _HALF * _tanh(sums[j])
    for j in range(H):
        n, z = _tanh(sums[3 * H + j] + sums[H + j] * sums[j]), sums[2 * H + j]
        h[j] = n + z * (h[j] - n)


@_compile
def _rnn(offset: Array, W: Any, units: Array, inputs: Array, h: Array, sums: Array) -> None:
    for j in range(h.size):
        sums[j] = offset[j]
    _add_product(inputs, W, units, sums)
    for j in range(h.size):
        h[j] = _tanh(sums[j])


@_compile
def _output(head: Any, units: Array, bias: Array, top: Array, logits: Array) -> None:
    for v in range(bias.size):
        total = np.float32(0.0)
        for j in range(top.size):
            total += np.float32(head[v, j]) * (top[j] * units[j])
        logits[v] = bias[v] + total


@_compile
def _draw(logits: Array, temperature: float, uniform: float, values: Any, cumulated: Any) -> tuple[int, float]:
    V = logits.size
    best, squares = 0, 0.0
    for v in range(V):
        values[v] = logits[v]
        squares += values[v] * values[v]
        if values[v] > values[best]:
            best = v
    if not math.isfinite(squares):
        return -1, 0.0
    largest, plain, total, last = values[best], 0.0, 0.0, 0
    for v in range(V):
        values[v] -= largest
        plain += math.exp(values[v])
        weight = math.exp(values[v] / temperature)
        total += weight
        cumulated[v] = total
        if weight > 0.0:
            last = v
    target = uniform * total
    for v in range(V):
        if cumulated[v] > target:
            return v, math.log(plain)
    return last, math.log(plain)  # rounding at the very end


class Packed(NamedTuple):
    """A matrix for the product, float32 or narrow, and what each of its inputs is to be multiplied with."""

    matrix: NDArray[Any]
    units: Array


def pack(matrix: Array, *, narrow: bool, inputs: int = 0) -> Packed:
    """``matrix``, whose axis ``inputs`` is that of the inputs. Not copied unless it is to be narrow."""
    if not narrow:
        return Packed(matrix, np.ones(matrix.shape[inputs], np.float32))
    largest = np.abs(matrix).max(axis=1 - inputs, keepdims=True, initial=np.finfo(np.float32).tiny)
    units = largest / np.float32(_LARGEST)
    return Packed(np.rint(matrix / units).astype(np.int16), units.reshape(-1))


def lstm_step(weights: Packed, inputs: Array, h: Array, room: Array) -> Step:
    """As :func:`chargen.sampling.steps.lstm_step`."""

    def step(offset: Array) -> None:
        _lstm(offset, *weights, inputs, h, room)

    return step


def gru_step(recurrent: Packed, h: Array, below: tuple[Array, Packed] | None) -> Step:
    """As :func:`chargen.sampling.steps.gru_step`, for one stream."""
    sums = aligned(4 * len(h))
    source, weights = (h, Packed(recurrent.matrix[:0], recurrent.units[:0])) if below is None else below

    def step(offset: Array) -> None:
        _gru(offset, *recurrent, h, *weights, source, sums)

    return step


def rnn_step(weights: Packed, inputs: Array, h: Array) -> Step:
    """As :func:`chargen.sampling.steps.rnn_step`, for one stream."""
    sums = aligned(len(h))

    def step(offset: Array) -> None:
        _rnn(offset, *weights, inputs, h, sums)

    return step


def output(head: Packed, bias: Array, top: Array, logits: Array) -> Callable[[], None]:
    """What makes logits [V] of the uppermost h [H]; the inputs of ``head`` [V, H] are on its second axis."""

    def make() -> None:
        _output(*head, bias, top, logits)

    return make


class Draw:
    """As :class:`chargen.sampling.decoding.Draw`."""

    def __init__(self, size: int) -> None:
        self.values, self._cumulated = np.empty(size), np.empty(size)

    def __call__(self, logits: Array, temperature: float, uniform: float) -> tuple[int, float]:
        id, total = _draw(logits, temperature, uniform, self.values, self._cumulated)
        if id < 0:
            raise ChargenError(SPOILED)
        return id, total
