"""The drafts of the Write page: which there are, which one is on the page, and that none is lost.

Whatever touches a file is a job. What changed is written down a moment later, by one job at a time, never more
often than every few seconds; until then it is held here, so that going back to a draft finds it as it was left.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from chargen.errors import FileError
from chargen.gui.desk import Desk
from chargen.gui.widgets.reading_view import later
from chargen.jobs import Done, Failed, Worker
from chargen.sampling import draft_folder
from chargen.sampling.draft_file import DraftCard, card_of
from chargen.sampling.drafts import LONGEST_NAME, Draft, copied, new_draft

SAVED_AFTER_MS = 3_000
_DELETED_SHOWN = 12


class Shelf(QObject):
    """``cards`` are the drafts, newest first; ``current`` is the name of the one on the page.

    ``gather`` gives the draft on the page as it stands. Before :meth:`bring_back` nothing is read or written.

    Signals:
        changed: what the list shows. opened: a Draft, to be put on the page.
        renamed: the new name of the draft on the page. removed: a draft was deleted: its DraftCard.
        broken_off: the Draft that was opened was kept while it was written, and the program ended before that did.

    A blank draft (no text, no name, no prompt, no captured state) is nowhere but on the page.
    """

    changed = Signal()
    opened = Signal(object)
    renamed = Signal(str)
    removed = Signal(object)
    broken_off = Signal(object)

    def __init__(self, desk: Desk, gather: Callable[[], Draft], first: Draft, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._gather = desk, gather
        self.busy: Callable[[], bool] = lambda: False  # whether something is being written
        self.current = first.id
        self.cards: list[DraftCard] = []
        self.bin: list[DraftCard] = []  # deleted, the last one first
        self._keeps = False
        self._dirty = False  # the draft on the page
        self._unsaved: dict[str, Draft] = {}
        self._on_disk: set[str] = set()
        self._told = ""  # why the last one was not kept
        self._gone: set[str] = set()  # deleted: no job that is late may bring them back
        self._file = threading.Lock()
        self._saving = False
        self._wanted = ""  # being read, to be shown
        self._timer = later(self, SAVED_AFTER_MS)  # type: ignore[arg-type]
        self._timer.timeout.connect(self.save)
        self.show(first)

    # --- at the start and at the end

    def bring_back(self, wanted: str | None) -> None:
        """Read in a job which drafts there are, and put one on the page: ``wanted``, or what was written last.

        Nothing is put there where ``wanted`` is empty: last time, a blank page was left.
        """
        self._keeps = True
        before = self._gather()

        def work(worker: Worker) -> tuple[list[DraftCard], list[str], Draft | None, list[DraftCard]]:
            with self._file:
                cards, problems = draft_folder.listed(worker.check)
                for card in [] if wanted == "" else sorted(cards, key=lambda card: (card.id != wanted, -card.changed)):
                    try:
                        return cards, problems, draft_folder.load(card.id), draft_folder.deleted(worker.check)
                    except FileError as error:  # the next one, then
                        problems.append(str(error))
                        cards = [other for other in cards if other.id != card.id]
                return cards, problems, None, draft_folder.deleted(worker.check)

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                cards, problems, draft, self.bin = event.result
                mine = {card.id for card in self.cards}
                now = self._gather()
                same = dict(now.settings) == dict(before.settings) and now.seed.held is before.seed.held
                untouched = not now.parts and not self.busy() and same
                self._on_disk |= {card.id for card in cards}
                self.cards += [card for card in cards if card.id not in mine]
                if draft is not None and untouched:
                    self._put_on_page(draft)
                self._sort()
                for problem in problems:
                    self._desk.notice.emit("caution", problem)
            elif isinstance(event, Failed):
                self._desk.notice.emit("caution", f"The drafts of last time are not shown. {event.sentence}")

        self._desk.run_job("draft", work, on_event)

    def note_change(self, at_once: bool = False) -> None:
        """The draft on the page has changed; it is written down in a moment."""
        self._dirty = True
        self.show(self._gather())
        if at_once or self._desk.closing:
            self.save()
        elif not self._timer.isActive():
            self._timer.start()

    def moved(self) -> None:
        """The text was scrolled: kept with the next change, or when the draft is left."""
        self._dirty = True

    def on_page(self) -> str:
        """The name of the draft on the page; empty for a blank one, which is not kept."""
        return self.current if self.current in self._on_disk or not is_blank(self._gather()) else ""

    def save(self) -> None:
        """Write down, in a job, what is not yet."""
        self._timer.stop()
        if self._dirty:
            self._dirty = False
            draft = self._gather()
            if draft.id in self._on_disk or not is_blank(draft):
                self._unsaved[draft.id] = draft
        if self._saving or not self._unsaved or not self._keeps:
            return
        self._saving = True
        drafts = list(self._unsaved.values())
        failures: dict[str, str] = {}

        def work(_worker: Worker) -> None:
            with self._file:
                for draft in drafts:
                    if draft.id not in self._gone:
                        try:
                            draft_folder.save(draft)
                        except FileError as error:
                            failures[draft.id] = str(error)

        def on_event(event: Any) -> None:
            self._saving = False
            if isinstance(event, Failed):
                failures.update({draft.id: event.sentence for draft in drafts})
            for draft in drafts:
                if draft.id not in failures:
                    self._on_disk.add(draft.id)
                    if self._unsaved.get(draft.id) is draft:
                        del self._unsaved[draft.id]
            self._tell(failures)
            if self._dirty and self._desk.closing:
                self.save()
            elif any(all(draft is not tried for tried in drafts) for draft in self._unsaved.values()):
                self.save()  # what changed meanwhile

        self._desk.run_job("draft", work, on_event)

    def _tell(self, failures: dict[str, str]) -> None:
        sentence = next(iter(failures.values()), "")
        if sentence and sentence != self._told:  # once, not every few seconds
            itself = sentence.startswith("The draft")
            self._desk.notice.emit("caution", sentence if itself else f"The draft is not kept. {sentence}")
        self._told = sentence

    # --- what a person does

    def new(self) -> None:
        """An empty draft with the settings as they are; the one on the page, where that is empty."""
        draft = self._leave()
        if draft.compared is not None or not is_blank(draft):
            seed = draft.seed if draft.seed.kind != "held" else replace(draft.seed, kind="zeros")
            self._put_on_page(new_draft({**draft.settings, "prompt": ""}, replace(seed, held=None, label="")))

    def begin(self, draft: Draft) -> None:
        """Put a draft on the page that was just made; the one that stood there stays in the list."""
        self._leave()
        self._put_on_page(draft)

    def keep(self, draft: Draft) -> None:
        """Take another draft into the list, beside the one on the page."""
        self._unsaved[draft.id] = draft
        self.show(draft)
        self.save()

    def switch(self, id: str) -> None:
        """Put another draft on the page."""
        if id == self.current or id not in [card.id for card in self.cards]:
            self._wanted = ""
            return
        self._leave()
        held = self._unsaved.get(id)
        if held is not None:
            self._put_on_page(held)
            return
        self._wanted = id

        def work(_worker: Worker) -> Draft:
            with self._file:
                return draft_folder.load(id)

        def on_event(event: Any) -> None:
            if isinstance(event, Done) and self._wanted == id:
                self._leave()
                self._put_on_page(event.result)
            elif isinstance(event, Failed):
                self.cards = [card for card in self.cards if card.id != id]
                self._desk.notice.emit("caution", event.sentence)
                self.changed.emit()

        self._desk.run_job("draft", work, on_event)

    def rename(self, id: str, name: str) -> None:
        """Call a draft so; an empty name calls it after how it begins again."""
        name = " ".join(name.split())[:LONGEST_NAME]
        if id == self.current:
            self.renamed.emit(name)
            self.note_change(at_once=True)
            return

        def then(draft: Draft) -> None:
            self._unsaved[id] = replace(draft, name=name)
            self.show(self._unsaved[id])
            self.save()

        self._with(id, then)

    def duplicate(self, id: str) -> None:
        """A copy beside it, which is on the page then."""

        def then(draft: Draft) -> None:
            twin = copied(draft)
            self._unsaved[twin.id] = twin
            self._leave()
            self._put_on_page(twin)
            self.save()

        self._with(id, then)

    def delete(self, id: str) -> None:
        """Move it to the deleted ones, as it stands; ``removed`` follows. Another comes on the page, or a new one."""
        card = next((card for card in self.cards if card.id == id), None)
        if card is None:
            return
        draft = self._gather() if id == self.current else self._unsaved.get(id)
        self._unsaved.pop(id, None)
        self._gone.add(id)
        place = self.cards.index(card)
        self.cards = [other for other in self.cards if other.id != id]
        following = self.cards[min(place, len(self.cards) - 1)].id if self.cards else ""
        if id == self.current:
            self._dirty = False
            self._put_on_page(new_draft(draft.settings if draft is not None else None))
            self.switch(following)
        self.changed.emit()
        if draft is not None and id not in self._on_disk and is_blank(draft):
            return  # there is nothing to keep of it

        def work(_worker: Worker) -> None:
            with self._file:
                if draft is not None:
                    draft_folder.save(draft)
                draft_folder.delete(id)

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                self._on_disk.discard(id)
                self.bin.insert(0, card)
                self.removed.emit(card)
            elif isinstance(event, Failed):
                self._gone.discard(id)
                self.cards.append(card)
                if draft is not None:
                    self._unsaved[id] = draft
                self._desk.notice.emit("bad", f"The draft was not deleted. {event.sentence}")
            self._sort()

        self._desk.run_job("draft", work, on_event)

    def restore(self, id: str) -> None:
        """Take a deleted draft back, and put it on the page."""
        card = next((card for card in self.bin if card.id == id), None)
        if card is None:
            return

        def work(_worker: Worker) -> None:
            with self._file:
                draft_folder.restore(id)

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                self._gone.discard(id)
                self._on_disk.add(id)
                self.bin.remove(card)
                self.cards.append(card)
                self._sort()
                self.switch(id)
            elif isinstance(event, Failed):
                self._desk.notice.emit("bad", f"The draft is not back. {event.sentence}")

        self._desk.run_job("draft", work, on_event)

    def deleted(self) -> list[DraftCard]:
        """Those that were deleted last."""
        return self.bin[:_DELETED_SHOWN]

    # --- within

    def show(self, draft: Draft) -> None:
        """Its card in the list, as it is now."""
        card = card_of(draft)
        known = [place for place, other in enumerate(self.cards) if other.id == card.id]
        if known and self.cards[known[0]] == card:
            return
        if known:
            self.cards[known[0]] = card
        else:
            self.cards.append(card)
        self._sort()

    def _sort(self) -> None:
        self.cards.sort(key=lambda card: -card.created)
        self.changed.emit()

    def _leave(self) -> Draft:
        """What is on the page is held until it is written down."""
        if self._dirty:
            self.save()
        return self._gather()

    def _put_on_page(self, draft: Draft) -> None:
        before, self.current, self._wanted = self.current, draft.id, ""
        if before != draft.id and before not in self._on_disk and before not in self._unsaved:
            self.cards = [card for card in self.cards if card.id != before]  # it was blank
        self.opened.emit(replace(draft, writing=False))
        self._dirty = False
        self.show(draft)
        self.changed.emit()
        if draft.writing:
            self.broken_off.emit(draft)
            self.note_change()  # it is said once

    def _with(self, id: str, then: Callable[[Draft], None]) -> None:
        """Call ``then`` with a draft: the one on the page, one that is held, or read in a job."""
        if id == self.current:
            then(self._gather())
            return
        if id in self._unsaved:
            then(self._unsaved[id])
            return

        def work(_worker: Worker) -> Draft:
            with self._file:
                return draft_folder.load(id)

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                then(event.result)
            elif isinstance(event, Failed):
                self._desk.notice.emit("caution", event.sentence)

        self._desk.run_job("draft", work, on_event)


def is_blank(draft: Draft) -> bool:
    """Whether there is nothing in it that a person would miss."""
    if draft.compared is not None:  # its settings are those of the draft that it was made from
        return not draft.parts and not draft.name
    return not draft.parts and not draft.name and not draft.settings.get("prompt") and draft.seed.held is None
