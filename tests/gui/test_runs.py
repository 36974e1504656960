"""The list of runs on the Train page: what it says, and what can be done in place."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.runs_card import RunItem, facts
from chargen.gui.pages.train import TrainPage
from chargen.gui.places import Places
from chargen.model.library import RECITES, name_run, read_card
from chargen.model.model_file import load_model
from chargen.model.runs import RunFolder
from chargen.paths import runs_dir
from tests.gui.helpers import Answers, Factory, Heard, make_desk, started, write_play
from tests.gui.write_helpers import close
from tests.model.test_library import FINISHED, PROGRESS, STARTED, VALIDATED, make_run


class Trash(Places):
    """Remembers what it was asked."""

    def __init__(self, takes: bool = True) -> None:
        self.takes = takes
        self.trashed: list[Path] = []
        self.seen: list[Path] = []

    def show(self, folder: Path) -> bool:
        self.seen.append(folder)
        return self.takes

    def trash(self, path: Path) -> bool:
        self.trashed.append(path)
        return self.takes


class Scene:
    def __init__(self, qtbot: QtBot, files: Answers | None = None, takes: bool = True) -> None:
        self.qtbot = qtbot
        self.desk: Desk
        self.factory: Factory
        self.desk, self.factory = make_desk("train")
        self.places = Trash(takes)
        self.page = TrainPage(self.desk, files or Answers(), places=self.places)
        qtbot.addWidget(self.page)
        self.page.resize(1196, 766)
        self.page.show()

    def look(self, runs: int) -> list[RunItem]:
        self.page.runs_button.setChecked(True)
        self.qtbot.waitUntil(lambda: len(self.page.runs.items) == runs)
        return self.page.runs.items

    def opened(self, at: int = 0, runs: int = 1) -> RunItem:
        item = self.look(runs)[at]
        item.heading.click()
        return item

    def end(self) -> None:
        self.factory.held["train"].end()
        self.qtbot.waitUntil(lambda: self.desk.training_state == "idle")

    def click(self, button: QPushButton) -> None:
        assert button.isVisible() and button.isEnabled()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def run() -> Path:
    return make_run(runs_dir(), "one", STARTED, PROGRESS, VALIDATED, FINISHED)


MakeScene = Callable[..., Scene]


@pytest.fixture
def make_scene(qtbot: QtBot) -> Iterator[MakeScene]:
    scenes: list[Scene] = []

    def make(*arguments: Any, **options: Any) -> Scene:
        scenes.append(Scene(qtbot, *arguments, **options))
        return scenes[-1]

    yield make
    for scene in scenes:
        for job in scene.factory.held.values():
            if job.running:
                job.end()
        close(qtbot, scene.desk)


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    return make_scene()


def test_without_runs_the_way_back_is_shown(qtbot: QtBot, scene: Scene) -> None:
    runs = scene.page.runs
    scene.page.runs_button.click()
    qtbot.waitUntil(runs.empty.isVisible)
    assert scene.page.is_empty() and not scene.page.panel_shown()
    assert runs.empty.button is not None
    scene.click(runs.empty.button)
    assert not runs.isVisible() and scene.page.empty.isVisible()


def test_newest_first_and_one_open_at_a_time(scene: Scene, run: Path) -> None:
    make_run(runs_dir(), "two", STARTED, PROGRESS, created="2026-05-01T10:00:00", text="log")
    first, second = scene.look(2)
    assert [item.card.name for item in (first, second)] == ["log", "play.txt"]
    assert facts(second.card) == "Finished · 2×64 GRU · 4 Mar 2026, 05:06 · 90 steps in 1:00"
    assert second.heading.accessibleName() == "Run play.txt"
    assert second.heading.accessibleDescription().endswith("best validation loss 1.500 nats")
    first.heading.click()
    second.heading.click()
    assert (first.is_open(), second.is_open()) == (False, True)
    assert not first.open.isVisible() and second.open.isVisible()


def test_keys(qtbot: QtBot, scene: Scene, run: Path) -> None:
    make_run(runs_dir(), "two", created="2026-05-01T10:00:00")
    first, second = scene.look(2)
    scene.page.activateWindow()
    first.heading.setFocus()
    qtbot.keyClick(first.heading, Qt.Key.Key_Down)
    assert second.heading.hasFocus()
    qtbot.keyClick(second.heading, Qt.Key.Key_Return)
    assert second.is_open()
    scene.click(second.rename)
    qtbot.keyClick(second.name, Qt.Key.Key_Escape)
    assert not second.name.isVisible() and second.is_open()
    qtbot.keyClick(second.rename, Qt.Key.Key_Escape)
    assert not second.is_open()
    qtbot.keyClick(second.heading, Qt.Key.Key_Escape)
    assert not scene.page.runs.isVisible()


def test_opening_puts_its_model_on_the_desk(qtbot: QtBot, scene: Scene, run: Path) -> None:
    pages = Heard(scene.desk.page_wanted)
    scene.click(scene.opened().open)
    qtbot.waitUntil(lambda: pages.values == ["write"])
    assert scene.desk.model is not None
    assert (scene.desk.model.name, scene.desk.model.path) == ("play.txt", run)


def test_continuing_shows_how_it_learned_and_goes_on(qtbot: QtBot, scene: Scene, run: Path) -> None:
    scene.page.form.set_minutes(7)
    item = scene.opened()
    assert item.go_on.text() == "Continue for 7 min"
    asked: list[object] = []
    train = scene.desk.continue_run
    scene.desk.continue_run = lambda *a: (asked.extend(a), train(*a))[1]  # type: ignore[method-assign,assignment]
    scene.click(item.go_on)
    qtbot.waitUntil(lambda: "train" in scene.factory.held)
    assert asked == [run, {"minutes": 7.0}, "play.txt"]
    assert not scene.page.runs.isVisible() and not scene.page.is_empty()
    assert scene.page.plot.run.validation.x.tolist() == [40]  # the one validation in its log
    scene.factory.held["train"].post(started(str(run)))
    qtbot.waitUntil(lambda: scene.desk.training_state == "running")
    assert scene.page.chip.text().startswith("play.txt")
    scene.page.runs_button.click()
    assert not item.go_on.isEnabled()
    assert "stop that first" in item.go_on.toolTip()
    scene.end()
    assert item.go_on.isEnabled()


def test_a_budget_in_steps_that_is_not_used_up_goes_on_by_itself(qtbot: QtBot, scene: Scene) -> None:
    make_run(runs_dir(), "one", STARTED, PROGRESS, training={"steps": 500})
    item = scene.opened()
    assert item.go_on.text() == "Continue"
    asked: list[object] = []
    scene.desk.continue_run = lambda *a: asked.extend(a)  # type: ignore[method-assign,assignment]
    scene.click(item.go_on)
    qtbot.waitUntil(lambda: bool(asked))
    assert asked[1] == {}


def test_a_name_and_a_note_in_place(qtbot: QtBot, scene: Scene, run: Path) -> None:
    item = scene.opened()
    scene.click(item.rename)
    assert item.name.text() == "play.txt"
    item.name.setText("The harbour")
    item.remark.set_text("for Anna")
    scene.click(item.save)
    qtbot.waitUntil(lambda: item.card.name == "The harbour")
    assert item.note.text() == "for Anna"
    assert not item.name.isVisible()
    assert read_card(run).note == "for Anna"


def test_a_name_that_cannot_be_written_is_told_in_place(qtbot: QtBot, scene: Scene, run: Path) -> None:
    item = scene.opened()
    (run / "card.json").mkdir()
    scene.click(item.rename)
    scene.click(item.save)
    qtbot.waitUntil(item.message.isVisible)
    assert "it is a folder" in item.message.text()
    assert item.name.isVisible()  # what was typed is still there


def test_sharing_says_what_a_model_can_do(
    qtbot: QtBot, make_scene: MakeScene, run: Path, tmp_path: Path
) -> None:
    scene = make_scene(Answers(tmp_path / "shared.safetensors"))
    item = scene.opened()
    scene.click(item.share)
    assert item.choose.accessibleDescription() == RECITES
    scene.click(item.choose)
    qtbot.waitUntil(lambda: "Copied to" in item.message.text())
    assert load_model(tmp_path / "shared.safetensors").fingerprint == load_model(run).fingerprint


def test_deleting_asks_once_in_place(qtbot: QtBot, scene: Scene, run: Path) -> None:
    item = scene.opened()
    scene.click(item.delete)
    assert item.keep.hasFocus() or item.keep.isVisible()
    assert scene.places.trashed == []
    scene.click(item.keep)
    assert not item.trash.isVisible()
    scene.click(item.delete)
    scene.click(item.trash)
    assert scene.places.trashed == [run]
    assert scene.page.runs.items == []
    assert scene.page.runs.empty.isVisible()


def test_without_a_trash_nothing_is_deleted(qtbot: QtBot, make_scene: MakeScene, run: Path) -> None:
    scene = make_scene(takes=False)
    item = scene.opened()
    scene.click(item.delete)
    scene.click(item.trash)
    assert "nothing was deleted" in item.message.text()
    scene.click(item.reveal)
    assert scene.places.seen == [run]
    assert str(run) in item.message.text()


def test_a_run_in_use_is_not_deleted(scene: Scene, run: Path) -> None:
    lock = RunFolder(run).lock()
    try:
        item = scene.opened()
        assert facts(item.card).startswith("Learning now")
        assert not item.go_on.isEnabled()
        scene.click(item.delete)
        scene.click(item.trash)
        assert "stop that first" in item.message.text()
        assert scene.places.trashed == []
    finally:
        lock.release()


def test_a_damaged_run_says_so(scene: Scene, run: Path) -> None:
    (run / "run.json").write_text("{")
    item = scene.opened()
    assert item.note.text() == "Its description is damaged."
    assert not item.go_on.isEnabled()
    assert item.open.isEnabled()  # its model is whole


def test_many_runs_come_in_portions(scene: Scene) -> None:
    for number in range(45):
        make_run(runs_dir(), f"run {number}")
    scene.look(40)
    assert scene.page.runs.more.text() == "Show 5 more of 5"
    scene.click(scene.page.runs.more)
    assert len(scene.page.runs.items) == 45
    assert not scene.page.runs.more.isVisible()


def test_a_folder_that_cannot_be_read_is_told(qtbot: QtBot, scene: Scene) -> None:
    runs_dir().parent.mkdir(parents=True, exist_ok=True)
    runs_dir().write_text("a file in the way")
    scene.page.runs_button.click()
    qtbot.waitUntil(lambda: "runs" in scene.page.runs.told.text())


def test_learning_the_text_on_the_desk_leaves_the_list(qtbot: QtBot, scene: Scene, run: Path, tmp_path: Path) -> None:
    with qtbot.waitSignal(scene.desk.corpus_changed):
        scene.desk.open_paths([write_play(tmp_path)])
    scene.look(1)
    scene.page.act()
    assert not scene.page.runs_button.isChecked()
    assert not scene.page.runs.isVisible()
    scene.end()


def test_fifty_runs_are_searched_and_sorted(qtbot: QtBot, scene: Scene) -> None:
    for at in range(50):
        finished = {**FINISHED, "loss": 1.5 + (at * 7 % 50) / 100}
        folder = make_run(runs_dir(), f"run {at:02}", STARTED, PROGRESS, finished, created=f"2026-05-01T10:00:{at:02}")
        if at % 10 == 3:
            name_run(folder, f"Night {at} " + "n" * 60, "with dropout" if at == 23 else "")
    runs = scene.page.runs
    scene.look(40)
    assert runs.told.text() == "50 runs" and runs.more.isVisible()
    runs.more.click()
    assert len(runs.items) == 50 and not runs.more.isVisible()
    qtbot.keyClicks(runs.search, "NIGHT")
    assert [item.card.name.split()[1] for item in runs.items] == ["43", "33", "23", "13", "3"]
    assert runs.told.text() == "5 of 50 runs"
    qtbot.keyClicks(runs.search, " dropout")
    assert [item.card.name.split()[1] for item in runs.items] == ["23"]
    runs.items[0].heading.click()
    assert runs.items[0].open.isVisible()
    runs.search.clear()
    runs.order.setCurrentIndex(runs.order.findData("best"))
    losses = [item.card.loss for item in runs.items]
    assert losses == sorted(losses) and losses[0] == 1.5
    runs.order.setCurrentIndex(runs.order.findData("name"))
    assert runs.items[0].card.name.startswith("Night 13")
    qtbot.keyClicks(runs.search, "nowhere")
    assert runs.items == [] and runs.told.text() == "0 of 50 runs"
    assert runs.search.isVisible() and not runs.empty.isVisible(), "the way back stays"
    qtbot.keyClick(runs.search, Qt.Key.Key_Escape)
    assert runs.search.text() == "" and runs.isVisible(), "first the search is left, then the list"
    qtbot.keyClick(runs.search, Qt.Key.Key_Escape)
    assert not runs.isVisible()
