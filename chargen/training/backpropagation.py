"""Back-propagation through time over the whole network, by hand: loss and gradients of one block of characters.

What depends on the step before is in the loops of :mod:`chargen.training.recurrence`; here is everything else, each in
one product over all characters of the block: inputs of the layers, the output, and the gradients of all weights
(Werbos 1990, "Backpropagation through time: what it does and how to do it").
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from chargen.model.network import CharRNN, State, drop_mask
from chargen.training import recurrence


@dataclass(frozen=True)
class _Layer:
    """One layer's weights as a step uses them, in the matrix type; the same for all workers."""

    inputs: Tensor  # W [G, I]
    inputs_doubled: Tensor  # W with doubled rows
    bias_doubled: Tensor  # [G]: what is added to the inputs
    recurrent_bias: Tensor  # [1, G]: a GRU's b', doubled rows
    forward: Tensor  # U, doubled rows, laid out for the way forward
    backward: Tensor  # Uᵀ, laid out for the way back


@dataclass
class _Memory:
    """A worker's tensors, kept from step to step, by name and shape."""

    tensors: dict[tuple[str, tuple[int, ...]], Tensor] = field(default_factory=dict)

    def get(self, name: str, shape: tuple[int, ...], like: Tensor, dtype: torch.dtype) -> Tensor:
        key = (name, shape)
        if key not in self.tensors:
            self.tensors[key] = torch.empty(shape, dtype=dtype, device=like.device)
        return self.tensors[key]


class Backpropagation:
    """Computes a share of a learning step for a network, on the CPU.

    Args:
        network: its parameters are of the *point* type (float32; float64 in tests).
        dtype: the *matrix* type of the products; None for the parameters' own.
        workers: how many threads will call :meth:`learn`, each with its own number.
    """

    def __init__(self, network: CharRNN, dtype: torch.dtype | None, workers: int) -> None:
        self._network, self._config = network, network.config
        self._point = network.head.weight.dtype
        self._matrix = dtype or self._point
        # Float64 has no packed product; float32's is no faster than the plain one.
        self._packed = recurrence.PACKING and self._matrix == torch.bfloat16
        self._memories = [_Memory() for _ in range(workers)]
        self._layers: list[_Layer] = []
        self._head = network.head.weight
        self._doubled = recurrence.doubled_rows(self._config.cell, self._config.hidden, network.head.weight.detach())
        kind = self._config.cell
        self._forward, self._backward = recurrence.loop(f"{kind}_forward"), recurrence.loop(f"{kind}_backward")

    @torch.no_grad()
    def prepare(self, streams: int) -> None:
        """Lay the current weights out; once before the workers' shares of a step. ``streams``: of a worker."""
        named = self._network.named_tensors()
        self._head = named["head.weight"].to(self._matrix)
        self._layers = []
        for layer in range(self._config.layers):
            w, u, b, b_h = (named[f"rnn.{kind}_l{layer}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            scale = self._doubled
            # A GRU's second bias stands inside the reset gate's product; elsewhere the two are one.
            bias = b if self._config.cell == "gru" else b + b_h
            forward, backward = (u * scale[:, None]).to(self._matrix), u.t().to(self._matrix)
            if self._packed:
                forward, backward = recurrence.pack(forward, streams), recurrence.pack(backward, streams)
            self._layers.append(
                _Layer(
                    w.to(self._matrix),
                    (w * scale[:, None]).to(self._matrix),
                    (bias * scale).to(self._matrix),
                    (b_h * scale).to(self._matrix)[None],
                    forward,
                    backward,
                )
            )

    @torch.no_grad()
    def learn(
        self,
        worker: int,
        block: Tensor,
        state: State,
        fresh: Tensor | None,
        dropout: float,
        generator: torch.Generator,
        characters: int,
    ) -> tuple[Tensor, dict[str, Tensor], State]:
        """A worker's share.

        Args:
            block: [T + 1, B], its streams. state: each part [L, B, H], point type.
            fresh: [B] bool, the streams that start from the initial state; None for none.
            dropout, generator: as in :meth:`CharRNN.forward`.
            characters: of all workers together, which the loss is the mean over.

        Returns:
            The share of the mean loss (scalar), the gradients by the model file's names, and the state after.
        """
        network, config = self._network, self._config
        T, B = block.shape[0] - 1, block.shape[1]
        if fresh is not None:
            start = network.start_state(B)
            state = tuple(torch.where(fresh[None, :, None], a, b) for a, b in zip(start, state, strict=True))
        ids, targets = block[:-1].reshape(-1), block[1:].reshape(-1)
        x = F.embedding(ids, network.embedding.weight).to(self._matrix)
        kept: list[tuple[Tensor, list[Tensor], Tensor | None]] = []
        finals: list[State] = []
        for layer in range(config.layers):
            inputs = x
            output, saved, final = self._layer_forward(worker, layer, inputs, T, B, tuple(p[layer] for p in state))
            finals.append(final)
            mask = drop_mask((T, B, config.hidden), dropout, generator, self._matrix) if dropout > 0 else None
            x = (output if mask is None else output * mask).reshape(T * B, config.hidden)
            kept.append((inputs, saved, mask))
        loss, gradients, dx = self._head_gradients(x, targets, characters)
        d_start: list[list[Tensor]] = []
        for layer in reversed(range(config.layers)):
            inputs, saved, mask = kept[layer]
            dx = dx.view(T, B, config.hidden)
            dh = (dx if mask is None else dx * mask).to(self._point)
            dx, d_state = self._layer_backward(worker, layer, inputs, saved, dh, gradients)
            d_start.insert(0, d_state)
        embedded = torch.zeros_like(network.embedding.weight)
        embedded.index_add_(0, ids, dx.to(self._point))
        tied = gradients.pop("head.weight") if config.tied else None
        gradients["embedding.weight"] = embedded if tied is None else embedded + tied
        if config.initial_state == "learned":
            chosen = torch.zeros(B, dtype=torch.bool) if fresh is None else fresh
            for number, part in enumerate(config.state_parts):
                rows = torch.stack([d_state[number][chosen].sum(0) for d_state in d_start])
                gradients[f"initial_state.{part}"] = rows
        # Of the summed loss until here: the parts of a mean are needlessly small numbers.
        for gradient in gradients.values():
            gradient.div_(characters)
        return loss, gradients, tuple(torch.stack(parts) for parts in zip(*finals, strict=True))

    def _head_gradients(self, x: Tensor, targets: Tensor, characters: int) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Loss, the head's gradients, and the gradient [T·B, H] of its input."""
        logits = torch.mm(x, self._head.t()).to(self._point).add_(self._network.head.bias)
        log_probabilities = F.log_softmax(logits, 1)
        loss = F.nll_loss(log_probabilities, targets, reduction="sum") / characters
        d = log_probabilities.exp_()
        d.scatter_add_(1, targets[:, None], torch.full((len(targets), 1), -1.0, dtype=d.dtype))
        bias = d.sum(0)
        d = d.to(self._matrix)
        gradients = {"head.weight": torch.mm(d.t(), x).to(self._point), "head.bias": bias}
        return loss, gradients, torch.mm(d, self._head)

    def _layer_forward(
        self, worker: int, layer: int, x: Tensor, T: int, B: int, state: State
    ) -> tuple[Tensor, list[Tensor], State]:
        """x [T·B, I] → (outputs [T, B, H], what the way back needs, the state after, each [B, H])."""
        weights, kind = self._layers[layer], self._config.cell
        H, G = self._config.hidden, self._config.gates * self._config.hidden
        inputs = torch.addmm(weights.bias_doubled, x, weights.inputs_doubled.t()).view(T, B, G)

        def tensor(name: str, *shape: int, matrix: bool = False) -> Tensor:
            dtype = self._matrix if matrix else self._point
            return self._memories[worker].get(f"{name}.{layer}", shape, self._network.head.weight, dtype)

        h = tensor("h", T + 1, B, H, matrix=True)
        h[0].copy_(state[0])
        if kind == "lstm":
            c, gates = tensor("c", T + 1, B, H), tensor("gates", T, B, G)
            g, squashed = tensor("g", T, B, H), tensor("squashed", T, B, H)
            c[0].copy_(state[1])
            self._forward(inputs, weights.forward, self._packed, h, c, gates, g, squashed)
            return h[1:], [h, c, gates, g, squashed], (h[T].to(self._point, copy=True), c[T].clone())
        exact = tensor("exact", T + 1, B, H)
        exact[0].copy_(state[0])
        saved = [h, exact]
        if kind == "gru":
            gates, inner = tensor("gates", T, B, G), tensor("inner", T, B, H)
            bias = weights.recurrent_bias.expand(B, G)
            self._forward(inputs, weights.forward, self._packed, bias, h, exact, gates, inner)
            saved += [gates, inner]
        else:
            self._forward(inputs, weights.forward, self._packed, h, exact)
        return h[1:], saved, (exact[T].clone(),)

    def _layer_backward(
        self, worker: int, layer: int, x: Tensor, saved: list[Tensor], dh: Tensor, gradients: dict[str, Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """Adds the layer's gradients; returns the gradient of its input [T·B, I] and of its start, each [B, H]."""
        weights, kind = self._layers[layer], self._config.cell
        T, B, H = dh.shape
        G = self._config.gates * H
        d = self._memories[worker].get("d", (T, B, G), dh, self._matrix)
        h, rest = saved[0], saved[1:]
        if kind == "gru":
            d_inputs = self._memories[worker].get("d_inputs", (T, B, H), dh, self._matrix)
            d_state = self._backward(dh, weights.backward, self._packed, *rest, d, d_inputs)
        else:
            d_state = self._backward(dh, weights.backward, self._packed, *rest, d)
        d_recurrent = d.view(T * B, G)
        gradients[f"rnn.weight_hh_l{layer}"] = torch.mm(d_recurrent.t(), h[:T].reshape(T * B, H)).to(self._point)
        gradients[f"rnn.bias_hh_l{layer}"] = d_recurrent.sum(0).to(self._point)
        d_x = d_recurrent
        if kind == "gru":
            d_x = torch.cat([d[:, :, : 2 * H], d_inputs], dim=2).view(T * B, G)
            gradients[f"rnn.bias_ih_l{layer}"] = d_x.sum(0).to(self._point)
        else:
            gradients[f"rnn.bias_ih_l{layer}"] = gradients[f"rnn.bias_hh_l{layer}"].clone()
        gradients[f"rnn.weight_ih_l{layer}"] = torch.mm(d_x.t(), x).to(self._point)
        return torch.mm(d_x, weights.inputs), list(d_state)
