"""The States page: the library of seed states at the side, and the benches on which they are blended, added,
compared and steered."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QTabBar, QWidget

from chargen.gui import states_work, words
from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pages.page import Page
from chargen.gui.pages.states_blend import BlendBench
from chargen.gui.pages.states_compare import CompareBench
from chargen.gui.pages.states_pick import Hearing, ResultBar, basic_picks
from chargen.gui.pages.states_shelf import StateShelf
from chargen.gui.pages.states_steer import SteerBench
from chargen.gui.pages.states_sum import SumBench
from chargen.gui.pickers import Pickers
from chargen.gui.places import Places
from chargen.gui.widgets.cards import EmptyState
from chargen.jobs import Done, Failed
from chargen.model.state import HiddenState
from chargen.model.state_library import StateCard
from chargen.sampling.requests import Pen

NO_MODEL = "Train a network or open one: its states are collected and blended here."
NO_STATES = "No state is kept yet: make one, to blend, compare and steer it."
TABS = (("blend", "Blend"), ("steer", "Steer"), ("compare", "Compare"), ("sum", "Add and subtract"))


class StatesPage(Page):
    """``settings_changed`` tells of anything that is remembered."""

    settings_changed = Signal()

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None, places: Places | None = None) -> None:
        super().__init__("States", "Library", parent)
        self._desk = desk
        self._pen: Pen | None = None
        self._making = False  # the first state is being made
        self.shelf = StateShelf(desk, files, places or Places())
        self.hearing = Hearing()
        self.blend = BlendBench(desk, self.hearing)
        self.steer = SteerBench(desk, self.hearing)
        self.compare = CompareBench(desk)
        self.sum = SumBench(desk, self.hearing, lambda: self.blend.keys())
        self.benches: dict[str, Any] = {
            "blend": self.blend, "steer": self.steer, "compare": self.compare, "sum": self.sum,
        }  # fmt: skip
        self.tabs, self._bench = QTabBar(), QStackedWidget()
        self.tabs.setAccessibleName("What is done with the states")
        self.tabs.setExpanding(False)
        feet = {"blend": self.blend.bar, "steer": self.steer.bar, "compare": QWidget(), "sum": self.sum.bar}
        self._feet: list[QWidget] = list(feet.values())
        self._foot = QStackedWidget()
        self._foot.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        for key, name in TABS:
            self.tabs.addTab(name)
            self._bench.addWidget(self.benches[key])
            self._foot.addWidget(feet[key])
        self._no_model = EmptyState("states", NO_MODEL, "Go to Train")
        self._no_states = EmptyState("states", NO_STATES, "Make a first state")
        self.panel.addWidget(self.shelf)
        self.work.addWidget(self.tabs)
        self.work.addWidget(self._bench, 1)
        self.work.addWidget(self.hearing)
        self.foot.addWidget(self._foot, 1)
        self._fit_foot()
        self._connect()
        self._model_changed(desk.model)

    def _connect(self) -> None:
        desk, shelf = self._desk, self.shelf
        self.tabs.currentChanged.connect(self._turned)
        self._no_model.activated.connect(lambda: desk.page_wanted.emit("train"))
        self._no_states.activated.connect(self.begin_new)
        shelf.form.left.connect(self._left_new)
        shelf.listed.connect(self._listed)
        shelf.taken.connect(self._take)
        shelf.written.connect(self._write_key)
        shelf.removed.connect(self._removed)
        shelf.told.connect(self.banner.show_message)
        shelf.searched.connect(self.settings_changed)
        self.banner.action.connect(self._undo)
        self.blend.written.connect(desk.use_state)
        self.sum.written.connect(desk.use_state)
        self.blend.kept.connect(lambda state, name: self._keep(state, name, self.blend.bar))
        self.sum.kept.connect(lambda state, name: self._keep(state, name, self.sum.bar))
        self.blend.changed.connect(self.sum.refresh)  # which names A and B
        self.steer.used.connect(desk.use_steering)
        for bench in self.benches.values():
            bench.changed.connect(self.settings_changed)
        self.hearing.changed.connect(self.settings_changed)
        desk.model_changed.connect(self._model_changed)

    # --- the model and the states

    def _model_changed(self, opened: OpenModel | None) -> None:
        before = self._pen
        self._pen = None if opened is None else Pen(opened.model)
        self.chip.set_text("" if opened is None else f"{opened.name} · {opened.model.config.describe()}")
        for bench in self.benches.values():
            bench.set_pen(self._pen)
        if before is None or self._pen is None or before.model.config != self._pen.model.config:
            self.shelf.set_pen(self._pen)
            self._show_picks()
        else:
            self.shelf.form.set_pen(self._pen)  # a newer one of the same kind: nothing fits otherwise
        self._show_what_there_is()

    def _listed(self) -> None:
        self._show_picks()
        self._show_what_there_is()

    def _show_picks(self) -> None:
        learned = self._pen is not None and self._pen.model.config.initial_state == "learned"
        picks = [*basic_picks(learned), *self.shelf.picks()]
        for bench in (self.blend, self.steer, self.compare):
            bench.set_picks(picks)
        self.sum.refresh()

    def _show_what_there_is(self) -> None:
        empty: QWidget | None = None
        if not self.shelf.cards and not self._making:
            empty = self._no_model if self._pen is None else self._no_states
        if self.shelf.cards:
            self._making = False
        self.show_empty(empty)

    def begin_new(self) -> None:
        """The form for a new state, also where there is none yet."""
        self._making = True
        self._show_what_there_is()
        self.open_drawer()
        self.shelf.begin_new()

    def _left_new(self) -> None:
        self._making = False
        self._show_what_there_is()

    def keep_files(self, paths: Sequence[Path]) -> None:
        """Put dropped state files into the library."""
        self.shelf.keep_files(paths)

    # --- what is done

    def _turned(self, place: int) -> None:
        key = TABS[place][0]
        self._bench.setCurrentIndex(place)
        self._foot.setCurrentIndex(place)
        self._fit_foot()
        for widget in (self.hearing, self._foot):
            widget.setVisible(key != "compare")
        self.settings_changed.emit()

    def _fit_foot(self) -> None:
        """As high as the foot of the bench that is shown: its buttons stand where those of every page stand."""
        for foot in self._feet:
            shown = foot is self._foot.currentWidget()
            policy = QSizePolicy.Policy.Preferred if shown else QSizePolicy.Policy.Ignored
            foot.setSizePolicy(QSizePolicy.Policy.Preferred, policy)

    def bench(self) -> str:
        """The bench that is shown."""
        return TABS[self.tabs.currentIndex()][0]

    def _take(self, key: str, place: str) -> None:
        if self.bench() == "compare":
            self.compare.take(key, place)
        elif self.bench() == "steer":
            self.steer.take(key)
        else:
            self.blend.take(key, place)

    def _write_key(self, key: str) -> None:
        pen = self._pen

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                self._desk.use_state(event.result)
            elif isinstance(event, Failed):
                self.banner.show_message("bad", words.in_window(event.sentence))

        self._desk.run_job("open", lambda _worker: states_work.load_key(key, pen), on_event)

    def _keep(self, state: HiddenState, name: str, bar: ResultBar) -> None:
        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                bar.end()
                bar.say(f"Kept as “{name}”.", "good")
                self.shelf.show_kept(event.result)
            elif isinstance(event, Failed):
                bar.say(words.in_window(event.sentence), "bad")

        self._desk.run_job("keep", states_work.keep(state, name), on_event)

    def _removed(self, card: StateCard) -> None:
        self.banner.show_message("info", f"“{card.name}” is deleted.", "Undo")

    def _undo(self) -> None:
        self.banner.hide()
        self.shelf.undo()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shelf.refresh()  # the Write page and the command line keep states, too

    # --- what is remembered

    def remembered(self) -> dict[str, Any]:
        """Everything that is chosen on the page."""
        return {
            "bench": self.bench(), "search": self.shelf.search.text(), "hearing": self.hearing.remembered(),
            **{key: bench.remembered() for key, bench in self.benches.items()},
        }  # fmt: skip

    def recall(self, values: dict[str, Any]) -> None:
        """Choose again what was remembered; what makes no sense keeps its default."""
        self.hearing.recall(values.get("hearing"))
        for key, bench in self.benches.items():
            bench.recall(values.get(key))
        if isinstance(values.get("search"), str):
            self.shelf.search.setText(values["search"][:200])
        keys = [key for key, _name in TABS]
        if values.get("bench") in keys:
            self.tabs.setCurrentIndex(keys.index(values["bench"]))
