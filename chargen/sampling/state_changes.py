"""Hidden states that take the place of the present one while a text is written, and how many of them a sample keeps.

**What exactly is done.** A change *at* n, counted from 0, is about character n and those after it. The new state is
taken for what the network knew before it read the last character; that one (n - 1, or at n = 0 the last one before the
text: of earlier parts, of the prompt, or the opening) is then read into it, and character n is drawn from the output.
So the text goes on from where it stands: in a word, the word is gone on with by a network that has another past. Where
nothing at all has been read before the first character, it is drawn from the new state as it is. Temperature, random
numbers, penalties, loops and stop texts take no notice. The one character that is read is steered as it would be
otherwise; the new state itself is not.
"""

import json
from collections.abc import Iterable

from chargen.errors import SettingError
from chargen.model.recipes import long_texts
from chargen.model.state import HiddenState
from chargen.sampling.seeds import state_fingerprint

Change = tuple[int, HiddenState]
"""Index in the text of the first character affected, and the state."""

MAXIMUM_CHANGES = 10_000
MAXIMUM_BYTES = 32 * 2**20
"""Of the values, recipes and texts of all states of a sample, each counted once."""
MAXIMUM_RECIPES = 2**28
"""Characters of the recipes of all states with the texts in them, which many may share; a bound on the work."""


class StateChanges:
    """The changes of one sample, in ascending order; states that are the same are kept once.

    Attributes:
        changes: position and state of each. states: those that differ from each other.
    """

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self.changes: list[Change] = []
        self.states: list[HiddenState] = []
        self._numbers: dict[str, list[int]] = {}
        self._texts: set[str] = set()
        self._bytes = self._recipes = 0
        for position, state in changes:
            self.add(position, state)

    def add(self, position: int, state: HiddenState) -> None:
        """One more, in place of another at the same position. Raises SettingError where there is no room for it."""
        kept = self.states[self._number(state)]
        if self.changes and self.changes[-1][0] == position:
            self.changes.pop()
        if len(self.changes) >= MAXIMUM_CHANGES:
            raise _full()
        self.changes.append((position, kept))

    def places(self) -> list[list[int]]:
        """[position, index in :attr:`states`] of each change."""
        return [[position, self._number(state)] for position, state in self.changes]

    def _number(self, state: HiddenState) -> int:
        digest = state_fingerprint(state)
        for number in self._numbers.get(digest, ()):
            if _same(self.states[number], state):
                return number
        recipe, found = long_texts(state.recipe)
        texts = {text for _place, text in found} - self._texts
        told = len(json.dumps(recipe, ensure_ascii=False)) + len(state.name) + len(state.note)
        more = sum(part.nbytes for part in state.parts()) + 4 * (told + sum(map(len, texts)))
        recipes = told + sum(len(text) for _place, text in found)
        if self._bytes + more > MAXIMUM_BYTES or self._recipes + recipes > MAXIMUM_RECIPES:
            raise _full()
        self._bytes, self._recipes, self._texts = self._bytes + more, self._recipes + recipes, self._texts | texts
        self.states.append(state)
        self._numbers.setdefault(digest, []).append(len(self.states) - 1)
        return len(self.states) - 1


def _same(one: HiddenState, other: HiddenState) -> bool:
    """Whether two states of the same values have the same words about them, too."""
    return one is other or (one.recipe, one.fingerprint, one.name, one.note) == (
        other.recipe, other.fingerprint, other.name, other.note,
    )  # fmt: skip


def _full() -> SettingError:
    return SettingError(
        "The hidden state has been changed so often in this text that no more can be kept with it; write anew."
    )


def read_since(position: int | None, before: str, after: str) -> tuple[str, int]:
    """What was read since the state that is in force: so much of what stands before the text, and the index of the
    first of its own characters.

    Args:
        position: of the change to that state; None where it is the seed state.
        before: opening and prompt, which a part of a text (``after`` another) has not read.
    """
    if position is None:
        return "" if after else before, 0
    # Of what came before a change, one character was read into the new state.
    return ("", position - 1) if position else ((after or before)[-1:], 0)


def last_change(changes: Iterable[Change], position: int) -> Change | None:
    """The one that is in force at a character; None where the seed state still is."""
    return next((change for change in reversed(tuple(changes)) if change[0] <= position), None)
