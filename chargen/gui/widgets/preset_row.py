"""Settings under a name: one is chosen from a menu, the present ones are saved, one's own are renamed or deleted."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.buttons import IconButton, SecondaryButton
from chargen.gui.widgets.labelled import HintLabel

_NONE = "Not saved"
_NARROWEST = 120  # of the menu, which shortens what it shows


class PresetRow(QWidget):
    """A menu of names with two tools beside it; a line to type a name comes below when it is wanted.

    Signals:
        chosen: a name from the menu. save_wanted: the present settings, under that name. delete_wanted: of a name.
        rename_wanted: a name, and the one it is to become.
    """

    chosen = Signal(str)
    save_wanted = Signal(str)
    delete_wanted = Signal(str)
    rename_wanted = Signal(str, str)

    def __init__(self, longest: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own: set[str] = set()
        self._renaming = ""  # what is to be called otherwise
        self.menu = QComboBox()
        self.menu.setFixedHeight(theme.HIT)
        self.menu.setAccessibleName("Saved settings")
        self.menu.setPlaceholderText(_NONE)
        self.menu.setMinimumWidth(_NARROWEST)
        self.menu.setProperty("mayShorten", True)
        self.menu.textActivated.connect(self.chosen)
        self.save = IconButton("save", "Save these settings under a name")
        self.save.clicked.connect(self._begin)
        self.rename = IconButton("edit", "Rename these saved settings")
        self.rename.clicked.connect(self._begin_renaming)
        self.delete = IconButton("trash", "Delete these saved settings")
        self.delete.clicked.connect(lambda: self.delete_wanted.emit(self.menu.currentText()))
        self.name = QLineEdit()
        self.name.setFixedHeight(theme.HIT)
        self.name.setMaxLength(longest)
        self.name.setAccessibleName("Name for the settings")
        self.name.setPlaceholderText("Name")
        self.name.returnPressed.connect(self._save)
        self.name.installEventFilter(self)
        self.take = SecondaryButton("Save")
        self.take.clicked.connect(self._save)
        self.message = HintLabel()
        self.message.hide()
        first, second = QHBoxLayout(), QHBoxLayout()
        tools = (self.menu, self.save, self.rename, self.delete)
        for line, widgets in ((first, tools), (second, (self.name, self.take))):
            line.setSpacing(theme.SPACE_1)
            for number, widget in enumerate(widgets):
                line.addWidget(widget, int(number == 0), Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_1 + 2)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.message)
        self._naming(False)
        self.set_names((), ())

    def set_names(self, built_in: Sequence[str], own: Sequence[str]) -> None:
        """What the menu holds: those that come with the program, then one's own."""
        current, self._own = self.menu.currentText(), set(own)
        with QSignalBlocker(self.menu):
            self.menu.clear()
            self.menu.addItems(list(built_in))
            if built_in and own:
                self.menu.insertSeparator(len(built_in))
            self.menu.addItems(list(own))
        self.show_name(current)

    def show_name(self, name: str) -> None:
        """The settings are those of that name; of none where it is empty."""
        with QSignalBlocker(self.menu):
            self.menu.setCurrentIndex(self.menu.findText(name) if name else -1)
        self.menu.setToolTip(name)
        for tool in (self.rename, self.delete):
            tool.setEnabled(name in self._own)

    def say(self, sentence: str, kind: str = "secondary") -> None:
        """A sentence below; empty for none."""
        self.message.setText(sentence)
        self.message.setProperty("kind", kind)
        self.message.style().polish(self.message)
        self.message.setVisible(bool(sentence))

    def saved(self) -> None:
        """The name is no longer being typed."""
        self.name.clear()
        self._naming(False)

    def _naming(self, on: bool, renaming: str = "") -> None:
        self._renaming = renaming
        self.take.setText("Rename" if renaming else "Save")
        self.name.setVisible(on)
        self.take.setVisible(on)

    def _begin(self) -> None:
        self._ask(self.name.isHidden() or bool(self._renaming), "")

    def _begin_renaming(self) -> None:
        self._ask(self.name.isHidden() or not self._renaming, self.menu.currentText())

    def _ask(self, on: bool, renaming: str) -> None:
        self.say("")
        self._naming(on, renaming)
        if on:
            self.name.setText(self.menu.currentText() if self.menu.currentText() in self._own else "")
            self.name.selectAll()
            self.name.setFocus()

    def _save(self) -> None:
        if self._renaming:
            self.rename_wanted.emit(self._renaming, self.name.text())
        else:
            self.save_wanted.emit(self.name.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if watched is self.name and escape and event.type() == QEvent.Type.KeyPress:
            tool = self.rename if self._renaming else self.save
            self.saved()
            tool.setFocus()
            return True
        return super().eventFilter(watched, event)
