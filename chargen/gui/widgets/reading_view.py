"""A reading column: plain text at 20 pixels on 1.5 lines, about 66 characters wide, a million of them.

Only what is on the screen is ever laid out. Paragraphs elsewhere have an estimated height that becomes
exact when they come into view; the line being read stays where it is meanwhile. Qt's own text widgets
either cannot space lines or lay out the whole text, hence a widget of our own, with selection, copying
and a caret for the keyboard.
"""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QWidget

from chargen.gui import theme
from chargen.gui.widgets.reading_text import ReadingText, displayable, from_utf16, to_utf16

_KEPT_LAYOUTS = 300
_SAMPLE = "KEEPER: And set a bowl of salt for every name in the harbour."


@dataclass(frozen=True)
class Style:
    """How a run of characters looks; None leaves it as it is."""

    first: int
    last: int
    ink: str | None = None
    ground: str | None = None
    underline: str | None = None
    strike: str | None = None


class ReadingView(QAbstractScrollArea):
    """Shows a text; subclasses say how runs of it look, by ``_styles(first, last)``."""

    character_activated = Signal(int, object)  # offset, its QRect in the view: clicked, or Enter at the caret
    selection_changed = Signal()

    def __init__(self, name: str = "Text", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.viewport().setAutoFillBackground(False)
        self._content = ReadingText()
        self._layouts: dict[int, QTextLayout] = {}
        self._mono = False
        self._centred = True
        self._placeholder = ""
        self._stuck = True  # at the end, and staying there
        self._settling = False
        self._anchor = self._caret = 0
        self._pressed: int | None = None
        self._margin = theme.SPACE_4
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.signals.changed.connect(self.viewport().update)
        self._measure()

    # --- text

    def text(self) -> str:
        return self._content.text()

    def length(self) -> int:
        return len(self._content)

    def _reset(self, text: str) -> None:
        self._content = ReadingText()
        self._content.reflow(self._columns)
        self._content.append(text)
        self._layouts.clear()
        self._anchor = self._caret = 0
        self._settle()

    def _extend(self, text: str) -> None:
        stuck = self._stuck
        first = self._content.append(text)
        for index in [i for i in self._layouts if i >= first]:
            del self._layouts[index]
        self._stuck = stuck
        self._settle()

    def set_monospace(self, on: bool) -> None:
        """Monospace for code, the book face otherwise."""
        if on != self._mono:
            self._mono = on
            self._measure()
            self._relayout()

    def is_monospace(self) -> bool:
        return self._mono

    def set_centred(self, on: bool) -> None:
        """Whether the column stands in the middle, or at the left (in a card)."""
        self._centred = on
        self.viewport().update()

    def set_margin(self, margin: int) -> None:
        """Empty space round the column; a card that has its own needs little."""
        self._margin = margin
        self._relayout()

    def set_placeholder(self, text: str) -> None:
        """What an empty view says."""
        self._placeholder = text
        self.viewport().update()

    # --- what subclasses say

    def _styles(self, first: int, last: int) -> list[Style]:
        """The looks of the characters from ``first`` up to ``last``."""
        return []

    def _end_caret(self) -> bool:
        """Whether a caret stands at the end, because text is being written."""
        return False

    # --- geometry

    def _measure(self) -> None:
        self._font = theme.mono_font() if self._mono else theme.book_font()
        metrics = QFontMetricsF(self._font)
        self._unit = round(self._font.pixelSize() * theme.LINE_HEIGHT)
        self._base = round((self._unit - metrics.height()) / 2 + metrics.ascent())
        self._band = (round((self._unit - metrics.height()) / 2), round(metrics.height()))
        self._advance = metrics.horizontalAdvance(_SAMPLE) / len(_SAMPLE)
        self._tab = metrics.horizontalAdvance(" ") * 4

    @property
    def _columns(self) -> int:
        return max(int(self.column().width() / self._advance), 8)

    def column(self) -> QRect:
        """The reading column, in the viewport."""
        room = self.viewport().width() - 2 * self._margin
        width = max(min(round(self._advance * theme.MEASURE), room), 40)
        left = (self.viewport().width() - width) // 2 if self._centred else self._margin
        return QRect(max(left, 0), 0, width, self.viewport().height())

    def _layout_of(self, index: int) -> QTextLayout:
        layout = self._layouts.get(index)
        if layout is not None:
            return layout
        layout = QTextLayout(displayable(self._content.paragraph(index)), self._font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTabStopDistance(self._tab)
        layout.setTextOption(option)
        width = self.column().width()
        layout.beginLayout()
        number = 0
        while True:
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(width)
            # Lines stand at even distances, whatever face a character had to be taken from.
            line.setPosition(QPointF(0, number * self._unit + self._base - line.ascent()))
            number += 1
        layout.endLayout()
        if len(self._layouts) >= _KEPT_LAYOUTS:
            del self._layouts[next(iter(self._layouts))]
        self._layouts[index] = layout
        return layout

    def _settle(self) -> None:
        """Lay out what is visible; keep the end, or the line at the top, where it is."""
        bar = self.verticalScrollBar()
        self._settling = True
        try:
            for _ in range(4):
                self._fit_bar()
                if self._stuck:
                    bar.setValue(bar.maximum())
                value = bar.value()
                top = self._content.at_line(max(value - self._margin, 0) // self._unit)
                inside = value - self._margin - int(self._content.tops()[top]) * self._unit
                moved = False
                for index in range(top, self._content.count):
                    y = int(self._content.tops()[index]) * self._unit + self._margin - value
                    if y > self.viewport().height():
                        break
                    if not self._content.is_exact(index):
                        lines = max(self._layout_of(index).lineCount(), 1)
                        moved |= self._content.set_lines(index, lines)
                if not moved:
                    break
                self._fit_bar()
                if not self._stuck:
                    bar.setValue(int(self._content.tops()[top]) * self._unit + self._margin + inside)
        finally:
            self._settling = False
        self.viewport().update()

    def _fit_bar(self) -> None:
        bar = self.verticalScrollBar()
        whole = int(self._content.tops()[-1]) * self._unit + 2 * self._margin
        bar.setRange(0, max(whole - self.viewport().height(), 0))
        bar.setSingleStep(self._unit)
        bar.setPageStep(max(self.viewport().height() - self._unit, self._unit))

    def _relayout(self) -> None:
        bar, stuck = self.verticalScrollBar(), self._stuck
        top = self._content.at_line(max(bar.value() - self._margin, 0) // self._unit)
        inside = bar.value() - int(self._content.tops()[top]) * self._unit
        self._layouts.clear()
        self._content.reflow(self._columns)
        self._settling = True
        self._fit_bar()
        if not stuck:
            bar.setValue(int(self._content.tops()[top]) * self._unit + inside)
        self._settling = False
        self._stuck = stuck
        self._settle()

    def _scrolled(self, value: int) -> None:
        if not self._settling:
            self._stuck = value >= self.verticalScrollBar().maximum() - 2
            self._settle()

    def is_at_end(self) -> bool:
        return self._stuck

    def scroll_to(self, offset: int) -> None:
        """Bring a character into view."""
        for _ in range(2):  # a jump into estimated country lands exactly the second time
            rect = self.character_rect(offset)
            bar = self.verticalScrollBar()
            if rect.top() < self._margin:
                bar.setValue(bar.value() + rect.top() - self._margin)
            elif rect.bottom() > self.viewport().height() - self._margin:
                bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + self._margin)

    def character_rect(self, offset: int) -> QRect:
        """Where a character is, in the viewport."""
        offset = min(max(offset, 0), len(self._content))
        index = self._content.find(offset)
        layout = self._layout_of(index)
        unit = to_utf16(self._content.paragraph(index), offset - self._content.start(index))
        line = layout.lineForTextPosition(unit)
        y = int(self._content.tops()[index]) * self._unit + self._margin - self.verticalScrollBar().value()
        if not line.isValid():
            return QRect(self.column().left(), y, 2, self._unit)
        x = _x(line, unit)
        after = _x(line, to_utf16(self._content.paragraph(index), offset - self._content.start(index) + 1))
        left, right = min(x, after), max(x, after)
        return QRect(
            self.column().left() + int(left), y + line.lineNumber() * self._unit, max(int(right - left), 2), self._unit
        )

    def offset_at(self, point: QPoint, nearest_gap: bool = True) -> int:
        """The gap between characters nearest to a point, or the character under it."""
        y = point.y() + self.verticalScrollBar().value() - self._margin
        line_number = max(y // self._unit, 0)
        index = self._content.at_line(line_number)
        layout = self._layout_of(index)
        within = min(line_number - int(self._content.tops()[index]), layout.lineCount() - 1)
        if within < 0:
            return self._content.start(index)
        line = layout.lineAt(within)
        where = line.CursorPosition.CursorBetweenCharacters
        if not nearest_gap:
            where = line.CursorPosition.CursorOnCharacter
        unit = line.xToCursor(point.x() - self.column().left(), where)
        return self._content.start(index) + from_utf16(self._content.paragraph(index), unit)

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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._relayout()
        else:
            self._settle()

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
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        point = event.position().toPoint()
        over = point.y() - self.viewport().height() if point.y() > 0 else point.y()
        if point.y() < 0 or over > 0:  # dragging past an edge scrolls
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + over)
        self._caret = self.offset_at(point)
        self.selection_changed.emit()
        self.viewport().update()

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
        menu.popup(event.globalPos())

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
        return True

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self.viewport())
        column = self.column()
        if not len(self._content) and self._placeholder:
            painter.setFont(self._font)
            painter.setPen(theme.colour(t.ink_2))
            where = QRectF(column.left(), self._margin, column.width(), max(column.height() - self._margin, 0))
            painter.drawText(where, Qt.TextFlag.TextWordWrap, self._placeholder)
        value = self.verticalScrollBar().value()
        top = self._content.at_line(max(event.rect().top() + value - self._margin, 0) // self._unit)
        for index in range(top, self._content.count):
            y = int(self._content.tops()[index]) * self._unit + self._margin - value
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
        styles = self._styles(start, start + len(text))
        first, last = self.selection()
        if first < last and first < start + len(text) and last > start:
            styles = [*styles, Style(first, last, ground=t.selection, ink=t.ink)]
        ranges: list[QTextLayout.FormatRange] = []
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

    def _pieces(self, layout: QTextLayout, begin: int, end: int) -> list[tuple[int, float, float]]:
        """(line, left, right) of a run, which may go over several lines."""
        pieces = []
        number = layout.lineForTextPosition(begin).lineNumber()
        while number < layout.lineCount():
            line = layout.lineAt(number)
            a, b = max(begin, line.textStart()), min(end, line.textStart() + line.textLength())
            if line.textStart() >= end:
                break
            x, after = _x(line, a), _x(line, b)
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


def _x(line: object, unit: int) -> float:
    """PySide returns the position with the corrected cursor, or the position alone, by version."""
    result = line.cursorToX(unit)  # type: ignore[attr-defined]
    return float(result[0] if isinstance(result, tuple) else result)


def later(parent: QWidget, milliseconds: int) -> QTimer:
    """A timer that fires once after the first ``start()`` of a batch."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    return timer
