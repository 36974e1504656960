"""Sampling as a job: chunks, commands, and what is kept when it ends early."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chargen.errors import ChargenError
from chargen.jobs import Cancelled, Done, Failed, Job
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.commands import Keep, SetSteering, SetTemperature, Stop
from chargen.sampling.engine import Engine
from chargen.sampling.events import Begun, Chunk, Made, NotObeyed, Reading, SoFar, Written
from chargen.sampling.job import CHUNKS_PER_SECOND, load, make_state, prepare, write
from chargen.sampling.replay import replay
from chargen.sampling.requests import Drawn, Pen, PrimedBy, Request
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import SamplingSettings
from tests.sampling.conftest import MakeModel

ENDLESS = SamplingSettings(length=10_000_000, random_seed=1)


def events_of(work: Any, *commands: Any) -> list[Any]:
    job = Job("write", work)
    for command in commands:
        job.send(command)
    job.run_here()
    return job.mailbox.drain()


def test_the_same_text_as_without_a_job(model: Model) -> None:
    settings = SamplingSettings(prompt="abc", length=300, random_seed=4)
    begun, *chunks, done = events_of(write(Pen(model), Request(settings)))
    expected = Sampler(model).write(settings, HiddenState.zero(model.config))
    assert isinstance(begun, Begun)
    assert begun.settings == settings
    assert "".join(chunk.text for chunk in chunks) == expected.text
    np.testing.assert_allclose(np.concatenate([chunk.bits for chunk in chunks]), expected.surprises, rtol=1e-6)
    assert isinstance(done.result, Written)
    assert done.result.sample.text == expected.text
    assert done.result.ended == "length"
    assert done.result.state is not None


def test_the_first_character_comes_alone_and_chunks_are_few(model: Model) -> None:
    job = Job("write", write(Pen(model), Request(ENDLESS))).start()
    time.sleep(0.5)
    job.send(Stop())
    assert job.join(5)
    chunks = [event for event in job.mailbox.drain() if isinstance(event, Chunk)]
    assert len(chunks[0].text) == 1
    assert len(chunks) <= 0.6 * CHUNKS_PER_SECOND * 2 + 3


def test_chunks_cannot_be_changed(model: Model) -> None:
    events = events_of(write(Pen(model), Request(SamplingSettings(length=5))))
    chunk = next(event for event in events if isinstance(event, Chunk))
    with pytest.raises(ValueError, match="read-only"):
        chunk.bits[0] = 1.0


def test_a_continuation_goes_on_exactly(model: Model) -> None:
    settings = SamplingSettings(prompt="ab", length=50, random_seed=4, repetition_penalty=1.3)
    first = events_of(write(Pen(model), Request(settings)))[-1].result
    second = events_of(write(Pen(model), Request(settings, first.state, first.sample.text)))[-1].result
    whole = events_of(write(Pen(model), Request(SamplingSettings(**{**settings.to_json(), "length": 100}))))[-1].result
    assert first.sample.text + second.sample.text == whole.sample.text


def test_stop_before_anything_is_written(model: Model) -> None:
    [*_, done] = events_of(write(Pen(model), Request(ENDLESS)), Stop())
    assert isinstance(done, Done)
    assert done.result.ended == "stopped"
    assert len(done.result.sample.text) <= 1


def test_stop_while_a_prompt_is_read(model: Model) -> None:
    settings = SamplingSettings(prompt="abc " * 5_000, length=10)
    events = events_of(write(Pen(model), Request(settings)), Stop())
    assert events == [Done(None)]


def test_a_long_prompt_tells_how_far_it_is(make_model: MakeModel) -> None:
    model = make_model(hidden=128)
    events = events_of(prepare(Pen(model), PrimedBy("abc " * 10_000)))
    [reading, done] = events  # latest wins
    assert isinstance(reading, Reading)
    assert reading.total == 40_000
    assert isinstance(done.result, Made)
    np.testing.assert_array_equal(done.result.state.h, prime(model, "abc " * 10_000).h)


def test_temperature_is_changed_between_characters_and_recorded(model: Model) -> None:
    job = Job("write", write(Pen(model), Request(ENDLESS))).start()
    for temperature in (0.2, 1.5, 0.0):
        time.sleep(0.05)
        job.send(SetTemperature(temperature))
    time.sleep(0.05)
    job.send(Stop())
    assert job.join(5)
    sample = job.mailbox.drain()[-1].result.sample
    assert [value for _, value in sample.temperature_changes] == [0.2, 1.5, 0.0]
    assert replay(model, sample).text == sample.text


def test_steering_is_changed_between_characters_and_recorded(model: Model) -> None:
    job = Job("write", write(Pen(model), Request(ENDLESS))).start()
    for steer in ("1.3=0.9", "99.1=0", "2.**0@-9", ""):
        time.sleep(0.05)
        job.send(SetSteering(steer))
    time.sleep(0.05)
    job.send(Stop())
    assert job.join(5)
    events = job.mailbox.drain()
    sample = events[-1].result.sample
    assert [steer for _, steer in sample.steering_changes] == ["1.3=0.9", "2.**0@1-9", ""]
    assert ["no layer 99" in event.problem for event in events if isinstance(event, NotObeyed)] == [True]
    assert replay(model, sample).text == sample.text


def test_cancel_ends_it_at_once_and_loses_nothing(model: Model) -> None:
    job = Job("write", write(Pen(model), Request(ENDLESS))).start()
    time.sleep(0.1)
    job.cancel()
    assert job.join(5)
    events = job.mailbox.drain()
    written = events[-1].result
    assert written.ended == "stopped" and written.state is not None
    assert written.sample.text == "".join(event.text for event in events if isinstance(event, Chunk))
    assert replay(model, written.sample).text == written.sample.text


def test_cancel_while_a_prompt_is_read(model: Model) -> None:
    job = Job("write", write(Pen(model), Request(replace(ENDLESS, prompt="abc " * 20_000)))).start()
    job.cancel()
    assert job.join(5)
    assert isinstance(job.mailbox.drain()[-1], Cancelled)


def test_what_is_written_until_now_is_told_and_writing_goes_on(model: Model) -> None:
    job = Job("write", write(Pen(model), Request(ENDLESS))).start()
    time.sleep(0.1)
    job.send(Keep())
    time.sleep(0.2)
    job.send(Stop())
    assert job.join(5)
    events = job.mailbox.drain()
    (kept,) = [event.written.sample for event in events if isinstance(event, SoFar)]
    whole = events[-1].result.sample
    assert 0 < len(kept.text) < len(whole.text) and whole.text.startswith(kept.text)
    assert replay(model, kept).text == kept.text


def test_a_stop_text_ends_it(model: Model) -> None:
    settings = SamplingSettings(length=10_000, random_seed=1, stop=("a",))
    written = events_of(write(Pen(model), Request(settings)))[-1].result
    assert written.ended == "stop text"
    assert written.sample.text.endswith("a")


def test_refusals_come_before_anything_is_written(model: Model, make_model: MakeModel) -> None:
    for request in (
        Request(SamplingSettings(prompt="é")),
        Request(SamplingSettings(), PrimedBy("é")),
        Request(SamplingSettings(), "learned"),
        Request(SamplingSettings(), HiddenState.zero(make_model("gru").config)),
    ):
        [failed] = events_of(write(Pen(model), request))
        assert isinstance(failed, Failed)
        assert failed.sentence
        assert failed.details == ""


def test_what_is_written_survives_a_failure(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    original, calls = Engine.step, []

    def fails_later(engine: Engine, id: int) -> Any:
        calls.append(id)
        if len(calls) == 20:  # the first character needs none
            raise ChargenError("The numbers went astray.")
        return original(engine, id)

    monkeypatch.setattr(Engine, "step", fails_later)
    *_, done = events_of(write(Pen(model), Request(ENDLESS)))
    assert done.result.ended == "failed"
    assert done.result.problem == "The numbers went astray."
    assert len(done.result.sample.text) == 20


def test_every_kind_of_seed(model: Model, make_model: MakeModel) -> None:
    pen = Pen(make_model(initial_state="learned"))
    kinds = [
        make_state(pen.sampler.engine, seed).recipe["kind"] for seed in ("zeros", "learned", PrimedBy("a"), Drawn(1))
    ]
    assert kinds == ["zero", "learned", "text", "random"]
    state = HiddenState.random(model.config, 2)
    assert make_state(Pen(model).sampler.engine, state) is state


def test_loading_mentions_another_model(model: Model, make_model: MakeModel) -> None:
    state = prime(make_model(seed=5), "abc")
    [done] = events_of(load(Pen(model), lambda: state))
    assert "another model" in done.result.notices[0]
    [done] = events_of(load(Pen(model), lambda: prime(model, "abc")))
    assert done.result.notices == ()
