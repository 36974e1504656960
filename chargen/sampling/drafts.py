"""Drafts: a text as it grew, with everything that wrote it and everything that was set while it was written.

A draft is a tree of *parts*. A part without a parent begins a text (a *take*); a part with one continues it
after some of its characters. Every part is a :class:`Sample` with its whole provenance, and remembers the
state after its last character, so that any of them can be gone on from. The *tip* is the part whose end is
the end of the text on the page; the text is the path from its take to it. A *comparison* is a draft whose parts
stand side by side instead: each is a take of its own, and one thing differs between them. Nothing here changes in
place: what is done to a draft gives another one, so that a job can write one down while the next is made.
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

from chargen.errors import SettingError
from chargen.model.state import HiddenState
from chargen.sampling.difference import difference
from chargen.sampling.events import Written
from chargen.sampling.pages import own_pages
from chargen.sampling.sample import Sample
from chargen.sampling.settings import RULES, SamplingSettings
from chargen.sampling.state_changes import StateChanges
from chargen.sampling.trail import settings_at
from chargen.settings import option

LONGEST = 20_000_000
"""Characters of all parts of a draft together. Beyond it the oldest takes go; a longer text is not kept."""
MAXIMUM_PARTS = 200
LONGEST_NAME = 80
_LONGEST_SAMPLE = int(option("length").maximum or 0)
_TITLE = 48

SeedKind = Literal["zeros", "learned", "text", "random", "held"]


@dataclass(frozen=True, eq=False)
class SeedChoice:
    """Which seed state was chosen, and what is filled in for the other choices.

    Attributes:
        kind: ``zeros``, ``learned``, ``text`` (primed), ``random``, or ``held`` (captured or opened: by value).
        text: to prime with. random_seed, scale: of the random state. held, label: the state by value, and its name.
        chosen: whether a person chose it, rather than the model's own start.
    """

    kind: SeedKind = "zeros"
    text: str = ""
    random_seed: int | None = None
    scale: float = 1.0
    held: HiddenState | None = None
    label: str = ""
    chosen: bool = False


@dataclass(frozen=True, eq=False)
class Part:
    """One sample of a draft.

    Attributes:
        writer: what the model that wrote it was called; its fingerprint is the sample's.
        parent: index of the part that it continues; None where it begins a take.
        at: how many characters of the parent's text come before it.
        state: after the last character; None where it is spoiled, or not that of the text (edited by hand).
        goes_on: whether a continuation under the same conditions would be one sample with it.
    """

    sample: Sample
    writer: str = ""
    parent: int | None = None
    at: int = 0
    state: HiddenState | None = None
    goes_on: bool = False


@dataclass(frozen=True)
class Compared:
    """What is to differ between texts side by side: ``change`` names it, ``values`` is what was typed or chosen."""

    change: str
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Draft:
    """Attributes: ``name`` the user's, or empty; ``settings`` what the page keeps, checked by the page;
    ``place`` the first character on the screen (None: the end is); ``created``, ``changed`` in seconds since 1970;
    ``compared`` of texts side by side, else None; ``writing``: it was kept while more was being written.
    """

    id: str
    name: str = ""
    parts: tuple[Part, ...] = ()
    tip: int | None = None
    seed: SeedChoice = field(default_factory=SeedChoice)
    settings: Mapping[str, Any] = field(default_factory=dict)
    place: int | None = None
    created: float = 0.0
    changed: float = 0.0
    compared: Compared | None = None
    writing: bool = False

    @property
    def characters(self) -> int:
        """Of the text, or texts, on the page, without the prompt."""
        return sum(len(sample.text) for sample in self.samples())

    @property
    def text(self) -> str:
        """What a reader sees: the prompt, and everything written up to the tip."""
        return self.parts[self.tip].sample.document if self.tip is not None else ""

    @property
    def edited(self) -> bool:
        """Whether any of the text was changed by hand: then it cannot be written again exactly."""
        return any(sample.edited for sample in self.samples())

    @property
    def by_hand(self) -> int:
        """Characters of the text that a person chose or typed; the network read them, and all can be written again."""
        return sum(sample.by_hand for sample in self.samples())

    @property
    def states_changed(self) -> int:
        """How often the hidden state was changed while the text on the page was written."""
        path = [self.parts[index] for index in self.path()]
        ends = [*(part.at for part in path[1:]), LONGEST]
        return sum(at < end for part, end in zip(path, ends, strict=True) for at, _ in part.sample.state_changes)

    def path(self, tip: int | None = None) -> list[int]:
        """The parts from the take to the tip, by index."""
        at, path = self.tip if tip is None else tip, []
        while at is not None:
            path.append(at)
            at = self.parts[at].parent
        return path[::-1]

    def samples(self) -> list[Sample]:
        """The samples of the text, each cut where the next begins; those of a comparison side by side."""
        if self.compared is not None:
            return [part.sample for part in self.parts]
        path = [self.parts[index] for index in self.path()]
        cut = [_first(part.sample, following.at) for part, following in pairwise(path)]
        return [*cut, path[-1].sample] if path else []

    def takes(self) -> list[int]:
        """The newest tip of every take, oldest take first."""
        tips: dict[int, int] = {}
        for index in range(len(self.parts)):
            tips[self.path(index)[0]] = index
        if self.tip is not None:
            tips[self.path()[0]] = self.tip
        return list(tips.values())


def side_by_side(draft: Draft, written: Sequence[Written], writers: Sequence[str]) -> Draft:
    """The comparison with these texts, each with the name of its model, in place of those it had."""
    goes_on = ("length", "stopped")
    parts = tuple(
        Part(each.sample, writer, None, 0, each.state, each.ended in goes_on)
        for each, writer in zip(written, writers, strict=True)
    )
    return replace(draft, parts=parts, tip=0 if parts else None, changed=time.time())


def gone_on(draft: Draft, places: Sequence[int], written: Sequence[Written]) -> Draft:
    """The comparison with what continues its texts at ``places``, each of which stays one sample."""
    parts = list(draft.parts)
    for place, each in zip(places, written, strict=True):
        joined = join(parts[place].sample, each.sample) if each.sample.text else None
        if joined is not None:
            goes_on = each.ended in ("length", "stopped")
            parts[place] = replace(parts[place], sample=joined, state=each.state, goes_on=goes_on)
    return replace(draft, parts=tuple(parts), changed=time.time())


def taken_out(draft: Draft, place: int) -> Draft:
    """One text of a comparison as a draft of its own, with the settings and the seed state it was written with."""
    part = draft.parts[place]
    sample = part.sample
    in_force = replace(settings_at(sample, len(sample.text)), length=sample.settings.length)
    settings = {**draft.settings, **as_set(in_force)}
    return replace(new_draft(settings, as_chosen(part.sample.seed_state)), parts=(part,), tip=0)


def as_set(settings: SamplingSettings) -> dict[str, Any]:
    """What a sample was asked for, as a page keeps it; but for stop texts, which a page keeps as they are typed."""
    names = (*RULES, "prompt", "random_seed", "length", "unknown", "steer")
    return {name: getattr(settings, name) for name in names} | {"used": True}


def as_chosen(state: HiddenState) -> SeedChoice:
    """The choice of a seed state that a sample started from."""
    kind, seed, scale = (state.recipe.get(key) for key in ("kind", "seed", "scale"))
    if kind in ("zero", "learned"):
        return SeedChoice("zeros" if kind == "zero" else "learned", chosen=True)
    if kind == "random" and type(seed) is int and type(scale) is float and state.name == f"Random {seed}":
        return SeedChoice("random", random_seed=seed, scale=scale, chosen=True)
    return SeedChoice("held", held=state, label=state.name or "Seed state of a text", chosen=True)


def new_draft(settings: Mapping[str, Any] | None = None, seed: SeedChoice | None = None) -> Draft:
    """An empty draft under a name of its own for its file."""
    now = time.time()
    return Draft(secrets.token_hex(8), settings=settings or {}, seed=seed or SeedChoice(), created=now, changed=now)


def copied(draft: Draft) -> Draft:
    """The same under another name; what is done to one leaves the other alone."""
    now = time.time()
    name = f"{title(draft)[: LONGEST_NAME - 5]} copy"
    return replace(draft, id=secrets.token_hex(8), name=name, created=now, changed=now)


def begun(draft: Draft, written: Written, writer: str) -> Draft:
    """The draft with another take, which is the text from now on. The takes before stay, as far as there is room."""
    part = Part(written.sample, writer, None, 0, written.state, written.ended in ("length", "stopped"))
    return _with(draft, part)


def continued(draft: Draft, written: Written) -> Draft:
    """The draft with ``written`` after its tip. Where it only goes on, the two become one sample."""
    if draft.tip is None:
        raise ValueError("There is nothing to continue.")
    tip = draft.parts[draft.tip]
    joined = join(tip.sample, written.sample) if tip.goes_on and not _has_children(draft, draft.tip) else None
    goes_on = written.ended in ("length", "stopped")
    if joined is not None:
        part = replace(tip, sample=joined, state=written.state, goes_on=goes_on)
        parts = (*draft.parts[: draft.tip], part, *draft.parts[draft.tip + 1 :])
        return _trimmed(replace(draft, parts=parts, changed=time.time()))
    return _with(draft, Part(written.sample, tip.writer, draft.tip, len(tip.sample.text), written.state, goes_on))


def join(first: Sample, second: Sample) -> Sample | None:
    """Both as the one sample that would have written the same text; None where no single one would.

    ``second`` continues ``first`` from its captured state, and ``first`` did not end at a stop text. Only the
    temperature may differ: its change is recorded like one made while writing; and the steering is the one that was in
    force at the end of ``first``. What looks at the length or at the whole of a text (a beam, a curve, the loop
    breaker), and what was written in a batch, stays a part of its own.
    """
    asked = first.settings
    if not stands_alone(first) or "path" in second.engine:
        return None
    same = replace(second.settings, length=asked.length, temperature=asked.temperature, steer=asked.steer)
    if (
        same != asked
        or second.by_hand
        or second.after != first.after + first.text
        or (second.model_fingerprint, second.engine, second.versions)
        != (first.model_fingerprint, first.engine, first.versions)
    ):
        return None
    at = len(first.text)
    length = min(at + second.settings.length, _LONGEST_SAMPLE)
    if length < at + len(second.text):
        return None
    changes = dict(first.temperature_changes)
    held = first.temperature_changes[-1][1] if first.temperature_changes else first.settings.temperature
    if second.settings.temperature != held:
        changes[at] = second.settings.temperature
    changes |= {at + position: value for position, value in second.temperature_changes}
    steered = dict(first.steering_changes)
    before = first.steering_changes[-1][1] if first.steering_changes else asked.steer
    if dict(second.steering_changes).get(0, second.settings.steer) != before:
        return None  # the captured state was reached under the steering before: one sample would have changed it sooner
    steered |= {at + position: steer for position, steer in second.steering_changes if position}
    replaced = dict(first.state_changes) | {at + position: state for position, state in second.state_changes}
    try:
        states = StateChanges(sorted(replaced.items())).changes
    except SettingError:
        return None  # more of them than one sample may have
    surprises = own_pages(at + len(second.text))
    surprises[:at], surprises[at:] = first.surprises, second.surprises
    surprises.flags.writeable = False
    return replace(
        first,
        text=first.text + second.text,
        settings=replace(first.settings, length=length),
        temperature_changes=tuple(sorted(changes.items())),
        steering_changes=tuple(sorted(steered.items())),
        state_changes=tuple(states),
        surprises=surprises,
        notices=tuple(dict.fromkeys((*first.notices, *(n for n in second.notices if not n.startswith("The seed"))))),
    )


def stands_alone(sample: Sample) -> bool:
    """Whether what goes on from a sample can be one sample with it; see :func:`join`."""
    asked = sample.settings
    looks_ahead = asked.beam or asked.temperature_curve or asked.loop_breaker
    return not (looks_ahead or sample.edited or "path" in sample.engine)


def title(draft: Draft) -> str:
    """What to call it: the user's name for it, else how it begins, or what differs between its texts."""
    return draft.name or (_differing(draft) if draft.compared is not None else _beginning(draft)) or "Untitled"


def _differing(draft: Draft) -> str:
    if not draft.parts:
        return ""
    told = difference(draft.samples(), [part.writer for part in draft.parts]).title()
    return told if len(told) <= _TITLE else f"{told[: _TITLE - 1]}…"


def _beginning(draft: Draft) -> str:
    """The first words of the text, on one line."""
    if draft.tip is None:
        return ""
    sample, count = draft.parts[draft.tip].sample, 4 * _TITLE
    words = " ".join("".join(text[:count] for text in (sample.prompt, sample.after, sample.text))[:count].split())
    if len(words) <= _TITLE:
        return words
    cut = words[:_TITLE]
    return f"{cut.rpartition(' ')[0] if ' ' in cut[_TITLE // 2 :] else cut}…"


def _first(sample: Sample, count: int) -> Sample:
    """The first characters of a sample, as it would have been if it had been stopped there."""
    if count >= len(sample.text):
        return sample
    return replace(
        sample,
        text=sample.text[:count],
        surprises=sample.surprises[:count],
        temperature_changes=tuple(change for change in sample.temperature_changes if change[0] <= count),
        steering_changes=tuple(change for change in sample.steering_changes if change[0] <= count),
        state_changes=tuple(change for change in sample.state_changes if change[0] <= count),
        by_hand=min(sample.by_hand, count),
    )


def _with(draft: Draft, part: Part) -> Draft:
    parts = (*draft.parts, part)
    return _trimmed(replace(draft, parts=parts, tip=len(parts) - 1, changed=time.time()))


def _has_children(draft: Draft, index: int) -> bool:
    return any(part.parent == index for part in draft.parts)


def _trimmed(draft: Draft) -> Draft:
    """Without its oldest takes, where there are too many parts or characters. The text on the page stays."""
    sizes = [len(part.sample.text) for part in draft.parts]
    takes = [draft.path(index)[0] for index in range(len(draft.parts))]
    mine = draft.path()[0] if draft.tip is not None else None
    gone: set[int] = set()
    for take in dict.fromkeys(takes):
        kept = [index for index, root in enumerate(takes) if root not in gone]
        if len(kept) <= MAXIMUM_PARTS and sum(sizes[index] for index in kept) <= LONGEST:
            break
        if take != mine:
            gone.add(take)
    if not gone:
        return draft
    kept = [index for index, root in enumerate(takes) if root not in gone]
    place = {old: new for new, old in enumerate(kept)}
    parts = [draft.parts[index] for index in kept]
    moved = [part if part.parent is None else replace(part, parent=place[part.parent]) for part in parts]
    return replace(draft, parts=tuple(moved), tip=None if draft.tip is None else place[draft.tip])
