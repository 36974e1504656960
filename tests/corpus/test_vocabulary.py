"""Characters <-> ids."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.corpus.substitutes import substitute
from chargen.corpus.vocabulary import CHUNK, Vocabulary, display_name, id_type
from chargen.errors import CorpusError, UnknownCharacterError

# Half characters included: Python strings may hold them.
any_text = st.text(st.characters(exclude_categories=()), min_size=1)


@given(any_text)
def test_decoding_gives_back_what_was_encoded(text: str) -> None:
    vocabulary = Vocabulary.of_text(text)
    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(any_text, any_text)
def test_unknown_characters_are_named_dropped_or_replaced(known: str, text: str) -> None:
    vocabulary = Vocabulary.of_text(known)
    unknown = tuple(dict.fromkeys(character for character in text if character not in known))
    if unknown:
        with pytest.raises(UnknownCharacterError) as caught:
            vocabulary.encode(text)
        assert caught.value.characters == unknown
    assert vocabulary.decode(vocabulary.encode(text, "drop")) == "".join(c for c in text if c in known)
    replaced = vocabulary.decode(vocabulary.encode(text, "replace"))
    assert len(replaced) == len(text)
    assert all(new == old or old in unknown for new, old in zip(replaced, text, strict=True))


def test_ids_follow_the_code_points_and_take_the_smallest_type() -> None:
    vocabulary = Vocabulary.of_text("banana é")
    assert vocabulary.characters == (" ", "a", "b", "n", "é")
    assert vocabulary.encode("nab").tolist() == [3, 1, 2]
    assert vocabulary.encode("nab").dtype == np.uint8
    assert [id_type(size) for size in (256, 257, 65536, 65537)] == [np.uint8, np.uint16, np.uint16, np.uint32]


def test_a_text_of_several_chunks_with_unknown_characters_in_each() -> None:
    vocabulary = Vocabulary(("b", "a"))
    text = "ab" * CHUNK
    text = "é" + text[:CHUNK] + "ü" + text[CHUNK:] + "é"
    assert vocabulary.decode(vocabulary.encode(text, "drop")) == text.translate({ord("é"): None, ord("ü"): None})
    with pytest.raises(UnknownCharacterError) as caught:
        vocabulary.encode(text)
    assert caught.value.characters == ("é", "ü")


def test_a_refusal_names_what_cannot_be_seen() -> None:
    vocabulary = Vocabulary.of_text("ab")
    with pytest.raises(UnknownCharacterError, match=r"3 characters .*: “é”, newline and U\+200B zero width space;"):
        vocabulary.encode("aé\nb\u200b")
    with pytest.raises(UnknownCharacterError, match=r"12 characters .*“k”, “l” and 7 more; drop them"):
        Vocabulary.of_text("a").encode("hijklmnopqrs")


def test_an_unknown_character_beyond_the_largest_known_one_is_unknown() -> None:
    vocabulary = Vocabulary.of_text("az")
    assert vocabulary.encode("a\U0010fffe{z", "drop").tolist() == [0, 1]


@pytest.mark.parametrize("ids", [[2], [-1], [0.5], [0, 1, 300]])
def test_ids_out_of_range_are_refused(ids: list[float]) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        Vocabulary.of_text("ab").decode(ids)


def test_no_ids_are_no_text() -> None:
    assert Vocabulary.of_text("ab").decode([]) == ""
    assert len(Vocabulary.of_text("ab").encode("")) == 0


@pytest.mark.parametrize("characters", [(), ("ab",), ("a", "a"), ("",)])
def test_a_vocabulary_is_single_distinct_characters(characters: tuple[str, ...]) -> None:
    with pytest.raises(CorpusError):
        Vocabulary(characters)


@pytest.mark.parametrize(("character", "name"), [
    ("a", "a"), ("é", "é"), ("漢", "漢"), (" ", "space"), ("\n", "newline"), ("\t", "tab"),
    ("\u00a0", "no-break space"), ("\u200b", "U+200B zero width space"), ("\x07", "U+0007 control character"),
    ("\u0301", "U+0301 combining acute accent"), ("\ud800", "U+D800 half a character"), ("\u0378", "U+0378"),
])
def test_display_names(character: str, name: str) -> None:
    assert display_name(character) == name


@pytest.mark.parametrize(("character", "known", "expected"), [
    ("é", "abcde ", "e"), ("’", "abc' ", "'"), ("“", 'abc" ', '"'), ("“", "abc' ", "'"), ("—", "abc- ", "-"),
    ("…", "abc. ", "."), ("Q", "pqr ", "q"), ("É", "abcde ", "e"), ("ø", "mno ", "o"), ("ﬁ", "def ", "f"),
    ("\t", "ab ", " "), ("\r", "ab\n ", "\n"), ("\u2028", "ab\n ", "\n"), ("漢", "ab ", " "),
    ("z", "!a", "a"), ("漢", "!a", "a"), ("7", "ab", "a"), ("\ud800", "ab ", " "),
])
def test_the_most_similar_character_stands_in(character: str, known: str, expected: str) -> None:
    assert substitute(character, tuple(known)) == expected
