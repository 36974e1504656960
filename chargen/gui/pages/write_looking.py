"""Alternatives on the Write page: rest on a character, see what could have stood there, and branch off with one."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_document import Document
from chargen.gui.widgets.alternatives import AlternativesSheet, percent, shown
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.text_view import SampleView
from chargen.jobs import Done, Failed, Job
from chargen.sampling.drafts_tree import locate
from chargen.sampling.events import Looked, Reading
from chargen.sampling.job import look
from chargen.sampling.trail import Alternatives, Trails

_REST_MS = 350
_GRACE_MS = 250  # to move the pointer from the character onto the sheet
_WAIT_MS = 150  # before it says that it is reading
HINT = "Click one, or press its number, to go on with it."


class Looking(QObject):
    """Shows the sheet over the view, and asks for a branch.

    ``document`` gives the text in the view; None while something is written, or where there is none. ``room`` is what
    the sheet may cover, where the view is narrow.

    Signals:
        branch_wanted: a character of the text (counted without the prompt), and what is to stand there instead.
    """

    branch_wanted = Signal(int, str)

    def __init__(
        self, desk: Desk, view: SampleView, document: Callable[[], Document | None], trails: Trails, parent: QObject,
        room: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._desk, self._view, self._document, self._trails = desk, view, document, trails
        self.sheet = AlternativesSheet(view, room)
        self._job: Job | None = None
        self._offset, self._beside = -1, QRect()
        self._by_keys = False
        self._rest, self._grace, self._wait = (later(view, ms) for ms in (_REST_MS, _GRACE_MS, _WAIT_MS))
        self._rest.timeout.connect(self.look)
        self._grace.timeout.connect(self.close)
        self._wait.timeout.connect(lambda: self._say("Reading the text again …"))
        view.character_hovered.connect(self._hovered)
        view.character_activated.connect(self._activated)
        view.caret_rested.connect(self._moved)
        view.verticalScrollBar().valueChanged.connect(self.close)
        view.installEventFilter(self)
        self.sheet.entered.connect(self._grace.stop)
        self.sheet.left.connect(self._grace.start)
        self.sheet.chosen.connect(self._chosen)

    # --- when

    def _hovered(self, offset: int, rect: QRect) -> None:
        if offset < 0:
            self._rest.stop()
            if self.sheet.isVisible() and not self._by_keys:
                self._grace.start()
            return
        self._grace.stop()
        self._aim(offset, rect, by_keys=False)

    def _moved(self, offset: int, rect: QRect) -> None:
        self._aim(offset, rect, by_keys=True)

    def _activated(self, offset: int, rect: QRect) -> None:
        self._aim(offset, rect, by_keys=True)
        document = self._document()
        if document is not None and document.pen is None:
            self._rest.stop()
            self._say("The model that wrote this is not open.")
        else:
            self.look()

    def _aim(self, offset: int, rect: QRect, *, by_keys: bool) -> None:
        if offset == self._offset and self.sheet.isVisible():
            return
        if self.sheet.isVisible():
            self.close()
        self._offset, self._beside, self._by_keys = offset, rect, by_keys
        self._rest.stop()
        self._rest.start()

    def close(self, *_value: object) -> None:
        """Take the sheet away, and stop looking."""
        for timer in (self._rest, self._grace, self._wait):
            timer.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.sheet.hide()
        self._offset = -1

    # --- looking

    def look(self) -> None:
        """What could have stood at the character that is aimed at."""
        self._rest.stop()
        document = self._document()
        if document is None or document.pen is None or self._offset < 0:
            return
        place = self._offset - len(document.last.prompt)
        if not 0 <= place <= document.characters:
            return
        index, within = locate(document.draft, place)
        sample = document.draft.parts[index].sample
        if self._job is not None:
            self._job.cancel()

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                found: Looked = event.result
                self._trails.keep(sample, found.trail)
                if job is self._job and found.alternatives is not None:
                    self._job = None
                    self._wait.stop()
                    self._show(found.alternatives)
            elif job is not self._job:
                return
            elif isinstance(event, Reading) and self.sheet.isVisible():
                self._say(f"Reading the text again: {event.done / event.total:.0%}")
            elif isinstance(event, Failed):
                self._job = None
                self._wait.stop()
                self._say(words.in_window(event.sentence))

        job = self._job = self._desk.run_job(
            "look", look(document.pen, sample, within, self._trails.of(sample)), on_event
        )
        self._wait.start()

    def _say(self, sentence: str) -> None:
        self.sheet.say(sentence, self._beside)

    def _show(self, here: Alternatives) -> None:
        if here.chosen:
            ordinal = f", {here.rank:,}. of all" if here.rank > len(here.best) else ""
            heading = f"{shown(here.chosen)}: {percent(here.probability)}{ordinal}"
        else:
            heading = "What would come next"
        self.sheet.show_rows(here.best, here.chosen, heading, HINT, self._beside)

    def _chosen(self, character: str) -> None:
        document = self._document()
        if document is None:
            return
        place = self._offset - len(document.last.prompt)
        self.close()
        self.branch_wanted.emit(place, character)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and self.sheet.isVisible():
                self.close()
                return True
            digit = event.key() - Qt.Key.Key_0
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if 0 <= digit <= 9 and plain and self.sheet.choose((digit - 1) % 10):
                return True
        elif watched is self._view and event.type() in (QEvent.Type.FocusOut, QEvent.Type.Resize):
            self.close()
        return super().eventFilter(watched, event)
