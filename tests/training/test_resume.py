"""A run that was interrupted and resumed is, bit for bit, the run that was not."""

import itertools
import random
import subprocess
import sys

import pytest

from chargen.errors import RunError
from chargen.files import previous_of
from chargen.model.model_file import load_model
from chargen.training import events, resume
from chargen.training.clock import Clock
from chargen.training.session import TrainingRequest, prepare
from tests.training.helpers import run_request, small_corpus

CASES = list(itertools.product(("lstm", "gru", "rnn"), (1, 2, 3), (0.0, 0.3)))
COMMON = random.Random(7).sample(CASES, 6)


def train(folder, *, stop_at=None, resumed=False, watch=lambda event: None, **overrides):
    request = TrainingRequest(
        corpus=None if resumed else small_corpus(), run=folder, resume=resumed,
        overrides={} if resumed else run_request(folder, **overrides),
    )  # fmt: skip
    trainer = prepare(request, Clock())
    try:
        for event in trainer.steps():
            if stop_at is not None and trainer.step >= stop_at:
                trainer.stop("interrupted")
            if isinstance(event, events.Saved):
                watch(event)
            last = event
    finally:
        trainer.close()
    return last


def stopping_exactly(trainer_module, monkeypatch):
    """Report at every step, so that a stop falls on any step and not only on reports."""
    monkeypatch.setattr(trainer_module, "REPORT_SECONDS", 0.0)


@pytest.mark.parametrize(("cell", "layers", "dropout"), COMMON)
@pytest.mark.parametrize("initial", ["zeros", "learned"])
def test_interrupted_and_resumed_is_uninterrupted(tmp_path, monkeypatch, cell, layers, dropout, initial):
    import chargen.training.trainer as module

    stopping_exactly(module, monkeypatch)
    options = {
        "cell": cell,
        "layers": layers,
        "dropout": dropout,
        "initial_state": initial,
        "steps": 60,
        "streams": 8,
        "threads": 2,
    }
    whole = train(tmp_path / "whole", **options)
    train(tmp_path / "cut", stop_at=13, **options)
    train(tmp_path / "cut", stop_at=37, resumed=True)
    cut = train(tmp_path / "cut", resumed=True)
    assert (whole.step, whole.loss) == (cut.step, cut.loss)
    for name in ("latest.safetensors", "model.safetensors"):
        assert load_model(tmp_path / "whole" / name).fingerprint == load_model(tmp_path / "cut" / name).fingerprint
    mine, theirs = (resume.load(tmp_path / run / "resume.safetensors") for run in ("whole", "cut"))
    assert mine.tensors.keys() == theirs.tensors.keys()
    assert all((mine.tensors[name] == theirs.tensors[name]).all() for name in mine.tensors)


CHILD = """
import sys
from pathlib import Path
import chargen.training.trainer as module
from chargen.training import events
from tests.training.test_resume import train
module.SAVE_SECONDS = 0.05
folder = Path(sys.argv[1])
options = {} if folder.exists() else dict(steps=200, layers=2, dropout=0.3)
train(folder, resumed=folder.exists(), watch=lambda event: print(event.step, flush=True), **options)
"""


def kill_after(folder, step):
    """Train in a process of its own, saving all the time, and kill it without warning once ``step`` was saved."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= step:
            break
    process.kill()
    process.communicate(timeout=60)


@pytest.mark.parametrize(
    "moments",
    [(90,), pytest.param((5, 60, 130, 190), marks=pytest.mark.soak), pytest.param((20, 21), marks=pytest.mark.soak)],
)
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, moments):
    whole = train(tmp_path / "whole", steps=200, layers=2, dropout=0.3)
    for moment in moments:
        kill_after(tmp_path / "cut", moment)
    cut = train(tmp_path / "cut", resumed=True)
    assert cut.step == 200 and cut.loss == whole.loss
    names = [tmp_path / run / "latest.safetensors" for run in ("whole", "cut")]
    assert load_model(names[0]).fingerprint == load_model(names[1]).fingerprint


def test_a_finished_run_can_be_extended(tmp_path):
    train(tmp_path / "run", steps=20)
    trainer = prepare(TrainingRequest(run=tmp_path / "run", resume=True, overrides={"steps": 35}), Clock())
    last = list(trainer.steps())[-1]
    trainer.close()
    assert last.step == 35


def test_a_torn_resume_file_falls_back_to_the_one_before(tmp_path):
    train(tmp_path / "run", steps=40, stop_at=10)
    train(tmp_path / "run", resumed=True, stop_at=20)
    path = tmp_path / "run" / "resume.safetensors"
    before = resume.load(previous_of(path)).progress["step"]
    path.write_bytes(path.read_bytes()[:100])
    assert resume.load(path).progress["step"] == before
    assert train(tmp_path / "run", resumed=True).step == 40


def test_what_cannot_be_continued_is_said(tmp_path):
    train(tmp_path / "run", steps=20, stop_at=5)
    cases = {
        "no run": (TrainingRequest(run=tmp_path / "nothing", resume=True), "not a run"),
        "no name": (TrainingRequest(resume=True), "Name the run"),
        "other text": (TrainingRequest(run=tmp_path / "run", resume=True, corpus=small_corpus_other()), "another text"),
        "other shape": (TrainingRequest(run=tmp_path / "run", resume=True, overrides={"hidden": 99}), "hidden"),
        "other streams": (TrainingRequest(run=tmp_path / "run", resume=True, overrides={"streams": 9}), "streams"),
        "exists": (TrainingRequest(run=tmp_path / "run", corpus=small_corpus()), "exists already"),
    }
    for request, words in cases.values():
        with pytest.raises(RunError, match=words):
            prepare(request, Clock())
    assert train(tmp_path / "run", resumed=True).step == 20  # nothing was lost meanwhile


def small_corpus_other():
    from chargen.corpus.corpus import corpus_from_text

    return corpus_from_text("another text altogether, " * 40, "other")


def test_a_run_has_one_writer(tmp_path):
    trainer = prepare(
        TrainingRequest(corpus=small_corpus(), run=tmp_path / "run", overrides=run_request(tmp_path)), Clock()
    )
    list(trainer.steps())
    with pytest.raises(RunError, match="another process"):
        prepare(TrainingRequest(run=tmp_path / "run", resume=True, overrides={"steps": 40}), Clock())
    trainer.close()
    prepare(TrainingRequest(run=tmp_path / "run", resume=True, overrides={"steps": 40}), Clock()).close()


def test_a_used_up_time_budget_asks_for_more(tmp_path):
    request = TrainingRequest(
        corpus=small_corpus(), run=tmp_path / "run", overrides={**run_request(tmp_path), "steps": None, "minutes": 0.01}
    )
    trainer = prepare(request, Clock())
    list(trainer.steps())
    trainer.close()
    with pytest.raises(RunError, match="--minutes"):
        prepare(TrainingRequest(run=tmp_path / "run", resume=True), Clock())
    trainer = prepare(TrainingRequest(run=tmp_path / "run", resume=True, overrides={"minutes": 0.01}), Clock())
    seen = list(trainer.steps())
    trainer.close()
    assert isinstance(seen[-1], events.Finished) and seen[-1].reason == "budget"
