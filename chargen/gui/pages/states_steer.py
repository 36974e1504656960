"""Steering, heard at once: units held, added to, scaled or silenced, beside the same sample without it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from chargen.errors import ChargenError
from chargen.gui import theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.states_pick import Hearing, Pick, StatePicker
from chargen.gui.pages.states_rule import RuleRow
from chargen.gui.states_work import Pair, SetPace, load_key, write_twins
from chargen.gui.widgets.buttons import GhostButton, PrimaryButton, SecondaryButton
from chargen.gui.widgets.hugging import Hugging
from chargen.gui.widgets.labelled import FieldLabel, HintLabel, SectionLabel
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.seed_state_control import Message
from chargen.gui.widgets.state_strip import StateStrip
from chargen.gui.widgets.twin_view import TwinView, parting
from chargen.jobs import Cancelled, Done, Failed, Job
from chargen.model.state import HiddenState
from chargen.sampling.commands import SetSteering, SetTemperature, Stop
from chargen.sampling.events import NotObeyed
from chargen.sampling.requests import Pen
from chargen.sampling.steering import Steering

LENGTH = 4_000
PACES = ((40.0, "Reading speed"), (150.0, "Fast"), (0.0, "Full speed"))
_SOON_MS = 40
_MOST_ROWS = 40
_RULES_HEIGHT = 100


class SteerBench(QWidget):
    """``changed`` tells of anything that is remembered; ``used`` carries a steering for the Write page.

    ``bar`` is the foot, which the page puts where its feet are.
    """

    changed = Signal()
    used = Signal(str)

    def __init__(self, desk: Desk, hearing: Hearing) -> None:
        super().__init__()
        self._desk, self._hearing = desk, hearing
        self._pen: Pen | None = None
        self._job: Job | None = None
        self._look: Job | None = None
        self._stale = True
        self.rows: list[RuleRow] = []
        self._current: RuleRow | None = None
        self.start = StatePicker("Start from")
        self.pace = QComboBox()
        self.pace.setFixedHeight(theme.HIT)
        self.pace.setAccessibleName("Pace")
        for pace, label in PACES:
            self.pace.addItem(label, pace)
        self.drawn = StateStrip("Units of the state")
        self._rules = QVBoxLayout()
        self._rules.setSpacing(theme.SPACE_2)
        self.add = GhostButton("Add a rule", "plus")
        self.steered, self.twin = TwinView("Steered sample"), TwinView("The same without steering")
        self.play = PrimaryButton("Listen", "play")
        self.use = SecondaryButton("Use in Write", "write")
        self.use.setToolTip("Put these rules into the settings of the Write page")
        self.told, self.message = HintLabel(), Message()
        self._soon = later(self, _SOON_MS)
        self._lay_out()
        self.pace.currentIndexChanged.connect(self._pace_changed)
        self.start.picked.connect(self._start_changed)
        self.drawn.unit_activated.connect(self._unit_chosen)
        self.add.clicked.connect(lambda: self.add_rule())
        self.play.clicked.connect(self.play_or_stop)
        self.use.clicked.connect(self._use)
        self._soon.timeout.connect(self._steer)
        hearing.temperature_changed.connect(self._warmer)
        self.add_rule()
        self._tell()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_4)
        head.addWidget(FieldLabel("Start from", self.start), 2, Qt.AlignmentFlag.AlignTop)
        head.addWidget(FieldLabel("Pace", self.pace), 0, Qt.AlignmentFlag.AlignTop)
        units = FieldLabel("Units: click one to steer it", self.drawn)
        units.setAccessibleName("Units of the state that the samples start from")
        head.addWidget(units, 3, Qt.AlignmentFlag.AlignTop)
        content = QWidget()
        rows = QVBoxLayout(content)
        rows.setContentsMargins(0, 0, theme.SPACE_2, 0)
        rows.setSpacing(theme.SPACE_2)
        rows.addLayout(self._rules)
        rows.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addStretch(1)
        self.area = Hugging(_RULES_HEIGHT)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(content)
        texts = QHBoxLayout()
        texts.setSpacing(theme.SPACE_4)
        for label, view in (("Steered", self.steered), ("The same without steering", self.twin)):
            column = QVBoxLayout()
            column.setSpacing(theme.SPACE_1)
            heading = SectionLabel(label)
            heading.setBuddy(view)
            view.setMinimumHeight(64)
            column.addWidget(heading)
            column.addWidget(view, 1)
            texts.addLayout(column, 1)
        self.bar = QWidget()
        below = QVBoxLayout(self.bar)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(theme.SPACE_2)
        foot = QHBoxLayout()
        foot.setSpacing(theme.SPACE_2)
        foot.addWidget(self.play)
        foot.addWidget(self.use)
        foot.addWidget(self.told, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE_3)
        whole.addLayout(head)
        whole.addWidget(self.area, 2)
        whole.addLayout(texts, 3)
        below.addWidget(self.message)
        below.addLayout(foot)

    # --- what is told to it

    def set_pen(self, pen: Pen | None) -> None:
        """Another model: what plays goes on to its end with the one it began with."""
        self._pen = pen
        if pen is not None:
            for row in self.rows:
                row.set_model(pen.model.config)
        self._draw()
        self._tell()

    def set_picks(self, picks: Sequence[Pick]) -> None:
        self.start.set_picks(picks)
        self._draw()

    def take(self, key: str) -> None:
        """Start from that state."""
        self.start.set_key(key)
        self._start_changed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._draw()

    # --- rules

    def add_rule(self, text: str = "") -> RuleRow | None:
        """Another row, at most forty; ``text`` as the settings write one rule."""
        if len(self.rows) >= _MOST_ROWS:
            self.message.say(f"There are {_MOST_ROWS} rows, which is the most; one row can name many units.", "caution")
            return None
        row = RuleRow()
        if self._pen is not None:
            row.set_model(self._pen.model.config)
        if text:
            row.show_rule(Steering.parse(text).rules[0])
        row.changed.connect(self._rules_changed)
        row.entered.connect(self._entered)
        row.removed.connect(self._remove)
        self.rows.append(row)
        self._current = row
        self._rules.addWidget(row)
        self._rules_changed()
        return row

    def _remove(self, row: RuleRow) -> None:
        self.rows.remove(row)
        row.hide()
        self._rules.removeWidget(row)
        row.deleteLater()
        self._current = self.rows[-1] if self.rows else None
        self.add.setFocus()
        self._rules_changed()

    def _entered(self, row: RuleRow) -> None:
        self._current = row

    def _unit_chosen(self, layer: int, unit: int) -> None:
        row = self._current or self.add_rule()
        if row is not None:
            row.choose_unit(layer + 1, unit + 1)

    def steering(self) -> str:
        """All rows in the words of the settings."""
        return str(Steering(tuple(rule for row in self.rows for rule in row.rules())))

    def _rules_changed(self) -> None:
        self.changed.emit()
        self._soon.start()

    def _problem(self) -> str:
        """Why the rules cannot be used, in a sentence; empty where they can."""
        try:
            steering = Steering.parse(self.steering())
            if self._pen is not None:
                steering.check(self._pen.model.config)
        except ChargenError as error:
            return words.in_window(str(error))
        return ""

    def _steer(self) -> None:
        problem = self._problem()
        self.message.say(problem, "caution")
        if self._job is not None and not problem:
            self._job.send(SetSteering(self.steering()))
        self._tell()

    def _warmer(self, temperature: float) -> None:
        if self._job is not None:
            self._job.send(SetTemperature(temperature))

    def _pace_changed(self, *_row: object) -> None:
        self.changed.emit()
        if self._job is not None:
            self._job.send(SetPace(self.pace.currentData()))

    # --- the state it starts from

    def _start_changed(self, *_key: object) -> None:
        self.changed.emit()
        self._draw()

    def _draw(self) -> None:
        """Load and draw the state that is chosen, in a job."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
        self._stale = not self.isVisible()
        if self._stale or self._pen is None:
            return
        pen, key = self._pen, self.start.key()

        def work(_worker: Any) -> HiddenState:
            return load_key(key, pen)

        def on_event(event: Any) -> None:
            if job is not self._look:
                return
            if isinstance(event, Done):
                self.drawn.set_state(event.result.h)
            elif isinstance(event, Failed):
                self.drawn.set_state(None)
                self.message.say(words.in_window(event.sentence), "bad")

        job = self._look = self._desk.run_job("look", work, on_event)

    # --- playing

    def is_playing(self) -> bool:
        return self._job is not None

    def play_or_stop(self) -> None:
        """What the primary button does."""
        if self._job is not None:
            self._job.send(Stop())
            return
        problem = self._problem()
        if self._pen is None or problem:
            self.message.say(problem, "bad")
            return
        try:
            settings = self._hearing.settings(LENGTH, self.steering())
        except ChargenError as error:
            self.message.say(words.in_window(str(error)), "bad")
            return
        for view in (self.steered, self.twin):
            view.clear_text()
            view.set_parted(None)
            view.set_streaming(True)
        texts = ["", ""]

        def on_event(event: Any) -> None:
            match event:
                case Pair(steered, twin):
                    self._hear(texts, steered, twin)
                case NotObeyed(problem):
                    self.message.say(words.in_window(problem), "caution")
                case Failed():
                    self._end(texts)
                    self.message.say(words.in_window(event.sentence), "bad")
                case Done() | Cancelled():
                    self._end(texts)

        self.message.say("")
        work = write_twins(self._pen, self.start.key(), settings, self.pace.currentData())
        self._job = self._desk.run_job("twins", work, on_event)
        self._tell()

    def _hear(self, texts: list[str], steered: str, twin: str) -> None:
        since = min(len(texts[0]), len(texts[1]))
        texts[0], texts[1] = texts[0] + steered, texts[1] + twin
        self.steered.append(steered)
        self.twin.append(twin)
        if self.steered.parted() is None:
            at = parting(texts[0], texts[1], since)
            for view in (self.steered, self.twin):
                view.set_parted(at)
            if at is not None:
                self._tell()

    def _end(self, texts: list[str]) -> None:
        self._job = None
        for view in (self.steered, self.twin):
            view.flush()
            view.set_streaming(False)
        self._tell()
        if self.steered.parted() is None and texts[0]:
            self.told.setText("Steering made no difference.")

    def _tell(self) -> None:
        playing, at = self._job is not None, self.steered.parted()
        self.play.setText("Stop" if playing else "Listen")
        self.play.set_icon_name("stop" if playing else "play")
        self.play.setEnabled(playing or self._pen is not None)
        self.use.setEnabled(bool(self.rows) and not self._problem())
        if self._pen is None:
            self.told.setText("Open a model to hear what steering does.")
        elif at is not None:
            self.told.setText(f"The two part at character {at + 1:,}.")
        else:
            self.told.setText("Both write with the same random seed. Change a rule while they write.")

    def _use(self) -> None:
        self.used.emit(self.steering())

    # --- what is remembered

    def remembered(self) -> dict[str, Any]:
        return {"start": self.start.wanted(), "pace": self.pace.currentIndex(), "rules": self.steering()}

    def recall(self, values: Any) -> None:
        """As it was remembered; what makes no sense keeps its default."""
        values = values if isinstance(values, dict) else {}
        if isinstance(values.get("start"), str):
            self.start.set_key(values["start"])
        pace = values.get("pace")
        if type(pace) is int and 0 <= pace < self.pace.count():
            self.pace.setCurrentIndex(pace)
        try:
            rules = Steering.parse(values.get("rules", "")).rules[:_MOST_ROWS]
        except ChargenError:
            rules = ()
        if rules:
            for row in list(self.rows):
                self._remove(row)
            for rule in rules:
                self.add_rule(str(rule))
