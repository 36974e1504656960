"""How smoothly the window runs while it trains, or writes: ``python -m chargen.gui.lag [--write 1000000] [--json]``.

The real window trains the bundled play at full speed, or (``--write``) goes on with a draft of so many characters,
see :mod:`chargen.gui.lag_write`; a precise timer of 5 ms says how late the event loop comes round. Reported apart:
the worst moment of the import of torch, and the time from starting a fresh process to its first painted window.
``--hog 60`` sleeps in the window's thread now and then, to prove that the meter sees it. Nothing of the user's is
touched: runs and drafts go to a temporary folder.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from chargen.gui import app as gui_app
from chargen.gui.lag_write import WriteMeasurement, keep_long_draft, learn
from chargen.gui.main_window import MainWindow
from chargen.gui.meter import Meter

HOG_EVERY_MS = 700
COLD_STARTS = 3
_SPARE_SECONDS = 30.0  # of training beyond the measurement


class Measurement(QObject):
    """Opens the window, trains, measures, closes; then ``result`` is filled."""

    def __init__(self, seconds: float, hog_ms: float) -> None:
        super().__init__()
        self.result: dict[str, Any] = {}
        self.failure = ""
        self._seconds, self._hog_ms = seconds, hog_ms
        self._meter = Meter(self)
        self._hog = QTimer(self)
        self._hog.setInterval(HOG_EVERY_MS)
        self._hog.timeout.connect(self._waste)
        self._speeds: list[float] = []
        self.window: MainWindow = gui_app.open_window()
        desk = self.window.desk
        desk.device_changed.connect(self._imported)
        desk.device_failed.connect(self._fail)
        desk.training_state_changed.connect(self._state)
        desk.training_event.connect(self._event)
        desk.training_failed.connect(self._fail)
        desk.corpus_failed.connect(self._fail)
        self._meter.start()  # of the start and the import of torch, at first

    def _imported(self, _device: Any) -> None:
        self.result["import_worst_ms"] = round(self._meter.quantile(1.0), 1)
        self._meter.stop()
        from chargen.corpus.catalog import default_entry

        minutes = (self._seconds + _SPARE_SECONDS) / 60
        self.window.show_page("train")
        self.window.desk.open_catalog(default_entry().name, then_train={"minutes": minutes})

    def _state(self, state: str) -> None:
        if state == "running" and "seconds" not in self.result:
            self.result["seconds"] = self._seconds
            QTimer.singleShot(1000, self, self._begin)  # the page has settled

    def _begin(self) -> None:
        self._meter.start()
        if self._hog_ms:
            self._hog.start()
        QTimer.singleShot(round(self._seconds * 1000), self, self._end)

    def _event(self, event: Any) -> None:
        speed = getattr(event, "characters_per_second", None)
        if speed:
            self._speeds.append(speed)

    def _waste(self) -> None:
        time.sleep(self._hog_ms / 1000)

    def _end(self) -> None:
        self._meter.stop()
        self._hog.stop()
        self.result |= {
            **self._meter.report(),
            "characters_per_second": round(sum(self._speeds) / len(self._speeds)) if self._speeds else 0,
        }  # fmt: skip
        self.window.close()

    def _fail(self, sentence: str) -> None:
        self.failure = sentence
        self.window.close()


def measure(seconds: float, hog_ms: float = 0.0, write: int = 0, folder: Path = Path()) -> dict[str, Any]:
    """Lateness of the event loop while training, or while writing into a draft of ``write`` characters.

    What must be learned for that is kept in ``folder``. Raises RuntimeError with a sentence where it cannot be done.
    """
    run = learn(folder) if write else folder
    application = gui_app.make_application()
    sys.setswitchinterval(gui_app.SWITCH_SECONDS)
    if write:
        draft = keep_long_draft(run, write)
        measurement: WriteMeasurement | Measurement = WriteMeasurement(seconds, run, draft, write)
    else:
        measurement = Measurement(seconds, hog_ms)
    measurement.window.finished.connect(application.quit)
    application.exec()
    if measurement.failure or "samples" not in measurement.result:
        raise RuntimeError(measurement.failure or "It ended before it could be measured.")
    return measurement.result


def first_paint() -> None:
    """In a fresh process: open the window, print the time of its first paint, leave."""
    application = gui_app.make_application()
    sys.setswitchinterval(gui_app.SWITCH_SECONDS)
    from chargen.gui import main_window  # noqa: F401  as the program does

    window = gui_app.open_window(warm_up=False)

    def painted() -> None:
        print(f"{time.time():.4f}", flush=True)
        window.close()

    gui_app.AfterPaint(window, painted)
    window.finished.connect(application.quit)
    application.exec()


def cold_start(times: int = COLD_STARTS) -> list[float]:
    """Seconds from starting a process to its first painted window, several times."""
    taken = []
    for _ in range(times):
        begun = time.time()
        done = subprocess.run(
            [sys.executable, "-m", "chargen.gui.lag", "--first-paint"], capture_output=True, text=True, check=True
        )
        taken.append(round(float(done.stdout.split()[-1]) - begun, 3))
    return taken


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure")
    parser.add_argument("--write", type=int, default=0, metavar="N", help="write, into a draft of so many characters")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--hog", type=float, default=0.0, metavar="MS", help="sleep so long in the window's thread")
    parser.add_argument("--first-paint", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if arguments.first_paint:
        first_paint()
        return 0
    with tempfile.TemporaryDirectory(prefix="chargen-lag-") as home:
        os.environ["CHARGEN_HOME"] = home
        started = {}
        if not arguments.write:
            seconds = cold_start(1 if arguments.hog else COLD_STARTS)
            started = {"cold_start_s": sorted(seconds)[len(seconds) // 2], "cold_starts_s": seconds}
        try:
            result = measure(arguments.seconds, arguments.hog, arguments.write, Path(home))
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 2
    application = QApplication.instance()
    platform = application.platformName() if isinstance(application, QApplication) else ""
    event = "lag write" if arguments.write else "lag"
    report = {"event": event, **result, **started, "platform": platform, "cores": os.cpu_count()}
    if arguments.json:
        print(json.dumps(report))
        return 0
    doing = f"writing into a draft of {arguments.write:,} characters" if arguments.write else "training"
    print(
        f"Event loop while {doing}, {report['seconds']:g} s at {report['characters_per_second']:,} characters/s:\n"
        f"  half of the time less than {report['p50_ms']} ms late, p99 {report['p99_ms']} ms, "
        f"worst {report['worst_ms']} ms"
    )
    if arguments.write:
        print(
            f"First character after pressing Write: {report['first_character_ms']} ms (median), worst "
            f"{report['first_character_worst_ms']} ms, with a model just opened {report['first_character_cold_ms']} ms,"
            f" after Continue in the long draft {report['first_character_continued_ms']} ms\n"
            f"Memory: {report['memory_mb_per_minute']} MB more a minute, "
            f"{report['memory_bytes_per_character']} bytes for each character written"
        )
    else:
        print(
            f"  worst while torch was imported: {report['import_worst_ms']} ms\n"
            f"Cold start to the first painted window: {report['cold_start_s']} s (of {report['cold_starts_s']})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
