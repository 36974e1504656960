"""Texts side by side while they are written, and what is done with them then: gone on with, looked into, taken away."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from chargen.errors import ChargenError
from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_compare import WriteCompare, headings_of
from chargen.gui.pages.write_compare_values import AT, Asked, Loaded, WrongValueError, hint, parsed, write_asked
from chargen.gui.pages.write_document import Document
from chargen.gui.pages.write_export import export_samples, file_name
from chargen.gui.pages.write_live import LiveState
from chargen.gui.pages.write_looking import Looking
from chargen.gui.pages.write_texts import NATS
from chargen.gui.pickers import Pickers
from chargen.gui.widgets.text_columns import TextColumn
from chargen.jobs import Cancelled, Done, Failed, Worker
from chargen.sampling.commands import SetState
from chargen.sampling.difference import difference, label_of
from chargen.sampling.drafts import Draft, Part, gone_on, new_draft, side_by_side, taken_out, title
from chargen.sampling.events import NotObeyed, Reading, WentOn, Written
from chargen.sampling.requests import Pen
from chargen.sampling.sample import Sample
from chargen.sampling.side_by_side import (
    ColumnChunk,
    ColumnsBegun,
    ColumnsSoFar,
    can_change,
    can_go_on,
    variants,
    write_on,
)

_GOES_ON = "Go on with all of these texts, as each was written"
_ENDED = (
    "None of these can be gone on with here: they ended at a stop text, or were written by a search, along a curve or "
    "with the loop breaker. Keep one as a draft to go on from it"
)
_NOT_OPEN = "Open the model that wrote them to go on with these texts"


@dataclass
class _Writing:
    """What is under way: ``places`` of the texts in the comparison; ``going_on``: after what stands there."""

    names: list[str]
    places: list[int]
    going_on: bool = False
    pens: list[Pen] = field(default_factory=list)


class WriteColumns(WriteCompare):
    """The page with texts side by side that are written.

    Signals:
        branched_off: a text was taken out as a draft, to be gone on with before a character, with another one.
    """

    branched_off = Signal(int, str)

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None) -> None:
        super().__init__(desk, files, parent)
        self._model_pens: dict[str, Pen] = {}  # of models that were read for a comparison, by their keys
        self.live = LiveState(desk, self.seed_state, self._send_state, self)
        self._sheets: dict[TextColumn, Looking] = {}
        self._unseen: set[int] = set()  # texts of which nothing is shown yet
        self.columns.keep_wanted.connect(self.keep_column)
        self.columns.added.connect(self._look_into)

    # --- writing

    def write_columns(self) -> None:
        """What the primary button does here: all texts, side by side."""
        if self._pen is None or self._open is None:
            return
        settings = self._asked()
        if settings is None:
            return
        change, keys = self.columns.change(), self.columns.values()
        try:
            asked = variants(settings, change, parsed(change, keys))
        except WrongValueError as error:
            self.columns.refuse(words.in_window(str(error)), error.place)
            return
        except ChargenError as error:
            self.columns.refuse(words.in_window(str(error)))
            return
        labels = [self.columns.label(place) if change == "model" else "" for place in range(len(keys))]
        names = [label if key.startswith(AT) else self._open.name for key, label in zip(keys, labels, strict=True)]
        what = Asked(change, asked, keys, self._pen, self.seed_state.seed(), dict(self._model_pens))

        def loaded() -> None:
            self._model_pens = what.known

        self._run(write_asked(what), _Writing(names, list(range(len(keys)))), settings.steer, loaded)

    def continue_columns(self) -> None:
        """Go on with every text that can be, from where it ended; the temperature is the one in the panel."""
        found = self._going_on()
        settings = self._settings() if self._job is None and found else None
        if settings is None:
            return
        places, parts, pens = [place for place, _, _ in found], [part for _, part, _ in found], [p for _, _, p in found]
        columns, change = list(zip(pens, parts, strict=True)), self._draft_change()
        try:
            work = write_on(columns, settings.length, settings.temperature, change, places)
        except ChargenError as error:
            self.columns.refuse(words.in_window(str(error)))
            return
        self._run(work, _Writing([part.writer for part in parts], places, True, pens), settings.steer)

    def _going_on(self) -> list[tuple[int, Part, Pen]]:
        """The texts that can be gone on with, with the pens that wrote them."""
        parts = self._draft.parts if self.comparing() else ()
        found = [(place, part, self._pen_of(part)) for place, part in enumerate(parts) if can_go_on(part)]
        return [(place, part, pen) for place, part, pen in found if pen is not None]

    def _draft_change(self) -> str:
        return self._draft.compared.change if self._draft.compared is not None else ""

    def _pen_of(self, part: Part) -> Pen | None:
        """The model that wrote a text, where it is or was open."""
        fingerprint, opened = part.sample.model_fingerprint, self._open
        found = self._pens.get(fingerprint)
        if found is None and opened is not None and not opened.live and opened.model.fingerprint == fingerprint:
            found = self._pen
        return found

    def _can_change(self, what: str) -> bool:
        """Whether what is being written can be told another temperature, steering or state; says so where it cannot."""
        if not self.comparing():
            return True
        change = self.columns.change()
        if can_change(what, change):
            return True
        self.columns.say(f"These texts differ in their {label_of(change).lower()}, so they stay as they are.")
        return False

    def _send_state(self, command: SetState) -> None:
        if self._job is not None and self._can_change("seed_state"):
            self._job.send(command)

    def _run(
        self, work: Callable[[Worker], Any], writing: _Writing, steer: str, loaded: Callable[[], None] = lambda: None
    ) -> None:
        def on_event(event: Any) -> None:
            match event:
                case Loaded(columns):
                    writing.pens = [pen for pen, _ in columns]
                    loaded()
                case Reading(done, total):
                    self.figures.set_text(f"Reading the prompt: {done / total:.0%}")
                case ColumnsBegun():
                    self._columns_begun(event, writing)
                case ColumnChunk(place, text, bits):
                    self._take_chunk(place, text, bits)
                case ColumnsSoFar(written):
                    self._hold(self._with(written, writing))
                case NotObeyed(problem):
                    self._fail(problem)
                case WentOn():
                    self.live.went_on(event)
                case Done(result):
                    self._columns_ended(result, writing)
                case Cancelled():
                    self._columns_ended(None, writing)
                case Failed():
                    self._columns_ended(None, writing)
                    self.columns.refuse(words.in_window(event.sentence))

        self.banner.hide()
        self._close_sheets()
        self.columns.say(hint(self.columns.change()))
        self._steer, self._so_far = steer, None
        self._job = self._desk.run_job("write", work, on_event)
        self._keeping.start()
        self.live.begin(moves=can_change("seed_state", self.columns.change()))
        self._tell()

    def _with(self, written: tuple[Written, ...], writing: _Writing) -> Draft:
        """The draft on the page with what was written."""
        if writing.going_on:
            return gone_on(self._draft, writing.places, written)
        return side_by_side(self._draft, written, writing.names)

    def _columns_begun(self, event: ColumnsBegun, writing: _Writing) -> None:
        begun = event.columns
        if not writing.going_on:
            if (before := self._draft.compared) is not None and self._draft.parts:  # those stay as they are
                now = self.gathered()
                self._show_values(before.change, list(before.values))
                self.shelf.begin(replace(new_draft(now.settings, now.seed), compared=now.compared))
            alike = [
                Sample("", each.settings, each.seed_state, pen.model.fingerprint, {})
                for each, pen in zip(begun, writing.pens, strict=True)
            ]
            headings = headings_of(difference(alike, writing.names))
            for column, each, heading in zip(self.columns.columns, begun, headings, strict=True):
                column.begin(heading, each.settings.prompt)
            self._counts = [(0, 0.0)] * len(begun)
        self._characters = sum(count for count, _ in self._counts)
        self._unseen = set(writing.places)
        self.columns.set_busy(True)
        self.settings_changed.emit()  # which draft is on the page
        notices = dict.fromkeys(notice for each in begun for notice in each.notices)
        said = (self.seed_state.note(), self.controls.prompt_message.text())
        telling = [notice for notice in notices if notice not in said and not notice.startswith("Characters")]
        if telling and not writing.going_on:
            self.banner.show_message("info", words.in_window(" ".join(telling)))

    def _take_chunk(self, place: int, text: str, bits: Any) -> None:
        column = self.columns.columns[place]
        column.view.append_characters(text, bits * NATS)
        count, sum_ = self._counts[place]
        self._counts[place] = count + len(text), sum_ + float(bits.sum(dtype="float64"))
        self._characters += len(text)
        if place in self._unseen:  # the first one is there at once
            self._unseen.discard(place)
            column.view.flush()
        self._tell_figures()

    def _columns_ended(self, result: tuple[Written, ...] | None, writing: _Writing) -> None:
        self._job = self._so_far = None
        self._keeping.stop()
        self.live.end()
        self.columns.set_busy(False)
        self.columns.say(hint(self.columns.change()))
        if result is not None and any(written.sample.text for written in result):
            before, self._draft = self._draft, self._with(result, writing)
            for place, pen, written in zip(writing.places, writing.pens, result, strict=True):
                self._remember_pen(pen)
                trail, now = written.trail, self._draft.parts[place].sample
                if now is not written.sample:
                    first = before.parts[place].sample
                    trail = self._trails.of(first).followed_by(trail, len(first.text))
                self._trails.keep(now, trail)
            self.shelf.note_change()
            problems = dict.fromkeys(written.problem for written in result if written.problem)
            if problems:
                self._fail(" ".join(problems))
        elif self.comparing():
            self._show_columns()  # nothing came in its place
        then, self._then = self._then, None
        self._tell()
        if then is not None:
            then()

    # --- what could have stood at a character

    def _look_into(self, column: TextColumn) -> None:
        """A column was added: its characters can be looked at."""
        here = partial(self._column_at_rest, column.place)
        sheet = Looking(self._desk, column.view, here, self._trails, column, self.columns)
        sheet.branch_wanted.connect(partial(self._branch_off, column.place))
        self._sheets[column] = sheet

    def _column_at_rest(self, place: int) -> Document | None:
        if self._job is not None or not self.comparing() or place >= len(self._draft.parts):
            return None
        return Document(replace(self._draft, compared=None, tip=place), self._pen_of(self._draft.parts[place]))

    def _close_sheets(self) -> None:
        for sheet in self._sheets.values():
            sheet.close()

    def _show_values(self, change: str, values: list[str]) -> None:
        self._close_sheets()  # columns may go
        super()._show_values(change, values)
        self._sheets = {column: sheet for column, sheet in self._sheets.items() if column in self.columns.columns}

    def _show_text(self, place: int | None = None) -> None:
        self._close_sheets()
        super()._show_text(place)

    def _branch_off(self, place: int, at: int, character: str) -> None:
        """Take a text out as a draft, and go on there with another character; the comparison stays in the list."""
        if self._job is not None or place >= len(self._draft.parts):
            return
        comparison = self._draft.id
        self.shelf.begin(taken_out(self._draft, place))
        self.branched_off.emit(at, character)
        self._undo = lambda: self._open_kept(comparison)
        self.banner.show_message("info", f"Text {place + 1} goes on as a draft of its own.", "Back to the comparison")

    # --- telling

    def _tell(self) -> None:
        super()._tell()
        if not self.comparing():
            return
        found = self._going_on()
        self.continue_button.setEnabled(self._job is None and bool(found))
        able = any(map(can_go_on, self._draft.parts))
        self.continue_button.setToolTip(_GOES_ON if found else _NOT_OPEN if able else _ENDED)

    # --- taking away

    def keep_column(self, place: int) -> None:
        """One of the texts becomes a draft; the comparison stays on the page."""
        if self._job is not None or place >= len(self._draft.parts):
            return
        draft = taken_out(self._draft, place)
        self.shelf.keep(draft)
        self._undo = lambda: self._open_kept(draft.id)
        self.banner.show_message("good", f"Kept as the draft “{title(draft)}”.", "Open it")

    def _open_kept(self, id: str) -> None:
        self.banner.hide()
        self._when_done(lambda: self.shelf.switch(id))

    def export_columns(self) -> None:
        """Ask for a name and write all of the texts to one file; the suffix says how."""
        samples = self._draft.samples()
        if not samples:
            self.banner.show_message("info", "There is nothing to export yet; press Compare first.")
            return
        name = file_name(self._draft.name or self._difference().title())
        export_samples(self._desk, self._files, self, self.banner, lambda _suffix: samples, name)
