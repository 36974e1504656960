"""The branches of the draft on the Write page: gone to, gone back from, deleted and brought back."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from chargen.gui.widgets.branch_list import BranchList, BranchRow
from chargen.sampling.drafts import Draft
from chargen.sampling.drafts_tree import Thread, gone_to, threads, without


class Branches(QObject):
    """Drives a :class:`BranchList`, and knows where the page has been.

    ``draft`` gives the one on the page as it stands. Undoing goes to the text before, first of those that were on
    the page, then of the takes that were written before them; nothing that was written goes away by it.

    Signals:
        gone: a Draft to be shown, with another end of its text. deleted: the words of a branch that was taken out.
    """

    gone = Signal(object)
    deleted = Signal(str)

    def __init__(self, view: BranchList, draft: Callable[[], Draft], parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._draft = view, draft
        self._id = ""
        self._tip: int | None = None
        self._past: list[int] = []
        self._future: list[int] = []
        self._threads: list[Thread] = []
        self._removed: tuple[Draft, Draft, list[int], list[int]] | None = None  # before, after, past, future

    # --- what it is told

    def note(self) -> None:
        """The draft has changed, or another is on the page."""
        draft = self._draft()
        if draft.id != self._id:
            self._id, self._past, self._future, self._removed = draft.id, [], [], None
        elif draft.tip != self._tip:
            if self._tip is not None:
                self._past.append(self._tip)
            self._future.clear()
        self._settle(draft)

    def _settle(self, draft: Draft) -> None:
        self._tip = draft.tip
        if self._removed is not None and draft.parts is not self._removed[1].parts:
            self._removed = None  # something else was written since
        self._threads = threads(draft)
        current = next((each.start for each in self._threads if each.current), -1)
        self._view.set_rows([_row(each) for each in self._threads], current)

    def count(self) -> int:
        """How many threads there are."""
        return len(self._threads)

    # --- going

    def go(self, start: int) -> None:
        """To the end of a thread."""
        tip = next((each.tip for each in self._threads if each.start == start), None)
        if tip is not None and tip != self._draft().tip:
            self.gone.emit(gone_to(self._draft(), tip))

    def earlier(self) -> int | None:
        """The text that undoing goes to."""
        return self._past[-1] if self._past else self._take(-1)

    def later(self) -> int | None:
        """The text that redoing goes to."""
        return self._future[-1] if self._future else self._take(1)

    def _take(self, by: int) -> int | None:
        takes = self._draft().takes()
        at = takes.index(self._tip) + by if self._tip in takes else -1
        return takes[at] if 0 <= at < len(takes) else None

    def can_undo(self) -> bool:
        return self._removed is not None or self.earlier() is not None

    def undo(self) -> None:
        """Bring back what was deleted last, else go to the text before."""
        if self._removed is not None:
            self.restore()
            return
        self._step(self.earlier(), self._past, self._future)

    def redo(self) -> None:
        """On to the text after this one."""
        self._step(self.later(), self._future, self._past)

    def _step(self, tip: int | None, source: list[int], target: list[int]) -> None:
        if tip is None:
            return
        if source:
            source.pop()
        if self._tip is not None:
            target.append(self._tip)
        self._tip = tip  # so that note() takes it for no new step
        self.gone.emit(gone_to(self._draft(), tip))

    # --- deleting

    def delete(self, start: int) -> None:
        """Take a thread out with all that branches off it; :meth:`undo` brings it back."""
        thread = next((each for each in self._threads if each.start == start), None)
        before = self._draft()
        if thread is None or len(self._threads) < 2:
            return
        after = without(before, start)
        self._removed = (before, after, self._past, self._future)
        self._past, self._future, self._tip = [], [], after.tip
        self.gone.emit(after)
        self.deleted.emit(thread.words)

    def restore(self) -> None:
        """Bring back what was deleted last."""
        if self._removed is None:
            return
        before, _, self._past, self._future = self._removed
        self._removed, self._tip = None, before.tip
        self.gone.emit(replace(self._draft(), parts=before.parts, tip=before.tip, place=before.place))


def _row(thread: Thread) -> BranchRow:
    where = f"from {thread.at + 1:,} · " if thread.depth else ""
    told = f"{where}{'by hand · ' if thread.by_hand else ''}{thread.characters:,} chars"
    return BranchRow(thread.start, thread.words or "(nothing)", told, thread.depth, thread.on_path)
