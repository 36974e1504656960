"""Looking at the network between two steps: its loss on the validation split, and a short text by it.

Both look at the average of the weights, which is also what is kept in the model files.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from chargen.model.scoring import iterate_losses, validation_streams
from chargen.training import events
from chargen.training.preview import preview_text
from chargen.training.ranks import Threads
from chargen.training.rollback import go_back
from chargen.training.training_state import TrainingState

CLEARLY_WORSE = 0.003
"""A validation loss larger than the best by this share counts against going on."""


def sample(training: TrainingState) -> Iterator[Any]:
    """The live sample: yields Snapshot and Sampled, on the first rank; before, what was spoiled is put back."""
    if not training.finite():
        yield from go_back(training)
    if not training.ranks.first:
        return
    step, temperature = training.counters.step, training.preview_temperature
    model = training.model(None)
    sampled = events.Sampled(
        step, preview_text(model, training.config.preview_length, temperature, step), temperature
    )
    if training.recorder is not None:
        training.recorder.sample(sampled)
    yield events.Snapshot(step, model)
    yield sampled


def validate(training: TrainingState, workers: Threads) -> Iterator[Any]:
    """Measure the validation split, with a Tick between pieces; keep the model if it is the best. Yields Validated.

    Left in the middle where this process was asked to leave: then the validation is owed.
    """
    counters, clock, backend = training.counters, training.clock, training.backend
    assert backend is not None
    if not training.finite():
        yield from go_back(training)
        return
    begun, planned = clock.seconds(), counters.owed
    nats, characters, left = 0.0, 0, False
    with backend.active():
        for losses in iterate_losses(
            training.learner.averaged,
            training.validation,
            streams=validation_streams(len(training.validation)),
            dtype=backend.dtype if training.device.kind == "cpu" else None,  # elsewhere float32 costs little
            side_by_side=training.ranks.reading(workers),
        ):
            nats += float(losses.sum(dtype=np.float64))
            characters += losses.size
            yield events.Tick()
            if training.ranks.asked == "interrupted":  # the other ranks may not know yet
                left = True
                break  # leaving quickly matters more than one more figure
    nats, characters, left = training.ranks.total(nats, characters, left)
    if left:
        return
    training.validation_seconds = clock.seconds() - begun
    counters.owed = False
    loss = nats / characters
    if not math.isfinite(loss):  # the last update spoiled what its own loss could not show yet
        yield from go_back(training)
        return
    best = loss < counters.best_loss
    # One that was not planned (somebody stopped) does not count: continued, the run is as if nobody had.
    if planned and (best or loss > counters.best_loss * (1 + CLEARLY_WORSE)):
        counters.worse = 0 if best else counters.worse + 1
    if best:
        counters.best_loss, counters.best_step = loss, counters.step
        if training.recorder is not None:
            training.recorder.best(training.model(loss))
    validated = events.Validated(counters.step, clock.seconds(), loss, loss / math.log(2), best)
    if training.recorder is not None:
        training.recorder.event(validated)
    yield validated
