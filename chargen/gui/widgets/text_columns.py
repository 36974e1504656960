"""Texts side by side: what changes between them at the top, its value above each column, the texts as they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.buttons import IconButton, SecondaryButton
from chargen.gui.widgets.labelled import ElidedLabel, HintLabel, SectionLabel, escape_tooltip, may_shorten
from chargen.gui.widgets.text_view import SampleView

FEWEST, MOST = 2, 4
_TEXT = 17
"""Pixels of the book face: smaller than a page, for a column is narrow."""
_LONGEST = 10_000


@dataclass(frozen=True)
class Entry:
    """One value of a choice: its key, and what it is called."""

    key: str
    label: str


class ValueLine(QLineEdit):
    """A number or a text that is typed."""

    def __init__(self, name: str, placeholder: str = "", right: bool = True) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setFixedHeight(theme.HIT)
        self.setMaxLength(_LONGEST)
        self.setAcceptDrops(False)  # what is dropped anywhere belongs to the window
        self.setMinimumWidth(48)
        if right:
            self.setFont(theme.ui_font(tabular=True))
            self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

        self.textChanged.connect(lambda text: self.setToolTip(escape_tooltip(text)))

    def value(self) -> str:
        return self.text()

    def set_value(self, value: str) -> None:
        self.setText(value)
        self.setCursorPosition(0)


class ValueChoice(QComboBox):
    """One of several, by their names. What is chosen and not there any more stands there by its key."""

    def __init__(self, name: str, entries: Sequence[Entry], placeholder: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setFixedHeight(theme.HIT)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setMaxVisibleItems(16)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        may_shorten(self)
        for entry in entries:
            self.addItem(" ".join(entry.label.split()), entry.key)
        self.currentIndexChanged.connect(self._tell)

    def value(self) -> str:
        return str(self.currentData() or "")

    def set_value(self, value: str) -> None:
        self.setCurrentIndex(self.findData(value))
        self._tell()

    def _tell(self, *_row: object) -> None:
        self.setToolTip(escape_tooltip(self.currentText()))


class TextColumn(QWidget):
    """A value to choose, and the text that was written with one: its heading says with which."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place
        self.setAccessibleName(f"Text {place + 1}")
        self.field: ValueLine | ValueChoice = ValueLine("")
        self.heading = ElidedLabel("")
        self.heading.setFont(theme.ui_font(semibold=True))
        may_shorten(self.heading)
        self.view = SampleView(f"Text {place + 1}")
        self.view.set_centred(False)
        self.view.set_margin(0)  # its text stands under the heading
        self.view.set_text_size(_TEXT)
        self.view.setMinimumHeight(80)
        self.view.set_placeholder("" if place else "Press Compare, and the texts are written here, side by side.")
        self.figures = ElidedLabel("", kind="secondary")
        self.figures.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        may_shorten(self.figures)
        self.keep = SecondaryButton("Keep as draft")
        self.keep.setToolTip("Make a draft of this text, to go on from it; the comparison stays as it is")
        self.keep.setMinimumWidth(self.keep.sizeHint().width())
        card = QFrame()
        card.setProperty("kind", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(theme.SPACE_3, theme.SPACE_3, theme.SPACE_2, theme.SPACE_3)
        inside.setSpacing(theme.SPACE_2)
        inside.addWidget(self.heading)
        inside.addWidget(self.view, 1)
        inside.addWidget(self.figures)
        inside.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignLeft)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE_2)
        self._column.addWidget(self.field)
        self._column.addWidget(card, 1)

    def set_field(self, field: ValueLine | ValueChoice) -> None:
        """Another control for the value."""
        before, self.field = self.field, field
        policy = field.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        field.setSizePolicy(policy)
        self._column.replaceWidget(before, field)
        before.hide()
        before.deleteLater()

    def begin(self, heading: str, prompt: str) -> None:
        """An empty text after its prompt. It is read from its beginning, for there the texts are alike."""
        self.heading.set_text(heading)
        self.view.setAccessibleName(heading or f"Text {self.place + 1}")
        self.figures.set_text("")
        self.view.set_text(prompt, len(prompt))


class TextColumns(QWidget):
    """Two to four columns.

    Signals:
        change_chosen: the key of what is to change. count_wanted: so many columns. edited: a value was.
        entered: Return in a value. keep_wanted: the place of a text. added: a new TextColumn.
    """

    change_chosen = Signal(str)
    count_wanted = Signal(int)
    edited = Signal()
    entered = Signal()
    keep_wanted = Signal(int)
    added = Signal(object)

    def __init__(self, changes: Sequence[Entry]) -> None:
        super().__init__()
        self.setAccessibleName("Texts side by side")
        self._tint, self._mono, self._busy = False, False, False
        self._most = MOST
        self._valued: int = 0  # columns with a value; texts that are shown may be more
        self.changes = QComboBox()
        self.changes.setAccessibleName("What changes")
        self.changes.setFixedHeight(theme.HIT)
        for entry in changes:
            self.changes.addItem(entry.label, entry.key)
        self.changes.activated.connect(lambda _row: self.change_chosen.emit(self.change()))
        self.fewer = IconButton("minus", "One text fewer")
        self.more = IconButton("plus", "One text more")
        self.fewer.clicked.connect(lambda: self.count_wanted.emit(self._valued - 1))
        self.more.clicked.connect(lambda: self.count_wanted.emit(self._valued + 1))
        self.message = HintLabel()
        label = SectionLabel("What changes")
        label.setBuddy(self.changes)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_2)
        head.addWidget(label)
        head.addWidget(self.changes)
        head.addWidget(self.fewer)
        head.addWidget(self.more)
        head.addSpacing(theme.SPACE_1)
        head.addWidget(self.message, 1)
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.SPACE_3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE_3)
        whole.addLayout(head)
        whole.addLayout(self._row, 1)
        self.columns: list[TextColumn] = []

    # --- what changes

    def change(self) -> str:
        return str(self.changes.currentData())

    def show_values(
        self, change: str, values: Sequence[str], texts: int, entries: Sequence[Entry] | None, placeholder: str,
        right: bool,
    ) -> None:  # fmt: skip
        """A column for each value, and for each of so many texts, which stay; ``entries`` where a value is one of
        several, else it is typed.
        """
        blocker = QSignalBlocker(self.changes)
        self.changes.setCurrentIndex(max(self.changes.findData(change), 0))
        blocker.unblock()
        self._valued = len(values)
        count = max(len(values), texts)
        while len(self.columns) > count:
            column = self.columns.pop()
            self._row.removeWidget(column)
            column.hide()
            column.deleteLater()
        while len(self.columns) < count:
            self._add_column()
        for column, value in zip(self.columns, [*values, *[""] * (count - len(values))], strict=True):
            name = f"{self.changes.currentText()} of text {column.place + 1}"
            field: ValueLine | ValueChoice
            if entries is None:
                field = ValueLine(name, placeholder, right)
                field.set_value(value)
                field.textChanged.connect(self.edited)
                field.returnPressed.connect(self.entered)
            else:
                field = ValueChoice(name, entries, placeholder)
                field.set_value(value)
                field.currentIndexChanged.connect(self.edited)
            field.setEnabled(not self._busy)
            column.set_field(field)
            field.setVisible(column.place < len(values))
        self._tell_count()
        self._order()

    def set_most(self, count: int) -> None:
        """There are no more than so many values."""
        self._most = min(count, MOST)
        self._tell_count()

    def values(self) -> list[str]:
        return [column.field.value() for column in self.columns[: self._valued]]

    def label(self, place: int) -> str:
        """What the value of a column is called."""
        field = self.columns[place].field
        return field.currentText() if isinstance(field, ValueChoice) else field.value()

    def _add_column(self) -> None:
        column = TextColumn(len(self.columns))
        column.view.set_tint(self._tint)
        column.view.set_monospace(self._mono)
        column.keep.clicked.connect(lambda _checked=False, at=column.place: self.keep_wanted.emit(at))
        column.keep.setEnabled(False)
        self.columns.append(column)
        self._row.addWidget(column, 1)
        self.added.emit(column)

    def _tell_count(self) -> None:
        self.fewer.setEnabled(self._valued > FEWEST and not self._busy)
        self.more.setEnabled(self._valued < self._most and not self._busy)

    def _order(self) -> None:
        chain: list[QWidget] = [self.changes, self.fewer, self.more]
        for column in self.columns:
            chain += [column.field, column.view, column.keep]
        for first, second in pairwise(chain):
            QWidget.setTabOrder(first, second)

    # --- the texts

    def set_tint(self, on: bool) -> None:
        self._tint = on
        for column in self.columns:
            column.view.set_tint(on)

    def set_monospace(self, on: bool) -> None:
        self._mono = on
        for column in self.columns:
            column.view.set_monospace(on)

    def set_busy(self, on: bool) -> None:
        """While texts are written, what changes stays as it is."""
        self._busy = on
        self.changes.setEnabled(not on)
        for column in self.columns:
            column.field.setEnabled(not on)
            column.view.set_streaming(on)
            if not on:
                column.view.flush()
        self._tell_count()

    def say(self, sentence: str, kind: str = "secondary") -> None:
        """A line beside what changes: an explanation, or what is wrong."""
        self.message.setText(sentence)
        if self.message.property("kind") != kind:
            self.message.setProperty("kind", kind)
            self.message.style().unpolish(self.message)
            self.message.style().polish(self.message)

    def refuse(self, sentence: str, place: int | None = None) -> None:
        """Say what is wrong, and go to the value that is."""
        self.say(sentence, "bad")
        if place is not None:
            self.columns[place].field.setFocus()
