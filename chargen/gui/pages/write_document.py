"""What stands on the page: one sample, or several where a text was continued under other conditions. No Qt."""

from dataclasses import replace
from typing import Literal

import numpy as np

from chargen.gui.pages.write_draft import Draft
from chargen.model.state import HiddenState
from chargen.sampling.job import Pen, Request, Written
from chargen.sampling.sample import Sample
from chargen.settings import option

LONGEST = int(option("length").maximum or 0)
WHOLE = (".txt", ".md", ".html")
"""Formats of which the last sample alone holds the whole text; the others list every part."""


class Document:
    """A text as it grew. The pen that wrote it also continues it, whatever model is open meanwhile.

    Attributes:
        pen: None for a draft whose model is not open yet.
        request: what the first part was asked with, to be asked again.
        state: after the last character; None where it is spoiled.
    """

    def __init__(self, pen: Pen | None, name: str, request: Request, written: Written) -> None:
        self.pen, self.name, self.request = pen, name, request
        self.parts: list[Sample] = [written.sample]
        self.state: HiddenState | None = written.state
        self._open = written.ended in ("length", "stopped")

    @classmethod
    def restored(cls, draft: Draft) -> "Document":
        """A draft of last time; a pen is given to it when its model is open."""
        first = draft.parts[0]
        ended: Literal["length", "stop text"] = "length" if draft.goes_on else "stop text"
        request = Request(first.settings, first.seed_state)
        document = cls(None, draft.name, request, Written(draft.parts[-1], draft.state, ended))
        document.parts = list(draft.parts)
        return document

    def draft(self) -> Draft:
        """What is kept of it."""
        return Draft(self.name, tuple(self.parts), self.state, self._open)

    @property
    def last(self) -> Sample:
        return self.parts[-1]

    @property
    def after(self) -> str:
        """Everything written, without the prompt: what a continuation has before it."""
        return self.last.after + self.last.text

    @property
    def characters(self) -> int:
        return sum(len(part.text) for part in self.parts)

    @property
    def bits(self) -> float:
        """The sum of all surprises."""
        return float(sum(part.surprises.sum(dtype=np.float64) for part in self.parts))

    def extend(self, written: Written) -> None:
        """A continuation. Where it only goes on, the two are one sample, and are made again as one."""
        joined = join(self.last, written.sample) if self._open else None
        if joined is not None:
            self.parts[-1] = joined
        else:
            self.parts.append(written.sample)
        self.state = written.state
        self._open = written.ended in ("length", "stopped")

    def samples(self, suffix: str) -> list[Sample]:
        """What a file of that kind holds."""
        return [self.last] if suffix.lower() in WHOLE else list(self.parts)


def join(first: Sample, second: Sample) -> Sample | None:
    """Both as the one sample that would have written the same text; None where no single one would.

    ``second`` continues ``first`` from its captured state, and ``first`` did not end at a stop text. Only the
    temperature may differ: its change is recorded like one made while writing.
    """
    same = replace(second.settings, length=first.settings.length, temperature=first.settings.temperature)
    if (
        same != first.settings
        or second.after != first.after + first.text
        or (second.model_fingerprint, second.engine, second.versions)
        != (first.model_fingerprint, first.engine, first.versions)
    ):
        return None
    at = len(first.text)
    length = min(at + second.settings.length, LONGEST)
    if length < at + len(second.text):
        return None
    changes = dict(first.temperature_changes)
    held = first.temperature_changes[-1][1] if first.temperature_changes else first.settings.temperature
    if second.settings.temperature != held:
        changes[at] = second.settings.temperature
    changes |= {at + position: value for position, value in second.temperature_changes}
    surprises = np.concatenate([first.surprises, second.surprises])
    surprises.flags.writeable = False
    return replace(
        first,
        text=first.text + second.text,
        settings=replace(first.settings, length=length),
        temperature_changes=tuple(sorted(changes.items())),
        surprises=surprises,
        notices=tuple(dict.fromkeys((*first.notices, *(n for n in second.notices if not n.startswith("The seed"))))),
    )
