"""The branches of a draft as threads: each a row with its first words, hung where it leaves another one."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from chargen.gui import theme
from chargen.gui.widgets.buttons import IconButton
from chargen.gui.widgets.draft_list import Index
from chargen.gui.widgets.labelled import SectionLabel

_ROW, _INDENT, _DEEPEST = 46, 14, 6
_DATA = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class BranchRow:
    """One thread: ``key`` is what the signals carry; ``on_path`` whether the text on the page runs through it."""

    key: int
    words: str
    detail: str
    depth: int
    on_path: bool


class _Rows(QStyledItemDelegate):
    """A dot on a line, two lines of words beside it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        t, row = theme.tokens(), index.data(_DATA)
        where, state = option.rect, option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(t.accent_soft if chosen else t.hover))
            painter.drawRoundedRect(QRectF(where.adjusted(0, 1, 0, -1)), theme.RADIUS_CONTROL, theme.RADIUS_CONTROL)
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
        title, small = theme.ui_font(medium=True), theme.ui_font(theme.TEXT_SMALL, tabular=True)
        high, low = QFontMetrics(title), QFontMetrics(small)
        left = x + 8 + theme.SPACE_2
        top = where.top() + (where.height() - high.height() - low.height() - 2) // 2
        room = QRect(left, top, where.right() - theme.SPACE_2 - left, high.height())
        side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for font, metrics, colour, words in ((title, high, t.ink, row.words), (small, low, t.ink_2, row.detail)):
            room.setHeight(metrics.height())
            painter.setFont(font)
            painter.setPen(theme.colour(colour))
            painter.drawText(room, side, metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width()))
            room.moveTop(room.bottom() + 3)
        painter.restore()


class BranchList(QFrame):
    """The column of threads.

    Signals:
        chosen: a thread is to be gone to. delete_wanted: of a thread.
    """

    chosen = Signal(int)
    delete_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget()
        self.list.setAccessibleName("Branches")
        self.list.setProperty("kind", "plain")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.viewport().setAutoFillBackground(False)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda where: self.menu(self.list.viewport().mapToGlobal(where)))
        self.list.currentItemChanged.connect(self._current_changed)
        self.list.installEventFilter(self)
        theme.signals.changed.connect(self.list.viewport().update)
        self.delete_button = IconButton("trash", "Delete this branch")
        self.delete_button.setToolTip("Delete this branch and what branches off it  (Del)")
        self.delete_button.clicked.connect(self._delete)
        head = QHBoxLayout()
        head.setContentsMargins(theme.SPACE_3, 0, 0, 0)
        head.setSpacing(0)
        head.addWidget(SectionLabel("Branches"), 1)
        head.addWidget(self.delete_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, theme.SPACE_3, 0)
        column.setSpacing(theme.SPACE_1)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        self.setMinimumWidth(150)

    def set_rows(self, rows: Sequence[BranchRow], current: int) -> None:
        """Show these threads, one of them as the one that the text ends in."""
        with QSignalBlocker(self.list):
            while self.list.count() > len(rows):
                self.list.takeItem(self.list.count() - 1)
            while self.list.count() < len(rows):
                self.list.addItem(QListWidgetItem())
            for number, row in enumerate(rows):
                item = self.list.item(number)
                if item.data(_DATA) != row:
                    item.setData(_DATA, row)
                    item.setText(row.words)
                    item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, row.detail)
                if row.key == current:
                    self.list.setCurrentRow(number)
        self.delete_button.setEnabled(len(rows) > 1)
        self.list.viewport().update()

    def current(self) -> int:
        """The thread that is chosen; -1 where there is none."""
        item = self.list.currentItem()
        return int(item.data(_DATA).key) if item is not None else -1

    def menu(self, where: QPoint) -> QMenu:
        """What can be done, as a menu at a place on the screen."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        delete = menu.addAction("Delete this branch\tDel", self._delete)
        delete.setEnabled(self.delete_button.isEnabled())
        menu.popup(where)
        return menu

    def _delete(self) -> None:
        if self.current() >= 0 and self.delete_button.isEnabled():
            self.delete_wanted.emit(self.current())

    def _current_changed(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(_DATA).key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        delete = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Delete
        if watched is self.list and delete and event.type() == QEvent.Type.KeyPress:
            self._delete()
            return True
        return super().eventFilter(watched, event)
