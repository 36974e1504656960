"""Which text is on the Write page: its draft, the branch of it, and the model that goes on with it."""

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
from chargen.gui.pages.write_branches import Branches
from chargen.gui.pages.write_capture import Capture
from chargen.gui.pages.write_document import Document
from chargen.gui.pages.write_edit import Editing
from chargen.gui.pages.write_frame import NOTHING_LEARNED, WriteFrame
from chargen.gui.pages.write_looking import Looking
from chargen.gui.pages.write_presets import Presets
from chargen.gui.pages.write_seed import SeedState
from chargen.gui.pages.write_shelf import Shelf
from chargen.gui.pages.write_telling import continue_words, describe, figures, row
from chargen.gui.pickers import MODELS, Pickers
from chargen.jobs import Job
from chargen.sampling.commands import Keep, Stop
from chargen.sampling.draft_file import DraftCard
from chargen.sampling.drafts import Draft, new_draft
from chargen.sampling.requests import Pen
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Trails

NATS = math.log(2.0)
"""In a bit."""
_PENS = 4
"""So many models that wrote lately go on with their texts after another was opened."""
_KEPT_EVERY_MS = 5_000
_BEFORE = 400  # characters shown before the place where a branch begins


class WriteTexts(WriteFrame):
    """The page without the writing: texts put on it, gone back from, and what it says of them."""

    settings_changed = Signal()  # something that is remembered

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._files = desk, files
        self._open: OpenModel | None = None
        self._pen: Pen | None = None
        self._pens: dict[str, Pen] = {}  # by the fingerprints of their models
        self._job: Job | None = None
        self._steer = ""  # how what is being written is steered
        self._then: Callable[[], None] | None = None  # when it has ended
        self._draft: Draft = new_draft()
        self._so_far: Draft | None = None  # with what is being written
        self._document: Document | None = None  # its text
        self._characters, self._bits = 0, 0.0
        self._keeping = QTimer(self)
        self._keeping.setInterval(_KEPT_EVERY_MS)
        self._keeping.timeout.connect(self._keep)
        self.seed_state = SeedState(desk, files, self.controls.seed_control, self)
        self.presets = Presets(desk, self.controls, self)
        self.shelf = Shelf(desk, self.gathered, self._draft, self)
        self.shelf.busy = self.is_writing
        self._trails = Trails()
        self.looking = Looking(desk, self.view, self._text_at_rest, self._trails, self)
        self.editing = Editing(self.edit_pane, self._text_at_rest, self)
        self.editing.active.connect(self._edit)
        self.shelf.broken_off.connect(self._broken_off)
        self.capturing = Capture(
            desk, self.view, self._text_at_rest, self._trails, self.seed_state, self.banner, self
        )
        self.branches = Branches(self.branch_list, self._branching, self)
        self._undo: Callable[[], None] = self._undo_delete  # what the banner's button does

    # --- the model

    def _model_changed(self, opened: OpenModel | None) -> None:
        self._open = opened
        self._pen = Pen(opened.model) if opened is not None else None
        self._give_pen()
        self.chip.set_text(describe(opened) if opened is not None else "")
        # A text that stands here stays, even if its model is closed.
        something = opened or self._draft.parts or self._job or len(self.shelf.cards) > 1
        nothing, was_empty = not something, self.is_empty()
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

    def _settings(self, **fixed: Any) -> SamplingSettings | None:
        """What is set, but for what is fixed; None where that cannot be, and is said."""
        self.controls.commit()
        try:
            return replace(self.controls.settings(), **fixed)
        except ChargenError as error:
            self._fail(str(error))
            return None

    def _asked(self) -> SamplingSettings | None:
        """What is set, where something can be written with it; None where it cannot, and it is said where it stands."""
        self.controls.commit()
        if self.controls.check_characters():
            self._show_panel()
            self.controls.refuse()
            return None
        problem = self.seed_state.problem()
        if problem:
            self._show_panel()
            self.controls.seed_control.say(problem, "bad")
            return None
        return self._settings()

    def _remember_pen(self, pen: Pen) -> None:
        fingerprint = pen.model.fingerprint
        self._pens.pop(fingerprint, None)
        self._pens = dict([*self._pens.items(), (fingerprint, pen)][-_PENS:])

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

    def is_writing(self) -> bool:
        return self._job is not None

    def _text_at_rest(self) -> Document | None:
        return self._document if self._job is None else None

    def _tint(self, on: bool) -> None:
        self.view.set_tint(on)
        self.legend.setVisible(on and not self.is_empty())

    # --- drafts

    def gathered(self) -> Draft:
        """The draft on the page as it stands, with everything that is set."""
        settings, seed = self.controls.remembered(), self.seed_state.choice()
        return replace(self._so_far or self._draft, settings=settings, seed=seed, place=self.view.place())

    def _keep(self) -> None:
        """A long text is kept while it is written; the longer, the more seldom, for each time costs its length."""
        if self._job is not None:
            self._job.send(Keep())
            self._keeping.setInterval(_KEPT_EVERY_MS * (1 + self._characters // 1_000_000))

    def _hold(self, draft: Draft) -> None:
        """The draft with what is written until now; it is in its file in a moment, should the program be killed."""
        self._so_far = replace(draft, writing=True)
        self.shelf.note_change()

    def _broken_off(self, draft: Draft) -> None:
        """The program ended, somehow, while the draft was being written."""
        going_on = " “Continue” goes on with it." if any(part.state is not None for part in draft.parts) else ""
        self.banner.show_message(
            "info", f"This was still being written when chargen ended; all that was kept until then is here.{going_on}"
        )

    def capture_here(self) -> None:
        """Take the state at the caret as the seed state."""
        if self._job is not None:
            self.capturing.here()  # which says that it is still being written
        else:
            self._when_done(self.capturing.here)

    def new_draft(self) -> None:
        """An empty page with the same settings; the text that stands here stays in the list."""
        self._when_done(self.shelf.new)
        self.drafts.setChecked(True)

    def _when_done(self, act: Callable[[], None]) -> None:
        """Stop what is being written, or take what is being edited, if something is, and act then."""
        if self.editing.is_on():
            if not self.editing.done():
                return  # it says why
            if self._job is not None:  # the network reads what was changed
                self._then = act
                return
        if self._job is None:
            act()
        else:
            self._then = act
            self._job.send(Stop())

    def _edit(self, on: bool) -> None:
        """Show the text to be edited, or to be read."""
        self.looking.close()
        self.view.setVisible(not on)
        self.edit_pane.setVisible(on)
        self.edit_button.setChecked(on)
        if not on:
            self.view.setFocus()
        self._tell()

    def _show_draft(self, draft: Draft) -> None:
        self._draft = draft
        self.banner.hide()
        self.controls.recall(dict(draft.settings))
        self.seed_state.recall(draft.seed)
        self._show_text(draft.place)
        self.settings_changed.emit()

    def _show_text(self, place: int | None = None) -> None:
        self.editing.leave()
        draft = self._draft
        self.looking.close()
        one = draft.tip is not None and draft.compared is None
        document = self._document = Document(draft, None) if one else None
        if document is not None:
            parts = document.parts
            self._characters, self._bits = document.characters, document.bits
            nats = np.concatenate([part.surprises for part in parts]) * np.float32(NATS)
            self.view.show_written(document.last.prompt, "".join(part.text for part in parts), nats, place)
            self.seed_state.set_last(document.state, document.after, document.began)
        else:
            self._characters, self._bits = 0, 0.0
            self.view.clear_text()
            self.seed_state.set_last(None, "")
        self._note_branches()
        self._model_changed(self._open)

    def _branching(self) -> Draft:
        """The draft on the page, of which texts side by side are no branches."""
        draft = self._draft
        return draft if draft.compared is None else replace(draft, parts=(), tip=None)

    def _note_branches(self) -> None:
        self.branches.note()
        self.show_branches(self.branches.count())

    def _go(self, draft: Draft) -> None:
        """To another text of this draft."""
        if self._job is None:
            self._draft = draft
            self._show_text(self._near_fork(draft))
            self.shelf.note_change()

    def _near_fork(self, draft: Draft) -> int | None:
        """Some lines before the place where the text leaves the one that it branched off; None for a take."""
        begins = [part for part in (draft.parts[index] for index in draft.path()) if part.parent is not None]
        last = begins[-1].sample if begins else None
        return max(len(last.prompt + last.after) - _BEFORE, 0) if last is not None else None

    def _renamed(self, name: str) -> None:
        self._draft = replace(self._draft, name=name)
        if self._so_far is not None:
            self._so_far = replace(self._so_far, name=name)
        if self._document is not None:
            self._document.draft = replace(self._document.draft, name=name)

    def _branch_deleted(self, name: str) -> None:
        self._undo = self._undo_branch
        self.banner.show_message("info", f"The branch “{name}” is deleted.", "Undo")

    def _undo_branch(self) -> None:
        self.banner.hide()
        self.branches.restore()

    def _removed(self, card: DraftCard) -> None:
        self._undo = self._undo_delete
        self.banner.show_message("info", f"“{card.title}” is deleted.", "Undo")

    def _undo_delete(self) -> None:
        deleted = self.shelf.deleted()
        self.banner.hide()
        if deleted:
            self._when_done(lambda: self.shelf.restore(deleted[0].id))

    def _show_list(self) -> None:
        cards = self.shelf.cards
        self.list.set_rows([row(c) for c in cards], self.shelf.current, [row(c) for c in self.shelf.deleted()])
        self.drafts.setText(f"Drafts {len(cards)}" if len(cards) > 1 else "Drafts")
        if self.is_empty() and len(cards) > 1:
            self._model_changed(self._open)

    def _settings_changed(self) -> None:
        self.settings_changed.emit()
        self.shelf.note_change()

    # --- telling

    def _tell(self) -> None:
        editing = self.editing.is_on()
        writing, document = self._job is not None, self._document
        self.write_button.setText("Stop" if writing else "Write")
        self.write_button.setToolTip(f"{'Stop' if writing else 'Write'}  (Ctrl+Return)")
        self.write_button.setEnabled(writing or (self._pen is not None and not editing))
        able = not writing and not editing and document is not None
        back, on = self.branches.can_undo(), self.branches.later() is not None
        for arrow, possible in ((self.earlier_button, back), (self.later_button, on)):
            arrow.setVisible(back or on)
            arrow.setEnabled(possible and not writing and not editing)
        continuable = document is not None and document.state is not None and document.pen is not None
        self.continue_button.setEnabled(able and continuable)
        self.continue_button.setToolTip(continue_words(document))
        self.edit_button.setEnabled(not writing and document is not None and document.pen is not None)
        self.again_button.setEnabled(able and self._pen is not None)
        self.export_button.setEnabled(able)
        self.score_button.setEnabled(able)
        self.copy_button.setEnabled(self.view.length() > 0)
        self._tell_figures()

    def _tell_figures(self) -> None:
        self.figures.set_text(figures(self._characters, self._bits, self._document, self._open))
        if self._characters:
            self.copy_button.setEnabled(True)

    def _fail(self, sentence: str) -> None:
        self.banner.show_message("bad", words.in_window(sentence))

    def _show_panel(self) -> None:
        if self.is_narrow():
            self.open_drawer()

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

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seed_state.wake()
        self.presets.wake()
