"""The first pages of a corpus, with what cleaning would change marked in place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtWidgets import QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.labelled import HintLabel
from chargen.gui.widgets.reading_view import ReadingView, Style

PREVIEW_CHARACTERS = 40_000


@dataclass(frozen=True)
class Mark:
    """Characters ``first`` up to ``last`` that cleaning removes or changes."""

    first: int
    last: int
    kind: Literal["removed", "changed"] = "changed"


class _Pages(ReadingView):
    def __init__(self) -> None:
        super().__init__("Preview of the text")
        self.marks: list[Mark] = []
        self._stuck = False

    def show_text(self, text: str) -> None:
        self._stuck = False
        self.verticalScrollBar().setValue(0)
        self._reset(text)

    def _styles(self, first: int, last: int) -> list[Style]:
        t = theme.tokens()
        soft = theme.mix(t.paper, t.caution, 0.16)
        styles = []
        for mark in self.marks:
            if mark.first < last and mark.last > first:
                if mark.kind == "removed":
                    styles.append(Style(mark.first, mark.last, ink=t.ink, ground=soft, strike=t.bad))
                else:
                    styles.append(Style(mark.first, mark.last, ink=t.ink, ground=soft, underline=t.caution))
        return styles


class TextPreview(QWidget):
    """``set_text(text, total)`` shows a beginning; ``set_marks`` shows what cleaning does to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Preview")
        self.pages = _Pages()
        self._note = HintLabel()
        self._note.setContentsMargins(0, theme.SPACE_1, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_1)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self._note)
        self.setFocusProxy(self.pages)
        self._shown = self._total = 0
        self._tell()

    def set_text(self, text: str, total: int | None = None) -> None:
        """``total``: how many characters the whole corpus has, if this is not all of it."""
        shown = text[:PREVIEW_CHARACTERS]
        self.pages.marks = []
        self.pages.show_text(shown)
        self._shown, self._total = len(shown), max(total or 0, len(text))
        self._tell()

    def text(self) -> str:
        return self.pages.text()

    def set_marks(self, marks: Iterable[Mark]) -> None:
        """Only those within the shown part count."""
        self.pages.marks = [m for m in marks if m.first < self._shown]
        self.pages.viewport().update()
        self._tell()

    def marks(self) -> list[Mark]:
        return list(self.pages.marks)

    def set_monospace(self, on: bool) -> None:
        self.pages.set_monospace(on)

    def note(self) -> str:
        return self._note.text()

    def _tell(self) -> None:
        parts = []
        if self._total > self._shown:
            parts.append(f"The first {self._shown:,} of {self._total:,} characters.")
        removed = sum(m.kind == "removed" for m in self.pages.marks)
        changed = len(self.pages.marks) - removed
        if removed:
            parts.append(f"Struck out: removed by cleaning ({removed:,} here).")
        if changed:
            parts.append(f"Underlined: changed by cleaning ({changed:,} here).")
        self._note.setText(" ".join(parts))
        self._note.setVisible(bool(parts))
