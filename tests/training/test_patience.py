"""Where a training ends before its budget, and where it goes on after it."""

import numpy as np
import pytest

from chargen.cli.progress import summary
from chargen.errors import RunError
from chargen.model.runs import create_run
from chargen.training import events, resume
from chargen.training.recorder import Recorder
from chargen.training.session import TrainingRequest, prepare
from tests.training.helpers import run_request, small_corpus, small_trainer


def of(kind, seen):
    return [event for event in seen if isinstance(event, kind)]


def told(monkeypatch, losses, **options):
    """A training whose validations give these losses, one after the other; the last one again and again."""
    trainer, rest = small_trainer(**options), list(losses)

    def pieces(*_, **__):
        yield np.full((4, 1), rest.pop(0) if len(rest) > 1 else rest[0], np.float32)

    monkeypatch.setattr("chargen.training.evaluation.iterate_losses", pieces)
    return trainer, list(trainer.steps())


def test_a_text_learned_by_heart_ends_it_and_the_best_is_told(monkeypatch):
    _, seen = told(monkeypatch, [2.0, 1.5, 1.6, 1.7, 1.8, 1.9], steps=100)
    finished = seen[-1]
    measured = of(events.Validated, seen)
    assert [event.loss for event in measured] == pytest.approx([2.0, 1.5, 1.6, 1.7, 1.8, 1.9])
    assert (finished.reason, finished.step, finished.best_step) == ("by heart", measured[-1].step, measured[1].step)
    assert finished.step < 100
    words = summary(finished, "run")
    assert "by heart" in words and f"step {finished.best_step}" in words and "--resume" not in words


@pytest.mark.parametrize(
    ("losses", "patience"),
    [
        ([2.0, 2.1, 2.1, 2.1, 1.9, 2.0, 2.1, 2.2, 1.8], 4),  # better again in time
        ([2.0, 2.001], 4),  # worse, but not by much
        ([2.0, 3.0], 0),  # nobody minds
    ],
)
def test_it_goes_on_while_there_is_hope(monkeypatch, losses, patience):
    _, seen = told(monkeypatch, losses, steps=60, patience=patience)
    assert (seen[-1].reason, seen[-1].step) == ("budget", 60)


def test_the_end_for_that_reason_is_kept_and_can_be_overruled(monkeypatch, tmp_path):
    run = tmp_path / "run"
    request = run_request(run, steps=100, patience=1)
    trainer = prepare(TrainingRequest(corpus=small_corpus(), run=run, overrides=request), clock())
    losses = iter([1.0, 2.0])

    def pieces(*_, **__):
        yield np.full((4, 1), next(losses), np.float32)

    with monkeypatch.context() as patched:
        patched.setattr("chargen.training.evaluation.iterate_losses", pieces)
        assert list(trainer.steps())[-1].reason == "by heart"
    trainer.close()
    with pytest.raises(RunError, match="by heart"):
        prepare(TrainingRequest(run=run, resume=True), clock())
    again = prepare(TrainingRequest(run=run, resume=True, overrides={"patience": 0}), clock())
    assert list(again.steps())[-1].step == 100
    again.close()


def clock():
    from chargen.training.clock import Clock

    return Clock()


def test_a_longer_budget_while_it_runs_lifts_the_rate_and_is_kept(tmp_path):
    run = create_run(tmp_path / "run")
    recorder = Recorder(run, {"training": {}})
    trainer = small_trainer(recorder=recorder, steps=100)
    rates = {}
    for event in trainer.steps():
        if isinstance(event, events.Progress):
            rates[event.step] = event.learning_rate
        if isinstance(event, events.Validated) and event.step == 90:
            trainer.extend()
    trainer.close()
    assert isinstance(event, events.Finished) and (event.reason, event.step) == ("budget", 200)
    assert run.describe()["training"]["steps"] == 200
    after = min(step for step in rates if step > 90)
    assert rates[after] > 3 * rates[90]
    assert resume.load(run.resume).progress["step"] == 200


def test_it_can_be_extended_at_its_very_end():
    trainer = small_trainer(steps=10)
    for event in trainer.steps():
        if isinstance(event, events.Validated) and event.step == 10:
            trainer.extend()
    assert event.step == 20
