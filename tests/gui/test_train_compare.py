"""Other runs beside the one that is shown."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chargen.gui.pages import train_compare
from chargen.gui.pages.train import TrainPage
from chargen.gui.widgets.check_list import CheckList
from chargen.model.library import RunCard
from tests.gui.helpers import progress
from tests.gui.test_train_save import learning


def run(folder: Path, name: str, losses: list[float], text: str = "") -> RunCard:
    made = folder / name
    made.mkdir()
    lines = [{"event": "validated", "step": 100 * (i + 1), "loss": loss} for i, loss in enumerate(losses)]
    (made / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    created, best = datetime(2026, 5, 4, 3, 2), min(losses, default=None)
    return RunCard(made, name, "finished", text_sha256=text, created=created, steps=100, loss=best)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[RunCard]:
    found = [run(tmp_path, "Salt & pepper", [2.5, 2.25, 2.0]), run(tmp_path, "quick", [3.0, 2.5])]
    found.append(run(tmp_path, "unmeasured", []))
    found.append(run(tmp_path, "mine", [9.0]))
    monkeypatch.setattr(train_compare, "list_runs", lambda folder, check: found)
    return found


def offered(qtbot: QtBot, page: TrainPage) -> CheckList:
    page.comparison.list = None
    qtbot.mouseClick(page.plot.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.comparison.list is not None)
    assert page.comparison.list is not None
    qtbot.addWidget(page.comparison.list)
    return page.comparison.list


def test_several_runs_are_ticked_shown_and_taken_away(qtbot: QtBot, tmp_path: Path, runs: list[RunCard]) -> None:
    page, _ = learning(qtbot, tmp_path)
    page.desk.run_folder = tmp_path / "mine"
    ticks = offered(qtbot, page)
    assert [box.accessibleName() for box in ticks.boxes.values()] == [
        "Salt & pepper · 04 May 03:02 · 2.000", "quick · 04 May 03:02 · 2.500", "unmeasured · 04 May 03:02",
    ]  # fmt: skip
    first, second, _ = ticks.boxes.values()
    assert first.text().startswith("Salt && pepper"), "no key of its own"
    first.click()
    second.click()
    qtbot.waitUntil(lambda: len(page.plot.compared()) == 2)
    shown = page.plot.canvas.line("0")
    assert shown is not None
    assert (shown.x.tolist(), shown.y.tolist()) == ([100, 200, 300], [2.5, 2.25, 2.0])
    assert ticks.isVisible(), "several are ticked before it closes"
    qtbot.keyClick(ticks, Qt.Key.Key_Escape)
    assert not ticks.isVisible()
    ticks = offered(qtbot, page)
    assert [box.isChecked() for box in ticks.boxes.values()] == [True, True, False]
    next(iter(ticks.boxes.values())).click()
    qtbot.waitUntil(lambda: [other.name for other in page.plot.compared()] == ["quick"])


def test_a_run_without_a_curve_is_told(qtbot: QtBot, tmp_path: Path, runs: list[RunCard]) -> None:
    page, _ = learning(qtbot, tmp_path)
    ticks = offered(qtbot, page)
    third = list(ticks.boxes.values())[2]
    third.click()
    qtbot.waitUntil(page.banner.isVisible)
    assert "“unmeasured” is empty or not there" in page.banner.sentence()
    (runs[2].folder / "events.jsonl").write_bytes(b"\x00\xff{{{\n[]\n")
    third.click()
    third.click()
    qtbot.waitUntil(lambda: "is damaged" in page.banner.sentence())
    assert page.plot.compared() == []


def test_runs_of_one_name_are_told_apart_by_their_day(qtbot: QtBot, tmp_path: Path, runs: list[RunCard]) -> None:
    runs[1] = replace(runs[1], name="Salt & pepper", created=datetime(2026, 5, 3, 1, 0))
    page, _ = learning(qtbot, tmp_path)
    for box in list(offered(qtbot, page).boxes.values())[:2]:
        box.click()
    qtbot.waitUntil(lambda: len(page.plot.compared()) == 2)
    names = [other.name for other in page.plot.compared()]
    assert names == ["Salt & pepper, 04 May 03:02", "Salt & pepper, 03 May 01:00"]


def test_another_text_is_told(qtbot: QtBot, tmp_path: Path, runs: list[RunCard]) -> None:
    runs[0] = run(tmp_path, "foreign", [1.0], text="another hash")
    page, _ = learning(qtbot, tmp_path)
    next(iter(offered(qtbot, page).boxes.values())).click()
    qtbot.waitUntil(lambda: "different texts" in page.plot.sentence())


def test_runs_are_searched_and_no_more_are_ticked_than_can_be_told_apart(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [run(tmp_path, f"{name} {n}", [2.0]) for n in range(10) for name in ("night" * 30, "day")]
    monkeypatch.setattr(train_compare, "list_runs", lambda folder, check: many)
    page, _ = learning(qtbot, tmp_path)
    ticks = offered(qtbot, page)
    assert ticks.search.isVisible()
    qtbot.keyClicks(ticks.search, "DAY 7")
    assert [box.accessibleName()[:5] for box in ticks.boxes.values() if box.isVisible()] == ["day 7"]
    ticks.search.clear()
    boxes = list(ticks.boxes.values())
    assert all(box.sizeHint().width() < ticks.width() for box in boxes), "long names are shortened"
    for box in boxes[:5]:
        box.click()
    assert not boxes[5].isEnabled() and boxes[0].isEnabled()
    boxes[0].click()
    assert boxes[5].isEnabled()
    assert len(ticks.ticked()) == 4
    qtbot.waitUntil(lambda: len(page.plot.compared()) == 4)


def test_without_another_run_a_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    page, _ = learning(qtbot, tmp_path)
    qtbot.mouseClick(page.plot.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.banner.isVisible)
    assert "no other run" in page.banner.sentence()
    assert page.comparison.list is None


def test_what_a_training_tells_places_its_steps(qtbot: QtBot, tmp_path: Path) -> None:
    page, factory_answers = learning(qtbot, tmp_path)
    assert not page.plot.run.knows("seconds") and factory_answers
    page.desk.training_event.emit(progress(50))
    assert page.plot.run.knows("seconds") and page.plot.run.name == "play"
    assert len(page.plot.run.norms) == 3
