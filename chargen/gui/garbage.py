"""Reference cycles are collected in the window's thread, and nowhere else.

Python collects them in whichever thread happens to make the next object. Widgets and what belongs to them (rows that
were replaced, plots, documents) are often parts of cycles, and Qt does not survive their end in a job's thread: the
program would crash, seldom and nowhere near the cause. pyqtgraph's documentation advises the same remedy.
"""

import contextlib
import gc
from collections.abc import Iterator

from PySide6.QtCore import QTimer

INTERVAL_MS = 200


@contextlib.contextmanager
def collected_here() -> Iterator[None]:
    """Within the block, a timer of this thread collects as often as Python would, and other threads never do.

    What is not part of a cycle still goes at once, in every thread. Needs an event loop.
    """
    enabled = gc.isenabled()
    gc.disable()
    timer = QTimer()
    timer.timeout.connect(collect_due)
    timer.start(INTERVAL_MS)
    try:
        yield
    finally:
        timer.stop()
        if enabled:
            gc.enable()


def collect_due() -> None:
    """Collect the oldest generation whose threshold is passed, if any: Python's own rule."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    due = [generation for generation, count in enumerate(counts) if count > thresholds[generation] > 0]
    if due:
        gc.collect(due[-1])
