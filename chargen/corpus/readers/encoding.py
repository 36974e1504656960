"""Encodings: their names, and the guesses that a file's first bytes allow."""

import codecs
import unicodedata
from dataclasses import dataclass, replace

from chargen.errors import CorpusError

SAMPLE_BYTES = 1 << 16

_MARKS = (  # longest first: the UTF-32 mark begins with the UTF-16 one
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs of Python that are no encodings of text files (or take forever on a long one).
_NOT_FOR_FILES = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}
_PLAUSIBLE_SHARE = 0.97


@dataclass(frozen=True)
class EncodingGuess:
    """The encoding of a text and how it was found.

    Attributes:
        name: Python's name of the codec.
        how: what it rests on, in words.
        confidence: ``certain``, ``very likely`` or ``a guess``.
    """

    name: str
    how: str
    confidence: str


UTF8 = EncodingGuess("utf-8", "every byte of it is valid UTF-8", "very likely")


def named_encoding(name: str) -> EncodingGuess:
    """The encoding that the user names. Raises CorpusError when there is none of that name."""
    try:
        info = codecs.lookup(name)
        known = info._is_text_encoding and info.name not in _NOT_FOR_FILES
        known = known and info.incrementaldecoder is not None
    except (LookupError, ValueError):
        known = False
    if not known:
        raise CorpusError(
            f"“{name}” is not the name of a text encoding; common ones are utf-8, utf-16 and cp1252."
        )
    return EncodingGuess(info.name, "chosen by you", "certain")


def settle_byte_order(chosen: EncodingGuess, sample: bytes) -> EncodingGuess:
    """``utf-16`` and ``utf-32`` leave the order of bytes open: by the beginning, or else the usual one."""
    if chosen.name not in {"utf-16", "utf-32"}:
        return chosen
    guess = guess_by_beginning(sample)
    same = guess is not None and guess.name.startswith(chosen.name)
    return replace(chosen, name=guess.name if guess and same else f"{chosen.name}-le")


def is_wide(name: str) -> bool:
    """Whether zero bytes are a normal part of this encoding."""
    return name.startswith(("utf-16", "utf-32"))


def guess_by_beginning(sample: bytes) -> EncodingGuess | None:
    """By a byte-order mark, or as UTF-16 by its zero bytes; None where neither speaks."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return EncodingGuess(name, "by its byte-order mark", "certain")
    return _utf16_without_mark(sample)


def _utf16_without_mark(sample: bytes) -> EncodingGuess | None:
    """UTF-16 whose blanks and newlines show as zero bytes, which no text of eight bits holds.

    Both byte orders are tried. One is believed when nearly all of its characters are such as texts
    are made of, and blanks or newlines are among them.
    """
    if 0 not in sample:
        return None
    for name in ("utf-16-le", "utf-16-be"):
        try:
            # The sample may end within a character: an incremental decoder waits for the rest.
            text = codecs.getincrementaldecoder(name)().decode(sample)
        except UnicodeDecodeError:
            continue
        plausible = sum(map(_plausible, text))
        if (" " in text or "\n" in text) and plausible >= _PLAUSIBLE_SHARE * len(text):
            return EncodingGuess(name, "by its zero bytes, without a byte-order mark", "very likely")
    return None


def _plausible(character: str) -> bool:
    return character in "\n\r\t" or unicodedata.category(character) not in {"Cc", "Cn", "Co", "Cs"}


def guess_by_statistics(sample: bytes) -> EncodingGuess | None:
    """By what languages look like in old encodings; None where nothing fits."""
    from charset_normalizer import from_bytes  # a slow import that most texts never need

    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        return None
    # Detectors mix up the code pages of Europe. Where the western one fits as well, it is by far the likeliest.
    western = "cp1252" in best.could_be_from_charset or any(
        match.encoding == "cp1252" and match.chaos <= best.chaos and match.coherence >= best.coherence
        for match in matches
    )
    name = "cp1252" if western else best.encoding
    return EncodingGuess(codecs.lookup(name).name, "by the statistics of its characters", "a guess")
