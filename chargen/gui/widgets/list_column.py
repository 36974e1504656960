"""A heading with tools above a list without a frame, of rows of two lines: chosen, deleted, a menu for each."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from chargen.gui import theme
from chargen.gui.widgets.labelled import SectionLabel

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole  # of an item: the row that it shows


class ListRow(Protocol):
    """What a row shows: ``title`` above ``detail``; ``key`` says which it is."""

    @property
    def key(self) -> object: ...
    @property
    def title(self) -> str: ...
    @property
    def detail(self) -> str: ...


def plain_list(name: str) -> QListWidget:
    """A list without a frame or a ground of its own, for rows that are painted."""
    rows = QListWidget()
    rows.setAccessibleName(name)
    rows.setProperty("kind", "plain")
    rows.setFrameShape(QFrame.Shape.NoFrame)
    rows.viewport().setAutoFillBackground(False)
    rows.setMouseTracking(True)
    rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    rows.setUniformItemSizes(True)
    theme.signals.changed.connect(rows.viewport().update)
    return rows


def paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """Of a row that is chosen, or below the pointer."""
    t, state = theme.tokens(), option.state
    if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(t.accent_soft if chosen else t.hover))
        where = QRectF(option.rect.adjusted(0, 1, 0, -1))
        painter.drawRoundedRect(where, theme.RADIUS_CONTROL, theme.RADIUS_CONTROL)


def paint_lines(painter: QPainter, room: QRect, title: str, detail: str) -> None:
    """Both lines of a row, in the middle of its height, cut where they do not fit."""
    t = theme.tokens()
    big, small = theme.ui_font(medium=True), theme.ui_font(theme.TEXT_SMALL, tabular=True)
    high, low = QFontMetrics(big), QFontMetrics(small)
    top = room.top() + (room.height() - high.height() - low.height() - 2) // 2
    left, right = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
    line = QRect(room.left(), top, room.width(), high.height())
    painter.setFont(big)
    painter.setPen(theme.colour(t.ink))
    painter.drawText(line, left, high.elidedText(title, right, line.width()))
    line = QRect(room.left(), line.bottom() + 3, room.width(), low.height())
    painter.setFont(small)
    painter.setPen(theme.colour(t.ink_2))
    painter.drawText(line, left, low.elidedText(detail, right, line.width()))


class ListColumn(QFrame):
    """The column. Who derives from it paints the rows (a delegate), and gives ``menu`` and ``delete``.

    Signals:
        chosen: the key of the row that a person chose.
    """

    chosen = Signal(object)

    def __init__(self, name: str, tools: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = plain_list(name)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda where: self.menu(self.list.viewport().mapToGlobal(where)))
        self.list.currentItemChanged.connect(self._current_changed)
        self.list.installEventFilter(self)
        head = QHBoxLayout()
        head.setContentsMargins(theme.SPACE_3, 0, 0, 0)
        head.setSpacing(0)
        head.addWidget(SectionLabel(name), 1)
        for tool in tools:
            head.addWidget(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, theme.SPACE_3, 0)
        column.setSpacing(theme.SPACE_1)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        self.setMinimumWidth(150)

    def menu(self, where: QPoint) -> QMenu:
        """What can be done, as a menu at a place on the screen."""
        raise NotImplementedError

    def delete(self) -> None:
        """The chosen row is to go, where that can be."""
        raise NotImplementedError

    def fill(self, rows: Sequence[ListRow], current: object) -> None:
        """Show these rows, the one with the key ``current`` as the chosen one, and tell nobody."""
        with QSignalBlocker(self.list):
            while self.list.count() > len(rows):
                self.list.takeItem(self.list.count() - 1)
            while self.list.count() < len(rows):
                self.list.addItem(self.new_item())
            for number, row in enumerate(rows):
                item = self.list.item(number)
                if item.data(ROW) != row:
                    item.setData(ROW, row)
                    item.setText(row.title)
                    item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, row.detail)
                if row.key == current:
                    self.list.setCurrentRow(number)
        self.list.viewport().update()

    def new_item(self) -> QListWidgetItem:
        return QListWidgetItem()

    def _current_changed(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(ROW).key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        delete = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Delete
        if watched is self.list and delete and event.type() == QEvent.Type.KeyPress:
            self.delete()
            return True
        return super().eventFilter(watched, event)
