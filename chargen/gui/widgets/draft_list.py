"""A list of drafts: made, chosen, named in place, copied, deleted and brought back. Only looks and signals."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
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
from chargen.gui.widgets.labelled import SectionLabel

Index = QModelIndex | QPersistentModelIndex
_ROW = 52
_KEY = Qt.ItemDataRole.UserRole
_DETAIL = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class DraftRow:
    """One line: ``title`` above ``detail``."""

    key: str
    title: str
    detail: str


class _Rows(QStyledItemDelegate):
    """Two lines a draft: what it is called, and what is known of it."""

    named = Signal(str, str)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        t = theme.tokens()
        state, whole = option.state, option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(t.accent_soft if chosen else t.hover))
            painter.drawRoundedRect(QRectF(whole.adjusted(0, 1, 0, -1)), theme.RADIUS_CONTROL, theme.RADIUS_CONTROL)
        title, small = theme.ui_font(medium=True), theme.ui_font(theme.TEXT_SMALL, tabular=True)
        high, low = QFontMetrics(title), QFontMetrics(small)
        inner = whole.adjusted(theme.SPACE_3, 0, -theme.SPACE_3, 0)
        top = whole.top() + (whole.height() - high.height() - low.height() - 2) // 2
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.TextElideMode.ElideRight
        row = QRect(inner.left(), top, inner.width(), high.height())
        painter.setFont(title)
        painter.setPen(theme.colour(t.ink))
        painter.drawText(row, left, high.elidedText(index.data(), right, row.width()))
        row = QRect(inner.left(), row.bottom() + 3, inner.width(), low.height())
        painter.setFont(small)
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(row, left, low.elidedText(index.data(_DETAIL), right, row.width()))
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("Name of the draft")
        editor.setMaxLength(80)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        where = option.rect
        editor.setGeometry(QRect(where.left(), where.center().y() - theme.HIT // 2, where.width(), theme.HIT))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        if editor.text() != index.data():
            # Once the editor is gone: the list may change then.
            QTimer.singleShot(0, self, partial(self.named.emit, index.data(_KEY), editor.text()))


class DraftList(QFrame):
    """The column of drafts. The keys that signals carry are those of the rows.

    Signals:
        chosen: a draft is to be shown. new_wanted. duplicate_wanted, delete_wanted: of that draft.
        named: a draft, and its new name. restore_wanted: of a deleted one.
    """

    chosen = Signal(str)
    new_wanted = Signal()
    duplicate_wanted = Signal(str)
    delete_wanted = Signal(str)
    restore_wanted = Signal(str)
    named = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._deleted: Sequence[DraftRow] = ()
        self.list = QListWidget()
        self.list.setAccessibleName("Drafts")
        self.list.setProperty("kind", "plain")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.viewport().setAutoFillBackground(False)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed | QListWidget.EditTrigger.DoubleClicked)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda where: self.menu(self.list.viewport().mapToGlobal(where)))
        self._rows = _Rows(self.list)
        self._rows.named.connect(self.named)
        self.list.setItemDelegate(self._rows)
        self.list.currentItemChanged.connect(self._current_changed)
        self.list.installEventFilter(self)
        theme.signals.changed.connect(self.list.viewport().update)
        self.new_button = IconButton("plus", "New draft")
        self.new_button.setToolTip("New draft  (Ctrl+N)")
        self.new_button.clicked.connect(self.new_wanted)
        self.more_button = IconButton("more", "What can be done with this draft")
        self.more_button.clicked.connect(self._more)
        head = QHBoxLayout()
        head.setContentsMargins(theme.SPACE_3, 0, 0, 0)
        head.setSpacing(0)
        head.addWidget(SectionLabel("Drafts"), 1)
        head.addWidget(self.new_button)
        head.addWidget(self.more_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, theme.SPACE_3, 0)
        column.setSpacing(theme.SPACE_1)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        self.setMinimumWidth(150)

    def set_rows(self, rows: Sequence[DraftRow], current: str, deleted: Sequence[DraftRow] = ()) -> None:
        """Show these drafts, one of them as the one on the page; ``deleted`` can be brought back."""
        self._deleted = deleted
        with QSignalBlocker(self.list):
            while self.list.count() > len(rows):
                self.list.takeItem(self.list.count() - 1)
            while self.list.count() < len(rows):
                item = QListWidgetItem()
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                self.list.addItem(item)
            for number, row in enumerate(rows):
                item = self.list.item(number)
                if (item.data(_KEY), item.text(), item.data(_DETAIL)) != (row.key, row.title, row.detail):
                    item.setData(_KEY, row.key)
                    item.setText(row.title)
                    item.setData(_DETAIL, row.detail)
                    item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, row.detail)
                    item.setToolTip("")
                if row.key == current:
                    self.list.setCurrentRow(number)
        self.list.viewport().update()

    def current(self) -> str:
        """The draft that is chosen; empty where there is none."""
        item = self.list.currentItem()
        return str(item.data(_KEY)) if item is not None else ""

    def begin_naming(self) -> None:
        """Edit the name of the current draft where it stands."""
        item = self.list.currentItem()
        if item is not None:
            self.list.setFocus()
            self.list.editItem(item)

    def menu(self, where: QPoint) -> QMenu:
        """What can be done, as a menu at a place on the screen."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        key = self.current()
        menu.addAction("New draft\tCtrl+N", self.new_wanted.emit)
        menu.addAction("Rename\tF2", self.begin_naming)
        menu.addAction("Duplicate", lambda: self.duplicate_wanted.emit(key))
        menu.addAction("Delete\tDel", lambda: self.delete_wanted.emit(key))
        menu.addSeparator()
        back = menu.addMenu("Bring back")
        back.setEnabled(bool(self._deleted))
        for row in self._deleted:
            back.addAction(row.title.replace("&", "&&"), partial(self.restore_wanted.emit, row.key))
        menu.popup(where)
        return menu

    def _more(self) -> None:
        self.menu(self.more_button.mapToGlobal(self.more_button.rect().bottomLeft()))

    def _current_changed(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(str(item.data(_KEY)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        delete = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Delete
        if watched is self.list and delete and event.type() == QEvent.Type.KeyPress and self.current():
            self.delete_wanted.emit(self.current())
            return True
        return super().eventFilter(watched, event)
