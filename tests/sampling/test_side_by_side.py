"""Several texts side by side: what differs, the job, the draft they are kept in, and the same texts again."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chargen.errors import ChargenError, FileError, SettingError
from chargen.jobs import Done, Failed, Job
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.commands import Keep, SetState, SetSteering, SetTemperature, Stop
from chargen.sampling.difference import difference
from chargen.sampling.draft_file import card_of, pack, read_card, unpack
from chargen.sampling.drafts import Compared, Draft, gone_on, new_draft, side_by_side, taken_out, title
from chargen.sampling.events import NotObeyed, WentOn, Written
from chargen.sampling.export import load_export, render
from chargen.sampling.replay import replay
from chargen.sampling.requests import Pen, PrimedBy, Request
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler, Stream
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.side_by_side import (
    CHANGES,
    NUMBERS,
    ColumnChunk,
    ColumnsBegun,
    ColumnsSoFar,
    can_go_on,
    offered,
    parse_value,
    variants,
    write_on,
    write_side_by_side,
)
from chargen.settings import option
from tests.sampling.conftest import MakeModel

BASE = SamplingSettings(prompt="abc", length=90, random_seed=7)
UNPROMPTED = replace(BASE, prompt="")
PRESENT: dict[str, Any] = {name: getattr(SamplingSettings(random_seed=7), name) for name in NUMBERS}
OTHERS: dict[str, list[Any]] = {
    "prompt": ["ab", "the ", ""],
    "steer": ["", "1.1=1", "1.1+0.5@20-120"],
    "stop": [(), ("ab",), ("q", "zz")],
    "ban": ["", "e", "abc"],
    "temperature_curve": ["", "0:0.4,80:1.2", "0%:1.2,100%:0.4"],
    "loop_breaker": [False, True],
    "beam_per_character": [False, True],
}


def events_of(work: Any, *commands: Any) -> list[Any]:
    job = Job("write", work)
    for command in commands:
        job.send(command)
    job.run_here()
    return job.mailbox.drain()


def written(pens: Any, name: str, values: list[Any], base: SamplingSettings = BASE) -> tuple[Written, ...]:
    pens = pens if isinstance(pens, list) else [pens] * len(values)
    asked = variants(base, name, values)
    seeds = values if name == "seed_state" else ["zeros"] * len(values)
    columns = [(pen, Request(each, seed)) for pen, each, seed in zip(pens, asked, seeds, strict=True)]
    last = events_of(write_side_by_side(columns))[-1]
    assert isinstance(last, Done)
    result: tuple[Written, ...] = last.result
    return result


def samples_of(result: tuple[Written, ...]) -> list[Sample]:
    return [each.sample for each in result]


def test_the_text_with_a_draft_s_own_value_is_that_draft(model: Model) -> None:
    result = written(Pen(model), "temperature", [0.4, 0.8, 1.2])
    alone = Sampler(model).write(replace(BASE, temperature=0.8))
    assert samples_of(result)[1].text == alone.text
    assert len({sample.text for sample in samples_of(result)}) == 3
    assert [each.ended for each in result] == ["length"] * 3 and all(each.state is not None for each in result)
    assert result[1].trail.places  # any character of it can be gone back to


def test_they_stream_in_turns_and_the_first_characters_come_at_once(model: Model) -> None:
    columns = [(Pen(model), Request(each)) for each in variants(BASE, "temperature", [0.4, 1.2])]
    begun, *chunks, done = events_of(write_side_by_side(columns))
    assert isinstance(begun, ColumnsBegun)
    assert [each.settings.temperature for each in begun.columns] == [0.4, 1.2]
    assert [chunk.place for chunk in chunks[:2]] == [0, 1] and [len(chunk.text) for chunk in chunks[:2]] == [1, 1]
    for place, each in enumerate(done.result):
        mine = [chunk for chunk in chunks if isinstance(chunk, ColumnChunk) and chunk.place == place]
        assert "".join(chunk.text for chunk in mine) == each.sample.text
        assert sum(len(chunk.bits) for chunk in mine) == len(each.sample.text)


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_offered_can_be_compared_and_holds_the_present_value(name: str) -> None:
    for present in (PRESENT[name], option(name).maximum or 0, option(name).minimum or 0):
        for count in (2, 3, 4):
            values = offered(name, present, count)
            if name == "random_seed" and present == option(name).maximum:
                continue  # there is no seed beyond it
            assert present in values and len(set(values)) == count
            assert len(variants(BASE, name, [option(name).check(value) for value in values])) == count


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in ("seed_state", "model")])
def test_each_differs_in_one_thing_and_is_written_again(name: str, model: Model) -> None:
    values = OTHERS.get(name) or offered(name, PRESENT[name])
    base = replace(BASE, beam=3, stop=("ab",)) if name == "beam_per_character" else BASE
    result = samples_of(written(Pen(model), name, values, base))
    told = difference(result)
    assert told.label == ({"prompt": "Prompt", "stop": "Stop text"}.get(name) or option(name).label)
    assert len(set(told.values)) == len(values)
    for sample in result:
        assert replay(model, sample).text == sample.text
        assert not replay(model, sample).notices


def test_seed_states_and_models(model: Model, make_model: MakeModel) -> None:
    calm = HiddenState.random(model.config, 3).renamed("calm", "")
    result = samples_of(written(Pen(model), "seed_state", ["zeros", calm, PrimedBy("the storm")]))
    assert difference(result).headings() == ["Seed state Zeros", "Seed state calm", "Seed state the storm"]
    other = make_model("gru", hidden=20, seed=5)
    result = samples_of(written([Pen(model), Pen(other)], "model", ["one", "two"]))
    assert difference(result, ["one", "two"]).headings() == ["Model one", "Model two"]
    assert difference(result).values == (model.fingerprint[:12], other.fingerprint[:12])
    assert result[0].text != result[1].text


def test_what_differs_in_words(model: Model) -> None:
    first = Sampler(model).write(BASE)
    assert difference([first]).headings() == difference([first, first]).headings()[:1] == ["Sample 1"]
    warm = replace(first, settings=replace(first.settings, temperature=1.2, top_k=4))
    assert difference([first, warm]).headings() == ["Temperature 0.8 · Top k off", "Temperature 1.2 · Top k 4"]
    stop = replace(first, settings=replace(first.settings, stop=("x" * 200, "\n"), loop_breaker=True))
    assert all(len(heading) < 140 and "\n" not in heading for heading in difference([first, stop]).headings())


@pytest.mark.parametrize(
    ("name", "values", "base", "words"),
    [
        ("temperature", [0.5], BASE, "at least two"),
        ("temperature", [0.5, 0.5], BASE, "same temperature"),
        ("temperature", [0.5, 11.0], BASE, "Temperature must be between 0 and 10"),
        ("temperature", [0.5, float("nan")], BASE, "finite"),
        ("top_k", [0, -1], BASE, "Top k must be between"),
        ("length", [5, 6], BASE, "cannot be compared"),
        ("temperature", [0.5, 1.0], replace(BASE, temperature_curve="0%:0.3, 100%:1.2"), "curve"),
        ("random_seed", [1, 2], replace(BASE, beam=4), "beam search"),
        ("beam_per_character", [False, True], BASE, "rule of the beam search"),
        ("steer", ["1.1=0", "1.1=0"], BASE, "same steering"),
        ("top_p", [0.5, 1.0], replace(BASE, length=10_000_000 + 0), ""),
        ("top_p", [0.5, 0.7, 1.0], replace(BASE, length=10_000_000), "at most 6,666,666 each"),
    ],
)
def test_what_cannot_be_compared_says_so(name: str, values: list[Any], base: SamplingSettings, words: str) -> None:
    if not words:
        assert len(variants(base, name, values)) == 2
        return
    with pytest.raises(SettingError, match=words):
        variants(base, name, values)


def test_values_as_people_type_them() -> None:
    assert parse_value("temperature", " 0.7 ") == 0.7
    assert parse_value("top_p", "OFF") == 1.0 and parse_value("top_k", "off") == 0
    assert parse_value("prompt", " as it is ") == " as it is "
    assert parse_value("loop_breaker", "On") is True and parse_value("beam_per_character", "off") is False
    assert parse_value("stop", "") == () and parse_value("stop", " end") == (" end",)
    assert parse_value("steer", "Off") == "" and parse_value("steer", " 1.2=0.50 ") == parse_value("steer", "1.2=0.5")
    assert parse_value("ban", "off") == "off"  # three characters
    bad = (("steer", "1.x=3"), ("temperature_curve", "0:9999"), ("loop_breaker", "maybe"), ("stop", "x" * 20_000))
    for name, typed in (
        ("temperature", "warm"), ("top_k", "2.5"), ("min_p", "1e999"), ("random_seed", "off"), *bad,
    ):  # fmt: skip
        with pytest.raises(SettingError):
            parse_value(name, typed)


def test_a_refusal_names_the_text_and_nothing_is_written(model: Model, make_model: MakeModel) -> None:
    other = Pen(make_model(hidden=20))
    state = HiddenState.zero(model.config)
    *before, last = events_of(write_side_by_side([(Pen(model), Request(BASE, state)), (other, Request(BASE, state))]))
    assert not before and isinstance(last, Failed) and last.sentence.startswith("Text 2: ")
    foreign = Pen(make_model(characters="xyz\n"))
    *before, last = events_of(write_side_by_side([(Pen(model), Request(BASE)), (foreign, Request(BASE))]))
    assert not before and isinstance(last, Failed) and "does not know" in last.sentence


def test_stopped_they_keep_what_there_is(model: Model) -> None:
    endless = replace(BASE, length=1_000_000)
    columns = [(Pen(model), Request(each)) for each in variants(endless, "temperature", [0.4, 1.2])]
    job = Job("write", write_side_by_side(columns)).start()
    job.send(Stop())
    assert job.join(10)
    done = job.mailbox.drain()[-1]
    assert isinstance(done, Done)
    for each in done.result or ():
        assert each.ended == "stopped" and replay(model, each.sample).text == each.sample.text


def test_numbers_that_go_astray_end_one_text_alone(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Stream.__next__

    def astray(stream: Stream) -> Any:
        if stream.settings.temperature == 1.2 and stream.written == 30:
            raise ChargenError("The numbers went astray.")
        return go_on(stream)

    monkeypatch.setattr(Stream, "__next__", astray)
    good, bad = written(Pen(model), "temperature", [0.4, 1.2])
    assert good.ended == "length" and len(good.sample.text) == 90
    assert bad.ended == "failed" and len(bad.sample.text) == 30 and bad.problem == "The numbers went astray."


# -- kept ----------------------------------------------------------------------------------------------


def comparison(model: Model, name: str = "temperature") -> Draft:
    values = [0.4, 0.8, 1.2]
    blank = replace(new_draft({"length": 90}), compared=Compared(name, tuple(map(str, values))))
    return side_by_side(blank, written(Pen(model), name, values), ["play"] * 3)


def test_it_is_kept_with_everything(model: Model) -> None:
    draft = comparison(model)
    data = b"".join(pack(draft))
    again = unpack(data, draft.id)
    assert again.compared == draft.compared == Compared("temperature", ("0.4", "0.8", "1.2"))
    assert [replay(model, sample).text for sample in again.samples()] == [part.sample.text for part in draft.parts]
    assert again.characters == 270 and title(again) == "Temperature 0.4, 0.8, 1.2"
    card = read_card(data, len(data), draft.id)
    assert card == card_of(draft) and card.texts == 3


def test_an_ordinary_draft_is_no_comparison(model: Model) -> None:
    draft = replace(comparison(model), compared=None)
    assert unpack(b"".join(pack(draft)), draft.id).compared is None
    assert card_of(draft).texts == 0


@pytest.mark.parametrize("value", [{"change": 1, "values": []}, {"change": "top_k"}, {"change": "x", "values": [1]}, 3])
def test_a_damaged_comparison_is_no_draft(model: Model, value: Any) -> None:
    data = b"".join(pack(comparison(model)))
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    inner = json.loads(header["__metadata__"]["chargen_draft"])
    header["__metadata__"]["chargen_draft"] = json.dumps({**inner, "compared": value})
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with pytest.raises(FileError, match="damaged"):
        unpack(len(head).to_bytes(8, "little") + head + data[8 + size :], "x")


def test_one_of_them_as_a_draft_of_its_own(model: Model) -> None:
    draft = comparison(model)
    alone = taken_out(draft, 2)
    assert alone.id != draft.id and alone.compared is None and alone.tip == 0
    assert alone.settings["temperature"] == 1.2 and alone.settings["length"] == 90
    assert alone.text == draft.parts[2].sample.document and len(draft.parts) == 3
    state = HiddenState.random(model.config, 3).renamed("calm", "")
    result = written(Pen(model), "seed_state", ["zeros", state])
    blank = replace(new_draft(), compared=Compared("seed_state", ("zeros", "calm")))
    compared = side_by_side(blank, result, ["play"] * 2)
    assert taken_out(compared, 0).seed.kind == "zeros"
    alone = taken_out(compared, 1)
    assert alone.seed.kind == "held" and alone.seed.held is not None and alone.seed.label == "calm"


def test_exported_as_one_file_each_under_its_heading(model: Model, tmp_path: Any) -> None:
    samples = comparison(model).samples()
    markdown, page = render(samples, ".md").decode(), render(samples, ".html").decode()
    for heading in ("Temperature 0.4", "Temperature 0.8", "Temperature 1.2"):
        assert f"## {heading}\n" in markdown and f"<h2>{heading}</h2>" in page
    assert page.count("<section>") == 3 and 'class="s' in page
    file = tmp_path / "three.json"
    file.write_bytes(render(samples, ".json"))
    assert [replay(model, sample).text for sample in load_export(file)] == [sample.text for sample in samples]
    assert "<h2>" not in render(samples[:1], ".html").decode() and "##" not in render(samples[:1], ".md").decode()


def test_a_heading_from_a_stranger_s_text_is_only_text(model: Model) -> None:
    plain = Sampler(model).write(replace(BASE, prompt=""))
    strange = replace(plain, settings=replace(plain.settings, prompt="<script>*x*</script>\n# [a](b)"))
    markdown, page = (render([plain, strange], suffix).decode() for suffix in (".md", ".html"))
    assert "<h2>Prompt “&lt;script&gt;" in page and "<script" not in page
    heading = next(line for line in markdown.splitlines() if line.startswith("## Prompt “"))
    assert r"\<script\>\*x\*" in heading and r"\# \[a\](b)" in heading


# -- while they are written ----------------------------------------------------------------------------


def told(model: Model, name: str, values: list[Any], *commands: Any, base: SamplingSettings = BASE) -> list[Any]:
    """The events of a comparison that is told something after its first characters."""
    base = replace(base, prompt="")  # while one is read, commands are heard already
    columns = [(Pen(model), Request(each)) for each in variants(base, name, values)]
    return events_of(write_side_by_side(columns, name), *commands)


def test_another_temperature_and_steering_reach_all_of_them_at_the_same_character(model: Model) -> None:
    done = told(model, "top_k", [0, 3, 5], SetTemperature(1.6), SetSteering("1.2=0.5"))[-1]
    samples = samples_of(done.result)
    (at,) = {position for sample in samples for position, _ in sample.temperature_changes}
    assert 0 < at < 20 and all(sample.temperature_changes == ((at, 1.6),) for sample in samples)
    assert all(sample.steering_changes == ((at, "1.2=0.5"),) for sample in samples)
    before = samples_of(written(Pen(model), "top_k", [0, 3, 5], UNPROMPTED))
    for one, other in zip(samples, before, strict=True):
        assert one.text[:at] == other.text[:at] and one.text != other.text
        assert replay(model, one).text == one.text and not replay(model, one).notices
    assert difference(samples).headings() == ["Top k off", "Top k 3", "Top k 5"]


@pytest.mark.parametrize(
    ("name", "values", "command"),
    [
        ("temperature", [0.4, 1.2], SetTemperature(1.6)),
        ("temperature_curve", ["", "0%:0.4,100%:1.2"], SetTemperature(1.6)),
        ("steer", ["", "1.1=1"], SetSteering("1.2=0.5")),
    ],
)
def test_what_is_compared_stays_as_it_is(model: Model, name: str, values: list[Any], command: Any) -> None:
    samples = samples_of(told(model, name, values, command)[-1].result)
    untold = samples_of(written(Pen(model), name, values, UNPROMPTED))
    assert [sample.text for sample in samples] == [sample.text for sample in untold]
    assert not any(sample.temperature_changes or sample.steering_changes for sample in samples)


def test_steering_that_one_of_them_refuses_is_taken_by_none(model: Model, make_model: MakeModel) -> None:
    deep = make_model(layers=3, hidden=20)
    columns = [(Pen(deep), Request(BASE)), (Pen(model), Request(BASE))]
    events = events_of(write_side_by_side(columns, "model"), SetSteering("3.1=1"))
    (refused,) = [event for event in events if isinstance(event, NotObeyed)]
    assert refused.problem.startswith("Text 2: ") and "layer" in refused.problem
    assert not any(sample.steering_changes for sample in samples_of(events[-1].result))
    events = told(model, "beam", [0, 2], SetSteering("1.1=1"), SetTemperature(1.6))
    (refused,) = [event for event in events if isinstance(event, NotObeyed)]
    assert refused.problem.startswith("Text 2: A beam search")
    plain, searched = samples_of(events[-1].result)
    assert plain.temperature_changes and not searched.temperature_changes  # it has none
    assert not plain.steering_changes


def test_another_state_reaches_all_of_them_at_the_same_character(model: Model, make_model: MakeModel) -> None:
    calm = HiddenState.random(model.config, 3).renamed("calm")
    events = told(model, "top_k", [0, 3], SetState(calm))
    (went,) = [event for event in events if isinstance(event, WentOn)]
    samples = samples_of(events[-1].result)
    for sample in samples:
        assert [at for at, _ in sample.state_changes] == [went.characters]
        assert replay(model, sample).text == sample.text
    draft = side_by_side(new_draft(), events[-1].result, ["play"] * 2)
    draft = replace(draft, compared=Compared("top_k", ("off", "3")))
    assert [len(sample.state_changes) for sample in unpack(b"".join(pack(draft)), draft.id).samples()] == [1, 1]
    for sample in gone_on_with(model, draft, 40, 0.8).samples():
        assert len(sample.text) == 130 and replay(model, sample).text == sample.text
    columns = [(Pen(model), Request(BASE)), (Pen(make_model(hidden=20)), Request(BASE))]
    events = events_of(write_side_by_side(columns, "model"), SetState(calm))
    (refused,) = [event for event in events if isinstance(event, NotObeyed)]
    assert refused.problem.startswith("Text 2: ")
    assert not any(sample.state_changes for sample in samples_of(events[-1].result))


def test_what_is_written_until_now_is_told_and_changes_nothing(model: Model) -> None:
    base = replace(UNPROMPTED, steer="1.2=0.5@5-30")
    events = told(model, "temperature", [0.4, 0.8, 1.2], Keep(), base=base)
    (kept,) = [event.written for event in events if isinstance(event, ColumnsSoFar)]
    whole = written(Pen(model), "temperature", [0.4, 0.8, 1.2], base)
    for early, last, alone in zip(kept, events[-1].result, whole, strict=True):
        assert 0 < len(early.sample.text) < 20 and early.ended == "stopped" and early.state is not None
        assert last.sample.text == alone.sample.text and last.sample.text.startswith(early.sample.text)
        assert replay(model, early.sample).text == early.sample.text
    draft = replace(side_by_side(new_draft(), kept, ["play"] * 3), writing=True)
    draft = replace(draft, compared=Compared("temperature", ("0.4", "0.8", "1.2")))
    assert unpack(b"".join(pack(draft)), draft.id).writing
    assert not unpack(b"".join(pack(comparison(model))), draft.id).writing


# -- gone on with --------------------------------------------------------------------------------------


def gone_on_with(model: Model, draft: Draft, length: int, temperature: float, *commands: Any) -> Draft:
    assert draft.compared is not None
    places = [place for place, part in enumerate(draft.parts) if can_go_on(part)]
    columns = [(Pen(model), draft.parts[place]) for place in places]
    work = write_on(columns, length, temperature, draft.compared.change, places)
    *events, last = events_of(work, *commands)
    assert isinstance(last, Done), last
    assert {event.place for event in events if isinstance(event, ColumnChunk)} == set(places)
    return gone_on(draft, places, last.result)


@pytest.mark.parametrize("name", ["temperature", "top_k", "steer", "random_seed", "prompt", "stop", "ban"])
def test_gone_on_with_they_are_the_texts_they_would_have_been(model: Model, name: str) -> None:
    values = OTHERS.get(name) or offered(name, PRESENT[name])
    draft = side_by_side(new_draft(), written(Pen(model), name, values), ["play"] * 3)
    draft = replace(draft, compared=Compared(name, ()))
    before = draft.samples()
    draft = gone_on_with(model, draft, 70, 0.8)
    for part, first, settings in zip(draft.parts, before, variants(BASE, name, values), strict=True):
        whole = Sampler(model).write(replace(settings, length=160))
        assert part.sample.text == whole.text and part.sample.surprises.tolist() == whole.surprises.tolist()
        assert part.sample.settings == whole.settings or part.sample is first  # which ended at a stop text
        assert len(part.sample.text) == 160 or settings.stop


def test_gone_on_with_after_changes_they_are_one_sample_each(model: Model) -> None:
    result = told(model, "top_k", [0, 3], SetTemperature(1.6), SetSteering("1.2=0.5"))[-1].result
    draft = replace(side_by_side(new_draft(), result, ["play"] * 2), compared=Compared("top_k", ("off", "3")))
    draft = gone_on_with(model, draft, 70, 1.6)
    draft = gone_on_with(model, draft, 50, 0.5, SetSteering(""))
    for sample in draft.samples():
        assert len(sample.text) == 210 and [value for _, value in sample.temperature_changes] == [1.6, 0.5]
        assert [steer for _, steer in sample.steering_changes] == ["1.2=0.5", ""]
        assert replay(model, sample).text == sample.text
    again = unpack(b"".join(pack(draft)), draft.id)
    assert [replay(model, sample).text for sample in again.samples()] == [sample.text for sample in draft.samples()]


def test_what_cannot_be_gone_on_with(model: Model) -> None:
    base = replace(BASE, stop=("e",))
    result = written(Pen(model), "stop", [("e",), ()], base)
    assert [can_go_on(part) for part in side_by_side(new_draft(), result, ["play"] * 2).parts] == [False, True]
    for name, values in (("beam", [0, 2]), ("loop_breaker", [False, True]), ("temperature_curve", ["", "0:1,50:2"])):
        parts = side_by_side(new_draft(), written(Pen(model), name, values), ["play"] * 2).parts
        assert [can_go_on(part) for part in parts] == [True, False], name
    parts = side_by_side(new_draft(), result, ["play"] * 2).parts
    with pytest.raises(SettingError, match="longer than the 20,000,000"):
        write_on([(Pen(model), parts[1])] * 3, 10_000_000, 1.0, "stop", [0, 1, 2])
    old = replace(parts[1], sample=replace(parts[1].sample, versions={"chargen": "0.0.1"}))
    last = events_of(write_on([(Pen(model), old)], 50, 1.0, "stop", [1]))[-1]
    assert isinstance(last, Failed) and last.sentence.startswith("Text 2 was written by other versions")


def test_taken_out_it_goes_on_as_it_ended(model: Model) -> None:
    result = told(model, "top_k", [0, 3], SetTemperature(1.6), SetSteering("1.2=0.5"))[-1].result
    alone = taken_out(replace(side_by_side(new_draft(), result, ["play"] * 2), compared=Compared("top_k", ())), 1)
    assert (alone.settings["temperature"], alone.settings["steer"], alone.settings["top_k"]) == (1.6, "1.2=0.5", 3)
    assert alone.settings["length"] == 90
