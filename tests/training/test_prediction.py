"""What is said about a training before it starts."""

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.corpus.corpus import corpus_from_text
from chargen.corpus.streams import fit_streams
from chargen.model import scoring
from chargen.model.config import ModelConfig
from chargen.paths import cache_dir
from chargen.training import autotune, calibration
from chargen.training.clock import Clock
from chargen.training.config import TrainingConfig
from chargen.training.prediction import VALIDATION_STREAMS, amount, duration, expected_loss, memory_words, predict
from chargen.training.presets import PRESET_MINUTES, suggest
from chargen.training.session import TrainingRequest, prediction_of, prepare
from chargen.training.speed import Speed, measured_speed, reference, remembered_speed, shape_key
from tests.training.helpers import CPU, run_request, small_corpus

TEXT = 200_000


def predicted(model=None, speed=None, characters=TEXT, elapsed=0.0, done=0, free=None, **training):
    training = {"streams": 16, "unroll": 64, **training}
    model = model or ModelConfig("lstm", 1, 128, 32, 70)
    config, speed = TrainingConfig(**training), speed or Speed()
    return predict(model, config, speed, characters=characters, elapsed=elapsed, done=done, free=free)


# -- loss ------------------------------------------------------------------------------------------


def test_the_loss_falls_with_reading_from_knowing_little():
    losses = [expected_loss(3.0, read) for read in (0, 1e4, 1e5, 1e6, 1e7, 1e8)]
    assert losses[0] == 6.0
    assert losses == sorted(losses, reverse=True) and losses[-1] < 2.2


def test_the_loss_is_told_where_the_text_is_known():
    model, config = ModelConfig("lstm", 1, 128, 32, 70), TrainingConfig(steps=1000, streams=16, unroll=64)
    known = predict(model, config, Speed(), characters=TEXT, entropy=3.0)
    assert known.loss == pytest.approx(expected_loss(3.0, 1000 * 16 * 64))
    assert known.describe().endswith(f" · loss about {known.loss:.1f}")
    assert predict(model, config, Speed(), characters=TEXT).loss is None


def test_the_entropy_of_a_text_is_what_two_characters_leave_open():
    assert corpus_from_text("abab" * 50, "certain").entropy == pytest.approx(0.0, abs=1e-9)
    coins = "".join(random.Random(1).choices("ab", k=20_000))
    assert corpus_from_text(coins, "coins").entropy == pytest.approx(math.log(2), abs=0.01)


# -- time ------------------------------------------------------------------------------------------


def test_minutes_take_their_minutes():
    assert predicted(minutes=5.0).seconds == pytest.approx(300, rel=0.02)


def test_a_budget_that_reading_used_up_still_ends():
    assert 20 < predicted(minutes=0.1, elapsed=20.0).seconds < 21


def test_steps_take_as_long_as_they_were_timed():
    model, config = ModelConfig("lstm", 1, 128, 32, 70), TrainingConfig(steps=1000, streams=16, unroll=64)
    timed = Speed(steps={shape_key(model, config, 16, 64): 0.5})
    assert predicted(model, timed, steps=1000).seconds == pytest.approx(500 * calibration.LOOP_FACTOR, rel=0.1)
    assert predicted(model, timed, steps=1000, done=900).seconds == pytest.approx(50 * calibration.LOOP_FACTOR, rel=0.2)
    assert predicted(model, timed, steps=1000).characters_per_second == pytest.approx(2048 / calibration.LOOP_FACTOR)


def test_epochs_are_those_of_the_budget():
    assert predicted(epochs=3).epochs == pytest.approx(3, rel=0.01)
    assert predicted(steps=fit_streams(180_000, 16, 64).steps).epochs == pytest.approx(1)


def test_a_faster_machine_reads_more_in_the_same_time():
    slow, fast = predicted(minutes=5), predicted(minutes=5, speed=Speed(factor=2.0))
    assert fast.epochs == pytest.approx(2 * slow.epochs, rel=0.05)
    assert fast.seconds == pytest.approx(slow.seconds, rel=0.02)


def test_what_lies_ahead_is_counted():
    assert predicted(steps=10, elapsed=None).seconds > predicted(steps=10, elapsed=0.0).seconds
    assert predicted(steps=10, elapsed=7.0).seconds == pytest.approx(predicted(steps=10, elapsed=0.0).seconds + 7)


def test_half_the_threads_are_expected_to_be_half_as_fast():
    speed = Speed(threads=4)
    assert predicted(speed=speed, steps=500, threads=2).seconds > 1.7 * predicted(speed=speed, steps=500).seconds


# -- warnings ----------------------------------------------------------------------------------------


def warned(*args, **kwargs):
    return " ".join(predicted(*args, **kwargs).warnings)


def test_a_network_too_large_for_its_text_is_warned_of():
    large = ModelConfig("lstm", 2, 512, 32, 70)
    sentence = warned(large, characters=30_000, minutes=5)
    assert "adjustable numbers for a text of 30,000 characters" in sentence and "by heart" in sentence
    assert warned(large, characters=3_000_000, minutes=500) == ""


def test_too_little_time_is_warned_of():
    assert "of the text; to read all of it once takes about" in warned(characters=50_000_000, minutes=0.5)
    assert "one epoch reads all of it" in warned(characters=5_000_000, steps=3)
    assert warned(characters=5_000_000, steps=3, done=2) == ""


def test_too_little_memory_is_warned_of():
    assert "of memory, and 50 MB are free" in warned(minutes=5, free=5 * 10**7)
    assert warned(minutes=5, free=10**12) == ""


@given(
    st.integers(200, 3_000_000), st.integers(2, 8000), st.sampled_from(sorted(PRESET_MINUTES)),
    st.sampled_from(["cpu", "cuda"]), st.floats(0.05, 20),
)  # fmt: skip
def test_a_preset_is_never_warned_to_be_too_large(characters, symbols, preset, device, factor):
    speed = Speed(device, factor=factor)
    model, training = suggest({"preset": preset}, characters, min(symbols, characters), device, speed)
    warnings = predict(model, training, speed, characters=characters).warnings
    assert not any("by heart" in warning for warning in warnings)


# -- words -------------------------------------------------------------------------------------------


def test_numbers_are_said_as_people_say_them():
    assert [duration(s) for s in (0.3, 1, 8, 60, 61, 150, 300, 3600, 9000, 200_000)] == [
        "1 second", "1 second", "8 seconds", "1 minute", "1 minute", "2.5 minutes", "5 minutes", "1 hour",
        "2.5 hours", "2.3 days",
    ]  # fmt: skip
    assert [amount(n) for n in (940, 9_400, 57_321, 999_600, 1_234_567, 48_000_000)] == [
        "940", "9,400", "57,000", "1 million", "1.2 million", "48 million",
    ]  # fmt: skip
    assert [memory_words(n) for n in (1, 423_000_000, 1_340_000_000)] == ["10 MB", "420 MB", "1.3 GB"]


def test_the_line_says_time_size_memory_and_reading():
    line = predicted(minutes=5).describe()
    assert line.startswith("About 5 minutes · ") and "parameters · " in line and " MB · reads the text about " in line
    assert "reads the text about once" in predicted(epochs=1).describe()
    assert "reads about 50 % of the text" in predicted(epochs=0.5).describe()


# -- measured ----------------------------------------------------------------------------------------


def test_the_device_is_timed_once(monkeypatch):
    assert remembered_speed(CPU, 1).factor == 1.0  # not measured: like the machine of the figures
    times = iter([(1.0, calibration.REFERENCE_SECONDS["cpu"] / 2)] * 20)
    monkeypatch.setattr(autotune, "_measure", lambda *_: next(times))
    assert measured_speed(CPU, 1).factor == pytest.approx(2.0, rel=1e-3)
    monkeypatch.setattr(autotune, "_measure", lambda *_: pytest.fail("measured again"))
    assert measured_speed(CPU, 1).factor == remembered_speed(CPU, 1).factor == pytest.approx(2.0, rel=1e-3)
    assert remembered_speed(CPU, 2).steps == {}


def test_measuring_can_be_left(monkeypatch):
    def leave():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured_speed(CPU, 1, leave)
    assert remembered_speed(CPU, 1).steps == {}


def test_a_strange_timing_is_not_believed():
    measured_speed(CPU, 1)
    path = cache_dir() / "backends.json"
    entries = json.loads(path.read_text())
    assert remembered_speed(CPU, 1) != Speed("cpu", 1)
    for seconds in (-1, 0, "x", None, True, 1e300, [1]):
        path.write_text(json.dumps({key: {**entry, "seconds": seconds} for key, entry in entries.items()}))
        assert remembered_speed(CPU, 1) == Speed("cpu", 1), seconds


def test_a_faster_machine_gets_a_larger_network():
    sizes = [
        suggest({"minutes": 5.0}, 1_000_000, 70, "cpu", Speed(factor=factor))[0].parameter_count()
        for factor in (0.1, 1.0, 5.0)
    ]
    assert sizes == sorted(sizes) and len(set(sizes)) == 3


def test_steps_lead_to_one_size_on_every_machine():
    sizes = {suggest({"steps": 50}, TEXT, 70, "cpu", Speed(factor=factor)) for factor in (0.1, 1.0, 9.0)}
    assert len({(model, training.dropout) for model, training in sizes}) == 1


def test_a_training_knows_its_own_timing(tmp_path):
    request = TrainingRequest(corpus=small_corpus(), run=tmp_path / "run", overrides=run_request(tmp_path, cell="gru"))
    trainer = prepare(request, Clock())
    try:
        for event in trainer.steps():
            if type(event).__name__ == "Started":
                prediction = prediction_of(trainer)
        speed = remembered_speed(trainer.device, 1)
        assert len(speed.steps) == 1 and speed.step(trainer.network.config, trainer.config, 4, 16)[1]
        assert prediction.parameters == trainer.network.config.parameter_count()
        assert prediction.characters_per_second == pytest.approx(
            64 / next(iter(speed.steps.values())) / calibration.LOOP_FACTOR
        )
    finally:
        trainer.close()


def test_validation_is_expected_in_as_many_streams_as_it_takes():
    assert VALIDATION_STREAMS == scoring.VALIDATION_STREAMS


def test_the_reference_is_the_same_on_every_graphics_card():
    assert reference("cuda") == reference("mps") != reference("cpu")
