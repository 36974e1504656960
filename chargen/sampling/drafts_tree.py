"""A draft as the tree it is: where a character lies, a branch off it, the threads in it, one of them taken out.

A *thread* is a part and what only goes on after it: what a person would call one branch. Where another part begins
in the middle of a text, or a second one after its end, another thread begins.
"""

import time
from dataclasses import dataclass, replace

from chargen.sampling.drafts import Draft, Part
from chargen.sampling.events import Written

_WORDS = 60


@dataclass(frozen=True)
class Thread:
    """One row of the tree.

    Attributes:
        start, tip: its first and its last part. depth: 0 for a take, one more for each thread it branches off.
        at: how many written characters come before it. characters: in it, to its end.
        words: how it begins. by_hand: whether its beginning was chosen or typed by a person.
        current: whether the end of the text on the page lies in it. on_path: whether some of that text does.
    """

    start: int
    tip: int
    depth: int
    at: int
    characters: int
    words: str
    by_hand: bool
    current: bool
    on_path: bool


def locate(draft: Draft, place: int) -> tuple[int, int]:
    """The part that holds a character of the text on the page (counted without the prompt), and which one it is in it.

    The end of the text is the end of its last part. Raises IndexError beyond it.
    """
    path, begin = draft.path(), 0
    for number, index in enumerate(path):
        last = number == len(path) - 1
        length = len(draft.parts[index].sample.text) if last else draft.parts[path[number + 1]].at
        if begin <= place < begin + length or (last and place == begin + length):
            return index, place - begin
        begin += length
    raise IndexError(place)


def fork_at(draft: Draft, place: int) -> tuple[int, int] | None:
    """The part that a branch before that character has as its parent, and after how many of its characters.

    None where it begins another take: before the first character of a text.
    """
    index, within = locate(draft, place)
    while within == 0:
        part = draft.parts[index]
        if part.parent is None:
            return None
        index, within = part.parent, part.at
    return index, within


def branched(draft: Draft, parent: int, at: int, written: Written) -> Draft:
    """The draft with ``written`` after so many characters of a part, which is the text from now on."""
    goes_on = written.ended in ("length", "stopped")
    part = Part(written.sample, draft.parts[parent].writer, parent, at, written.state, goes_on)
    parts = (*draft.parts, part)
    return replace(draft, parts=parts, tip=len(parts) - 1, changed=time.time())


def threads(draft: Draft) -> list[Thread]:
    """All of them, each followed by those that branch off it, in the order in which they were written."""
    children: dict[int | None, list[int]] = {}
    for index, part in enumerate(draft.parts):
        children.setdefault(part.parent, []).append(index)
    path = set(draft.path())
    found: list[Thread] = []
    waiting = [(root, 0) for root in reversed(children.get(None, []))]
    while waiting:
        start, depth = waiting.pop()
        chain, branches = [start], []
        while True:
            part = draft.parts[chain[-1]]
            after = children.get(chain[-1], [])
            goes_on = next((child for child in after if draft.parts[child].at == len(part.sample.text)), None)
            branches += [child for child in after if child != goes_on]
            if goes_on is None:
                break
            chain.append(goes_on)
        found.append(_thread(draft, chain, depth, path))
        waiting += [(child, depth + 1) for child in sorted(branches, reverse=True)]
    return found


def _thread(draft: Draft, chain: list[int], depth: int, path: set[int]) -> Thread:
    first = draft.parts[chain[0]].sample
    begins = ("" if first.after else first.prompt) + first.text[:_WORDS]
    words = " ".join(begins[: 2 * _WORDS].split())[:_WORDS]
    written = sum(len(draft.parts[index].sample.text) for index in chain)
    return Thread(
        chain[0], chain[-1], depth, len(first.after), written, words, first.by_hand > 0, draft.tip in chain,
        chain[0] in path,
    )  # fmt: skip


def gone_to(draft: Draft, tip: int) -> Draft:
    """The draft with the text up to the end of that part on the page."""
    return replace(draft, tip=tip, place=None)


def without(draft: Draft, start: int) -> Draft:
    """The draft without a part and everything after it. What it branched off is on the page then, or another take.

    Raises ValueError where nothing would be left.
    """
    gone = {start}
    for index, part in enumerate(draft.parts):
        if part.parent in gone:
            gone.add(index)
    kept = [index for index in range(len(draft.parts)) if index not in gone]
    if not kept:
        raise ValueError("Nothing would be left.")
    tip = draft.tip
    if tip in gone:
        parent = draft.parts[start].parent
        rest = [thread for thread in threads(draft) if thread.start not in gone]
        tip = next((each.tip for each in rest if parent in _chain(draft, each)), rest[-1].tip)
        tip = parent if tip in gone else tip  # what only went on after it has gone as well
    place = {old: new for new, old in enumerate(kept)}
    parts = [
        part if part.parent is None else replace(part, parent=place[part.parent])
        for part in (draft.parts[index] for index in kept)
    ]
    assert tip is not None
    return replace(draft, parts=tuple(parts), tip=place[tip], place=None, changed=time.time())


def _chain(draft: Draft, thread: Thread) -> set[int]:
    """The parts of a thread."""
    chain, at = {thread.start}, thread.tip
    while at != thread.start:
        chain.add(at)
        parent = draft.parts[at].parent
        assert parent is not None
        at = parent
    return chain
