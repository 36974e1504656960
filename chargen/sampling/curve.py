"""A temperature that follows a curve over the text: straight lines between points.

``0:0.4,500:1.0,1000:0.6`` names characters of the written text, from 0; ``0%:0.4,50%:1,100%:0.6`` shares of its
length. Before the first point and after the last one the temperature stays. In a text that is continued, places
count from where it began, and its length is all that will have been written then.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

from chargen.errors import SettingError
from chargen.settings import option

MAXIMUM_POINTS = 1000
MAXIMUM_PLACE = 1_000_000_000
_POINT = re.compile(r"([0-9]{1,10})(\.[0-9]{1,10})?(%?):(.{1,40})")
_EXAMPLE = "write for example 0:0.4,500:1.0 or 0%:0.4,100%:1.0"


@dataclass(frozen=True)
class TemperatureCurve:
    """Points of the curve: ascending places (characters, or shares of 0 to 100) and their temperatures."""

    places: tuple[float, ...]
    temperatures: tuple[float, ...]
    shares: bool

    @classmethod
    def parse(cls, text: str) -> "TemperatureCurve":
        """The curve that ``text`` describes. Raises SettingError, which says what is wrong with it."""
        points = text.split(",")
        if len(points) > MAXIMUM_POINTS:
            raise SettingError(f"A temperature curve can have at most {MAXIMUM_POINTS:,} points.")
        places: list[float] = []
        temperatures: list[float] = []
        kinds: set[str] = set()
        for point in points:
            found = _POINT.fullmatch(point.strip())
            shown = " ".join(point.split())[:40]
            if not found or (found[2] and not found[3]):
                raise SettingError(
                    f"“{shown}” is no point of a temperature curve, which is PLACE:TEMPERATURE; {_EXAMPLE}."
                )
            place = float(found[1] + (found[2] or ""))
            if place > (100 if found[3] else MAXIMUM_PLACE):
                most = "100 %" if found[3] else f"{MAXIMUM_PLACE:,}"
                raise SettingError(f"The place in “{shown}” of the temperature curve is beyond {most}.")
            if places and place <= places[-1]:
                raise SettingError(f"The places of a temperature curve must ascend, but “{shown}” does not.")
            places.append(place)
            temperatures.append(option("temperature").check(found[4].strip()))
            kinds.add(found[3])
        if len(kinds) == 2:
            raise SettingError("A temperature curve has either all its places in characters or all in %; not both.")
        return cls(tuple(places), tuple(temperatures), "%" in kinds)

    def at(self, index: int, length: int) -> float:
        """The temperature of character ``index`` (from 0) in a text of ``length``."""
        place = 100.0 * index / length if self.shares else float(index)
        after = bisect_right(self.places, place)
        if after == 0:
            return self.temperatures[0]
        if after == len(self.places):
            return self.temperatures[-1]
        left, right = self.places[after - 1], self.places[after]
        share = (place - left) / (right - left)
        return self.temperatures[after - 1] * (1.0 - share) + self.temperatures[after] * share
