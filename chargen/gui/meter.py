"""How late the window's timers come."""

import time

from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL_MS = 5


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

    def report(self) -> dict[str, float]:
        """What a measurement tells of it."""
        return {
            "samples": len(self.lateness), "p50_ms": round(self.quantile(0.5), 2),
            "p99_ms": round(self.quantile(0.99), 2), "worst_ms": round(self.quantile(1.0), 2),
            "over_50_ms": sum(late > 50 for late in self.lateness),
        }  # fmt: skip
