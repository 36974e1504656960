"""Characters <-> ids. A character is a Unicode code point; its id is its place in the vocabulary."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.substitutes import substitute
from chargen.errors import CorpusError, UnknownCharacterError

Ids = NDArray[np.unsignedinteger[Any]]
"""uint8, uint16 or uint32: the smallest that fits the vocabulary."""
Unknown = Literal["refuse", "drop", "replace"]

CHUNK = 1 << 20
"""Characters handled at once: what a long text costs beside its ids stays a small constant."""

_MISSING = -1
_NAMED_AT_MOST = 5

_SHORT_NAMES = {
    " ": "space", "\n": "newline", "\t": "tab", "\r": "carriage return", "\0": "zero character",
    "\u00a0": "no-break space", "\ufeff": "byte-order mark",
}


def id_type(size: int) -> type[np.uint8] | type[np.uint16] | type[np.uint32]:
    """The smallest number type for the ids of ``size`` characters."""
    if size <= 1 << 8:
        return np.uint8
    return np.uint16 if size <= 1 << 16 else np.uint32


def code_points(text: str) -> NDArray[np.uint32]:
    """The code points of ``text`` [N]; half characters (lone surrogates) stand for themselves."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def display_name(character: str) -> str:
    """What to call a character in a grid or a message: itself where it can be seen, else words.

    ``a`` → ``a``, a blank → ``space``, U+200B → ``U+200B zero width space``.
    """
    if character in _SHORT_NAMES:
        return _SHORT_NAMES[character]
    category = unicodedata.category(character)
    if character.isprintable() and category[0] not in "MZ":
        return character
    code = f"U+{ord(character):04X}"
    if category == "Cs":
        return f"{code} half a character"
    name = "control character" if category == "Cc" else unicodedata.name(character, "").lower()
    return f"{code} {name}".rstrip()


def list_characters(characters: Iterable[str]) -> str:
    """Characters named for a sentence, the first few of them: ``“é”, newline and 3 more``."""
    everything = tuple(characters)
    words = [
        f"“{name}”" if len(name) == 1 else name for name in map(display_name, everything[:_NAMED_AT_MOST])
    ]
    if len(everything) > _NAMED_AT_MOST:
        return f"{', '.join(words)} and {len(everything) - _NAMED_AT_MOST:,} more"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


@dataclass(frozen=True)
class Vocabulary:
    """The characters a model or a corpus knows.

    Attributes:
        characters: V distinct code points; the place of each is its id.

    Raises:
        CorpusError: none, or not single characters, or one of them twice.
    """

    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.characters:
            raise CorpusError("A vocabulary needs at least one character.")
        if any(len(character) != 1 for character in self.characters):
            raise CorpusError("A vocabulary consists of single characters.")
        if len(set(self.characters)) != len(self.characters):
            raise CorpusError("A vocabulary holds each character once.")

    @classmethod
    def of_text(cls, text: str) -> "Vocabulary":
        """The distinct characters of ``text``, in the order of their code points."""
        return cls(tuple(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._ids

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {character: index for index, character in enumerate(self.characters)}

    @cached_property
    def _code_points(self) -> NDArray[np.uint32]:
        return code_points("".join(self.characters))

    @cached_property
    def _table(self) -> NDArray[np.int32]:
        """Code point → id, up to the largest one known; the last cell stands for all beyond it."""
        table = np.full(int(self._code_points.max()) + 2, _MISSING, np.int32)
        table[self._code_points] = np.arange(len(self), dtype=np.int32)
        return table

    def encode(self, text: str, unknown: Unknown = "refuse") -> Ids:
        """The ids [N] of ``text``, in the smallest number type that fits V.

        Args:
            text: any string.
            unknown: what to do with characters that are not in the vocabulary. ``refuse`` raises,
                ``drop`` leaves them out, ``replace`` puts the most similar known character in the
                place of each (see :mod:`chargen.corpus.substitutes`), so that N stays ``len(text)``.

        Raises:
            UnknownCharacterError: there are unknown characters and ``unknown`` is ``refuse``.
        """
        result = np.empty(len(text), id_type(len(self)))
        filled = 0
        foreign: dict[str, None] = {}
        for start in range(0, len(text), CHUNK):
            points = code_points(text[start : start + CHUNK])
            ids = self._table[np.minimum(points, len(self._table) - 1)]
            missing = ids == _MISSING
            if missing.any():
                if unknown == "refuse":
                    foreign.update(dict.fromkeys(_in_order_of_appearance(points[missing])))
                    continue
                if unknown == "drop":
                    ids = ids[~missing]
                else:
                    ids[missing] = self._substitutes(points[missing])
            result[filled : filled + len(ids)] = ids
            filled += len(ids)
        if foreign:
            raise _unknown(tuple(foreign))
        return result[:filled]

    def _substitutes(self, points: NDArray[np.uint32]) -> NDArray[np.int32]:
        """For unknown code points [M], the ids [M] of known characters in their place."""
        distinct, where = np.unique(points, return_inverse=True)
        ids = [self._ids[substitute(chr(point), self._ids)] for point in distinct.tolist()]
        return np.array(ids, np.int32)[where]

    def decode(self, ids: Any) -> str:
        """The text of ids (array or sequence of whole numbers). Raises ValueError for one out of range."""
        numbers = np.asarray(ids).reshape(-1)
        if not len(numbers):
            return ""
        if numbers.dtype.kind not in "iu" or int(numbers.min()) < 0 or int(numbers.max()) >= len(self):
            raise ValueError(f"ids must be whole numbers from 0 to {len(self) - 1}")
        return "".join(
            self._code_points[numbers[start : start + CHUNK]].tobytes().decode("utf-32-le", "surrogatepass")
            for start in range(0, len(numbers), CHUNK)
        )


def _in_order_of_appearance(points: NDArray[np.uint32]) -> list[str]:
    distinct, first = np.unique(points, return_index=True)
    return [chr(point) for point in distinct[np.argsort(first)].tolist()]


def _unknown(characters: tuple[str, ...]) -> UnknownCharacterError:
    many = len(characters) > 1
    what = f"{len(characters):,} characters" if many else "a character"
    them = "them" if many else "it"
    return UnknownCharacterError(
        f"The text holds {what} that the model does not know: {list_characters(characters)}; "
        f"drop {them}, or replace {them} by known ones.",
        characters,
    )
