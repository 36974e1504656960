"""Passages of a text in a column: the bits of each, tinted as in the text, and its words."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QListWidgetItem,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from chargen.gui import theme
from chargen.gui.widgets import heat
from chargen.gui.widgets.labelled import SectionLabel, escape_tooltip
from chargen.gui.widgets.list_column import ROW, Index, paint_ground, plain_list

_LINES, _NUMBER = 2, 44
_NATS = 0.6931471805599453  # in a bit


@dataclass(frozen=True)
class PassageRow:
    """The characters from ``first`` up to ``last``, their words on one line, and the mean of their bits."""

    first: int
    last: int
    words: str
    bits: float


class _Rows(QStyledItemDelegate):
    """A number on its tint, two lines of words beside it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        t, row, where = theme.tokens(), index.data(ROW), option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option)
        level = heat.level(row.bits * _NATS)
        small = theme.ui_font(theme.TEXT_SMALL, tabular=True)
        line = QFontMetrics(small).height()
        inner = where.adjusted(theme.SPACE_2, theme.SPACE_2, -theme.SPACE_2, -theme.SPACE_2)
        tag = QRect(inner.left(), inner.top() - 1, _NUMBER, line + 2)
        painter.setBrush(theme.colour(t.heat[level]))
        painter.setPen(theme.colour(t.line) if level == 0 else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(tag).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(small)
        painter.setPen(theme.colour(t.heat_ink(level)))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, f"{row.bits:.2f}")
        room = QRectF(inner.adjusted(_NUMBER + theme.SPACE_2, 0, 0, 0))
        painter.setPen(theme.colour(t.ink))
        wrap = QTextOption()
        wrap.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        painter.setClipRect(room)
        painter.drawText(room, _two_lines(row.words, QFontMetrics(small), int(room.width())), wrap)
        painter.restore()


def _two_lines(words: str, metrics: QFontMetrics, width: int) -> str:
    """What fits into two lines, the second ended by an ellipsis."""
    first = words
    while first and metrics.horizontalAdvance(first) > width:
        first = first.rpartition(" ")[0] or first[:-1]
    rest = words[len(first) :].lstrip()
    return f"{first}\n{metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)}"


def row_height() -> int:
    """Of one passage."""
    return _LINES * QFontMetrics(theme.ui_font(theme.TEXT_SMALL)).lineSpacing() + 2 * theme.SPACE_2


class PassageList(QFrame):
    """A heading and the passages, as tall as they are many. ``chosen`` carries first and last of one."""

    chosen = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = plain_list(name)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.list.setItemDelegate(_Rows(self.list))
        self.list.currentItemChanged.connect(lambda item, _before: self._choose(item))
        self.list.itemClicked.connect(self._choose)  # the same one again brings it back into view
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_1)
        column.addWidget(SectionLabel(name))
        column.addWidget(self.list)
        self.set_rows([])

    def set_rows(self, rows: Sequence[PassageRow]) -> None:
        """Show these; hidden where there is none."""
        with QSignalBlocker(self.list):
            self.list.clear()
            for row in rows:
                item = QListWidgetItem(f"{row.bits:.2f} bits a character: {row.words}")
                item.setData(ROW, row)
                item.setToolTip(escape_tooltip(row.words))
                self.list.addItem(item)
            self.list.setCurrentRow(-1)
        self.list.setFixedHeight(max(len(rows), 1) * row_height())
        self.setVisible(bool(rows))

    def rows(self) -> list[PassageRow]:
        return [self.list.item(number).data(ROW) for number in range(self.list.count())]

    def unmark(self) -> None:
        """None is chosen any more."""
        with QSignalBlocker(self.list):
            self.list.setCurrentRow(-1)
            self.list.clearSelection()

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            row = item.data(ROW)
            self.chosen.emit(row.first, row.last)
