"""The trainer as a generator of events."""

import json
import math
from collections import Counter

import numpy as np
import pytest
import torch

from chargen.errors import ChargenError, DeviceError
from chargen.model.model_file import load_model
from chargen.model.runs import create_run
from chargen.training import events
from chargen.training.recorder import Recorder
from tests.training.helpers import small_corpus, small_trainer


def run(trainer):
    return list(trainer.steps())


def of(kind, seen):
    return [event for event in seen if isinstance(event, kind)]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("initial", ["zeros", "learned"])
def test_it_learns(cell, initial):
    seen = run(small_trainer(cell=cell, initial=initial, steps=200, learning_rate=0.03))
    losses = np.concatenate([points.losses for points in of(events.LossPoints, seen)])
    assert len(losses) == 200
    assert losses[:5].mean() > 2.5 and losses[-5:].mean() < 1.6
    finished = seen[-1]
    assert isinstance(finished, events.Finished) and finished.reason == "budget" and finished.step == 200
    assert finished.bits_per_character == pytest.approx(finished.loss / math.log(2))


def test_the_first_event_tells_what_and_where():
    started = of(events.Started, run(small_trainer(steps=2)))[0]
    assert (started.device, started.reason, started.cell, started.streams) == ("CPU", "a test", "lstm", 4)
    assert started.characters == small_corpus().characters


def test_loss_points_are_complete_and_in_order():
    points = of(events.LossPoints, run(small_trainer(steps=30, layers=2)))
    np.testing.assert_array_equal(np.concatenate([p.steps for p in points]), np.arange(1, 31))
    assert all(p.gradient_norms.shape == (len(p.steps), 4) for p in points)


@pytest.mark.parametrize("budget", [{"steps": 12}, {"epochs": 0.5, "steps": None}])
def test_counted_budgets_are_exact(budget):
    trainer = small_trainer(**budget)
    finished = run(trainer)[-1]
    expected = 12 if "epochs" not in budget else round(0.5 * trainer.training.shape.steps)
    assert finished.step == expected


def test_a_time_budget_is_kept():
    finished = run(small_trainer(steps=None, minutes=0.02))[-1]
    assert 0.5 < finished.seconds <= 1.25
    assert finished.step > 1


def test_progress_tells_the_mean_gradient_norms_of_its_steps():
    seen = run(small_trainer(steps=9))
    points, reports = of(events.LossPoints, seen), of(events.Progress, seen)
    assert len(points) == len(reports)
    for point, report in zip(points, reports, strict=True):
        assert report.layer_gradient_norms == pytest.approx(point.gradient_norms.mean(axis=0).tolist(), rel=1e-5)
        assert len(report.layer_gradient_norms) == 3 and min(report.layer_gradient_norms) > 0


def test_stop_ends_after_the_step_and_validates():
    trainer = small_trainer(steps=10_000)
    seen = []
    for event in trainer.steps():
        seen.append(event)
        if isinstance(event, events.Progress):
            trainer.stop()
    assert seen[-1].reason == "stopped" and seen[-1].step < 200 and of(events.Validated, seen)


def test_an_interrupt_leaves_without_validation():
    trainer = small_trainer(steps=10_000)
    seen = []
    for event in trainer.steps():
        seen.append(event)
        if isinstance(event, events.Progress):
            trainer.stop("interrupted")
    assert seen[-1].reason == "interrupted" and seen[-1].loss is None and not of(events.Validated, seen)


def test_the_learning_rate_can_be_set_while_it_runs():
    trainer = small_trainer(steps=400)
    rates = []
    for event in trainer.steps():
        if isinstance(event, events.Progress):
            rates.append(event.learning_rate)
            if len(rates) == 1:
                trainer.set_learning_rate(1e-4)
    assert rates[1] < 2e-4 and rates[0] < 0.01


def test_the_rate_warms_up_and_falls():
    from chargen.training.schedule import learning_rate

    assert learning_rate(1.0, 0.0, 0) < 0.05
    assert learning_rate(1.0, 0.0, 100) == pytest.approx(1.0)
    assert learning_rate(1.0, 0.5, 100) == pytest.approx(0.505)
    assert learning_rate(1.0, 1.0, 100) == pytest.approx(0.01)
    assert learning_rate(1.0, 7.0, 100) == pytest.approx(0.01)


def test_threads_are_gone_after_close():
    import threading

    trainer = small_trainer(workers=2, steps=5)
    run(trainer)
    assert any(thread.name.startswith("chargen-learning") for thread in threading.enumerate())
    trainer.close()
    assert not any(thread.name.startswith("chargen-learning") for thread in threading.enumerate())


def test_the_same_seed_gives_the_same_network():
    prints = []
    for seed in (1, 1, 2):
        trainer = small_trainer(seed=seed, dropout=0.2)
        run(trainer)
        prints.append(trainer.training.model(None).fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_pictures_of_the_network_do_not_follow_it():
    trainer = small_trainer(steps=20)
    steps = trainer.steps()
    first = trainer.training.model(None)
    before = first.tensors["head.bias"].copy()
    list(steps)
    np.testing.assert_array_equal(first.tensors["head.bias"], before)
    assert not np.array_equal(trainer.training.model(None).tensors["head.bias"], before)


def test_a_snapshot_comes_with_every_sample():
    seen = run(small_trainer(steps=10))
    assert len(of(events.Sampled, seen)) == len(of(events.Snapshot, seen)) == 1
    assert len(of(events.Sampled, seen)[0].text) == 20


def test_short_texts_shrink_and_say_so():
    notices = of(events.Notice, run(small_trainer(steps=3, streams=64, unroll=128)))
    assert any("short" in notice.message for notice in notices)


def test_without_a_split_the_loss_is_of_learned_text_and_says_so():
    seen = run(small_trainer(small_corpus(validation=0.0), steps=5))
    assert any("kept aside" in notice.message for notice in of(events.Notice, seen))
    assert seen[-1].loss > 0


def test_the_run_folder_holds_what_it_promises(tmp_path):
    recorder = Recorder(create_run(tmp_path / "run"), {"text": "rhyme"})
    trainer = small_trainer(recorder=recorder, steps=40)
    seen = run(trainer)
    trainer.close()
    finished = seen[-1]
    assert finished.model == str(tmp_path / "run" / "model.safetensors")
    best, latest = load_model(tmp_path / "run"), load_model(tmp_path / "run" / "latest.safetensors")
    assert best.training["validation_loss"] == pytest.approx(finished.loss)
    assert latest.training["step"] == 40
    lines = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    kinds = Counter(line["event"] for line in lines)
    assert kinds["started"] == kinds["finished"] == 1 and kinds["validated"] >= 1
    assert json.loads((tmp_path / "run" / "run.json").read_text())["backend"]["kernels"] == "native"
    assert (tmp_path / "run" / "samples.jsonl").stat().st_size > 0


def test_the_best_model_is_kept_when_learning_gets_worse(tmp_path):
    recorder = Recorder(create_run(tmp_path / "run"), {})
    trainer = small_trainer(recorder=recorder, steps=60, patience=0)
    for event in trainer.steps():
        if isinstance(event, events.Validated) and event.step >= 30:
            trainer.set_learning_rate(3.0)  # spoil what follows
    trainer.close()
    best, latest = load_model(tmp_path / "run"), load_model(tmp_path / "run" / "latest.safetensors")
    assert best.training["step"] < latest.training["step"] == 60


def test_divergence_is_said_in_words_and_nothing_spoiled_is_saved(tmp_path):
    """Spoiled again and again: put back three times, then given up."""
    recorder = Recorder(create_run(tmp_path / "run"), {})
    trainer = small_trainer(recorder=recorder, steps=200)
    notices = []
    with pytest.raises(ChargenError, match="diverged"):
        for event in trainer.steps():
            if isinstance(event, events.Notice):
                notices.append(event.message)
            if isinstance(event, events.Progress):
                with torch.no_grad():
                    trainer.network.head.bias.fill_(float("nan"))
    trainer.close()
    assert [message for message in notices if "half the learning rate" in message] == notices[-3:]
    assert trainer.network.head.bias.isnan().any()
    models = list((tmp_path / "run").glob("*.safetensors"))
    assert models == [] or all(load_model(path).config.hidden == 12 for path in models if "resume" not in path.name)


@pytest.mark.parametrize("spoiled", [float("nan"), 1e4])
def test_learning_that_ran_away_goes_on_from_the_last_good_point(spoiled):
    trainer = small_trainer(steps=300, learning_rate=0.01)
    seen, before = [], {}
    for event in trainer.steps():
        seen.append(event)
        if trainer.step == 128 and not before:
            before = {name: p.detach().clone() for name, p in trainer.network.named_tensors().items()}
        if isinstance(event, events.LossPoints) and event.steps[-1] >= 150 and trainer.training.counters.returns == 0:
            with torch.no_grad():
                trainer.network.head.weight.fill_(spoiled).mul_(torch.randn_like(trainer.network.head.weight))
        if isinstance(event, events.Notice) and "ran away" in event.message:
            assert trainer.step % 64 == 0 and trainer.step >= 128
            if trainer.step == 128:
                for name, parameter in trainer.network.named_tensors().items():
                    assert torch.equal(parameter, before[name]), name
    trainer.close()
    finished = seen[-1]
    assert isinstance(finished, events.Finished) and finished.step == 300 and math.isfinite(finished.loss)
    assert trainer.training.counters.returns == 1 and trainer.training.counters.rate_scale == 0.5
    steps = np.concatenate([event.steps for event in seen if isinstance(event, events.LossPoints)])
    assert (np.diff(steps) > 0).all()  # what was taken again is not told twice
    assert sum("ran away" in event.message for event in seen if isinstance(event, events.Notice)) == 1


def test_out_of_memory_proposes_the_next_smaller_size(monkeypatch):
    trainer = small_trainer(streams=16)

    def fail(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(trainer, "_learn", fail)
    with pytest.raises(DeviceError, match="--streams 8"):
        run(trainer)


def test_unexpected_errors_are_not_swallowed(monkeypatch):
    trainer = small_trainer()

    def fail(*_):
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(trainer, "_learn", fail)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        run(trainer)
