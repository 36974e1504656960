"""A list of drafts: made, chosen, named in place, copied, deleted and brought back. Only looks and signals."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QAbstractItemModel, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from chargen.gui import theme
from chargen.gui.widgets.buttons import IconButton
from chargen.gui.widgets.list_column import ROW, Index, ListColumn, paint_ground, paint_lines

_ROW = 52


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
        row = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option)
        paint_lines(painter, option.rect.adjusted(theme.SPACE_3, 0, -theme.SPACE_3, 0), row.title, row.detail)
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
            QTimer.singleShot(0, self, partial(self.named.emit, index.data(ROW).key, editor.text()))


class DraftList(ListColumn):
    """The column of drafts. The keys that signals carry are those of the rows.

    Signals:
        chosen: a draft is to be shown. new_wanted. duplicate_wanted, delete_wanted: of that draft.
        named: a draft, and its new name. restore_wanted: of a deleted one.
    """

    new_wanted = Signal()
    duplicate_wanted = Signal(str)
    delete_wanted = Signal(str)
    restore_wanted = Signal(str)
    named = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.new_button = IconButton("plus", "New draft")
        self.new_button.setToolTip("New draft  (Ctrl+N)")
        self.more_button = IconButton("more", "What can be done with this draft")
        super().__init__("Drafts", (self.new_button, self.more_button), parent)
        self._deleted: Sequence[DraftRow] = ()
        self.list.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed | QListWidget.EditTrigger.DoubleClicked)
        self._rows = _Rows(self.list)
        self._rows.named.connect(self.named)
        self.list.setItemDelegate(self._rows)
        self.new_button.clicked.connect(self.new_wanted)
        self.more_button.clicked.connect(self._more)

    def set_rows(self, rows: Sequence[DraftRow], current: str, deleted: Sequence[DraftRow] = ()) -> None:
        """Show these drafts, one of them as the one on the page; ``deleted`` can be brought back."""
        self._deleted = deleted
        self.fill(rows, current)

    def new_item(self) -> QListWidgetItem:
        item = QListWidgetItem()
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        return item

    def current(self) -> str:
        """The draft that is chosen; empty where there is none."""
        item = self.list.currentItem()
        return str(item.data(ROW).key) if item is not None else ""

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

    def delete(self) -> None:
        if self.current():
            self.delete_wanted.emit(self.current())

    def _more(self) -> None:
        self.menu(self.more_button.mapToGlobal(self.more_button.rect().bottomLeft()))
