"""Words of the window: sentences of the command line in its terms, times and sizes as people say them."""

import re
from typing import Any

from chargen.settings import OPTIONS

_FLAG = re.compile(r"--([a-z][a-z-]*[a-z])")
_PROPOSAL = re.compile(r"Try --(streams|hidden) (\d+)")


def in_window(sentence: str) -> str:
    """A sentence that names a flag (``--streams 8``) names the control instead (“Streams” 8)."""

    def label(match: re.Match[str]) -> str:
        option = OPTIONS.get(match[1].replace("-", "_"))
        return f"“{option.label}”" if option is not None else match[0]

    return _FLAG.sub(label, sentence)


def proposal(sentence: str) -> dict[str, Any]:
    """The smaller size that a failure for want of memory proposes, as overrides; empty where there is none."""
    match = _PROPOSAL.search(sentence)
    return {match[1]: int(match[2])} if match else {}


def clock(seconds: float) -> str:
    """``0:47``, ``12:05``, ``1:02:05``."""
    whole = max(0, round(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def minutes(value: float) -> str:
    """``1 min``, ``0.5 min``, ``2 h``; three figures are enough."""
    if value >= 120:
        return f"{value / 60:.3g} h"
    return f"{value:.3g} min"


def large(number: float) -> str:
    """``0.5 M``, ``12 k``: how many parameters, for a card."""
    if number >= 950_000:
        return f"{number / 1e6:.1f} M"
    return f"{number / 1e3:.0f} k" if number >= 1000 else f"{number:.0f}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 file``, ``1,204 files``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def unbroken(line: str) -> str:
    """``5 minutes · 120 MB`` so that a label breaks it at its dots only."""
    return " · ".join(piece.replace(" ", "\u00a0") for piece in line.split(" · "))


def last_words(text: str) -> str:
    """How a text ends, on one line."""
    tail = " ".join(text[-40:].split())[-25:]
    return (tail.partition(" ")[2] or tail[1:]) if len(tail) == 25 else tail  # from the beginning of a word on
