"""How fast writing is, against the loop that a good programmer writes and against the machine's own ceilings.

For each shape of network, with random weights, V 65 and E 64, on one core:

* **characters_per_second** of :class:`~chargen.sampling.sampler.Stream` at temperature 0.8, everything included:
  the step, the choice, the surprise; computed in the faster of the two ways with the network's own distribution
  (**way**: ``numpy`` or ``compiled``). **plain_characters_per_second** of the loop in PyTorch (embedding, one step of
  ``nn.LSTM``, linear, softmax, multinomial; library defaults but for one thread, without gradients). **ratio** is
  one over the other.
* **floor_ratio**: the time for a character over the least it could take, which is to read all weights of a step
  once (recurrent, inputs of the upper layers, output) at the rate of a matrix-vector product of that many bytes.
* the same for each way, its name before it; ``narrow`` weights have half the bytes, and so half the floor.
* **batch_matrix_fraction**: of 64 samples at once, the rate of the products that their characters need, over the
  rate of the same products alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chargen.bench.ceilings import matrix_products, vector_product
from chargen.bench.timing import ROUNDS, SECONDS, Contestant, Measured, figures, interleaved, repeated
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model
from chargen.sampling.batch import BLOCK, Batch
from chargen.sampling.batch_engine import MAXIMUM_BATCH
from chargen.sampling.engine import WAYS, Way
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings

SHAPES = ((1, 256), (2, 128), (2, 512), (3, 512))
"""(layers, hidden)."""

VOCABULARY, EMBEDDING = 65, 64
_ENDLESS = 10_000_000
_CHARACTERS = 16
"""Between two looks at the clock, for both loops: a look costs more than half a microsecond."""


@dataclass(frozen=True)
class WayResult:
    """One way to compute a step: characters a second, those over the plain loop's, the time over its floor."""

    characters: Measured
    ratio: Measured
    floor: Measured


@dataclass(frozen=True)
class SampleResult:
    """What was measured for one shape; the ways that could be had here, and the faster of those that are exact."""

    layers: int
    hidden: int
    plain: Measured
    ways: dict[Way, WayResult]
    best: Way
    batch: Measured
    batch_characters: Measured

    def to_json(self) -> dict[str, float | str]:
        """The JSON line of ``chargen bench``."""
        best = self.ways[self.best]
        named = {
            "characters_per_second": best.characters,
            "plain_characters_per_second": self.plain,
            "ratio": best.ratio,
            "floor_ratio": best.floor,
            "batch_matrix_fraction": self.batch,
            "batch_characters_per_second": self.batch_characters,
        }
        for way, result in self.ways.items():
            named[f"{way}_characters_per_second"] = result.characters
            named[f"{way}_ratio"] = result.ratio
            named[f"{way}_floor_ratio"] = result.floor
        return {"layers": self.layers, "hidden": self.hidden, **figures(named), "way": self.best}


def random_model(layers: int, hidden: int, *, vocabulary: int = VOCABULARY, embedding: int = EMBEDDING) -> Model:
    """An LSTM nobody has trained: uniform weights within ±1/√H, as PyTorch begins."""
    config = ModelConfig("lstm", layers, hidden, embedding, vocabulary, "zeros")
    generator = np.random.default_rng(0)
    tensors = {
        name: (generator.uniform(-1.0, 1.0, shape) / np.sqrt(hidden)).astype(np.float32)
        for name, shape in config.tensor_shapes().items()
    }
    return Model(config, tuple(map(chr, range(32, 32 + vocabulary))), tensors)


def step_shapes(layers: int, hidden: int, rows: int) -> list[tuple[int, int, int]]:
    """The products of one step, (rows, inputs, columns) each; the first layer's input is looked up."""
    inputs = [hidden, *[2 * hidden] * (layers - 1)]
    return [*((rows, each, 4 * hidden) for each in inputs), (rows, hidden, VOCABULARY)]


def _ours(sampler: Sampler) -> Contestant:
    stream = sampler.stream(SamplingSettings(length=_ENDLESS, random_seed=1))

    def write() -> None:
        for _ in range(_CHARACTERS):
            next(stream)

    return repeated(write, _CHARACTERS)


def _together(sampler: Sampler) -> Contestant:
    batch = Batch(
        sampler.engine, [(SamplingSettings(length=_ENDLESS, random_seed=seed), None) for seed in range(MAXIMUM_BATCH)]
    )
    return repeated(batch.advance, BLOCK * MAXIMUM_BATCH)


def plain_loop(model: Model) -> Callable[[], None]:
    """The loop in PyTorch: a function that writes :data:`_CHARACTERS` characters and goes on where it was."""
    import torch
    from torch import nn

    config = model.config
    network = nn.ModuleDict(
        {
            "embedding": nn.Embedding(config.vocabulary_size, config.embedding),
            "rnn": nn.LSTM(config.embedding, config.hidden, config.layers, batch_first=True),
            "head": nn.Linear(config.hidden, config.vocabulary_size),
        }
    )
    network.load_state_dict({name: torch.tensor(np.array(tensor)) for name, tensor in model.tensors.items()})
    network.eval()
    embedding, rnn, head = network["embedding"], network["rnn"], network["head"]
    id, state = torch.zeros(1, 1, dtype=torch.long), None

    def write() -> None:
        nonlocal id, state
        with torch.inference_mode():
            for _ in range(_CHARACTERS):
                output, state = rnn(embedding(id), state)
                probabilities = torch.softmax(head(output[:, -1]) / 0.8, dim=-1)
                id = torch.multinomial(probabilities, 1)
                id.item()

    return write


def measure(layers: int, hidden: int, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> SampleResult:
    """Measure one shape, all contestants in turns."""
    import torch

    model = random_model(layers, hidden)
    samplers = {way: Sampler(model, way) for way in WAYS}
    samplers = {way: sampler for way, sampler in samplers.items() if sampler.engine.weights.way == way}
    sampler = samplers["numpy"]
    together = step_shapes(layers, hidden, MAXIMUM_BATCH)
    read = 4 * sum(inputs * columns for _, inputs, columns in together)
    operations = sum(2.0 * rows * inputs * columns for rows, inputs, columns in together) / MAXIMUM_BATCH
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        measured = interleaved(
            {
                **{way: _ours(sampler) for way, sampler in samplers.items()},
                "plain": repeated(plain_loop(model), _CHARACTERS),
                "reading": vector_product(read, 4 * hidden),
                "reading half": vector_product(read // 2, 4 * hidden),
                "together": _together(sampler),
                "products": matrix_products(together),
            },
            rounds,
            seconds,
        )
    finally:
        torch.set_num_threads(threads)
    batch, ways = measured["together"], {}
    for way in samplers:
        reading, weights = (measured["reading half"], read // 2) if way == "narrow" else (measured["reading"], read)
        ours = measured[way]
        ways[way] = WayResult(ours, ours.over(measured["plain"]), reading.times(1 / weights).over(ours))
    return SampleResult(
        layers,
        hidden,
        plain=measured["plain"],
        ways=ways,
        best=max((way for way in ways if way != "narrow"), key=lambda way: ways[way].characters.median),
        batch=batch.times(operations).over(measured["products"]),
        batch_characters=batch,
    )
