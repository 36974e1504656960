"""A list of things to tick, that opens below a button and closes by itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.labelled import HintLabel, escape_tooltip

_WIDTH, _HIGHEST = 400, 360
_FILTER_FROM = 8  # things, before looking through them is work


@dataclass(frozen=True)
class Choice:
    """``key`` says which; ``text`` is what is read; ``tip`` has more."""

    key: str
    text: str
    tip: str = ""


class CheckList(QFrame):
    """``changed`` carries the keys that are ticked, in the order in which they were; at most ``most`` at once."""

    changed = Signal(object)  # list[str]

    def __init__(self, name: str, choices: Iterable[Choice], ticked: Iterable[str], most: int, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAccessibleName(name)
        self.setProperty("kind", "card")
        self.setFixedWidth(_WIDTH)
        self._most = most
        self._choices = list(choices)
        known = {choice.key for choice in self._choices}
        self._ticked = [key for key in ticked if key in known]
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.boxes: dict[str, QCheckBox] = {}
        content = QWidget()
        rows = QVBoxLayout(content)
        rows.setContentsMargins(theme.SPACE_1, 0, theme.SPACE_2, 0)
        rows.setSpacing(0)
        for choice in self._choices:
            self.boxes[choice.key] = box = self._box(choice)
            rows.addWidget(box)
        rows.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        area.setFixedHeight(min(len(self._choices) * (theme.HIT + 2) + theme.SPACE_1, _HIGHEST))
        self._area = area
        self._hint = HintLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_3, theme.SPACE_3, theme.SPACE_3, theme.SPACE_3)
        column.setSpacing(theme.SPACE_2)
        column.addWidget(self.search)
        self.search.setVisible(len(self._choices) >= _FILTER_FROM)
        column.addWidget(area)
        column.addWidget(self._hint)
        self._tell()

    def _box(self, choice: Choice) -> QCheckBox:
        room = _WIDTH - 2 * theme.SPACE_3 - theme.SPACE_6 - theme.SPACE_6
        shown = QFontMetrics(theme.ui_font()).elidedText(choice.text, Qt.TextElideMode.ElideMiddle, room)
        box = QCheckBox(shown.replace("&", "&&"))
        box.setAccessibleName(choice.text)
        box.setToolTip(escape_tooltip(choice.tip or choice.text))
        box.setChecked(choice.key in self._ticked)
        box.setProperty("key", choice.key)
        box.toggled.connect(self._toggled)
        return box

    def ticked(self) -> list[str]:
        return list(self._ticked)

    def open_below(self, button: QWidget) -> None:
        """Show the list under ``button``, its right edge under that of the button, on the button's screen."""
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width() - _WIDTH, button.height() + theme.SPACE_1))
        screen = button.screen().availableGeometry()
        corner.setX(max(screen.left(), min(corner.x(), screen.right() - _WIDTH)))
        corner.setY(max(screen.top(), min(corner.y(), screen.bottom() - self.height())))
        self.move(corner)
        self.show()
        first = self.search if not self.search.isHidden() else next(iter(self.boxes.values()), None)
        if first is not None:
            first.setFocus()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, super().sizeHint().height())

    def _toggled(self, on: bool) -> None:
        key = self.sender().property("key")
        if on and key not in self._ticked:
            self._ticked.append(key)
        elif not on and key in self._ticked:
            self._ticked.remove(key)
        self._tell()
        self.changed.emit(self.ticked())

    def _tell(self) -> None:
        """What cannot be ticked any more rests, and the line beneath says why."""
        full = len(self._ticked) >= self._most
        for key, box in self.boxes.items():
            box.setEnabled(not full or key in self._ticked)
        most = f"{self._most} at once is the most; untick one to choose another."
        self._hint.setText(most if full else f"Up to {self._most} at once.")

    def _filter(self, sought: str) -> None:
        wanted = sought.casefold().split()
        for choice in self._choices:
            text = f"{choice.text} {choice.tip}".casefold()
            self.boxes[choice.key].setVisible(all(word in text for word in wanted))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(key == Qt.Key.Key_Down)
            focused = self.focusWidget()
            if isinstance(focused, QCheckBox):
                self._area.ensureWidgetVisible(focused)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        else:
            super().keyPressEvent(event)
