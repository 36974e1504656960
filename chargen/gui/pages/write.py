"""The Write page: the text is the page. The network writes, stops, goes on, writes again, branches off."""

from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QWidget

from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_again import WriteAgain
from chargen.gui.pages.write_document import Document
from chargen.gui.pages.write_export import ask_and_export
from chargen.gui.pages.write_texts import NATS
from chargen.gui.pickers import Pickers
from chargen.jobs import Cancelled, Done, Failed
from chargen.sampling.commands import SetSteering, SetTemperature, Stop
from chargen.sampling.drafts import begun, continued, title
from chargen.sampling.drafts_tree import branched, fork_at
from chargen.sampling.events import Begun, Chunk, NotObeyed, Reading, SoFar, WentOn, Written
from chargen.sampling.job import write
from chargen.sampling.requests import Pen, Place, Request
from chargen.sampling.sample import Sample
from chargen.sampling.settings import SamplingSettings


class WritePage(WriteAgain):
    """Writes with the model on the desk. A text that is being written goes on with the model it began with."""

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None) -> None:
        super().__init__(desk, files, parent)
        self._connect()
        self.branched_off.connect(self.branch)
        self._model_changed(desk.model)
        self._show_list()

    def _connect(self) -> None:
        desk, shelf, drafts = self._desk, self.shelf, self.list
        self.write_button.clicked.connect(self.write_or_stop)
        self.continue_button.clicked.connect(self.continue_text)
        self.again_button.clicked.connect(self.again)
        self.earlier_button.clicked.connect(self.branches.undo)
        self.later_button.clicked.connect(self.branches.redo)
        self.branch_list.chosen.connect(lambda start: self._when_done(lambda: self.branches.go(start)))
        self.branch_list.delete_wanted.connect(lambda start: self._when_done(lambda: self.branches.delete(start)))
        self.branches.gone.connect(self._go)
        self.branches.deleted.connect(self._branch_deleted)
        self.looking.branch_wanted.connect(self.branch)
        self.edit_button.clicked.connect(self.edit)
        self.editing.edited.connect(self.rewrite)
        self.export_button.clicked.connect(self.export)
        self.score_button.clicked.connect(self.score)
        self.open_button.clicked.connect(self._open_model)
        self._empty.activated.connect(self._go_to_train)
        self.controls.temperature_changed.connect(self._temperature_changed)
        self.controls.controls["steer"].editingFinished.connect(self._steering_changed)  # type: ignore[attr-defined]
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
        desk.export_opened.connect(self.open_export)
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
        self.banner.action.connect(lambda: self._undo())

    # --- writing

    def write_or_stop(self) -> None:
        """What the primary button does."""
        if self._job is not None:
            self._job.send(Stop())
            return
        if self.comparing():
            self.write_columns()
            return
        if self.editing.is_on():
            return
        if self._pen is None or self._open is None:
            return
        settings = self._asked()
        if settings is not None:
            settings = replace(settings, random_seed=self.controls.next_seed())
            self._start(self._pen, Request(settings, self.seed_state.seed()), None)

    def write_on_a_blank_page(self) -> None:
        """Write at once with what is set; a text that stands here, or is being written, stays as it is."""
        if self._job is None and self._document is None and not self.view.length() and not self.comparing():
            self.write_or_stop()

    def again(self) -> None:
        """The same prompt, seed state, length and stop text; temperature and the like as they are set now."""
        if self._job is not None or self._document is None or self._pen is None:
            return
        request = self._document.request
        asked = request.settings
        settings = self._settings(prompt=asked.prompt, length=asked.length, stop=asked.stop, unknown=asked.unknown)
        if settings is None:
            return
        settings = replace(settings, random_seed=self.controls.next_seed())
        self._start(self._pen, Request(settings, request.seed), None)

    def continue_text(self) -> None:
        """Go on exactly where the text ended, with the model that wrote it."""
        document = self._document
        if self.comparing():
            self.continue_columns()
            return
        if self._job is not None or document is None or document.state is None or document.pen is None:
            return
        settings = self._settings_of(document)
        if settings is None:
            return
        self._start(document.pen, Request(settings, document.state, document.after), document)

    def _settings_of(self, document: Document, **fixed: Any) -> SamplingSettings | None:
        """What is set, to go on with a text: its prompt and random seed stay."""
        began = document.last.settings
        return self._settings(prompt=began.prompt, random_seed=began.random_seed, unknown=began.unknown, **fixed)

    def branch(self, place: int, given: str) -> None:
        """Go on before a character of the text (counted without the prompt) with another one.

        What stood there stays as a branch of its own; the state is exactly the one that the character was drawn from.
        """
        document = self._document
        settings = self._settings_of(document, beam=0) if document is not None else None
        if document is not None and settings is not None:
            self._fork(document, place, Request(settings, given=given))

    def edit(self) -> None:
        """Make the text editable; or take what was changed, if it is."""
        if self.editing.is_on():
            self.editing.done()
        else:
            self.editing.begin()
        self.edit_button.setChecked(self.editing.is_on())

    def rewrite(self, keep: int, given: str, unknown: str) -> None:
        """After so many characters of the document, the prompt's included, goes what a person typed: it is read."""
        document = self._document
        settings = self._settings_of(document, beam=0) if document is not None else None
        if document is None or settings is None:
            return
        settings = replace(settings, unknown=unknown)  # type: ignore[arg-type]  # one of CHOICES
        place = keep - len(settings.prompt)
        if place < 0:
            settings, place = replace(settings, prompt=settings.prompt[:keep]), 0
            self._fork(document, None, Request(settings, given=given, given_only=True))
        else:
            self._fork(document, place, Request(settings, given=given, given_only=True))

    def _fork(self, document: Document, place: int | None, request: Request) -> None:
        """Write what is asked for in the middle of a text; where nothing stays of what was written, as another take."""
        if self._job is not None or document.pen is None:
            return
        fork = None if place is None else fork_at(document.draft, place)
        if fork is None:
            first = document.draft.parts[document.draft.path()[0]].sample
            state = dict(first.state_changes).get(0) if place is not None else None
            self._start(document.pen, replace(request, seed=first.seed_state, state=state), None)
            return
        parent = document.draft.parts[fork[0]].sample
        seed = Place(parent, fork[1], self._trails.of(parent))
        request = replace(request, seed=seed, after=parent.after + parent.text[: fork[1]])
        self._start(document.pen, request, document, fork)

    def _start(
        self, pen: Pen, request: Request, document: Document | None, fork: tuple[int, int] | None = None
    ) -> None:
        name = document.name if document is not None else self._open.name if self._open is not None else ""
        self._so_far, self._steer = None, request.settings.steer
        fresh = True  # until the first characters have come

        def on_event(event: Any) -> None:
            nonlocal fresh
            match event:
                case Reading(done, total):
                    self.figures.set_text(f"Reading the prompt: {done / total:.0%}")
                case Begun():
                    self._begin(event, document, len(request.after) if fork is not None else None)
                case Chunk(text, bits):
                    self.view.append_characters(text, bits * NATS)
                    self._characters += len(text)
                    self._bits += float(bits.sum(dtype=float))
                    self._tell_figures()
                    if fresh:
                        self.view.flush()
                        fresh = False
                case SoFar(written):
                    draft = self._draft
                    if fork is not None:
                        self._hold(branched(draft, *fork, written))
                    elif document is not None:
                        self._hold(continued(draft, written))
                    else:
                        self._hold(begun(draft, written, name))
                case WentOn():
                    self.live.went_on(event)
                case NotObeyed(problem):
                    self._fail(problem)
                case Done(result):
                    self._end(result, pen, name, request, document, fork)
                case Cancelled():
                    self._end(None, pen, name, request, document, fork)
                case Failed():
                    self._end(None, pen, name, request, document, fork)
                    self._fail(event.sentence)

        self.banner.hide()
        self.looking.close()
        self._job = self._desk.run_job("write", write(pen, request), on_event)
        self._keeping.start()
        self.live.begin(moves=not request.settings.beam)  # a search looks ahead
        self._tell()

    def _begin(self, begun: Begun, document: Document | None, cut: int | None) -> None:
        if document is not None and cut is not None:  # a branch: what comes after it goes from the page
            self.view.truncate(len(begun.settings.prompt) + cut)
            self._characters, self._bits = cut, document.bits_before(cut)
        elif document is None:
            self._document = None
            self._characters, self._bits = 0, 0.0
            self.view.clear_text()
            self.view.append_prompt(begun.settings.prompt)
        if begun.settings.random_seed is not None:
            self.controls.seed.set_value(begun.settings.random_seed)
        self.view.set_streaming(True)
        said = (self.seed_state.note(), self.controls.prompt_message.text())
        notices = [notice for notice in begun.notices if notice not in said and not notice.startswith("Characters")]
        if notices and document is None:
            self.banner.show_message("info", words.in_window(" ".join(notices)))

    def _end(
        self, written: Written | None, pen: Pen, name: str, request: Request, document: Document | None,
        fork: tuple[int, int] | None,
    ) -> None:  # fmt: skip
        self._job = self._so_far = None
        self._keeping.stop()
        self.live.end()
        self.view.flush()
        self.view.set_streaming(False)
        before = document.last if document is not None and fork is None else None
        if written is not None and document is not None:
            document.branch(*fork, written) if fork is not None else document.extend(written)
        elif written is not None:
            self._document = Document.begun(self._draft, pen, name, request, written)
        elif fork is not None:
            self._show_text()  # nothing came in place of what was there
        if written is not None and self._document is not None:
            self._keep_trail(written, before)
        if written is not None and self._document is not None:
            self._draft = self._document.draft
            self._remember_pen(pen)
            self.seed_state.set_last(self._document.state, self._document.after, self._document.began)
            self.shelf.note_change()
            if written.ended == "failed":
                self._fail(written.problem)
        elif self._document is None and self._draft.tip is not None:
            self._show_text()  # nothing came in its place
        then, self._then = self._then, None
        self._note_branches()
        self._tell()
        if then is not None:
            then()

    def _keep_trail(self, written: Written, before: Sample | None) -> None:
        assert self._document is not None
        now, trail = self._document.last, written.trail
        if now is not written.sample and before is not None:  # the two became one
            trail = self._trails.of(before).followed_by(trail, len(before.text))
        self._trails.keep(now, trail)

    def _temperature_changed(self, temperature: float) -> None:
        if self._job is not None and self._can_change("temperature"):
            self._job.send(SetTemperature(temperature))

    def _steering_changed(self) -> None:
        """What is being written is steered so from its next character on."""
        if self._job is None or self.controls.steering() == self._steer:
            return
        if self._can_change("steer"):
            self._steer = self.controls.steering()
            self._job.send(SetSteering(self._steer))

    def _unknown_changed(self, _choice: str) -> None:
        self.seed_state.set_unknown(self.controls.unknown_choice())

    # --- taking it away

    def score(self) -> None:
        """Show on the Insight page what surprises the model in this text."""
        if self._job is not None:
            self.banner.show_message("info", "The text is still being written; stop it, or wait until it is done.")
        elif self.comparing():
            self.banner.show_message("info", "Keep one of the texts as a draft, and score it there.")
        elif not self._draft.text:
            self.banner.show_message("info", "There is nothing to score yet; write something first.")
        else:
            self._desk.score(self._draft.text, title(self._draft))

    def export(self) -> None:
        """Ask for a name and write the text to it; the suffix says how."""
        if self._job is not None:
            self.banner.show_message("info", "The text is still being written; stop it, or wait until it is done.")
        elif self.comparing():
            self.export_columns()
        elif self._document is None:
            self.banner.show_message("info", "There is nothing to export yet; write something first.")
        else:
            ask_and_export(self._desk, self._files, self, self.banner, self._document)
