"""The bundled texts are what the catalog says, and truly written: nothing long is said twice."""

import string

import pytest

from chargen.corpus.catalog import default_entry, entries
from chargen.paths import corpora_dir

SPAN = 80
MINIMUM = {
    "the-lamp-at-sarn": 150_000,
    "letters-from-the-upper-valley": 60_000,
    "a-field-guide-to-small-weathers": 60_000,
}  # fmt: skip


def texts() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(corpora_dir().glob("*.txt"))}


def repeats(named: dict[str, str]) -> list[tuple[str, int, str]]:
    """(text, position, span) of every span that stood somewhere before."""
    seen: set[str] = set()
    found = []
    for name, text in named.items():
        for start in range(len(text) - SPAN + 1):
            span = text[start : start + SPAN]
            if span in seen:
                found.append((name, start, span))
            seen.add(span)
    return found


def test_no_span_of_80_characters_repeats_within_or_between_texts():
    assert repeats(texts()) == []


def test_the_check_finds_a_repeat():
    page = texts()["the-lamp-at-sarn"][5000:5200]
    assert repeats({"a": page, "b": "x" + page})


@pytest.mark.parametrize("name", MINIMUM)
def test_texts_are_long_enough_and_use_a_small_alphabet(name):
    text = texts()[name]
    assert len(text) >= MINIMUM[name]
    assert set(text) <= set(string.ascii_letters + string.digits + " \n.,;:!?'-[]=*")
    assert max(map(len, text.splitlines())) <= 72


def test_the_play_has_speakers_and_acts():
    text = texts()["the-lamp-at-sarn"]
    assert [line for line in text.splitlines() if line.startswith("ACT ")] == [
        f"ACT {number}" for number in ("ONE", "TWO", "THREE", "FOUR", "FIVE")
    ]
    assert text.count("\nKEEPER: ") > 100


def test_the_catalog_names_every_bundled_text_and_what_it_shows():
    bundled = {entry.name for entry in entries() if (corpora_dir() / f"{entry.name}.txt").exists()}
    assert bundled == set(texts())
    assert all(entry.shows.endswith(".") for entry in entries())
    assert default_entry().name == "the-lamp-at-sarn"
