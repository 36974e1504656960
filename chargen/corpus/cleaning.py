"""Passes over the text on its way in; each says what it did.

A pass takes the text in chunks of any size and gives the same result as if it had come in one piece.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

NewlineChoice = Literal["normalise", "keep"]

_BYTE_ORDER_MARK = "\ufeff"
# Unicode's own line and paragraph separators and NEL end a line and do nothing else. Form feed and
# vertical tab mean more than that (a page, a gap), so they stay.
_RARE_ENDINGS = ("\x85", "\u2028", "\u2029")
LINE_ENDINGS = ("\n", "\r", *_RARE_ENDINGS)


@dataclass(frozen=True)
class CleaningStep:
    """What one pass did.

    Attributes:
        name: a stable word for scripts.
        count: how many places changed.
        sentence: the same for people.
    """

    name: str
    count: int
    sentence: str


MARKED_CHARACTERS = 40_000
"""So far into a source the places of changes are remembered, to be shown; all are counted."""

_ENDINGS = re.compile("\r\n|[\r\x85\u2028\u2029]")


class Pass(Protocol):
    """One choice of cleaning, applied to one source."""

    def feed(self, text: str, *, final: bool) -> str:
        """The cleaned text of this chunk; what cannot be decided yet waits for the next, or for ``final``."""
        ...

    def step(self) -> CleaningStep | None:
        """What was done so far; None if nothing."""
        ...


class LeadingMark:
    """Takes a byte-order mark off the start: it marks the file and is no part of the text."""

    def __init__(self) -> None:
        self._started = False
        self._count = 0

    def feed(self, text: str, *, final: bool) -> str:
        if self._started or not text:
            return text
        self._started = True
        if not text.startswith(_BYTE_ORDER_MARK):
            return text
        self._count = 1
        return text[1:]

    def step(self) -> CleaningStep | None:
        if not self._count:
            return None
        return CleaningStep("byte-order-mark", 1, "The byte-order mark at the start was taken off.")


class Newlines:
    """Turns every line ending into ``\\n``: ``\\r\\n``, ``\\r``, NEL (U+0085), U+2028 and U+2029."""

    def __init__(self) -> None:
        self._waiting = ""  # a carriage return at a chunk's end: its newline may come with the next
        self._count = 0
        self._given = 0  # characters so far
        self.places: list[int] = []  # of changed line endings, in the cleaned text, as far as they are remembered

    def feed(self, text: str, *, final: bool) -> str:
        text, self._waiting = self._waiting + text, ""
        if text.endswith("\r") and not final:
            text, self._waiting = text[:-1], "\r"
        if self._given < MARKED_CHARACTERS:
            self._remember(text)
        if "\r" in text:
            pairs = text.count("\r\n")
            self._count += text.count("\r")  # each is the start of a pair, or stands alone
            if pairs:
                text = text.replace("\r\n", "\n")
            text = text.replace("\r", "\n")
        if not text.isascii():
            for ending in _RARE_ENDINGS:
                found = text.count(ending)
                if found:
                    self._count += found
                    text = text.replace(ending, "\n")
        self._given += len(text)
        return text

    def _remember(self, text: str) -> None:
        shorter = 0
        for ending in _ENDINGS.finditer(text):
            place = self._given + ending.start() - shorter
            if place >= MARKED_CHARACTERS:
                return
            self.places.append(place)
            shorter += len(ending[0]) - 1

    def step(self) -> CleaningStep | None:
        if not self._count:
            return None
        endings = "line ending was" if self._count == 1 else "line endings were"
        return CleaningStep("newlines", self._count, f"{self._count:,} {endings} turned into plain newlines.")


class Cleaner:
    """All passes chosen for one source, one after the other."""

    def __init__(self, passes: Iterable[Pass]) -> None:
        self._passes = tuple(passes)

    @classmethod
    def chosen(cls, *, newlines: NewlineChoice = "normalise") -> "Cleaner":
        """The passes for the user's choices; a leading byte-order mark always goes."""
        return cls((LeadingMark(), Newlines()) if newlines == "normalise" else (LeadingMark(),))

    def feed(self, text: str, *, final: bool = False) -> str:
        """The cleaned text that this chunk completes; call once with ``final`` at the end."""
        for each in self._passes:
            text = each.feed(text, final=final)
        return text

    def changed_endings(self) -> list[int]:
        """Where line endings were changed, in the cleaned text, within its first :data:`MARKED_CHARACTERS`."""
        return [place for each in self._passes if isinstance(each, Newlines) for place in each.places]

    def steps(self) -> tuple[CleaningStep, ...]:
        """What was done, in order; passes that changed nothing are left out."""
        return tuple(step for each in self._passes if (step := each.step()) is not None)
