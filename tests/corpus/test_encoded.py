"""The encoded corpus in a run folder comes back exactly, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save

from chargen.corpus.corpus import Corpus, corpus_from_text, load_encoded, read_corpus, save_encoded
from chargen.errors import ChargenError, UnknownCharacterError

Refusal = Callable[..., str]


def assert_same(one: Corpus, other: Corpus) -> None:
    assert one.ids.dtype == other.ids.dtype
    assert one.ids.tobytes() == other.ids.tobytes()
    assert one.counts.tolist() == other.counts.tolist()
    for name in ("name", "vocabulary", "validation_share", "sources", "sha256", "notices"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("alphabet", ["ab", "".join(map(chr, range(0x4E00, 0x4E00 + 300)))])
def test_it_comes_back_exactly(tmp_path: Path, alphabet: str) -> None:
    text = tmp_path / "text.txt"
    text.write_bytes(("\ufeff" + alphabet * 200 + "\r\né").encode())
    corpus = read_corpus([text], validation=0.2)
    save_encoded(tmp_path / "corpus.safetensors", corpus)
    loaded = load_encoded(tmp_path / "corpus.safetensors")
    assert_same(corpus, loaded)
    assert not loaded.ids.flags.writeable
    assert load_file(tmp_path / "corpus.safetensors")["ids"].tolist() == corpus.ids.tolist()


def test_another_vocabulary_keeps_the_text(tmp_path: Path, prose: str) -> None:
    corpus = corpus_from_text(prose, "tide")
    characters = ("ß", *reversed(corpus.vocabulary.characters), *map(chr, range(0x4E00, 0x4E00 + 300)))
    wider = corpus.with_vocabulary(characters)
    assert (wider.text(), wider.ids.dtype, wider.vocabulary.characters) == (prose, np.uint16, characters)
    assert wider.summary_json() == corpus.summary_json()
    assert wider.counts[1:][: corpus.symbols].tolist() == corpus.counts.tolist()[::-1]
    assert wider.with_vocabulary(corpus.vocabulary.characters).ids.tolist() == corpus.ids.tolist()
    assert corpus.with_vocabulary(corpus.vocabulary.characters) is corpus
    save_encoded(tmp_path / "wider", wider)
    assert_same(load_encoded(tmp_path / "wider"), wider)
    with pytest.raises(UnknownCharacterError):
        corpus.with_vocabulary(("a", "b"))


def test_files_of_other_kinds_are_refused(tmp_path: Path, prose: str, refusal: Refusal) -> None:
    path = tmp_path / "corpus.safetensors"
    assert "does not exist" in refusal(load_encoded, path)
    for content in (b"", prose.encode(), save({"h": np.zeros(3, np.float32)}),
                    save({"ids": np.zeros(3, np.uint8)}, metadata={"chargen_corpus": "[1]"})):
        path.write_bytes(content)
        assert "not an encoded text" in refusal(load_encoded, path)


def test_a_newer_or_changed_file_is_refused(tmp_path: Path, prose: str, refusal: Refusal) -> None:
    path = tmp_path / "corpus.safetensors"
    save_encoded(path, corpus_from_text(prose, "tide"))
    whole = path.read_bytes()

    path.write_bytes(whole.replace(b'\\"format\\": 1', b'\\"format\\": 9'))
    assert "newer chargen (format 9)" in refusal(load_encoded, path)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "damaged" in refusal(load_encoded, path)
    path.write_bytes(whole[:-1] + b"\xff")
    assert "damaged" in refusal(load_encoded, path)
    for without in ("name", "vocabulary", "sha256", "sources", "notices", "validation_share"):
        path.write_bytes(whole.replace(f'\\"{without}\\"'.encode(), b'\\"' + b"x" * len(without) + b'\\"'))
        assert "damaged" in refusal(load_encoded, path)


@given(st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_raises_anything_else(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "corpus.safetensors"
    corpus = corpus_from_text("to be or not to be, that is the question\n" * 6, "hamlet")
    save_encoded(path, corpus)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.sampled_from([len(content), len(content) // 2, len(content) - 1]))])
    try:
        loaded = load_encoded(path)
    except ChargenError:
        return
    assert loaded.text() == corpus.text()  # damage to a name or a notice may pass, damage to the text never


def test_the_description_is_plain_json_without_the_text(tmp_path: Path, prose: str) -> None:
    save_encoded(tmp_path / "corpus", corpus_from_text(prose, "tide"))
    content = (tmp_path / "corpus").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    description = json.loads(header["__metadata__"]["chargen_corpus"])
    assert description["format"] == 1
    assert "tide came" not in json.dumps(header)
def test_an_encoded_text_is_a_file_that_anyone_can_read(tmp_path: Path) -> None:
    corpus = corpus_from_text("a text of many words, ÄÖÜ and 東京\n" * 20, "many")
    save_encoded(tmp_path / "c.safetensors", corpus)
    assert (load_file(tmp_path / "c.safetensors")["ids"] == corpus.ids).all()
