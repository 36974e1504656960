"""Saving the plot from the Train page."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from chargen.gui.pages.train import TrainPage
from tests.gui.helpers import Answers, make_desk, points, started, write_play


def learning(qtbot: QtBot, folder: Path, *answer: Path) -> tuple[TrainPage, Answers]:
    desk, factory = make_desk("train")
    files = Answers(*answer)
    page = TrainPage(desk, files)
    qtbot.addWidget(page)
    page.resize(940, 640)
    page.show()
    with qtbot.waitSignal(desk.corpus_changed):
        desk.open_paths([write_play(folder)])
    desk.start_training({})
    factory.held["train"].post(started(), points(*range(1, 51)))
    qtbot.waitUntil(lambda: page.plot.point_count() == 50)
    page.plot.redraw()
    return page, files


@pytest.mark.parametrize(
    ("name", "begins"), [("p.png", b"\x89PNG"), ("p.svg", b"<?xml"), ("P.CSV", b"run,step,char")]
)
def test_the_plot_is_saved_as_what_its_name_says(qtbot: QtBot, tmp_path: Path, name: str, begins: bytes) -> None:
    page, files = learning(qtbot, tmp_path, tmp_path / name)
    qtbot.mouseClick(page.plot.tools.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.banner.isVisible)
    assert files.asked == ["Save the plot"]
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert name in page.banner.sentence()


@pytest.mark.parametrize(
    ("name", "says"), [("p.jpeg", "ends in .png, .svg or .csv"), ("nowhere/p.png", "Cannot write")]
)
def test_what_cannot_be_saved_is_said(qtbot: QtBot, tmp_path: Path, name: str, says: str) -> None:
    page, _ = learning(qtbot, tmp_path, tmp_path / name)
    qtbot.mouseClick(page.plot.tools.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.banner.isVisible)
    assert says in page.banner.sentence()
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("size", [(816, 560), (940, 640), (1196, 740), (1836, 1020)])
def test_the_sentence_stands_off_the_axis_in_every_window(qtbot: QtBot, tmp_path: Path, size: tuple[int, int]) -> None:
    page, _ = learning(qtbot, tmp_path)
    page.resize(*size)
    page.plot.redraw()
    qtbot.waitUntil(lambda: page.plot._sentence.isVisible())
    plot, sentence = page.plot.canvas, page.plot._sentence
    qtbot.waitUntil(
        lambda: sentence.y() - plot.mapTo(page.plot, QPoint(0, plot.height())).y() >= 8
        and sentence.height() >= sentence.heightForWidth(sentence.width())
        and sentence.geometry().bottom() < page.plot.height()
    )
