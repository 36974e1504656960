"""The panel of the Write page: temperature, seed state, prompt, length, random seed, and the rest folded away."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from chargen.corpus.vocabulary import Unknown
from chargen.errors import SettingError
from chargen.gui import theme
from chargen.gui.pages.write_unknown import CHOICES, about_unknown
from chargen.gui.widgets.fields import TEXT_LIMIT, SeedField, TextField, WholeNumber, fresh_seed
from chargen.gui.widgets.fold import Fold
from chargen.gui.widgets.labelled import FieldLabel, HintLabel, SectionLabel
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.preset_row import PresetRow
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.seed_state_control import Message, SeedStateControl
from chargen.model.model_file import Model
from chargen.sampling.presets import MAXIMUM_NAME
from chargen.sampling.settings import RULES, SamplingSettings
from chargen.sampling.steering import MAXIMUM_TEXT
from chargen.settings import OPTIONS, Option, option

HOTTEST = 2.0
"""End of the slider. Beyond it every text is noise; the command line goes on to 10."""
_OF_ITS_OWN = ("prompt", "length", "temperature", "stop", "random_seed", "unknown")
ADVANCED = tuple(
    field.name for field in fields(SamplingSettings) if field.name not in _OF_ITS_OWN and field.name in OPTIONS
)
"""Whatever else a sample can be asked for, in the order of its settings: a new row of the table is a new control."""
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}
_TYPING_MS = 150


def unescape(text: str) -> str:
    r"""``\n`` and ``\t`` as people type them in one line; ``\\`` is a backslash."""
    result, at = [], 0
    while at < len(text):
        pair = text[at : at + 2]
        result.append(_ESCAPES.get(pair, text[at]))
        at += 2 if pair in _ESCAPES else 1
    return "".join(result)


def escape(text: str) -> str:
    """The other way round: a text on one line."""
    for typed, character in reversed(_ESCAPES.items()):
        text = text.replace(character, typed)
    return text


def control_for(row: Option) -> tuple[QWidget, Callable[[], Any]]:
    """A control for a number of the settings table, and how to read it."""
    if row.kind == "choice":
        menu = QComboBox()
        menu.addItems(list(row.choices))
        menu.setCurrentText(str(row.default))
        menu.setFixedHeight(theme.HIT)
        menu.setAccessibleName(row.label)
        return menu, menu.currentText
    if row.kind == "bool":
        tick = QCheckBox(row.label)
        tick.setChecked(bool(row.default))
        return tick, tick.isChecked
    if row.kind == "str":
        line = QLineEdit(str(row.default or ""))
        line.setFixedHeight(theme.HIT)
        line.setMaxLength(MAXIMUM_TEXT)  # of a steering; no other line is as long
        line.setAccessibleName(row.label)
        return line, line.text
    low, high = row.minimum or 0, row.maximum or 0
    if row.kind == "int":
        box = WholeNumber(row.label, int(low), int(high), int(row.default), row.unit, off="off")
        return box, box.value
    log = low > 0 and high / low >= 50
    slider = NumberSlider(low, high, 0.01, row.default, log=log, name=row.label)
    return slider, slider.value


class WritePanel(QObject):
    """Fills a layout. ``settings()`` is everything that is set; ``seed_control`` is driven by SeedState.

    Signals:
        temperature_changed: at once, while the handle moves.
        unknown_changed: what to do with characters that the model does not know.
        changed: anything that is remembered.
    """

    temperature_changed = Signal(float)
    unknown_changed = Signal(str)
    changed = Signal()

    def __init__(self, layout: QVBoxLayout, parent: QWidget) -> None:
        super().__init__(parent)
        self._model: Model | None = None
        self._typing = later(parent, _TYPING_MS)
        self._typing.timeout.connect(self.check_characters)
        layout.addLayout(self._make_temperature())
        self.seed_control = SeedStateControl()
        self.seed_control.text.refused.connect(self._too_long_to_prime)
        self.seed_control.text.textChanged.connect(self._typing.start)
        layout.addWidget(self.seed_control)
        layout.addLayout(self._make_prompt())
        layout.addLayout(self._make_numbers())
        layout.addWidget(self._make_advanced())
        layout.addStretch(1)
        signals = [_changed(box) for box in (self.length, self.temperature, *self.controls.values())]
        signals += [self.prompt.textChanged, self.stop.textChanged, self.unknown.activated]
        signals += [self.seed.changed, self.seed.lock.changed]
        for signal in signals:
            signal.connect(self._changed)

    def _changed(self, *_value: object) -> None:
        self.changed.emit()

    # --- what is remembered

    def remembered(self) -> dict[str, Any]:
        """Everything as it is set."""
        values = {name: read() for name, read in self._readers.items()}
        return values | {
            "temperature": self.temperature.value(), "length": self.length.value(), "prompt": self.prompt.text(),
            "stop": self.stop.text(), "unknown": self.unknown_choice(), "random_seed": self.seed.value(),
            "locked": self.seed.is_locked(), "used": self._seed_used,
        }  # fmt: skip

    def recall(self, values: dict[str, Any]) -> None:
        """Set everything as it was remembered; what makes no sense keeps its default."""
        boxes = {"temperature": self.temperature, "length": self.length, **self.controls}
        for name, box in boxes.items():
            value = _sound(name, values)
            if value is not None:
                _set(box, min(value, HOTTEST) if box is self.temperature else value)
        if isinstance(values.get("prompt"), str) and len(values["prompt"]) <= TEXT_LIMIT:
            self.prompt.set_text(values["prompt"])
        if isinstance(values.get("stop"), str):
            self.stop.setText(values["stop"][:200])
        seed = _sound("random_seed", values)
        if seed is not None:
            self.seed.set_value(seed)
            self._seed_used = values.get("used") is True
        self.seed.set_locked(values.get("locked") is True)
        self.unknown.setCurrentIndex(max(self.unknown.findData(values.get("unknown")), 0))
        self.check_characters()
        self.unknown_changed.emit(self.unknown_choice())

    # --- making

    def _make_temperature(self) -> QVBoxLayout:
        row = option("temperature")
        self.temperature = NumberSlider(row.minimum or 0.0, HOTTEST, 0.05, row.default, name=row.label)
        self.temperature.changed.connect(self.temperature_changed)
        self.temperature.setAccessibleDescription(row.help)
        label = SectionLabel(row.label)
        label.setBuddy(self.temperature)
        label.setToolTip(row.help)
        ends = QHBoxLayout()
        ends.setContentsMargins(0, 0, self.temperature.box.width() + theme.SPACE_3, 0)
        ends.addWidget(HintLabel("careful"))
        wild = HintLabel("wild")
        wild.setAlignment(Qt.AlignmentFlag.AlignRight)
        ends.addWidget(wild)
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_1)
        column.addWidget(label)
        column.addWidget(self.temperature)
        column.addLayout(ends)
        return column

    def _make_prompt(self) -> QVBoxLayout:
        self.prompt = TextField("Prompt", "How the text begins", rows=2, most=6)
        self.prompt.textChanged.connect(self._typing.start)
        self.prompt.refused.connect(self._too_long)
        label = SectionLabel("Prompt")
        label.setBuddy(self.prompt)
        self.prompt_message = Message()
        self.unknown = QComboBox()
        for key, words in CHOICES:
            self.unknown.addItem(words, key)
        self.unknown.setFixedHeight(theme.HIT)
        self.unknown.setAccessibleName(option("unknown").label)
        self.unknown.setToolTip(option("unknown").help)
        self.unknown.activated.connect(self._unknown_chosen)
        self.unknown.hide()
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_1 + 2)
        for widget in (label, self.prompt, self.prompt_message, self.unknown):
            column.addWidget(widget)
        return column

    def _make_numbers(self) -> QHBoxLayout:
        row = option("length")
        self.length = WholeNumber(
            row.label, int(row.minimum or 1), int(row.maximum or 1), int(row.default), "chars", step=100
        )
        self.length.setToolTip(row.help)
        self.seed = SeedField(option("random_seed").label)
        self.seed.changed.connect(self._seed_chosen)
        self.seed.edit.setToolTip(option("random_seed").help)
        self._seed_used = False
        line = QHBoxLayout()
        line.setSpacing(theme.SPACE_3)
        length, seed = FieldLabel(row.label, self.length), FieldLabel(option("random_seed").label, self.seed)
        length.setFixedWidth(120)
        line.addWidget(length, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(seed, 1, Qt.AlignmentFlag.AlignTop)
        return line

    def _make_advanced(self) -> Fold:
        self.advanced = Fold("Advanced")
        self._readers: dict[str, Callable[[], Any]] = {}
        self.controls: dict[str, QWidget] = {}
        self.presets = PresetRow(MAXIMUM_NAME)
        self.advanced.body.addWidget(FieldLabel("Saved settings", self.presets))
        for name in ADVANCED:
            row = option(name)
            control, read = control_for(row)
            self._readers[name], self.controls[name] = read, control
            self.advanced.body.addWidget(FieldLabel(row.label, control, row.help))
        self.stop = QLineEdit()
        self.stop.setFixedHeight(theme.HIT)
        self.stop.setMaxLength(200)
        self.stop.textChanged.connect(self._typing.start)
        help_text = "Writing ends when this has been written; \\n stands for a new line."
        self.advanced.body.addWidget(FieldLabel("Stop text", self.stop, help_text))
        self.stop_message = Message()
        self.advanced.body.addWidget(self.stop_message)
        return self.advanced

    # --- reading

    def unknown_choice(self) -> Unknown:
        choice: Unknown = self.unknown.currentData()
        return choice

    def stops(self) -> tuple[str, ...]:
        stop = unescape(self.stop.text())
        return (stop,) if stop else ()

    def settings(self) -> SamplingSettings:
        """Everything as it is set, with the random seed shown. Raises SettingError."""
        return SamplingSettings(
            prompt=self.prompt.text(),
            length=self.length.value(),
            temperature=self.temperature.value(),
            stop=self.stops(),
            random_seed=self.seed.value(),
            unknown=self.unknown_choice(),
            **{name: read() for name, read in self._readers.items()},
        )

    def steering(self) -> str:
        """The rules of steering, as they are typed."""
        return str(self._readers["steer"]())

    def rules(self) -> dict[str, Any]:
        """How characters are chosen, as it is set."""
        values = {name: read() for name, read in self._readers.items()} | {"temperature": self.temperature.value()}
        return {rule: values[rule] for rule in RULES}

    def set_rules(self, rules: dict[str, Any]) -> None:
        """Choose characters by these rules, and the others as they are by default."""
        boxes = {"temperature": self.temperature, **self.controls}
        for rule in RULES:
            value = rules.get(rule, option(rule).default)
            _set(boxes[rule], min(value, HOTTEST) if rule == "temperature" else value)

    def commit(self) -> None:
        """Take numbers that are still being typed."""
        for box in (self.length, *(c for c in self.controls.values() if isinstance(c, WholeNumber))):
            box.interpretText()
        for slider in (self.temperature, *(c for c in self.controls.values() if isinstance(c, NumberSlider))):
            slider.box.interpretText()
        self.seed.commit()

    # --- the random seed: what is shown is that of the text on the page, or of the next one

    def next_seed(self) -> int:
        """The seed of the next sample: as shown if it is locked, typed or rolled; else a fresh one, shown from now."""
        if self._seed_used and not self.seed.is_locked():
            self.seed.set_value(fresh_seed())
        self._seed_used = True
        return self.seed.value()

    def _seed_chosen(self, _value: int) -> None:
        self._seed_used = False

    # --- characters the model does not know

    def set_model(self, model: Model | None) -> None:
        self._model = model
        self.check_characters()

    def check_characters(self) -> str:
        """Name unknown characters under their fields; returns the sentence that refuses the prompt or stop text."""
        self._typing.stop()
        unknown = self.unknown_choice()
        sentence, kind = about_unknown(self._model, self.prompt.text(), unknown)
        self.prompt_message.say(sentence, kind)
        refusal = sentence if kind == "caution" else ""
        foreign = bool(sentence)
        stop_sentence, stop_kind = about_unknown(self._model, "".join(self.stops()), unknown)
        if stop_sentence and stop_kind != "caution":
            stop_sentence = "The model does not know all of it, so this will never be written."
        self.stop_message.say(stop_sentence, "caution")
        if stop_kind == "caution":
            refusal = refusal or stop_sentence
        control = self.seed_control
        primed = control.text.text() if control.text.isVisibleTo(control) else ""
        foreign = foreign or bool(stop_sentence) or bool(about_unknown(self._model, primed, unknown)[0])
        self.unknown.setVisible(foreign or unknown != "refuse")
        return refusal

    def refuse(self) -> None:
        """Writing was asked for, but a text is refused: say so where it stands."""
        for message, field in ((self.prompt_message, self.prompt), (self.stop_message, self.stop)):
            if message.text() and message.kind() == "caution":
                message.say(f"Nothing was written: {message.text()[0].lower()}{message.text()[1:]}", "bad")
                if field is self.stop:
                    self.advanced.set_open(True)
                field.setFocus()
                return

    def _unknown_chosen(self) -> None:
        self.check_characters()
        self.unknown_changed.emit(self.unknown_choice())

    def _too_long(self, length: int) -> None:
        self.prompt_message.say(_too_long_words("prompt", length), "bad")

    def _too_long_to_prime(self, length: int) -> None:
        self.seed_control.say(_too_long_words("text", length), "bad")


def _changed(box: QWidget) -> Any:
    """The signal of a control that its value is another one."""
    if isinstance(box, WholeNumber):
        return box.valueChanged
    if isinstance(box, QComboBox):
        return box.currentTextChanged
    if isinstance(box, QCheckBox):
        return box.toggled
    return box.textChanged if isinstance(box, QLineEdit) else box.changed  # type: ignore[attr-defined]


def _set(box: QWidget, value: Any) -> None:
    if isinstance(box, WholeNumber):
        box.setValue(value)
    elif isinstance(box, NumberSlider):
        box.set_value(value)
    elif isinstance(box, QComboBox):
        box.setCurrentText(value)
    elif isinstance(box, QCheckBox):
        box.setChecked(value)
    elif isinstance(box, QLineEdit):
        box.setText(value)


def _sound(name: str, values: dict[str, Any]) -> Any:
    """A remembered value that the settings table allows, else None."""
    try:
        return None if values.get(name) is None else option(name).check(values[name])
    except SettingError:
        return None


def _too_long_words(what: str, length: int) -> str:
    return (
        f"These {length:,} characters were not pasted: a {what} here has at most {TEXT_LIMIT:,}. "
        "The command line takes longer ones."
    )
