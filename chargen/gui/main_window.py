"""The window: the rail, the pages, the status bar, the menus; and closing it in order."""

import importlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSize, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDesktopServices, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from chargen.gui import icons, pickers, settings_store, theme, words
from chargen.gui.desk import Desk
from chargen.gui.pickers import Pickers
from chargen.gui.settings_store import WindowSettings
from chargen.gui.tasks import STATE_SUFFIXES, what_to_open
from chargen.gui.widgets.banner import InlineBanner
from chargen.gui.widgets.drop_zone import DropOverlay
from chargen.gui.widgets.notices import Notices
from chargen.gui.widgets.rail import Rail, RailItem
from chargen.gui.widgets.status_line import StatusLine

# Key, name, icon, shortcut, module and class. A page is made when it is first shown.
PAGES = (
    ("corpus", "Corpus", "corpus", "Ctrl+1", "chargen.gui.pages.corpus", "CorpusPage"),
    ("train", "Train", "train", "Ctrl+2", "chargen.gui.pages.train", "TrainPage"),
    ("write", "Write", "write", "Ctrl+3", "chargen.gui.pages.write", "WritePage"),
    ("states", "States", "states", "Ctrl+4", "chargen.gui.pages.states", "StatesPage"),
    ("insight", "Insight", "insight", "Ctrl+5", "chargen.gui.pages.insight", "InsightPage"),
)
_JOB_WORDS = {
    "read": "Reading", "open": "Opening", "device": "Looking for a device", "write": "Writing", "twins": "Writing",
    "score": "Scoring",
}  # fmt: skip
MINIMUM = QSize(900, 620)
FIRST = QSize(1280, 800)
_FRAME = QSize(8, 40)  # a title bar and borders, which are not known before the window is shown


class MainWindow(QMainWindow):
    """``finished`` says that everything is saved and the window is gone: the program can end."""

    finished = Signal()
    page_made = Signal(str, object)
    remembering = Signal()  # the window closes: last chance to say what is to be remembered

    def __init__(self, desk: Desk, settings: WindowSettings, files: Pickers) -> None:
        super().__init__()
        self.desk, self._settings, self._files = desk, settings, files
        self.setWindowTitle("chargen")
        self.setWindowIcon(icons.app_icon())
        self.setMinimumSize(MINIMUM)
        self._pages: dict[str, QWidget] = {}
        self._rail = Rail([RailItem(key, name, icon, shortcut) for key, name, icon, shortcut, _, _ in PAGES])
        self._rail.selected.connect(self.show_page)
        self._stack = QStackedWidget()
        self.notices = Notices()
        self.status = StatusLine()
        self._progress: Any = None  # the last Progress of the training
        self._reading: float | None = None
        self._lay_out()
        self._make_menus()
        self.overlay = DropOverlay(self)
        self.overlay.dropped.connect(self._dropped)
        self.overlay.refused.connect(self._refused)
        self._watch()
        self._restore()

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.notices)
        right.addWidget(self._stack, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._rail)
        middle.addLayout(right, 1)
        self._centre = QWidget()
        whole = QVBoxLayout(self._centre)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(middle, 1)
        whole.addWidget(self.status)
        self._centre.setProperty("noFocusRing", True)  # it holds the focus only until the first key
        self.setCentralWidget(self._centre)

    # --- menus

    def _make_menus(self) -> None:
        bar = self.menuBar()
        file = bar.addMenu("&File")
        self._action(file, "Open &text…", self._open_text, "Ctrl+O")
        self._action(file, "Open &folder…", self._open_folder)
        self.recent_menu = file.addMenu("Open &recent text")
        self.recent_menu.setEnabled(False)
        self._action(file, "Open &model…", self._open_model, "Ctrl+Shift+O")
        self._action(file, "Open seed &state…", self._open_state)
        file.addSeparator()
        self._action(file, "&Write an export again…", self._open_export)
        self._action(file, "&Export…", partial(self._on_write, "export"), "Ctrl+E")
        self._action(file, "Show the &runs in the file manager", self._show_runs)
        file.addSeparator()
        self._action(file, "&Quit", self.close, QKeySequence(QKeySequence.StandardKey.Quit), "Ctrl+Q")
        go = bar.addMenu("&Go")
        for key, name, _icon, shortcut, _module, _class in PAGES:
            self._action(go, f"&{name}", partial(self.show_page, key), shortcut)
        do = bar.addMenu("&Do")
        self._train_action = self._action(do, "&Train", self._train, "Ctrl+R")
        self._stop_action = self._action(do, "&Stop training", self.desk.stop_training)
        self._save_action = self._action(do, "Save the model &now", self.desk.save_training, "Ctrl+S")
        self._action(do, "R&uns", self._runs, "Ctrl+Shift+R")
        do.addSeparator()
        self._action(do, "&Write", partial(self._on_write, "write_or_stop"), "Ctrl+Return")
        self._action(do, "C&ontinue", partial(self._on_write, "continue_text"), "Ctrl+Shift+Return")
        self._action(do, "Write &again", partial(self._on_write, "again"), "Ctrl+Alt+Return")
        self._action(do, "Ca&pture the state at the caret", partial(self._on_write, "capture_here"), "Ctrl+K")
        self._action(do, "&New draft", partial(self._on_write, "new_draft"), "Ctrl+N")
        self._action(do, "&Compare texts", partial(self._on_write, "compare"), "Ctrl+D")
        self._action(do, "S&core this draft", partial(self._on_write, "score"))
        view = bar.addMenu("&View")
        group = QActionGroup(self)
        for choice, name in (("system", "&As the system"), ("light", "&Light"), ("dark", "&Dark")):
            action = self._action(view, name, partial(self.set_theme, choice))
            action.setCheckable(True)
            action.setChecked(choice == self._settings.theme)
            group.addAction(action)

    def _action(self, menu: QMenu, name: str, slot: Callable[[], Any], *shortcuts: QKeySequence | str) -> QAction:
        action = QAction(name, self)
        action.triggered.connect(lambda _checked=False: slot())
        keys = [key for shortcut in shortcuts if not (key := QKeySequence(shortcut)).isEmpty()]
        action.setShortcuts(list(dict.fromkeys(keys)))
        menu.addAction(action)
        return action

    def _open_text(self) -> None:
        self._files.open_files(self, "Open texts", pickers.TEXTS, self.desk.open_paths)

    def _open_folder(self) -> None:
        self._files.open_folder(self, "Open a folder of texts, or a run", lambda path: self.desk.open_paths([path]))

    def _open_model(self) -> None:
        self._files.open_file(self, "Open a model", pickers.MODELS, self.desk.open_model)

    def _open_state(self) -> None:
        self._files.open_file(self, "Open a seed state", pickers.STATES, self.desk.open_state)

    def _open_export(self) -> None:
        self._files.open_file(self, "Write an export again", pickers.EXPORTS, self.desk.open_export)

    def _dropped(self, paths: list[Path]) -> None:
        """States that fall on their page go into the library, texts on Insight are scored; all else is opened."""
        if self.current_page() == "insight" and what_to_open(paths)[0] == "texts":
            self.page("insight").open_paths(paths)  # type: ignore[attr-defined]
        elif self.current_page() == "states" and all(path.suffix.lower() in STATE_SUFFIXES for path in paths):
            self.page("states").keep_files(paths)  # type: ignore[attr-defined]
        else:
            self.desk.open_paths(paths)

    def _use_steering(self, rules: str) -> None:
        controls = self.page("write").controls  # type: ignore[attr-defined]
        controls.controls["steer"].setText(rules)
        controls.controls["steer"].editingFinished.emit()  # a text that is being written is steered at once
        controls.advanced.set_open(True)

    def _show_runs(self) -> None:
        from chargen.paths import runs_dir

        folder = runs_dir()
        if folder.is_dir():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
        else:
            self.show_notice("info", f"There are no runs yet; they will be kept in “{folder}”.")

    def _on_write(self, what: str) -> None:
        self.show_page("write")
        getattr(self.page("write"), what)()

    def _score(self, text: str, name: str) -> None:
        self.page("insight").take(text, name)  # type: ignore[attr-defined]

    def _train(self) -> None:
        self.show_page("train")
        self.page("train").act()  # type: ignore[attr-defined]

    def _runs(self) -> None:
        self.show_page("train")
        self.page("train").show_runs()  # type: ignore[attr-defined]

    def set_theme(self, choice: Any) -> None:
        """Light, dark, or as the system; remembered."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._settings.theme = choice
        theme.apply(app, choice)

    # --- pages

    def page(self, key: str) -> QWidget:
        """The page, made now if it was not yet."""
        if key not in self._pages:
            module, name = next((page[4], page[5]) for page in PAGES if page[0] == key)
            page = getattr(importlib.import_module(module), name)(self.desk, self._files)
            # What is dropped anywhere belongs to the window, not to the box it happens to fall on.
            for box in (QLineEdit, QPlainTextEdit, QAbstractSpinBox):
                for field in page.findChildren(box):
                    field.setAcceptDrops(False)
            self._pages[key] = page
            self._stack.addWidget(page)
            self.page_made.emit(key, page)
        return self._pages[key]

    def made_pages(self) -> dict[str, QWidget]:
        """The pages that exist already, by their keys."""
        return dict(self._pages)

    def show_page(self, key: str) -> None:
        self._stack.setCurrentWidget(self.page(key))
        self._rail.set_current(key)
        self._settings.page = key

    def current_page(self) -> str:
        return self._rail.current()

    # --- what the desk says

    def _watch(self) -> None:
        desk = self.desk
        desk.page_wanted.connect(self.show_page)
        desk.steering_wanted.connect(self._use_steering)
        desk.score_wanted.connect(self._score)
        desk.notice.connect(self.show_notice)
        desk.device_changed.connect(self._device_found)
        desk.device_failed.connect(self._no_device)
        desk.training_event.connect(self._training_event)
        desk.training_state_changed.connect(self._training_state)
        desk.corpus_reading.connect(self._reading_share)
        desk.work_changed.connect(self._tell)
        desk.closed.connect(self._closed)
        self._training_state(desk.training_state)

    def show_notice(self, kind: Any, sentence: str) -> None:
        """One sentence above the page, until it is dismissed; others stand below it."""
        self.notices.say(kind, words.in_window(sentence))

    @property
    def banner(self) -> InlineBanner:
        """The newest notice."""
        return self.notices.newest

    def _refused(self, sentence: str) -> None:
        self.show_notice("caution", sentence)

    def _device_found(self, device: Any) -> None:
        self.status.device.set_device(device.name, device.reason, "ready")

    def _no_device(self, sentence: str) -> None:
        self.status.device.set_device("No training", sentence, "trouble")
        self.show_notice("bad", sentence)

    def _training_event(self, event: Any) -> None:
        from chargen.training import events

        if isinstance(event, events.Started):
            threads = words.count(event.threads, "thread")
            self.status.device.set_device(f"{event.device} · {threads} · {event.precision}", event.reason, "busy")
        elif isinstance(event, events.Progress):
            self._progress = event
            self._tell()

    def _training_state(self, state: str) -> None:
        if state in ("idle", "starting"):
            self._progress = None
        if self.status.device.state() in ("ready", "busy"):
            self.status.device.set_state("busy" if state in ("running", "stopping") else "ready")
        running = state in ("running", "paused")
        self._train_action.setText({"running": "&Pause", "paused": "&Resume"}.get(state, "&Train"))
        self._stop_action.setEnabled(running)
        self._save_action.setEnabled(running)
        self._tell()

    def _reading_share(self, share: float | None) -> None:
        self._reading = share
        self._tell()

    def _tell(self) -> None:
        """The right end of the status bar: what runs, how fast, how long still."""
        self.status.set_activity(self._training_words() or self._job_words())

    def _training_words(self) -> str:
        state, progress = self.desk.training_state, self._progress
        if state == "starting":
            return "Preparing to train"
        if state == "stopping":
            return "Stopping: measuring and saving"
        if state == "paused":
            return f"Paused at step {progress.step:,}" if progress else "Paused"
        if state == "running" and progress is not None:
            left = "" if progress.seconds_left is None else f" · {words.clock(progress.seconds_left)} left"
            speed = f"{progress.characters_per_second:,.0f} characters/s"
            return f"Training · {speed} · step {progress.step:,}{left}"
        return "Training" if state == "running" else ""

    def _job_words(self) -> str:
        if self._reading is not None:
            return f"Reading · {self._reading:.0%}"
        shown = [_JOB_WORDS[name] for name in self.desk.busy_with() if name in _JOB_WORDS and name != "device"]
        return shown[0] if shown else ""

    # --- place and end

    def _restore(self) -> None:
        self.resize(FIRST)
        if self._settings.geometry:
            self.restoreGeometry(QByteArray.fromHex(self._settings.geometry.encode()))
        screen = self.screen().availableGeometry()
        self.resize(self.size().boundedTo(screen.size() - _FRAME))
        self.show_page(self._settings.page)
        self._centre.setFocus()  # no ring before the first key; Tab begins at the rail

    def _remember(self) -> None:
        self._settings.geometry = bytes(self.saveGeometry().toHex().data()).decode()
        self._settings.folder = str(self._files.folder)
        self.remembering.emit()
        settings_store.save(self._settings)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is asked. What learns is stopped and saved first, with the window still alive."""
        first = not self.desk.closing
        if first and not self._let_go():
            event.ignore()
            return
        if first:
            self._remember()
        learning = self.desk.training_state != "idle"
        self.desk.shutdown()
        if self._is_closed:
            event.accept()
            return
        event.ignore()
        if first:
            for dialog in self.findChildren(QDialog):  # none outlives the window, or opens what nobody will see
                dialog.reject()
            self._centre.setEnabled(False)
            self.menuBar().setEnabled(False)
            if learning:
                self.status.set_activity("Saving what was learned")
            else:
                self.hide()  # nothing to save: what still runs ends by itself

    def _let_go(self) -> bool:
        """What the hand still holds: a name or a number that is being typed counts, a menu or a drag does not.

        A list tells the name that was typed in it a moment later: False until then, and the window closes by itself.
        """
        if self._letting_go:
            return False
        while (popup := QApplication.activePopupWidget()) is not None and popup.close():
            pass
        if (typed := self.focusWidget()) is not None:
            self._letting_go = any(isinstance(view, QAbstractItemView) for view in _ancestors(typed))
            typed.clearFocus()
        self.overlay.hide()
        if self._letting_go:
            QTimer.singleShot(0, self, self._close_after_all)
        return not self._letting_go

    _letting_go = False

    def _close_after_all(self) -> None:
        self._letting_go = False
        self.close()

    _is_closed = False

    def _closed(self) -> None:
        self._is_closed = True
        self.hide()
        self.finished.emit()


def _ancestors(widget: QWidget) -> Iterator[QWidget]:
    """What a widget stands in, from the nearest."""
    while (parent := widget.parentWidget()) is not None:
        yield parent
        widget = parent
