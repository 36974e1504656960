"""How fast learning is, against the loop that a good programmer writes and against the machine's matrix products.

For each shape of network, at V 65, E 64, B 64, T 64, on random characters:

* **characters_per_second** of our learning step in the backend that the tuner chooses: forward, back-propagation,
  limit, update. **plain_characters_per_second** of the plain loop in PyTorch (:mod:`chargen.bench.plain`).
  **ratio** is one over the other.
* **matrix_fraction**: the operations of the products that a character needs (forwards once, backwards twice), over
  the rate of one large product [T · B, H] × [H, G] in the chosen precision on as many threads.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from chargen.bench.plain import PlainLoop
from chargen.bench.timing import ROUNDS, SECONDS, Contestant, Measured, figures, interleaved, repeated
from chargen.model.config import Cell, ModelConfig
from chargen.model.network import CharRNN
from chargen.training.autotune import choose_backend
from chargen.training.backend import Backend
from chargen.training.config import TrainingConfig
from chargen.training.device import choose_device, processor_threads
from chargen.training.step import LearningStep, make_optimizer

SHAPES = ((1, 256), (2, 128), (2, 512), (3, 512))
"""(layers, hidden)."""

CELLS: tuple[Cell, ...] = ("lstm", "gru", "rnn")
VOCABULARY, EMBEDDING, STREAMS, UNROLL = 65, 64, 64, 64


@dataclass(frozen=True)
class TrainResult:
    """What was measured for one shape; the names of the fields are those of the JSON line."""

    cell: str
    layers: int
    hidden: int
    backend: Backend
    characters: Measured
    plain: Measured
    ratio: Measured
    matrix: Measured

    def to_json(self) -> dict[str, object]:
        """The JSON line of ``chargen bench``."""
        named = {
            "characters_per_second": self.characters,
            "plain_characters_per_second": self.plain,
            "ratio": self.ratio,
            "matrix_fraction": self.matrix,
        }
        shape = {"cell": self.cell, "layers": self.layers, "hidden": self.hidden}
        how = {"precision": self.backend.precision, "backend": self.backend.kernels, "rounds": len(self.ratio.rates)}
        return {**shape, **how, **figures(named)}


def operations(config: ModelConfig) -> float:
    """Of the products for one character, forwards and backwards (an addition and a multiplication are two)."""
    weights, inputs = config.vocabulary_size * config.hidden, config.embedding
    for _ in range(config.layers):
        weights += config.gates * config.hidden * (inputs + config.hidden)
        inputs = config.hidden
    return 6.0 * weights


def _block(device: str) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(VOCABULARY, (UNROLL + 1, STREAMS), generator=generator).to(device)


def ours(
    config: ModelConfig, device: str, threads: int
) -> tuple[Callable[[], torch.Tensor], Callable[[], None], Backend]:
    """(one learning step, which gives its loss unfetched, what ends its threads, the backend that was chosen)."""
    network = CharRNN(config, torch.Generator().manual_seed(0)).to(device)
    training = TrainingConfig(steps=1, streams=STREAMS, unroll=UNROLL)
    block = _block(device)
    backend = next(found for found in choose_backend(network, training, device, threads, block) if found is not None)
    step = LearningStep(network, make_optimizer(network, training), training, backend)
    state = tuple(part.detach().contiguous() for part in network.start_state(STREAMS))
    number = 0

    def learn() -> torch.Tensor:
        nonlocal state, number
        backend.configure()
        result = step.run(block, state, 1e-3, number)
        state, number = result.state, number + 1
        return result.loss

    return learn, step.close, backend


def _products(config: ModelConfig, backend: Backend, device: str) -> Contestant:
    dtype = backend.dtype or torch.float32
    left = torch.randn(UNROLL * STREAMS, config.hidden, device=device).to(dtype)
    right = torch.randn(config.hidden, config.gates * config.hidden, device=device).to(dtype)
    result = torch.empty(UNROLL * STREAMS, config.gates * config.hidden, dtype=dtype, device=device)

    def product() -> None:
        torch.mm(left, right, out=result)
        if device == "cuda":
            torch.cuda.synchronize()

    return repeated(product, 2.0 * left.shape[0] * right.numel())


def _alone(action: Contestant, threads: int) -> Contestant:
    """With all threads for PyTorch's own, and none for it after."""

    def contestant(seconds: float) -> float:
        torch.set_num_threads(threads)
        return action(seconds)

    return contestant


def measure(
    cell: Cell, layers: int, hidden: int, *, rounds: int = ROUNDS, seconds: float = SECONDS, device: str = "auto"
) -> TrainResult:
    """Measure one shape, all contestants in turns. Raises DeviceError where the device is not there."""
    kind, threads = choose_device(device).kind, processor_threads()
    config = ModelConfig(cell, layers, hidden, EMBEDDING, VOCABULARY)
    before = torch.get_num_threads()
    learn, close, backend = ours(config, kind, threads)
    plain, block = PlainLoop(config, kind), _block(kind)
    characters = float(STREAMS * UNROLL)
    try:
        measured = interleaved(
            {
                "ours": repeated(learn, characters),
                "plain": _alone(repeated(lambda: plain.learn(block), characters), threads),
                "products": _alone(_products(config, backend, kind), threads),
            },
            rounds,
            seconds,
        )
    finally:
        close()
        torch.set_num_threads(before)
    mine = measured["ours"]
    return TrainResult(
        cell,
        layers,
        hidden,
        backend,
        characters=mine,
        plain=measured["plain"],
        ratio=mine.over(measured["plain"]),
        matrix=mine.times(operations(config)).over(measured["products"]),
    )
