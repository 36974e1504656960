"""Texts named on the command line, read for a model that knows its own characters."""

from pathlib import Path
from typing import TYPE_CHECKING

from chargen.errors import CorpusError, UnknownCharacterError

if TYPE_CHECKING:
    from chargen.corpus.builder import EncodedText
    from chargen.corpus.corpus import Corpus
    from chargen.corpus.vocabulary import Ids, Unknown


def read_text(
    name: str, *, encoding: str | None = None, as_text: bool = False, newlines: str = "normalise"
) -> "EncodedText | Corpus":
    """Read a file, a folder, ``-`` or a text of the catalog, without asking that it be long enough to learn from.

    Raises:
        CorpusError: it cannot be read, or is empty.
    """
    from chargen.corpus.builder import TextBuilder
    from chargen.corpus.catalog import entries, load_entry
    from chargen.corpus.readers.encoding import named_encoding
    from chargen.corpus.readers.files import find_files

    if encoding is not None:
        named_encoding(encoding)
    if name != "-" and _is_absent(name) and name in [entry.name for entry in entries()]:
        return load_entry(name)
    found = find_files([Path(name)])
    builder = TextBuilder(found.size, newlines="keep" if newlines == "keep" else "normalise")
    builder.add_files(found, encoding=encoding, as_text=as_text)
    return builder.finish("standard input" if name == "-" else name)


def _is_absent(name: str) -> bool:
    try:
        return not Path(name).exists()
    except (OSError, ValueError):  # reading it says what is wrong
        return False


def ids_for(
    text: "EncodedText | Corpus", vocabulary: tuple[str, ...], unknown: "Unknown"
) -> tuple["Ids", tuple[str, ...]]:
    """The text in the ids of ``vocabulary``, piece by piece, and the characters that it does not know.

    Raises:
        UnknownCharacterError: there are some and ``unknown`` is ``refuse``.
    """
    import numpy as np

    from chargen.corpus.vocabulary import CHUNK, Vocabulary

    theirs = Vocabulary(vocabulary)
    try:
        theirs.encode("".join(text.vocabulary.characters), unknown)
    except UnknownCharacterError as error:
        raise with_flag(error) from None
    pieces = [
        theirs.encode(text.vocabulary.decode(text.ids[start : start + CHUNK]), unknown)
        for start in range(0, len(text.ids), CHUNK)
    ]
    foreign = tuple(character for character in text.vocabulary.characters if character not in theirs)
    ids: Ids = np.concatenate(pieces)
    if not len(ids):
        raise CorpusError("The model knows no character of this text.")
    return ids, foreign


def with_flag(error: UnknownCharacterError) -> UnknownCharacterError:
    """The same error, naming the flag that helps."""
    sentence = str(error).rsplit("; ", 1)[0]
    return UnknownCharacterError(f"{sentence}; add --unknown drop or --unknown replace.", error.characters)
