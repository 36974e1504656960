"""The library of states at the side of the States page: searched, made, opened, named, deleted and brought back."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from chargen.gui import pickers, states_work, theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.states_new import NewState
from chargen.gui.pages.states_pick import Pick
from chargen.gui.pickers import Pickers
from chargen.gui.places import Places
from chargen.gui.states_work import key_of
from chargen.gui.widgets.buttons import GhostButton, SecondaryButton
from chargen.gui.widgets.labelled import HintLabel, SectionLabel
from chargen.gui.widgets.state_card import StateFacts, StateItem
from chargen.jobs import Done, Failed
from chargen.model.config import ModelConfig
from chargen.model.state_library import StateCard, search
from chargen.sampling.requests import Pen
from chargen.sampling.seeds import describe_recipe

_AT_ONCE = 40


def unfit(card: StateCard, config: ModelConfig | None) -> str:
    """Why a kept state cannot be used with a model, in a sentence; empty where it can."""
    if card.problem:
        return card.problem
    if config is None or (card.cell, card.layers, card.hidden) == (config.cell, config.layers, config.hidden):
        return ""
    return f"Does not fit: it is of a {card.layers}×{card.hidden} {card.cell.upper()}, the model is a {_of(config)}."


def _of(config: ModelConfig) -> str:
    return f"{config.layers}×{config.hidden} {config.cell.upper()}"


class StateShelf(QWidget):
    """The cards, and what is done to them in jobs.

    Signals:
        listed: the cards have been read. taken: a key, and ``a`` or ``b``. written: a key, to write with.
        removed: the StateCard that was deleted; :meth:`undo` brings it back.
        told: a kind and a sentence for the page.
    """

    listed = Signal()
    taken = Signal(str, str)
    written = Signal(str)
    removed = Signal(object)
    told = Signal(str, str)
    searched = Signal()

    def __init__(self, desk: Desk, files: Pickers, places: Places) -> None:
        super().__init__()
        self.setAccessibleName("Library of states")
        self._desk, self._files, self._places = desk, files, places
        self._config: ModelConfig | None = None
        self.cards: list[StateCard] = []
        self.items: list[StateItem] = []
        self._wanted = 0  # readings asked for; only the newest counts
        self._shown = _AT_ONCE
        self._deleted: tuple[StateCard, Path] | None = None
        self._unfold = ""  # the key of the card to open when it is there
        self.known = False  # whether the library was read
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search the states by name, note and what they are made of")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedHeight(theme.HIT)
        self.search.textChanged.connect(self._sought)
        self.new_button, self.open_button = SecondaryButton("New state", "plus"), SecondaryButton("Open…", "folder")
        self.new_button.setCheckable(True)
        self.new_button.toggled.connect(self._new_toggled)
        self.open_button.setToolTip("Put a state file (.state) into the library")
        self.open_button.clicked.connect(self._open)
        self.form = NewState(desk, files)
        self.form.hide()
        self.form.made.connect(self._made)
        self.form.left.connect(lambda: self.begin_new(False))
        self.heading = SectionLabel("Library")
        self.hint = HintLabel()
        self.more = GhostButton("More")
        self.more.clicked.connect(self._show_more)
        self.more.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_2)
        buttons.addWidget(self.new_button)
        buttons.addWidget(self.open_button)
        buttons.addStretch(1)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.SPACE_2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_3)
        column.addWidget(self.heading)
        column.addLayout(buttons)
        column.addWidget(self.form)
        column.addWidget(self.search)
        column.addWidget(self.hint)
        column.addLayout(self._list)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    # --- what is told to it

    def set_pen(self, pen: Pen | None) -> None:
        """The model on the desk: what does not fit it is greyed."""
        self._config = None if pen is None else pen.model.config
        self.form.set_pen(pen)
        self._show()

    def begin_new(self, on: bool = True) -> None:
        """Open or shut the form for a new state."""
        self.new_button.setChecked(on)

    def _new_toggled(self, on: bool) -> None:
        self.form.setVisible(on)
        if on:
            self.form.kind.setFocus()

    # --- reading

    def refresh(self) -> None:
        """Read the library again, in a job; what is shown stays until it is there."""
        self._wanted += 1
        wanted = self._wanted

        def on_event(event: Any) -> None:
            if wanted != self._wanted:
                return
            if isinstance(event, Done):
                self.cards, self.known = event.result, True
                self._show()
                self.listed.emit()
            elif isinstance(event, Failed):
                self.told.emit("bad", words.in_window(event.sentence))

        self._desk.run_job("states", states_work.list_states, on_event)

    def _facts(self, card: StateCard) -> StateFacts:
        made_of = f"{describe_recipe(card.recipe)} · {card.layers}×{card.hidden}"
        problem = unfit(card, self._config)
        made_of = made_of[0].upper() + made_of[1:]
        return StateFacts(
            key_of(card.path), card.name, made_of, card.note, card.thumbnail, problem, not card.problem
        )  # fmt: skip

    def _show(self) -> None:
        found = search(self.cards, self.search.text())
        shown = found[: self._shown]
        opened = self._unfold or next((item.facts.key for item in self.items if item.is_open()), "")
        facts = [self._facts(card) for card in shown]
        if [item.facts.key for item in self.items] == [fact.key for fact in facts]:
            for item, fact in zip(self.items, facts, strict=True):
                item.set_facts(fact)
        else:
            for item in self.items:
                item.hide()
                self._list.removeWidget(item)
                item.deleteLater()
            self.items = [self._item(fact) for fact in facts]
            for item in self.items:
                self._list.addWidget(item)
                item.show()
        for item in self.items:
            if item.facts.key == opened and not item.is_open():
                item.heading.setChecked(True)
        self._unfold = ""
        rest = len(found) - len(shown)
        self.more.setText(f"Show {min(rest, _AT_ONCE)} more of {rest:,}")
        self.more.setVisible(rest > 0)
        self.heading.set_text(f"Library · {words.count(len(self.cards), 'state')}" if self.cards else "Library")
        self.search.setVisible(len(self.cards) > 1 or bool(self.search.text()))
        nothing = "No state is called so, made of that, or has that in its note." if self.cards else (
            "Nothing is kept yet. Make a state, open a state file, or keep one while writing."
        )  # fmt: skip
        self.hint.setText(nothing)
        self.hint.setVisible(not found)

    def _item(self, facts: StateFacts) -> StateItem:
        item = StateItem(facts)
        item.unfolded.connect(self._unfolded)
        item.taken.connect(self.taken)
        item.written.connect(self.written)
        item.shown.connect(self._reveal)
        item.deleted.connect(self._delete)
        item.changed.connect(self._change)
        return item

    def item(self, key: str) -> StateItem | None:
        """The card of a state, where it is shown."""
        return next((item for item in self.items if item.facts.key == key), None)

    def card(self, key: str) -> StateCard | None:
        return next((card for card in self.cards if key_of(card.path) == key), None)

    def picks(self) -> list[Pick]:
        """The kept states that can be read, to choose from; with the reason where one does not fit."""
        return [
            Pick(key_of(card.path), card.name, unfit(card, self._config)) for card in self.cards if not card.problem
        ]

    def _sought(self, *_text: object) -> None:
        self._shown = _AT_ONCE
        self._show()
        self.searched.emit()

    def _show_more(self) -> None:
        self._shown += _AT_ONCE
        self._show()

    # --- what a person does

    def _unfolded(self, opened: StateItem) -> None:
        for item in self.items:
            if item is not opened:
                item.fold()

    def _made(self, path: Path) -> None:
        self.begin_new(False)
        self.show_kept(path)

    def show_kept(self, path: Path) -> None:
        """A state was kept: read again, with its card open."""
        self._unfold = key_of(path)
        self.search.clear()
        self.refresh()

    def _open(self) -> None:
        self._files.open_file(self, "Open a seed state", pickers.STATES, lambda path: self.keep_files([path]))

    def keep_files(self, paths: Sequence[Path]) -> None:
        """Copy state files into the library."""
        self._run("open", states_work.keep_files(paths), "", lambda kept: self.show_kept(kept[-1]))

    def _reveal(self, key: str) -> None:
        card, item = self.card(key), self.item(key)
        if card is not None and item is not None and not self._places.show(card.path.parent):
            item.say(f"The system has no file manager for it; the file is “{card.path}”.", "caution")

    def _change(self, key: str, name: str, note: str) -> None:
        card = self.card(key)
        if card is None:
            return

        def changed(path: Path) -> None:
            item = self.item(key)
            if item is not None:  # which stays where only the note is another
                item.done()
            self.show_kept(path)

        self._run("change", states_work.change(card, name, note), key, changed)

    def _delete(self, key: str) -> None:
        card = self.card(key)
        if card is None:
            return

        def gone(where: Path) -> None:
            self._deleted = card, where
            at = next((place for place, item in enumerate(self.items) if item.facts.key == key), 0)
            self._wanted += 1  # a reading under way would bring it back
            self.cards = [other for other in self.cards if other.path != card.path]
            self._show()
            if self.items:
                self.items[min(at, len(self.items) - 1)].heading.setFocus()
            self.listed.emit()
            self.removed.emit(card)

        self._run("delete", states_work.delete(card), key, gone)

    def undo(self) -> None:
        """Bring back what was deleted last."""
        if self._deleted is None:
            return
        card, where = self._deleted
        self._deleted = None
        self._run("restore", states_work.restore(card, where), "", self.show_kept)

    def _run(self, name: str, work: states_work.Work, key: str, then: Callable[[Any], Any]) -> None:
        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                then(event.result)
            elif isinstance(event, Failed):
                item, sentence = self.item(key), words.in_window(event.sentence)
                if item is not None:
                    item.say(sentence, "bad")
                else:
                    self.told.emit("bad", sentence)

        self._desk.run_job(name, work, on_event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape empties the search; Down goes from it to the cards."""
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif event.key() == Qt.Key.Key_Down and self.search.hasFocus() and self.items:
            self.items[0].heading.setFocus()
        else:
            super().keyPressEvent(event)
