"""Several texts side by side: what differs, the job, the draft they are kept in, and the same texts again."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chargen.errors import ChargenError, FileError, SettingError
from chargen.jobs import Done, Failed, Job
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.difference import difference
from chargen.sampling.draft_file import card_of, pack, read_card, unpack
from chargen.sampling.drafts import Compared, Draft, new_draft, side_by_side, taken_out, title
from chargen.sampling.export import load_export, render
from chargen.sampling.job import Pen, PrimedBy, Request, Stop, Written
from chargen.sampling.replay import replay
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler, Stream
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.side_by_side import (
    CHANGES,
    NUMBERS,
    ColumnChunk,
    ColumnsBegun,
    offered,
    parse_value,
    variants,
    write_side_by_side,
)
from chargen.settings import option
from tests.sampling.conftest import MakeModel

BASE = SamplingSettings(prompt="abc", length=90, random_seed=7)
PRESENT: dict[str, Any] = {name: getattr(SamplingSettings(random_seed=7), name) for name in NUMBERS}


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
    values = ["ab", "the ", ""] if name == "prompt" else offered(name, PRESENT[name])
    result = samples_of(written(Pen(model), name, values))
    told = difference(result)
    assert told.label == {"prompt": "Prompt"}.get(name) or option(name).label
    assert len(set(told.values)) == 3
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
    for name, typed in (("temperature", "warm"), ("top_k", "2.5"), ("min_p", "1e999"), ("random_seed", "off")):
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
