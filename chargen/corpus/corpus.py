"""A corpus: encoded text, its split, and where it came from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.cleaning import LINE_ENDINGS, Cleaner, CleaningStep, NewlineChoice
from chargen.corpus.encoder import LoneSurrogateError, StreamEncoder
from chargen.corpus.readers.encoding import EncodingGuess, named_encoding
from chargen.corpus.readers.folder import FoundFile, find_files
from chargen.corpus.readers.plain import STANDARD_INPUT, open_plain
from chargen.corpus.vocabulary import CHUNK, Ids, Vocabulary, display_name
from chargen.errors import CorpusError
from chargen.settings import option

MINIMUM_CHARACTERS = 200
_NAMED_AT_MOST = 3

Check = Callable[[], None]
Report = Callable[[float], None]


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


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as ids, ready to learn from. N characters, V symbols.

    Attributes:
        name: what to call it.
        ids: [N] uint8, uint16 or uint32, read-only.
        vocabulary: the V distinct characters in the order of their code points.
        counts: [V] int64, how often each occurs.
        validation_share: 0 to 0.5, the last part of the text, kept aside.
        sources: the pieces in order.
        sha256: of the cleaned text in UTF-8, hexadecimal.
        notices: sentences that the user should see.

    Raises:
        CorpusError: fewer than 200 characters, or a single distinct one.
        SettingError: the validation share is out of its range.
    """

    name: str
    ids: Ids
    vocabulary: Vocabulary
    counts: NDArray[np.int64]
    validation_share: float
    sources: tuple[Source, ...]
    sha256: str
    notices: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        option("validation").check(self.validation_share)
        if len(self.ids) < MINIMUM_CHARACTERS:
            raise CorpusError(
                f"“{self.name}” has {len(self.ids):,} characters; learning needs at least {MINIMUM_CHARACTERS}."
            )
        if len(self.vocabulary) < 2:
            only = display_name(self.vocabulary.characters[0])
            raise CorpusError(f"“{self.name}” consists of one character only ({only}); there is nothing to learn.")

    @property
    def characters(self) -> int:
        """N."""
        return len(self.ids)

    @property
    def _split(self) -> int:
        return int(len(self.ids) * (1 - self.validation_share))

    @property
    def training(self) -> Ids:
        """The first part of the text: a view of ``ids``."""
        return self.ids[: self._split]

    @property
    def validation(self) -> Ids:
        """The last part of the text, never learned from: a view of ``ids``."""
        return self.ids[self._split :]

    def text(self, start: int = 0, stop: int | None = None) -> str:
        """The characters ``start`` to ``stop``, as in a slice."""
        return self.vocabulary.decode(self.ids[start:stop])

    def summary_json(self) -> dict[str, Any]:
        """What a model file tells about its text: no path, no excerpt."""
        return {"sha256": self.sha256, "characters": self.characters, "symbols": len(self.vocabulary)}


class CorpusBuilder:
    """Puts a corpus together, piece by piece, in bounded memory.

    Pieces are joined as they are, with one newline between two where the first does not end a line.

    Args:
        capacity: bytes to expect in all; more are accepted.
        newlines: ``normalise`` turns every line ending into one kind, ``keep`` leaves them.
        check: called between chunks; whatever it raises ends the reading.
        report: called with the share done, 0 to 1.
    """

    def __init__(
        self, capacity: int = 0, *, newlines: NewlineChoice = "normalise",
        check: Check = lambda: None, report: Report | None = None,
    ) -> None:
        self._encoder = StreamEncoder(capacity)
        self._newlines = newlines
        self._check = check
        self._report = report
        self._expected, self._passed = 2 * max(capacity, 1), 0  # each byte passes twice: surveyed, then read
        self._sources: list[Source] = []
        self._notices: list[str] = []

    def add_files(self, files: Iterable[FoundFile], *, encoding: str | None = None, as_text: bool = False) -> None:
        """Append text files. One that was found in a folder and is no text after all is left out, with a notice.

        Raises:
            CorpusError: a file cannot be read, or none of them is a text.
        """
        left_out: list[CorpusError] = []
        added = 0
        for file in files:
            before = self._encoder.characters
            try:
                self._add_file(file.path, encoding, as_text)
                added += 1
            except CorpusError as error:
                if not file.in_folder or self._encoder.characters > before:
                    raise
                left_out.append(error)
        if left_out and not added:
            raise left_out[0]
        for reason in left_out[:_NAMED_AT_MOST]:
            self.note(f"Left out: {reason}")
        if len(left_out) > _NAMED_AT_MOST:
            self.note(f"Left out: {len(left_out) - _NAMED_AT_MOST:,} more files, for reasons of this kind.")

    def _add_file(self, path: Path, encoding: str | None, as_text: bool) -> None:
        with open_plain(
            path, encoding=encoding, as_text=as_text, check=self._check, progress=self._progress
        ) as text:
            steps = self._add(text.chunks(), str(path))
        if text.replaced:
            places = "place was" if text.replaced == 1 else "places were"
            sentence = f"{text.replaced:,} undecodable {places} replaced by the sign U+FFFD."
            steps = (CleaningStep("undecodable", text.replaced, sentence), *steps)
            self.note(f"In “{path}”, {sentence}")
        if text.guess.confidence == "a guess":
            self.note(f"“{path}” was read as {text.guess.name}, {text.guess.how}; --encoding names another.")
        self._sources.append(Source(str(path), text.guess, text.size, steps))

    def add_text(self, chunks: Iterable[str], name: str) -> None:
        """Append text that is in memory, or made chunk by chunk. Raises CorpusError."""
        sizes: list[int] = []

        def measured() -> Iterable[str]:
            for chunk in chunks:
                self._check()
                sizes.append(len(chunk.encode("utf-8", "surrogatepass")))
                yield chunk

        steps = self._add(measured(), name)
        self._sources.append(Source(name, None, sum(sizes), steps))

    def _add(self, chunks: Iterable[str], what: str) -> tuple[CleaningStep, ...]:
        cleaner = Cleaner.chosen(newlines=self._newlines)
        separator = "\n" if self._encoder.characters and self._encoder.last not in LINE_ENDINGS else ""
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
        return cleaner.steps()

    def note(self, sentence: str) -> None:
        """Add a sentence for the user."""
        self._notices.append(sentence)

    def _progress(self, count: int) -> None:
        self._passed += count
        if self._report is not None:
            self._report(min(1.0, self._passed / self._expected))

    def finish(self, name: str, validation: float) -> Corpus:
        """The corpus. Raises CorpusError where there is too little to learn from."""
        if not self._encoder.characters:
            raise CorpusError(f"“{name}” is empty.")
        ids, vocabulary, counts, sha256 = self._encoder.finish()
        return Corpus(
            name, ids, vocabulary, counts, validation, tuple(self._sources), sha256, tuple(self._notices)
        )


def read_corpus(
    paths: Sequence[Path], *, encoding: str | None = None, as_text: bool = False,
    newlines: NewlineChoice = "normalise", validation: float = 0.1, name: str | None = None,
    check: Check = lambda: None, report: Report | None = None,
) -> Corpus:
    """Read text files and folders of them, in the given order; ``-`` is standard input.

    Args:
        paths: one or more. Of a folder, all text files are read, in natural order.
        encoding: the user's choice for all files; None guesses each.
        as_text: accept binary files and undecodable bytes.
        newlines: ``normalise`` or ``keep``.
        validation: the last share of the text that is kept aside, 0 to 0.5.
        name: what to call the corpus; by default after the file or folder.
        check: called between chunks; whatever it raises ends the reading.
        report: called with the share done, 0 to 1.

    Raises:
        CorpusError: a file cannot be read or is no text, or there is too little to learn from.
        SettingError: the validation share is out of its range.
    """
    option("validation").check(validation)
    if not paths:
        raise CorpusError("No text was given.")
    if encoding is not None:
        named_encoding(encoding)  # refused once, before any file is opened
    files = find_files(paths, check)
    builder = CorpusBuilder(sum(file.size for file in files), newlines=newlines, check=check, report=report)
    builder.add_files(files, encoding=encoding, as_text=as_text)
    return builder.finish(name or _name_of(paths), validation)


def corpus_from_text(
    text: str, name: str, *, newlines: NewlineChoice = "normalise", validation: float = 0.1
) -> Corpus:
    """A corpus of a text in memory. Raises as :func:`read_corpus` does."""
    option("validation").check(validation)
    builder = CorpusBuilder(len(text), newlines=newlines)
    builder.add_text((text[start : start + CHUNK] for start in range(0, len(text), CHUNK)), name)
    return builder.finish(name, validation)


def _name_of(paths: Sequence[Path]) -> str:
    if len(paths) > 1:
        return f"{len(paths):,} texts"
    if str(paths[0]) == STANDARD_INPUT:
        return "standard input"
    return paths[0].stem or paths[0].resolve().name or str(paths[0])
