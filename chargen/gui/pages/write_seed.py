"""The seed state of the Write page: which ones there are, making the one that is chosen, keeping and opening."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from chargen import paths
from chargen.corpus.vocabulary import Unknown
from chargen.errors import ChargenError
from chargen.gui import pickers, words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_seed_files import choice_of, file_of, keep, read, remembered, saved_states
from chargen.gui.pages.write_unknown import about_unknown
from chargen.gui.pickers import Pickers
from chargen.gui.widgets.fields import TEXT_LIMIT
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.seed_state_control import OPEN, RANDOM, TEXT, SeedStateControl, StateChoice
from chargen.jobs import Cancelled, Done, Failed, Job, Worker
from chargen.model.state import HiddenState
from chargen.sampling.drafts import SeedChoice, SeedKind
from chargen.sampling.events import Made, Reading
from chargen.sampling.job import load, prepare
from chargen.sampling.requests import Drawn, Pen, PrimedBy, Seed
from chargen.sampling.seeds import describe_state, state_fingerprint

ZEROS, LEARNED, LAST, BEGAN, HELD, SAVED = "zeros", "learned", "last", "began", "held", "saved:"
SCALE_MAXIMUM = 3.0
_TYPING_MS = 300


class SeedState(QObject):
    """Drives a :class:`SeedStateControl`. ``seed()`` is what a sample is to start from; ``problem()`` why it cannot."""

    changed = Signal()
    taken = Signal(object)  # a person has chosen another one: the HiddenState, when it is made

    def __init__(self, desk: Desk, files: Pickers, control: SeedStateControl, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._desk, self._files, self.control = desk, files, control
        self._pen: Pen | None = None
        self._unknown: Unknown = "refuse"
        self._kind = ZEROS
        self._chosen = False  # by a person
        self._recalling = False
        self._held: HiddenState | None = None  # captured or opened: used by value
        self._held_label = ""
        self._last: tuple[HiddenState, str] | None = None  # after the sample on the page, and how that ends
        self._began: HiddenState | None = None  # what the text on the page began with
        self._made: HiddenState | None = None  # what is drawn
        self._problem = ""
        self._note = self._live = ""  # about the state; what it does to the text that is being written
        self._taking = False  # a person has chosen it, and it is not made yet
        self._job: Job | None = None
        self._stale = False
        self._typing = later(control, _TYPING_MS)
        self._typing.timeout.connect(self._make)
        control.chosen.connect(self._choose)
        control.edited.connect(self._edited)
        control.keep_wanted.connect(self._begin_keeping)
        control.kept.connect(self._keep)
        self._list()
        self.refresh()

    # --- what is told to it

    def set_pen(self, pen: Pen | None) -> None:
        """Another model. What was chosen by recipe is made again for it; what was captured is held against it."""
        before, self._pen = self._pen, pen
        if pen is not None:
            learned = pen.model.config.initial_state == LEARNED
            if self._kind == LEARNED and not learned:
                self._kind = ZEROS
            elif learned and self._kind == ZEROS and self._starts_afresh(before, pen):
                self._kind = LEARNED  # what training started from
        self._list()
        if self._page.isVisible():
            self.refresh()
        else:
            self._stale = True  # made when somebody looks

    def _starts_afresh(self, before: Pen | None, pen: Pen) -> bool:
        if before is None:
            return not self._chosen
        return before.model.config != pen.model.config

    def set_unknown(self, unknown: Unknown) -> None:
        """What to do with characters of the priming text that the model does not know."""
        self._unknown = unknown
        if self._kind == TEXT:
            self.refresh()

    def set_last(self, state: HiddenState | None, text: str, began: HiddenState | None = None) -> None:
        """The state after the sample on the page, that sample's text, and what it began with."""
        self._began = began
        self._last = (state, words.last_words(text) or "last sample") if state is not None else None
        self._list()

    def open_state(self, state: HiddenState) -> None:
        """Use a state from a file."""
        self._hold(state, state.name or "Opened state")

    def capture(self, state: HiddenState, before: str) -> str:
        """Use the state at a character of the text, ``before`` which all this stands; returns what it is called."""
        tail = words.last_words(before)
        label = f"After “…{tail}”" if tail else state.name
        self._hold(state, label)
        return label

    def follow(self, state: HiddenState) -> None:
        """The state that is held has been moved where it was made."""
        self._leave_job()
        self._held, self._held_label, self._taking, self._live = state, state.name or self._held_label, True, ""
        self._list()
        self._show(state)
        self.changed.emit()

    def tell_live(self, sentence: str) -> None:
        """What it does to the text that is being written."""
        self._live = sentence
        if self.control.message.kind() == "secondary":
            self._say(self._note)

    def wake(self) -> None:
        """The page is shown: make what was left undone."""
        if self._stale:
            self.refresh()

    # --- what it tells

    def seed(self) -> Seed:
        """The seed state, by recipe where it has one."""
        match self._kind:
            case "learned":
                return "learned"
            case "text":
                return PrimedBy(self.control.text.text(), self._unknown)
            case "random":
                return Drawn(self.control.seed.value(), self.control.scale.value())
            case "held" if self._held is not None:
                return self._held
        return "zeros"

    def problem(self) -> str:
        """Why nothing can be written from it, in a sentence; empty where it can."""
        if self._kind == TEXT and not self.control.text.text():
            return "Type the text that makes the seed state, or choose another one."
        return self._problem

    def priming_text(self) -> str:
        """The text that is read first, if that is the choice."""
        return self.control.text.text() if self._kind == TEXT else ""

    def note(self) -> str:
        """What is said about it already."""
        return self._note

    def made(self) -> HiddenState | None:
        """The state that is drawn."""
        return self._made

    # --- what is kept with a draft

    def choice(self) -> SeedChoice:
        """What is chosen, and what is filled in for the other choices."""
        kind: SeedKind = self._kind  # type: ignore[assignment]
        control = self.control
        return SeedChoice(
            kind, control.text.text(), control.seed.value(), control.scale.value(), self._held, self._held_label,
            self._chosen,
        )  # fmt: skip

    def remembered(self) -> dict[str, Any]:
        """The choice without a captured state, which is kept with its draft only."""
        return remembered(self.choice())

    def recall_values(self, values: Any) -> None:
        """Choose what was remembered; what makes no sense is left out."""
        if (choice := choice_of(values, (ZEROS, LEARNED, TEXT, RANDOM), SCALE_MAXIMUM)) is not None:
            self.recall(choice)

    def recall(self, choice: SeedChoice) -> None:
        """Choose again what was chosen."""
        self._recalling, self._taking = True, False
        try:
            control = self.control
            control.text.set_text(choice.text[:TEXT_LIMIT])
            if choice.random_seed is not None:
                control.seed.set_value(choice.random_seed)
            control.scale.set_value(min(max(choice.scale, 0.0), SCALE_MAXIMUM))
            self._held, self._held_label = choice.held, choice.label
            learned = self._pen is None or self._pen.model.config.initial_state == LEARNED
            self._kind = choice.kind if choice.kind != LEARNED or learned else ZEROS
            self._chosen = choice.chosen
        finally:
            self._recalling = False
        self._list()
        if self._page.isVisible():
            self.refresh()
        else:
            self._stale = True

    # --- choosing

    def _list(self) -> None:
        choices = [StateChoice(ZEROS, "Zeros")]
        if self._pen is not None and self._pen.model.config.initial_state == LEARNED:
            choices.append(StateChoice(LEARNED, "Learned in training"))
        choices += [StateChoice(TEXT, "Primed by a text"), StateChoice(RANDOM, "Random")]
        gap = True
        if self._last is not None and self._last[0] is not self._held:
            choices.append(StateChoice(LAST, "Captured after the last sample", gap))
            gap = False
        if self._began is not None and self._is_another(self._began):
            choices.append(StateChoice(BEGAN, "As this text began", gap))
            gap = False
        if self._held is not None:
            choices.append(StateChoice(HELD, self._held_label, gap))
        for number, path in enumerate(saved_states()):
            choices.append(StateChoice(SAVED + path.name, path.stem, number == 0))
        self.control.set_choices(choices, self._kind)

    def _is_another(self, state: HiddenState) -> bool:
        """Whether a state is neither at hand by its recipe nor the one that is held."""
        held = self._held is not None and state_fingerprint(self._held) == state_fingerprint(state)
        return not held and state.recipe.get("kind") not in ("zero", "learned")

    def _choose(self, key: str) -> None:
        if key == OPEN:
            self.control.set_current(self._kind)  # until a file is chosen
            self._files.open_file(self.control, "Open a seed state", pickers.STATES, self._read)
        elif key == LAST and self._last is not None:
            self._hold(self._last[0], f"After “…{self._last[1]}”")
        elif key == BEGAN and self._began is not None:
            self._hold(self._began, self._began.name or describe_state(self._began))
        elif key.startswith(SAVED):
            self.control.set_current(self._kind)
            self._read(paths.states_dir() / key.removeprefix(SAVED))
        else:
            self._kind, self._chosen, self._taking = key, True, True
            self.refresh()
            self.changed.emit()
            if key == TEXT:
                self.control.text.setFocus()

    def _hold(self, state: HiddenState, label: str) -> None:
        if self._pen is not None:
            try:
                state.check_fits(self._pen.model.config)
            except ChargenError as error:  # what was chosen before stays
                self._list()
                self._say(words.in_window(str(error)), "bad")
                return
        self._held, self._held_label, self._kind = state, label, HELD
        self._chosen = self._taking = True
        self._list()
        self.refresh()
        self.changed.emit()

    def _edited(self) -> None:
        if self._recalling:
            return
        self._taking = True
        if self._kind == TEXT:
            self._typing.start()
        elif self._kind == RANDOM:
            self.refresh()
        self.changed.emit()

    # --- making

    def refresh(self) -> None:
        """Make and draw what is chosen, for the present model."""
        self._typing.stop()
        self._make()

    def _make(self) -> None:
        self._stale, self._live = False, ""
        self._leave_job()
        pen = self._pen
        if pen is None:
            self._show(None)
            return
        try:
            if self._kind == TEXT:
                self._prime(pen)
            elif self._kind == HELD and self._held is not None:
                self._held.check_fits(pen.model.config)
                self._show(self._held)
                held = self._held
                self._run("look", load(pen, lambda: held))
            elif self._kind == LEARNED:
                self._show(HiddenState.learned(pen.model))
            elif self._kind == RANDOM:
                seed, scale = self.control.seed.value(), self.control.scale.value()
                self._show(HiddenState.random(pen.model.config, seed, scale))
            else:
                self._show(HiddenState.zero(pen.model.config), "Every unit at zero, as if nothing had been read.")
        except ChargenError as error:
            self._refuse(str(error))

    def _prime(self, pen: Pen) -> None:
        text = self.control.text.text()
        if not text:
            self._show(None, "What reading this text leaves behind is the seed state.")
            return
        sentence, kind = about_unknown(pen.model, text, self._unknown)
        if kind == "caution":
            self._refuse(sentence, kind)
            return
        self._problem = ""
        self._say(sentence, kind)
        self._run("prime", prepare(pen, PrimedBy(text, self._unknown)))

    def _run(self, name: str, work: Callable[[Worker], Made | None]) -> None:
        def on_event(event: Any) -> None:
            if job is not self._job:
                return
            match event:
                case Reading(done, total):
                    self._say(f"Reading the text: {done / total:.0%}")
                case Done(Made(state, notices)):
                    self._job = None
                    self._show(state, " ".join(notices))
                    if self._kind == TEXT and not notices:
                        model = None if self._pen is None else self._pen.model
                        self._say(*about_unknown(model, self.priming_text(), self._unknown))
                case Failed():
                    self._job = None
                    self._refuse(event.sentence)
                case Cancelled() | Done():
                    self._job = None

        job = self._job = self._desk.run_job(name, work, on_event)

    def _leave_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _show(self, state: HiddenState | None, note: str = "") -> None:
        self._made, self._problem = state, ""
        self.control.show_state(None if state is None else state.h)
        self._say(note)
        if state is not None and self._taking:
            self._taking = False
            self.taken.emit(state)

    def _refuse(self, sentence: str, kind: str = "bad") -> None:
        self._made, self._problem, self._taking = None, words.in_window(sentence), False
        self.control.show_state(None)
        self._say(self._problem, kind)

    def _say(self, sentence: str, kind: str = "secondary") -> None:
        self._note = sentence
        self.control.say(f"{sentence} {self._live}".strip() if kind == "secondary" else sentence, kind)

    # --- files

    def _read(self, path: Path) -> None:
        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                self._hold(event.result.state, path.stem)
            elif isinstance(event, Failed):
                self._list()
                self._say(words.in_window(event.sentence), "bad")

        self._leave_job()
        self._desk.run_job("open", read(path, self._pen), on_event)

    def _begin_keeping(self) -> None:
        has_after, has_shown = self._last is not None, self._made is not None
        if not has_after and not has_shown:
            self._say("There is no state to keep yet.", "caution")
            return
        suggestion = self._last[1] if self._last is not None else ""
        self.control.begin_keeping(suggestion, has_after, has_shown)
        if has_shown and self._kind == HELD and self._held is not self._last_state():
            self.control.row.shown.setChecked(True)  # captured or opened just now: that is what is meant

    def _last_state(self) -> HiddenState | None:
        return self._last[0] if self._last is not None else None

    def _keep(self, name: str, after: bool) -> None:
        state = self._last[0] if after and self._last is not None else self._made
        if state is None:
            return
        path = file_of(name)

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                self.control.end_keeping()
                self._list()
                self._say(f"Kept as “{path.stem}”.", "good")
            elif isinstance(event, Failed):
                self.control.row.message.say(words.in_window(event.sentence), "bad")

        self._desk.run_job("keep", keep(state.renamed(name), path), on_event)
