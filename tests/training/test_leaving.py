"""The window's job is asked to end at every moment of a training; what a run folder is before anything is learned."""

import time

import pytest

from chargen.errors import FileError, RunError
from chargen.jobs import Done, Job
from chargen.model.model_file import load_model
from chargen.model.runs import RunFolder, create_run
from chargen.training import events
from chargen.training.clock import Clock
from chargen.training.job import train
from chargen.training.recorder import Recorder
from chargen.training.session import TrainingRequest, prepare
from tests.training.helpers import run_request, small_corpus, small_trainer
from tests.training.moments import DECIDED, MOMENTS, UNLEARNED, VALIDATING, leave_at, nothing_half_done


def request(folder, **overrides):
    return TrainingRequest(corpus=small_corpus(), run=folder, overrides=run_request(folder, **overrides))


def go_on(folder, step):
    trainer = prepare(TrainingRequest(run=folder, resume=True, overrides={"steps": step}), Clock())
    try:
        return list(trainer.steps())[-1]
    finally:
        trainer.close()


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_job_ends_saved_at_any_moment(tmp_path, monkeypatch, moment):
    left_at = []

    def leave():
        job.cancel()
        left_at.append(len(job.mailbox.drain()))  # what comes now comes afterwards

    with monkeypatch.context() as patched:
        steps = leave_at(patched, moment, leave)
        job = Job("training", train(request(tmp_path / "run", steps=steps)))
        job.run_here()
    *seen, done = job.mailbox.drain()
    finished = seen[-1]
    assert left_at and isinstance(done, Done) and finished == done.result
    assert finished.reason == ("budget" if moment in DECIDED else "interrupted")
    if moment in UNLEARNED:
        assert finished.step == 0
    if moment in VALIDATING:
        assert finished.loss is None
    if moment not in DECIDED:
        assert not [event for event in seen if isinstance(event, events.Validated) and moment in VALIDATING]
        assert finished.step < 20 and sum(isinstance(event, events.LossPoints) for event in seen) <= 1
    nothing_half_done(RunFolder(tmp_path / "run"))
    load_model(tmp_path / "run")
    assert go_on(tmp_path / "run", finished.step + 2).step == finished.step + 2


def test_a_cancelled_pause_ends_at_once_and_saved(tmp_path):
    """Leaving while paused needs no clock: the wait for a command is what ends."""
    from chargen.training.commands import Pause

    job = Job("training", train(request(tmp_path / "run", steps=1_000_000))).start()
    job.send(Pause())
    end = time.monotonic() + 30
    while not any(isinstance(event, events.Paused) for event in job.mailbox.drain()) and time.monotonic() < end:
        time.sleep(0.005)
    job.cancel()
    assert job.join(30)
    nothing_half_done(RunFolder(tmp_path / "run"))


# -- before anything is learned -------------------------------------------------------------------


def test_a_new_run_has_no_folder_before_its_training_begins(tmp_path):
    trainer = prepare(request(tmp_path / "run"), Clock())
    steps = trainer.steps()
    while not (tmp_path / "run").exists():
        event = next(steps)
    assert isinstance(event, events.Started)
    assert (tmp_path / "run" / "run.json").exists() and (tmp_path / "run" / "corpus.safetensors").exists()
    trainer.close()


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("place", ["save_encoded", "LineFile", "RunFolder.write_description"])
def test_a_beginning_that_fails_leaves_nothing(tmp_path, monkeypatch, place, there):
    def full(*_):
        raise FileError("the disk is full")

    monkeypatch.setattr(f"chargen.training.recorder.{place}", full)
    if there:
        (tmp_path / "run").mkdir()
    trainer = prepare(request(tmp_path / "run"), Clock())
    with pytest.raises(FileError):
        list(trainer.steps())
    trainer.close()
    assert [path.name for path in tmp_path.iterdir()] == (["run"] if there else [])
    assert not there or not list((tmp_path / "run").iterdir())


@pytest.mark.parametrize("anew", [True, False])
def test_a_run_that_was_killed_before_its_first_save_is_begun_anew_or_continued(tmp_path, anew):
    trainer = prepare(request(tmp_path / "run"), Clock())
    steps = trainer.steps()
    while not isinstance(next(steps), events.Progress):
        pass
    steps.close()
    trainer.close()
    (tmp_path / "run" / ".chargen-0123456789abcdef.part").write_bytes(b"torn")
    old = (tmp_path / "run" / "events.jsonl").read_text()
    if anew:
        again = prepare(request(tmp_path / "run", steps=3), Clock())
        assert list(again.steps())[-1].step == 3
        again.close()
        assert old.splitlines()[0] not in (tmp_path / "run" / "events.jsonl").read_text().splitlines()[1:]
    else:
        assert go_on(tmp_path / "run", 30).step == 30
    nothing_half_done(RunFolder(tmp_path / "run"))


def test_a_run_that_another_process_begins_is_left_alone(tmp_path):
    first = prepare(request(tmp_path / "run"), Clock())
    late = prepare(request(tmp_path / "run"), Clock())
    steps = first.steps()
    while not isinstance(next(steps), events.Progress):
        pass
    with pytest.raises(RunError, match="another process"):
        list(late.steps())
    late.close()
    assert list(steps)[-1].reason == "budget"
    first.close()
    nothing_half_done(RunFolder(tmp_path / "run"))


@pytest.mark.parametrize(
    "names",
    [["diary.txt"], ["lock", "diary.txt"], ["events.jsonl"], ["lock", "events.jsonl"], ["lock", "corpus.safetensors",
     "latest.safetensors"]],
)  # fmt: skip
def test_nothing_of_anybody_is_taken_for_a_beginning(tmp_path, names):
    for name in names:
        (tmp_path / name).write_text("mine")
    with pytest.raises(RunError, match="exists already"):
        create_run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_recorder_that_has_not_begun_can_be_closed(tmp_path):
    recorder = Recorder(create_run(tmp_path / "run"), {})
    trainer = small_trainer(recorder=recorder)
    trainer.close()
    trainer.close()
    RunFolder(tmp_path / "run").lock().release()
