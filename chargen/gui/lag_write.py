"""How smoothly the window runs while it writes into a long draft, and how soon the first character is there.

A small network learns the bundled play for some seconds, in a process of its own. Then the real window opens it:

* Write is pressed on a blank page, first with a model that nothing was written with yet (cold), then again and
  again (warm). The time is that from the press to the end of the painting that shows a first character.
* A draft of a million characters, say, is read from its file as after a restart, and continued at full speed with
  every character tinted. Once it was saved for the first time, the meter runs and the memory of the process is watched.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PySide6.QtCore import QEvent, QObject, QTimer, Signal

from chargen.gui import app as gui_app
from chargen.gui.main_window import MainWindow
from chargen.gui.meter import Meter

SETTLED_MS = 1_500
_LEARNING_MINUTES = 0.1
_WRITTEN = 20_000  # characters that the model writes; the long draft repeats them
_LENGTH = 10_000_000  # asked for: more than is ever written
_WARM = 3
_KEPT_ONCE = 6  # times the settling: until the draft was saved with what is new, and has all copies that it ever has
_WATCHED_MS = 500
_PATIENCE_MS = 60_000


def learn(folder: Path) -> Path:
    """A run that has learned for some seconds. Raises RuntimeError with a sentence."""
    run = folder / "learned"
    command = [sys.executable, "-m", "chargen", "train", "--minutes", f"{_LEARNING_MINUTES}", "--layers", "1",
               "--hidden", "128", "--seed", "1", "--run", str(run), "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"The network that was to write did not learn: {done.stderr.strip()[-300:]}")
    return run


def keep_long_draft(run: Path, characters: int) -> str:
    """Put a draft of so many characters, written by the model of ``run``, among the user's; its name."""
    from chargen.model.model_file import load_model
    from chargen.sampling import draft_folder
    from chargen.sampling.drafts import begun, new_draft
    from chargen.sampling.events import Written
    from chargen.sampling.sampler import Sampler
    from chargen.sampling.settings import SamplingSettings

    stream = Sampler(load_model(run)).stream(SamplingSettings(length=_WRITTEN, random_seed=1))
    for _ in stream:
        pass
    sample, times = stream.sample(), -(-characters // _WRITTEN)
    surprises = np.tile(sample.surprises, times)[:characters]
    settings = replace(sample.settings, length=characters)
    sample = replace(sample, text=(sample.text * times)[:characters], surprises=surprises, settings=settings)
    draft = begun(new_draft({"length": _LENGTH}), Written(sample, stream.final_state, "length"), "learned")
    draft_folder.save(draft)
    return draft.id


class FirstPaint(QObject):
    """Says once when the painting has ended that shows more than so many characters."""

    done = Signal()

    def __init__(self, view: Any, characters: int) -> None:
        super().__init__(view)
        self._view, self._characters = view, characters
        view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._view.length() > self._characters:
            self._view.viewport().removeEventFilter(self)
            QTimer.singleShot(0, self, self.done.emit)  # the event loop comes round when the window is painted
        return False


class WriteMeasurement(QObject):
    """Opens the window, writes, measures, closes; then ``result`` is filled, or ``failure`` says why not."""

    def __init__(self, seconds: float, run: Path, draft: str, characters: int, settled_ms: int = SETTLED_MS) -> None:
        super().__init__()
        self._settled_ms = settled_ms
        self.result: dict[str, Any] = {}
        self.failure = ""
        self._seconds, self._run, self._draft, self._characters = seconds, run, draft, characters
        self._meter = Meter(self)
        self._memory: list[tuple[float, float]] = []  # seconds, MB
        self._watch = QTimer(self)
        self._watch.setInterval(_WATCHED_MS)
        self._watch.timeout.connect(self._look)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(lambda: self._fail("The window did not do what was asked of it in time."))
        self.window: MainWindow = gui_app.open_window()
        self.window.desk.device_failed.connect(self._fail)
        self.window.desk.device_changed.connect(lambda _device: self._next())  # torch is imported, all is calm
        self._script = self._steps()

    def _next(self) -> None:
        """Do what comes next; the script yields whenever something must happen first."""
        self._patience.start(round(_PATIENCE_MS + 1000 * self._seconds))
        next(self._script, None)

    def _after(self, milliseconds: float) -> None:
        QTimer.singleShot(round(milliseconds), self, self._next)

    def _when(self, holds: Callable[[], bool]) -> None:
        if holds():
            self._after(0)
        else:
            QTimer.singleShot(20, self, lambda: self._when(holds))

    def _steps(self) -> Iterator[None]:
        self.window.show_page("write")
        page: Any = self.window.page("write")
        desk, view = self.window.desk, page.view
        desk.open_model(self._run)
        self._when(lambda: desk.model is not None and view.length() >= self._characters)
        yield
        page.surprise.setChecked(True)
        page.controls.length.setValue(_LENGTH)
        self._after(self._settled_ms)
        yield

        warm: list[float] = []
        for number in range(1 + _WARM):
            page.new_draft()
            self._after(self._settled_ms / 5)
            yield
            FirstPaint(view, 0).done.connect(self._next)
            pressed = time.perf_counter()
            page.write_button.click()
            yield
            taken = (time.perf_counter() - pressed) * 1000
            if number:
                warm.append(taken)
            else:
                self.result["first_character_cold_ms"] = round(taken, 1)
            self._after(self._settled_ms / 5)
            yield
            page.write_button.click()  # Stop
            self._when(lambda: not page.is_writing())
            yield
        self.result["first_character_ms"] = round(statistics.median(warm), 1)
        self.result["first_character_worst_ms"] = round(max(warm), 1)

        page.shelf.switch(self._draft)
        self._when(lambda: page.continue_button.isEnabled() and view.length() >= self._characters)
        yield
        page.controls.length.setValue(_LENGTH)
        self._after(self._settled_ms)
        yield
        begun = view.length()
        FirstPaint(view, begun).done.connect(self._next)
        pressed = time.perf_counter()
        page.continue_button.click()
        yield
        self.result["first_character_continued_ms"] = round((time.perf_counter() - pressed) * 1000, 1)
        self._after(_KEPT_ONCE * self._settled_ms)
        yield
        before = page._characters
        self._watch.start()
        self._meter.start()
        self._after(self._seconds * 1000)
        yield
        self._meter.stop()
        self._watch.stop()
        if not page.is_writing():
            self._fail("The writing ended before it could be measured.")
            return
        written = page._characters - before
        self.result |= {
            "seconds": self._seconds, "characters": begun, **self._meter.report(),
            "characters_per_second": round(written / self._seconds), **self._growth(written),
        }  # fmt: skip
        self.window.close()
        self._patience.stop()

    def _look(self) -> None:
        self._memory.append((time.perf_counter(), psutil.Process().memory_info().rss / 2**20))

    def _growth(self, written: int) -> dict[str, float]:
        """How the memory grew: the slope of a line through all looks at it."""
        if len(self._memory) < 2:
            return {}
        times, sizes = np.array(self._memory).T
        slope = float(np.polyfit(times, sizes, 1)[0])
        return {
            "memory_mb": round(float(sizes[-1]), 1),
            "memory_mb_per_minute": round(slope * 60, 1),
            "memory_bytes_per_character": round(slope * 2**20 * self._seconds / max(written, 1), 1),
        }

    def _fail(self, sentence: str) -> None:
        self.failure = self.failure or sentence
        self._patience.stop()
        self.window.close()
