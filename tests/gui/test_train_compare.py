"""Another run beside the one that is shown."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chargen.gui.pages import train_compare
from chargen.gui.pages.train import TrainPage
from chargen.model.library import RunCard
from tests.gui.test_train_save import learning


def run(folder: Path, name: str, losses: list[float]) -> RunCard:
    made = folder / name
    made.mkdir()
    lines = [{"event": "validated", "step": 100 * (i + 1), "loss": loss} for i, loss in enumerate(losses)]
    (made / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return RunCard(made, name, "finished", created=datetime(2026, 5, 4, 3, 2), loss=min(losses, default=None))


def offered(qtbot: QtBot, page: TrainPage) -> list[str]:
    qtbot.mouseClick(page.plot.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.comparison.menu is not None)
    assert page.comparison.menu is not None
    qtbot.addWidget(page.comparison.menu)
    return [action.text() for action in page.comparison.menu.actions()]


def choose(qtbot: QtBot, page: TrainPage, index: int) -> None:
    assert page.comparison.menu is not None
    page.comparison.menu.actions()[index].trigger()
    page.comparison.menu.close()


def test_another_run_is_chosen_shown_and_taken_away(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = learning(qtbot, tmp_path)
    runs = [run(tmp_path, "Salt & pepper", [2.5, 2.25, 2.0]), run(tmp_path, "unmeasured", [])]
    runs.append(run(tmp_path, "mine", [9.0]))
    page.desk.run_folder = tmp_path / "mine"
    monkeypatch.setattr(train_compare, "list_runs", lambda folder, check: runs)
    assert offered(qtbot, page) == ["Salt && pepper · 04 May 03:02 · 2.000", "", "No comparison"]
    choose(qtbot, page, 0)
    shown = page.plot._other_line
    qtbot.waitUntil(lambda: (shown.getData()[0] is not None) and len(shown.getData()[0]) == 3)
    assert list(shown.getData()[0]) == [100, 200, 300]
    assert list(shown.getData()[1]) == [2.5, 2.25, 2.0]
    assert page.plot._names["other"].isVisible()
    choose(qtbot, page, 2)
    qtbot.waitUntil(lambda: not page.plot._names["other"].isVisible())


def test_without_another_run_a_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    page, _ = learning(qtbot, tmp_path)
    qtbot.mouseClick(page.plot.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.banner.isVisible)
    assert "no other run" in page.banner.sentence()
    assert page.comparison.menu is None
