"""Editing by hand on the Write page: the text becomes editable, and what was changed is read by the network after."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from chargen.gui.pages.write_document import Document
from chargen.gui.pages.write_unknown import CHOICES, about_unknown
from chargen.gui.widgets.edit_pane import EditPane

EDITABLE = 50_000
"""Characters at the end of a long text that can be edited; more would make the editor slow."""


def changed(before: str, after: str) -> tuple[int, int]:
    """How many characters at the beginning, and how many at the end, two texts have in common; no two overlap."""
    first = _common(before, after)
    rest = min(len(before), len(after)) - first
    return first, _common(before[::-1][:rest], after[::-1][:rest])


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


class Editing(QObject):
    """Drives an :class:`EditPane`; ``document`` gives the text on the page, or None.

    Signals:
        active: whether the text is being edited.
        edited: how many characters of the document (prompt and all) stay, what follows them, what to do with unknown
            characters in it.
    """

    active = Signal(bool)
    edited = Signal(int, str, str)

    def __init__(self, pane: EditPane, document: Callable[[], Document | None], parent: QObject) -> None:
        super().__init__(parent)
        self.pane, self._document = pane, document
        self._on = False
        self._text, self._from, self._given = "", 0, ""  # what is edited, where it begins, how the editor gives it
        for key, words in CHOICES:
            pane.unknown.addItem(words, key)
        pane.done_wanted.connect(self.done)
        pane.discard_wanted.connect(self.leave)
        pane.unknown.activated.connect(self._look)

    def is_on(self) -> bool:
        return self._on

    def begin(self) -> None:
        """Make the text editable."""
        document = self._document()
        if self._on or document is None or document.pen is None:
            return
        whole = document.draft.text
        self._from = max(len(whole) - EDITABLE, 0)
        if self._from:
            self._from = whole.find("\n", self._from, self._from + 2_000) + 1 or self._from
        self._text = whole[self._from :]
        self.pane.set_text(self._text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        self._given = self.pane.text()
        self.pane.unknown.setCurrentIndex(0)
        earlier = f" The {self._from:,} characters before stay as they are." if self._from else ""
        self.pane.say(f"What you change is kept as yours; the network reads it and goes on from there.{earlier}")
        self._on = True
        self.active.emit(True)
        self.pane.editor.setFocus()

    def leave(self) -> None:
        """Leave the text as it was."""
        if self._on:
            self._on = False
            self.active.emit(False)

    def done(self) -> bool:
        """Take what was changed; False where that cannot be, and is said."""
        if not self._on:
            return True
        keep, given = self._change()
        if given is None:
            self.leave()
            return True
        if not keep and not given:
            self.pane.say("Nothing would be left. Write something, or discard this and begin a new draft.")
            return False
        if self._look() == "caution":
            self.pane.unknown.setFocus()
            return False
        self.leave()
        self.edited.emit(keep, given, self.pane.unknown.currentData())
        return True

    def _change(self) -> tuple[int, str | None]:
        """How much of the document stays, and what follows; None where nothing was changed."""
        now = self.pane.text()
        if now == self._given:
            return 0, None
        if len(self._given) != len(self._text):  # the editor cannot show it one for one: all of it is as typed
            return self._from, now
        first, last = changed(self._given, now)
        return self._from + first, now[first : len(now) - last] + self._text[len(self._text) - last :]

    def _look(self, *_index: object) -> str:
        """Name what the model does not know; the kind of that sentence."""
        document = self._document()
        pen = document.pen if document is not None else None
        _, given = self._change()
        sentence, kind = about_unknown(pen.model if pen else None, given or "", self.pane.unknown.currentData())
        if sentence:
            self.pane.say(sentence, choose=True)
        return kind
