"""Training as a job: commands are obeyed, and every end is saved."""

import time

from chargen.jobs import Done, Failed, Job
from chargen.model.model_file import load_model
from chargen.training import events
from chargen.training.commands import Pause, Resume, SaveNow, SetLearningRate, SetPreview, Stop
from chargen.training.job import train
from chargen.training.session import TrainingRequest
from tests.training.helpers import run_request, small_corpus


class Watcher:
    """Drains a job's mailbox and waits for what it wants to see."""

    def __init__(self, job):
        self.job, self.seen = job.start(), []

    def wait(self, kind, wanted=lambda event: True, seconds=30.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.seen += self.job.mailbox.drain()
            for event in self.seen:
                if isinstance(event, kind) and wanted(event):
                    return event
            time.sleep(0.005)
        raise AssertionError(f"no {kind} in {[type(event).__name__ for event in self.seen]}")

    def forget(self):
        self.seen.clear()

    def end(self):
        assert self.job.join(30)
        self.seen += self.job.mailbox.drain()
        return self.seen[-1]


def watch(folder, **overrides):
    request = TrainingRequest(
        corpus=small_corpus(), run=folder, overrides=run_request(folder, **{"steps": 1_000_000, **overrides})
    )
    return Watcher(Job("training", train(request)))


def test_pause_resume_stop(tmp_path):
    watcher = watch(tmp_path / "run")
    watcher.wait(events.Progress)
    asked = time.monotonic()
    watcher.job.send(Pause())
    paused = watcher.wait(events.Paused)
    acknowledged = time.monotonic() - asked
    time.sleep(0.4)
    watcher.forget()
    assert not [event for event in watcher.job.mailbox.drain() if isinstance(event, events.LossPoints)]
    watcher.job.send(Resume())
    watcher.wait(events.Resumed)
    watcher.wait(events.Progress, lambda event: event.step > paused.step)
    watcher.job.send(Stop())
    done = watcher.end()
    assert isinstance(done, Done) and done.result.reason == "stopped" and done.result.loss > 0
    assert load_model(tmp_path / "run").training["validation_loss"] == done.result.loss
    assert acknowledged < 5  # a guard against hanging, not a claim


def test_stop_while_paused(tmp_path):
    watcher = watch(tmp_path / "run")
    watcher.wait(events.Progress)
    watcher.job.send(Pause())
    watcher.wait(events.Paused)
    watcher.job.send(Stop())
    assert watcher.end().result.reason == "stopped"


def test_cancel_while_paused_saves_and_leaves(tmp_path):
    watcher = watch(tmp_path / "run")
    watcher.wait(events.Progress)
    watcher.job.send(Pause())
    watcher.wait(events.Paused)
    watcher.job.cancel()
    assert watcher.end().result.reason == "interrupted"
    assert load_model(tmp_path / "run" / "latest.safetensors").config.hidden == 12


def test_commands_while_running(tmp_path):
    watcher = watch(tmp_path / "run")
    watcher.wait(events.Progress)
    watcher.job.send(SaveNow())
    watcher.wait(events.Saved)
    watcher.job.send(SetPreview(0.0))
    watcher.job.send(SetLearningRate(1e-5))
    watcher.wait(events.Sampled, lambda event: event.temperature == 0.0)
    watcher.wait(events.Progress, lambda event: event.learning_rate < 2e-5)
    watcher.job.cancel()
    watcher.end()


def test_events_carry_no_live_tensors(tmp_path):
    import torch

    watcher = watch(tmp_path / "run", steps=30)
    watcher.end()
    for event in watcher.seen:
        values = vars(event).values() if hasattr(event, "__dict__") else []
        assert not any(isinstance(value, torch.Tensor | BaseException) for value in values), event


def test_what_is_wrong_comes_as_a_sentence(tmp_path):
    watcher = watch(tmp_path / "run", hidden=0)
    failed = watcher.end()
    assert isinstance(failed, Failed) and failed.sentence.endswith(".") and failed.details == ""


def test_the_folder_is_free_afterwards(tmp_path):
    watch(tmp_path / "run", steps=5).end()
    request = TrainingRequest(run=tmp_path / "run", resume=True, overrides={"steps": 8})
    assert Watcher(Job("training", train(request))).end().result.step == 8
