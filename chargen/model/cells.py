"""One step of each recurrent cell in plain tensor algebra: the reference that everything else is held against.

Shapes: x [B, I], h and c [B, H], weight_ih [G·H, I], weight_hh [G·H, H], biases [G·H], where G is 4 for
LSTM (rows i, f, g, o), 3 for GRU (r, z, n) and 1 for the plain cell. Nothing here is fast; everything
is as the equations are written.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

CellWeights = Sequence[Tensor]
"""(weight_ih, weight_hh, bias_ih, bias_hh)"""


def rnn_step(x: Tensor, h: Tensor, weights: CellWeights) -> Tensor:
    """h_t = tanh(W x_t + U h_{t−1} + b), Elman 1990."""
    w, u, b_ih, b_hh = weights
    return torch.tanh(x @ w.T + b_ih + h @ u.T + b_hh)


def lstm_step(x: Tensor, h: Tensor, c: Tensor, weights: CellWeights) -> tuple[Tensor, Tensor]:
    """c_t = f c_{t−1} + i g, h_t = o tanh c_t; Hochreiter & Schmidhuber 1997 with the forget gate of Gers 2000."""
    w, u, b_ih, b_hh = weights
    i, f, g, o = (x @ w.T + b_ih + h @ u.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru_step(x: Tensor, h: Tensor, weights: CellWeights) -> Tensor:
    """h_t = (1 − z) n + z h_{t−1}, n = tanh(W x + r (U h)); Cho 2014, the reset gate after the product."""
    w, u, b_ih, b_hh = weights
    x_r, x_z, x_n = (x @ w.T + b_ih).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ u.T + b_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


def step(cell: str, x: Tensor, state: tuple[Tensor, ...], weights: CellWeights) -> tuple[Tensor, ...]:
    """One step of any cell. ``state`` is (h,) or (h, c), each [B, H]; returns the next state alike."""
    if cell == "lstm":
        return lstm_step(x, state[0], state[1], weights)
    if cell == "gru":
        return (gru_step(x, state[0], weights),)
    return (rnn_step(x, state[0], weights),)
