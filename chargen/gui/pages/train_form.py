"""How to train: a preset, a time, and every other setting folded away, made from the settings table."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from chargen.errors import SettingError
from chargen.gui import theme, words
from chargen.gui.widgets.cards import ChoiceCards
from chargen.gui.widgets.fold import Fold
from chargen.gui.widgets.labelled import FieldLabel, HintLabel, SectionLabel
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.settings import OPTIONS, Option

if TYPE_CHECKING:
    from chargen.training.speed import Speed

PRESETS = (("quick", "Quick"), ("balanced", "Balanced"), ("best", "Best"))
LONGEST = 24 * 60  # minutes
_OWN_CONTROL = ("minutes", "epochs", "steps", "preset")
ADVANCED = [
    option for option in OPTIONS.values() if option.group in ("model", "training") and option.name not in _OWN_CONTROL
]


class _Choice(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class OptionField(FieldLabel):
    """One row of the settings table. Empty means "chosen for you", and shows what that is."""

    def __init__(self, option: Option) -> None:
        self.option = option
        self.box: QLineEdit | QComboBox
        if option.kind == "choice":
            self.box = _Choice()
            self.box.addItems(list(option.choices))
            self.box.setCurrentText(str(option.default))
        else:
            self.box = QLineEdit()
        super().__init__(option.label, self.box, option.help)
        self.problem = HintLabel()
        self.problem.setProperty("kind", "bad")
        self.problem.hide()
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self.problem)

    def value(self) -> Any:
        """What was chosen; None where nothing was. Raises SettingError."""
        if isinstance(self.box, QComboBox):
            text = self.box.currentText()
            return None if text == self.option.default else text
        text = self.box.text().strip()
        return self.option.check(text.replace(",", ".")) if text else None

    def set_value(self, value: Any) -> None:
        """None for "chosen for you"."""
        if isinstance(self.box, QComboBox):
            self.box.setCurrentText(str(self.option.default if value is None else value))
        else:
            self.box.setText("" if value is None else f"{value:g}" if isinstance(value, float) else str(value))

    def set_chosen(self, value: Any) -> None:
        """What is taken where the field stays empty."""
        if isinstance(self.box, QLineEdit):
            shown = "all cores" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
            self.box.setPlaceholderText(shown)

    def set_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))


class TrainForm(QWidget):
    """Preset, time and the rest. ``changed`` says that something is chosen differently now."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._characters, self._symbols, self._device = 0, 0, "cpu"
        self._validation = 0.1
        self._entropy: float | None = None
        self._speed: Speed | None = None
        self._warnings: tuple[str, ...] = ()
        self.presets = ChoiceCards([(key, title, " ") for key, title in PRESETS], "Preset")
        self.time = NumberSlider(0.1, LONGEST, 0.1, 5, decimals=2, suffix="min", log=True, name="Time")
        self.plan = HintLabel()
        self.advanced = Fold("Advanced")
        self.fields = {option.name: OptionField(option) for option in ADVANCED}
        for field in self.fields.values():
            self.advanced.body.addWidget(field)
            if isinstance(field.box, QComboBox):
                field.box.currentIndexChanged.connect(self._edited)
            else:
                field.box.textChanged.connect(self._edited)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_2)
        layout.addWidget(SectionLabel("Preset"))
        layout.addWidget(self.presets)
        layout.addSpacing(theme.SPACE_2)
        layout.addWidget(FieldLabel("Time", self.time))
        layout.addWidget(self.plan)
        layout.addSpacing(theme.SPACE_1)
        layout.addWidget(self.advanced)
        self.presets.set_current("balanced")
        self._preset_chosen("balanced")
        self.presets.selected.connect(self._preset_chosen)
        self.time.changed.connect(self._time_chosen)

    def set_text(self, characters: int, symbols: int, validation: float = 0.1, entropy: float | None = None) -> None:
        """The text to size the network for.

        Args:
            validation: the share of it that is kept aside. entropy: of the text, in nats.
        """
        self._characters, self._symbols, self._validation, self._entropy = characters, symbols, validation, entropy
        self._replan()

    def set_device(self, kind: str) -> None:
        """The kind of device to size the network for; its speed is not known yet."""
        self._device = kind
        if self._speed is not None and self._speed.kind != kind:
            self._speed = None
        self._replan()

    def set_speed(self, speed: "Speed") -> None:
        """What was measured of the device."""
        self._device, self._speed = speed.kind, speed
        self._replan()

    def warnings(self) -> tuple[str, ...]:
        """Sentences on what is chosen: too large for the text, too little time, not enough memory."""
        return self._warnings

    def overrides(self) -> dict[str, Any]:
        """What was chosen, by the names of the settings table. Raises SettingError."""
        chosen = {name: field.value() for name, field in self.fields.items()}
        return {"minutes": self.minutes(), **{name: value for name, value in chosen.items() if value is not None}}

    def set_override(self, name: str, value: Any) -> None:
        """Choose one of the folded settings."""
        self.fields[name].set_value(value)

    def remembered(self) -> dict[str, Any]:
        """What is chosen, as it stands in the fields."""
        typed = {
            name: field.box.currentText() if isinstance(field.box, QComboBox) else field.box.text().strip()
            for name, field in self.fields.items()
        }
        chosen = {name: text for name, text in typed.items() if text and text != self.fields[name].option.default}
        return {"minutes": self.minutes(), "fields": chosen}

    def recall(self, values: dict[str, Any]) -> None:
        """Choose as it was remembered; what makes no sense is left out. Folded settings that differ are shown."""
        try:
            minutes = float(OPTIONS["minutes"].check(values.get("minutes")))
            self.set_minutes(min(max(minutes, 0.1), LONGEST))
        except (SettingError, TypeError):
            pass
        chosen = values.get("fields")
        for name, text in chosen.items() if isinstance(chosen, dict) else ():
            field = self.fields.get(name)
            if field is None or not isinstance(text, str) or len(text) > 100:
                continue
            if isinstance(field.box, QComboBox):
                field.box.setCurrentIndex(max(field.box.findText(text), 0))
            else:
                field.box.setText(text)
            self.advanced.set_open(True)

    def planned(self) -> Any:
        """The (ModelConfig, TrainingConfig) that these choices lead to. Raises SettingError."""
        return self._suggest(self.overrides())

    def _suggest(self, chosen: dict[str, Any]) -> Any:
        from chargen.training.presets import suggest

        speed = self._speed_for(chosen)
        return suggest(chosen, max(self._characters, 1), max(self._symbols, 2), speed.kind, speed)

    def _speed_for(self, chosen: dict[str, Any]) -> "Speed":
        """Of the device that is chosen; of another than the one found here, nothing is known."""
        from chargen.training.speed import Speed

        kind = chosen.get("device") or self._device
        return self._speed if self._speed is not None and self._speed.kind == kind else Speed(kind)

    def _preset_chosen(self, key: str) -> None:
        from chargen.training.presets import PRESET_MINUTES

        self.time.set_value(PRESET_MINUTES[key])
        self.time.set_default(PRESET_MINUTES[key])
        self._edited()

    def _time_chosen(self, minutes: float) -> None:
        from chargen.training.presets import PRESET_MINUTES

        fitting = [key for key, value in PRESET_MINUTES.items() if value == minutes]
        self.presets.set_current(fitting[0] if fitting else None)
        self._edited()

    def set_minutes(self, minutes: float) -> None:
        """Choose a time."""
        self.time.set_value(minutes)
        self._time_chosen(self.time.value())

    def minutes(self) -> float:
        """The time to train, as two figures on a slider or exactly in its box mean it."""
        return round(self.time.value(), 4)

    def _edited(self, *_ignored: object) -> None:
        self._replan()
        self.changed.emit()

    def _replan(self) -> None:
        """Show what the choices lead to: sizes on the cards, a prediction under the time, values in empty fields."""
        from chargen.training.presets import PRESET_MINUTES

        chosen: dict[str, Any] = {}
        for name, field in self.fields.items():
            try:
                value = field.value()
                field.set_problem("")
            except SettingError as error:
                field.set_problem(str(error))
                continue
            if value is not None:
                chosen[name] = value
        try:
            for key, _title in PRESETS:
                model, _ = self._suggest({**chosen, "minutes": PRESET_MINUTES[key]})
                time = words.minutes(PRESET_MINUTES[key])
                self.presets.card(key).set_line(f"{time} · {words.large(model.parameter_count())} parameters")
            model, training = self._suggest({**chosen, "minutes": self.minutes()})
        except SettingError as error:
            self.plan.setText(str(error))
            self._warnings = ()
            return
        line = f"{self._predict(model, training, chosen)} · {model.describe()}"
        self.plan.setText(words.unbroken(line))
        for name, field in self.fields.items():
            source = model if hasattr(model, name) else training
            field.set_chosen(getattr(source, name))

    def _predict(self, model: Any, training: Any, chosen: dict[str, Any]) -> str:
        """The prediction in words; keeps its warnings."""
        from chargen.training.prediction import amount, predict

        if not self._characters:
            self._warnings = ()
            return f"{amount(model.parameter_count())} parameters"
        speed = self._speed_for(chosen)
        prediction = predict(
            model, training, speed,
            characters=self._characters, validation=self._validation, free=speed.free_memory(),
            entropy=self._entropy,
        )  # fmt: skip
        self._warnings = prediction.warnings
        return prediction.describe()
