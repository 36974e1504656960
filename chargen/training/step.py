"""One learning step: forward, cross-entropy, truncated back-propagation through time, limit, update."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from chargen.model.network import CharRNN, State
from chargen.training.backend import Backend
from chargen.training.config import TrainingConfig


@dataclass(frozen=True)
class StepResult:
    """Live tensors of one step, on the device: nothing here has been waited for.

    ``loss`` (scalar): nats per character. ``norms`` [L + 2]: gradient norm of embedding, each layer and head, before
    the limit. ``state``: detached, to start the next step from.
    """

    loss: Tensor
    norms: Tensor
    state: State


def make_optimizer(network: CharRNN, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019); decay on matrices only: biases and initial states must be free to drift."""
    named = network.named_tensors()
    unique = {id(parameter): (name, parameter) for name, parameter in named.items()}.values()
    matrices = [parameter for name, parameter in unique if name.endswith("weight") or ".weight_" in name]
    others = [parameter for name, parameter in unique if not (name.endswith("weight") or ".weight_" in name)]
    device = network.head.bias.device.type
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=config.learning_rate,
        betas=(0.9, 0.99),
        fused=device in ("cpu", "cuda"),
    )


class LearningStep:
    """Runs steps of one network with one optimizer on one backend.

    Args:
        network: the network that learns; its parameters are float32 on the device.
        optimizer: of its parameters; the caller sets the rate.
        config: limit and dropout. backend: kernels and number type.
    """

    def __init__(
        self, network: CharRNN, optimizer: torch.optim.Optimizer, config: TrainingConfig, backend: Backend
    ) -> None:
        self.network, self.optimizer, self.config, self.backend = network, optimizer, config, backend
        self._generator = torch.Generator()
        named = network.named_tensors()
        self._parameters = list({id(p): p for p in named.values()}.values())
        # Which group a parameter's norm counts for: 0 embedding, 1…L the layers, L + 1 the head.
        self._groups = []
        seen = set()
        for name, parameter in named.items():
            if id(parameter) in seen:
                continue
            seen.add(id(parameter))
            self._groups.append(_norm_group(name, network.config.layers))
        device = network.head.bias.device
        self._group_index = torch.tensor(self._groups, device=device)

    def run(self, block: Tensor, state: State, learning_rate: float, step: int) -> StepResult:
        """Learn from ``block`` [T + 1, B] (int64), starting from ``state`` (each part [L, B, H]).

        The dropout masks follow from (seed, step) alone, so that a resumed run draws the same ones.
        """
        config = self.config
        if config.dropout > 0:
            self._generator.manual_seed((config.seed * 1_000_003 + step) % 2**63)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        with self.backend.active():
            logits, after = self._forward(block[:-1], state)
            loss = F.cross_entropy(logits.flatten(0, 1), block[1:].flatten())
            loss.backward()  # type: ignore[no-untyped-call]
        norms = self._limit_gradients()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return StepResult(loss.detach(), norms, tuple(part.detach() for part in after))

    def _forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        config, dtype = self.config, self.backend.dtype
        if dtype is not None and ids.device.type != "cpu":
            # Autocast keeps cuDNN's packed weights; our own cast would unpack them at every step.
            with torch.autocast(ids.device.type, dtype=dtype):
                logits, after = self.network(ids, state, dropout=config.dropout, generator=self._generator)
            return logits.float(), tuple(part.float() for part in after)
        return self.network(ids, state, dropout=config.dropout, generator=self._generator, dtype=dtype)  # type: ignore[no-any-return]

    @torch.no_grad()
    def _limit_gradients(self) -> Tensor:
        """Norms per group [L + 2]; then the limit on the whole norm (Pascanu 2013) or on each number (Mikolov 2012)."""
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self._parameters]
        squares = torch.stack(torch._foreach_norm(gradients)).square()
        groups = torch.zeros(self.network.config.layers + 2, device=squares.device)
        groups.index_add_(0, self._group_index, squares)
        limit = self.config.clip
        if limit > 0 and self.config.clip_kind == "norm":
            factor = (limit / (groups.sum().sqrt() + 1e-6)).clamp(max=1.0)
            torch._foreach_mul_(gradients, factor)
        elif limit > 0:
            torch._foreach_clamp_min_(gradients, -limit)
            torch._foreach_clamp_max_(gradients, limit)
        return groups.sqrt()


def _norm_group(name: str, layers: int) -> int:
    if name.startswith("embedding"):
        return 0
    if name.startswith("rnn."):
        return 1 + int(name.rpartition("_l")[2])
    return layers + 1 if name.startswith("head") else 1
