"""Drafts: what is done to them, their file, their folder; a file from a stranger."""

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen.errors import FileError
from chargen.model.recipes import long_texts, with_texts
from chargen.model.state import HiddenState
from chargen.paths import drafts_dir
from chargen.sampling import draft_folder
from chargen.sampling.draft_file import FORMAT, card_of, pack, read_card, unpack
from chargen.sampling.drafts import (
    LONGEST,
    MAXIMUM_PARTS,
    Draft,
    Part,
    SeedChoice,
    begun,
    continued,
    copied,
    new_draft,
    title,
)
from chargen.sampling.events import Written
from chargen.sampling.export import load_export, render
from chargen.sampling.replay import replay
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from tests.models import build_model

SAMPLER = Sampler(build_model())


def written(length: int = 40, seed: int = 1, *, after: Written | None = None, **more: object) -> Written:
    """A sample, or the continuation of one from its captured state."""
    asked = SamplingSettings(prompt="ab", length=length, random_seed=seed, **more)  # type: ignore[arg-type]
    start = after.state if after is not None else None
    before = after.sample.after + after.sample.text if after is not None else ""
    stream = SAMPLER.stream(asked, start, after=before)
    for _ in stream:
        pass
    return Written(stream.sample(), stream.final_state, "length")


def grown() -> Draft:
    """Two takes; the second is continued under other conditions."""
    first, second = written(seed=1), written(seed=2)
    draft = begun(begun(new_draft({"temperature": 0.5}), first, "tale"), second, "play")
    other = written(30, 2, after=second, top_k=3)
    choice = SeedChoice("held", held=other.state, label="x")
    return replace(continued(draft, other), name="A winter", place=7, seed=choice)


def same(a: Draft, b: Draft) -> None:
    assert (a.id, a.name, a.tip, a.place, dict(a.settings)) == (b.id, b.name, b.tip, b.place, dict(b.settings))
    assert (a.created, a.changed, a.text, len(a.parts)) == (b.created, b.changed, b.text, len(b.parts))
    for one, two in zip(a.parts, b.parts, strict=True):
        assert (one.writer, one.parent, one.at, one.goes_on) == (two.writer, two.parent, two.at, two.goes_on)
        mine, theirs = one.sample, two.sample
        assert (mine.text, mine.after, mine.settings, mine.notices) == (
            theirs.text, theirs.after, theirs.settings, theirs.notices)  # fmt: skip
        assert (mine.temperature_changes, mine.edited) == (theirs.temperature_changes, theirs.edited)
        np.testing.assert_array_equal(mine.surprises, theirs.surprises)
        np.testing.assert_array_equal(mine.seed_state.h, theirs.seed_state.h)
        assert one.state is not None and two.state is not None
        np.testing.assert_array_equal(one.state.h, two.state.h)
    assert (a.seed.kind, a.seed.label) == (b.seed.kind, b.seed.label)


def content(draft: Draft) -> bytes:
    return b"".join(pack(draft))


def test_a_continuation_is_one_sample_or_a_part_of_its_own() -> None:
    first = written()
    draft = continued(begun(new_draft(), first, "tale"), written(30, after=first))
    assert len(draft.parts) == 1
    assert replay(SAMPLER, draft.parts[0].sample).text == written(70).sample.text
    draft = grown()
    assert [part.parent for part in draft.parts] == [None, None, 1] and draft.path() == [1, 2]
    assert draft.text == "ab" + "".join(sample.text for sample in draft.samples())
    assert draft.characters == 70 and draft.takes() == [0, 2]


def test_a_branch_in_the_middle_is_the_text_up_to_there() -> None:
    first = written()
    draft = begun(new_draft(), first, "tale")
    half = SAMPLER.stream(replace(first.sample.settings, length=10))
    for _ in half:
        pass
    branch = written(5, 9, after=Written(half.sample(), half.final_state, "length"))
    draft = replace(draft, parts=(*draft.parts, Part(branch.sample, "tale", 0, 10, branch.state)), tip=1)
    assert draft.text == "ab" + first.sample.text[:10] + branch.sample.text
    assert [len(sample.text) for sample in draft.samples()] == [10, 5]
    back = unpack(content(draft), draft.id)
    same(draft, back)
    assert all(replay(SAMPLER, sample).text == sample.text for sample in back.samples())


def test_a_file_is_the_draft_again_to_the_last_number() -> None:
    draft = grown()
    same(draft, unpack(content(draft), draft.id))
    for empty in (new_draft({"prompt": "x"}), replace(new_draft(), name="Named")):
        back = unpack(content(empty), empty.id)
        assert back.tip is None and title(back) == (empty.name or "Untitled")


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=20), st.booleans())
def test_any_text_comes_back(text: str, prompt: str, edited: bool) -> None:
    sample = written(1).sample
    odd = replace(
        sample, text=text, surprises=np.arange(len(text), dtype=np.float32), edited=edited,
        settings=replace(sample.settings, prompt=prompt, length=max(len(text), 1)),
    )  # fmt: skip
    draft = begun(new_draft(), Written(odd, sample.seed_state, "length"), "tale")
    back = unpack(content(draft), draft.id)
    same(draft, back)
    assert back.edited == edited == read_card(content(draft), len(content(draft)), draft.id).edited


WHOLE = content(grown())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_is_a_sentence_and_never_another_draft(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["flip", "cut", "noise"]))
    if kind == "flip":
        at = data.draw(st.integers(0, len(WHOLE) - 1))
        damaged = WHOLE[:at] + bytes([WHOLE[at] ^ data.draw(st.integers(1, 255))]) + WHOLE[at + 1 :]
    elif kind == "cut":
        damaged = WHOLE[: data.draw(st.integers(0, len(WHOLE) - 1))]
    else:
        damaged = data.draw(st.binary(max_size=300))
    for read in (lambda: unpack(damaged, "a"), lambda: read_card(damaged, len(damaged), "a")):
        try:
            read()
        except FileError as error:
            assert str(error) in ("it is damaged", "it was made by a newer chargen")


def header_of(whole: bytes) -> tuple[dict[str, object], bytes]:
    size = int.from_bytes(whole[:8], "little")
    return json.loads(whole[8 : 8 + size]), whole[8 + size :]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_strangers_values_are_refused_or_sound(data: st.DataObject) -> None:
    header, body = header_of(WHOLE)
    metadata = header["__metadata__"]
    assert isinstance(metadata, dict)
    value = json.loads(metadata["chargen_draft"])
    place = value
    while True:  # somewhere in the description, something else
        key = data.draw(st.sampled_from(sorted(place))) if isinstance(place, dict) else 0
        inner = place[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            place = inner
            continue
        place[key] = data.draw(JUNK)
        break
    metadata["chargen_draft"] = json.dumps(value)
    encoded = json.dumps(header).encode()
    try:
        draft = unpack(len(encoded).to_bytes(8, "little") + encoded + body, "a")
    except FileError:
        return
    unpack(content(draft), "a")  # what was accepted can be written again
    assert sum(len(part.sample.text) for part in draft.parts) <= LONGEST


def test_a_newer_format_is_named(tmp_path: Path) -> None:
    header, body = header_of(WHOLE)
    metadata = header["__metadata__"]
    assert isinstance(metadata, dict)
    for key in metadata:
        metadata[key] = json.dumps({**json.loads(metadata[key]), "format": FORMAT + 1})
    encoded = json.dumps(header).encode()
    newer = len(encoded).to_bytes(8, "little") + encoded + body
    with pytest.raises(FileError, match="newer"):
        unpack(newer, "a")
    drafts_dir().mkdir(parents=True)
    path = draft_folder.draft_file("0" * 16)
    path.write_bytes(newer)
    cards, (problem,) = draft_folder.listed()
    assert cards == [] and "newer" in problem and path.exists()  # left where the newer one finds it


def test_a_file_of_the_first_format_is_read() -> None:
    old = (Path(__file__).parent / "format-1.draft").read_bytes()  # written by the version before the second
    draft = unpack(old, "0" * 16)
    assert draft.name == "Old" and draft.settings["steer"] == "1.2=0.5@3-" and len(draft.text) == 32
    seed, sample = draft.seed, draft.parts[0].sample
    assert (seed.kind, seed.label) == ("held", "storm") and seed.held is not None
    assert seed.held.recipe["text"] == sample.seed_state.recipe["text"] == "the tide is in, and nobody has come.\n" * 60
    again = content(draft)
    assert len(again) < len(old)
    back = unpack(again, draft.id)
    same(draft, back)
    assert back.seed.held is not None and back.seed.held.recipe == seed.held.recipe
    assert replay(Sampler(build_model(hidden=4)), back.parts[0].sample).text == sample.text


def primed_by(text: str) -> HiddenState:
    start = {"kind": "text", "text": text, "start": {"kind": "zero"}}
    part = {"weight": 1.0, "name": "a", "recipe": start}
    recipe = {"kind": "blend", "parts": [part, part], "note": text[::-1]}
    return replace(HiddenState.random(SAMPLER.model.config, 1), recipe=MappingProxyType(recipe))


def test_a_long_priming_text_is_kept_once_however_many_takes_began_with_it() -> None:
    state = primed_by("яблоко " * 15_000)
    sample = written(10).sample
    draft = replace(new_draft(), seed=SeedChoice("held", held=state, label="x" * 300))
    for _ in range(30):
        draft = begun(draft, Written(replace(sample, seed_state=state), state, "length"), "tale")
    whole = content(draft)
    assert len(whole) < 2 * 105_000 * 2 + 200_000  # the text and its reverse, in two bytes a character
    back = unpack(whole, draft.id)
    for mine in (back.seed.held, back.parts[0].sample.seed_state, back.parts[29].state):
        assert mine is not None and mine.recipe == state.recipe
    assert back.seed.label == "x" * 200  # of a file with a very long name; the draft opens all the same


RECIPES = st.recursive(
    st.none() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=4), RECIPES, max_size=3))
def test_long_texts_go_out_of_a_recipe_and_back_to_their_places(recipe: dict[str, object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chargen.model.recipes.LONG", 2)
        without, found = long_texts(recipe)
    assert all(len(text) > 2 for _place, text in found)
    assert with_texts(json.loads(json.dumps(without)), found) == recipe
    for place, text in found:
        with pytest.raises((ValueError, KeyError, IndexError, TypeError)):
            with_texts(json.loads(json.dumps(without)), [((*place, "further"), text)])


def test_the_folder_lists_deletes_and_brings_back() -> None:
    one, two = grown(), copied(grown())
    assert draft_folder.listed() == ([], [])
    for draft in (one, two):
        draft_folder.save(draft)
    cards, problems = draft_folder.listed()
    assert {card.id for card in cards} == {one.id, two.id} and problems == []
    assert card_of(one) in cards
    draft_folder.delete(one.id)
    assert [card.id for card in draft_folder.listed()[0]] == [two.id]
    assert [card.id for card in draft_folder.deleted()] == [one.id]
    draft_folder.restore(one.id)
    same(one, draft_folder.load(one.id))
    with pytest.raises(FileError):
        draft_folder.delete("f" * 16)


def test_a_damaged_one_is_put_aside_and_the_others_are_listed() -> None:
    good, bad = grown(), copied(grown())
    for draft in (good, bad):
        draft_folder.save(draft)
    path = draft_folder.draft_file(bad.id)
    for number in (1, 2):
        path.write_bytes(b"damaged")
        cards, (problem,) = draft_folder.listed()
        aside = path.with_name(path.name + (".damaged" if number == 1 else ".damaged-2"))
        assert [card.id for card in cards] == [good.id] and str(aside) in problem
        assert aside.read_bytes() == b"damaged"
    assert draft_folder.listed()[1] == []


def long(characters: int) -> Sample:
    sample = written(1).sample
    asked = replace(sample.settings, length=10_000_000)
    return replace(sample, text="x" * characters, surprises=np.ones(characters, np.float32), settings=asked)


def test_millions_of_characters_are_kept_and_more_is_told() -> None:
    draft = begun(new_draft(), Written(long(3_000_000), None, "length"), "tale")
    draft_folder.save(draft)
    assert draft_folder.load(draft.id).characters == 3_000_000
    part = draft.parts[0]
    whole = replace(part, sample=long(10_000_000))
    path = tuple(replace(whole, parent=None if n == 0 else n - 1, at=10_000_000 if n else 0) for n in range(3))
    with pytest.raises(FileError, match="longer than 20,000,000 characters and is not kept; export it"):
        pack(replace(draft, parts=path, tip=2))


def test_the_oldest_takes_go_where_there_is_no_room_the_text_stays() -> None:
    draft, one = new_draft(), written(3)
    for _ in range(MAXIMUM_PARTS + 5):
        draft = begun(draft, one, "tale")
    assert len(draft.parts) == MAXIMUM_PARTS and draft.tip == MAXIMUM_PARTS - 1
    assert len(unpack(content(draft), draft.id).parts) == MAXIMUM_PARTS


def test_what_was_changed_by_hand_never_claims_to_be_replayable(tmp_path: Path) -> None:
    sample = written().sample
    edited = replace(sample, text="zz" + sample.text[2:], edited=True)
    for suffix in (".md", ".html", ".json"):
        assert ("changed by hand" in render([edited], suffix).decode()) == (suffix != ".json")
    path = tmp_path / "out.json"
    path.write_bytes(render([edited], ".json"))
    (read,) = load_export(path)
    assert read.edited
    assert "which was changed by hand, from character 1 on" in replay(SAMPLER, read).notices[-1]
    whole = json.loads(render([sample], ".json"))
    whole["samples"][0]["text"] = "q" + sample.text[1:]  # in the export itself
    path.write_text(json.dumps(whole))
    assert load_export(path)[0].edited
    assert not unpack(content(grown()), "a").edited
