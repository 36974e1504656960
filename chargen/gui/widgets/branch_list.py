"""The branches of a draft as threads: each a row with its first words, hung where it leaves another one."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QMenu, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from chargen.gui import theme
from chargen.gui.widgets.buttons import IconButton
from chargen.gui.widgets.list_column import ROW, Index, ListColumn, paint_ground, paint_lines

_ROW, _INDENT, _DEEPEST = 46, 14, 6


@dataclass(frozen=True)
class BranchRow:
    """One thread: its first words as the title; ``on_path`` whether the text on the page runs through it."""

    key: int
    title: str
    detail: str
    depth: int
    on_path: bool


class _Rows(QStyledItemDelegate):
    """A dot on a line, two lines of words beside it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        t, row, where = theme.tokens(), index.data(ROW), option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option)
        x = where.left() + theme.SPACE_3 + min(row.depth, _DEEPEST) * _INDENT
        middle = where.center().y() + 0.5
        ink = theme.colour(t.accent if row.on_path else t.ink_3)
        if row.depth:
            painter.setPen(QPen(theme.colour(t.ink_3), 1.2))
            painter.drawLine(QPointF(x - _INDENT + 4, where.top()), QPointF(x - _INDENT + 4, middle))
            painter.drawLine(QPointF(x - _INDENT + 4, middle), QPointF(x, middle))
        painter.setPen(QPen(ink, 1.6))
        painter.setBrush(ink if row.on_path else theme.colour(t.paper))
        painter.drawEllipse(QPointF(x + 4, middle), 4, 4)
        left = x + 8 + theme.SPACE_2
        room = QRect(left, where.top(), where.right() - theme.SPACE_2 - left, where.height())
        paint_lines(painter, room, row.title, row.detail)
        painter.restore()


class BranchList(ListColumn):
    """The column of threads.

    Signals:
        chosen: a thread is to be gone to. delete_wanted: of a thread.
    """

    delete_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.delete_button = IconButton("trash", "Delete this branch")
        self.delete_button.setToolTip("Delete this branch and what branches off it  (Del)")
        super().__init__("Branches", (self.delete_button,), parent)
        self.list.setItemDelegate(_Rows(self.list))
        self.delete_button.clicked.connect(self.delete)

    def set_rows(self, rows: Sequence[BranchRow], current: int) -> None:
        """Show these threads, one of them as the one that the text ends in."""
        self.fill(rows, current)
        self.delete_button.setEnabled(len(rows) > 1)

    def current(self) -> int:
        """The thread that is chosen; -1 where there is none."""
        item = self.list.currentItem()
        return int(item.data(ROW).key) if item is not None else -1

    def menu(self, where: QPoint) -> QMenu:
        """What can be done, as a menu at a place on the screen."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        delete = menu.addAction("Delete this branch\tDel", self.delete)
        delete.setEnabled(self.delete_button.isEnabled())
        menu.popup(where)
        return menu

    def delete(self) -> None:
        if self.current() >= 0 and self.delete_button.isEnabled():
            self.delete_wanted.emit(self.current())
