"""Reading a column of text: looks of its runs, selection, copying, a caret for the keyboard."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextCharFormat,
    QTextLayout,
)
from PySide6.QtWidgets import QMenu, QWidget

from chargen.gui import theme
from chargen.gui.widgets.heat_bands import HeatBands, line_x
from chargen.gui.widgets.reading_column import KEPT_LAYOUTS, ReadingColumn
from chargen.gui.widgets.reading_text import to_utf16


@dataclass(frozen=True)
class Style:
    """How a run of characters looks; None leaves it as it is."""

    first: int
    last: int
    ink: str | None = None
    ground: str | None = None
    underline: str | None = None
    strike: str | None = None


class ReadingView(ReadingColumn):
    """Shows a text; subclasses say how runs of it look, by ``_styles(first, last)``."""

    character_activated = Signal(int, object)  # offset, its QRect in the view: clicked, or Enter at the caret
    selection_changed = Signal()
    character_hovered = Signal(int, object)  # offset and QRect under the resting pointer; -1 where there is none
    caret_rested = Signal(int, object)  # the caret, moved by a key: the character after it
    menu_opened = Signal(object, int)  # its QMenu, to be added to, and the place in the text that it is about

    def __init__(self, name: str = "Text", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._anchor = self._caret = 0
        self._pressed: int | None = None
        self._under = -1
        self._bands: dict[int, HeatBands] = {}  # of the paragraphs painted lately
        self.viewport().setMouseTracking(True)

    def _reset(self, text: str) -> None:
        self._anchor = self._caret = 0
        super()._reset(text)

    # --- what subclasses say

    def _styles(self, first: int, last: int) -> list[Style]:
        """The looks of the characters from ``first`` up to ``last``."""
        return []

    def _levels_of(self, first: int, last: int) -> bytes | None:
        """The warmth of these characters, one byte each; None where none is shown."""
        return None

    def _end_caret(self) -> bool:
        """Whether a caret stands at the end, because text is being written."""
        return False

    # --- selection

    def selection(self) -> tuple[int, int]:
        return min(self._anchor, self._caret), max(self._anchor, self._caret)

    def selected_text(self) -> str:
        return self._content.slice(*self.selection())

    def select(self, first: int, last: int) -> None:
        self._anchor, self._caret = first, last
        self.selection_changed.emit()
        self.viewport().update()

    def select_all(self) -> None:
        self.select(0, len(self._content))

    def copy(self) -> None:
        """The selection, or everything, to the clipboard, as plain text."""
        QGuiApplication.clipboard().setText(self.selected_text() or self.text())

    def caret(self) -> int:
        return self._caret

    def _move_caret(self, offset: int, keep_anchor: bool) -> None:
        self._caret = min(max(offset, 0), len(self._content))
        if not keep_anchor:
            self._anchor = self._caret
        self.selection_changed.emit()
        self.scroll_to(self._caret)
        self.viewport().update()

    # --- events

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FontChange:
            self.viewport().update()
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = event.position().toPoint()
        self._pressed = self.offset_at(point, nearest_gap=False)
        keep = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._caret = self.offset_at(point)
        if not keep:
            self._anchor = self._caret
        self.selection_changed.emit()
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._hover(point)
            return
        over = point.y() - self.viewport().height() if point.y() > 0 else point.y()
        if point.y() < 0 or over > 0:  # dragging past an edge scrolls
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + over)
        self._caret = self.offset_at(point)
        self.selection_changed.emit()
        self.viewport().update()

    def _hover(self, point: QPoint) -> None:
        offset, rect = self.offset_at(point, nearest_gap=False), QRect()
        if offset < len(self._content):
            rect = self.character_rect(offset)
        if not rect.adjusted(-2, 0, 2, 0).contains(point):
            offset = -1
        if offset != self._under:
            self._under = offset
            self.character_hovered.emit(offset, rect)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._under = -1
        self.character_hovered.emit(-1, QRect())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        pressed, self._pressed = self._pressed, None
        if self._anchor == self._caret and pressed < len(self._content):
            rect = self.character_rect(pressed)
            if rect.adjusted(-4, 0, 4, 0).contains(event.position().toPoint()):
                self.character_activated.emit(pressed, rect)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        offset = self.offset_at(event.position().toPoint(), nearest_gap=False)
        index = self._content.find(offset)
        text, start = self._content.paragraph(index), self._content.start(index)
        first = last = min(offset - start, max(len(text) - 1, 0))
        while first > 0 and text[first - 1].isalnum():
            first -= 1
        while last < len(text) and text[last].isalnum():
            last += 1
        self._pressed = None
        self.select(start + first, start + last)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy", QKeySequence.StandardKey.Copy, self.copy)
        menu.addAction("Select all", QKeySequence.StandardKey.SelectAll, self.select_all)
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_opened.emit(menu, self._caret if by_key else self.offset_at(event.pos()))
        caret = self.viewport().mapToGlobal(self.character_rect(self._caret).bottomLeft())
        menu.popup(caret if by_key else event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._caret < len(self._content):
                self.character_activated.emit(self._caret, self.character_rect(self._caret))
        elif not self._move_by_key(event):
            super().keyPressEvent(event)

    def _move_by_key(self, event: QKeyEvent) -> bool:
        keep = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        far = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        rect = self.character_rect(self._caret)
        page = max(self.viewport().height() // self._unit - 1, 1) * self._unit
        down = {
            Qt.Key.Key_Up: -self._unit, Qt.Key.Key_Down: self._unit,
            Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in down:
            target = self.offset_at(QPoint(rect.left() + 1, rect.center().y() + down[key]))
        elif key == Qt.Key.Key_Left:
            target = self._caret - 1
        elif key == Qt.Key.Key_Right:
            target = self._caret + 1
        elif key == Qt.Key.Key_Home:
            target = 0 if far else self.offset_at(QPoint(self.column().left(), rect.center().y()))
        elif key == Qt.Key.Key_End:
            end = QPoint(self.column().right() + 1, rect.center().y())
            target = len(self._content) if far else self.offset_at(end)
        else:
            return False
        self._move_caret(target, keep)
        if not keep:
            self.caret_rested.emit(self._caret, self.character_rect(self._caret))
        return True

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self.viewport())
        column = self.column()
        if self._ground is not None:
            painter.fillRect(event.rect(), theme.colour(getattr(t, self._ground)))
        if not len(self._content) and self._placeholder:
            painter.setFont(self._font)
            painter.setPen(theme.colour(t.ink_2))
            where = QRectF(column.left(), self._margin, column.width(), max(column.height() - self._margin, 0))
            painter.drawText(where, Qt.TextFlag.TextWordWrap, self._placeholder)
        value = self.verticalScrollBar().value()
        top = self._content.at_line(max(event.rect().top() + value - self._margin, 0) // self._unit)
        for index in range(top, self._content.count):
            y = self._content.top(index) * self._unit + self._margin - value
            if y > event.rect().bottom():
                break
            self._paint_paragraph(painter, index, QPointF(column.left(), y), t)
        if self._end_caret():
            self._paint_caret(painter, len(self._content))
        if self.hasFocus() and len(self._content):
            self._paint_caret(painter, self._caret)

    def _paint_caret(self, painter: QPainter, offset: int) -> None:
        rect = self.character_rect(offset)
        top, height = self._band
        painter.fillRect(QRect(rect.left(), rect.top() + top, 2, height), theme.colour(theme.tokens().accent))

    def _paint_paragraph(self, painter: QPainter, index: int, at: QPointF, t: theme.Tokens) -> None:
        layout = self._layout_of(index)
        text, start = self._content.paragraph(index), self._content.start(index)
        levels = self._levels_of(start, start + len(text))
        bands = self._bands_of(index, layout, text, levels, t) if levels is not None else None
        styles = self._styles(start, start + len(text))
        first, last = self.selection()
        if first < last and first < start + len(text) and last > start:
            styles = [*styles, Style(first, last, ground=t.selection, ink=t.ink)]
        ranges: list[QTextLayout.FormatRange] = []
        if bands is not None:
            bands.paint(painter, at.toPoint(), *self._band, self._unit)
            ranges.extend(bands.inks)
        for style in styles:
            begin = to_utf16(text, min(max(style.first - start, 0), len(text)))
            end = to_utf16(text, min(max(style.last - start, 0), len(text)))
            if begin >= end:
                continue
            if style.ground is not None:
                self._band_behind(painter, layout, at, begin, end, theme.colour(style.ground))
            if style.ink is not None:
                ink = QTextCharFormat()
                ink.setForeground(theme.colour(style.ink))
                run = QTextLayout.FormatRange()
                run.start, run.length, run.format = begin, end - begin, ink
                ranges.append(run)
        painter.setPen(theme.colour(t.ink))
        layout.draw(painter, at, ranges)
        for style in styles:
            begin = to_utf16(text, min(max(style.first - start, 0), len(text)))
            end = to_utf16(text, min(max(style.last - start, 0), len(text)))
            if begin < end and style.underline is not None:
                self._rule(painter, layout, at, begin, end, style.underline, self._base + 4, 2)
            if begin < end and style.strike is not None:
                self._rule(painter, layout, at, begin, end, style.strike, self._base - 5, 1)

    def _bands_of(
        self, index: int, layout: QTextLayout, text: str, levels: bytes, t: theme.Tokens
    ) -> HeatBands:
        bands = self._bands.get(index)
        if bands is None or bands.layout is not layout or bands.tokens is not t:
            self._bands.pop(index, None)
            if len(self._bands) >= KEPT_LAYOUTS:  # one at a time: to drop many takes long
                del self._bands[next(iter(self._bands))]
            bands = self._bands[index] = HeatBands(layout, text, self.column().width(), levels, t)
        return bands

    def _pieces(self, layout: QTextLayout, begin: int, end: int) -> list[tuple[int, float, float]]:
        """(line, left, right) of a run, which may go over several lines."""
        pieces = []
        number = layout.lineForTextPosition(begin).lineNumber()
        while number < layout.lineCount():
            line = layout.lineAt(number)
            a, b = max(begin, line.textStart()), min(end, line.textStart() + line.textLength())
            if line.textStart() >= end:
                break
            x, after = line_x(line, a), line_x(line, b)
            pieces.append((number, min(x, after), max(x, after)))
            number += 1
        return pieces

    def _band_behind(
        self, painter: QPainter, layout: QTextLayout, at: QPointF, begin: int, end: int, colour: QColor
    ) -> None:
        top, height = self._band
        for number, left, right in self._pieces(layout, begin, end):
            # Whole pixels, so that neighbouring bands neither overlap nor leave a seam.
            x, after = round(at.x() + left), round(at.x() + right)
            painter.fillRect(QRect(x, round(at.y()) + number * self._unit + top, after - x, height), colour)

    def _rule(
        self, painter: QPainter, layout: QTextLayout, at: QPointF, begin: int, end: int, value: str, y: int, width: int
    ) -> None:
        for number, left, right in self._pieces(layout, begin, end):
            row = round(at.y()) + number * self._unit + y
            painter.fillRect(QRectF(at.x() + left, row, right - left, width), theme.colour(value))

    def _tell_reader(self, tail: str) -> None:
        """Let a screen reader, if one listens, hear what was written last."""
        if QAccessible.isActive():
            self.setAccessibleDescription(tail)


def later(parent: QWidget, milliseconds: int) -> QTimer:
    """A timer that fires once after the first ``start()`` of a batch."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    return timer
