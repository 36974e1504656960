"""How long to train, and when to look: minutes by the clock, or a number of steps."""

import math
from dataclasses import dataclass

from chargen.training.config import TrainingConfig

FIRST_VALIDATION_SECONDS = 10.0
LONGEST_INTERVAL_SECONDS = 300.0
SHORTEST_INTERVAL_SECONDS = 3.0  # a run of a few seconds has better things to do than to be looked at


@dataclass(frozen=True)
class Due:
    """A moment: by the clock, by the step, or never."""

    seconds: float = math.inf
    step: float = math.inf

    def reached(self, seconds: float, step: int) -> bool:
        return seconds >= self.seconds or step >= self.step


class Budget:
    """The budget of a run.

    Args:
        config: minutes (of this session), epochs or steps (of all sessions).
        steps_per_epoch: of the text, read in its streams.
        spent: seconds of earlier sessions.

    Attributes:
        total_steps: of all sessions; None where minutes are the budget.
    """

    def __init__(self, config: TrainingConfig, steps_per_epoch: int, spent: float) -> None:
        self._session_seconds = None if config.minutes is None else config.minutes * 60
        self._steps_per_epoch = steps_per_epoch
        self._spent = spent
        self.total_steps = config.steps
        if config.epochs is not None:
            self.total_steps = max(1, round(config.epochs * steps_per_epoch))

    def fraction(self, seconds: float, step: int) -> float:
        """Share used, over all sessions; ``seconds`` of this session, ``step`` of all."""
        if self._session_seconds is not None:
            return (self._spent + seconds) / (self._spent + self._session_seconds)
        assert self.total_steps is not None
        return step / self.total_steps

    def exhausted(self, seconds: float, step: int, next_step_seconds: float) -> bool:
        """Whether one more step would go past it."""
        if self._session_seconds is not None:
            return seconds + next_step_seconds > self._session_seconds
        assert self.total_steps is not None
        return step >= self.total_steps

    def seconds_left(self, seconds: float, step: int, session_steps: int) -> float | None:
        """By the clock, or by the pace of this session; None while there is no pace yet."""
        if self._session_seconds is not None:
            return max(0.0, self._session_seconds - seconds)
        assert self.total_steps is not None
        return (self.total_steps - step) * seconds / session_steps if session_steps >= 3 else None

    def next_validation(self, seconds: float, step: int, took: float, first: bool) -> Due:
        """When to validate next; the last of all comes when training ends.

        Under a time budget by the clock, rarely enough to cost little (``took``: seconds of the last one), and the
        ``first`` soon, since somebody waits for it. Else by the step alone, so that equal runs keep equal models.
        """
        if self._session_seconds is not None:
            interval = max(self._session_seconds / 20, 25 * took, SHORTEST_INTERVAL_SECONDS)
            if first:
                interval = min(interval, FIRST_VALIDATION_SECONDS)
            due = seconds + min(interval, LONGEST_INTERVAL_SECONDS)
            return Due(seconds=due) if due < 0.95 * self._session_seconds else Due()
        assert self.total_steps is not None
        interval_steps = max(1, min(math.ceil(self.total_steps / 10), max(self._steps_per_epoch, 200)))
        due_step = (step // interval_steps + 1) * interval_steps
        return Due(step=due_step) if due_step < self.total_steps else Due()
