"""Texts named on the command line, read for a model that knows its own characters."""

from typing import TYPE_CHECKING

from chargen.errors import CorpusError, UnknownCharacterError

if TYPE_CHECKING:
    from chargen.corpus.builder import EncodedText
    from chargen.corpus.cleaning import NewlineChoice
    from chargen.corpus.vocabulary import Ids, Unknown


def read_text(
    name: str, *, encoding: str | None = None, as_text: bool = False, newlines: "NewlineChoice" = "normalise"
) -> "EncodedText":
    """Read a file, a folder, ``-`` or a text of the catalog, without asking that it be long enough to learn from.

    Raises:
        CorpusError: it cannot be read, or is empty.
    """
    from chargen.corpus.catalog import gather

    builder, what = gather([name], encoding=encoding, as_text=as_text, newlines=newlines)
    return builder.finish(what)


def ids_for(text: "EncodedText", vocabulary: tuple[str, ...], unknown: "Unknown") -> tuple["Ids", tuple[str, ...]]:
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
