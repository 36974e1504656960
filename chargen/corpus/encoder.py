"""Chunks of text become ids as they arrive: one byte a character, and nothing of the text is kept.

Symbols get provisional ids in the order in which they are first met; the array is preallocated and
widened only when more than 256 (65,536) symbols have been met. At the end the ids are put in the
order of code points, chunk by chunk, in place.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.vocabulary import CHUNK, Ids, Vocabulary, code_points, id_type
from chargen.errors import CorpusError

_CODE_POINTS = 0x110000
_MISSING = -1


class LoneSurrogateError(CorpusError):
    """A text holds half a character, which no encoding can carry."""


class StreamEncoder:
    """Collects text chunk by chunk.

    Args:
        capacity: characters to expect at most (the bytes of the files); more are accepted.
    """

    def __init__(self, capacity: int = 0) -> None:
        self._ids: NDArray[Any] = np.empty(max(capacity, 1), np.uint8)
        self._table = np.full(_CODE_POINTS, _MISSING, np.int32)  # code point → provisional id
        self._symbols: list[int] = []  # provisional id → code point
        self._counts = np.zeros(256, np.int64)
        self._hash = hashlib.sha256()
        self.characters = 0
        self.last = ""

    def add(self, text: str) -> None:
        """Append ``text``. Raises LoneSurrogateError; nothing of the chunk is then kept."""
        if not text:
            return
        try:
            utf8 = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise LoneSurrogateError("The text holds half a character (a lone surrogate).") from error
        points: NDArray[Any]
        # Where UTF-8 takes one byte a character, these bytes are the code points already.
        points = np.frombuffer(utf8, np.uint8) if len(utf8) == len(text) else code_points(text)
        provisional = self._table[points]
        missing = provisional == _MISSING
        if missing.any():
            self._meet(np.unique(points[missing]))
            provisional = self._table[points]
        self._make_room(self.characters + len(text))
        self._ids[self.characters : self.characters + len(text)] = provisional
        self._counts += np.bincount(provisional, minlength=len(self._counts))
        self._hash.update(utf8)
        self.characters += len(text)
        self.last = text[-1]

    def _meet(self, points: NDArray[Any]) -> None:
        """Give provisional ids to new code points, and the arrays the width for them."""
        first = len(self._symbols)
        self._symbols += points.tolist()
        self._table[points] = np.arange(first, len(self._symbols), dtype=np.int32)
        if len(self._counts) < len(self._symbols):
            counts = np.zeros(2 * len(self._symbols), np.int64)
            counts[: len(self._counts)] = self._counts
            self._counts = counts
        wanted = id_type(len(self._symbols))
        if self._ids.dtype != wanted:
            wider = np.empty(len(self._ids), wanted)
            wider[: self.characters] = self._ids[: self.characters]
            self._ids = wider

    def _make_room(self, size: int) -> None:
        if size > len(self._ids):
            # resize moves pages instead of copying them where the system can: no second copy in memory
            self._ids.resize(max(size, len(self._ids) + len(self._ids) // 4), refcheck=False)

    def finish(self) -> tuple[Ids, Vocabulary, NDArray[np.int64], str]:
        """Ids [N] (read-only), the vocabulary in the order of code points, counts [V], the text's SHA-256.

        Raises CorpusError when nothing was added. The encoder cannot be used afterwards.
        """
        if not self.characters:
            raise CorpusError("The text is empty.")
        ids = self._ids
        ids.resize(self.characters, refcheck=False)
        points = np.array(self._symbols, np.int64)
        order = np.argsort(points)  # new id → provisional id
        new_id = np.empty(len(points), ids.dtype)
        new_id[order] = np.arange(len(points))
        for start in range(0, self.characters, CHUNK):
            ids[start : start + CHUNK] = new_id[ids[start : start + CHUNK]]
        ids.flags.writeable = False
        counts = self._counts[: len(points)][order]
        counts.flags.writeable = False
        vocabulary = Vocabulary(tuple(map(chr, points[order].tolist())))
        return ids, vocabulary, counts, self._hash.hexdigest()
