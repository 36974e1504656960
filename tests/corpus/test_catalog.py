"""Texts at hand, and what a user typed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chargen.corpus import catalog, python_texts
from chargen.corpus.catalog import default_entry, entries, gather, load_entry, resolve
from chargen.errors import CorpusError
from chargen.paths import corpora_dir

Write = Callable[..., Path]
Refusal = Callable[..., str]

BUNDLED = ["the-lamp-at-sarn", "letters-from-the-upper-valley", "a-field-guide-to-small-weathers"]


def test_the_catalog() -> None:
    everything = entries()
    assert [entry.name for entry in everything] == [*BUNDLED, "python-source", "python-help"]
    assert [entry.default for entry in everything] == [True, False, False, False, False]
    assert default_entry() == everything[0]
    for entry in everything:
        assert all((entry.title, entry.form, entry.shows))


def test_every_text_in_the_folder_is_in_the_catalog() -> None:
    named = {record["file"] for record in json.loads((corpora_dir() / "catalog.json").read_bytes())["entries"]}
    assert {path.name for path in corpora_dir().glob("*.txt")} == named


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_texts_are_clean(name: str) -> None:
    corpus = load_entry(name)
    assert corpus.name == corpus.sources[0].path == name
    assert corpus.sources[0].cleaning == ()
    assert corpus.notices == ()
    assert not {"\t", "\r", "\ufffd"} & set(corpus.vocabulary.characters)
    assert max(map(len, corpus.text().split("\n"))) <= 80


def test_the_default_is_a_play_of_at_least_120_kilobytes() -> None:
    corpus = load_entry(default_entry().name)
    speeches = [line for line in corpus.text().split("\n") if line.partition(": ")[0].isupper() and ": " in line]
    assert corpus.characters >= 120_000
    assert len(speeches) > 300


def test_what_every_python_carries() -> None:
    source = load_entry("python-source")
    assert source.characters > 10_000_000
    assert "class OrderedDict" in source.text(0, 4_000_000)
    assert "0 could" not in source.notices[0]
    words = load_entry("python-help")
    assert words.characters > 400_000
    assert words.text() == load_entry("python-help").text()


def test_a_source_file_in_a_wrong_encoding_is_left_out_and_counted(
    write: Write, prose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(prose, "lib/b.py")
    write(b"# coding: utf-8\n\xff", "lib/a.py")
    folder = write("x = 1", "lib/c.py").parent
    write(prose, "lib/test/d.py")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(folder))
    corpus = load_entry("python-source")
    assert corpus.text() == prose + "x = 1\n"
    assert "2 files" in corpus.notices[0]
    assert "1 could not be read" in corpus.notices[0]


def test_a_python_without_source_and_help_offers_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "python.zip"))
    monkeypatch.setattr(python_texts, "help_topics", list)
    assert [entry.name for entry in entries()] == BUNDLED


def test_a_missing_file_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal) -> None:
    shutil.copy(corpora_dir() / "catalog.json", tmp_path)
    monkeypatch.setattr(catalog, "corpora_dir", lambda: tmp_path)
    assert [entry.kind for entry in entries()] == ["python", "python"]
    assert "reinstall" in refusal(default_entry)
    assert "reinstall" in refusal(resolve, [])


def test_an_unknown_name_lists_the_known_ones(refusal: Refusal) -> None:
    for function, argument in ((load_entry, "hamlet"), (resolve, ["hamlet"])):
        message = refusal(function, argument)
        assert "“hamlet”" in message
        assert all(name in message for name in BUNDLED)


def test_nothing_typed_means_the_default() -> None:
    corpus = resolve([])
    assert (corpus.name, corpus.text()) == (BUNDLED[0], load_entry(BUNDLED[0]).text())


def test_names_files_and_folders_are_joined_in_the_order_typed(write: Write, prose: str) -> None:
    path = write(prose.replace("\n", "\r\n"), "folder/tide.txt")
    corpus = resolve([str(path), BUNDLED[1], str(path.parent)], newlines="normalise")
    assert corpus.text() == prose + load_entry(BUNDLED[1]).text() + prose
    assert [source.path for source in corpus.sources] == [str(path), BUNDLED[1], str(path)]
    assert corpus.name == "3 texts"


def test_options_reach_the_files(write: Write, prose: str) -> None:
    path = write(prose.encode() + b"\x80\r\n", "euro.txt")
    corpus = resolve([str(path)], encoding="cp1252", newlines="keep", validation=0.5)
    assert corpus.text() == prose + "€\r\n"
    assert (corpus.validation_share, corpus.name) == (0.5, "euro")
    with pytest.raises(CorpusError, match="not the name"):
        resolve([BUNDLED[0]], encoding="klingon")


def test_an_existing_file_goes_before_a_name(
    tmp_path: Path, write: Write, prose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(prose, BUNDLED[0])
    monkeypatch.chdir(tmp_path)
    assert resolve([BUNDLED[0]]).text() == prose
    assert resolve([]).characters > 100_000  # the default itself, whatever lies around


def test_what_cannot_be_looked_at_says_why(refusal: Refusal) -> None:
    assert "too long" in refusal(resolve, ["a" * 5000])
    assert "There is no file or folder" in refusal(resolve, ["a\0b"])


def test_progress_reaches_the_end() -> None:
    shares: list[float] = []
    resolve(["python-help", BUNDLED[0]], report=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=0.01)


def test_a_text_too_short_to_learn_from_can_still_be_gathered(write: Write) -> None:
    builder, name = gather([str(write("a short line", "line.txt"))])
    text = builder.finish(name)
    assert (name, text.vocabulary.decode(text.ids)) == ("line", "a short line")
