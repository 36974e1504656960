"""One learning step: forward, cross-entropy, truncated back-propagation through time, limit, update."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from chargen.model.network import CharRNN, State
from chargen.training.backend import Backend
from chargen.training.backpropagation import Backpropagation
from chargen.training.config import TrainingConfig
from chargen.training.optimizer import Optimizer
from chargen.training.ranks import Ranks
from chargen.training.workers import Workers


@dataclass(frozen=True)
class StepResult:
    """Live tensors of one step, on the device: nothing here has been waited for.

    ``loss`` (scalar): nats per character. ``norms`` [L + 2]: gradient norm of embedding, each layer and head, before
    the limit. ``state``: detached, to start the next step from.
    """

    loss: Tensor
    norms: Tensor
    state: State


def make_optimizer(network: CharRNN, config: TrainingConfig) -> Optimizer:
    """The optimizer of the network's parameters.

    Muon takes what leads from hidden units to hidden units, gate by gate; embedding and head, whose rows are
    characters, are AdamW's, and so are vectors. Decay on matrices only: biases and initial states are free to drift.
    """
    named = distinct_parameters(network)
    matrices = [name.endswith("weight") or ".weight_" in name for name, _ in named]
    hidden = [config.optimizer == "muon" and _between_hidden_units(name) for name, _ in named]
    return Optimizer(
        [parameter for _, parameter in named],
        matrices,
        [network.config.gates * yes for yes in hidden],
        decay=config.weight_decay,
        matrix_decay=config.matrix_decay,
    )


def _between_hidden_units(name: str) -> bool:
    return "weight_hh" in name or ("weight_ih" in name and not name.endswith("_l0"))


def distinct_parameters(network: CharRNN) -> list[tuple[str, Tensor]]:
    """The model file's names and live parameters in order; a tied matrix once, under its first name."""
    seen: set[int] = set()
    named = network.named_tensors().items()
    return [(name, p) for name, p in named if not (id(p) in seen or seen.add(id(p)))]  # type: ignore[func-returns-value]


class LearningStep:
    """Runs steps of one network with one optimizer on one backend. Close it: it has threads.

    Args:
        network: the network that learns; its parameters are float32 on the device.
        optimizer: of its parameters; the caller sets the rate.
        config: limit and dropout. backend: kernels, number type and workers.
        ranks: the processes that share a step; None for this one alone.
    """

    def __init__(
        self,
        network: CharRNN,
        optimizer: Optimizer,
        config: TrainingConfig,
        backend: Backend,
        ranks: Ranks | None = None,
    ) -> None:
        self.network, self.optimizer, self.config, self.backend = network, optimizer, config, backend
        self._ranks = ranks if ranks is not None else Ranks()
        optimizer.dtype = backend.dtype or torch.float32
        self.workers = Workers(backend.workers, backend.threads_each)
        self._generators = [torch.Generator() for _ in range(backend.workers)]
        self._blocks = optimizer.blocks()
        named = distinct_parameters(network)
        self._names = [name for name, _ in named]
        self._parameters = [parameter for _, parameter in named]
        self._by_hand: Backpropagation | None = None
        if backend.kernels == "own":
            self._by_hand = Backpropagation(network, backend.dtype, backend.workers)
        # Which group a parameter's norm counts for: 0 embedding, 1…L the layers, L + 1 the head.
        groups = [_norm_group(name, network.config.layers) for name, _ in named]
        self._group_index = torch.tensor(groups, device=network.head.bias.device)

    def close(self) -> None:
        """End the threads."""
        self.workers.close()

    def run(
        self, block: Tensor, state: State, learning_rate: float, step: int, fresh: Tensor | None = None
    ) -> StepResult:
        """Learn from ``block`` [T + 1, B] (int64), starting from ``state`` (each part [L, B, H]).

        Streams are those of all ranks; of each, one rank computes the share. The dropout masks follow from (seed, step)
        alone, so that a resumed run draws the same ones.

        Args:
            fresh: [B] bool, the streams that start from the initial state instead; None for none.
        """
        shares = self._ranks.shares(block.shape[1], self.workers.count)
        if self._by_hand is not None:
            self._by_hand.prepare(shares[0].stop - shares[0].start)

        def learn(worker: int) -> tuple[Tensor, list[Tensor], State]:
            share = shares[worker]
            part = tuple(piece[:, share] for piece in state)
            return self._learn(
                worker, block[:, share], part, None if fresh is None else fresh[share], step, block.shape[1]
            )

        with self.backend.active():
            results = self.workers.map(learn)
        loss, gradients, _ = results[0]
        for other_loss, other_gradients, _ in results[1:]:
            loss = loss + other_loss
            torch._foreach_add_(gradients, other_gradients)
        after = (
            results[0][2]
            if len(results) == 1
            else tuple(torch.cat(parts, dim=1) for parts in zip(*(result[2] for result in results), strict=True))
        )
        loss, gradients, after = self._ranks.gather(loss, gradients, after, shares, block.shape[1])
        norms = self._limit_gradients(gradients)
        self.optimizer.update(gradients, learning_rate, self._spread, self._ranks.divide(self._blocks))
        self._ranks.trade(self._blocks)
        return StepResult(loss, norms, after)

    def _spread(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Share an update's tasks between the threads."""

        def work(worker: int) -> None:
            for task in tasks[worker :: self.workers.count]:
                task()

        self.workers.map(work)

    def _learn(
        self, worker: int, block: Tensor, state: State, fresh: Tensor | None, step: int, streams: int
    ) -> tuple[Tensor, list[Tensor], State]:
        """One worker's share: (its part of the mean loss, its part of the gradients, its state after)."""
        generator = self._generators[worker]
        if self.config.dropout > 0:
            number = self._ranks.rank * self.workers.count + worker
            generator.manual_seed(((self.config.seed * 1_000_003 + step) * 1_009 + number) % 2**63)
        characters = (block.shape[0] - 1) * streams
        if self._by_hand is not None:
            loss, named, after = self._by_hand.learn(
                worker, block, state, fresh, self.config.dropout, generator, characters
            )
            return loss, [named[name] for name in self._names], after
        if fresh is not None:
            start = self.network.start_state(block.shape[1])
            state = tuple(torch.where(fresh[None, :, None], a, b) for a, b in zip(start, state, strict=True))
        logits, after = self._forward(block[:-1], state, generator)
        summed = F.cross_entropy(logits.flatten(0, 1), block[1:].flatten(), reduction="sum")
        loss = summed / characters
        gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True, materialize_grads=True)
        return loss.detach(), [gradient.contiguous() for gradient in gradients], tuple(part.detach() for part in after)

    def _forward(self, ids: Tensor, state: State, generator: torch.Generator) -> tuple[Tensor, State]:
        dropout, dtype = self.config.dropout, self.backend.dtype
        if dtype is not None and ids.device.type != "cpu":
            # Autocast keeps cuDNN's packed weights; our own cast would unpack them at every step.
            with torch.autocast(ids.device.type, dtype=dtype):
                logits, after = self.network(ids, state, dropout=dropout, generator=generator)
            return logits.float(), tuple(part.float() for part in after)
        return self.network(ids, state, dropout=dropout, generator=generator, dtype=dtype)  # type: ignore[no-any-return]

    @torch.no_grad()
    def _limit_gradients(self, gradients: list[Tensor]) -> Tensor:
        """Norms per group [L + 2]; then the limit on the whole norm (Pascanu 2013) or on each number (Mikolov 2012)."""
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
