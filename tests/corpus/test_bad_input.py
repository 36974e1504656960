"""Every bad input gets one clear sentence."""

import codecs
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chargen.corpus.corpus import corpus_from_text, read_corpus

Write = Callable[..., Path]
Refusal = Callable[..., str]

LONG = b"A line of plain text, long enough to be read.\n" * 10
WIDE = LONG.decode().encode("utf-16-le")
DAMAGED = LONG + "é".encode() * 50 + b"\xff" + LONG


@pytest.mark.parametrize(("content", "words"), [
    (b"", "is empty"),
    (b"\xef\xbb\xbf", "is empty"),
    (b"short", "has 5 characters"),
    (b"a" * 199, "has 199 characters"),
    (b"a" * 500, "one character only (a)"),
    (b"\n" * 500, "one character only (newline)"),
    (b"\x89PNG\r\n\x1a\n" + LONG, "a PNG image"),
    (b"PK\x03\x04" + LONG, "a ZIP archive"),
    (b"%PDF-1.7\n" + LONG, "a PDF document"),
    (b"\x7fELF\x02\x01" + LONG, "a program"),
    (b"MZ\x90\x00" + LONG, "a program"),
    (b"\x80\x04\x95\x00" + LONG, "a Python pickle"),
    (b'\x10\0\0\0\0\0\0\0{"h":{"dtype":"F32"}}' + LONG, "a safetensors file"),
    (LONG + b"\0", "holds zero bytes"),
    (LONG * 2000 + b"\0" + LONG, "holds zero bytes"),
    (b"\x01\x02\x03ab" * 100, "full of control bytes"),
    (DAMAGED, "is not utf-8 at byte 560 (0xFF)"),
    (LONG + "é".encode() * 50 + b"\xc3", "ends in the middle of a character"),
    (LONG + b"\xed\xa0\xbd\xed\xb8\x80" + LONG, "half a character (a lone surrogate) at byte 460"),
    (codecs.BOM_UTF16_LE + WIDE + b"\x00\xd8a\x00", "half a character (a lone surrogate) at byte 922"),
    (codecs.BOM_UTF16_LE + WIDE + b"a", "ends in the middle of a character of utf-16-le"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_text_is_refused(write: Write, refusal: Refusal, content: bytes, words: str) -> None:
    message = refusal(read_corpus, [write(content, "bad")])
    assert words in message
    assert "bad" in message


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + LONG, LONG + b"\0", DAMAGED])
def test_a_refusal_names_the_way_out_and_it_works(write: Write, refusal: Refusal, content: bytes) -> None:
    path = write(content)
    assert "--as-text" in refusal(read_corpus, [path])
    assert read_corpus([path], as_text=True).characters > 400


@pytest.mark.parametrize("encoding", ["klingon", "", "rot13", "hex", "idna", "unicode_escape", "a\0b", "é", "\ud800"])
def test_an_encoding_that_is_none(write: Write, refusal: Refusal, encoding: str) -> None:
    assert "not the name of a text encoding" in refusal(read_corpus, [write(LONG)], encoding=encoding)


def test_the_named_encoding_does_not_fit(write: Write, refusal: Refusal) -> None:
    assert "is not ascii at byte 0 (0xC3)" in refusal(read_corpus, [write("é".encode() + LONG)], encoding="ascii")


def test_half_a_character_out_of_a_codec_that_lets_it_through(write: Write, refusal: Refusal) -> None:
    assert "lone surrogate" in refusal(read_corpus, [write(LONG + b"+2AA-")], encoding="utf-7")
    assert "lone surrogate" in refusal(corpus_from_text, "ab\udc80" * 100, "a text")


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan"), float("inf")])
def test_a_validation_share_out_of_range(write: Write, refusal: Refusal, share: float) -> None:
    assert "Validation share" in refusal(read_corpus, [write(LONG)], validation=share)
    assert "Validation share" in refusal(corpus_from_text, LONG.decode(), "a text", validation=share)


def test_places_that_are_no_text(tmp_path: Path, write: Write, refusal: Refusal) -> None:
    (tmp_path / "empty").mkdir()
    write(b"\0\1", "binary/a.bin")
    write("é".encode() * 50 + b"\xff", "noise/a.txt")
    assert "no file" in refusal(read_corpus, [tmp_path / "missing.txt"])
    assert "a part of the path is not a folder" in refusal(read_corpus, [write(LONG) / "below"])
    assert "holds no text" in refusal(read_corpus, [tmp_path / "empty"])
    assert "holds no text" in refusal(read_corpus, [tmp_path / "binary"])
    assert "noise" in refusal(read_corpus, [tmp_path / "noise"])
    assert "zero characters" in refusal(read_corpus, [Path("a\0b")])
    assert "too long" in refusal(read_corpus, [Path("a" * 5000)])
    assert "No text" in refusal(read_corpus, [])


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
def test_devices_and_pipes_are_never_opened(tmp_path: Path, refusal: Refusal) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "a device or a pipe" in refusal(read_corpus, [tmp_path / "pipe"])
    assert "a device or a pipe" in refusal(read_corpus, [Path("/dev/zero")])
    assert "holds no text" in refusal(read_corpus, [tmp_path])


@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("event", "words"), [("grow", "changed"), ("touch", "changed"), ("remove", "vanished"),
                                              ("truncate", "changed"), ("other encoding", "changed")])
def test_a_file_that_changes_while_it_is_read(
    write: Write, refusal: Refusal, event: str, words: str, moment: int
) -> None:
    path = write(LONG * 3000)  # two chunks, each read twice
    calls = 0

    def meddle() -> None:
        nonlocal calls
        calls += 1
        if calls != moment:
            return
        if event == "remove":
            path.unlink()
        elif event == "touch":
            os.utime(path, ns=(1, 1))
        elif event == "truncate":
            os.truncate(path, 100)
        else:
            with path.open("r+b" if event == "other encoding" else "ab") as file:
                file.write(b"\xff\xff\xff more")

    # Bytes that stop being text while the survey reads them are refused as what they are.
    acceptable = words if event != "other encoding" or moment > 3 else "t"
    assert acceptable in refusal(read_corpus, [path], check=meddle)


UNREADABLE = """
import json, os, sys
from pathlib import Path
from chargen.corpus.corpus import read_corpus
import charset_normalizer, encodings.utf_8
from chargen.errors import ChargenError
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
said = []
for path in json.loads(sys.argv[1]):
    try:
        corpus = read_corpus([Path(path)])
        said.append([corpus.characters, *corpus.notices])
    except ChargenError as error:
        said.append(str(error))
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are different there")
def test_places_without_permission(tmp_path: Path, write: Write) -> None:
    locked_file = write(LONG, "file.txt")
    locked_folder = write(LONG, "folder/a.txt").parent
    partly = write(LONG, "partly/a.txt").parent
    for path in (locked_file, locked_folder, write(LONG, "partly/b.txt"), write(LONG, "partly/below/c.txt").parent):
        path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents):  # the other user must get here
        if folder.owner() == Path.home().owner() and folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    try:
        paths = [locked_file, locked_folder, locked_folder / "a.txt", partly]
        done = subprocess.run(
            [sys.executable, "-c", UNREADABLE, json.dumps(list(map(str, paths)))],
            check=True, capture_output=True, text=True, timeout=60,
        )
    finally:
        locked_folder.chmod(0o755)
        (partly / "below").chmod(0o755)
    file, folder, inside, rest = json.loads(done.stdout)
    assert file == f"Cannot read “{locked_file}”: there is no permission."
    assert folder == f"Cannot read the folder “{locked_folder}”: there is no permission."
    assert inside == f"Cannot read “{locked_folder / 'a.txt'}”: there is no permission."
    assert rest[0] == len(LONG)
    assert "“b.txt”, “below”" in rest[1]


@pytest.mark.parametrize("chunk", range(1, 8))
def test_the_position_is_right_wherever_chunks_end(
    write: Write, refusal: Refusal, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("chargen.corpus.readers.survey.CHUNK_BYTES", chunk)
    broken = LONG + "漢".encode() * 50 + "漢".encode()[:2] + b"x"
    assert "is not utf-8 at byte 610 (0xE6)" in refusal(read_corpus, [write(broken)])
