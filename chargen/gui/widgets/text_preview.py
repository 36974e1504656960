"""The first pages of a corpus, with what cleaning would change marked in place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.labelled import HintLabel
from chargen.gui.widgets.reading_view import ReadingView, Style
from chargen.gui.widgets.themed import follow_theme

PREVIEW_CHARACTERS = 40_000


@dataclass(frozen=True)
class Mark:
    """Characters ``first`` up to ``last`` that cleaning removes or changes; ``ending``: a newline that was another."""

    first: int
    last: int
    kind: Literal["removed", "changed", "ending"] = "changed"


class _Pages(ReadingView):
    def __init__(self) -> None:
        super().__init__("Preview of the text")
        self.marks: list[Mark] = []
        self.endings: set[int] = set()
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
            if mark.first < last and mark.last > first and mark.kind != "ending":
                if mark.kind == "removed":
                    styles.append(Style(mark.first, mark.last, ink=t.ink, ground=soft, strike=t.bad))
                else:
                    styles.append(Style(mark.first, mark.last, ink=t.ink, ground=soft, underline=t.caution))
        return styles

    def _paint_paragraph(self, painter: QPainter, index: int, at: QPointF, t: theme.Tokens) -> None:
        super()._paint_paragraph(painter, index, at, t)
        text = self._content.paragraph(index)
        if self._content.start(index) + len(text) in self.endings:
            layout = self._layout_of(index)
            line = layout.lineAt(layout.lineCount() - 1)
            x = line.naturalTextRect().right()
            draw_ending(painter, QPointF(at.x() + x + theme.SPACE_1, at.y() + line.y() + line.ascent()), t)


def draw_ending(painter: QPainter, base: QPointF, t: theme.Tokens) -> None:
    """The sign of a changed line ending, an arrow bent back, standing at ``base``; drawn, as not every face has it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour(t.caution), 1.4))
    left, right, middle = base.x() + 1, base.x() + 9, base.y() - 4
    painter.drawPolyline([QPointF(right, middle - 5), QPointF(right, middle), QPointF(left, middle)])
    painter.drawPolyline([QPointF(left + 3, middle - 3), QPointF(left, middle), QPointF(left + 3, middle + 3)])
    painter.restore()


class _EndingSign(QWidget):
    """The same sign beside the words about it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(theme.SPACE_4, theme.SPACE_4)
        follow_theme(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_ending(QPainter(self), QPointF(2, theme.SPACE_3), theme.tokens())


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
        foot = QHBoxLayout()
        foot.setSpacing(0)
        self._sign = _EndingSign()
        foot.addWidget(self._sign, 0)
        foot.addWidget(self._note, 1)
        layout.addLayout(foot)
        self.setFocusProxy(self.pages)
        self._shown = self._total = 0
        self._tell()

    def set_text(self, text: str, total: int | None = None) -> None:
        """``total``: how many characters the whole corpus has, if this is not all of it."""
        shown = text[:PREVIEW_CHARACTERS]
        self.pages.marks, self.pages.endings = [], set()
        self.pages.show_text(shown)
        self._shown, self._total = len(shown), max(total or 0, len(text))
        self._tell()

    def text(self) -> str:
        return self.pages.text()

    def set_marks(self, marks: Iterable[Mark]) -> None:
        """Only those within the shown part count."""
        self.pages.marks = [m for m in marks if m.first < self._shown]
        self.pages.endings = {m.first for m in self.pages.marks if m.kind == "ending"}
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
        changed = sum(m.kind == "changed" for m in self.pages.marks)
        endings = len(self.pages.endings)
        if removed:
            parts.append(f"Struck out: removed by cleaning ({removed:,} here).")
        if changed:
            parts.append(f"Underlined: changed by cleaning ({changed:,} here).")
        if endings:
            parts.append(f"Bent arrow: a line ending made plain ({endings:,} here).")
        self._sign.setVisible(endings > 0)
        self._note.setText(" ".join(parts))
        self._note.setVisible(bool(parts))
