"""A hidden state that takes the place of another while a text is written: exact, recorded, gone back across, kept."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen.errors import ChargenError, SettingError, StateError
from chargen.jobs import Job
from chargen.model.blending import blend
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling import state_changes
from chargen.sampling.batch import write_all
from chargen.sampling.commands import SetState, Stop
from chargen.sampling.draft_file import pack, unpack
from chargen.sampling.drafts import Part, begun, continued, new_draft
from chargen.sampling.drafts_tree import branched
from chargen.sampling.engine import Engine
from chargen.sampling.events import NotObeyed, WentOn, Written
from chargen.sampling.export import export, load_export, provenance, render
from chargen.sampling.job import make_state, write
from chargen.sampling.provenance import sample_from_json, sample_to_json
from chargen.sampling.remake import remake, state_at
from chargen.sampling.replay import replay
from chargen.sampling.requests import Pen, Place, Request
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler, Stream
from chargen.sampling.seeds import prime, state_fingerprint
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.state_changes import StateChanges
from chargen.sampling.trail import Retrace, settings_at
from tests.sampling.conftest import build_model

MODEL = build_model(hidden=12)
SAMPLER = Sampler(MODEL)
SETTINGS = SamplingSettings(length=60, random_seed=3, prompt="once")
CALM, STORM = prime(MODEL, "calm and slow"), prime(MODEL, "a storm, a storm")
STATES = (CALM, STORM, HiddenState.random(MODEL.config, 4), HiddenState.zero(MODEL.config))

Changes = Mapping[int, HiddenState | str]


def stream_with(changes: Changes, asked: SamplingSettings = SETTINGS, **more: Any) -> Stream:
    """A stream that has been written to its end, with states and steering changed at these characters."""
    stream = SAMPLER.stream(asked, **more)
    for position in range(asked.length + 1):
        match changes.get(position):
            case str(steer):
                stream.set_steering(steer)
            case HiddenState() as state:
                stream.set_state(state)
        next(stream, None)
    return stream


def read_into(model: Model, state: HiddenState, character: str, steer: str = "", place: int = 0) -> HiddenState:
    """By hand: the state after one character, reached by a step that is steered as character ``place`` is."""
    engine = Engine(model)
    engine.load_state(state)
    engine.steer(replace(SETTINGS, steer=steer).steering.edits(place, model.config.layers))
    engine.advance(model.vocabulary.index(character))
    return engine.state({"kind": "by hand"})


def equal(one: HiddenState, other: HiddenState) -> None:
    assert state_fingerprint(one) == state_fingerprint(other)


# -- what exactly is done --------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("steer", ["", "1.3=0.9, 2.**1.2@20-, 1.1+0.5@31"])
def test_the_last_character_is_read_into_the_new_state_and_writing_goes_on(cell: str, steer: str) -> None:
    model = build_model(cell, hidden=12)
    sampler, other = Sampler(model), HiddenState.random(model.config, 4)
    asked = replace(SETTINGS, steer=steer)
    stream = sampler.stream(asked)
    first = "".join(next(stream).character for _ in range(30))
    stream.set_state(other)
    rest = list(stream)
    begins = read_into(model, other, first[-1], steer, place=31)
    alone = sampler.stream(replace(asked, length=30), begins, after=first)
    assert rest == list(alone)
    equal(stream.final_state, alone.final_state)
    assert stream.text[:30] == first != stream.text[30:]
    assert stream.text[30:] != sampler.write(asked).text[30:]


def test_before_the_first_character_it_is_what_stands_before_the_text_that_is_read() -> None:
    read = read_into(MODEL, STORM, "e")  # the prompt's last
    plain = SAMPLER.stream(replace(SETTINGS, prompt=""), read)
    assert stream_with({0: STORM}).text == "".join(each.character for each in plain)
    opened = stream_with({0: STORM}, replace(SETTINGS, prompt=""))
    assert opened.opening == "\n"
    read = read_into(MODEL, STORM, "\n")
    assert opened.text == SAMPLER.write(replace(SETTINGS, prompt=""), read).text
    went_on = stream_with({0: STORM}, after="so it", seed_state=CALM)
    alone = SAMPLER.stream(SETTINGS, read_into(MODEL, STORM, "t"), after="so it")
    assert went_on.text == "".join(each.character for each in alone)
    nothing = stream_with({0: STORM}, replace(SETTINGS, prompt=""), seed_state=CALM)
    assert nothing.text == SAMPLER.write(replace(SETTINGS, prompt=""), STORM).text


def test_steering_of_the_first_character_is_done_once() -> None:
    steer = "*.**1.5"
    begins = read_into(MODEL, STORM, "e", steer, place=1)
    asked = replace(SETTINGS, steer=steer)
    alone = SAMPLER.stream(replace(asked, prompt="", steer=""), begins)
    assert next(stream_with_nothing(asked, STORM)) == next(alone)


def stream_with_nothing(asked: SamplingSettings, state: HiddenState) -> Stream:
    stream = SAMPLER.stream(asked)
    stream.set_state(state)
    return stream


def test_the_last_of_several_at_a_character_counts_and_looking_changes_nothing() -> None:
    stream = SAMPLER.stream(SETTINGS)
    for at in range(60):
        if at in (0, 20):
            for state in (STORM, CALM):
                stream.set_state(state)
                stream.final_state  # noqa: B018
        next(stream)
    assert stream.text == stream_with({0: CALM, 20: CALM}).text
    assert [at for at, _ in stream.sample().state_changes] == [0, 20]


def test_what_does_not_fit_and_a_search_are_refused_and_writing_goes_on() -> None:
    stream = SAMPLER.stream(SETTINGS)
    next(stream)
    with pytest.raises(StateError, match="make the state again"):
        stream.set_state(HiddenState.random(build_model(hidden=5).config, 1))
    assert "".join(each.character for each in stream) == SAMPLER.write(SETTINGS).text[1:]
    assert stream.sample().state_changes == ()
    stream = SAMPLER.stream(replace(SETTINGS, beam=2))
    with pytest.raises(SettingError, match="beam search looks ahead"):
        stream.set_state(STORM)


def test_a_state_of_another_model_is_told_of() -> None:
    other = build_model(hidden=12, seed=9)
    stream = stream_with({5: prime(other, "abc"), 9: prime(other, "abcd")})
    assert sum("made by another model" in notice for notice in stream.notices) == 1


# -- recorded, and again -----------------------------------------------------------------------------------


def test_a_sample_is_written_again_from_every_file(tmp_path) -> None:
    sample = stream_with({0: STORM, 7: CALM, 30: STORM, 60: STATES[2]}).sample()
    export([sample], tmp_path / "x.json")
    (record,) = load_export(tmp_path / "x.json")
    assert [at for at, _ in record.state_changes] == [0, 7, 30, 60]
    for (_, mine), (_, theirs) in zip(sample.state_changes, record.state_changes, strict=True):
        equal(mine, theirs)
        assert (mine.recipe, mine.name) == (theirs.recipe, theirs.name)
    again = replay(MODEL, record)
    assert (again.text, again.notices) == (sample.text, ())
    assert again.surprises.tobytes() == sample.surprises.tobytes()
    for suffix in (".md", ".html"):
        page = render([sample], suffix).decode()
        assert "a storm, a storm" in page and state_fingerprint(CALM)[:12] in page


def test_the_states_of_a_slider_are_named_up_to_a_number() -> None:
    told = provenance(stream_with({at: STATES[at % 3] for at in range(40)}).sample())["state_changes"]
    assert told.count("sha256") == 20 and told.endswith("; and 20 more, the last from 39")


CHANGES = st.dictionaries(
    st.integers(0, 25), st.sampled_from(STATES) | st.sampled_from(["", "1.3=0.9", "2.**0.5@10-20"]), max_size=5
)


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.sampled_from(["", "ab"]), st.integers(0, 25), st.sampled_from(["", "2.4*0.5@5-"]))
def test_any_changes_are_replayed_and_gone_back_across(
    changes: dict[int, HiddenState | str], prompt: str, place: int, steer: str
) -> None:
    asked = replace(SETTINGS, length=25, prompt=prompt, steer=steer)
    stream = stream_with(changes, asked)
    record = sample_from_json(json.loads(json.dumps(sample_to_json(stream.sample()))), "x")
    again = replay(MODEL, record)
    assert (again.text, again.surprises.tobytes()) == (stream.text, stream.sample().surprises.tobytes())
    there = stream_with({at: each for at, each in changes.items() if at <= place}, asked)
    shorter = SAMPLER.stream(asked)
    for position in range(place + 1):
        match changes.get(position):
            case str(words):
                shorter.set_steering(words)
            case HiddenState() as state:
                shorter.set_state(state)
        if position < place:
            next(shorter)
    assert there.text[:place] == shorter.text
    state = Retrace(SAMPLER.engine.fork(), record).state_at(place)
    equal(state_at(MODEL, record, place), state)
    if place or isinstance(changes.get(0), HiddenState):  # else it is steered where it stands, when it is due
        equal(state, shorter.final_state)
        assert dict(state.recipe) == dict(shorter.final_state.recipe)
    if not steer and not any(isinstance(each, str) for each in changes.values()):
        equal(remake(state, MODEL), state)
        equal(remake(state_at(MODEL, record, place), MODEL), state)


def test_a_recipe_claims_only_what_was_read_since() -> None:
    stream = stream_with({20: STORM})
    recipe = stream.final_state.recipe
    assert recipe["text"] == stream.text[19:] and recipe["start"]["text"] == "a storm, a storm"
    assert "storm" not in json.dumps(dict(stream_with({}).final_state.recipe))


# -- kept: each state once, and no more than there is room for ------------------------------------------------


LONG = [prime(MODEL, word * 1_000) for word in ("la la ", "so so ")]


def long_blend(share: float) -> HiddenState:
    return blend(LONG, [1 - share, share])


def test_a_state_and_a_long_text_are_stored_once() -> None:
    blends = [long_blend(share / 10) for share in range(8)]
    changes = {at: blends[at % 8] for at in range(40)}
    value = sample_to_json(stream_with(changes).sample())
    assert len(value["state_changes"]["states"]) == 8 and len(value["state_changes"]["places"]) == 40
    assert len(json.dumps(value["state_changes"])) < 2 * 6_000 + 30_000
    back = sample_from_json(json.loads(json.dumps(value)), "x")
    assert back.state_changes[3][1] is back.state_changes[11][1]
    assert all(state.recipe == blends[at % 8].recipe for at, state in back.state_changes)


@pytest.mark.parametrize(("name", "bound"), [("MAXIMUM_CHANGES", 3), ("MAXIMUM_BYTES", 900), ("MAXIMUM_RECIPES", 300)])
def test_more_than_there_is_room_for_is_refused_and_writing_goes_on(monkeypatch, name: str, bound: int) -> None:
    monkeypatch.setattr(state_changes, name, bound)
    stream, taken = SAMPLER.stream(SETTINGS), 0
    for at in range(60):
        try:
            stream.set_state(HiddenState.random(MODEL.config, at))
            taken += 1
        except SettingError as error:
            assert "so often" in str(error)
        next(stream)
    assert 0 < taken < 60
    assert replay(MODEL, stream.sample()).text == stream.text
    sample_from_json(json.loads(json.dumps(sample_to_json(stream.sample()))), "x")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5,
)  # fmt: skip
VALUE = json.dumps(sample_to_json(stream_with({0: long_blend(0.5), 5: STORM, 9: long_blend(0.5)}).sample()))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_strangers_changes_are_refused_in_one_sentence_or_sound(data: st.DataObject) -> None:
    value = json.loads(VALUE)
    place: Any = value["state_changes"]
    while True:  # somewhere in them, something else
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(JUNK)
        break
    try:
        record = sample_from_json(value, "x")
    except ChargenError as error:
        assert "\n" not in str(error)
        return
    render([record], ".json")
    assert replay(MODEL, record).text[:5] == record.text[:5] or record.state_changes[0][0] == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value.update(places=[[5, 0], [3, 1]]),
        lambda value: value.update(places=[[0, 0], [0, 1]]),
        lambda value: value.update(places=[[-1, 0], [3, 1]]),
        lambda value: value.update(places=[[0, 0], [61, 1]]),
        lambda value: value.update(places=[[0, 0], [5, 2]]),
        lambda value: value.update(places=[[0, 0], [5, 0]]),  # a state for nothing
        lambda value: value.update(places=[[0.0, 0], [5, 1]]),
        lambda value: value["states"].append(sample_to_json(stream_of_another_size())["seed_state"] | {"long": []}),
        lambda value: value["states"][0]["long"].append([["text"], 99]),
        lambda value: value["states"][0]["long"].append([[], 0]),
        lambda value: value.update(texts="x"),
    ],
)
def test_these_are_refused(damage: Any) -> None:
    value = json.loads(VALUE)
    damage(value["state_changes"])
    if len(value["state_changes"]["states"]) == 3:
        value["state_changes"]["places"].append([20, 2])
    with pytest.raises(ChargenError, match="damaged"):
        sample_from_json(value, "x")


def stream_of_another_size() -> Sample:
    return Sampler(build_model(hidden=5)).write(SETTINGS)


def test_older_exports_have_none() -> None:
    value = json.loads(VALUE)
    del value["state_changes"]
    assert sample_from_json(value, "x").state_changes == ()


# -- drafts ----------------------------------------------------------------------------------------------------


def finished(stream: Stream) -> Written:
    return Written(stream.sample(), stream.final_state, "length")


@pytest.mark.parametrize("later", [{}, {0: CALM}, {9: STORM, 11: CALM}])
@pytest.mark.parametrize("sooner", [{}, {30: STORM}, {60: CALM}])
def test_what_goes_on_is_one_sample_with_the_changes_of_both(sooner: Changes, later: Changes) -> None:
    first = finished(stream_with(sooner))
    second = finished(stream_with(later, after=first.sample.text, seed_state=first.state))
    draft = continued(begun(new_draft(), first, "tale"), second)
    (part,) = draft.parts
    assert part.sample.text == first.sample.text + second.sample.text
    assert replay(MODEL, part.sample).text == part.sample.text
    for place in (29, 30, 31, 60, 61, 70, 120):
        here = Retrace(SAMPLER.engine.fork(), part.sample).state_at(place)
        if place >= 60:
            equal(here, Retrace(SAMPLER.engine.fork(), second.sample).state_at(place - 60))
    back = unpack(b"".join(pack(draft)), draft.id)
    assert replay(MODEL, back.parts[0].sample).text == part.sample.text


def test_parts_stay_apart_where_one_sample_could_not_keep_them(monkeypatch) -> None:
    first = finished(stream_with({1: CALM, 2: STORM}))
    second = finished(stream_with({1: STATES[2]}, after=first.sample.text, seed_state=first.state))
    monkeypatch.setattr(state_changes, "MAXIMUM_CHANGES", 2)
    assert len(continued(begun(new_draft(), first, "tale"), second).parts) == 2


@pytest.mark.parametrize("place", [10, 29, 30, 31, 50])
def test_a_branch_before_and_after_a_change_goes_on_from_what_was_there(place: int) -> None:
    sample = stream_with({30: STORM}).sample()
    seed = make_state(Engine(MODEL), Place(sample, place))
    rest = SAMPLER.stream(settings_at(sample, place), seed, after=sample.text[:place])
    for position in range(place, 60):
        if position == 30 > place:
            rest.set_state(STORM)
        next(rest)
    assert rest.text == sample.text[place:]
    draft = branched(begun(new_draft(), finished(stream_with({30: STORM})), "tale"), 0, place, finished(rest))
    first, second = draft.samples()
    assert len(first.state_changes) == (1 if place >= 30 else 0)
    assert replay(MODEL, first).text == first.text and replay(MODEL, second).text == second.text
    back = unpack(b"".join(pack(draft)), draft.id)
    assert [replay(MODEL, each).text for each in back.samples()] == [first.text, second.text]


def test_a_draft_of_the_format_before_is_read() -> None:
    draft = replace(new_draft(), parts=(Part(stream_with({}).sample()),), tip=0)
    whole = b"".join(pack(draft))
    size = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + size])
    for key, words in header["__metadata__"].items():
        value = json.loads(words) | {"format": 2}
        for part in value.get("parts", ()):
            del part["states"], part["sample"]["state_changes"]
        header["__metadata__"][key] = json.dumps(value)
    encoded = json.dumps(header).encode()
    older = unpack(len(encoded).to_bytes(8, "little") + encoded + whole[8 + size :], draft.id)
    assert older.text == draft.text and older.parts[0].sample.state_changes == ()


# -- on a running sample ---------------------------------------------------------------------------------------


def test_the_job_goes_on_from_another_state_and_says_where() -> None:
    pen = Pen(MODEL)
    job = Job("write", write(pen, Request(replace(SETTINGS, length=100_000)))).start()
    unfit = HiddenState.random(build_model(hidden=5).config, 1)
    seen: list[Any] = []
    for answers, state in enumerate((STORM, unfit, CALM), 1):
        job.send(SetState(state))
        while sum(isinstance(each, WentOn | NotObeyed) for each in seen) < answers:
            seen += job.mailbox.drain()
    job.send(Stop())
    assert job.join(10)
    sample = job.mailbox.drain()[-1].result.sample
    told = [each for each in seen if isinstance(each, WentOn)]
    assert [(each.characters, state_fingerprint(each.state)) for each in told] == [
        (at, state_fingerprint(state)) for at, state in sample.state_changes
    ]
    (problem,) = [each.problem for each in seen if isinstance(each, NotObeyed)]
    assert len(told) == 2 and "make the state again" in problem
    assert replay(MODEL, sample).text == sample.text


def test_a_text_that_is_begun_again_changes_before_its_first_character() -> None:
    job = Job("write", write(Pen(MODEL), Request(SETTINGS, state=STORM)))
    job.run_here()
    sample = job.mailbox.drain()[-1].result.sample
    assert sample.text == stream_with({0: STORM}).text and [at for at, _ in sample.state_changes] == [0]


def test_states_that_are_the_same_are_one() -> None:
    kept = StateChanges([(0, STORM), (3, prime(MODEL, "a storm, a storm")), (5, STORM.renamed("Other"))])
    assert len(kept.states) == 2 and kept.places() == [[0, 0], [3, 0], [5, 1]]


def test_a_record_of_a_batch_with_a_change_is_written_alone() -> None:
    (together,) = write_all(Engine(MODEL), [(SETTINGS, None)])
    assert replay(MODEL, replace(together, state_changes=((20, STORM),))).text == stream_with({20: STORM}).text
