"""How soon a text is learned: the validation loss against the clock, ours beside the plain loop.

For each budget, in turns:

* **chargen** is a training of its own, as ``chargen train --minutes`` does it, since its size and its schedule are tied
  to the time it has. Everything that a user waits for counts: the choice of how to compute, validations, live samples,
  saving. The figure is that of the model file it leaves; its run folder lasts as long as the measurement.
* **plain** (:mod:`chargen.bench.plain`) is one run of an LSTM 2×256, E 64, B 64, T 64, that stands still between the
  budgets. Its learning rate knows no end, so each point is what it has after that time. Measuring its loss costs it
  nothing.

Reading the text and waking PyTorch up count for neither. Both are scored by the same function on all of the last part
of the text: with the state carried as in validation, and in windows that start afresh, as a transformer of that context
is scored.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from chargen.bench.plain import PlainLoop
from chargen.corpus.corpus import Corpus, corpus_from_text
from chargen.corpus.streams import Ids, fit_streams
from chargen.errors import CorpusError
from chargen.model.config import ModelConfig
from chargen.model.model_file import load_model
from chargen.model.network import CharRNN
from chargen.model.scoring import iterate_losses, validation_streams
from chargen.training import events
from chargen.training.clock import Clock
from chargen.training.device import choose_device, processor_threads
from chargen.training.session import TrainingRequest, prepare
from chargen.training.workers import Workers, worker_count

BUDGETS = (5.0, 15.0, 40.0, 122.0)
"""Seconds. The last is what a published recipe took that ours is compared with."""

WINDOW = 256
LAYERS, HIDDEN, EMBEDDING, STREAMS, UNROLL = 2, 256, 64, 64, 64
_CLOSER = 2**0.5
_EARLIEST = 16

Told = Callable[[str, float, float], None]
"""Hears now and then: who learns, the seconds it has learned, and of how many."""

Points = tuple[tuple[float, float], ...]
"""(seconds, validation loss) in the order of time."""


@dataclass(frozen=True)
class Standing:
    """Where a contestant stands after a budget.

    Attributes:
        contestant: whose it is. budget: seconds it was given. seconds: it used.
        steps: updates. readings: how often it has read the text.
        loss: nats per character, state carried. window_loss: a fresh state every :data:`WINDOW` characters.
        network: what learned, in words. computed_by: how it was computed.
        curve: of the run until here; ours as its trainer reported it.
    """

    contestant: Literal["chargen", "plain"]
    budget: float
    seconds: float
    steps: int
    readings: float
    loss: float
    window_loss: float
    network: str
    computed_by: str
    curve: Points

    def to_json(self) -> dict[str, object]:
        """The JSON line of ``chargen bench``."""
        return {
            "contestant": self.contestant,
            "budget": self.budget,
            "seconds": round(self.seconds, 3),
            "steps": self.steps,
            "readings": round(self.readings, 3),
            "loss": self.loss,
            "bits_per_character": self.loss / float(np.log(2)),
            "window_loss": self.window_loss,
            "network": self.network,
            "computed_by": self.computed_by,
            "curve": [[round(seconds, 3), round(loss, 5)] for seconds, loss in self.curve],
        }


def inner(corpus: Corpus) -> Corpus:
    """What is left without the last part, split anew: for choosing settings without looking at the reported part."""
    left = corpus.text(0, len(corpus.training))
    return corpus_from_text(left, corpus.name, newlines="keep", validation=corpus.validation_share)


def measure(
    corpus: Corpus,
    budgets: Sequence[float] = BUDGETS,
    *,
    overrides: dict[str, Any] | None = None,
    told: Told = lambda who, seconds, of: None,
) -> Iterator[Standing]:
    """For each budget in rising order, the plain loop's standing and ours.

    Args:
        corpus: what is learned; its last part is what is measured on.
        budgets: seconds.
        overrides: settings for both where they have them (seed, device, threads), else for ours.

    Raises:
        CorpusError: nothing is kept aside to measure on. DeviceError: the device is not there.
    """
    if len(corpus.validation) < 2:
        raise CorpusError("No part of the text is kept aside to measure the loss on; give --validation a larger share.")
    overrides = overrides or {}
    device = choose_device(overrides.get("device") or "auto").kind
    before = torch.get_num_threads()
    plain = _Plain(corpus, device, overrides.get("threads") or processor_threads(), overrides.get("seed") or 0)
    _wake(device)
    ascending = sorted(budgets)
    try:
        for budget in ascending:
            yield plain.standing_after(budget, _moments(ascending[0], ascending[-1]), told)
            yield _ours(corpus, device, budget, overrides, told)
    finally:
        torch.set_num_threads(before)


def _wake(device: str) -> None:
    """Let the library do what it does at a first step, so that it counts for neither."""
    PlainLoop(ModelConfig("lstm", 1, 8, 8, 2), device).learn(torch.zeros(3, 2, dtype=torch.int64, device=device))


def loss_of(network: CharRNN, ids: Ids, threads: int, *, window: int | None = None) -> float:
    """Nats per character: the state carried in the streams of validation, or afresh every ``window`` characters."""
    streams = validation_streams(len(ids))
    workers = Workers(worker_count(network.head.bias.device.type, threads, streams))
    torch.set_num_threads(max(1, threads // workers.count))
    nats, characters = 0.0, 0
    try:
        for losses in iterate_losses(network, ids, streams=streams, window=window, side_by_side=workers):
            nats += float(losses.sum(dtype=np.float64))
            characters += losses.size
    finally:
        workers.close()
        torch.set_num_threads(threads)
    return nats / characters


def _moments(first: float, last: float) -> list[float]:
    """When the plain loop's curve has a point besides the budgets: evenly along a logarithmic axis."""
    moments, at = [], first if first < last else last / _EARLIEST
    while at < last:
        moments.append(at)
        at *= _CLOSER
    return moments


class _Plain:
    """The plain loop on a text, with a clock that stands still while it is looked at."""

    def __init__(self, corpus: Corpus, device: str, threads: int, seed: int) -> None:
        shape = fit_streams(len(corpus.training), STREAMS, UNROLL)
        self._streams, self._unroll, self._threads = shape.streams, shape.unroll, threads
        config = ModelConfig("lstm", LAYERS, HIDDEN, EMBEDDING, len(corpus.vocabulary.characters))
        self._loop = PlainLoop(config, device, seed)
        self._length = len(corpus.training) // shape.streams
        ids = corpus.training[: shape.streams * self._length].astype(np.int64)
        self._text = torch.from_numpy(ids).view(shape.streams, self._length).T.contiguous().to(device)
        self._validation, self._characters = corpus.validation, len(corpus.training)
        self._at = self._steps = 0
        self._seconds = self._step_seconds = 0.0
        self._curve: list[tuple[float, float]] = []

    def standing_after(self, budget: float, moments: Sequence[float], told: Told) -> Standing:
        torch.set_num_threads(self._threads)  # a training of ours has left its own number
        for moment in [each for each in moments if self._seconds < each < 0.9 * budget]:
            self._learn_until(moment, told, budget)
            self._curve.append((self._seconds, loss_of(self._loop.network(), self._validation, self._threads)))
        self._learn_until(budget, told, budget)
        network = self._loop.network()
        loss = loss_of(network, self._validation, self._threads)
        window_loss = loss_of(network, self._validation, self._threads, window=WINDOW)
        if self._seconds > (self._curve[-1][0] if self._curve else 0.0):
            self._curve.append((self._seconds, loss))
        return Standing(
            "plain",
            budget,
            self._seconds,
            self._steps,
            self._steps * self._streams * self._unroll / self._characters,
            loss,
            window_loss,
            f"lstm {LAYERS}×{HIDDEN}",
            "nn.LSTM float32",
            tuple(self._curve),
        )

    def _learn_until(self, seconds: float, told: Told, budget: float) -> None:
        """Steps while one more fits, as our trainer does; at least the first."""
        while self._steps == 0 or self._seconds + self._step_seconds <= seconds:
            begun = time.perf_counter()
            if self._at + self._unroll + 1 > self._length:
                self._at = 0
                self._loop.forget()
            self._loop.learn(self._text[self._at : self._at + self._unroll + 1])
            self._at += self._unroll
            took = time.perf_counter() - begun
            self._seconds, self._steps = self._seconds + took, self._steps + 1
            self._step_seconds = max(0.5 * self._step_seconds, took)
            told("plain loop", self._seconds, budget)


def _ours(corpus: Corpus, device: str, budget: float, overrides: dict[str, Any], told: Told) -> Standing:
    """Train for ``budget`` seconds as ``chargen train`` does, and score the model file that is left."""
    curve: list[tuple[float, float]] = []
    started: events.Started | None = None
    finished: events.Finished | None = None
    with tempfile.TemporaryDirectory(prefix="chargen-") as folder:
        request = TrainingRequest(
            corpus=corpus, run=Path(folder) / "run", overrides={**overrides, "minutes": budget / 60}
        )
        trainer = prepare(request, Clock())
        try:
            for event in trainer.steps():
                match event:
                    case events.Started():
                        started = event
                    case events.Progress():
                        told("chargen", event.seconds, budget)
                    case events.Validated():
                        curve.append((event.seconds, event.loss))
                    case events.Finished():
                        finished = event
        finally:
            trainer.close()
        assert started is not None and finished is not None
        network = CharRNN.from_model(load_model(Path(finished.model)), device)
    threads = overrides.get("threads") or processor_threads()
    loss = loss_of(network, corpus.validation, threads)
    window_loss = loss_of(network, corpus.validation, threads, window=WINDOW)
    return Standing(
        "chargen",
        budget,
        finished.seconds,
        finished.step,
        finished.step * started.streams * started.unroll / len(corpus.training),
        loss,
        window_loss,
        f"{started.cell} {started.layers}×{started.hidden}",
        f"{started.backend} {started.precision}",
        tuple(curve),
    )
