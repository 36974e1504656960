"""Training as the work of a job: commands in, events out."""

from collections.abc import Callable
from typing import Any

from chargen.jobs import Worker
from chargen.training import events
from chargen.training.clock import Clock
from chargen.training.commands import Extend, Pause, Resume, SaveNow, SetLearningRate, SetPreview, Stop
from chargen.training.session import TrainingRequest, prepare
from chargen.training.trainer import Trainer


def train(request: TrainingRequest) -> Callable[[Worker], events.Finished | None]:
    """The work of a training job. Its result is the Finished event.

    Cancelling the job stops quickly: saved, but without the last validation.
    """

    def work(worker: Worker) -> events.Finished | None:
        clock = Clock()
        trainer = prepare(request, clock)
        try:
            return _drive(trainer, clock, worker)
        finally:
            trainer.close()

    return work


def _drive(trainer: Trainer, clock: Clock, worker: Worker) -> events.Finished | None:
    finished = None
    for event in trainer.steps():
        if not isinstance(event, events.Tick):
            worker.post(event)
        if isinstance(event, events.Finished):
            finished = event
        _hear(trainer, clock, worker)
    return finished


def _hear(trainer: Trainer, clock: Clock, worker: Worker) -> None:
    """Obey what has arrived; while paused, wait here."""
    paused = _obey_all(trainer, worker, worker.commands(), False)
    if paused:
        clock.pause()
        worker.post(events.Paused(trainer.step))
        while paused and not worker.cancelled:
            command = worker.wait_command(timeout=0.5)
            paused = _obey_all(trainer, worker, [] if command is None else [command], paused)
        clock.resume()
        worker.post(events.Resumed(trainer.step))
    if worker.cancelled:
        trainer.stop("interrupted")


def _obey_all(trainer: Trainer, worker: Worker, commands: list[Any], paused: bool) -> bool:
    """Apply commands in order; returns whether training is paused after them."""
    for command in commands:
        match command:
            case Pause():
                paused = True
            case Resume():
                paused = False
            case Stop():
                trainer.stop("stopped")
                paused = False
            case SaveNow():
                trainer.save_soon()
            case Extend():
                trainer.extend()
            case SetLearningRate(rate):
                trainer.set_learning_rate(rate)
            case SetPreview(temperature):
                trainer.set_preview_temperature(temperature)
    return paused
