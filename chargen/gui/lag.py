"""How smoothly the window runs while it trains: ``python -m chargen.gui.lag [--seconds 60] [--json]``.

The real window trains the bundled play at full speed; a precise timer of 5 ms says how late the event
loop comes round. Reported apart: the worst moment of the import of torch, and the time from starting a
fresh process to its first painted window. ``--hog 60`` sleeps in the window's thread now and then, to
prove that the meter sees it. Nothing of the user's is touched: runs go to a temporary folder.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from chargen.gui import app as gui_app
from chargen.gui.main_window import MainWindow

INTERVAL_MS = 5
HOG_EVERY_MS = 700
COLD_STARTS = 3
_SPARE_SECONDS = 30.0  # of training beyond the measurement


class Meter(QObject):
    """A timer that notes how late it comes, in milliseconds."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lateness: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin anew."""
        self.lateness = []
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.lateness.append(max(0.0, (now - self._last) * 1000 - INTERVAL_MS))
        self._last = now

    def quantile(self, share: float) -> float:
        """Of the lateness; 0 where nothing was measured."""
        ordered = sorted(self.lateness)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


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
        meter = self._meter
        self.result |= {
            "samples": len(meter.lateness), "p50_ms": round(meter.quantile(0.5), 2),
            "p99_ms": round(meter.quantile(0.99), 2), "worst_ms": round(meter.quantile(1.0), 2),
            "over_50_ms": sum(late > 50 for late in meter.lateness),
            "characters_per_second": round(sum(self._speeds) / len(self._speeds)) if self._speeds else 0,
        }  # fmt: skip
        self.window.close()

    def _fail(self, sentence: str) -> None:
        self.failure = sentence
        self.window.close()


def measure(seconds: float, hog_ms: float = 0.0) -> dict[str, Any]:
    """Lateness of the event loop while training. Raises RuntimeError with a sentence where it cannot be measured."""
    application = gui_app.make_application()
    sys.setswitchinterval(gui_app.SWITCH_SECONDS)
    measurement = Measurement(seconds, hog_ms)
    measurement.window.finished.connect(application.quit)
    application.exec()
    if measurement.failure or "samples" not in measurement.result:
        raise RuntimeError(measurement.failure or "The training ended before it could be measured.")
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


def cold_start() -> list[float]:
    """Seconds from starting a process to its first painted window, several times."""
    taken = []
    for _ in range(COLD_STARTS):
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
        started = cold_start()
        try:
            result = measure(arguments.seconds, arguments.hog)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 2
    application = QApplication.instance()
    platform = application.platformName() if isinstance(application, QApplication) else ""
    report = {
        "event": "lag", **result, "cold_start_s": sorted(started)[len(started) // 2], "cold_starts_s": started,
        "platform": platform, "cores": os.cpu_count(),
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(report))
        return 0
    print(
        f"Event loop while training, {report['seconds']:g} s at {report['characters_per_second']:,} characters/s:\n"
        f"  half of the time less than {report['p50_ms']} ms late, p99 {report['p99_ms']} ms, "
        f"worst {report['worst_ms']} ms\n"
        f"  worst while torch was imported: {report['import_worst_ms']} ms\n"
        f"Cold start to the first painted window: {report['cold_start_s']} s (of {started})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
