"""The library of states: kept, found, named, annotated, deleted; whatever lies in its folder."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen import paths
from chargen.errors import ChargenError, FileError, StateError
from chargen.model.blending import blend
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary, file_stem, resolve_state, search, thumbnail
from tests.model.helpers import small_config

STATE = HiddenState.random(small_config(), 4)


@pytest.fixture
def library(tmp_path: Path) -> StateLibrary:
    return StateLibrary(tmp_path / "states")


def names(library: StateLibrary) -> list[str]:
    return [card.name for card in library.cards()]


def test_by_default_it_is_the_users(chargen_home: Path) -> None:
    assert StateLibrary().folder == paths.states_dir() == chargen_home / "states"
    assert StateLibrary().cards() == [] and not paths.states_dir().exists()


def test_what_is_kept_is_there(library: StateLibrary) -> None:
    path = library.keep(STATE, "Night storm", "from the second act")
    (card,) = library.cards()
    assert (card.path, card.name, card.note, card.problem) == (path, "Night storm", "from the second act", "")
    assert (card.cell, card.layers, card.hidden, card.kind) == ("lstm", 2, 8, "random")
    assert library.load("night STORM").h.tobytes() == STATE.h.tobytes()
    assert card.changed.timestamp() == pytest.approx(path.stat().st_mtime, abs=1)
    library.keep(STATE)
    assert names(library) == ["Night storm", "Random 4"]


def test_a_thumbnail_shows_the_strongest_of_the_units_that_share_a_column() -> None:
    h = np.zeros((2, 1, 100), np.float32)
    h[0, 0, 99], h[1, 0, 0], h[1, 0, 1] = -1, 0.5, -0.25
    small = thumbnail(HiddenState("rnn", h, None))
    assert small.shape == (2, 48) and small[0, 47] == -1 and small[1, 0] == 0.5 and np.count_nonzero(small) == 2
    np.testing.assert_array_equal(thumbnail(STATE), STATE.h[:, 0])


def test_a_name_is_taken_once_capitals_aside(library: StateLibrary) -> None:
    library.keep(STATE, "storm")
    for name in ("storm", "STORM", "st" + "orm"):
        with pytest.raises(StateError, match="kept already"):
            library.keep(STATE, name)
    library.keep(STATE, "calm")
    with pytest.raises(StateError, match="kept already"):
        library.change_name("calm", "Storm")
    assert names(library) == ["calm", "storm"]


def test_renaming_and_notes_keep_the_rest(library: StateLibrary) -> None:
    library.keep(STATE, "storm", "loud")
    library.change_name("storm", "Sturm: und Drang?")
    library.annotate("sturm: und drang?", "  louder ")
    (card,) = library.cards()
    assert (card.name, card.note) == ("Sturm: und Drang?", "louder")
    assert card.path.name == "Sturm- und Drang.state" or card.path.stem == file_stem("Sturm: und Drang?")
    kept = library.load("Sturm: und Drang?")
    assert dict(kept.recipe) == dict(STATE.recipe) and kept.c.tobytes() == STATE.c.tobytes()
    library.change_name("Sturm: und Drang?", "STURM: und Drang?")  # the same file where capitals do not count
    assert names(library) == ["STURM: und Drang?"]


def test_a_copied_file_goes_by_its_own_name(library: StateLibrary) -> None:
    path = library.keep(STATE, "storm")
    path.with_name("storm copy.state").write_bytes(path.read_bytes())
    assert names(library) == ["storm", "storm copy"]
    library.annotate("storm copy", "the other")
    assert [card.note for card in library.cards()] == ["", "the other"]


def test_deleted_is_not_gone(library: StateLibrary) -> None:
    for _ in range(2):
        library.keep(STATE, "storm")
        where = library.delete("storm")
        assert where is not None and HiddenState.load(where).h.tobytes() == STATE.h.tobytes()
    assert library.cards() == []
    assert sorted(path.name for path in (library.folder / "deleted").iterdir()) == ["storm 2.state", "storm.state"]


def test_what_was_deleted_comes_back_unless_its_name_is_taken(library: StateLibrary) -> None:
    path = library.keep(STATE, "storm")
    before = path.read_bytes()
    where = library.delete("storm")
    assert where is not None
    library.keep(STATE, "Storm")
    with pytest.raises(StateError, match="kept already"):
        library.restore(where, "storm")
    library.delete("Storm")
    assert library.restore(where, "storm") == path
    assert path.read_bytes() == before and not where.exists()
    with pytest.raises(FileError):
        library.restore(where, "gone")


def test_the_trash_is_asked_where_there_is_one(library: StateLibrary) -> None:
    path = library.keep(STATE, "storm")
    with pytest.raises(FileError, match="trash"):
        library.delete("storm", lambda _: False)
    assert path.exists()
    taken: list[Path] = []
    assert library.delete("storm", lambda file: not taken.append(file)) is None
    assert taken == [path]


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("", "needs a name"), ("  ", "needs a name"), ("x" * 81, "at most 80"), ("a\x07b", "can be seen"),
        ("a\ud800", "can be seen"), ("zero", "made, not kept"), ("Random", "made, not kept"),
        ("random:2", "made, not kept"),
    ],
)  # fmt: skip
def test_names_that_cannot_be(library: StateLibrary, name: str, phrase: str) -> None:
    with pytest.raises(StateError, match=phrase):
        library.keep(STATE.renamed(""), name)
    library.keep(STATE, "storm")
    if name.strip():
        with pytest.raises(StateError, match=phrase):
            library.change_name("storm", name)
    with pytest.raises(StateError, match="note has at most"):
        library.annotate("storm", "x" * 2001)
    assert names(library) == ["storm"]


@given(st.text(max_size=90))
def test_every_name_that_is_taken_makes_a_file_in_the_folder(name: str) -> None:
    stem = file_stem(name)
    assert stem and len(stem) <= 86 and not set(stem) & set('/\\:*?"<>|\0') and stem not in (".", "..")


def test_damaged_and_foreign_things_are_listed_with_a_reason(library: StateLibrary) -> None:
    library.keep(STATE, "good")
    folder = library.folder
    (folder / "torn.state").write_bytes(STATE.to_bytes()[:-5])
    (folder / "folder.state").mkdir()
    (folder / "empty.state").write_bytes(b"")
    (folder / "link.state").symlink_to(folder / "nowhere")
    (folder / "two.state").write_bytes(HiddenState("rnn", np.zeros((1, 2, 3)), None).to_bytes())
    (folder / "none.state").write_bytes(HiddenState("rnn", np.zeros((0, 1, 0)), None).to_bytes())
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.state")
    (folder / "note.txt").write_text("no state")
    cards = {card.name: card for card in library.cards()}
    assert cards.pop("good").problem == ""
    assert set(cards) >= {"torn", "folder", "empty", "link", "two", "none"} and "note" not in cards
    for card in cards.values():
        assert card.problem.endswith(".") and "\n" not in card.problem
    library.delete("torn")  # what is damaged can still be put away
    assert "torn" not in names(library)
    with pytest.raises(ChargenError):
        library.change_name("empty", "full")
    assert (folder / "empty.state").read_bytes() == b""


def test_a_strangers_words_are_cut_and_made_plain(library: StateLibrary) -> None:
    library.folder.mkdir(parents=True)
    evil = HiddenState("rnn", np.zeros((1, 1, 3)), None, {"kind": ["x"] * 999}, "f" * 9999, "a\x1b[2J\nb", "n" * 9999)
    (library.folder / "a\x1b.state").write_bytes(evil.to_bytes())
    (card,) = library.cards()
    assert card.name.isprintable() and len(card.note) == 2000 and len(card.kind) <= 60 and len(card.words) <= 2000


@given(st.data())
def test_any_bytes_are_a_card(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("library")
    good = bytearray(STATE.renamed("x").to_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    (folder / "x.state").write_bytes(bytes(good))
    (card,) = StateLibrary(folder).cards()
    assert card.problem or card.hidden


def test_searching_looks_at_names_notes_and_recipes(library: StateLibrary) -> None:
    read = HiddenState("lstm", STATE.h, STATE.c, {"kind": "text", "text": "The moon"}, "", "One")
    library.keep(read, "One", "quiet")
    library.keep(blend([read, STATE], [1, 1]), "Two")
    library.keep(STATE, "Three", "quiet and loud")

    def found(words: str) -> list[str]:
        return [card.name for card in search(library.cards(), words)]

    assert found("MOON") == ["One", "Two"]
    assert found("moon quiet") == ["One"]
    assert found("quiet") == ["One", "Three"]
    assert found("blend") == ["Two"]
    assert found("") == ["One", "Three", "Two"] and found("sun") == []


def test_a_word_is_a_file_first_and_then_a_name(library: StateLibrary, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    library.keep(STATE, "storm")
    assert resolve_state("storm", library).h.tobytes() == STATE.h.tobytes()
    other = HiddenState.zero(small_config())
    other.save(tmp_path / "storm")
    assert resolve_state("storm", library).h.tobytes() == other.h.tobytes()
    (tmp_path / "wind").mkdir()  # a run may be called as a state is
    library.keep(other, "wind")
    assert resolve_state("wind", library).h.tobytes() == other.h.tobytes()
    library.delete("wind")
    with pytest.raises(StateError, match="is a folder"):
        resolve_state("wind", library)
    for word in ("nothing", "x" * 5000, "a\0b", ""):
        with pytest.raises(ChargenError) as caught:
            resolve_state(word, library)
        assert len(str(caught.value)) < 300


def test_two_who_keep_at_once_both_keep_or_one_is_told(library: StateLibrary) -> None:
    outcomes: list[object] = []

    def keep() -> None:
        try:
            outcomes.append(library.keep(STATE, "storm"))
        except StateError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Path) for outcome in outcomes) == 1 and len(outcomes) == 4
