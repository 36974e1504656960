"""What the parts of the States page share: choosing a state, how it is heard, and what is done with the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.states_work import FILE, LEARNED, ZEROS
from chargen.gui.widgets.buttons import GhostButton, PrimaryButton, SecondaryButton
from chargen.gui.widgets.fields import SeedField
from chargen.gui.widgets.labelled import FieldLabel, escape_tooltip, may_shorten
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.seed_state_control import Message
from chargen.model.state_library import LONGEST_NAME
from chargen.sampling.settings import SamplingSettings
from chargen.settings import SEED_MAXIMUM, option

HOTTEST = 2.0
_LONGEST_BEGINNING = 500


@dataclass(frozen=True)
class Pick:
    """One state to choose; ``problem`` says why it cannot be, else empty."""

    key: str
    label: str
    problem: str = ""


class StatePicker(QComboBox):
    """A choice among states. What does not fit stands there greyed, with the reason. ``picked`` carries the key."""

    picked = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._wanted = ZEROS
        self.setAccessibleName(name)
        self.setFixedHeight(theme.HIT)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(9)
        self.setMaxVisibleItems(16)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        may_shorten(self)
        self.activated.connect(self._activated)

    def set_picks(self, picks: Sequence[Pick]) -> None:
        """What there is, without telling; the choice stays where it can."""
        self.blockSignals(True)
        self.clear()
        for pick in picks:
            self.addItem(" ".join(pick.label.split()), pick.key)
            row = self.count() - 1
            if pick.problem:
                self.setItemData(row, escape_tooltip(pick.problem), Qt.ItemDataRole.ToolTipRole)
                self.setItemData(row, 0, Qt.ItemDataRole.UserRole - 1)  # Qt's own way to switch an entry off
        self.blockSignals(False)
        self._show()

    def key(self) -> str:
        """What is chosen; zeros where that is not there any more."""
        return self._wanted if self.findData(self._wanted) >= 0 else ZEROS

    def wanted(self) -> str:
        """What was chosen, there or not."""
        return self._wanted

    def set_key(self, key: str) -> None:
        """Choose without telling."""
        self._wanted = key
        self._show()

    def _show(self) -> None:
        self.setCurrentIndex(max(self.findData(self.key()), 0))
        self.setToolTip(escape_tooltip(self.currentText()))

    def _activated(self, row: int) -> None:
        self._wanted = str(self.itemData(row))
        self._show()
        self.picked.emit(self._wanted)


class Hearing(QWidget):
    """Random seed, temperature and beginning: how every sample of the page is written."""

    changed = Signal()
    temperature_changed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        row = option("temperature")
        self.seed = SeedField("Random seed of the samples", lockable=False)
        self.temperature = NumberSlider(row.minimum or 0.0, HOTTEST, 0.05, row.default, name=row.label)
        self.beginning = QLineEdit()
        self.beginning.setAccessibleName("Beginning of the samples")
        self.beginning.setPlaceholderText("None")
        self.beginning.setMaxLength(_LONGEST_BEGINNING)
        self.beginning.setFixedHeight(theme.HIT)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.SPACE_4)
        seed, warmth = FieldLabel("Random seed", self.seed), FieldLabel("Temperature", self.temperature)
        seed.setFixedWidth(132)
        for field, stretch in ((seed, 0), (warmth, 2), (FieldLabel("Beginning", self.beginning), 2)):
            line.addWidget(field, stretch, Qt.AlignmentFlag.AlignTop)
        self.seed.changed.connect(self._changed)
        self.temperature.changed.connect(self._changed)
        self.temperature.changed.connect(self.temperature_changed)
        self.beginning.textChanged.connect(self._changed)

    def _changed(self, *_value: object) -> None:
        self.changed.emit()

    def settings(self, length: int, steer: str = "") -> SamplingSettings:
        """For a sample of that length. Characters the model does not know are replaced. Raises SettingError."""
        return SamplingSettings(
            prompt=self.beginning.text(), length=length, temperature=self.temperature.value(),
            random_seed=self.seed.value(), unknown="replace", steer=steer,
        )  # fmt: skip

    def remembered(self) -> dict[str, Any]:
        return {
            "seed": self.seed.value(), "temperature": self.temperature.value(), "beginning": self.beginning.text(),
        }  # fmt: skip

    def recall(self, values: Any) -> None:
        """As it was remembered; what makes no sense keeps its default."""
        values = values if isinstance(values, dict) else {}
        seed, temperature, beginning = (values.get(name) for name in ("seed", "temperature", "beginning"))
        if type(seed) is int and 0 <= seed <= SEED_MAXIMUM:
            self.seed.set_value(seed)
        if type(temperature) in (int, float) and 0 <= temperature <= HOTTEST:
            self.temperature.set_value(float(temperature))
        if isinstance(beginning, str):
            self.beginning.setText(beginning[:_LONGEST_BEGINNING])


class ResultBar(QWidget):
    """What is done with a state that was mixed: written with, or kept under a name."""

    write_wanted = Signal()
    kept = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.write = PrimaryButton("Write with it", "write")
        self.write.clicked.connect(self.write_wanted)
        self.keep = SecondaryButton("Keep as…", "save")
        self.keep.clicked.connect(self._begin)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the state")
        self.name.setPlaceholderText("A name for it")
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setMaximumWidth(260)
        self.name.returnPressed.connect(self._keep)
        self.confirm, self.cancel = SecondaryButton("Keep"), GhostButton("Cancel")
        self.confirm.clicked.connect(self._keep)
        self.cancel.clicked.connect(self.end)
        self.message = Message()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_2)
        for widget in (self.write, self.keep, self.name, self.confirm, self.cancel):
            row.addWidget(widget)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_2)
        column.addWidget(self.message)
        column.addLayout(row)
        self.end()
        self.set_able(False)

    def set_able(self, able: bool, to_write: bool = True) -> None:
        """Whether there is a state, and a model to write with."""
        self.write.setEnabled(able and to_write)
        self.keep.setEnabled(able)

    def say(self, sentence: str, kind: str = "secondary") -> None:
        self.message.say(sentence, kind)

    def _naming(self, on: bool) -> None:
        for widget in (self.name, self.confirm, self.cancel):
            widget.setVisible(on)
        self.keep.setVisible(not on)

    def _begin(self) -> None:
        self._naming(True)
        self.name.clear()
        self.name.setFocus()

    def end(self) -> None:
        self._naming(False)

    def _keep(self) -> None:
        name = " ".join(self.name.text().split())
        if name:
            self.kept.emit(name)
        else:
            self.say("Give the state a name.", "bad")
            self.name.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.name.isVisible():
            self.end()
            self.keep.setFocus()
            return
        super().keyPressEvent(event)


def basic_picks(learned: bool) -> list[Pick]:
    """The states that need not be kept."""
    return [Pick(ZEROS, "Zeros"), *([Pick(LEARNED, "Learned in training")] if learned else [])]


def first_kept(picks: Sequence[Pick]) -> str:
    """The key of the first kept state that fits; zeros where none does."""
    return next((pick.key for pick in picks if pick.key.startswith(FILE) and not pick.problem), ZEROS)
