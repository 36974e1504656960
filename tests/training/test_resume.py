"""A run that was interrupted and resumed is, bit for bit, the run that was not."""

import itertools
import json
import random

import pytest
import torch

from chargen.errors import DeviceError, RunError
from chargen.files import previous_of
from chargen.model.model_file import load_model
from chargen.training import events, resume
from chargen.training.clock import Clock
from chargen.training.device import Device
from chargen.training.schedule import learning_rate
from chargen.training.session import TrainingRequest, prepare
from tests.training.helpers import CPU, digest, run_request, small_corpus
from tests.training.moments import MOMENTS, UNLEARNED, leave_at

CASES = list(itertools.product(("lstm", "gru", "rnn"), (1, 2, 3), (0.0, 0.3)))
DEVICE_ERROR = getattr(torch, "AcceleratorError", RuntimeError)
COMMON = random.Random(7).sample(CASES, 4)


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


@pytest.mark.parametrize(("case", "initial"), [*zip(COMMON, ("zeros", "learned") * 2, strict=True)])
def test_interrupted_and_resumed_is_uninterrupted(tmp_path, monkeypatch, case, initial):
    import chargen.training.trainer as module

    stopping_exactly(module, monkeypatch)
    cell, layers, dropout = case
    options = {
        "cell": cell,
        "layers": layers,
        "dropout": dropout,
        "initial_state": initial,
        "steps": 45,
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


@pytest.mark.parametrize("moment", [moment for moment in MOMENTS if moment not in UNLEARNED])
def test_interrupted_at_any_moment_and_resumed_is_uninterrupted(tmp_path, monkeypatch, moment):
    """Kills are in ``tests/soak/test_resume.py``."""
    steps = MOMENTS[moment][2]
    train(tmp_path / "whole", steps=steps)
    with monkeypatch.context() as patched:
        leave_at(patched, moment, lambda: trainer.stop("interrupted"))
        request = TrainingRequest(
            corpus=small_corpus(), run=tmp_path / "cut", overrides=run_request(tmp_path, steps=steps)
        )
        trainer = prepare(request, Clock())
        list(trainer.steps())
        trainer.close()
    train(tmp_path / "cut", resumed=True)
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


@pytest.mark.parametrize("moment", ["learning", "validating"])
def test_stopped_and_resumed_learns_the_same(tmp_path, monkeypatch, moment):
    """A stop measures once more than was planned: what is learned stays the same, the best can only be better."""
    whole = train(tmp_path / "whole")
    with monkeypatch.context() as patched:
        leave_at(patched, moment, lambda: trainer.stop("stopped"))
        request = TrainingRequest(corpus=small_corpus(), run=tmp_path / "cut", overrides=run_request(tmp_path))
        trainer = prepare(request, Clock())
        list(trainer.steps())
        trainer.close()
    cut = train(tmp_path / "cut", resumed=True)
    assert latest(tmp_path / "cut") == latest(tmp_path / "whole") and cut.loss <= whole.loss


def latest(run):
    return load_model(run / "latest.safetensors").fingerprint


def test_what_is_spoiled_by_the_very_last_update_is_learned_again(tmp_path, monkeypatch):
    trainer = prepare(
        TrainingRequest(corpus=small_corpus(), run=tmp_path / "run", overrides=run_request(tmp_path, steps=70)), Clock()
    )
    learn = trainer._learn

    def spoiling(*arguments):
        state = learn(*arguments)
        if trainer.step == 70 and trainer.training.counters.returns == 0:
            for parameter in trainer.network.parameters():
                parameter.data.fill_(float("nan"))
        return state

    monkeypatch.setattr(trainer, "_learn", spoiling)
    seen = list(trainer.steps())
    trainer.close()
    assert seen[-1].step == 70 and seen[-1].reason == "budget"
    assert resume.load(tmp_path / "run" / "resume.safetensors").progress["returns"] == 1


# -- more than was planned -------------------------------------------------------------------------------


def continued(folder, **overrides):
    """(the events of a continued run, what it began from)"""
    trainer = prepare(TrainingRequest(run=folder, resume=True, overrides=overrides), Clock())
    try:
        began = trainer.training.resume_point()
        return list(trainer.steps()), began
    finally:
        trainer.close()


def nothing_lost(began, point):
    """What a trainer begins from is what was saved, whatever it computes with."""
    kept = ("step", "updates", "rate_scale", "returns", "best_loss", "best_step", "good", "owed")
    assert {name: began.progress[name] for name in kept} == {name: point.progress[name] for name in kept}
    assert began.progress["spent"] >= point.progress["spent"] > 0
    assert began.tensors.keys() == point.tensors.keys()
    assert all((began.tensors[name] == point.tensors[name]).all() for name in point.tensors)


BY_STEPS, BY_THE_CLOCK = {"steps": 70}, {"steps": None, "minutes": 0.015}


@pytest.mark.parametrize(
    ("budget", "more"), [(BY_STEPS, {"epochs": 3.0}), (BY_STEPS, {"minutes": 0.01}), (BY_THE_CLOCK, {"steps": 100})]
)
def test_a_finished_run_can_be_extended(tmp_path, monkeypatch, budget, more):
    """Its rate rises again, as the schedule says of a longer run at that step, and falls to the new end."""
    monkeypatch.setattr("chargen.training.trainer.REPORT_SECONDS", 0.0)
    train(tmp_path / "run", **budget)
    point = resume.load(tmp_path / "run" / "resume.safetensors")
    before = point.progress["step"]
    if "steps" in more:
        more = {"steps": before + 30}
    seen, began = continued(tmp_path / "run", **more)
    nothing_lost(began, point)
    assert seen[-1].reason == "budget" and seen[-1].step > before
    assert seen[-1].loss <= point.progress["best_loss"]
    reports = [event for event in seen if isinstance(event, events.Progress)]
    rates = [event.learning_rate for event in reports]
    assert rates == sorted(rates, reverse=True) and 0 < rates[-1] < rates[0] <= 0.01
    fractions = [event.fraction for event in reports]
    assert fractions == sorted(fractions) and fractions[0] < 1
    assert rates[0] == pytest.approx(learning_rate(0.01, fractions[0], reports[0].step), rel=0.02)


def test_a_run_by_the_clock_has_its_minutes_in_all(tmp_path):
    """However often it is stopped; what was killed since a save does not count."""
    train(tmp_path / "run", steps=None, minutes=0.05, stop_at=2)
    left = [resume.load(tmp_path / "run" / "resume.safetensors").progress["minutes_left"]]
    for _ in range(2):
        train(tmp_path / "run", resumed=True, stop_at=1)
        left.append(resume.load(tmp_path / "run" / "resume.safetensors").progress["minutes_left"])
    spent = resume.load(tmp_path / "run" / "resume.safetensors").progress["spent"]
    assert left == sorted(left, reverse=True) and left[0] < 0.05
    assert left[-1] == pytest.approx(0.05 - spent / 60, abs=0.002)


def test_less_than_was_made_is_refused(tmp_path):
    train(tmp_path / "run", steps=70)
    for asked in ({"steps": 69}, {"epochs": 0.5}):
        with pytest.raises(RunError, match="already"):
            continued(tmp_path / "run", **asked)
    assert continued(tmp_path / "run", steps=70)[0][-1].step == 70


# -- on something else -----------------------------------------------------------------------------------


def notices(seen):
    return [event.message for event in seen if isinstance(event, events.Notice)]


@pytest.mark.parametrize("change", [{"threads": 2}, {"precision": "bfloat16"}, {"device": "cpu"}])
def test_another_device_precision_or_number_of_threads_loses_nothing(tmp_path, change):
    train(tmp_path / "run", steps=90, stop_at=70)
    if "device" in change:  # trained where there was a GPU
        path = tmp_path / "run" / "run.json"
        values = json.loads(path.read_text())
        values["training"]["device"] = values["device"] = "cuda"
        values["backend"] = {"kernels": "library", "precision": "bfloat16", "threads": 8, "workers": 1}
        path.write_text(json.dumps(values))
    point = resume.load(tmp_path / "run" / "resume.safetensors")
    seen, began = continued(tmp_path / "run", **change)
    nothing_lost(began, point)
    assert any("newly chosen kernels" in message for message in notices(seen))
    assert seen[-1].step == 90
    assert continued(tmp_path / "run")[0][-1].step == 90  # and as it is now from here on
    assert not notices(continued(tmp_path / "run")[0])


def test_the_same_words_again_change_nothing(tmp_path):
    """Whoever repeats the whole command and adds --resume continues exactly."""
    options = {"steps": 40, "threads": 1, "precision": "float32", "device": "cpu"}
    train(tmp_path / "whole", **options)
    train(tmp_path / "cut", **options, stop_at=20)
    assert not notices(continued(tmp_path / "cut", **run_request(tmp_path, **options))[0])
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


def test_kernels_that_are_gone_are_chosen_anew(tmp_path):
    train(tmp_path / "run", steps=40, stop_at=20)
    path = tmp_path / "run" / "run.json"
    path.write_text(path.read_text().replace(json.loads(path.read_text())["backend"]["kernels"], "quantum"))
    seen, _ = continued(tmp_path / "run")
    assert any("newly chosen kernels" in message for message in notices(seen)) and seen[-1].step == 40


def test_a_device_that_is_gone_is_said_and_another_can_go_on(tmp_path, monkeypatch):
    train(tmp_path / "run", steps=90, stop_at=70)
    path = tmp_path / "run" / "run.json"
    values = json.loads(path.read_text())
    values["training"]["device"] = values["device"] = "xpu"
    path.write_text(json.dumps(values))
    before = path.read_bytes()
    monkeypatch.setattr("chargen.training.device._available", lambda kind: CPU if kind == "cpu" else None)
    with pytest.raises(DeviceError, match=r"no “xpu” device.*--device auto"):
        continued(tmp_path / "run")
    assert path.read_bytes() == before
    assert continued(tmp_path / "run", device="auto")[0][-1].step == 90


@pytest.mark.parametrize("failure", [RuntimeError("CUDA error: launch failure\nand more"), DEVICE_ERROR("gone")])
def test_a_device_lost_in_the_middle_keeps_what_was_saved(tmp_path, monkeypatch, failure):
    trainer = prepare(
        TrainingRequest(corpus=small_corpus(), run=tmp_path / "run", overrides=run_request(tmp_path)), Clock()
    )
    learn = trainer._learn

    def lost(*arguments):
        if trainer.step == 7:
            trainer.training.device = Device("cuda", "A GPU", "a test")
            raise failure
        trainer.save_soon()
        return learn(*arguments)

    monkeypatch.setattr(trainer, "_learn", lost)
    with pytest.raises(DeviceError, match=r"^A GPU stopped answering; .* until the last save is kept.*--device cpu"):
        list(trainer.steps())
    trainer.close()
    assert resume.load(tmp_path / "run" / "resume.safetensors").progress["step"] == 7
    assert train(tmp_path / "run", resumed=True).step == 20


# -- what cannot be continued ------------------------------------------------------------------------------


def test_a_torn_resume_file_falls_back_to_the_one_before(tmp_path):
    train(tmp_path / "run", steps=40, stop_at=10)
    train(tmp_path / "run", resumed=True, stop_at=20)
    path = tmp_path / "run" / "resume.safetensors"
    before = resume.load(previous_of(path)).progress["step"]
    path.write_bytes(path.read_bytes()[:100])
    assert resume.load(path).progress["step"] == before
    seen, _ = continued(tmp_path / "run")
    assert f"damaged; going on from the one before it, at step {before}" in "".join(notices(seen))
    assert seen[-1].step == 40


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
