"""What a text starts from: a choice of seed states, what each needs to be made, and the state drawn.

Only looks and signals. Who uses it says which states there are (:meth:`SeedStateControl.set_choices`),
makes the one that is chosen and shows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chargen.gui import theme
from chargen.gui.widgets.buttons import GhostButton, SecondaryButton
from chargen.gui.widgets.fields import SeedField, TextField
from chargen.gui.widgets.labelled import HintLabel, SectionLabel
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.state_strip import StateStrip

TEXT, RANDOM, OPEN = "text", "random", "open"


@dataclass(frozen=True)
class StateChoice:
    """One line of the menu. ``gap`` draws a line above it."""

    key: str
    label: str
    gap: bool = False


class Message(HintLabel):
    """A line that stands where it belongs: a hint, a caution or a refusal; hidden while it says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setVisible(False)

    def say(self, sentence: str, kind: str = "secondary") -> None:
        self.setText(sentence)
        self.setVisible(bool(sentence))
        if self.property("kind") != kind:
            self.setProperty("kind", kind)
            self.style().unpolish(self)
            self.style().polish(self)

    def kind(self) -> str:
        return str(self.property("kind"))


class KeepRow(QWidget):
    """Naming a state that is to be kept. ``kept`` carries the name, and whether the state after the text is meant."""

    kept = Signal(str, bool)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the state")
        self.name.setPlaceholderText("A name for it")
        self.name.setMaxLength(80)
        self.name.setFixedHeight(theme.HIT)
        self.name.returnPressed.connect(self._keep)
        self.after = QRadioButton("The state after this text")
        self.shown = QRadioButton("The seed state above")
        self._group = QButtonGroup(self)
        self._group.addButton(self.after)
        self._group.addButton(self.shown)
        self.save = SecondaryButton("Keep")
        self.save.clicked.connect(self._keep)
        self.cancel = GhostButton("Cancel")
        self.cancel.clicked.connect(self.left)
        self.message = Message()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_2)
        buttons.addWidget(self.save)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.SPACE_1, 0, 0)
        column.setSpacing(theme.SPACE_2)
        radios = QVBoxLayout()
        radios.setSpacing(0)
        radios.addWidget(self.after)
        radios.addWidget(self.shown)
        column.addLayout(radios)
        column.addWidget(self.name)
        column.addWidget(self.message)
        column.addLayout(buttons)

    def begin(self, suggestion: str, has_after: bool, has_shown: bool) -> None:
        """Ask for a name; the choice between two states is shown where there are two."""
        self.message.say("")
        self.name.setText(suggestion)
        self.name.selectAll()
        self.after.setVisible(has_after and has_shown)
        self.shown.setVisible(has_after and has_shown)
        (self.after if has_after else self.shown).setChecked(True)

    def _keep(self) -> None:
        name = " ".join(self.name.text().split())
        if not name:
            self.message.say("Give the state a name.", "bad")
            self.name.setFocus()
            return
        self.kept.emit(name, self.after.isChecked())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


class SeedStateControl(QWidget):
    """The section “Seed state” of a panel.

    Signals:
        chosen: the key of the line a person took; :data:`OPEN` for “Open a state file…”.
        edited: the text to prime with, or the random seed or scale, has changed.
        keep_wanted: the naming of a state should begin. kept: as :attr:`KeepRow.kept`.
    """

    chosen = Signal(str)
    edited = Signal()
    keep_wanted = Signal()
    kept = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: list[StateChoice] = []
        self.menu = QComboBox()
        self.menu.setAccessibleName("Seed state")
        self.menu.setFixedHeight(theme.HIT)
        self.menu.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.menu.setMinimumContentsLength(12)
        self.menu.setMaxVisibleItems(16)
        self.menu.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.menu.activated.connect(self._activated)
        label = SectionLabel("Seed state")
        label.setBuddy(self.menu)
        self.text = TextField("Text that makes the seed state", "A text to read before writing", rows=1, most=4)
        self.text.textChanged.connect(self.edited)
        self.seed = SeedField("Random seed of the state", lockable=False)
        self.seed.changed.connect(self._edited)
        self.scale = NumberSlider(0.0, 3.0, 0.05, 1.0, name="Scale of the random state")
        self.scale.changed.connect(self._edited)
        self.random = self._make_random()
        self.strip = StateStrip("Seed state")
        self.message = Message()
        self.keep = SecondaryButton("Keep this state…")
        self.keep.clicked.connect(self.keep_wanted)
        self.load = SecondaryButton("Open…")
        self.load.setAccessibleName("Open a state file")
        self.load.setToolTip("Open a state file (.state)")
        self.load.clicked.connect(self._open)
        tools = QHBoxLayout()
        tools.setSpacing(theme.SPACE_2)
        tools.addWidget(self.keep)
        tools.addWidget(self.load)
        tools.addStretch(1)
        self.row = KeepRow()
        self.row.hide()
        self.row.kept.connect(self.kept)
        self.row.left.connect(self.end_keeping)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_2)
        for widget in (label, self.menu, self.text, self.random, self.strip, self.message):
            column.addWidget(widget)
        column.addLayout(tools)
        column.addWidget(self.row)
        self._show_fields("")

    def _make_random(self) -> QWidget:
        random = QWidget()
        grid = QVBoxLayout(random)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.SPACE_1)
        for word, control in (("Seed", self.seed), ("Scale", self.scale)):
            row = QHBoxLayout()
            name = HintLabel(word)
            name.setFixedWidth(44)
            name.setBuddy(control)
            row.addWidget(name)
            row.addWidget(control, 1)
            grid.addLayout(row)
        return random

    # --- the menu

    def set_choices(self, choices: Sequence[StateChoice], current: str) -> None:
        """The lines of the menu and which one holds, without telling. “Open a state file…” is added."""
        if list(choices) == self._choices:  # an open menu is not pulled from under the pointer
            self.set_current(current)
            return
        self._choices = list(choices)
        blocker = QSignalBlocker(self.menu)
        self.menu.clear()
        for choice in [*choices, StateChoice(OPEN, "Open a state file…", True)]:
            if choice.gap:
                self.menu.insertSeparator(self.menu.count())
            self.menu.addItem(" ".join(choice.label.split()), choice.key)
        blocker.unblock()
        self.set_current(current)

    def choices(self) -> list[str]:
        """The keys in the menu, top down."""
        keys = [self.menu.itemData(row) for row in range(self.menu.count())]
        return [key for key in keys if key is not None]

    def current(self) -> str:
        return str(self.menu.currentData())

    def set_current(self, key: str) -> None:
        """Choose without telling; a key that is not there is left alone."""
        row = self.menu.findData(key)
        if row >= 0:
            self.menu.setCurrentIndex(row)
        self._show_fields(self.current())

    def _activated(self, row: int) -> None:
        key = self.menu.itemData(row)
        self._show_fields(key)
        self.chosen.emit(key)

    def _open(self) -> None:
        self.chosen.emit(OPEN)

    def _show_fields(self, key: str) -> None:
        self.text.setVisible(key == TEXT)
        self.random.setVisible(key == RANDOM)

    def _edited(self, *_value: object) -> None:
        self.edited.emit()

    # --- the state

    def show_state(self, values: NDArray[np.float32] | None) -> None:
        """Draw a state [L, 1, H]; none, or one of zeros alone, leaves no empty box."""
        self.strip.set_state(values)
        self.strip.setVisible(values is not None and bool(np.any(values)))

    def say(self, sentence: str, kind: str = "secondary") -> None:
        """One line below the state."""
        self.message.say(sentence, kind)

    # --- keeping

    def begin_keeping(self, suggestion: str, has_after: bool, has_shown: bool) -> None:
        self.row.begin(suggestion, has_after, has_shown)
        self.row.show()
        self.row.name.setFocus()

    def end_keeping(self) -> None:
        if self.row.isVisibleTo(self):
            self.row.hide()
            self.keep.setFocus()
