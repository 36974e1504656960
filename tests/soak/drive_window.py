"""Opens the real window, brings it to a moment, and leaves it: ``python drive_window.py MOMENT WAY DELAY [FILE]``.

``WAY`` is ``close``, ``twice`` or ``signal`` (then whoever started this sends it). What happens is told in JSON lines.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer

from chargen import __main__ as program
from chargen.gui import app
from chargen.gui.main_window import MainWindow
from chargen.training import events

open_window = app.open_window
MOMENT, WAY, DELAY = sys.argv[1], sys.argv[2], float(sys.argv[3])


def tell(event: str) -> None:
    sys.stdout.write(json.dumps({"event": event, "time": time.time()}) + "\n")
    sys.stdout.flush()


def leave(window: MainWindow) -> None:
    """After the delay: close, twice if so wanted, or wait for the signal."""

    def close() -> None:
        tell("leaving")
        window.close()
        if WAY == "twice":
            window.close()
            QTimer.singleShot(50, window.close)

    if WAY == "signal":
        QTimer.singleShot(round(DELAY * 1000), window, lambda: tell("leaving"))
    else:
        QTimer.singleShot(round(DELAY * 1000), window, close)


def once(signal: Any, wanted: Callable[[Any], bool], then: Callable[[], None]) -> None:
    """Call ``then`` the first time that ``signal`` carries what is wanted."""
    seen: list[Any] = []

    def heard(value: Any) -> None:
        if not seen and wanted(value):
            seen.append(value)
            then()

    signal.connect(heard)


def to_the_moment(window: MainWindow) -> None:
    """Bring the window there; the delay counts from then."""
    desk = window.desk
    then = lambda: leave(window)  # noqa: E731
    desk.training_event.connect(lambda event: tell(type(event).__name__.lower()))
    learned = lambda event: isinstance(event, events.LossPoints)  # noqa: E731
    if MOMENT == "start":
        then()
    elif MOMENT == "read":
        desk.read_texts([Path(sys.argv[4])])
        then()
    elif MOMENT == "write":
        once(desk.model_changed, lambda model: model is not None, lambda: (window._on_write("write_or_stop"), then()))
        desk.open_model(Path(sys.argv[4]))
    else:
        window.page("train")._train_on_the_play()
        if MOMENT == "dialog":
            once(desk.training_event, learned, lambda: (window._open_text(), then()))
        elif MOMENT == "pause":
            once(desk.training_event, learned, desk.pause_training)
            once(desk.training_state_changed, lambda state: state == "paused", then)
        elif MOMENT == "stop":  # the last validation
            once(desk.training_event, learned, lambda: (desk.stop_training(), then()))
        elif MOMENT == "prepare":
            then()
        else:
            once(desk.training_event, learned, then)


def opened(*arguments: Any, **options: Any) -> MainWindow:
    window = open_window(*arguments, **options)
    tell("open")
    QTimer.singleShot(0, window, lambda: to_the_moment(window))
    return window


app.open_window = opened
sys.exit(program.window())
