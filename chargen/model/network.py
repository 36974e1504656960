"""The network: characters in, scores of the next character out, the state explicit on both sides."""

import math
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chargen.model.config import ModelConfig
from chargen.model.model_file import Model, Tensors

State = tuple[Tensor, ...]
"""(h, c) for LSTM, (h,) otherwise; each [L, B, H]."""

_LAYERS: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class CharRNN(nn.Module):
    """A stack of recurrent layers between an embedding and a linear output.

    Nothing is remembered inside: the state goes in and comes out. Layers are separate modules, so that
    dropout stands outside the library's kernels and is drawn from a generator of ours (PyTorch's own
    dropout inside cuDNN cannot be resumed exactly).

    Args:
        config: the shape.
        generator: of the initial weights; None uses torch's own.
    """

    def __init__(self, config: ModelConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding)
        self.layers = nn.ModuleList(
            _LAYERS[config.cell](config.embedding if layer == 0 else config.hidden, config.hidden)
            for layer in range(config.layers)
        )
        self.head = nn.Linear(config.hidden, config.vocabulary_size)
        if config.tied:
            self.head.weight = self.embedding.weight
        self.initial_state = nn.ParameterDict()
        if config.initial_state == "learned":
            for part in config.state_parts:
                self.initial_state[part] = nn.Parameter(torch.zeros(config.layers, config.hidden))
        self._initialise(generator)

    @torch.no_grad()
    def _initialise(self, generator: torch.Generator | None) -> None:
        """So that every gate hears its inputs from the first step on.

        Embedding normal with deviation 1, input weights with 1/√I: the sums before the gates begin with deviation 1
        (small ones, as libraries draw them, cost the first hundred steps). Recurrent blocks orthogonal, three quarters
        as large in the gated cells; the LSTM's forget gate open (bias 1; Jozefowicz 2015); the output uniform ±1/√H.
        """
        H = self.config.hidden
        bound = 1 / math.sqrt(H)
        nn.init.normal_(self.embedding.weight, std=1.0 if not self.config.tied else bound, generator=generator)
        for layer in self.layers:
            inputs, recurrent = cast(Tensor, layer.weight_ih_l0), cast(Tensor, layer.weight_hh_l0)
            nn.init.normal_(inputs, std=1 / math.sqrt(inputs.shape[1]), generator=generator)
            for block in recurrent.chunk(self.config.gates):
                nn.init.orthogonal_(block, generator=generator)
                if self.config.cell != "rnn":
                    block.mul_(0.75)
            cast(Tensor, layer.bias_ih_l0).zero_()
            cast(Tensor, layer.bias_hh_l0).zero_()
            if self.config.cell == "lstm":  # rows i, f, g, o
                cast(Tensor, layer.bias_ih_l0)[H : 2 * H] = 1.0
        if not self.config.tied:
            nn.init.uniform_(self.head.weight, -bound, bound, generator=generator)
        self.head.bias.zero_()

    def start_state(self, streams: int) -> State:
        """The state a sequence starts from: zeros, or the learned one (with its gradient). Each [L, B, H]."""
        like = self.head.bias
        if self.config.initial_state == "learned":
            return tuple(
                self.initial_state[part][:, None, :].expand(-1, streams, -1) for part in self.config.state_parts
            )
        zeros = torch.zeros(self.config.layers, streams, self.config.hidden, dtype=like.dtype, device=like.device)
        return (zeros,) * len(self.config.state_parts)

    def forward(
        self,
        ids: Tensor,
        state: State,
        *,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
    ) -> tuple[Tensor, State]:
        """Run ``ids`` [T, B] from ``state``.

        Args:
            ids: int64, T characters of B streams.
            state: each part [L, B, H].
            dropout: share of activations silenced between layers and before the output.
            generator: of the dropout masks; on the CPU.
            dtype: number type of the products (bfloat16 on a CPU that has it); parameters stay as they are.

        Returns:
            Logits [T, B, V] in the parameters' type (float32 for a reduced ``dtype``), and the state after the
            last character.
        """
        x = F.embedding(ids, self.embedding.weight)
        finals: list[State] = []
        for index, layer in enumerate(self.layers):
            if index > 0:
                x = _drop(x, dropout, generator)
            x, final = self._run_layer(layer, x, tuple(part[index : index + 1] for part in state), dtype)
            finals.append(final)
        x = _drop(x, dropout, generator)
        if dtype is None:
            logits = self.head(x)
        else:
            logits = F.linear(x.to(dtype), self.head.weight.to(dtype), self.head.bias.to(dtype)).float()
        return logits, tuple(torch.cat(parts) for parts in zip(*finals, strict=True))

    def _run_layer(self, layer: nn.Module, x: Tensor, state: State, dtype: torch.dtype | None) -> tuple[Tensor, State]:
        """One layer over all time steps: x [T, B, I] → [T, B, H], the state [1, B, H] in and out."""
        lstm = self.config.cell == "lstm"
        if dtype is None:
            output, final = layer(x, (state[0].contiguous(), state[1].contiguous()) if lstm else state[0].contiguous())
            return output, tuple(final) if lstm else (final,)
        # The same library kernel, called with the parameters cast: gradients flow back through the cast.
        weights = [parameter.to(dtype) for parameter in layer.parameters()]
        cast_state = tuple(part.to(dtype).contiguous() for part in state)
        settings = (weights, True, 1, 0.0, torch.is_grad_enabled(), False, False)
        if lstm:
            output, h, c = torch.lstm(x.to(dtype), cast_state, *settings)
            return output, (h.float(), c.float())
        function = torch.gru if self.config.cell == "gru" else torch.rnn_tanh
        output, h = function(x.to(dtype), cast_state[0], *settings)
        return output, (h.float(),)

    # -- to and from the model file -------------------------------------------------------------

    def _named(self) -> dict[str, Tensor]:
        """The model file's names → live parameters."""
        named: dict[str, Tensor] = {}
        for name in self.config.tensor_shapes():
            scope, _, rest = name.partition(".")
            if scope == "rnn":
                kind, _, layer = rest.rpartition("_l")
                named[name] = getattr(self.layers[int(layer)], f"{kind}_l0")
            elif scope == "initial_state":
                named[name] = self.initial_state[rest]
            else:
                named[name] = getattr(getattr(self, scope), rest)
        return named

    def named_tensors(self) -> dict[str, Tensor]:
        """Live parameters by the model file's names."""
        return self._named()

    def to_tensors(self) -> Tensors:
        """Copies of all parameters, float32, read-only, by the model file's names."""
        tensors: Tensors = {}
        for name, parameter in self._named().items():
            array = np.array(parameter.detach().to("cpu", torch.float32).numpy(), copy=True)
            array.flags.writeable = False
            tensors[name] = array
        return tensors

    @torch.no_grad()
    def load_tensors(self, tensors: Tensors) -> None:
        """Copy tensors of the model file into the parameters."""
        for name, parameter in self._named().items():
            parameter.copy_(torch.from_numpy(np.array(tensors[name])))

    @classmethod
    def from_model(cls, model: Model, device: str = "cpu") -> "CharRNN":
        """The network of a model file, on ``device``, for reading only (no gradients are kept)."""
        network = cls(model.config)
        network.load_tensors(model.tensors)
        return network.requires_grad_(False).to(device)


def drop_mask(shape: tuple[int, ...], share: float, generator: torch.Generator | None, dtype: torch.dtype) -> Tensor:
    """A mask of inverted dropout (Srivastava 2014): 0 for a ``share`` of the numbers, else 1 / (1 − share).

    Drawn from a CPU generator of ours, so that every device can be resumed, as bytes of its 64-bit numbers: a
    float drawn for each would take eight times as long. The share is thereby rounded to a 256th, and the scale is
    of the rounded one.
    """
    count = math.prod(shape)
    words = torch.empty((count + 7) // 8, dtype=torch.int64).random_(-(2**63), None, generator=generator)
    dropped = min(255, max(1, round(share * 256)))
    kept = words.view(torch.uint8)[:count].view(shape) >= dropped
    return kept.to(dtype) * (256 / (256 - dropped))


def _drop(x: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    if share <= 0:
        return x
    return x * drop_mask(tuple(x.shape), share, generator, x.dtype).to(x.device)
