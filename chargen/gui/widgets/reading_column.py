"""A column of text, laid out: plain text at 20 pixels on 1.5 lines, about 66 characters wide, a million of them.

Only what is on the screen is ever laid out. Paragraphs elsewhere have an estimated height that becomes
exact when they come into view; the line being read stays where it is meanwhile. Qt's own text widgets
either cannot space lines or lay out the whole text, hence a widget of our own.
"""

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QFontMetricsF, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from chargen.gui import theme
from chargen.gui.widgets.heat_bands import line_x
from chargen.gui.widgets.reading_text import ReadingText, displayable, from_utf16, to_utf16

KEPT_LAYOUTS = 300
_SAMPLE = "KEEPER: And set a bowl of salt for every name in the harbour."


class ReadingColumn(QAbstractScrollArea):
    """Holds a text, lays out what is on the screen, and knows where every character is."""

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
        self._size = theme.TEXT_BOOK
        self._centred = True
        self._placeholder = ""
        self._ground: str | None = None
        self._stuck = True  # at the end, and staying there
        self._settling = False
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
        self._refresh()

    def _extend(self, text: str) -> None:
        """Add to the end. Of what was on the screen before, only the last paragraph is painted again."""
        stuck, value, empty = self._stuck, self.verticalScrollBar().value(), not len(self._content)
        first = self._content.append(text)
        self._forget(first)
        self._stuck = stuck
        moved = self._settle()
        if self._ground is None or empty or moved < first:
            self.viewport().update()
            return
        whole, now = self.viewport().rect(), self.verticalScrollBar().value()
        if now != value:
            self.viewport().scroll(0, value - now, whole)
        self.viewport().update(whole.adjusted(0, self._content.top(first) * self._unit + self._margin - now, 0, 0))

    def _shorten(self, length: int) -> None:
        self._forget(self._content.truncate(length))
        self._refresh()

    def _forget(self, first: int) -> None:
        """The paragraphs from ``first`` on are others now."""
        for index in [i for i in self._layouts if i >= first]:
            del self._layouts[index]

    def set_monospace(self, on: bool) -> None:
        """Monospace for code, the book face otherwise."""
        if on != self._mono:
            self._mono = on
            self._measure()
            self._relayout()

    def is_monospace(self) -> bool:
        return self._mono

    def set_text_size(self, pixels: int) -> None:
        """Of the book face; in a narrow column a smaller one reads better."""
        self._size = pixels
        self._measure()
        self._relayout()

    def set_centred(self, on: bool) -> None:
        """Whether the column stands in the middle, or at the left (in a card)."""
        self._centred = on
        self.viewport().update()

    def set_margin(self, margin: int) -> None:
        """Empty space round the column; a card that has its own needs little."""
        self._margin = margin
        self._relayout()

    def set_ground(self, token: str) -> None:
        """What the text stands on, by the name of a colour of the theme.

        The view paints it itself then. So Qt knows that nothing shines through, and moves what is on the screen when
        text is added, instead of having all of it painted again.
        """
        self._ground = token
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_placeholder(self, text: str) -> None:
        """What an empty view says."""
        self._placeholder = text
        self.viewport().update()

    # --- geometry

    def _measure(self) -> None:
        self._font = theme.mono_font() if self._mono else theme.book_font(self._size)
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
        if len(self._layouts) >= KEPT_LAYOUTS:
            del self._layouts[next(iter(self._layouts))]
        self._layouts[index] = layout
        return layout

    def _refresh(self) -> None:
        """Lay out what is visible, and paint all of it."""
        self._settle()
        self.viewport().update()

    def _settle(self) -> int:
        """Lay out what is visible; keep the end, or the line at the top, where it is.

        Returns the first paragraph that turned out to be of another height than was thought; ``count`` if none did.
        """
        bar, first = self.verticalScrollBar(), self._content.count
        self._settling = True
        try:
            for _ in range(4):
                self._fit_bar()
                if self._stuck:
                    bar.setValue(bar.maximum())
                value = bar.value()
                top = self._content.at_line(max(value - self._margin, 0) // self._unit)
                inside = value - self._margin - self._content.top(top) * self._unit
                moved = False
                for index in range(top, self._content.count):
                    y = self._content.top(index) * self._unit + self._margin - value
                    if y > self.viewport().height():
                        break
                    if not self._content.is_exact(index):
                        lines = max(self._layout_of(index).lineCount(), 1)
                        if self._content.set_lines(index, lines):
                            moved, first = True, min(first, index)
                if not moved:
                    break
                self._fit_bar()
                if not self._stuck:
                    bar.setValue(self._content.top(top) * self._unit + self._margin + inside)
        finally:
            self._settling = False
        return first

    def _fit_bar(self) -> None:
        bar = self.verticalScrollBar()
        whole = self._content.top(self._content.count) * self._unit + 2 * self._margin
        bar.setRange(0, max(whole - self.viewport().height(), 0))
        bar.setSingleStep(self._unit)
        bar.setPageStep(max(self.viewport().height() - self._unit, self._unit))

    def _relayout(self) -> None:
        bar, stuck = self.verticalScrollBar(), self._stuck
        top = self._content.at_line(max(bar.value() - self._margin, 0) // self._unit)
        inside = bar.value() - self._content.top(top) * self._unit
        self._layouts.clear()
        self._content.reflow(self._columns)
        self._settling = True
        self._fit_bar()
        if not stuck:
            bar.setValue(self._content.top(top) * self._unit + inside)
        self._settling = False
        self._stuck = stuck
        self._refresh()

    def _scrolled(self, value: int) -> None:
        if not self._settling:
            self._stuck = value >= self.verticalScrollBar().maximum() - 2
            self._refresh()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Nothing: Qt's own way paints everything again. Who moves the bar says what is to be painted."""

    def is_at_end(self) -> bool:
        return self._stuck

    def place(self) -> int | None:
        """The first character on the screen; None where the end is on it, and followed."""
        if self._stuck:
            return None
        return self.offset_at(QPoint(self.column().left(), self._margin))

    def set_place(self, offset: int | None) -> None:
        """Show the text from there; None shows its end."""
        bar = self.verticalScrollBar()
        if offset is None:
            bar.setValue(bar.maximum())
            return
        for _ in range(2):  # a jump into estimated country lands exactly the second time
            bar.setValue(bar.value() + self.character_rect(offset).top() - self._margin)

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
        y = self._content.top(index) * self._unit + self._margin - self.verticalScrollBar().value()
        if not line.isValid():
            return QRect(self.column().left(), y, 2, self._unit)
        x = line_x(line, unit)
        after = line_x(line, to_utf16(self._content.paragraph(index), offset - self._content.start(index) + 1))
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
        within = min(line_number - self._content.top(index), layout.lineCount() - 1)
        if within < 0:
            return self._content.start(index)
        line = layout.lineAt(within)
        where = line.CursorPosition.CursorBetweenCharacters
        if not nearest_gap:
            where = line.CursorPosition.CursorOnCharacter
        unit = line.xToCursor(point.x() - self.column().left(), where)
        return self._content.start(index) + from_utf16(self._content.paragraph(index), unit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._relayout()
        else:
            self._refresh()
