"""The recurrent part of a layer over an unroll, forwards and backwards by hand: loops of a few large operations.

A library that differentiates a step for itself computes the weight gradient character by character, or lays its weights
out anew for every product. Written out, only what truly depends on the step before stays in the loop: one product with
weights laid out once, and element-wise work on numbers that are still in the cache. The products for the inputs and
for the weights' gradients are done outside, in one piece over all characters (:mod:`chargen.training.backpropagation`).

The loops are compiled by TorchScript, so that the threads that share a step do not wait for Python's lock.

Shapes: T, B, H characters, streams and hidden units; G gates' rows (LSTM 4H: i, f, g, o; GRU 3H: r, z, n; plain H). The
*matrix* type is that of the products (float32 or bfloat16), the *point* type that of everything else (float32; float64
in tests). A tanh is computed as 2σ(2x) − 1, because a vectorised σ is several times faster than a tanh: rows of weights
and inputs that a tanh follows arrive doubled (:func:`doubled_rows`).
"""

import warnings
from typing import Any

import torch
from torch import Tensor

PACKING = bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
"""Whether this build can lay weights out once for many products (oneDNN)."""

DOUBLED = {"lstm": (1.0, 1.0, 2.0, 1.0), "gru": (1.0, 1.0, 2.0), "rnn": (2.0,)}
"""For each cell the factor of each block of rows: 2 where a tanh follows."""


def doubled_rows(cell: str, hidden: int, like: Tensor) -> Tensor:
    """The factor of every row [G], of the type and device of ``like``."""
    return like.new_tensor(DOUBLED[cell]).repeat_interleave(hidden)


def pack(weight: Tensor, streams: int) -> Tensor:
    """Lay a weight [N, K] out for products with ``streams`` rows; only for :func:`lstm_forward` and its like."""
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), streams)
    return packed


if PACKING:

    def _product(x: Tensor, weight: Tensor, packed: bool) -> Tensor:
        """x [B, K] · weightᵀ [K, N], in the matrix type."""
        if packed:
            # No bias, no function of the result: the three arguments that say so.
            y: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
            return y
        return torch.mm(x, weight.t())

    def _sum(add: Tensor, x: Tensor, weight: Tensor, packed: bool) -> Tensor:
        """add [B, N] + x [B, K] · weightᵀ [K, N], in the matrix type."""
        if packed:
            y: Tensor = torch.ops.mkldnn._linear_pointwise(x, add, weight, None, "add")
            return y
        return torch.addmm(add, x, weight.t())

else:

    def _product(x: Tensor, weight: Tensor, packed: bool) -> Tensor:
        return torch.mm(x, weight.t())

    def _sum(add: Tensor, x: Tensor, weight: Tensor, packed: bool) -> Tensor:
        return torch.addmm(add, x, weight.t())


def _lstm_forward(
    inputs: Tensor, weight: Tensor, packed: bool, h: Tensor, c: Tensor, gates: Tensor, g: Tensor, squashed: Tensor
) -> None:
    """c_t = f c_{t−1} + i g, h_t = o tanh c_t.

    Args:
        inputs: W x + b, [T, B, 4H], matrix type. weight: U [4H, H] or packed, matrix type.
        h, c: [T + 1, B, H], matrix and point type; row 0 is given, the others are written.
        gates, g, squashed: written for the way back: σ of the four blocks [T, B, 4H], tanh of the third and tanh c
            [T, B, H]; point type.
    """
    H = c.size(2)
    minus_one = torch.full_like(c[0], -1.0)
    output = torch.empty_like(c[0])
    for t in range(inputs.size(0)):
        s = gates[t]
        s.copy_(_sum(inputs[t], h[t], weight, packed))
        s.sigmoid_()
        torch.add(minus_one, s.narrow(1, 2 * H, H), alpha=2.0, out=g[t])
        after = c[t + 1]
        torch.mul(s.narrow(1, H, H), c[t], out=after)
        after.addcmul_(s.narrow(1, 0, H), g[t])
        squash = squashed[t]
        torch.mul(after, 2.0, out=squash)
        squash.sigmoid_()
        torch.add(minus_one, squash, alpha=2.0, out=squash)
        torch.mul(s.narrow(1, 3 * H, H), squash, out=output)
        h[t + 1].copy_(output)


def _lstm_backward(
    dh_above: Tensor,
    weight_t: Tensor,
    packed: bool,
    c: Tensor,
    gates: Tensor,
    g: Tensor,
    squashed: Tensor,
    d_gates: Tensor,
) -> list[Tensor]:
    """Gradients before the gates' functions, last character first; returns [dh_0, dc_0], each [B, H].

    Args:
        dh_above: gradient of h_1 … h_T from the layers above, [T, B, H], point type.
        weight_t: Uᵀ [H, 4H] or packed. c, gates, g, squashed: as :func:`_lstm_forward` left them.
        d_gates: written, [T, B, 4H], matrix type.
    """
    T, H = dh_above.size(0), dh_above.size(2)
    one = torch.ones_like(dh_above[0])
    zero = torch.zeros_like(one)
    dh = torch.zeros_like(one)
    dc = torch.zeros_like(one)
    slope_c = torch.empty_like(one)
    slope = torch.empty_like(gates[0])
    d = torch.empty_like(gates[0])
    d_i, d_f, d_g, d_o = d.narrow(1, 0, H), d.narrow(1, H, H), d.narrow(1, 2 * H, H), d.narrow(1, 3 * H, H)
    for back in range(T):
        t = T - 1 - back
        s, squash = gates[t], squashed[t]
        dh.add_(dh_above[t])
        torch.addcmul(one, squash, squash, value=-1.0, out=slope_c)
        slope_c.mul_(s.narrow(1, 3 * H, H))
        dc.addcmul_(dh, slope_c)
        torch.addcmul(s, s, s, value=-1.0, out=slope)  # σ' = σ − σ²
        torch.mul(dc, g[t], out=d_i)
        torch.mul(dc, c[t], out=d_f)
        torch.addcmul(zero, dc, s.narrow(1, 0, H), value=4.0, out=d_g)  # tanh' = 4 (σ − σ²) of the doubled argument
        torch.mul(dh, squash, out=d_o)
        d.mul_(slope)
        d_gates[t].copy_(d)
        dc.mul_(s.narrow(1, H, H))
        dh.copy_(_product(d_gates[t], weight_t, packed))
    return [dh, dc]


def _gru_forward(
    inputs: Tensor, weight: Tensor, packed: bool, bias: Tensor, h: Tensor, exact: Tensor, gates: Tensor, inner: Tensor
) -> None:
    """r, z = σ, n = tanh(W x + b + r (U h + b')), h_t = (1 − z) n + z h_{t−1}.

    Args:
        inputs: [T, B, 3H], matrix type. weight: U [3H, H] or packed. bias: b' [B, 3H], matrix type.
        h, exact: [T + 1, B, H], the state in the matrix and in the point type; row 0 given, the others written.
        gates: written, r, z and n, [T, B, 3H]. inner: written, the n block of U h + b' (doubled), [T, B, H].
    """
    H = exact.size(2)
    minus_one = torch.full_like(exact[0], -1.0)
    difference = torch.empty_like(minus_one)
    x = torch.empty_like(gates[0])
    y = torch.empty_like(gates[0])
    for t in range(inputs.size(0)):
        s = gates[t]
        y.copy_(_sum(bias, h[t], weight, packed))
        x.copy_(inputs[t])
        rz = s.narrow(1, 0, 2 * H)
        torch.add(x.narrow(1, 0, 2 * H), y.narrow(1, 0, 2 * H), out=rz)
        rz.sigmoid_()
        inner[t].copy_(y.narrow(1, 2 * H, H))
        n = s.narrow(1, 2 * H, H)
        torch.addcmul(x.narrow(1, 2 * H, H), s.narrow(1, 0, H), inner[t], out=n)
        n.sigmoid_()
        torch.add(minus_one, n, alpha=2.0, out=n)
        torch.sub(exact[t], n, out=difference)
        torch.addcmul(n, s.narrow(1, H, H), difference, out=exact[t + 1])
        h[t + 1].copy_(exact[t + 1])


def _gru_backward(
    dh_above: Tensor,
    weight_t: Tensor,
    packed: bool,
    exact: Tensor,
    gates: Tensor,
    inner: Tensor,
    d_gates: Tensor,
    d_inputs: Tensor,
) -> list[Tensor]:
    """Gradients last character first; returns [dh_0].

    Args:
        d_gates: written, gradient of U h + b', [T, B, 3H], matrix type.
        d_inputs: written, the n block of the gradient of W x + b, [T, B, H], matrix type; its other blocks are equal.
    """
    T, H = dh_above.size(0), dh_above.size(2)
    one = torch.ones_like(dh_above[0])
    dh = torch.zeros_like(one)
    dn = torch.empty_like(one)
    work = torch.empty_like(one)
    slope = torch.empty_like(gates[0].narrow(1, 0, 2 * H))
    d = torch.empty_like(gates[0])
    d_r, d_z, d_n = d.narrow(1, 0, H), d.narrow(1, H, H), d.narrow(1, 2 * H, H)
    d_rz = d.narrow(1, 0, 2 * H)
    for back in range(T):
        t = T - 1 - back
        s = gates[t]
        rz = s.narrow(1, 0, 2 * H)
        r, z, n = s.narrow(1, 0, H), s.narrow(1, H, H), s.narrow(1, 2 * H, H)
        dh.add_(dh_above[t])
        torch.addcmul(one, n, n, value=-1.0, out=dn)
        torch.sub(one, z, out=work)
        dn.mul_(work).mul_(dh)
        torch.addcmul(rz, rz, rz, value=-1.0, out=slope)
        torch.mul(dn, inner[t], out=d_r)
        d_r.mul_(0.5)  # inner is doubled
        torch.sub(exact[t], n, out=work)
        torch.mul(dh, work, out=d_z)
        d_rz.mul_(slope)
        torch.mul(dn, r, out=d_n)
        d_gates[t].copy_(d)
        d_inputs[t].copy_(dn)
        dh.mul_(z)
        dh.add_(_product(d_gates[t], weight_t, packed))
    return [dh]


def _rnn_forward(inputs: Tensor, weight: Tensor, packed: bool, h: Tensor, exact: Tensor) -> None:
    """h_t = tanh(W x + U h_{t−1} + b); shapes as in :func:`_gru_forward`, inputs [T, B, H]."""
    minus_one = torch.full_like(exact[0], -1.0)
    for t in range(inputs.size(0)):
        after = exact[t + 1]
        after.copy_(_sum(inputs[t], h[t], weight, packed))
        after.sigmoid_()
        torch.add(minus_one, after, alpha=2.0, out=after)
        h[t + 1].copy_(after)


def _rnn_backward(dh_above: Tensor, weight_t: Tensor, packed: bool, exact: Tensor, d_gates: Tensor) -> list[Tensor]:
    """Gradients before the tanh, last character first, into ``d_gates`` [T, B, H]; returns [dh_0]."""
    T = dh_above.size(0)
    one = torch.ones_like(dh_above[0])
    dh = torch.zeros_like(one)
    slope = torch.empty_like(one)
    for back in range(T):
        t = T - 1 - back
        after = exact[t + 1]
        dh.add_(dh_above[t])
        torch.addcmul(one, after, after, value=-1.0, out=slope)
        slope.mul_(dh)
        d_gates[t].copy_(slope)
        dh.copy_(_product(d_gates[t], weight_t, packed))
    return [dh]


_compiled: dict[str, Any] = {}


def loop(name: str) -> Any:
    """``lstm_forward``, ``lstm_backward``, ``gru_forward`` …: compiled when first asked for, some tens of milliseconds.

    TorchScript is announced to go some day; the functions then run as they stand, slower where threads share a step.
    """
    if name not in _compiled:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            _compiled[name] = torch.jit.script(globals()[f"_{name}"])
    return _compiled[name]
