"""The meter of lag sees what it is for. Nothing here asserts a speed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from chargen.gui import lag_write
from chargen.gui.lag_write import WriteMeasurement, keep_long_draft
from chargen.gui.meter import Meter
from chargen.gui.widgets.loss_plot import CALM_AFTER, CALM_MS, REDRAW_MS, LossPlot
from chargen.model.model_file import save_model
from tests.gui.write_helpers import build_model


def test_the_meter_sees_a_hog(qtbot: QtBot) -> None:
    meter = Meter()
    meter.start()
    QTimer.singleShot(50, lambda: time.sleep(0.06))
    qtbot.wait(200)
    meter.stop()
    assert max(meter.lateness) > 50
    assert sum(late > 50 for late in meter.lateness) >= 1
    assert meter.quantile(0.0) <= meter.quantile(0.5) <= meter.quantile(1.0) == max(meter.lateness)


def test_a_meter_that_saw_nothing() -> None:
    assert Meter().quantile(0.5) == 0.0


def test_a_long_curve_is_redrawn_less_often(qtbot: QtBot) -> None:
    plot = LossPlot()
    qtbot.addWidget(plot)
    for step in range(CALM_AFTER):
        plot.append_train([step], [2.0])
        plot._redraw_timed()
    assert plot._timer.interval() == CALM_MS
    plot.clear()
    assert plot._timer.interval() == REDRAW_MS


def test_the_measurement_catches_a_deliberate_hog(qtbot: QtBot) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chargen.gui.lag", "--seconds", "2", "--hog", "60", "--json"],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert next(iter(report)) == "event"
    assert report["worst_ms"] > 50
    assert report["over_50_ms"] >= 2
    assert report["samples"] > 50
    assert report["cold_start_s"] > 0


def test_writing_into_a_long_draft_is_measured(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag_write, "_WARM", 1)
    save_model(tmp_path / "model.safetensors", build_model())
    draft = keep_long_draft(tmp_path / "model.safetensors", 30_000)
    measurement = WriteMeasurement(0.6, tmp_path / "model.safetensors", draft, 30_000, settled_ms=100)
    with qtbot.waitSignal(measurement.window.finished, timeout=30_000):
        pass
    assert measurement.failure == ""
    result = measurement.result
    assert result["characters"] == 30_000
    assert 0 < result["first_character_ms"] <= result["first_character_worst_ms"]
    assert min(result["first_character_cold_ms"], result["first_character_continued_ms"]) > 0
    assert 0 <= result["p50_ms"] <= result["p99_ms"] <= result["worst_ms"]
    assert result["samples"] > 10
    assert result["characters_per_second"] > 0
