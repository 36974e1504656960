"""Everything comes back: what lay on the desk, what was chosen, how the pages were laid out, the drafts.

Written a moment after something changed, and once more when the window closes; read by jobs behind the
painted window.
"""

import copy
import threading
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSplitter, QWidget

from chargen.gui import settings_store
from chargen.gui.desk import Desk, OpenModel
from chargen.gui.main_window import MainWindow
from chargen.gui.settings_store import WindowSettings
from chargen.gui.tasks import TextChoices
from chargen.gui.widgets.fold import Fold
from chargen.jobs import Done, Worker

TEXTS = 8
SAVED_AFTER_MS = 800
Recent = tuple[str, str, str]  # name, where it is, and why it cannot be opened (else empty)


class Memory(QObject):
    """Watches a window and its desk, and keeps ``settings`` true. ``recent`` carries the recent texts, looked at."""

    recent = Signal(object)

    def __init__(self, window: MainWindow, settings: WindowSettings) -> None:
        super().__init__(window)
        self._window, self._desk, self._settings = window, window.desk, settings
        self._writing = threading.Lock()
        self._version = 0
        self._recent: list[Recent] = []
        self._awake = False  # the window is painted: the drafts may be read
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVED_AFTER_MS)
        self._timer.timeout.connect(self._save)
        desk: Desk = window.desk
        desk.corpus_changed.connect(self._text_changed)
        desk.model_changed.connect(self._model_changed)
        window.page_made.connect(self._page_made)
        window.remembering.connect(self._last_save)
        for key, page in window.made_pages().items():
            self._page_made(key, page)

    def bring_back(self, desk_too: bool = True) -> None:
        """Open again what lay on the desk (unless something else was asked for), read the drafts, look at the texts."""
        settings = self._settings
        choices = self._choices()
        if desk_too:
            text = choices[0] if settings.text_open and choices else None
            model = Path(settings.model) if settings.model else None
            self._desk.reopen(text, model, settings.model_name)
        self._awake = True
        self._read_drafts()
        self.look()

    def _read_drafts(self) -> None:
        page: Any = self._window.made_pages().get("write")
        if self._awake and page is not None:
            wanted = self._settings.writing.get("draft")
            page.shelf.bring_back(wanted if isinstance(wanted, str) else None)

    # --- recent texts

    def look(self) -> None:
        """See in a job which of the recent texts are still there."""
        texts = list(zip(self._choices(), self._names(), strict=True))

        def work(_worker: Worker) -> list[Recent]:
            return [_look(choices, name) for choices, name in texts]

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                self._recent = event.result
                self._fill_menu()
                self.recent.emit(self._recent)

        self._desk.run_job("recent", work, on_event)

    def open_recent(self, place: int) -> None:
        """Read one of the recent texts again, as it was read then."""
        choices = self._choices()
        if 0 <= place < len(choices):
            self._desk.read(choices[place])

    def forget_texts(self) -> None:
        """Empty the list of recent texts."""
        self._settings.texts = []
        self._changed()
        self.look()

    def _fill_menu(self) -> None:
        menu = self._window.recent_menu
        menu.clear()
        for place, (name, where, reason) in enumerate(self._recent):
            shown = (f"{name} – {reason}" if reason else name).replace("&", "&&")
            action = QAction(shown, menu)
            action.setEnabled(not reason)
            action.setStatusTip(where)
            action.triggered.connect(lambda _checked=False, at=place: self.open_recent(at))
            menu.addAction(action)
        if self._recent:
            menu.addSeparator()
            forget = QAction("&Forget these", menu)
            forget.triggered.connect(self.forget_texts)
            menu.addAction(forget)
        menu.setEnabled(bool(self._recent))

    def _choices(self) -> list[TextChoices]:
        return [choices for choices, _ in _sound(self._settings.texts)]

    def _names(self) -> list[str]:
        return [name for _, name in _sound(self._settings.texts)]

    # --- what changes

    def _text_changed(self, corpus: Any) -> None:
        self._settings.text_open = corpus is not None
        if corpus is not None:
            choices = self._desk.choices
            entry = asdict(choices) | {"paths": [str(path.absolute()) for path in choices.paths], "name": corpus.name}
            key = (entry["paths"], entry["entry"])
            kept = [text for text in self._settings.texts if isinstance(text, dict)]
            others = [text for text in kept if (text.get("paths"), text.get("entry")) != key]
            self._settings.texts = [entry, *others][:TEXTS]
            self.look()
        self._changed()

    def _model_changed(self, opened: OpenModel | None) -> None:
        path = None if opened is None else opened.path
        if opened is not None and opened.live:
            path = self._desk.run_folder  # what it learned will be saved there
        if opened is not None and path is None:
            return
        before = self._settings.model, self._settings.model_name
        self._settings.model = "" if path is None else str(path.absolute())
        self._settings.model_name = "" if opened is None else opened.name[:200]
        if before != (self._settings.model, self._settings.model_name):
            self._changed()

    def _page_made(self, key: str, page: Any) -> None:
        _lay_out(page, self._settings.layout.get(key))
        if key == "corpus":
            self.recent.connect(page.empty.set_recent)
            page.empty.recent.connect(self.open_recent)
            page.empty.set_recent(self._recent)
        elif key == "train":
            page.form.recall(self._settings.training)
            page.form.changed.connect(self._changed)
        elif key == "write":
            page.recall(self._settings.writing)
            page.settings_changed.connect(self._changed)
            self._read_drafts()
        elif key == "states":
            page.recall(self._settings.states)
            page.settings_changed.connect(self._changed)
        elif key == "insight":
            page.recall(self._settings.insight)
            page.settings_changed.connect(self._changed)

    # --- saving

    def _changed(self, *_ignored: object) -> None:
        self._version += 1
        self._timer.start()

    def _gather(self) -> WindowSettings:
        pages: dict[str, Any] = self._window.made_pages()
        if "train" in pages:
            self._settings.training = pages["train"].form.remembered()
        if "write" in pages:
            self._settings.writing = pages["write"].remembered()
        if "states" in pages:
            self._settings.states = pages["states"].remembered()
        if "insight" in pages:
            self._settings.insight = pages["insight"].remembered()
        for key, page in pages.items():
            before = self._settings.layout.get(key)
            self._settings.layout[key] = _layout(page, before if isinstance(before, dict) else {})
        return copy.deepcopy(self._settings)

    def _save(self) -> None:
        if self._desk.closing:
            return
        version, settings = self._version, self._gather()

        def work(_worker: Worker) -> None:
            with self._writing:
                if version == self._version:  # else a newer one is on its way
                    settings_store.save(settings)

        self._desk.run_job("remember", work, lambda _event: None)

    def _last_save(self) -> None:
        """The window writes the settings itself now; nothing older may come after."""
        self._timer.stop()
        self._version += 1
        self._gather()
        page: Any = self._window.made_pages().get("write")
        if page is not None:
            page.shelf.save()
        with self._writing:
            pass  # what is being written is finished first


def _layout(page: QWidget, before: dict[str, Any]) -> dict[str, Any]:
    """Which folds of a page are open, and the sizes beside its splitters; of hidden parts as they were before."""
    folds = {fold.heading.text(): fold.is_open() for fold in page.findChildren(Fold)}
    sizes = {splitter.objectName(): splitter.sizes() for splitter in page.findChildren(QSplitter)}
    known = before.get("splitters")
    splitters = {name: size for name, size in sizes.items() if all(size)}
    return {"folds": folds, "splitters": {**(known if isinstance(known, dict) else {}), **splitters}}


def _lay_out(page: QWidget, layout: Any) -> None:
    """Fold and divide a page as it was; what makes no sense is left out."""
    layout = layout if isinstance(layout, dict) else {}
    folds, splitters = layout.get("folds"), layout.get("splitters")
    for fold in page.findChildren(Fold):
        if isinstance(folds, dict) and folds.get(fold.heading.text()) is True:
            fold.set_open(True)
    for splitter in page.findChildren(QSplitter):
        sizes: Any = splitters.get(splitter.objectName()) if isinstance(splitters, dict) else None
        whole = isinstance(sizes, list) and len(sizes) == splitter.count()
        if whole and all(type(size) is int and 0 < size < 100_000 for size in sizes):
            splitter.setSizes(sizes)


def _look(choices: TextChoices, name: str) -> Recent:
    if choices.entry:
        return name, "A text at hand", ""
    first = choices.paths[0]
    where = str(first) if len(choices.paths) == 1 else f"{first} and {len(choices.paths) - 1} more"
    gone = [path for path in choices.paths if not path.exists()]
    if not gone:
        return name, where, ""
    return name, where, "not there any more" if len(gone) == len(choices.paths) else f"{gone[0].name} is missing"


def _sound(texts: Iterable[Any]) -> list[tuple[TextChoices, str]]:
    """Recent texts as they were remembered; what makes no sense is left out."""
    found = []
    for text in texts:
        try:
            paths = tuple(Path(path) for path in text["paths"])
            entry, name, encoding = text["entry"], text["name"], text["encoding"]
            share, newlines = float(text["validation"]), text["newlines"]
            if not all(isinstance(word, str) for word in (entry, name, newlines, encoding or "")):
                continue
            if (paths or entry) and 0 <= share <= 0.5 and newlines in ("normalise", "keep"):
                found.append((TextChoices(paths, entry, encoding, text["as_text"] is True, newlines, share), name))
        except (KeyError, TypeError, ValueError):
            continue
    return found[:TEXTS]
