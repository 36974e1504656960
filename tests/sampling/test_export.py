"""Files of samples: what they hold, that they are safe, that strangers' files are only ever refused."""

import base64
import contextlib
import copy
import csv
import html
import io
import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargen.errors import ChargenError, ExportError, FileError
from chargen.sampling.export import SUFFIXES, export, load_export, render
from chargen.sampling.export_html import escape
from chargen.sampling.replay import replay
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import RULES, SamplingSettings

NASTY = "<script>alert('x')</script>\"&\n---\n```\n````\n"
NASTY += "=1+1\t@\r\0\x1b[31m\x7f\x85\u2028\u202e\ufeff\ud800\U0001f600＝"


@pytest.fixture(scope="module")
def sample(model):
    stream = Sampler(model).stream(
        SamplingSettings(prompt="once", length=90, random_seed=3, top_p=0.9, stop=("=.=",)), prime(model, "abc")
    )
    for sampled in stream:
        if len(stream.sample().text) == 40:
            stream.set_temperature(1.2)
        assert sampled
    return stream.sample()


@pytest.fixture(scope="module")
def nasty(sample):
    """A sample whose every word is hostile."""
    asked = replace(sample.settings, prompt=NASTY, stop=(NASTY,))
    surprises = np.linspace(0, 12, len(NASTY)).astype(np.float32)
    return replace(
        sample,
        text=NASTY,
        settings=asked,
        surprises=surprises,
        notices=(NASTY,),
        after=NASTY,
        opening="<",
        seed_state=sample.seed_state.renamed(NASTY),
        temperature_changes=(),
        versions={NASTY: NASTY},
    )


def same(one: Sample, other: Sample) -> bool:
    words = ("text", "settings", "model_fingerprint", "engine", "versions", "after", "opening", "notices")
    return (
        all(getattr(one, name) == getattr(other, name) for name in (*words, "temperature_changes"))
        and np.allclose(one.surprises, other.surprises, atol=1e-4)
        and one.seed_state.h.tobytes() == other.seed_state.h.tobytes()
        and one.seed_state.c.tobytes() == other.seed_state.c.tobytes()
        and one.seed_state.recipe == other.seed_state.recipe
    )


def test_json_brings_everything_back(sample, nasty, tmp_path):
    export([sample, nasty], tmp_path / "a.json")
    back = load_export(tmp_path / "a.json")
    assert same(back[0], sample)
    assert same(back[1], nasty)
    assert back[0].temperature_changes == ((40, 1.2),)


def test_json_is_readable_by_others(sample):
    value = json.loads(render([sample], ".json"))["samples"][0]
    assert value["text"] == sample.text
    assert value["settings"]["random_seed"] == 3
    h = np.frombuffer(base64.b64decode(value["seed_state"]["h"]["base64"]), "<f4")
    assert h.reshape(value["seed_state"]["h"]["shape"]).tolist() == sample.seed_state.h.tolist()


def test_txt_is_what_a_reader_sees_and_nothing_else(sample, tmp_path):
    export([sample], tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes().decode() == "once" + sample.text
    assert render([sample, sample], ".TXT").decode() == f"once{sample.text}\n\nonce{sample.text}"


def test_markdown_keeps_the_text_in_its_fence_and_the_values_on_their_lines(sample, nasty):
    lines = render([nasty], ".md").decode().split("\n")
    assert lines[0] == "---"
    front = lines[1 : lines.index("---", 1)]
    names = [line.split(":", 1)[0] for line in front]
    assert {"model", "random_seed", "temperature", "seed_state_sha256", "prompt"} <= set(names)
    for line in front:
        value = json.loads(line.split(":", 1)[1])
        assert value is not None
        assert not set(line) & set("\x85\u2028\u2029")
    fence = lines[len(front) + 3]
    assert fence == "`````text"  # longer than the four inside
    assert lines.count("`````") == 1
    assert "random_seed: 3" in render([sample], ".md").decode()
    assert render([sample, sample], ".md").decode().count("````") == 0


TAGS = {"html", "head", "meta", "title", "style", "body", "input", "label", "main", "section"}
TAGS |= {"article", "i", "span", "details", "summary", "dl", "dt", "dd"}


class Page(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.attributes, self._inside = [], "", [], False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attributes]
        self._inside = self._inside or tag == "article"

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "article"

    def handle_data(self, data):
        self.text += data if self._inside else ""


def test_html_is_safe_and_whole_whatever_the_text_holds(nasty):
    text = render([nasty], ".html").decode()
    page = Page(text)
    assert set(page.tags) <= TAGS
    assert not [name for name in page.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert page.text.startswith("<script>alert('x')</script>\"&\n---\n")
    assert page.text.count("<script>") == 3  # prompt, earlier part, text: as words
    assert not set(text) & {chr(code) for code in range(32) if code not in (9, 10)}
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text


@given(st.text(st.characters(), max_size=60))
def test_escaped_text_has_no_markup_and_no_control_characters(text):
    escaped = escape(text)
    assert not set(escaped) & set("<>\"'")
    escaped.encode("utf-8")
    assert all(character in "\n\t" or ord(character) >= 32 for character in escaped)


def test_html_tints_by_surprise_and_holds_the_provenance(sample):
    page = render([sample], ".html").decode()
    assert 'class="s' in page
    assert Page(page).text == "once" + sample.text
    assert sample.model_fingerprint in page


@pytest.fixture(scope="module")
def grown(model, sample):
    """A text in three parts, each written by other rules."""
    sampler, parts = Sampler(model), [sample]
    for rules in ({"temperature_curve": "0:0.3,50:1.5", "ban": "q"}, {"loop_breaker": True, "typical": 0.7}):
        whole = parts[-1].after + parts[-1].text
        asked = SamplingSettings(prompt="once", length=50, random_seed=3, **rules)
        stream = sampler.stream(asked, prime(model, "once" + whole), after=whole)
        parts.append(list(stream) and stream.sample())
    return parts


def test_the_parts_of_a_text_are_one_text_in_every_format(grown, sample):
    whole = "once" + "".join(part.text for part in grown)
    assert render(grown, ".txt").decode() == whole
    page = render(grown, ".html").decode()
    assert Page(page).text == whole and Page(page).tags.count("article") == 1
    tinted = [Page(render([part], ".html").decode()).tags.count("span") for part in grown]
    assert Page(page).tags.count("span") == sum(tinted) > max(tinted)  # each part keeps its tint
    assert page.count("<summary>") == 3 and "How characters 141 to 190 were written" in page
    words = render(grown, ".md").decode()
    assert words.count(whole) == 1 and words.count("random_seed: 3") == 3 and "### Characters 141 to 190" in words
    rows = list(csv.DictReader(io.StringIO(render(grown, ".csv").decode(), newline="")))
    assert [(row["sample"], int(row["index"])) for row in rows] == [("1", at) for at in range(len(whole) - 4)]
    other = replace(sample, settings=replace(sample.settings, random_seed=9))
    both = render([*grown, other], ".html").decode()
    assert both.count("<article>") == 2 and both.count("<h2>") == 2
    assert render([*grown, other], ".txt").decode() == f"{whole}\n\nonce{sample.text}"


def test_every_rule_of_choice_is_told(grown, model):
    rules = {"temperature_curve": "0:0.4", "top_k": 9, "typical": 0.9, "top_p": 0.8, "min_p": 0.01}
    rules |= {"repetition_penalty": 1.2, "loop_breaker": True, "ban": "q<", "beam": 3, "beam_per_character": True}
    assert {"temperature", *rules} == set(RULES)
    told = replace(grown[0], settings=SamplingSettings(random_seed=1, **rules))
    for suffix in (".md", ".html"):
        page = html.unescape(render([told], suffix).decode())
        for name, value in rules.items():
            words = f"{name}: {json.dumps(value)}" if suffix == ".md" else f"<dt>{name}</dt><dd>{value}"
            assert words.lower() in page.lower()


def test_html_of_a_comparison_is_safe_whatever_differs(nasty, sample):
    asked = replace(nasty.settings, prompt=f"\u202e\u2066{NASTY}</h2><img src=x onerror=alert(1)>")
    other = replace(nasty, settings=asked, seed_state=sample.seed_state.renamed("<b>\udfff\0"))
    third = replace(nasty, model_fingerprint="<svg onload=alert(1)>")
    for samples in ([nasty, other], [nasty, third], [nasty, other, third, sample]):
        text = render(samples, ".html").decode()
        page = Page(text)
        assert set(page.tags) <= TAGS | {"h2"} and page.tags.count("h2") == page.tags.count("article") == len(samples)
        assert not [name for name in page.attributes if name.startswith("on") or name in ("src", "href", "style")]
        assert not set(text) & {chr(code) for code in (*range(9), *range(11, 32), 127, *range(128, 160))}
        assert 'class="s7"' in text and "unicode-bidi: isolate" in text


@given(st.lists(st.text(st.characters(), max_size=30), min_size=2, max_size=3), st.data())
def test_html_shows_every_character_of_any_text(sample, texts, data):
    samples = []
    for text in texts:
        bits = data.draw(st.lists(st.floats(0, 30), min_size=len(text), max_size=len(text)))
        samples.append(replace(sample, text=text, surprises=np.array(bits, np.float32), by_hand=0))
    page = Page(render(samples, ".html").decode())
    shown = "".join(f"once{text}" for text in texts)
    assert set(page.tags) <= TAGS | {"h2"} and len(page.text) == len(shown)
    for character, symbol in zip(shown, page.text, strict=True):
        assert character == symbol or ord(character) < 32 or ord(character) > 126


def test_characters_set_by_a_person_are_told_and_survive(model, sample, tmp_path):
    stream = Sampler(model).stream(replace(sample.settings, stop=()), given="zz=")
    assert all(stream)
    samples = [sample, stream.sample()]
    for suffix in (".md", ".html"):
        assert render(samples, suffix).decode().count("3 characters at the beginning") == 1
    export(samples, tmp_path / "x.json")
    again = load_export(tmp_path / "x.json")
    assert [each.by_hand for each in again] == [0, 3] and again[1].text.startswith("zz=")
    written = [replay(model, each) for each in again]
    assert render(written, ".json") == (tmp_path / "x.json").read_bytes()


def test_csv_has_one_row_per_character_and_no_formula(sample, nasty):
    rows = list(csv.DictReader(io.StringIO(render([sample, nasty], ".csv").decode(), newline="")))
    assert len(rows) == len(sample.text) + len(NASTY)
    assert "".join(chr(int(row["code_point"][2:], 16)) for row in rows) == sample.text + NASTY
    assert [float(row["surprise"]) for row in rows[:90]] == pytest.approx(sample.surprises.tolist(), abs=1e-4)
    assert [int(row["index"]) for row in rows[:90]] == list(range(90))
    assert {row["sample"] for row in rows} == {"1", "2"}
    cells = {row["character"] for row in rows}
    assert not [cell for cell in cells if cell[0] in "=+-@＝\t\r\n"]
    assert {"'=", "'+", "'-", "'@", "newline", "tab", "carriage return"} <= cells


def test_an_unknown_suffix_and_an_empty_list_are_one_sentence(sample, tmp_path):
    for name in ("a.doc", "a", ".json"):
        with pytest.raises(ExportError, match=r"must end in one of \.txt, \.md"):
            export([sample], tmp_path / name)
    with pytest.raises(ExportError, match="nothing to export"):
        export([], tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_sentence(sample, tmp_path):
    for suffix in SUFFIXES:
        with pytest.raises(FileError):
            export([sample], tmp_path / "missing" / f"a{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_sample_can_be_exported(sample, suffix):
    empty = replace(sample, text="", surprises=np.zeros(0, np.float32), temperature_changes=())
    assert isinstance(render([empty], suffix), bytes)


# -- files from strangers ------------------------------------------------------------------------

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just(10**400),
    st.lists(st.integers(), max_size=3),
    st.just({"kind": "zero"}),
    st.just([[0, 1], [0, 1]]),
)


def places(value, path=()):
    """The path of everything inside a JSON value."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from places(entry, (*path, key))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_export_is_read_or_refused_with_one_sentence(data, sample, tmp_path):
    value = json.loads(render([sample], ".json"))
    paths = [path for path in places(value) if path and not (len(path) == 4 and path[2] == "surprises" and path[3] > 2)]
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(paths))
        parent = value
        try:
            for key in path[:-1]:
                parent = parent[key]
            if data.draw(st.booleans()):
                del parent[path[-1]]
            else:
                parent[path[-1]] = copy.deepcopy(data.draw(ODD))
        except (KeyError, IndexError, TypeError):
            continue
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(value))
    try:
        loaded = load_export(path)
    except ChargenError as error:
        assert str(error).strip()
    else:
        for suffix in SUFFIXES:  # what is let in can go out again
            render(loaded, suffix)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text(max_size=50).map(lambda text: json.dumps({"kind": text}).encode())))
def test_any_bytes_are_refused_with_one_sentence(tmp_path, content):
    path = tmp_path / "any.json"
    path.write_bytes(content)
    with pytest.raises(ChargenError):
        load_export(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bytes_never_raise_anything_else(data, sample, tmp_path):
    content = bytearray(render([sample], ".json"))
    for _ in range(3):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "flipped.json"
    path.write_bytes(content)
    with contextlib.suppress(ChargenError):
        load_export(path)


def test_what_is_refused(sample, tmp_path):
    good = json.loads(render([sample], ".json"))
    path = tmp_path / "x.json"

    def refused(change, match):
        value = copy.deepcopy(good)
        change(value)
        path.write_text(json.dumps(value))
        with pytest.raises(ChargenError, match=match):
            load_export(path)

    def inside(name, entry):
        return lambda value: value["samples"][0].__setitem__(name, entry)

    refused(lambda value: value.update(format=99), "newer chargen")
    refused(lambda value: value.update(kind="other"), "not a chargen export")
    refused(lambda value: value.update(samples=[]), "holds no samples")
    refused(inside("text", "longer" * 100), "damaged")
    refused(inside("temperature_changes", [[5, 1.0], [4, 1.0]]), "damaged")
    refused(inside("temperature_changes", [[4, 99.0]]), "Temperature")
    refused(inside("surprises", [1.0]), "damaged")
    refused(lambda value: value["samples"][0]["seed_state"]["h"].update(shape=[2**20, 2**20, 2**20]), "damaged")
    refused(lambda value: value["samples"][0]["seed_state"]["h"].update(sha256="0" * 64), "damaged")
    refused(lambda value: value["samples"][0]["settings"].update(random_seed=None), "damaged")
    refused(lambda value: value["samples"][0]["settings"].update(temperature="nan"), "finite")
    path.write_text(json.dumps(good).replace('"recipe": {', '"recipe": {"x": 1e999, ', 1))
    with pytest.raises(ChargenError, match="damaged"):
        load_export(path)
    path.write_text("[" * 100_000)
    with pytest.raises(ChargenError):
        load_export(path)
