"""Back to any character of a text: the state there, what could have stood there, and writing on from it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen.corpus.vocabulary import UnknownCharacterError
from chargen.errors import SettingError
from chargen.jobs import Done, Job
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling import trail as trails
from chargen.sampling.events import Looked, Written
from chargen.sampling.export import load_export, render
from chargen.sampling.job import look, write
from chargen.sampling.replay import replay
from chargen.sampling.requests import Pen, Place, Request
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Footprints, Retrace, Trail, Trails, settings_at
from tests.sampling.conftest import build_model


@pytest.fixture(autouse=True)
def close_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short texts with several kept states: those of so small a network are far apart."""
    monkeypatch.setattr(trails, "WIDEST", 64)


MODEL = build_model()
SAMPLER = Sampler(MODEL)
CONDITIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "prompt": {"prompt": "a tale"},
    "penalty": {"repetition_penalty": 1.4, "prompt": "so it was"},
    "filters": {"top_k": 7, "top_p": 0.9, "min_p": 0.02, "ban": "e"},
    "curve": {"temperature_curve": "0%:0.3,100%:1.4"},
    "loops": {"temperature": 0.05, "loop_breaker": True},
    "steering": {"steer": "1.3=0.9@5-150, c2.4*0.5@90-, 2.1+0.2"},
    "search": {"beam": 3},
}


def done(job: Job) -> Any:
    job.run_here()
    last = job.mailbox.drain()[-1]
    assert isinstance(last, Done), last
    return last.result


def written(request: Request, sampler: Sampler = SAMPLER) -> Written:
    pen = Pen(sampler.model)
    pen.sampler = sampler
    result = done(Job("write", write(pen, request)))
    assert isinstance(result, Written)
    return result


def straight(sample: Sample, place: int) -> HiddenState:
    """The state at a character by writing everything before it once more."""
    stream = SAMPLER.stream(sample.settings, sample.seed_state, after=sample.after)
    temperatures, steerings = dict(sample.temperature_changes), dict(sample.steering_changes)
    for at in range(place + 1):
        if at in temperatures:
            stream.set_temperature(temperatures[at])
        if at in steerings:
            stream.set_steering(steerings[at])
        if at < place:
            next(stream)
    return stream.final_state


def equal(a: HiddenState, b: HiddenState) -> None:
    for one, two in zip(a.parts(), b.parts(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert dict(a.recipe) == dict(b.recipe)


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_state_at_a_character_is_the_one_it_was_drawn_from(name: str) -> None:
    asked = SamplingSettings(length=200, random_seed=3, **CONDITIONS[name])
    result = written(Request(asked))
    way = Retrace(SAMPLER.engine.fork(), result.sample, result.trail)
    for place in (199, 1, 64, 65, 130, 63, 200):
        equal(way.state_at(place), straight(result.sample, place))
    without = Retrace(SAMPLER.engine.fork(), result.sample)  # nothing was kept: read from the beginning
    equal(without.state_at(150), straight(result.sample, 150))
    assert without.trail().places == (0, 64, 128)


@pytest.mark.parametrize("name", [name for name in CONDITIONS if name != "search"])
def test_going_back_and_on_writes_the_same_again(name: str) -> None:
    asked = SamplingSettings(length=220, random_seed=8, **CONDITIONS[name])
    sample = written(Request(asked)).sample
    for place in (1, 70, 128, 219):
        way = Retrace(SAMPLER.engine.fork(), sample)
        again = SAMPLER.stream(settings_at(sample, place), way.state_at(place), after=sample.text[:place])
        assert "".join(each.character for each in again) == sample.text[place:]


def changed_meanwhile() -> Sample:
    stream = SAMPLER.stream(SamplingSettings(length=260, random_seed=4, temperature_curve="0:1,100:0.5"))
    for at, _ in enumerate(stream, 1):
        if at == 40:
            stream.set_temperature(1.5)
        if at == 90:
            stream.set_steering("1.2=0.8@100-120, 2.5+0.4")
        if at == 200:
            stream.set_steering("")
    return stream.sample()


@pytest.mark.parametrize("place", [0, 39, 41, 89, 90, 91, 99, 100, 119, 121, 199, 200, 201, 260])
def test_what_was_changed_while_it_was_written_is_in_force_again(place: int) -> None:
    sample = changed_meanwhile()
    way = Retrace(SAMPLER.engine.fork(), sample)
    equal(way.state_at(place), straight(sample, place))
    asked = settings_at(sample, place)
    assert asked.temperature == (1.5 if place >= 40 else sample.settings.temperature)
    assert bool(asked.temperature_curve) == (place < 40)
    assert asked.steer == ("" if place >= 200 or place < 90 else "1.2=0.8@100-120, 2.5+0.4")
    if place >= 200:  # nothing changes any more
        again = SAMPLER.stream(asked, way.state_at(place), after=sample.text[:place])
        assert "".join(each.character for each in again)[: 260 - place] == sample.text[place:]


def test_a_part_that_goes_on_from_a_captured_state() -> None:
    first = written(Request(SamplingSettings(length=100, random_seed=2, steer="1.1=0.5@50-130")))
    second = written(Request(replace(first.sample.settings, length=100), first.state, first.sample.text))
    way = Retrace(SAMPLER.engine.fork(), second.sample, second.trail)
    equal(way.state_at(77), straight(second.sample, 77))
    both = first.trail.followed_by(second.trail, 100)
    assert both.places == (0, 64, 100, 164)
    place, kept = both.nearest(180) or (0, np.zeros(0))
    assert place == 164
    np.testing.assert_array_equal(kept[0], straight(second.sample, 64).h.reshape(kept[0].shape))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_alternatives_are_the_networks_own(cell: str) -> None:
    sampler = Sampler(build_model(cell))
    stream = sampler.stream(SamplingSettings(length=90, random_seed=1), alternatives=5)
    told = list(stream)
    sample = stream.sample()
    way = Retrace(sampler.engine.fork(), sample)
    for place in (0, 3, 64, 89, 12):
        here = way.alternatives_at(place, 5)
        assert here.best == told[place].alternatives
        assert (here.chosen, here.probability) == (told[place].character, told[place].probability)
        assert sum(p > here.probability for _, p in way.alternatives_at(place, 99).best) == here.rank - 1
    after = way.alternatives_at(90)
    assert after.chosen == "" and len(after.best) == 10 and after.rank == 0
    with pytest.raises(IndexError):
        way.alternatives_at(91)


def test_a_branch_begins_with_the_chosen_character_and_is_written_again_from_its_export(tmp_path: Any) -> None:
    base = written(Request(SamplingSettings(prompt="ab", length=150, random_seed=5, repetition_penalty=1.2)))
    sample, place = base.sample, 100
    other = next(c for c, _ in Retrace(SAMPLER.engine.fork(), sample).alternatives_at(place).best
                 if c != sample.text[place])  # fmt: skip
    seed = Place(sample, place, base.trail)
    branch = written(Request(settings_at(sample, place), seed, sample.text[:place], given=other)).sample
    assert branch.text[0] == other and len(branch.text) == 50 and branch.by_hand == 1
    assert branch.surprises[0] == pytest.approx(
        -np.log2(dict(Retrace(SAMPLER.engine.fork(), sample).alternatives_at(place).best)[other]), rel=1e-5
    )
    assert replay(SAMPLER, branch).text == branch.text
    path = tmp_path / "branch.json"
    path.write_bytes(render([branch], ".json"))
    (back,) = load_export(path)
    again = replay(SAMPLER, back)
    assert (again.text, again.by_hand, again.notices) == (branch.text, 1, branch.notices)
    # One number for each character: what was drawn elsewhere is drawn there again.
    same = written(Request(settings_at(sample, place), seed, sample.text[:place], given=sample.text[place])).sample
    assert same.text == sample.text[place:]


def test_what_is_typed_is_read_and_gone_on_from() -> None:
    asked = SamplingSettings(length=10, random_seed=5, stop=("abc",))
    result = written(Request(asked, given="xabc, written by hand.", given_only=True))
    assert result.sample.text == "xabc, written by hand." and result.sample.by_hand == 22
    assert result.ended == "length" and result.state is not None
    longer = written(Request(replace(asked, length=60), given="xabc, written by hand."))
    on = written(Request(replace(asked, length=38), result.state, result.sample.text))
    assert longer.sample.text == result.sample.text + on.sample.text
    with pytest.raises(UnknownCharacterError):
        SAMPLER.stream(asked, given="ß")
    replaced = SAMPLER.stream(replace(asked, unknown="drop"), given="aß")
    assert replaced.given == 1 and "left out of the text" in replaced.notices[-1]
    with pytest.raises(SettingError, match="beam"):
        SAMPLER.stream(SamplingSettings(length=5, beam=2), given="a")


def test_looking_in_a_job_keeps_what_it_read() -> None:
    sample = written(Request(SamplingSettings(length=400, random_seed=1))).sample
    pen = Pen(MODEL)
    found = done(Job("look", look(pen, sample, 399)))
    assert isinstance(found, Looked) and found.alternatives is not None
    assert found.alternatives.chosen == sample.text[399]
    assert found.trail.places == (0, 64, 128, 192, 256, 320, 384)
    job = Job("look", look(pen, sample, 399))
    job.cancel()
    left = done(job)
    assert left.alternatives is None and left.trail.places[0] == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3_000), unique=True, max_size=40), st.integers(0, 3_200))
def test_the_nearest_is_the_last_one_before(places: list[int], wanted: int) -> None:
    ordered = sorted(places)
    trail = Trail(tuple(ordered), tuple(np.full((1, 1, 1), place, np.float32) for place in ordered))
    found = trail.nearest(wanted)
    before = [place for place in ordered if place <= wanted]
    assert (found[0] if found else None) == (before[-1] if before else None)
    assert trail.before(wanted).places == tuple(before)


def test_the_larger_the_network_the_closer_the_kept_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trails, "WIDEST", 512)
    sizes = (16, 128, 512)
    far = [trails.spacing(build_model(hidden=hidden)) for hidden in sizes]
    assert far[0] == 512 and far[-1] == trails.CLOSEST and far == sorted(far, reverse=True)
    state = 2 * 2 * 512 * 4
    assert 100_000 / far[-1] * state < trails.MOST_BYTES  # a long text of a large network needs no thinning
    prints = Footprints()
    prints.keep(0, SAMPLER.engine.fork())
    assert prints.due == 512


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SAMPLER.engine.fork()
    one = 2 * engine.h.nbytes
    monkeypatch.setattr(trails, "MOST_BYTES", 10 * one)
    prints = Footprints()
    for place in range(10_000):
        if place >= prints.due:
            prints.keep(place, engine)
    kept = prints.trail()
    assert kept.nbytes <= 10 * one and kept.places[0] == 0 and kept.places[-1] > 7_000
    gaps = np.diff(kept.places)
    assert gaps.max() <= 2 * gaps.min()
    store = Trails(most=12 * one)
    samples = [written(Request(SamplingSettings(length=1))).sample for _ in range(3)]
    for sample in samples:
        store.keep(sample, kept)
    assert store.of(samples[2]) is kept and sum(store.of(sample).nbytes for sample in samples) <= 12 * one
    assert store.of(replace(samples[0])).places == ()


def test_another_models_text_is_refused(make_model: Any) -> None:
    sample = written(Request(SamplingSettings(length=20, random_seed=1, prompt="z"))).sample
    foreign: Model = make_model(characters="abc")
    with pytest.raises(UnknownCharacterError):
        Retrace(Sampler(foreign).engine, sample)
