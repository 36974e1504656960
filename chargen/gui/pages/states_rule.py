"""One rule of a steering as a row of controls: which units, what is done to them, and at which characters."""

from typing import Any

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import QFocusEvent, QRegularExpressionValidator
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout

from chargen.gui import theme
from chargen.gui.widgets.buttons import IconButton
from chargen.gui.widgets.fields import WholeNumber
from chargen.gui.widgets.labelled import HintLabel
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.model.config import ModelConfig
from chargen.sampling.steering import LAST, Rule

HOLD, ADD, SCALE, SILENCE = "=", "+", "*", "*0"
_OPERATIONS = ((HOLD, "Hold at"), (ADD, "Add"), (SCALE, "Scale by"), (SILENCE, "Silence"))
_REACH = 3.0
_FURTHEST = 10_000_000
_MOST_UNITS = 100


class _Units(QLineEdit):
    """Numbers of units with commas between. ``entered`` tells that the focus came."""

    entered = Signal()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()


class RuleRow(QFrame):
    """``changed`` at every change; ``entered`` when it is the one that is worked on; ``removed`` carries itself."""

    changed = Signal()
    entered = Signal(object)
    removed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.layer, self.part, self.operation = QComboBox(), QComboBox(), QComboBox()
        self._offer(1)
        self.layer.setCurrentIndex(1)
        for label, key in (("h", "h"), ("c", "c")):
            self.part.addItem(label, key)
        for key, label in _OPERATIONS:
            self.operation.addItem(label, key)
        for box, name in ((self.layer, "Layer"), (self.part, "Part of the state"), (self.operation, "What is done")):
            box.setFixedHeight(theme.HIT)
            box.setAccessibleName(name)
            box.currentIndexChanged.connect(self._changed)
        self.part.setToolTip("h is what the network says at each step, c what it remembers behind it")
        self.units = _Units("1")
        self.units.setAccessibleName("Units, with commas between; empty is all of them")
        self.units.setToolTip("Numbers of units with commas between, such as 17, 40. Empty is all units.")
        self.units.setPlaceholderText("All")
        self.units.setValidator(QRegularExpressionValidator(QRegularExpression(r"[\d, ]{0,600}"), self.units))
        self.units.setFixedHeight(theme.HIT)
        self.units.setMinimumWidth(72)
        self.units.textChanged.connect(self._changed)
        self.units.entered.connect(self._entered)
        self.value = NumberSlider(-_REACH, _REACH, 0.05, 1.0, name="Value")
        self.value.changed.connect(self._changed)
        self.first = WholeNumber("From character", 0, _FURTHEST, 0, off="start")
        self.last = WholeNumber("To character", 0, _FURTHEST, 0, off="end")
        for number in (self.first, self.last):
            number.setMinimumWidth(84)
            number.valueChanged.connect(self._changed)
        self.remove = IconButton("close", "Remove this rule")
        self.remove.clicked.connect(lambda: self.removed.emit(self))
        self._lay_out()

    def _lay_out(self) -> None:
        upper, lower = QHBoxLayout(), QHBoxLayout()
        upper.setSpacing(theme.SPACE_2)
        lower.setSpacing(theme.SPACE_2)
        upper.addWidget(self.layer)
        upper.addWidget(_word("unit"))
        upper.addWidget(self.units, 1)
        upper.addWidget(self.part)
        upper.addWidget(self.operation)
        upper.addWidget(self.remove)
        self._nothing = _word("No value is needed: silenced units say nothing.")
        lower.addWidget(self.value, 1)
        lower.addWidget(self._nothing, 1)
        lower.addWidget(_word("from"))
        lower.addWidget(self.first)
        lower.addWidget(_word("to"))
        lower.addWidget(self.last)
        self._nothing.hide()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.SPACE_3, theme.SPACE_2, theme.SPACE_2, theme.SPACE_2)
        rows.setSpacing(theme.SPACE_1)
        rows.addLayout(upper)
        rows.addLayout(lower)

    def set_model(self, config: ModelConfig) -> None:
        """The layers and parts there are; what was chosen stays where it is there."""
        layer, part = self.layer.currentData(), self.part.currentData()
        for box in (self.layer, self.part):
            box.blockSignals(True)
        self.layer.clear()
        self._offer(max(config.layers, layer or 0))  # one that the model lacks stays, and is told
        self.layer.setCurrentIndex(max(self.layer.findData(layer), 0) if layer is not None else 0)
        lstm = "c" in config.state_parts
        self.part.setVisible(lstm)
        self.part.setCurrentIndex(max(self.part.findData(part), 0) if lstm else 0)
        for box in (self.layer, self.part):
            box.blockSignals(False)

    def _offer(self, layers: int) -> None:
        """All layers, and each up to that number."""
        if not self.layer.count():
            self.layer.addItem("All layers", None)
        for number in range(self.layer.count(), layers + 1):
            self.layer.addItem(f"Layer {number}", number)

    def choose_unit(self, layer: int, unit: int) -> None:
        """One unit, both counted from 1."""
        self.layer.setCurrentIndex(max(self.layer.findData(layer), 0))
        self.units.setText(str(unit))

    def rules(self) -> list[Rule]:
        """What the row says, a rule for each unit."""
        numbers = [int(word) for word in self.units.text().replace(",", " ").split()]
        units: list[int | None] = list(dict.fromkeys(numbers[:_MOST_UNITS])) or [None]
        key = self.operation.currentData()
        operation, value = ("*", 0.0) if key == SILENCE else (key, round(self.value.value(), 6))
        first, last = max(self.first.value(), 1), self.last.value() or LAST
        return [
            Rule(self.part.currentData(), self.layer.currentData(), unit, operation, value, first, last)
            for unit in units
        ]

    def show_rule(self, rule: Rule) -> None:
        """Say what a rule says, without telling."""
        self.blockSignals(True)
        self._offer(rule.layer or 0)
        self.layer.setCurrentIndex(max(self.layer.findData(rule.layer), 0) if rule.layer is not None else 0)
        self.units.setText("" if rule.unit is None else str(rule.unit))
        self.part.setCurrentIndex(max(self.part.findData(rule.part), 0))
        silent = rule.operation == "*" and rule.value == 0
        self.operation.setCurrentIndex(self.operation.findData(SILENCE if silent else rule.operation))
        if not silent:
            self.value.set_value(rule.value)
        self.first.setValue(0 if rule.first <= 1 else min(rule.first, _FURTHEST))
        self.last.setValue(0 if rule.last >= LAST else min(rule.last, _FURTHEST))
        self.blockSignals(False)

    def _changed(self, *_value: Any) -> None:
        silent = self.operation.currentData() == SILENCE
        self.value.setVisible(not silent)
        self._nothing.setVisible(silent)
        self.entered.emit(self)
        self.changed.emit()

    def _entered(self) -> None:
        self.entered.emit(self)


def _word(text: str) -> HintLabel:
    word = HintLabel(text)
    word.setWordWrap(False)
    word.setAlignment(Qt.AlignmentFlag.AlignVCenter)
    return word
