"""Puts a text together from files and other pieces, in bounded memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.cleaning import LINE_ENDINGS, MARKED_CHARACTERS, Cleaner, CleaningStep, NewlineChoice
from chargen.corpus.encoder import LoneSurrogateError, StreamEncoder
from chargen.corpus.readers.encoding import EncodingGuess
from chargen.corpus.readers.files import Found, FoundFile
from chargen.corpus.readers.plain import open_plain
from chargen.corpus.vocabulary import Ids, Vocabulary
from chargen.errors import CorpusError

Check = Callable[[], None]
Report = Callable[[float], None]

_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class Source:
    """One file, or one other piece, of a corpus.

    Attributes:
        path: of the file, ``-`` for standard input, or the name of a catalog entry.
        encoding: how its bytes were read; None for text that never was bytes.
        bytes: its size before decoding (of text: its size in UTF-8).
        cleaning: what was changed in it.
    """

    path: str
    encoding: EncodingGuess | None
    bytes: int
    cleaning: tuple[CleaningStep, ...] = ()


@dataclass(frozen=True)
class EncodedText:
    """What a builder made: see :class:`chargen.corpus.corpus.Corpus` for the fields."""

    ids: Ids
    vocabulary: Vocabulary
    counts: NDArray[np.int64]
    sha256: str
    sources: tuple[Source, ...]
    notices: tuple[str, ...]
    changed_endings: tuple[int, ...] = ()


class TextBuilder:
    """Puts a corpus together, piece by piece, in bounded memory.

    Pieces are joined as they are, with one newline between two where the first does not end a line.

    Args:
        capacity: bytes to expect in all; more are accepted.
        newlines: ``normalise`` turns every line ending into one kind, ``keep`` leaves them.
        check: called between chunks; whatever it raises ends the reading.
        report: called with the share done, 0 to 1.
    """

    def __init__(
        self,
        capacity: int = 0,
        *,
        newlines: NewlineChoice = "normalise",
        check: Check = lambda: None,
        report: Report | None = None,
    ) -> None:
        self._encoder = StreamEncoder(capacity)
        self._newlines = newlines
        self._check = check
        self._report = report
        self._expected, self._passed = 2 * max(capacity, 1), 0  # each byte passes twice: surveyed, then read
        self._sources: list[Source] = []
        self._notices: list[str] = []
        self._changed_endings: list[int] = []

    def add_files(self, found: Found, *, encoding: str | None = None, as_text: bool = False) -> None:
        """Append text files. One that was found in a folder and is no text after all is left out, with a notice.

        Raises:
            CorpusError: a file cannot be read, or none of them is a text.
        """
        left_out: list[CorpusError] = []
        added = 0
        for file in found.files:
            before = self._encoder.characters
            try:
                self.add_file(file, encoding=encoding, as_text=as_text)
                added += 1
            except CorpusError as error:
                if not file.in_folder or self._encoder.characters > before:
                    raise
                left_out.append(error)
        if left_out and not added:
            raise left_out[0]
        self._notices += found.notices
        for reason in left_out[:_NAMED_AT_MOST]:
            self.note(f"Left out: {reason}")
        if len(left_out) > _NAMED_AT_MOST:
            self.note(f"Left out: {len(left_out) - _NAMED_AT_MOST:,} more files, for reasons of this kind.")

    def add_file(
        self, file: FoundFile, *, encoding: str | None = None, as_text: bool = False, name: str | None = None
    ) -> None:
        """Append one text file; ``name`` stands for it in the sources instead of its path. Raises CorpusError."""
        with open_plain(
            file.path, encoding=encoding, as_text=as_text, check=self._check, progress=self._progress
        ) as text:
            steps = self._add(text.chunks(), str(file.path))
        if text.replaced:
            places = "place was" if text.replaced == 1 else "places were"
            sentence = f"{text.replaced:,} undecodable {places} replaced by the sign U+FFFD."
            steps = (CleaningStep("undecodable", text.replaced, sentence), *steps)
            self.note(f"In “{file.path}”, {sentence}")
        if text.guess.confidence == "a guess":
            self.note(f"“{file.path}” was read as {text.guess.name}, {text.guess.how}; --encoding names another.")
        self._sources.append(Source(name or str(file.path), text.guess, text.size, steps))

    def add_text(self, chunks: Iterable[str], name: str) -> None:
        """Append text that is in memory, or made chunk by chunk. Raises CorpusError."""
        sizes: list[int] = []

        def measured() -> Iterable[str]:
            for chunk in chunks:
                self._check()
                sizes.append(len(chunk.encode("utf-8", "surrogatepass")))
                yield chunk
                self._progress(2 * sizes[-1])  # it passes once, where a file passes twice

        steps = self._add(measured(), name)
        self._sources.append(Source(name, None, sum(sizes), steps))

    def _add(self, chunks: Iterable[str], what: str) -> tuple[CleaningStep, ...]:
        cleaner = Cleaner.chosen(newlines=self._newlines)
        separator = "\n" if self._encoder.characters and self._encoder.last not in LINE_ENDINGS else ""
        begins = self._encoder.characters + len(separator)
        try:
            for chunk in chunks:
                cleaned = cleaner.feed(chunk)
                if cleaned and separator:
                    self._encoder.add(separator)
                    separator = ""
                self._encoder.add(cleaned)
            self._encoder.add(separator + rest if (rest := cleaner.feed("", final=True)) else "")
        except LoneSurrogateError as error:
            raise CorpusError(f"“{what}” holds half a character (a lone surrogate).") from error
        places = (begins + place for place in cleaner.changed_endings())
        self._changed_endings += [place for place in places if place < MARKED_CHARACTERS]
        return cleaner.steps()

    def note(self, sentence: str) -> None:
        """Add a sentence for the user."""
        self._notices.append(sentence)

    def _progress(self, count: int) -> None:
        self._passed += count
        if self._report is not None:
            self._report(min(1.0, self._passed / self._expected))

    def finish(self, name: str) -> EncodedText:
        """The whole text, encoded. Raises CorpusError where it is empty; ``name`` is what to call it then."""
        if not self._encoder.characters:
            raise CorpusError(f"“{name}” is empty.")
        ids, vocabulary, counts, sha256 = self._encoder.finish()
        sources, notices = tuple(self._sources), tuple(self._notices)
        return EncodedText(ids, vocabulary, counts, sha256, sources, notices, tuple(self._changed_endings))
