"""The files of a text in the order in which they are read: all of them, moved by keys, buttons or dragging."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.buttons import IconButton
from chargen.gui.widgets.labelled import escape_tooltip

_ROWS = 6  # shown at once; the rest is scrolled to


class FileList(QWidget):
    """``ordered`` carries all paths in their new order (list), ``removed`` the index of the one to take out."""

    ordered = Signal(object)
    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.list = QListWidget()
        self.list.setAccessibleName("Files, in the order in which they are read")
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.model().rowsMoved.connect(self._dragged)
        self.list.currentRowChanged.connect(self._tell)
        self.list.installEventFilter(self)
        self.up = IconButton("chevron-up", "Move the chosen file up")
        self.down = IconButton("chevron-down", "Move the chosen file down")
        self.remove = IconButton("close", "Take the chosen file out")
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.remove.clicked.connect(self._take_out)
        self._tools = QWidget()
        tools = QHBoxLayout(self._tools)
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(0)
        for button in (self.up, self.down, self.remove):
            tools.addWidget(button)
        tools.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_1)
        column.addWidget(self.list)
        column.addWidget(self._tools)

    def set_paths(self, paths: Sequence[Path], movable: bool = True) -> None:
        """Show these; what was chosen stays chosen. Where not ``movable``, they are only shown."""
        chosen = self.list.currentItem().data(Qt.ItemDataRole.UserRole) if self.list.currentItem() else None
        self.list.blockSignals(True)
        if [str(path) for path in paths] != self.paths():
            self.list.clear()
            known = Counter(path.name for path in paths)
            for path in paths:
                item = QListWidgetItem(f"{path.parent.name}/{path.name}" if known[path.name] > 1 else path.name)
                item.setData(Qt.ItemDataRole.UserRole, str(path))
                item.setToolTip(escape_tooltip(str(path)))
                self.list.addItem(item)
        at = self.paths().index(chosen) if chosen in self.paths() else 0
        self.list.setCurrentRow(at)
        self.list.blockSignals(False)
        self._tools.setVisible(movable and len(paths) > 1)
        self.list.setDragEnabled(movable and len(paths) > 1)
        row = max(self.list.sizeHintForRow(0), theme.HIT)
        self.list.setFixedHeight(min(len(paths), _ROWS) * row + 2 * self.list.frameWidth() + 2)
        self._tell()

    def paths(self) -> list[str]:
        return [self.list.item(at).data(Qt.ItemDataRole.UserRole) for at in range(self.list.count())]

    def _tell(self, _row: int = 0) -> None:
        at = self.list.currentRow()
        self.up.setEnabled(at > 0)
        self.down.setEnabled(0 <= at < self.list.count() - 1)
        self.remove.setEnabled(at >= 0)

    def _move(self, by: int) -> None:
        at = self.list.currentRow()
        if 0 <= at < self.list.count() and 0 <= at + by < self.list.count():
            item = self.list.takeItem(at)
            self.list.insertItem(at + by, item)
            self.list.setCurrentRow(at + by)
            self.ordered.emit(self.paths())

    def _dragged(self, *_where: QModelIndex | int) -> None:
        self._tell()
        self.ordered.emit(self.paths())

    def _take_out(self) -> None:
        if self._tools.isVisibleTo(self) and self.list.currentRow() >= 0:
            self.removed.emit(self.list.currentRow())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Delete takes out; Alt with an arrow moves."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if event.key() == Qt.Key.Key_Delete:
            self._take_out()
        elif alt and self._tools.isVisibleTo(self) and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move(-1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            return super().eventFilter(watched, event)
        return True
