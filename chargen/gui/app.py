"""Start-up, what happens to unexpected errors, and an orderly end."""

import contextlib
import gc
import logging
import logging.handlers
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSocketNotifier, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from chargen import __version__, paths
from chargen.errors import ChargenError, FileError
from chargen.files import ensure_folder
from chargen.gui import settings_store, tasks, theme
from chargen.gui.desk import Desk
from chargen.gui.garbage import collected_here
from chargen.gui.main_window import MainWindow
from chargen.gui.memory import Memory
from chargen.gui.pickers import Pickers
from chargen.gui.widgets import focus_ring
from chargen.jobs import Worker

_log = logging.getLogger("chargen")
_LOG_BYTES = 2**20

SWITCH_SECONDS = 0.002
"""How long another thread may keep the interpreter while the window waits for it; Python's default is 5 ms."""


def run(argv: Sequence[str] = (), asked: Sequence[int] = ()) -> int:
    """Open the window, on the files in ``argv`` if there are any. Returns the exit code when it is closed.

    ``asked`` holds the signals that came before the window could hear them.
    """
    app = make_application()
    sys.setswitchinterval(SWITCH_SECONDS)
    with (
        collected_here(), logged(), Reports() as reports,
        signals_heard(lambda number: _leave(window, reports, 128 + number)),
    ):  # fmt: skip
        window = open_window(reports, desk_too=not argv)  # a signal that arrives meanwhile is obeyed in the event loop
        window.finished.connect(lambda: app.exit(reports.code))
        for number in asked[:1]:
            QTimer.singleShot(0, partial(_leave, window, reports, 128 + number))
        if argv:
            window.desk.open_paths([Path(name) for name in argv])
        app.exec()
    return reports.code


def make_application() -> QApplication:
    """The QApplication, named and with our fonts; the one that exists where there is one."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["chargen"])
    app.setApplicationName("chargen")
    app.setApplicationDisplayName("chargen")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("chargen")
    app.setQuitOnLastWindowClosed(False)  # the window says itself when everything is saved
    return app


def open_window(reports: "Reports | None" = None, warm_up: bool = True, desk_too: bool = True) -> MainWindow:
    """The window, shown; once it is painted, what was there last time comes back, and torch is imported behind it.

    Neither happens without ``warm_up``; without ``desk_too`` the desk stays empty for what else is opened.
    """
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    settings, notice = settings_store.load()
    theme.apply(app, settings.theme)  # type: ignore[arg-type]
    focus_ring.install(app)
    window = MainWindow(Desk(), settings, Pickers(Path(settings.folder) if settings.folder else None))
    if notice:
        window.show_notice("caution", notice)
    if reports is not None:
        reports.set_window(window)
    memory = Memory(window, settings)
    if warm_up:

        def behind() -> None:
            if not window.desk.closing:
                memory.bring_back(desk_too)
                _warm_up(window)

        AfterPaint(window, behind)
    window.show()
    return window


def _warm_up(window: MainWindow) -> None:
    """Behind the painted window: what the plot needs, then torch; then the pages that wait for them."""

    def preload(worker: Worker) -> None:
        with tasks.cancellable_imports(worker):
            import pyqtgraph  # noqa: F401  makes no Qt object while it is imported

    def make(keys: list[str]) -> None:
        if window.desk.closing:
            return
        if keys:
            window.page(keys[0])
            QTimer.singleShot(0, window, lambda: make(keys[1:]))
        else:
            # What the imports made stays for good: collecting garbage among it would stop the window for a moment.
            window.desk.device_changed.connect(lambda _device: gc.freeze())
            window.desk.find_device()

    window.desk.run_job("preload", preload, lambda _event: make(["train", "write"]))


def _leave(window: MainWindow, reports: "Reports", code: int) -> None:
    """A signal: the same end as closing the window, with the exit code that a shell expects."""
    if not window.desk.closing:
        reports.code = code
    window.close()


class AfterPaint(QObject):
    """Calls ``then`` once, when ``window`` has been painted for the first time."""

    def __init__(self, window: QWidget, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._then: Callable[[], None] | None = then
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._then is not None:
            then, self._then = self._then, None
            QTimer.singleShot(0, self, then)
        return False


# --- what nobody expected


@contextlib.contextmanager
def logged() -> Iterator[None]:
    """The program's log goes to the user's log file, which is kept small; without a place for it, nowhere."""
    handler: logging.Handler = logging.NullHandler()
    with contextlib.suppress(FileError, OSError):
        ensure_folder(paths.log_file().parent)
        handler = logging.handlers.RotatingFileHandler(
            paths.log_file(), maxBytes=_LOG_BYTES, backupCount=1, delay=True, encoding="utf-8",
            errors="backslashreplace",
        )  # fmt: skip
    handler.setFormatter(logging.Formatter("--- %(asctime)s %(levelname)s %(name)s\n%(message)s"))
    _log.addHandler(handler)
    try:
        yield
    finally:
        _log.removeHandler(handler)
        handler.close()


class Reports(QObject):
    """Takes over the hooks for unexpected errors: the traceback to the log, one sentence to the user.

    ``code`` is the exit code to be.
    """

    _arrived = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.code = 0
        self._window: QWidget | None = None
        self._box: QMessageBox | None = None
        self._arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def set_window(self, window: QWidget) -> None:
        """Where the sentence is shown."""
        self._window = window

    def __enter__(self) -> "Reports":
        self._hooks = sys.excepthook, threading.excepthook
        sys.excepthook = self._unexpected
        threading.excepthook = self._unexpected_in_thread
        return self

    def __exit__(self, *_: object) -> None:
        sys.excepthook, threading.excepthook = self._hooks

    def _unexpected(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return  # the signal has been heard
        _log.error("%s", "".join(traceback.format_exception(kind, error, trace)))
        self._arrived.emit(_sentence(error))

    def _unexpected_in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._unexpected(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    @Slot(str)
    def _show(self, sentence: str) -> None:
        if self._box is not None:  # one at a time; the log has them all
            return
        box = self._box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("chargen")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(sentence)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.finished.connect(self._dismissed)
        box.open()

    @Slot()
    def _dismissed(self) -> None:
        self._box = None


def _sentence(error: BaseException) -> str:
    if isinstance(error, ChargenError):
        return str(error)
    words = " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())[:300]
    return f"Something went wrong that should not ({words}); the details are in “{paths.log_file()}”."


# --- signals


@contextlib.contextmanager
def signals_heard(on_signal: Callable[[int], None]) -> Iterator[None]:
    """Within the block, SIGINT, SIGTERM and SIGHUP call ``on_signal`` in the event loop.

    Python runs its handlers only between its own instructions, and an idle event loop executes none: the
    wake-up descriptor makes it run some. A signal ignored from outside stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)

    def awake() -> None:
        with contextlib.suppress(OSError):
            ours.recv(4096)

    notifier.activated.connect(awake)

    def handler(number: int, _frame: FrameType | None) -> None:
        # Not here, in the middle of anything: in the event loop's own time.
        QTimer.singleShot(0, lambda: on_signal(number))

    previous: dict[signal.Signals, Any] = {}
    old_descriptor = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    try:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                previous[number] = signal.signal(number, handler)
        yield
    finally:
        for number, old in previous.items():
            signal.signal(number, old)
        signal.set_wakeup_fd(old_descriptor)
        notifier.setEnabled(False)
        ours.close()
        theirs.close()
