"""The Write page: the text is the page. The network writes, stops, goes on, writes again; drafts come and go."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from chargen.errors import ChargenError
from chargen.gui import words
from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pages.write_document import Document
from chargen.gui.pages.write_export import ask_and_export
from chargen.gui.pages.write_frame import NOTHING_LEARNED, WriteFrame
from chargen.gui.pages.write_seed import SeedState
from chargen.gui.pages.write_shelf import Shelf
from chargen.gui.pickers import MODELS, Pickers
from chargen.gui.widgets.draft_list import DraftRow
from chargen.jobs import Cancelled, Done, Failed, Job
from chargen.sampling.draft_file import DraftCard
from chargen.sampling.drafts import Draft, begun, continued, new_draft
from chargen.sampling.job import Begun, Chunk, Keep, Pen, Reading, Request, SetTemperature, SoFar, Stop, Written, write

_NATS = math.log(2.0)
_KEPT_EVERY_MS = 5_000
_PENS = 4
"""So many models that wrote lately go on with their texts after another was opened."""


class WritePage(WriteFrame):
    """Writes with the model on the desk. A text that is being written goes on with the model it began with."""

    settings_changed = Signal()  # something that is remembered

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._files = desk, files
        self._open: OpenModel | None = None
        self._pen: Pen | None = None
        self._pens: dict[str, Pen] = {}  # by the fingerprints of their models
        self._job: Job | None = None
        self._then: Callable[[], None] | None = None  # when it has ended
        self._draft: Draft = new_draft()
        self._so_far: Draft | None = None  # with what is being written
        self._document: Document | None = None  # its text
        self._characters, self._bits = 0, 0.0
        self._keeping = QTimer(self)
        self._keeping.setInterval(_KEPT_EVERY_MS)
        self._keeping.timeout.connect(self._keep)
        self.seed_state = SeedState(desk, files, self.controls.seed_control, self)
        self.shelf = Shelf(desk, self.gathered, self._draft, self)
        self.shelf.busy = self.is_writing
        self._connect()
        self._model_changed(desk.model)
        self._show_list()

    def _connect(self) -> None:
        desk, shelf, drafts = self._desk, self.shelf, self.list
        self.write_button.clicked.connect(self.write_or_stop)
        self.continue_button.clicked.connect(self.continue_text)
        self.again_button.clicked.connect(self.again)
        self.earlier_button.clicked.connect(lambda: self._turn(-1))
        self.later_button.clicked.connect(lambda: self._turn(1))
        self.export_button.clicked.connect(self.export)
        self.open_button.clicked.connect(self._open_model)
        self._empty.activated.connect(self._go_to_train)
        self.controls.temperature_changed.connect(self._temperature_changed)
        self.controls.unknown_changed.connect(self._unknown_changed)
        self.surprise.toggled.connect(self._tint)
        for remembered in (self.surprise.toggled, self.monospace.toggled, self.drafts.toggled,
                           self.splitter.splitterMoved, self.controls.advanced.toggled):  # fmt: skip
            remembered.connect(self.settings_changed)
        for signal in (self.controls.changed, self.seed_state.changed):
            signal.connect(self._settings_changed)
        self.view.verticalScrollBar().valueChanged.connect(lambda _value: shelf.moved())
        desk.model_changed.connect(self._model_changed)
        desk.state_opened.connect(self.seed_state.open_state)
        desk.writing_wanted.connect(self.write_on_a_blank_page)
        desk.training_state_changed.connect(self._say_why_empty)
        shelf.changed.connect(self._show_list)
        shelf.opened.connect(self._show_draft)
        shelf.renamed.connect(self._renamed)
        shelf.removed.connect(self._removed)
        drafts.new_wanted.connect(self.new_draft)
        drafts.chosen.connect(lambda key: self._when_done(lambda: shelf.switch(key)))
        drafts.named.connect(shelf.rename)
        drafts.duplicate_wanted.connect(lambda key: self._when_done(lambda: shelf.duplicate(key)))
        drafts.delete_wanted.connect(lambda key: self._when_done(lambda: shelf.delete(key)))
        drafts.restore_wanted.connect(lambda key: self._when_done(lambda: shelf.restore(key)))
        self.banner.action.connect(self._undo_delete)

    def _tint(self, on: bool) -> None:
        self.view.set_tint(on)
        self.legend.setVisible(on and not self.is_empty())

    # --- the model

    def _model_changed(self, opened: OpenModel | None) -> None:
        self._open = opened
        self._pen = Pen(opened.model) if opened is not None else None
        self._give_pen()
        self.chip.set_text(_describe(opened) if opened is not None else "")
        # A text that stands here stays, even if its model is closed.
        nothing, was_empty = not (opened or self._document or self._job or len(self.shelf.cards) > 1), self.is_empty()
        self.show_empty(self._empty if nothing else None)
        self.controls.set_model(opened.model if opened is not None else None)
        self.seed_state.set_pen(self._pen)
        for tool in (self.surprise, self.monospace, self.drafts):
            tool.setVisible(not nothing)
        self.legend.setVisible(not nothing and self.surprise.isChecked())
        self._say_why_empty()
        self._tell()
        if was_empty and not nothing and self.isVisible():
            self.write_button.setFocus()  # rather than whatever comes next to the button that went

    def _give_pen(self) -> None:
        """A text is continued by the model that wrote it, where that is or was open."""
        document, opened = self._document, self._open
        if document is None or document.pen is not None:
            return
        document.pen = self._pens.get(document.last.model_fingerprint)
        if document.pen is not None or opened is None or opened.live:
            return
        if opened.model.fingerprint == document.last.model_fingerprint:
            document.pen = self._pen

    def _say_why_empty(self, *_state: str) -> None:
        learning = self._desk.training_state in ("starting", "running")
        sentence = NOTHING_LEARNED
        if learning:
            sentence = "The network has only just begun to learn; in a few seconds you can write with it here."
        self._empty.sentence.setText(sentence)
        self._empty.setAccessibleName(sentence)

    def _go_to_train(self) -> None:
        self._desk.page_wanted.emit("train")

    def _open_model(self) -> None:
        self._files.open_file(self, "Open a model", MODELS, self._desk.open_model)

    # --- writing

    def is_writing(self) -> bool:
        return self._job is not None

    def write_or_stop(self) -> None:
        """What the primary button does."""
        if self._job is not None:
            self._job.send(Stop())
            return
        if self._pen is None or self._open is None:
            return
        self.controls.commit()
        if self.controls.check_characters():
            self._show_panel()
            self.controls.refuse()
            return
        problem = self.seed_state.problem()
        if problem:
            self._show_panel()
            self.controls.seed_control.say(problem, "bad")
            return
        try:
            settings = self.controls.settings()
        except ChargenError as error:
            self._fail(str(error))
            return
        settings = replace(settings, random_seed=self.controls.next_seed())
        self._start(self._pen, Request(settings, self.seed_state.seed()), None)

    def write_on_a_blank_page(self) -> None:
        """Write at once with what is set; a text that stands here, or is being written, stays as it is."""
        if self._job is None and self._document is None and not self.view.length():
            self.write_or_stop()

    def again(self) -> None:
        """The same prompt, seed state, length and stop text; temperature and the like as they are set now."""
        if self._job is not None or self._document is None or self._pen is None:
            return
        self.controls.commit()
        request = self._document.request
        asked = request.settings
        try:
            settings = replace(
                self.controls.settings(), prompt=asked.prompt, length=asked.length, stop=asked.stop,
                unknown=asked.unknown,
            )  # fmt: skip
        except ChargenError as error:
            self._fail(str(error))
            return
        settings = replace(settings, random_seed=self.controls.next_seed())
        self._start(self._pen, Request(settings, request.seed), None)

    def continue_text(self) -> None:
        """Go on exactly where the text ended, with the model that wrote it."""
        document = self._document
        if self._job is not None or document is None or document.state is None or document.pen is None:
            return
        self.controls.commit()
        began = document.last.settings
        try:
            settings = replace(
                self.controls.settings(), prompt=began.prompt, random_seed=began.random_seed, unknown=began.unknown
            )
        except ChargenError as error:
            self._fail(str(error))
            return
        self._start(document.pen, Request(settings, document.state, document.after), document)

    def _start(self, pen: Pen, request: Request, document: Document | None) -> None:
        name = document.name if document is not None else self._open.name if self._open is not None else ""
        self._so_far = None
        fresh = True  # until the first characters have come

        def on_event(event: Any) -> None:
            nonlocal fresh
            match event:
                case Reading(done, total):
                    self.figures.set_text(f"Reading the prompt: {done / total:.0%}")
                case Begun():
                    self._begin(event, document is not None)
                case Chunk(text, bits):
                    self.view.append_characters(text, (bits * _NATS).tolist())
                    self._characters += len(text)
                    self._bits += float(bits.sum(dtype=float))
                    self._tell_figures()
                    if fresh:
                        self.view.flush()
                        fresh = False
                case SoFar(written):
                    draft = self._draft
                    self._so_far = continued(draft, written) if document is not None else begun(draft, written, name)
                    self.shelf.note_change()
                case Done(result):
                    self._end(result, pen, name, request, document)
                case Cancelled():
                    self._end(None, pen, name, request, document)
                case Failed():
                    self._end(None, pen, name, request, document)
                    self._fail(event.sentence)

        self.banner.hide()
        self._job = self._desk.run_job("write", write(pen, request), on_event)
        self._keeping.start()
        self._tell()

    def _keep(self) -> None:
        """A long text is kept while it is written; the longer, the more seldom, for each time costs its length."""
        if self._job is not None:
            self._job.send(Keep())
            self._keeping.setInterval(_KEPT_EVERY_MS * (1 + self._characters // 1_000_000))

    def _begin(self, begun: Begun, continued: bool) -> None:
        if not continued:
            self._document = None
            self._characters, self._bits = 0, 0.0
            self.view.clear_text()
            self.view.append_prompt(begun.settings.prompt)
        if begun.settings.random_seed is not None:
            self.controls.seed.set_value(begun.settings.random_seed)
        self.view.set_streaming(True)
        said = (self.seed_state.note(), self.controls.prompt_message.text())
        notices = [notice for notice in begun.notices if notice not in said and not notice.startswith("Characters")]
        if notices and not continued:
            self.banner.show_message("info", words.in_window(" ".join(notices)))

    def _end(self, written: Written | None, pen: Pen, name: str, request: Request, document: Document | None) -> None:
        self._job = self._so_far = None
        self._keeping.stop()
        self.view.flush()
        self.view.set_streaming(False)
        if written is not None and document is not None:
            document.extend(written)
        elif written is not None:
            self._document = Document.begun(self._draft, pen, name, request, written)
        if written is not None and self._document is not None:
            self._draft = self._document.draft
            self._pens.pop(written.sample.model_fingerprint, None)
            self._pens = dict([*self._pens.items(), (written.sample.model_fingerprint, pen)][-_PENS:])
            self.seed_state.set_last(self._document.state, self._document.after)
            self.shelf.note_change()
            if written.ended == "failed":
                self._fail(written.problem)
        elif self._document is None and self._draft.tip is not None:
            self._show_text()  # nothing came in its place
        then, self._then = self._then, None
        self._tell()
        if then is not None:
            then()

    def _temperature_changed(self, temperature: float) -> None:
        if self._job is not None:
            self._job.send(SetTemperature(temperature))

    def _unknown_changed(self, _choice: str) -> None:
        self.seed_state.set_unknown(self.controls.unknown_choice())

    # --- telling

    def _tell(self) -> None:
        writing, document = self._job is not None, self._document
        self.write_button.setText("Stop" if writing else "Write")
        self.write_button.setToolTip(f"{'Stop' if writing else 'Write'}  (Ctrl+Return)")
        self.write_button.setEnabled(writing or self._pen is not None)
        able = not writing and document is not None
        takes = self._draft.takes() if not writing else []
        at = takes.index(self._draft.tip) if self._draft.tip in takes else 0
        for arrow, possible in ((self.earlier_button, at > 0), (self.later_button, at < len(takes) - 1)):
            arrow.setVisible(len(self._draft.takes()) > 1)
            arrow.setEnabled(possible)
        continuable = document is not None and document.state is not None and document.pen is not None
        self.continue_button.setEnabled(able and continuable)
        self.continue_button.setToolTip(self._continue_words())
        self.again_button.setEnabled(able and self._pen is not None)
        self.export_button.setEnabled(able)
        self.copy_button.setEnabled(self.view.length() > 0)
        self._tell_figures()

    def _continue_words(self) -> str:
        if self._draft.edited:
            return "The text was changed by hand; the state after it is not known"
        if self._document is not None and self._document.state is None:
            return "The state after this text is not there; nothing can go on from it"
        if self._document is not None and self._document.pen is None:
            return f"Open the model that wrote it ({self._document.name}) to go on"
        return "Go on exactly where the text ends, with the model that wrote it"

    def _tell_figures(self) -> None:
        count = self._characters
        if not count:
            self.figures.set_text("")
            return
        self.copy_button.setEnabled(True)
        told = f"{words.count(count, 'character')} · {self._bits / count:.2f} bits each"
        document = self._document
        pen = document.pen if document is not None else None
        if document is not None and self._open is not None and (pen is None or pen.model is not self._open.model):
            step = _step(pen.model.training) if pen is not None else 0
            told += f" · by {document.name}{f', step {step:,}' if step else ''}"
        self.figures.set_text(told)

    def _fail(self, sentence: str) -> None:
        self.banner.show_message("bad", words.in_window(sentence))

    def _show_panel(self) -> None:
        if self.is_narrow():
            self.open_drawer()

    # --- drafts

    def gathered(self) -> Draft:
        """The draft on the page as it stands, with everything that is set."""
        settings, seed = self.controls.remembered(), self.seed_state.choice()
        return replace(self._so_far or self._draft, settings=settings, seed=seed, place=self.view.place())

    def new_draft(self) -> None:
        """An empty page with the same settings; the text that stands here stays in the list."""
        self._when_done(self.shelf.new)
        self.drafts.setChecked(True)

    def _when_done(self, act: Callable[[], None]) -> None:
        """Stop what is being written, if something is, and act then."""
        if self._job is None:
            act()
        else:
            self._then = act
            self._job.send(Stop())

    def _show_draft(self, draft: Draft) -> None:
        self._draft = draft
        self.banner.hide()
        self.controls.recall(dict(draft.settings))
        self.seed_state.recall(draft.seed)
        self._show_text(draft.place)
        self.settings_changed.emit()

    def _show_text(self, place: int | None = None) -> None:
        draft = self._draft
        document = self._document = Document(draft, None) if draft.tip is not None else None
        if document is not None:
            parts = document.parts
            self._characters, self._bits = document.characters, document.bits
            nats = np.concatenate([part.surprises for part in parts]) * np.float32(_NATS)
            self.view.show_written(document.last.prompt, "".join(part.text for part in parts), nats, place)
            self.seed_state.set_last(document.state, document.after)
        else:
            self._characters, self._bits = 0, 0.0
            self.view.clear_text()
            self.seed_state.set_last(None, "")
        self._model_changed(self._open)

    def _turn(self, by: int) -> None:
        """To an earlier text of this draft, or a later one."""
        takes = self._draft.takes()
        at = takes.index(self._draft.tip) + by if self._draft.tip in takes else -1
        if self._job is None and 0 <= at < len(takes):
            self._draft = replace(self._draft, tip=takes[at])
            self._show_text()
            self.shelf.note_change()

    def _renamed(self, name: str) -> None:
        self._draft = replace(self._draft, name=name)
        if self._so_far is not None:
            self._so_far = replace(self._so_far, name=name)
        if self._document is not None:
            self._document.draft = replace(self._document.draft, name=name)

    def _removed(self, card: DraftCard) -> None:
        self.banner.show_message("info", f"“{card.title}” is deleted.", "Undo")

    def _undo_delete(self) -> None:
        deleted = self.shelf.deleted()
        self.banner.hide()
        if deleted:
            self._when_done(lambda: self.shelf.restore(deleted[0].id))

    def _show_list(self) -> None:
        cards = self.shelf.cards
        self.list.set_rows([_row(c) for c in cards], self.shelf.current, [_row(c) for c in self.shelf.deleted()])
        self.drafts.setText(f"Drafts {len(cards)}" if len(cards) > 1 else "Drafts")
        if self.is_empty() and len(cards) > 1:
            self._model_changed(self._open)

    def _settings_changed(self) -> None:
        self.settings_changed.emit()
        self.shelf.note_change()

    # --- what is remembered

    def remembered(self) -> dict[str, Any]:
        """Everything as it is set, and which draft is on the page."""
        tools = {"surprise": self.surprise, "monospace": self.monospace, "drafts": self.drafts}
        return {
            **self.controls.remembered(),
            **{name: tool.isChecked() for name, tool in tools.items()},
            "draft": self.shelf.current if self.is_writing() else self.shelf.on_page(),
            "seed_state": self.seed_state.remembered(),
        }

    def recall(self, values: dict[str, Any]) -> None:
        """Set everything as it was remembered; what makes no sense keeps its default. Then read the drafts."""
        self.controls.recall(values)
        self.seed_state.recall_values(values.get("seed_state"))
        self.surprise.setChecked(values.get("surprise") is True)
        self.monospace.setChecked(values.get("monospace") is True)
        self.drafts.setChecked(values.get("drafts") is True)

    # --- taking it away

    def export(self) -> None:
        """Ask for a name and write the text to it; the suffix says how."""
        if self._job is not None:
            self.banner.show_message("info", "The text is still being written; stop it, or wait until it is done.")
        elif self._document is None:
            self.banner.show_message("info", "There is nothing to export yet; write something first.")
        else:
            ask_and_export(self._desk, self._files, self, self.banner, self._document)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seed_state.wake()


def _row(card: DraftCard) -> DraftRow:
    if not card.characters:
        return DraftRow(card.id, card.title if card.named else "New draft", "Nothing written yet")
    told = [words.count(card.characters, "character"), *([card.writer] if card.writer else [])]
    return DraftRow(card.id, card.title, " · ".join([*told, *(["changed by hand"] if card.edited else [])]))


def _step(training: dict[str, Any]) -> int:
    """The step a model was taken at, from its summary; 0 where it does not say (files come from strangers)."""
    step = training.get("step")
    return step if type(step) is int and step > 0 else 0


def _describe(opened: OpenModel) -> str:
    shape = f"{opened.name} · {opened.model.config.describe()}"
    step = _step(opened.model.training)
    return f"{shape} · learning, step {step:,}" if opened.live and step else shape
