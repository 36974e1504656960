"""The list of runs on the Train page: newest first, one folded open at a time."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from chargen import paths
from chargen.errors import ChargenError
from chargen.gui import pickers, theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.runs_card import RunItem
from chargen.gui.pickers import Pickers
from chargen.gui.places import Places
from chargen.gui.widgets.buttons import GhostButton, IconButton
from chargen.gui.widgets.cards import EmptyState
from chargen.gui.widgets.labelled import ElidedLabel
from chargen.jobs import Done, Failed, Worker
from chargen.model.library import RunCard, delete_run, list_runs, name_run, share_model

_WIDTH = 880
_AT_ONCE = 40
_SEARCH_WIDTH = 220


class _Column(QWidget):
    """As wide as fits a line of facts, and no wider."""

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(_WIDTH, 0))


class RunsList(QWidget):
    """``continued`` carries the RunCard to train on; ``left`` says that the list has done its work."""

    continued = Signal(object)
    left = Signal()

    def __init__(self, desk: Desk, files: Pickers, places: Places, minutes: Callable[[], float]) -> None:
        super().__init__()
        self.setAccessibleName("Runs")
        self._desk, self._files, self._places, self._minutes = desk, files, places, minutes
        self._cards: list[RunCard] = []
        self.items: list[RunItem] = []
        self._wanted = 0  # readings asked for; only the newest counts
        self._shown = _AT_ONCE
        self.told = ElidedLabel("", "secondary")
        self.told.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.back = IconButton("close", "Back to the training")
        self.back.clicked.connect(self.left)
        head = QHBoxLayout()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search the runs by name, text and note")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(_SEARCH_WIDTH)
        self.search.textChanged.connect(self._sought)
        self.order = QComboBox()
        self.order.setAccessibleName("Order of the runs")
        for key, name in (("newest", "Newest first"), ("best", "Lowest loss first"), ("name", "By name")):
            self.order.addItem(name, key)
        self.order.currentIndexChanged.connect(self._sought)
        head.setSpacing(theme.SPACE_2)
        head.addWidget(self.told, 1)
        head.addWidget(self.search)
        head.addWidget(self.order)
        head.addWidget(self.back)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.SPACE_2)
        self.more = GhostButton("More")
        self.more.clicked.connect(self._show_more)
        self.more.hide()
        content = QWidget()
        rows = QVBoxLayout(content)
        rows.setContentsMargins(1, 1, theme.SPACE_2, theme.SPACE_2)
        rows.setSpacing(theme.SPACE_2)
        rows.addLayout(self._list)
        rows.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(content)
        self.empty = EmptyState(
            "train", "No runs yet: each training is kept here, to go on with or share.", "Back to the training"
        )
        self.empty.activated.connect(self.left)
        self.empty.hide()
        self._column = _Column()
        self._column.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(self._column)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_2)
        column.addLayout(head)
        column.addWidget(self.area, 1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addStretch(1)
        whole.addWidget(self._column, 1000)
        whole.addWidget(self.empty, 1000)
        whole.addStretch(1)
        desk.training_state_changed.connect(self._training_changed)

    # --- reading

    def refresh(self) -> None:
        """Read the runs again, in a job; what is shown stays until they are there."""
        self._wanted += 1
        wanted, folder = self._wanted, paths.runs_dir()

        def work(worker: Worker) -> list[RunCard]:
            return list_runs(folder, worker.check)

        def on_event(event: Any) -> None:
            if wanted != self._wanted:
                return
            if isinstance(event, Done):
                self._show(event.result)
            elif isinstance(event, Failed):
                self.told.set_text(words.in_window(event.sentence))

        self._desk.run_job("runs", work, on_event)

    def _show(self, cards: list[RunCard]) -> None:
        self._cards = cards
        opened = next((item.card.folder for item in self.items if item.is_open()), None)
        wanted = self._wanted_cards()
        shown = wanted[: self._shown]
        if [item.card.folder for item in self.items] == [card.folder for card in shown]:
            for item, card in zip(self.items, shown, strict=True):
                item.set_card(card)
        else:
            for item in self.items:
                item.hide()
                self._list.removeWidget(item)
                item.deleteLater()
            self.items = [self._item(card) for card in shown]
            for item in self.items:
                self._list.addWidget(item)
                item.show()
                if item.card.folder == opened:
                    item.heading.setChecked(True)
        rest = len(wanted) - len(shown)
        self.more.setText(f"Show {min(rest, _AT_ONCE)} more of {rest:,}")
        self.more.setVisible(rest > 0)
        found = f"{len(wanted):,} of " if len(wanted) < len(cards) else ""
        self.told.set_text(f"{found}{words.count(len(cards), 'run')}" if cards else "")
        self._column.setVisible(bool(cards))
        self.empty.setVisible(not cards)
        self._tell()

    def _wanted_cards(self) -> list[RunCard]:
        """Those with every sought word in their name, text or note, in the chosen order."""
        sought = self.search.text().casefold().split()
        found = [
            card
            for card in self._cards
            if all(word in f"{card.name} {card.text} {card.note} {card.cell}".casefold() for word in sought)
        ]
        order = self.order.currentData()
        if order == "best":  # where nothing was measured, last
            return sorted(found, key=lambda card: math.inf if card.loss is None else card.loss)
        if order == "name":
            return sorted(found, key=lambda card: card.name.casefold())
        return found  # newest first, as they are listed

    def _sought(self, *_changed: object) -> None:
        self._shown = _AT_ONCE
        self._show(self._cards)

    def _item(self, card: RunCard) -> RunItem:
        item = RunItem(card)
        item.unfolded.connect(self._unfolded)
        item.opened.connect(self._open)
        item.continued.connect(self.continued)
        item.shown.connect(self._reveal)
        item.shared.connect(self._share)
        item.deleted.connect(self._delete)
        item.named.connect(self._name)
        return item

    def _show_more(self) -> None:
        self._shown += _AT_ONCE
        self._show(self._cards)

    def _training_changed(self, _state: str) -> None:
        if self.isVisible():
            self.refresh()
        self._tell()

    def tell(self) -> None:
        """The time to train has changed."""
        self._tell()

    def _tell(self) -> None:
        busy = "" if self._desk.training_state == "idle" else "Another training runs; stop that first."
        longer = words.minutes(self._minutes())
        for item in self.items:
            item.set_continuing(longer, busy)

    def item(self, folder: Path) -> RunItem | None:
        """The item of a run, where it is shown."""
        return next((item for item in self.items if item.card.folder == folder), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the search first, and only then the list; Down goes from it into the list."""
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.focus_first()
        else:
            super().keyPressEvent(event)

    def focus_first(self) -> None:
        """The first run, or the button of the empty list."""
        target = self.items[0].heading if self.items else self.empty.button
        if target is not None:
            target.setFocus()

    # --- what a person does

    def _unfolded(self, opened: RunItem) -> None:
        for item in self.items:
            if item is not opened:
                item.fold()
        self._tell()
        QTimer.singleShot(0, opened, lambda: self.area.ensureWidgetVisible(opened, 0, theme.SPACE_2))

    def _open(self, card: RunCard) -> None:
        self._desk.open_model(card.folder, card.name)

    def _reveal(self, card: RunCard) -> None:
        item = self.item(card.folder)
        if item is not None and not self._places.show(card.folder):
            item.say(f"The system has no file manager for it; the folder is “{card.folder}”.", "caution")

    def _name(self, card: RunCard, name: str, note: str) -> None:
        def work(_worker: Worker) -> None:
            name_run(card.folder, name, note)

        self._run("name", card, work, "")

    def _share(self, card: RunCard) -> None:
        def chosen(path: Path) -> None:
            def work(_worker: Worker) -> None:
                share_model(card.folder, path)

            self._run("share", card, work, f"Copied to “{path}”.")

        stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", card.name).strip(" .-")[:60] or "model"
        self._files.name_file(self, "Share the model", f"{stem}.safetensors", pickers.MODELS, chosen)

    def _run(self, name: str, card: RunCard, work: Callable[[Worker], None], told: str) -> None:
        def on_event(event: Any) -> None:
            item = self.item(card.folder)
            if isinstance(event, Done):
                if item is not None:
                    item.done()
                    item.say(told, "good")
                self.refresh()
            elif isinstance(event, Failed) and item is not None:
                item.say(words.in_window(event.sentence), "bad")

        self._desk.run_job(name, work, on_event)

    def _delete(self, card: RunCard) -> None:
        item = self.item(card.folder)
        try:
            delete_run(card.folder, self._places.trash)
        except ChargenError as error:
            if item is not None:
                item.done()
                item.say(str(error), "bad")
            return
        at = next((index for index, item in enumerate(self.items) if item.card.folder == card.folder), 0)
        self._wanted += 1  # a reading under way would bring it back
        self._show([other for other in self._cards if other.folder != card.folder])
        if self.items:
            self.items[min(at, len(self.items) - 1)].heading.setFocus()
        else:
            self.focus_first()
