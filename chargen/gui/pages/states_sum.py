"""Arithmetic with states as a line of text, ``A - B + C``, heard and kept like a blend."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from chargen.errors import ChargenError
from chargen.gui import theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.states_follow import Follow
from chargen.gui.pages.states_pick import Hearing, ResultBar
from chargen.gui.states_work import Heard, Mixed, hear_sum
from chargen.gui.widgets.labelled import FieldLabel
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.seed_state_control import Message
from chargen.gui.widgets.state_strip import StateStrip
from chargen.gui.widgets.text_view import SampleView
from chargen.jobs import Done, Failed, Job
from chargen.model.combination import MAXIMUM_EXPRESSION, parse_combination
from chargen.model.state import HiddenState
from chargen.sampling.requests import Pen

LENGTH = 600
_TYPING_MS = 350
_LIVE = "A text is being written with this sum; another one acts on the text at once."
_HINT = (
    "A, B … are the states of the blend; any other word is the name of a kept state, in quotes where it has blanks: "
    "'low tide' - B + 0.5*storm."
)


class SumBench(QWidget):
    """``changed`` tells of another line; ``kept`` and ``written`` carry the sum. ``chosen`` gives the keys of A, B …"""

    changed = Signal()
    kept = Signal(object, str)
    written = Signal(object)

    def __init__(self, desk: Desk, hearing: Hearing, chosen: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self._desk, self._hearing, self._chosen = desk, hearing, chosen
        self._pen: Pen | None = None
        self._job: Job | None = None
        self._stale = True
        self.state: HiddenState | None = None
        self.line = QLineEdit()
        self.line.setPlaceholderText("A - B + C")
        self.line.setMaxLength(MAXIMUM_EXPRESSION)
        self.line.setFont(theme.mono_font())
        self.line.setFixedHeight(theme.CONTROL_HEIGHT)
        self.drawn = StateStrip("The sum")
        self.view = SampleView("What the sum writes")
        self.view.setMinimumHeight(64)
        self.bar = ResultBar()
        self.follow = Follow(desk, self.bar, _LIVE, self)
        self._typing = later(self, _TYPING_MS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_4)
        self.message = Message()
        column.addWidget(FieldLabel("Sum of states", self.line, _HINT))
        column.addWidget(self.message)
        column.addWidget(self.drawn)
        column.addWidget(self.view, 1)
        self.line.textChanged.connect(self._typed)
        self._typing.timeout.connect(self._hear)
        hearing.changed.connect(self.refresh)
        self.bar.write_wanted.connect(self._write)
        self.bar.kept.connect(self._keep)
        self.drawn.hide()

    def set_pen(self, pen: Pen | None) -> None:
        before, self._pen = self._pen, pen
        if before is None or pen is None or before.model.config != pen.model.config:
            self.refresh()

    def refresh(self, *_changed: object) -> None:
        """The sum again, soon; when nobody looks, when somebody does."""
        self._stale = not self.isVisible()
        if not self._stale:
            self._typing.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def _typed(self, *_text: object) -> None:
        self.changed.emit()
        self._typing.stop()
        self.refresh()

    def _hear(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        expression = self.line.text()
        if not expression.strip():
            self._show(None)
            return
        try:
            parse_combination(expression)
            settings = self._hearing.settings(LENGTH)
        except ChargenError as error:
            self._show(None, str(error))
            return

        def on_event(event: Any) -> None:
            if job is not self._job:
                return
            match event:
                case Mixed(state):
                    self._show(state)
                case Heard(_, text):
                    self.view.set_text(text)
                case Failed():
                    self._job = None
                    self._show(None, event.sentence)
                case Done():
                    self._job = None

        work = hear_sum(self._pen, expression, self._chosen(), settings)
        job = self._job = self._desk.run_job("sum", work, on_event)

    def _show(self, state: HiddenState | None, problem: str = "") -> None:
        self.state = state
        self.drawn.set_state(None if state is None else state.h)
        self.drawn.setVisible(state is not None)
        if state is None:
            self.view.set_text("")
        self.bar.set_able(state is not None, self._pen is not None)
        no_model = "Open a model to hear the sum." if state is not None and self._pen is None else ""
        self.bar.say("")
        if state is not None:
            self.follow.moved(state)
        self.message.say(words.in_window(problem) or no_model, "caution" if problem else "secondary")

    def _write(self) -> None:
        if self.state is not None:
            self.follow.sent(self.state)
            self.written.emit(self.state)

    def _keep(self, name: str) -> None:
        if self.state is not None:
            self.kept.emit(self.state, name)

    def remembered(self) -> dict[str, Any]:
        return {"line": self.line.text()}

    def recall(self, values: Any) -> None:
        line = values.get("line") if isinstance(values, dict) else None
        if isinstance(line, str):
            self.line.setText(line[:MAXIMUM_EXPRESSION])
