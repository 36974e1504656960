"""What a trainer tells of a training: how it began, how its losses fall, how it ended."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from chargen.training import events
from chargen.training.rollback import go_back
from chargen.training.training_state import TrainingState


def started(training: TrainingState, run: str) -> events.Started:
    """The first event, once the backend is chosen; ``run``: the folder, empty where nothing is kept."""
    backend, config = training.backend, training.network.config
    assert backend is not None
    return events.Started(
        run=run,
        device=training.device.name,
        reason=training.device.reason,
        precision=backend.precision,
        backend=backend.kernels,
        threads=backend.threads,
        cell=config.cell,
        layers=config.layers,
        hidden=config.hidden,
        embedding=config.embedding,
        streams=training.shape.streams,
        unroll=training.shape.unroll,
        parameters=config.parameter_count(),
        characters=training.corpus.characters,
        vocabulary=len(training.corpus.vocabulary.characters),
        step=training.counters.step,
    )


def report(training: TrainingState) -> Iterator[Any]:
    """Fetch the losses since the last report, the one synchronisation, and judge them: nothing is saved unseen.

    Yields LossPoints and Progress; where learning ran away, it is put back instead.
    """
    counters, shape, guard = training.counters, training.shape, training.guard
    if not training.pending:
        return
    losses = torch.stack([loss for loss, _ in training.pending]).float().cpu().numpy()
    norms = torch.stack([norm for _, norm in training.pending]).float().cpu().numpy()
    training.pending.clear()
    if guard.ran_away(losses, norms):
        yield from go_back(training)
        return
    guard.seen(losses)
    if guard.due(counters.step) and not guard.judge(counters.step, training.carried):
        yield from go_back(training)
        return
    first_step, since = training.pace_from
    seconds = training.clock.seconds()
    training.pace_from = (counters.step, seconds)
    train_loss = float(losses.mean())
    gradient_norm = float(np.sqrt((norms[-1].astype(np.float64) ** 2).sum()))
    per_step = shape.streams * shape.unroll
    new = max(0, counters.step - training.told)  # steps that are taken again are not told again
    if new == 0:
        return
    losses, norms, training.told = losses[-new:], norms[-new:], counters.step
    yield events.LossPoints(np.arange(counters.step - len(losses) + 1, counters.step + 1), losses, norms)
    progress = events.Progress(
        step=counters.step,
        characters=counters.step * per_step,
        epoch=counters.step / shape.steps,
        seconds=seconds,
        train_loss=train_loss,
        learning_rate=training.rate,
        gradient_norm=gradient_norm,
        characters_per_second=(counters.step - first_step) * per_step / max(1e-9, seconds - since),
        seconds_left=training.budget.seconds_left(seconds, counters.step, training.session_steps),
        fraction=min(1.0, training.budget.fraction(seconds, counters.step)),
        layer_gradient_norms=tuple(float(norm) for norm in norms.mean(axis=0, dtype=np.float64)),
    )
    if training.recorder is not None:
        training.recorder.progress(progress)
    yield progress


def finished(training: TrainingState, reason: str, seconds: float) -> events.Finished:
    """The last event, written down too; ``seconds``: on the clock, after the last step."""
    counters = training.counters
    loss = None if math.isinf(counters.best_loss) else counters.best_loss
    path = ""
    if training.recorder is not None:
        path = str(training.recorder.run.latest if loss is None else training.recorder.run.model)
    event = events.Finished(
        reason,
        counters.step,
        seconds,
        loss,
        None if loss is None else loss / math.log(2),
        path,
        max(0, counters.best_step),
    )
    if training.recorder is not None:
        training.recorder.event(event)
    return event
