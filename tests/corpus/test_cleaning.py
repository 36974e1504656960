"""Passes over the text give the same result however it is cut into chunks."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.corpus import cleaning
from chargen.corpus.cleaning import Cleaner

tricky = st.text(st.sampled_from("ab\r\n\x85\u2028\u2029\ufeff\v\f"), max_size=30)


def clean(chunks: list[str], newlines: str = "normalise") -> tuple[str, dict[str, int]]:
    cleaner = Cleaner.chosen(newlines=newlines)  # type: ignore[arg-type]
    text = "".join(map(cleaner.feed, chunks)) + cleaner.feed("", final=True)
    return text, {step.name: step.count for step in cleaner.steps()}


@given(st.lists(tricky, max_size=8))
def test_chunks_change_nothing(chunks: list[str]) -> None:
    assert clean(chunks) == clean(["".join(chunks)])
    assert clean(chunks, "keep") == clean(["".join(chunks)], "keep")


@given(tricky)
def test_normalised_text_is_what_a_regular_expression_says(text: str) -> None:
    expected, count = re.subn("\r\n|[\r\x85\u2028\u2029]", "\n", text.removeprefix("\ufeff"))
    cleaned, steps = clean([text])
    assert cleaned == expected
    assert steps.get("newlines", 0) == count


@given(st.lists(tricky, max_size=8))
def test_changed_line_endings_are_where_it_says(chunks: list[str]) -> None:
    cleaner = Cleaner.chosen()
    cleaned = "".join(map(cleaner.feed, chunks)) + cleaner.feed("", final=True)
    places = cleaner.changed_endings()
    assert len(places) == sum(step.count for step in cleaner.steps() if step.name == "newlines")
    assert all(cleaned[place] == "\n" for place in places)
    text = "".join(chunks).removeprefix("\ufeff")
    kept = list(re.findall("\r\n|[\r\n\x85\u2028\u2029]", text))
    lines = [at for at, character in enumerate(cleaned) if character == "\n"]
    assert places == [at for at, ending in zip(lines, kept, strict=True) if ending != "\n"]


def test_only_the_beginning_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "MARKED_CHARACTERS", 7)
    cleaner = Cleaner.chosen()
    cleaner.feed("ab\r\ncd\r\nef\r\n")
    cleaner.feed("gh\r\n", final=True)
    assert cleaner.changed_endings() == [2, 5]
    assert cleaner.steps()[0].count == 4


@pytest.mark.parametrize(("text", "kept"), [("a\r\nb\rc\u2028", "a\r\nb\rc\u2028"), ("\ufeffa", "a")])
def test_keeping_newlines_takes_only_the_mark_off(text: str, kept: str) -> None:
    assert clean([text], "keep")[0] == kept


def test_each_step_is_a_sentence_with_its_count() -> None:
    cleaner = Cleaner.chosen()
    cleaner.feed("\ufeffone\r\ntwo\r", final=True)
    assert [step.sentence for step in cleaner.steps()] == [
        "The byte-order mark at the start was taken off.",
        "2 line endings were turned into plain newlines.",
    ]
