"""What could have stood at a character: ten rows on a small floating sheet beside it."""

import unicodedata
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme

MOST = 10
_COLUMN, _ROWS = 148, 5
_NAMES = {" ": "space", "\n": "new line", "\t": "tab", "\u00a0": "hard space", "\r": "return"}


def shown(character: str) -> str:
    """A character as it can be read in a list: itself, or its name in words."""
    if character in _NAMES:
        return _NAMES[character]
    if character.isprintable() and not character.isspace():
        return character
    return unicodedata.name(character, f"U+{ord(character):04X}").lower()[:12]


def percent(probability: float) -> str:
    """``12 %``, ``0.4 %``, ``under 0.1 %``: no more digits than say something."""
    share = 100 * probability
    if share < 0.1:
        return "< 0.1 %"
    return f"{share:.1f} %" if share < 9.95 else f"{share:.0f} %"


class AlternativesSheet(QWidget):
    """Floats over a view, and not beyond ``room``, which holds it (by default the view itself). Rows are chosen by a
    click or a digit (0 is the tenth); it never takes the focus.

    Signals:
        chosen: the character of a row. entered, left: the pointer is over it, or no longer.
    """

    chosen = Signal(str)
    entered = Signal()
    left = Signal()

    def __init__(self, view: QWidget, room: QWidget | None = None) -> None:
        super().__init__(room or view)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Alternatives")
        self._view, self._room = view, room or view
        self._rows: list[tuple[str, float]] = []
        self._heading, self._hint, self._now, self._over = "", "", "", -1
        follow_theme(self)
        self.hide()

    def show_rows(self, rows: Sequence[tuple[str, float]], now: str, heading: str, hint: str, beside: QRect) -> None:
        """Show characters with their probabilities beside a place; ``now`` is the one that stands there."""
        self._rows, self._now, self._heading, self._hint, self._over = list(rows[:MOST]), now, heading, hint, -1
        said = ", ".join(f"{n} {shown(c)} {percent(p)}" for n, (c, p) in enumerate(self._rows, 1))
        self.setAccessibleDescription(f"{heading}. {said}. {hint}")
        self._place(beside)

    def say(self, sentence: str, beside: QRect) -> None:
        """Show a sentence alone: what is still going on."""
        self._rows, self._now, self._heading, self._hint = [], "", sentence, ""
        self.setAccessibleDescription(sentence)
        self._place(beside)

    def rows(self) -> list[tuple[str, float]]:
        return list(self._rows)

    def heading(self) -> str:
        return self._heading

    def choose(self, number: int) -> bool:
        """As if row ``number`` (counted from 0) had been clicked; whether there is one."""
        if not self.isVisible() or not 0 <= number < len(self._rows):
            return False
        self.chosen.emit(self._rows[number][0])
        return True

    def shortened(self) -> str:
        """What of its words does not fit."""
        room = self.width() - 2 * theme.SPACE_3
        small = QFontMetrics(theme.ui_font(theme.TEXT_SMALL))
        return next((line for line in (self._heading, self._hint) if small.horizontalAdvance(line) > room), "")

    # --- geometry

    def sizeHint(self) -> QSize:
        small = QFontMetrics(theme.ui_font(theme.TEXT_SMALL))
        wide = max(small.horizontalAdvance(self._heading), small.horizontalAdvance(self._hint)) + 2 * theme.SPACE_3
        columns = -(-len(self._rows) // _ROWS)
        height = 2 * theme.SPACE_2 + self._line() * (1 + bool(self._hint))
        height += min(len(self._rows), _ROWS) * theme.HIT + (theme.SPACE_1 if self._rows else 0)
        return QSize(max(wide, columns * _COLUMN + 2 * theme.SPACE_2), height)

    def _line(self) -> int:
        return QFontMetrics(theme.ui_font(theme.TEXT_SMALL)).height() + theme.SPACE_1

    def _place(self, beside: QRect) -> None:
        """Under the character; above it where that does not fit; never outside the room."""
        size, room = self.sizeHint(), self._room.rect().adjusted(4, 4, -4, -4)
        beside = QRect(self._view.mapTo(self._room, beside.topLeft()), beside.size())
        left = min(max(beside.center().x() - theme.SPACE_5, room.left()), room.right() - size.width())
        top = beside.bottom() + 2
        if top + size.height() > room.bottom():
            top = max(beside.top() - size.height() - 2, room.top())
        self.setGeometry(QRect(QPoint(left, top), size))
        self.show()
        self.raise_()
        self.update()

    def _row_rect(self, number: int) -> QRect:
        top = theme.SPACE_2 + self._line() + theme.SPACE_1
        column, row = divmod(number, _ROWS)
        return QRect(theme.SPACE_2 + column * _COLUMN, top + row * theme.HIT, _COLUMN, theme.HIT)

    # --- events

    def _row_at(self, point: QPoint) -> int:
        return next((n for n in range(len(self._rows)) if self._row_rect(n).contains(point)), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._row_at(event.position().toPoint())
        self.setCursor(Qt.CursorShape.PointingHandCursor if over >= 0 else Qt.CursorShape.ArrowCursor)
        if over != self._over:
            self._over = over
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # not for the text below

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.choose(self._row_at(event.position().toPoint()))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.entered.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._over = -1
        self.left.emit()

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour(t.line))
        painter.setBrush(theme.colour(t.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_CONTROL, 8)
        small = theme.ui_font(theme.TEXT_SMALL, tabular=True)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        line = QRect(theme.SPACE_3, theme.SPACE_2, self.width() - 2 * theme.SPACE_3, self._line())
        painter.setFont(theme.ui_font(theme.TEXT_SMALL))
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(line, left, self._heading)
        if self._hint:
            line.moveBottom(self.height() - theme.SPACE_2)
            painter.drawText(line, left, self._hint)
        most = max((p for _, p in self._rows), default=1.0) or 1.0
        for number, (character, probability) in enumerate(self._rows):
            row = self._row_rect(number)
            now = character == self._now
            if now or number == self._over:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour(t.hover if number == self._over else t.accent_soft))
                painter.drawRoundedRect(QRectF(row).adjusted(0, 1, -2, -1), 6, 6)
            inner = row.adjusted(theme.SPACE_1, 0, -theme.SPACE_2, 0)
            painter.setFont(small)
            painter.setPen(theme.colour(t.ink_2))
            painter.drawText(QRect(inner.left(), inner.top(), 12, inner.height()), right, str((number + 1) % 10))
            name = shown(character)
            painter.setFont(theme.book_font(18) if len(name) == 1 else theme.ui_font(theme.TEXT_SMALL))
            painter.setPen(theme.colour(t.ink))
            painter.drawText(inner.adjusted(20, 0, 0, 0), left, name)
            painter.setFont(small)
            painter.setPen(theme.colour(t.ink if now else t.ink_2))
            painter.drawText(inner, right, percent(probability))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(t.data_1))
            width = max((inner.width() - 20) * probability / most, 1.0)
            painter.drawRect(QRectF(inner.left() + 20, inner.bottom() - 3, width, 2))
        painter.end()
