"""Learning ran away: back to the last good step, see :mod:`chargen.training.guard`."""

from collections.abc import Iterator
from typing import Any

from chargen.errors import ChargenError
from chargen.training import events
from chargen.training.guard import MAXIMUM_RETURNS
from chargen.training.training_state import TrainingState


def go_back(training: TrainingState) -> Iterator[Any]:
    """Back to the last good point with half the learning rate. Yields a Notice.

    Raises:
        ChargenError: it was put back so often that it is given up.
    """
    counters = training.counters
    if counters.returns >= MAXIMUM_RETURNS:
        raise ChargenError(
            "The loss is no longer a number or has exploded: learning diverged, again with half the learning rate. "
            "What was saved is kept; continue it with a lower --learning-rate."
        )
    ran_away_at = counters.step
    counters.step, training.carried = training.guard.go_back()
    counters.returns += 1
    counters.owed = False
    counters.rate_scale *= 0.5
    training.pace_from = (counters.step, training.clock.seconds())
    training.plan_validation()
    message = f"Learning ran away at step {ran_away_at:,}: back to step {counters.step:,}, with half the learning rate."
    notice = events.Notice(message)
    if training.recorder is not None:
        training.recorder.event(notice)
    yield notice
