"""One time step of one layer, as fast as NumPy goes, for one stream or for several at once.

Each function prepares buffers and returns a *step*: a closure that advances the layer's part of the
state in place. A step takes the row of the look-up table for the input character in the first layer,
and the bias of the layer in the others (the same numbers every time). States are [H] for one stream,
[B, H] for a batch (rows of a larger array, perhaps), whose offsets in the first layer are [B, rows].

What makes it fast, measured on one core:

* Weights lie transposed and contiguous, ``[inputs, rows]``: ``np.dot(x, W, out)`` then adds up whole
  rows, 10 to 30 % faster than dot products of the other layout at these sizes.
* The hidden vectors of all layers are neighbours in one buffer. Layer l reads its input h_{l-1}(t) and
  its own h_l(t-1) as one slice, and one product with ``[W; U]`` does both.
* σ(x) = ½ + ½ tanh(x/2): the rows of the gates are halved beforehand (exact in binary), so one tanh
  serves all gates of a layer.
* Few calls: each is half a microsecond, and twice that after weights have passed through the cache. Nothing is
  allocated in a step. Constants are arrays: a Python number costs a conversion per call.

Equations and gate order: torch.nn.LSTM, GRU and RNN (LSTM i, f, g, o; GRU r, z, n with the reset gate
applied after the recurrent product).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Step = Callable[[Array], None]

ALIGNMENT = 64
"""Bytes: one cache line. Equal alignment keeps speed, and the order of additions, the same every time."""

LARGE_PAGE = 2**21
"""Bytes: large arrays start on such a page, for which NumPy asks the system: fewer addresses to translate."""

HALF = np.array(0.5, np.float32)
HALF.flags.writeable = False


def aligned(*shape: int) -> Array:
    """Zeros of ``shape``, float32, starting on a cache line, or on a large page if they fill one."""
    size = 4 * int(np.prod(shape))
    boundary = ALIGNMENT if size < LARGE_PAGE else LARGE_PAGE
    raw = np.zeros(size + boundary, np.uint8)
    start = -raw.ctypes.data % boundary
    return raw[start : start + size].view(np.float32).reshape(shape)


def aligned_copy(array: NDArray[np.floating]) -> Array:
    """``array`` as float32 on a cache line, row by row, read-only."""
    copy = aligned(*array.shape)
    copy[...] = array
    copy.flags.writeable = False
    return copy


def lstm_step(weights: Array, inputs: Array, h: Array, room: Array) -> Step:
    """LSTM of one stream: c ← f c + i g, h ← o tanh c.

    Args:
        weights: [inputs, 4H], columns i, f, o, g, those of i, f, o halved.
        inputs: what is multiplied, a view that holds h(t-1) and, above the first layer, the input.
        h: [H], advanced in place.
        room: [5H], space for the gates and behind them c, advanced in place: i, f stand beside each other as g, c
            do, so that one product gives i g and f c.
    """
    H = len(h)
    gates, sigmoids, o = room[: 4 * H], room[: 3 * H], room[2 * H : 3 * H]
    i_and_f, g_and_c, c = room[: 2 * H], room[3 * H :], room[4 * H :]
    cell, parts = aligned(H), aligned(2 * H)
    written, kept = parts[:H], parts[H:]
    dot, add, multiply, tanh = np.dot, np.add, np.multiply, np.tanh

    def step(offset: Array) -> None:
        dot(inputs, weights, gates)
        add(gates, offset, gates)
        tanh(gates, gates)
        multiply(sigmoids, HALF, sigmoids)
        add(sigmoids, HALF, sigmoids)
        multiply(i_and_f, g_and_c, parts)
        add(kept, written, c)
        tanh(c, cell)
        multiply(o, cell, h)

    return step


def lstm_batch_step(weights: Array, inputs: Array, h: Array, c: Array) -> Step:
    """LSTM of several streams: :func:`lstm_step` with h [B, H], which may be a part of a larger array, and c [B, H]."""
    rows, H = h.shape
    gates, cell = aligned(rows, 4 * H), aligned(rows, H)
    i, f, o, g = (gates[:, start : start + H] for start in range(0, 4 * H, H))
    # Contiguous arrays of one size are taken in one go, four times as fast as parts of rows: all gates together,
    # with ones added to those that become a sigmoid, twice as large as they should be. Two is halved further on,
    # where the arrays are small; exact in binary.
    shift = np.ones_like(gates)
    shift[:, 3 * H :] = 0.0
    dot, add, multiply, tanh = np.dot, np.add, np.multiply, np.tanh

    def step(offset: Array) -> None:
        dot(inputs, weights, gates)
        add(gates, offset, gates)
        tanh(gates, gates)
        add(gates, shift, gates)
        multiply(i, g, cell)
        multiply(f, c, c)
        add(c, cell, c)
        multiply(c, HALF, c)
        tanh(c, cell)
        multiply(cell, HALF, cell)
        multiply(o, cell, h)

    return step


def gru_step(recurrent: Array, h: Array, below: tuple[Array, Array] | None) -> Step:
    """GRU: n = tanh(W x + b + r (U h + b_h)), h ← (1 − z) n + z h.

    The blocks of the sum are ``hn, r, z, xn``: the recurrent product fills the first three, the product of
    the input the last three, and the offset (4H) carries the biases, so that hn and xn stay apart.

    Args:
        recurrent: [H, 3H], columns hn, r, z, those of r, z halved.
        h: [H] or [B, H], advanced in place.
        below: h of the layer below and its weights [H, 3H], columns r, z, xn, those of r, z halved; None in the
            first layer, whose offset comes from the table with the input product in it.
    """
    *batch, H = h.shape
    recurrent_sum, input_sum, total = aligned(*batch, 3 * H), aligned(*batch, 3 * H), aligned(*batch, 4 * H)
    recurrent_part, input_part = total[..., : 3 * H], total[..., H:]
    sigmoids = total[..., H : 3 * H]
    hn, r, z, n = (total[..., start : start + H] for start in range(0, 4 * H, H))
    copyto, dot, add, subtract, multiply, tanh = np.copyto, np.dot, np.add, np.subtract, np.multiply, np.tanh

    def step(offset: Array) -> None:
        dot(h, recurrent, recurrent_sum)
        copyto(total, offset)
        add(recurrent_part, recurrent_sum, recurrent_part)
        if below is not None:
            dot(below[0], below[1], input_sum)
            add(input_part, input_sum, input_part)
        tanh(sigmoids, sigmoids)
        multiply(sigmoids, HALF, sigmoids)
        add(sigmoids, HALF, sigmoids)
        multiply(r, hn, hn)
        add(n, hn, n)
        tanh(n, n)
        subtract(h, n, h)
        multiply(h, z, h)
        add(h, n, h)

    return step


def rnn_step(weights: Array, inputs: Array, h: Array) -> Step:
    """The plain cell: h ← tanh(W x + U h + b). ``weights`` [inputs, H]; ``inputs`` as in :func:`lstm_step`."""
    total = aligned(*h.shape)
    dot, add, tanh = np.dot, np.add, np.tanh

    def step(offset: Array) -> None:
        dot(inputs, weights, total)
        add(total, offset, total)
        tanh(total, h)

    return step
