"""Texts side by side on the Write page: the settings, seed state and random seed of a draft, with one thing changed.

A comparison is a draft of its own in the list of drafts, so the draft that it was made from stays as it was, and
everything is kept. Comparing again makes another one.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from chargen import paths
from chargen.errors import ChargenError
from chargen.gui import words
from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pages.write_compare_values import (
    AT,
    OPEN,
    SWITCH_ENTRIES,
    another_value,
    first_values,
    hint,
    model_entries,
    most,
    placeholder,
    state_entries,
    values_of,
)
from chargen.gui.pages.write_texts import NATS, WriteTexts
from chargen.gui.pickers import MODELS, Pickers
from chargen.gui.widgets.text_columns import FEWEST, Entry
from chargen.jobs import Done, Worker
from chargen.model.library import RunCard, list_runs
from chargen.sampling.difference import Difference, difference
from chargen.sampling.drafts import Compared, Draft, new_draft
from chargen.sampling.side_by_side import CHANGES, NUMBERS, SWITCHES, WORDS

FIRST, COLUMNS = "temperature", 3


class WriteCompare(WriteTexts):
    """The page with its comparisons: what changes, and its values."""

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None) -> None:
        super().__init__(desk, files, parent)
        self._runs: list[RunCard] = []
        self._opened: list[Path] = []  # models that were chosen as files
        self._counts: list[tuple[int, float]] = []  # characters and bits of each text
        self._shown: list[Entry] | None = None  # what the values are chosen from
        self._home = ""  # the draft that stood here last
        self.compare_tool.clicked.connect(self.compare)
        self.close_button.clicked.connect(self.compare)
        self.columns.change_chosen.connect(self._change_chosen)
        self.columns.count_wanted.connect(self._count_wanted)
        self.columns.edited.connect(self._columns_edited)
        self.columns.entered.connect(lambda: self.write_button.click())

    def comparing(self) -> bool:
        """Whether texts side by side are on the page."""
        return self._draft.compared is not None

    # --- coming and going

    def compare(self) -> None:
        """Begin a comparison with what is set; or go back to the draft."""
        self._tell()  # the tool is down while something is compared, whoever pressed it
        self._when_done(self._go_home if self.comparing() else self._begin_comparing)

    def _begin_comparing(self) -> None:
        now = self.gathered()
        values = first_values(FIRST, self._base(), None, COLUMNS)
        self.shelf.begin(replace(new_draft(now.settings, now.seed), compared=Compared(FIRST, tuple(values))))
        self.columns.columns[0].field.setFocus()

    def _go_home(self) -> None:
        drafts = [card.id for card in self.shelf.cards if not card.texts and card.id != self.shelf.current]
        if self._home in drafts:
            self.shelf.switch(self._home)
        elif drafts:
            self.shelf.switch(drafts[0])
        else:
            self.shelf.new()

    def _base(self) -> Any:
        """What is set in the panel; None where that cannot be."""
        try:
            return self.controls.settings()
        except ChargenError:
            return None

    def gathered(self) -> Draft:
        draft = super().gathered()
        if draft.compared is None:
            return draft
        return replace(draft, compared=Compared(self.columns.change(), tuple(self.columns.values())), place=None)

    def _show_text(self, place: int | None = None) -> None:
        super()._show_text(place)
        compared = self._draft.compared
        self.columns.setVisible(compared is not None)
        self.view.setVisible(compared is None)
        if compared is None:
            self._home = self._draft.id
            return
        known = compared.change in CHANGES
        values = list(compared.values)[:4]
        if not known or len(values) < 2:  # a stranger's
            compared = Compared(FIRST, ("",) * COLUMNS)
            values = list(compared.values)
        if not any(values):  # of an export, which does not say from what they were chosen
            change = compared.change
            values = values_of(change, self._draft.samples())
            if not any(values):
                values = first_values(change, self._base(), self._entries(change), max(len(values), FEWEST))
        self._show_values(compared.change, values)
        self._show_columns()

    def _show_columns(self) -> None:
        """The texts that are kept, under their headings."""
        parts = self._draft.parts
        headings = headings_of(self._difference())
        self._counts = [(0, 0.0)] * len(self.columns.columns)
        for column in self.columns.columns:
            part = parts[column.place] if column.place < len(parts) else None
            column.begin(headings[column.place] if part is not None else "", "")
            if part is not None:
                sample = part.sample
                column.view.show_written(sample.prompt, sample.text, sample.surprises * NATS, 0)
                self._counts[column.place] = len(sample.text), float(sample.surprises.sum(dtype="float64"))
        self._tell()

    def _difference(self) -> Difference:
        return difference(self._draft.samples(), [part.writer for part in self._draft.parts])

    # --- what changes

    def _model_changed(self, opened: OpenModel | None) -> None:
        super()._model_changed(opened)
        change = self.columns.change()
        if self.comparing() and self._job is None and self._entries(change) != self._shown:
            self._show_values(change, self.columns.values())

    def _entries(self, change: str) -> list[Entry] | None:
        model = self._open.model if self._open is not None else None
        if change == "seed_state":
            return state_entries(self.seed_state.choice(), model)
        if change == "model":
            opened = self._open
            name, path = (opened.name, opened.path) if opened is not None else ("", None)
            return model_entries(name, path, self._runs, self._opened)
        return SWITCH_ENTRIES if change in SWITCHES else None

    def _show_values(self, change: str, values: list[str]) -> None:
        right = change in NUMBERS
        self._shown = self._entries(change)
        self.columns.show_values(change, values, len(self._draft.parts), self._shown, placeholder(change), right)
        self.columns.set_most(most(change))
        self.columns.say(hint(change))
        if change == "model":
            self._look_for_runs()

    def _change_chosen(self, change: str) -> None:
        few = ("prompt", "stop", "ban", "model", *SWITCHES)
        count = 2 if change in few else max(len(self.columns.values()), COLUMNS)
        if change == "seed_state":  # no more than there are to choose from
            count = max(min(count, len(self._entries(change) or ())), FEWEST)
        self._show_values(change, first_values(change, self._base(), self._entries(change), count))
        self._show_columns()
        self._columns_edited()

    def _count_wanted(self, count: int) -> None:
        values, change = self.columns.values()[:count], self.columns.change()
        if count > len(values):
            values.append(another_value(change, values, self._entries(change)))
        self._show_values(change, values)
        self._show_columns()
        self._columns_edited()

    def _columns_edited(self) -> None:
        if "bad" in str(self.columns.message.property("kind")):
            self.columns.say(hint(self.columns.change()))
        if OPEN in self.columns.values():
            self._choose_model(self.columns.values().index(OPEN))
        self._settings_changed()

    def _choose_model(self, place: int) -> None:
        """A model from a file; until one is chosen there is none."""

        def chosen(path: Path) -> None:
            if path not in self._opened:
                self._opened.append(path)
            self._with_value(place, f"{AT}{path}")

        self._with_value(place, "")
        self._files.open_file(self, "Open a model", MODELS, chosen)

    def _with_value(self, place: int, value: str) -> None:
        values = self.columns.values()
        if place < len(values):
            values[place] = value
            self._show_values(self.columns.change(), values)

    def _look_for_runs(self) -> None:
        def work(worker: Worker) -> list[RunCard]:
            return list_runs(paths.runs_dir(), worker.check)

        def on_event(event: Any) -> None:
            if isinstance(event, Done) and event.result != self._runs:
                self._runs = event.result
                if self.comparing() and self.columns.change() == "model" and self._job is None:
                    values = self.columns.values()
                    fresh = first_values("model", None, self._entries("model"), len(values))
                    self._show_values("model", values if any(values[1:]) else fresh)

        self._desk.run_job("runs", work, on_event)

    # --- telling

    def _tell(self) -> None:
        super()._tell()
        on, writing = self.comparing(), self._job is not None
        self.compare_tool.setChecked(on)
        self.compare_tool.setVisible(not self.is_empty())
        for widget in (self.again_button, self.edit_button, self.score_button, self.copy_button):
            widget.setVisible(not on)
        self.close_button.setVisible(on)
        if not on:
            return
        self.write_button.setText("Stop" if writing else "Compare")
        self.write_button.setToolTip(f"{'Stop' if writing else 'Write all of them'}  (Ctrl+Return)")
        parts = self._draft.parts
        self.export_button.setEnabled(not writing and bool(parts))
        for column in self.columns.columns:
            column.keep.setEnabled(not writing and column.place < len(parts))

    def _tell_figures(self) -> None:
        if not self.comparing():
            super()._tell_figures()
            return
        for column, (count, bits) in zip(self.columns.columns, self._counts, strict=False):
            column.figures.set_text(f"{bits / count:.2f} bits · {count:,} chars" if count else "")
        done = [count for count, _ in self._counts if count]
        same = {part.sample.text for part in self._draft.parts}
        told = f"{words.count(len(done), 'text')} · {words.count(sum(done), 'character')}" if done else ""
        alike = self._job is None and len(self._draft.parts) > 1 and len(same) == 1
        self.figures.set_text(f"{told} · all the same" if alike else told)


def headings_of(told: Difference) -> list[str]:
    """What to write above the columns, which are narrow: a name says by itself what it is the name of."""
    if told.name in ("seed_state", "model", *WORDS):
        none = "No prompt" if told.name == "prompt" else placeholder(told.name)
        return [none if value == "none" else value for value in told.values]
    return told.headings()
