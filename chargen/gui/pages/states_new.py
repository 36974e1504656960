"""A new state for the library: which kind, what it needs, and its name."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout

from chargen.gui import pickers, states_work, theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_unknown import CHOICES, about_unknown
from chargen.gui.pickers import Pickers
from chargen.gui.widgets.buttons import GhostButton, SecondaryButton
from chargen.gui.widgets.fields import SeedField, TextField
from chargen.gui.widgets.labelled import FieldLabel
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.seed_state_control import Message
from chargen.jobs import Cancelled, Done, Failed, Job
from chargen.model.state_library import LONGEST_NAME
from chargen.sampling.events import Reading
from chargen.sampling.requests import Drawn, Pen, PrimedBy, Seed

TEXT, FILE, RANDOM, ZEROS, LEARNED = "text", "file", "random", "zeros", "learned"
_KINDS = ((TEXT, "Primed by a text"), (FILE, "Primed by a text file"), (RANDOM, "Random"), (ZEROS, "Zeros"))
_HINTS = {
    TEXT: "The state after reading what is typed here.",
    FILE: "The state after reading a whole file.",
    RANDOM: "Every unit drawn by chance; the same seed draws the same state.",
    ZEROS: "Every unit at zero, as if nothing had been read.",
    LEARNED: "What the model learned to begin with.",
}
SCALE_MAXIMUM = 3.0
_TYPING_MS = 200


class NewState(QFrame):
    """``made`` carries the file of a state that was made and kept; ``left`` says that nothing is to be made."""

    made = Signal(object)  # Path
    left = Signal()

    def __init__(self, desk: Desk, files: Pickers) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setAccessibleName("New state")
        self._desk, self._files = desk, files
        self._pen: Pen | None = None
        self._job: Job | None = None
        self.kind = QComboBox()
        self.kind.setFixedHeight(theme.HIT)
        self.kind.currentIndexChanged.connect(self._show_fields)
        self.text = TextField("Text that makes the state", "A text to read", rows=2, most=5)
        self._typing = later(self, _TYPING_MS)
        self._typing.timeout.connect(self._check)
        self.text.textChanged.connect(self._typing.start)
        self.seed = SeedField("Random seed of the state", lockable=False)
        self.scale = NumberSlider(0.0, SCALE_MAXIMUM, 0.05, 1.0, name="Scale of the random state")
        self._seed, self._scale = FieldLabel("Seed", self.seed), FieldLabel("Scale", self.scale)
        self.unknown = QComboBox()
        for key, said in CHOICES:
            self.unknown.addItem("Make nothing" if key == "refuse" else said, key)
        self.unknown.setFixedHeight(theme.HIT)
        self.unknown.activated.connect(self._check)
        self._unknown = FieldLabel("Unknown characters", self.unknown)
        self.name = QLineEdit()
        self.name.setFixedHeight(theme.HIT)
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setPlaceholderText("As it is made")
        self.name.returnPressed.connect(self.make)
        self.message = Message()
        self.button, self.cancel = SecondaryButton("Make", "plus"), GhostButton("Cancel")
        self.button.clicked.connect(self.make)
        self.cancel.clicked.connect(self._leave)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_2)
        buttons.addWidget(self.button)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_3, theme.SPACE_3, theme.SPACE_3, theme.SPACE_3)
        column.setSpacing(theme.SPACE_3)
        self._kind = FieldLabel("New state", self.kind, _HINTS[TEXT])
        for widget in (self._kind, self.text, self._seed, self._scale, self._unknown, FieldLabel("Name", self.name),
                       self.message):  # fmt: skip
            column.addWidget(widget)
        column.addLayout(buttons)
        self._fill()

    def set_pen(self, pen: Pen | None) -> None:
        """The model that makes the states; without one nothing can be made."""
        self._pen = pen
        self._fill()
        self._check()

    def _fill(self) -> None:
        """The kinds that this model has."""
        learned = self._pen is not None and self._pen.model.config.initial_state == LEARNED
        kinds = [*_KINDS, *([(LEARNED, "Learned in training")] if learned else [])]
        if [self.kind.itemData(row) for row in range(self.kind.count())] == [key for key, _ in kinds]:
            return
        before = self.kind.currentData()
        self.kind.blockSignals(True)
        self.kind.clear()
        for key, said in kinds:
            self.kind.addItem(said, key)
        self.kind.setCurrentIndex(max(self.kind.findData(before), 0))
        self.kind.blockSignals(False)
        self._show_fields()

    def _show_fields(self, *_row: object) -> None:
        kind = self.kind.currentData()
        self._kind.set_hint(_HINTS[kind])
        self.text.setVisible(kind == TEXT)
        for field in (self._seed, self._scale):
            field.setVisible(kind == RANDOM)
        self.name.setPlaceholderText("A name for it" if kind in (ZEROS, LEARNED) else "As it is made")
        self.button.setText("Choose a file…" if kind == FILE else "Make")
        self.button.set_icon_name("folder" if kind == FILE else "plus")
        self._check()

    def _check(self, *_row: object) -> None:
        """Say under the field what the model does not know of its text."""
        kind = self.kind.currentData()
        pen, foreign = self._pen, False
        sentence, tone = "", "secondary"
        if pen is None:
            sentence = "Open a model first: a state is made with one."
        elif kind == TEXT:
            text, unknown = self.text.text(), self.unknown.currentData()
            foreign = bool(pen.model.characters_outside(text))
            sentence, tone = about_unknown(pen.model, text, unknown)
        self._unknown.setVisible(kind == FILE or foreign)
        self.button.setEnabled(pen is not None and self._job is None)
        self.message.say(sentence, tone)

    def make(self) -> None:
        """Make what is chosen, in a job."""
        pen = self._pen
        if pen is None or self._job is not None:
            return
        name, kind = " ".join(self.name.text().split()), self.kind.currentData()
        if kind in (ZEROS, LEARNED) and not name:
            self.message.say("Give the state a name.", "bad")
            self.name.setFocus()
            return
        if kind == FILE:
            self._files.open_file(self, "Read a text", pickers.TEXTS, lambda path: self._read(path, name))
            return
        if kind == TEXT and not self.text.text():
            self.message.say("Type the text that makes the state.", "bad")
            self.text.setFocus()
            return
        self._run(states_work.make_and_keep(pen, self._chosen_seed(kind), name))

    def _chosen_seed(self, kind: str) -> Seed:
        if kind == TEXT:
            return PrimedBy(self.text.text(), self.unknown.currentData())
        if kind == RANDOM:
            self.seed.commit()
            self.scale.box.interpretText()
            return Drawn(self.seed.value(), self.scale.value())
        return "learned" if kind == LEARNED else "zeros"

    def _read(self, path: Path, name: str) -> None:
        if self._pen is not None:
            self._run(states_work.read_and_keep(self._pen, path, self.unknown.currentData(), name))

    def _run(self, work: states_work.Work) -> None:
        def on_event(event: Any) -> None:
            match event:
                case Reading(done, total):
                    self.message.say(f"Reading the text: {done / total:.0%}")
                case Done(path):
                    self._end()
                    self.name.clear()
                    self.made.emit(path)
                case Failed():
                    self._end()
                    self.message.say(words.in_window(event.sentence), "bad")
                case Cancelled():
                    self._end()

        self.message.say("")
        self._job = self._desk.run_job("make", work, on_event)
        self.button.setEnabled(False)

    def _end(self) -> None:
        self._job = None
        self._check()

    def _leave(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
            return
        super().keyPressEvent(event)
