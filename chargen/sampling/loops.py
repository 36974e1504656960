"""Text that repeats itself, as a network does at low temperatures, and what breaks it.

**When a text loops.** For a period n, the *run* is the number of characters at the end of the text (prompt
included) each of which equals the one n places before it. The text loops with period n ≤ :data:`PERIODS` once the
run is at least 2n, so that the same n characters stand there three times, and at least :data:`SHORTEST`, so that a
line of dashes is not a loop yet. Of several periods the shortest counts.

**What breaks it.** While the text loops, the character that would go on with it (the one n places back) loses
:data:`NATS` of its score for each character that the run is longer than it must be, before temperature. So the
loop ends at the first place where something else is nearly as likely, and the longer it lasts, the further off
"nearly" is. It draws no random number, and once another character has come the run is over.
"""

from collections.abc import Iterable

import numpy as np

PERIODS = 128
SHORTEST = 24
NATS = 0.25
LONGEST = 4 * PERIODS
"""Runs are counted to here. So the last ``REACH`` characters say all there is to know."""
REACH = LONGEST + PERIODS

_NEEDED = np.maximum(2 * np.arange(1, PERIODS + 1), SHORTEST)


class Loops:
    """Follows a text character by character and says what to hold back."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._last = np.full(PERIODS, -1, np.int64)  # [n-1]: the id n places before the next character
        self._runs = np.zeros(PERIODS, np.int64)  # [n-1]: the run of period n
        for id in ids:
            self.add(id)

    def add(self, id: int) -> None:
        """The next character of the text."""
        self._runs += 1
        self._runs *= self._last == id
        np.minimum(self._runs, LONGEST, out=self._runs)
        self._last[1:] = self._last[:-1]
        self._last[0] = id

    def brake(self) -> tuple[int, float] | None:
        """(id that would go on with the loop, nats it loses); None where the text does not loop."""
        looping = self._runs >= _NEEDED
        period = int(looping.argmax())
        if not looping[period]:
            return None
        return int(self._last[period]), NATS * int(self._runs[period] - _NEEDED[period] + 1)
