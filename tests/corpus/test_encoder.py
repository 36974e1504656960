"""Chunks of text become ids in the order of code points."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.corpus.encoder import LoneSurrogateError, StreamEncoder
from chargen.errors import CorpusError


@given(st.lists(st.text(), min_size=1), st.integers(0, 100))
def test_chunks_become_what_the_whole_text_says(chunks: list[str], capacity: int) -> None:
    text = "".join(chunks)
    encoder = StreamEncoder(capacity)
    for chunk in chunks:
        encoder.add(chunk)
    if not text:
        with pytest.raises(CorpusError):
            encoder.finish()
        return
    ids, vocabulary, counts, sha256 = encoder.finish()
    assert vocabulary.characters == tuple(sorted(set(text)))
    assert vocabulary.decode(ids) == text
    assert counts.tolist() == [text.count(character) for character in vocabulary.characters]
    assert sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(("symbols", "expected"), [(256, np.uint8), (257, np.uint16), (65_537, np.uint32)])
def test_the_number_type_grows_with_the_symbols(symbols: int, expected: type) -> None:
    alphabet = [chr(0x10000 + number) for number in range(symbols)]
    text = "".join(reversed(alphabet))
    encoder = StreamEncoder()
    for start in range(0, symbols, 100):
        encoder.add(text[start : start + 100])
    ids, vocabulary, _, _ = encoder.finish()
    assert ids.dtype == expected
    assert not ids.flags.writeable
    assert vocabulary.decode(ids) == text


def test_half_a_character_is_refused_and_leaves_nothing() -> None:
    encoder = StreamEncoder()
    encoder.add("whole")
    with pytest.raises(LoneSurrogateError):
        encoder.add("half \ud83d")
    ids, vocabulary, _, _ = encoder.finish()
    assert vocabulary.decode(ids) == "whole"
