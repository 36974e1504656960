"""A corpus: encoded text, its split, and where it came from."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.corpus import container
from chargen.corpus.builder import Check, Report, Source, TextBuilder
from chargen.corpus.cleaning import CleaningStep, NewlineChoice
from chargen.corpus.readers.encoding import EncodingGuess, named_encoding
from chargen.corpus.readers.files import find_files
from chargen.corpus.readers.plain import STANDARD_INPUT
from chargen.corpus.vocabulary import CHUNK, Ids, Vocabulary, display_name, id_type
from chargen.errors import ChargenError, CorpusError
from chargen.files import describe_os_error, read_capped, write_atomic
from chargen.settings import option

MINIMUM_CHARACTERS = 200


_ENTROPY_CHARACTERS = 70_000


def _entropy(codes: NDArray[np.int64]) -> float:
    counts = np.unique(codes, return_counts=True)[1]
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as ids, ready to learn from. N characters, V symbols.

    Attributes:
        name: what to call it.
        ids: [N] uint8, uint16 or uint32, read-only.
        vocabulary: V distinct characters; as read, those of the text in the order of their code points.
        counts: [V] int64, how often each occurs.
        validation_share: 0 to 0.5, the last part of the text, kept aside.
        sources: the pieces in order.
        sha256: of the cleaned text in UTF-8, hexadecimal.
        notices: sentences that the user should see.
        changed_endings: where the first of the line endings that were changed stand, to be shown; of a text that was
            just read only.

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
    changed_endings: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        option("validation").check(self.validation_share)
        if self.characters < MINIMUM_CHARACTERS:
            raise CorpusError(
                f"“{self.name}” has {self.characters:,} characters; learning needs at least {MINIMUM_CHARACTERS}."
            )
        if self.symbols < 2:
            only = display_name(self.text(0, 1))
            raise CorpusError(f"“{self.name}” consists of one character only ({only}); there is nothing to learn.")

    @classmethod
    def of(cls, builder: TextBuilder, name: str, validation: float) -> "Corpus":
        """The corpus of what a builder has collected."""
        text = builder.finish(name)
        return cls(
            name, text.ids, text.vocabulary, text.counts, validation, text.sources, text.sha256, text.notices,
            text.changed_endings,
        )  # fmt: skip

    @property
    def characters(self) -> int:
        """N."""
        return len(self.ids)

    @property
    def symbols(self) -> int:
        """How many distinct characters occur; V, unless the vocabulary was extended."""
        return int(np.count_nonzero(self.counts))

    @property
    def entropy(self) -> float:
        """Of a character given the two before it, in nats, among the first 70,000: how hard the text is to foretell.

        From counts alone: −Σ p(abc) log p(abc) + Σ p(ab) log p(ab). Always of the same number of characters, because
        more of them would give more. Some hundredths of a second.
        """
        ids = self.ids[:_ENTROPY_CHARACTERS].astype(np.int64)
        pairs = ids[:-2] * len(self.vocabulary) + ids[1:-1]
        return _entropy(pairs * len(self.vocabulary) + ids[2:]) - _entropy(pairs)

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
        return {"sha256": self.sha256, "characters": self.characters, "symbols": self.symbols}

    def with_vocabulary(self, characters: tuple[str, ...]) -> "Corpus":
        """The same text in the ids of another vocabulary, which may know more characters.

        Raises:
            UnknownCharacterError: a character of the text is not among ``characters``.
        """
        if characters == self.vocabulary.characters:
            return self
        vocabulary = Vocabulary(characters)
        present = np.flatnonzero(self.counts)
        place = vocabulary.encode(self.vocabulary.decode(present))
        new_id = np.zeros(len(self.vocabulary), id_type(len(vocabulary)))
        new_id[present] = place
        ids = np.empty(self.characters, new_id.dtype)
        for start in range(0, self.characters, CHUNK):
            ids[start : start + CHUNK] = new_id[self.ids[start : start + CHUNK]]
        counts = np.zeros(len(vocabulary), np.int64)
        counts[place] = self.counts[present]
        ids.flags.writeable = counts.flags.writeable = False
        return replace(self, ids=ids, vocabulary=vocabulary, counts=counts)


def read_corpus(
    paths: Sequence[Path],
    *,
    encoding: str | None = None,
    as_text: bool = False,
    newlines: NewlineChoice = "normalise",
    validation: float = 0.1,
    name: str | None = None,
    check: Check = lambda: None,
    report: Report | None = None,
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
    found = find_files(paths, check)
    builder = TextBuilder(found.size, newlines=newlines, check=check, report=report)
    builder.add_files(found, encoding=encoding, as_text=as_text)
    return Corpus.of(builder, name or name_of(paths), validation)


def corpus_from_text(text: str, name: str, *, newlines: NewlineChoice = "normalise", validation: float = 0.1) -> Corpus:
    """A corpus of a text in memory. Raises as :func:`read_corpus` does."""
    option("validation").check(validation)
    builder = TextBuilder(len(text), newlines=newlines)
    builder.add_text((text[start : start + CHUNK] for start in range(0, len(text), CHUNK)), name)
    return Corpus.of(builder, name, validation)


def name_of(paths: Sequence[Path]) -> str:
    """What to call a corpus of these files and folders."""
    if len(paths) > 1:
        return f"{len(paths):,} texts"
    if str(paths[0]) == STANDARD_INPUT:
        return "standard input"
    return paths[0].stem or paths[0].resolve().name or str(paths[0])


# -- the encoded corpus in a run folder ---------------------------------------------------------------


def save_encoded(path: Path, corpus: Corpus) -> None:
    """Write the corpus as one safetensors file that :func:`load_encoded` reads back exactly. Raises FileError."""
    write_atomic(path, encode(corpus))


def encode(corpus: Corpus) -> tuple[bytes, memoryview]:
    """The content of that file, in two pieces."""
    description = {
        "name": corpus.name,
        "vocabulary": list(corpus.vocabulary.characters),
        "sha256": corpus.sha256,
        "validation_share": corpus.validation_share,
        "notices": list(corpus.notices),
        "sources": [asdict(source) for source in corpus.sources],
    }
    return container.pack(corpus.ids, description)


def load_encoded(path: Path) -> Corpus:
    """Read what :func:`save_encoded` wrote. The text is checked against its hash.

    Raises:
        FileError: it cannot be read.
        CorpusError: it is damaged, of another kind, or of a newer version.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise CorpusError(describe_os_error("read", path, error)) from error
    return decode(read_capped(path, size), str(path))


def decode(data: bytes, what: str) -> Corpus:
    """The corpus of such a file's content; ``what`` names it. Raises CorpusError, as :func:`load_encoded` does."""
    ids, description = container.unpack(data, what)
    try:
        vocabulary = Vocabulary(tuple(description["vocabulary"]))
        counts, sha256 = _counts_and_hash(ids, vocabulary)
        if sha256 != description["sha256"] or ids.dtype != id_type(len(vocabulary)):
            raise ValueError("the text differs from its hash")
        return Corpus(
            str(description["name"]),
            ids,
            vocabulary,
            counts,
            float(description["validation_share"]),
            tuple(_source(entry) for entry in description["sources"]),
            sha256,
            tuple(str(notice) for notice in description["notices"]),
        )
    except (ChargenError, KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"The encoded text “{what}” is damaged; start a new run from the text itself.") from error


def _counts_and_hash(ids: Ids, vocabulary: Vocabulary) -> tuple[NDArray[np.int64], str]:
    """Counts [V] and the SHA-256 of the text. Raises ValueError for an id outside of the vocabulary."""
    counts = np.zeros(len(vocabulary), np.int64)
    digest = hashlib.sha256()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        digest.update(vocabulary.decode(chunk).encode("utf-8", "surrogatepass"))
        counts += np.bincount(chunk, minlength=len(vocabulary))
    counts.flags.writeable = False
    return counts, digest.hexdigest()


def _source(entry: dict[str, Any]) -> Source:
    encoding = None if entry["encoding"] is None else EncodingGuess(**entry["encoding"])
    return Source(entry["path"], encoding, entry["bytes"], tuple(CleaningStep(**step) for step in entry["cleaning"]))
