"""Files and folders become a corpus."""

import codecs
import io
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargen.corpus.corpus import corpus_from_text, read_corpus
from chargen.errors import ChargenError, CorpusError

FRENCH = "Les élèves ont mangé à la crêperie près de l’église ; ça coûte 5 € « très cher ».\n" * 9
GERMAN = "Über den Dächern schläft der müde Käufer; größer als Äpfel. „Schön“ – ja.\n" * 9
POLISH = "Zażółć gęślą jaźń, proszę pana. Wciąż śpią źrebięta.\n" * 9
RUSSIAN = "Широкая электрификация южных губерний даст мощный толчок подъёму.\n" * 9
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたか頓と見当がつかぬ。\n" * 9

Write = Callable[..., Path]


@pytest.mark.parametrize(("text", "encoding", "name", "confidence"), [
    (FRENCH, "utf-8", "utf-8", "very likely"),
    (FRENCH, "utf-8-sig", "utf-8", "certain"),
    (FRENCH, "utf-16", "utf-16-le", "certain"),
    (FRENCH, "utf-16-le", "utf-16-le", "very likely"),
    (FRENCH, "utf-16-be", "utf-16-be", "very likely"),
    (RUSSIAN, "utf-16-le", "utf-16-le", "very likely"),
    (JAPANESE, "utf-16-be", "utf-16-be", "very likely"),
    (FRENCH, "utf-32", "utf-32-le", "certain"),
    (FRENCH, "cp1252", "cp1252", "a guess"),
    (GERMAN, "cp1252", "cp1252", "a guess"),
    (POLISH, "cp1250", "cp1250", "a guess"),
    (RUSSIAN, "cp1251", "cp1251", "a guess"),
    (RUSSIAN, "koi8-r", "koi8-r", "a guess"),
    (JAPANESE, "shift_jis", "cp932", "a guess"),
])
def test_the_encoding_is_found(write: Write, text: str, encoding: str, name: str, confidence: str) -> None:
    corpus = read_corpus([write(text.encode(encoding))])
    guess = corpus.sources[0].encoding
    assert guess is not None
    assert (corpus.text(), guess.name, guess.confidence) == (text, name, confidence)
    assert bool(corpus.notices) == (confidence == "a guess")


def test_an_accent_after_a_megabyte_of_ascii_is_still_found(write: Write, prose: str) -> None:
    text = prose * 2500 + FRENCH
    corpus = read_corpus([write(text.encode("cp1252"))])
    assert corpus.text() == text


@pytest.mark.parametrize("chosen", ["latin-1", "cp850", "UTF-16"])
def test_the_user_can_name_another_encoding(write: Write, chosen: str) -> None:
    content = FRENCH.encode("utf-16-le" if chosen == "UTF-16" else "cp1252")
    corpus = read_corpus([write(content)], encoding=chosen, newlines="keep")
    guess = corpus.sources[0].encoding
    assert guess is not None
    assert guess.how == "chosen by you"
    assert corpus.text() == content.decode("utf-16-le" if chosen == "UTF-16" else chosen)


@given(st.integers(0, 2**32))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_characters_across_the_borders_of_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("chargen.corpus.readers.plain.CHUNK_BYTES", 7)
    monkeypatch.setattr("chargen.corpus.readers.survey.CHUNK_BYTES", 5)
    text = "".join(random.Random(seed).choices("aé漢😀\r\n", k=300))
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode())
    assert read_corpus([path]).text() == text.replace("\r\n", "\n").replace("\r", "\n")
    assert read_corpus([path], newlines="keep").text() == text


def test_what_a_corpus_tells(write: Write, prose: str) -> None:
    path = write("\ufeff" + prose.replace("\n", "\r\n"), "tide.txt")
    corpus = read_corpus([path])
    same = corpus_from_text(prose, "tide")
    assert (corpus.name, corpus.text(), corpus.sha256) == ("tide", prose, same.sha256)
    assert corpus.counts.sum() == corpus.characters == len(prose)
    assert corpus.text(3, 9) == prose[3:9]
    assert [(step.name, step.count) for step in corpus.sources[0].cleaning] == [("byte-order-mark", 1), ("newlines", 6)]
    assert corpus.sources[0].path == str(path)
    assert corpus.sources[0].bytes == len(prose) + 6 + 3
    assert corpus.summary_json() == {
        "sha256": same.sha256, "characters": len(prose), "symbols": len(set(prose)),
    }


@pytest.mark.parametrize(("characters", "share", "training"), [
    (1_115_394, 0.1, 1_003_854), (1000, 0.0, 1000), (1000, 0.5, 500), (999, 0.1, 899),
])
def test_the_split(characters: int, share: float, training: int) -> None:
    corpus = corpus_from_text(("ab" * characters)[:characters], "ab", validation=share)
    assert (len(corpus.training), len(corpus.validation)) == (training, characters - training)
    assert corpus.training.base is not None  # views: the text is in memory once
    assert corpus.training.tolist() + corpus.validation.tolist() == corpus.ids.tolist()


def test_files_are_joined_with_one_newline_where_there_is_none(write: Write, prose: str) -> None:
    paths = [write(prose.strip(), "one"), write(prose, "two.md"), write("the end", "three")]
    corpus = read_corpus(paths)
    assert corpus.text() == prose + prose + "the end"
    assert [source.path for source in corpus.sources] == list(map(str, paths))
    assert corpus.name == "3 texts"


def test_a_folder_is_read_in_natural_order_without_what_is_no_text(write: Write, prose: str) -> None:
    write("ten\n", "book/chapter 10.txt")
    write("two\n", "book/chapter 2.txt")
    write(prose.encode("utf-16"), "book/part/a.md")
    write("hidden", "book/.secret")
    write("hidden", "book/.git/config")
    write(b"\x89PNG\r\n\x1a\n....", "book/cover.png")
    write(b"", "book/empty.txt")
    write("é".encode() * 50 + b"\xff", "book/noise.txt")
    (write("x").parent / "book" / "nowhere").symlink_to("missing")
    corpus = read_corpus([write("x").parent / "book"])
    assert corpus.text() == "two\nten\n" + prose
    assert corpus.name == "book"
    assert len(corpus.notices) == 2
    assert "“cover.png”, “empty.txt”, “nowhere”" in corpus.notices[0]
    assert "noise.txt" in corpus.notices[1]


def test_binary_and_damage_are_read_when_insisted_on_and_counted(write: Write, prose: str) -> None:
    content = b"\x00\x01" + prose.encode() + b" \xe2\x80 \xff" + "�".encode()
    corpus = read_corpus([write(content)], as_text=True, encoding="utf-8")
    assert corpus.text() == "\x00\x01" + prose + " � ��"
    assert (corpus.sources[0].cleaning[0].name, corpus.sources[0].cleaning[0].count) == ("undecodable", 2)
    assert any("2 undecodable places" in notice for notice in corpus.notices)


def test_half_characters_become_replacement_signs_when_insisted_on(write: Write, prose: str) -> None:
    corpus = read_corpus([write(prose.encode() + b"+2AA-!")], encoding="utf-7", as_text=True)
    assert corpus.text() == prose + "�!"


def test_standard_input(monkeypatch: pytest.MonkeyPatch, prose: str, refusal: Callable[..., str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FRENCH.encode("cp1252"))))
    corpus = read_corpus([Path("-")])
    assert (corpus.text(), corpus.name, corpus.sources[0].path) == (FRENCH, "standard input", "-")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert "standard input” is empty" in refusal(read_corpus, [Path("-")])
    monkeypatch.setattr("sys.stdin", None)
    assert "no standard input" in refusal(read_corpus, [Path("-")])


def test_progress_rises_to_the_end_and_reading_can_be_cancelled(write: Write, prose: str) -> None:
    paths = [write(prose * 5000, "one"), write(prose, "two")]
    shares: list[float] = []
    read_corpus(paths, report=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 4

    class StopError(Exception):
        pass

    def stop() -> None:
        if len(shares) > 2:
            raise StopError

    shares.clear()
    with pytest.raises(StopError):
        read_corpus(paths, check=stop, report=shares.append)


@given(st.binary(max_size=400), st.booleans(), st.sampled_from([None, "utf-8", "utf-16", "cp1252", "utf-7", "gb18030"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arbitrary_bytes_never_raise_anything_else(
    tmp_path: Path, data: bytes, as_text: bool, encoding: str | None
) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(data + b"\n" + b"ab" * 120 if len(data) % 2 else data)
    try:
        corpus = read_corpus([path], as_text=as_text, encoding=encoding)
    except ChargenError:
        return
    assert corpus.text().encode()


def test_every_encoding_of_python_is_taken_or_refused(write: Write, prose: str) -> None:
    path = write(bytes(range(256)) + prose.encode())
    for name in sorted({codecs.lookup(alias).name for alias in set(__import__("encodings").aliases.aliases.values())
                        if alias not in {"mbcs", "oem"}}):
        for as_text in (False, True):
            try:
                read_corpus([path], encoding=name, as_text=as_text)
            except CorpusError:
                continue


MEMORY = """
import resource, sys
from pathlib import Path
from chargen.corpus.corpus import read_corpus
import charset_normalizer
path = Path(sys.argv[1])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
before = peak()
corpus = read_corpus([path])
print(corpus.characters, (peak() - before - corpus.characters) / 2**20)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource module")
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_long_text_costs_one_byte_a_character_and_a_constant(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "long.txt"
    line = "The tide came in twice a day, à la mode, and nobody wrote it down but the keeper.\r\n"
    with path.open("w", encoding=encoding, newline="") as file:
        for _ in range(80):
            file.write(line * 9000)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], check=True, capture_output=True, text=True, timeout=60
    )
    characters, constant = map(float, done.stdout.split())
    assert characters == 80 * 9000 * (len(line) - 1)
    assert constant < 60, f"{constant:.0f} MiB beside the text"
