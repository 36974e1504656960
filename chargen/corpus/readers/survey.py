"""A first pass over a file: find its encoding and prove that all of it can be read.

The whole file is decoded once for this and nothing is kept. A text that passes is known to be
readable to its end; one that does not is refused before anything was learned from it.
"""

import codecs
from collections.abc import Callable
from typing import BinaryIO

from chargen.corpus.readers.binary import MOST_CONTROL_BYTES, control_bytes, looks_like
from chargen.corpus.readers.encoding import (
    SAMPLE_BYTES,
    UTF8,
    EncodingGuess,
    guess_by_beginning,
    guess_by_statistics,
    is_wide,
    named_encoding,
    settle_byte_order,
)
from chargen.errors import CorpusError

CHUNK_BYTES = 1 << 20


class _UndecodableError(Exception):
    """Strict decoding failed.

    Attributes:
        offset: the first bad byte of the file. data: up to four bytes from there. reason: the codec's words.
        at_end: the file ends where more bytes should follow.
    """

    def __init__(self, offset: int, data: bytes, reason: str, at_end: bool) -> None:
        super().__init__(reason)
        self.offset, self.data, self.reason, self.at_end = offset, data, reason, at_end

    @property
    def is_surrogate(self) -> bool:
        """Whether half a character stands here: UTF-16 has it in pairs only, UTF-8 never."""
        in_utf8 = len(self.data) > 1 and self.data[0] == 0xED and 0xA0 <= self.data[1] <= 0xBF
        return in_utf8 or "surrogate" in self.reason


class Survey:
    """The first pass over one open file.

    Args:
        file: seekable, in binary mode; left at its start.
        what: what to call it in messages.
        as_text: accept binary files and undecodable bytes.
        check: called between chunks; whatever it raises ends the survey.
        progress: called with the number of bytes of each chunk.
    """

    def __init__(
        self, file: BinaryIO, what: str, *, as_text: bool, check: Callable[[], None], progress: Callable[[int], None]
    ) -> None:
        self._file, self._what, self._as_text = file, what, as_text
        self._check, self._progress = check, progress

    def encoding(self, chosen: str | None = None) -> EncodingGuess:
        """The file's encoding: the ``chosen`` one, or else a guess; either way the file decodes.

        Raises:
            CorpusError: the file is empty, or the encoding unknown; or, unless ``as_text``, the file
                is binary or cannot be decoded.
        """
        named = None if chosen is None else named_encoding(chosen)
        sample = self._read(0)
        if not sample:
            raise CorpusError(f"“{self._what}” is empty.")
        kind = looks_like(sample)
        if kind and not self._as_text:
            raise self._binary(f"looks like {kind}, not text")
        known = settle_byte_order(named, sample) if named else guess_by_beginning(sample)
        try:
            return self._first_that_decodes(known)
        finally:
            self._file.seek(0)

    def _first_that_decodes(self, known: EncodingGuess | None) -> EncodingGuess:
        guess = known or UTF8
        error = self._decode_all(guess)
        if error and not (known or error.is_surrogate or self._mostly_utf8(error.offset)):
            by_statistics = guess_by_statistics(self._lines_around(error.offset))
            if by_statistics:
                guess = by_statistics
                error = self._decode_all(guess)
        if error and not self._as_text:
            raise self._refusal(guess, error)
        return guess

    def _read(self, offset: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(SAMPLE_BYTES)

    def _decode_all(self, guess: EncodingGuess) -> _UndecodableError | None:
        """The first bad byte, None if there is none. Raises CorpusError where the file turns out to be binary."""
        decoder = codecs.getincrementaldecoder(guess.name)()
        position = zeros = control = 0
        self._file.seek(0)
        data = b" "
        while data:
            self._check()
            data = self._file.read(CHUNK_BYTES)
            waiting = decoder.getstate()[0]
            try:
                decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                bad = (waiting + data)[error.start : error.start + 4]
                return _UndecodableError(position - len(waiting) + error.start, bad, error.reason, not data)
            except UnicodeError as error:  # a few codecs say no more than that
                return _UndecodableError(position, data[:1], str(error), not data)
            position += len(data)
            zeros += data.count(0)
            control += control_bytes(data)
            self._progress(len(data))
        if not is_wide(guess.name) and not self._as_text:
            if zeros:
                raise self._binary("holds zero bytes, as binary files do")
            if control > MOST_CONTROL_BYTES * position:
                raise self._binary("is full of control bytes, as binary files are")
        return None

    def _lines_around(self, offset: int) -> bytes:
        """A sample around the bad byte at ``offset``, of whole lines where there are lines."""
        start = max(0, offset - 1024)
        data = self._read(start)
        bad = offset - start
        first = data.rfind(b"\n", 0, bad) + 1 if start else 0
        last = data.rfind(b"\n") + 1
        return data[first : last if last > bad else len(data)]

    def _mostly_utf8(self, offset: int) -> bool:
        """Whether the text around a bad byte is UTF-8 with some damage, and not another encoding."""
        data = self._read(max(0, offset - SAMPLE_BYTES // 2))
        text = data.decode("utf-8", "replace")
        bad = text.count("\ufffd") - data.decode("utf-8", "ignore").count("\ufffd")
        good = sum(character > "\x7f" for character in text) - bad
        return good >= 10 * bad

    def _binary(self, why: str) -> CorpusError:
        return CorpusError(f"“{self._what}” {why}; --as-text reads it all the same.")

    def _refusal(self, guess: EncodingGuess, error: _UndecodableError) -> CorpusError:
        if error.is_surrogate:
            problem = f"holds half a character (a lone surrogate) at byte {error.offset:,}"
        elif error.at_end:
            problem = f"ends in the middle of a character of {guess.name}"
        else:
            problem = f"is not {guess.name} at byte {error.offset:,} (0x{error.data[0]:02X})"
        return CorpusError(
            f"“{self._what}” {problem}; name its encoding (--encoding) or read it all the same (--as-text)."
        )
