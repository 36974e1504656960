"""Two states or more blended by sliders, what it sounds like, and the way from A to B in samples."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from chargen.errors import ChargenError
from chargen.gui import theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.states_follow import Follow
from chargen.gui.pages.states_more import MOST, MoreStates
from chargen.gui.pages.states_pick import Hearing, Pick, ResultBar, StatePicker, first_kept
from chargen.gui.states_work import FILE, LETTERS, ZEROS, Heard, Mix, Mixed, hear_blends
from chargen.gui.widgets.buttons import SecondaryButton
from chargen.gui.widgets.labelled import FieldLabel, SectionLabel
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.sample_strip import SampleStrip
from chargen.gui.widgets.state_strip import StateStrip
from chargen.gui.widgets.text_view import SampleView
from chargen.jobs import Done, Failed, Job
from chargen.model.state import HiddenState
from chargen.sampling.requests import Pen

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
STRIP_LENGTH, SAMPLE_LENGTH = 220, 600
_HERE_MS, _STRIP_MS = 60, 250
_LIVE = "A text is being written with this blend; moving a share acts on the text at once."
_NO_MODEL = "Open a model to hear the blend."
_HINTS = {False: "Unit by unit, straight from A to B.", True: "Turned from A's direction to B's, at full strength."}


class BlendBench(QWidget):
    """``changed`` tells of anything that is remembered; ``kept`` and ``written`` carry the blend.

    ``bar`` is the foot, which the page puts where its feet are.
    """

    changed = Signal()
    kept = Signal(object, str)  # HiddenState, name
    written = Signal(object)

    def __init__(self, desk: Desk, hearing: Hearing) -> None:
        super().__init__()
        self._desk, self._hearing = desk, hearing
        self._pen: Pen | None = None
        self._jobs: dict[str, Job | None] = {"blend": None, "strip": None}
        self.state: HiddenState | None = None
        self._stale = True
        self._untouched = True  # nobody has chosen A or B yet
        self._recalled: list[Any] | None = None  # layers, until it is known which there are
        self.a, self.b = StatePicker("State A"), StatePicker("State B")
        self.share = NumberSlider(0.0, 100.0, 1.0, 50.0, decimals=1, suffix="%", name="Share of B")
        self.more = MoreStates()
        self.add_button = SecondaryButton("", "plus")
        self.way = QComboBox()
        self.way.addItem("Straight", False)
        self.way.addItem("Spherical", True)
        self.part = QComboBox()
        for label, key in (("h and c", ""), ("h only", "h"), ("c only", "c")):
            self.part.addItem(label, key)
        self.part.setToolTip("h is what the network says at each step, c what it remembers behind it")
        for box, name in ((self.way, "Way between the states"), (self.part, "Parts that are blended")):
            box.setFixedHeight(theme.HIT)
            box.setAccessibleName(name)
        self.layers: list[QPushButton] = []
        self._layer_row = QHBoxLayout()
        self._layer_row.setSpacing(theme.SPACE_1)
        self.drawn = StateStrip("The blend")
        self.strip = SampleStrip(SHARES)
        self.told = SectionLabel("")
        self.view = SampleView("What the blend writes")
        self.bar = ResultBar()
        self.follow = Follow(desk, self.bar, _LIVE, self)
        self._later_here, self._later_strip = later(self, _HERE_MS), later(self, _STRIP_MS)
        self._lay_out()
        self._connect()
        self._tell()

    def _lay_out(self) -> None:
        pair = QHBoxLayout()
        pair.setSpacing(theme.SPACE_4)
        for name, control, stretch in (("State A", self.a, 3), ("Share of B", self.share, 4), ("State B", self.b, 3)):
            pair.addWidget(FieldLabel(name, control), stretch, Qt.AlignmentFlag.AlignTop)
        options = QHBoxLayout()
        options.setSpacing(theme.SPACE_4)
        self._way = FieldLabel("Way", self.way)
        self._part = FieldLabel("Parts", self.part)
        layers = QVBoxLayout()
        layers.setSpacing(theme.SPACE_1 + 2)
        self._layers_label = SectionLabel("Layers")
        self._layers_label.hide()  # until it is known that there are several
        layers.addWidget(self._layers_label)
        layers.addLayout(self._layer_row)
        state = FieldLabel("The blend", self.drawn)
        options.addWidget(self._way, 0, Qt.AlignmentFlag.AlignTop)
        options.addWidget(self._part, 0, Qt.AlignmentFlag.AlignTop)
        options.addLayout(layers)
        options.setAlignment(layers, Qt.AlignmentFlag.AlignTop)
        options.addWidget(FieldLabel("More states", self.add_button), 0, Qt.AlignmentFlag.AlignTop)
        options.addWidget(state, 1, Qt.AlignmentFlag.AlignTop)
        self.view.setMinimumHeight(64)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_3)
        column.addLayout(pair)
        column.addWidget(self.more)
        column.addLayout(options)
        column.addWidget(self.strip, 2)
        column.addWidget(self.told)
        column.addWidget(self.view, 3)

    def _connect(self) -> None:
        self.a.picked.connect(self._picked)
        self.b.picked.connect(self._picked)
        self.share.changed.connect(self._slid)
        self.more.slid.connect(self._slid)
        self.more.changed.connect(self._picked)
        self.add_button.clicked.connect(lambda: self.more.add(self._next()))
        self.way.currentIndexChanged.connect(self.refresh)
        self.part.currentIndexChanged.connect(self.refresh)
        self.strip.chosen.connect(self.set_share)
        self._later_here.timeout.connect(self._hear_here)
        self._later_strip.timeout.connect(self._hear_strip)
        self._hearing.changed.connect(self.refresh)
        self.bar.write_wanted.connect(self._write)
        self.bar.kept.connect(self._keep)

    # --- what is told to it

    def set_pen(self, pen: Pen | None) -> None:
        """Another model; the samples are written again if it is of another kind, or the first."""
        before, self._pen = self._pen, pen
        lstm = pen is None or pen.model.config.cell == "lstm"
        self._part.setVisible(lstm)
        if pen is not None:
            self._show_layers(pen.model.config.layers)
        if before is None or pen is None or before.model.config != pen.model.config:
            self.refresh()

    def set_picks(self, picks: Sequence[Pick]) -> None:
        """The states there are."""
        before = self.a.key(), self.b.key()
        if self._untouched:
            self.b.set_key(first_kept(picks))
        self.a.set_picks(picks)
        self.b.set_picks(picks)
        others = self.more.set_picks(picks)
        if (self.a.key(), self.b.key()) != before or others or self._stale:
            self.refresh()

    def keys(self) -> list[str]:
        """Of A, B and the others."""
        return [self.a.key(), self.b.key(), *(key for key, _share in self.more.shares())]

    def _next(self) -> str:
        """The first kept state that fits and is not in the blend yet."""
        model, used = self.a.model(), self.keys()
        free = [row for row in range(self.a.count()) if model.flags(model.index(row, 0)) & Qt.ItemFlag.ItemIsEnabled]
        keys = [str(self.a.itemData(row)) for row in free]
        return next((key for key in keys if key.startswith(FILE) and key not in used), ZEROS)

    def take(self, key: str, place: str) -> None:
        """Choose A or B."""
        (self.a if place == "a" else self.b).set_key(key)
        self._picked()

    def _picked(self, *_key: object) -> None:
        self._untouched = False
        self.refresh()

    def set_share(self, share: float) -> None:
        """B's share, 0 to 1."""
        self.share.set_value(share * 100)
        self._slid()

    def _show_layers(self, count: int) -> None:
        if len(self.layers) == count:
            return
        before = self.chosen_layers()
        for button in self.layers:
            self._layer_row.removeWidget(button)
            button.deleteLater()
        self.layers = []
        for number in range(1, count + 1):
            button = QPushButton(str(number))
            button.setProperty("kind", "icon")
            button.setCheckable(True)
            wanted = self._recalled if self._recalled is not None else before
            button.setChecked(wanted is None or number in wanted)
            button.setFixedSize(theme.HIT, theme.HIT)
            button.setAccessibleName(f"Blend layer {number}")
            button.setToolTip(f"Blend layer {number}; where it is off, the layer stays A's")
            button.toggled.connect(self.refresh)
            self.layers.append(button)
            self._layer_row.addWidget(button)
        self._recalled = None
        self._layers_label.setVisible(count > 1)
        for button in self.layers:
            button.setVisible(count > 1)

    def chosen_layers(self) -> tuple[int, ...] | None:
        """The layers that are blended; None is all of them."""
        chosen = tuple(number for number, button in enumerate(self.layers, 1) if button.isChecked())
        return None if len(chosen) == len(self.layers) else chosen

    def mix(self) -> Mix:
        """What is blended, and how."""
        only: Any = self.part.currentData() if self._part.isVisibleTo(self) else ""
        layers, more = self.chosen_layers(), self.more.shares()
        return Mix(self.a.key(), self.b.key(), self.way.currentData(), layers, only or None, more)

    # --- hearing

    def refresh(self, *_changed: object) -> None:
        """The blend and the strip again, soon; when nobody looks, when somebody does."""
        self._tell()
        self.changed.emit()
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        self._later_here.start()
        self._later_strip.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def _slid(self, *_value: object) -> None:
        self._tell()
        self.changed.emit()
        if not self._later_here.isActive():  # while it moves, not only when it rests
            self._later_here.start()

    def _tell(self) -> None:
        share = self.share.value()
        self.way.setToolTip(_HINTS[bool(self.way.currentData())])
        self.strip.mark(share / 100)
        weights = self.mix().weights(share / 100)
        told = [f"{100 * weight:.3g} % {letter}" for letter, weight in zip(LETTERS, weights, strict=False) if weight]
        self.told.set_text(f"{told[0][-1]} alone" if len(told) == 1 else ", ".join(told))
        self.strip.setVisible(not self.more.rows)  # a way leads from one to another
        full = len(self.more.rows) >= MOST
        self.add_button.setText("Six at most" if full else f"Add {LETTERS[len(weights)]}")
        self.add_button.setEnabled(not full)
        self.view.set_placeholder("" if self._pen is not None else _NO_MODEL)

    def _hear_here(self) -> None:
        self._run("blend", (self.share.value() / 100,), SAMPLE_LENGTH)

    def _hear_strip(self) -> None:
        if self._pen is not None and not self.more.rows:
            self._run("strip", SHARES, STRIP_LENGTH)

    def _run(self, name: str, shares: Sequence[float], length: int) -> None:
        running = self._jobs[name]
        if running is not None:
            running.cancel()
        if self.chosen_layers() == ():
            self._refuse("Choose at least one layer to blend.")
            return
        try:
            settings = self._hearing.settings(length)
        except ChargenError as error:
            self._refuse(str(error))
            return

        def on_event(event: Any) -> None:
            if job is not self._jobs[name]:
                return  # another blend was asked for
            match event:
                case Mixed(state) if name == "blend":
                    self._show_state(state)
                case Heard(place, text) if name == "strip":
                    self.strip.set_sample(place, text)
                case Heard(_, text):
                    self.view.set_text(text)
                case Failed() if name == "blend":
                    self._refuse(event.sentence)
                case Failed():
                    self.strip.clear()
                case Done():
                    self._jobs[name] = None

        job = self._jobs[name] = self._desk.run_job(
            name, hear_blends(self._pen, self.mix(), shares, settings), on_event
        )

    def _show_state(self, state: HiddenState) -> None:
        self.state = state
        self.drawn.set_state(state.h)
        self.bar.say("")
        self.bar.set_able(True, self._pen is not None)
        self.follow.moved(state)

    def _refuse(self, sentence: str) -> None:
        self.state = None
        self.drawn.set_state(None)
        self.view.set_text("")
        self.strip.clear()
        self.bar.set_able(False)
        self.bar.say(words.in_window(sentence), "caution")

    # --- what is done with it

    def _write(self) -> None:
        if self.state is not None:
            self.follow.sent(self.state)
            self.written.emit(self.state)

    def _keep(self, name: str) -> None:
        if self.state is not None:
            self.kept.emit(self.state, name)

    # --- what is remembered

    def remembered(self) -> dict[str, Any]:
        return {
            "a": self.a.wanted(), "b": self.b.wanted(), "share": self.share.value(),
            "spherical": self.way.currentData(), "only": self.part.currentData(),
            "layers": None if (layers := self.chosen_layers()) is None else list(layers),
            "more": self.more.remembered(),
        }  # fmt: skip

    def recall(self, values: Any) -> None:
        """As it was remembered; what makes no sense keeps its default."""
        values = values if isinstance(values, dict) else {}
        for name, picker in (("a", self.a), ("b", self.b)):
            if isinstance(values.get(name), str):
                picker.set_key(values[name])
                self._untouched = self._untouched and values[name] == ZEROS
        share = values.get("share")
        if type(share) in (int, float) and 0 <= share <= 100:
            self.share.set_value(float(share))
        for name, box in (("spherical", self.way), ("only", self.part)):
            box.setCurrentIndex(max(box.findData(values.get(name)), 0))
        self.more.recall(values.get("more"))
        layers = values.get("layers")
        if isinstance(layers, list):
            self._recalled = layers if not self.layers else None
            for number, button in enumerate(self.layers, 1):
                button.setChecked(number in layers)
        self._tell()
