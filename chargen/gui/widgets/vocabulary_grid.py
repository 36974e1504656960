"""The symbols of a corpus, each as large and as warm as it is frequent.

One widget paints the cells that are visible, so ten thousand symbols cost what fifty do.
"""

import math
import unicodedata
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from chargen.gui import theme
from chargen.gui.widgets.labelled import escape_tooltip

_CELL, _GAP, _LEAST, _MOST = 52, 4, 13, 24
_NAMES = {" ": "space", "\n": "newline", "\t": "tab", "\r": "return", "\u00a0": "nbsp"}


def visible_name(character: str) -> str:
    """The character, or a name for one that would not be seen."""
    if character in _NAMES:
        return _NAMES[character]
    category = unicodedata.category(character)
    if category[0] in "ZC" or category in ("Mn", "Me"):
        return f"U+{ord(character):04X}"
    return character


def full_name(character: str) -> str:
    """ "e, U+0065 LATIN SMALL LETTER E" """
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "").strip()
    shown = visible_name(character)
    start = code if shown == code else f"{shown}, {code}"
    return f"{start} {name}".strip()


class VocabularyGrid(QAbstractScrollArea):
    """``set_counts([("e", 1234), …])``; most frequent first. Arrows move, Enter activates."""

    activated = Signal(str)
    current_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Symbols")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self._symbols: list[tuple[str, int]] = []
        self._total = 0
        self._current = -1
        theme.signals.changed.connect(self.viewport().update)

    def set_counts(self, counts: Iterable[tuple[str, int]]) -> None:
        self._symbols = sorted(counts, key=lambda pair: (-pair[1], pair[0]))
        self._total = sum(count for _, count in self._symbols)
        self._current = -1
        self.verticalScrollBar().setValue(0)
        self.setAccessibleDescription(f"{len(self._symbols):,} symbols")
        self._fit_bar()
        self.viewport().update()

    def symbols(self) -> list[str]:
        return [character for character, _ in self._symbols]

    def current(self) -> str:
        return self._symbols[self._current][0] if 0 <= self._current < len(self._symbols) else ""

    def columns(self) -> int:
        return max((self.viewport().width() + _GAP) // (_CELL + _GAP), 1)

    def cell_rect(self, index: int) -> QRect:
        """Where a symbol's cell is, in the viewport."""
        row, column = divmod(index, self.columns())
        # The cells share what the columns leave over, so that the right edge is even.
        width = (self.viewport().width() - (self.columns() - 1) * _GAP) / self.columns()
        left = round(column * (width + _GAP))
        right = round(column * (width + _GAP) + width)
        top = row * (_CELL - 8 + _GAP) - self.verticalScrollBar().value()
        return QRect(left, top, right - left, _CELL - 8)

    def index_at(self, point: QPoint) -> int:
        """The symbol under a point, or -1."""
        row = (point.y() + self.verticalScrollBar().value()) // (_CELL - 8 + _GAP)
        for column in range(self.columns()):
            index = row * self.columns() + column
            if 0 <= index < len(self._symbols) and self.cell_rect(index).contains(point):
                return index
        return -1

    def reading(self, index: int) -> str:
        character, count = self._symbols[index]
        share = 100 * count / self._total if self._total else 0.0
        times = "once" if count == 1 else f"{count:,} times"
        return f"{full_name(character)} · {times} ({share:.2g} %)"

    def shortened(self) -> str:
        """The names that do not fit their cells."""
        metrics = QFontMetrics(theme.ui_font(theme.TEXT_LABEL))
        names = ((index, visible_name(character)) for index, (character, _) in enumerate(self._symbols))
        cut = [n for i, n in names if len(n) > 1 and metrics.horizontalAdvance(n) > self.cell_rect(i).width() - 6]
        return "\n".join(cut)

    def _fit_bar(self) -> None:
        rows = -(-len(self._symbols) // self.columns())
        bar = self.verticalScrollBar()
        step = _CELL - 8 + _GAP
        bar.setRange(0, max(rows * step - _GAP - self.viewport().height(), 0))
        bar.setSingleStep(step)
        bar.setPageStep(max(self.viewport().height() - step, step))

    def resizeEvent(self, event: QEvent) -> None:
        self._fit_bar()

    def sizeHint(self) -> QSize:
        return QSize(280, 240)

    def _choose(self, index: int) -> None:
        self._current = min(max(index, 0), len(self._symbols) - 1)
        rect = self.cell_rect(self._current)
        bar = self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + 1)
        self.setAccessibleDescription(self.reading(self._current))
        self.current_changed.emit(self.current())
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(index)
            self.activated.emit(self.current())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self.columns(),
            Qt.Key.Key_Down: self.columns(),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if self._symbols and key in moves:
            target = 0 if self._current < 0 else self._current + moves[key]
            self._choose(self._current if not 0 <= target < len(self._symbols) else target)
        elif self._symbols and key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._choose(0 if key == Qt.Key.Key_Home else len(self._symbols) - 1)
        elif self.current() and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.activated.emit(self.current())
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(event.pos())
            if index >= 0:
                QToolTip.showText(event.globalPos(), escape_tooltip(self.reading(index)), self)
            return True
        return super().viewportEvent(event)

    def weight(self, count: int) -> float:
        """0 for the rarest to 1 for the most frequent, by orders of magnitude."""
        most = self._symbols[0][1] if self._symbols else 1
        return math.log1p(max(count, 0)) / math.log1p(most) if most > 0 else 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        step = _CELL - 8 + _GAP
        first = max(self.verticalScrollBar().value() // step, 0) * self.columns()
        for index in range(first, len(self._symbols)):
            rect = self.cell_rect(index)
            if rect.top() > event.rect().bottom():
                break
            character, count = self._symbols[index]
            self._paint_cell(painter, rect, visible_name(character), self.weight(count), index, t)

    def _paint_cell(
        self, painter: QPainter, rect: QRect, name: str, weight: float, index: int, t: theme.Tokens
    ) -> None:
        chosen = index == self._current
        pen = QPen(theme.colour(t.accent), 2) if chosen else QPen(Qt.PenStyle.NoPen)
        painter.setPen(pen)
        painter.setBrush(theme.colour(theme.mix(t.rail, t.heat[2], max(weight - 0.25, 0) * 0.8)))
        painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), theme.RADIUS_CONTROL, theme.RADIUS_CONTROL)
        if len(name) == 1:
            font = theme.mono_font(round(_LEAST + (_MOST - _LEAST) * weight))
        else:
            font = theme.ui_font(theme.TEXT_LABEL)
            name = QFontMetrics(font).elidedText(name, Qt.TextElideMode.ElideRight, rect.width() - 6)
        painter.setFont(font)
        painter.setPen(theme.colour(t.ink))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, name)
