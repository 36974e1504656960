"""The plot as a file: a picture that can be opened, a drawing with words in it, a table with its numbers."""

import csv
import io
import itertools
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui import theme
from chargen.gui.widgets.loss_plot import LossPlot
from chargen.gui.widgets.run_curve import RunCurve


def learned(qtbot: QtBot, width: int = 760, height: int = 420) -> LossPlot:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(width, height)
    plot.show()
    steps = np.arange(1, 301)
    plot.append_train(steps, 2 + 2 * np.exp(-steps / 60))
    plot.append_validation(100, 2.5)
    plot.append_validation(300, 2.25)
    plot.redraw()
    return plot


def another(name: str = "another") -> RunCurve:
    run = RunCurve(name)
    run.append_train([50, 300], [4.0, 2.5])
    run.append_norms([300], [[0.25, 0.5, 1.0]])
    run.append_place(300, 30_000, 1.5, 12.5)
    run.append_validation(300, 2.375)
    return run


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_picture_in_the_theme_that_is_seen(qtbot: QtBot, qapp: QApplication, name: str) -> None:
    theme.apply(qapp, name)  # type: ignore[arg-type]
    plot = learned(qtbot)
    picture = QImage.fromData(plot.exported(".png"))
    assert picture.width() > 2 * 700 and picture.height() > 2 * 300
    assert picture.pixelColor(2, 2) == theme.colour(theme.tokens().surface)
    rows, columns = range(0, picture.height(), 3), range(0, picture.width(), 3)
    colours = {picture.pixelColor(x, y).rgb() for y in rows for x in columns}
    assert theme.colour(theme.tokens().data_1).rgb() in colours, "the validation curve"


def test_a_drawing_keeps_its_words(qtbot: QtBot) -> None:
    plot = learned(qtbot)
    plot.set_unit("bits")
    plot.set_reading_place(50)
    drawing = plot.exported(".svg")
    words = " ".join(ET.fromstring(drawing).itertext())
    for wanted in ("Loss (bits a character, by step)", plot.sentence(), "validation", "train"):
        assert wanted in words
    assert "step 50" not in words, "the reading line is of the moment"
    assert plot.reading_place() == 50
    assert QSvgRenderer(drawing).isValid()


def test_a_table_has_every_loss_in_nats(qtbot: QtBot) -> None:
    plot = learned(qtbot)
    plot.set_unit("bits")
    plot.append_validation(301, 2.125)  # where no training loss was seen
    rows = list(csv.DictReader(io.StringIO(plot.exported(".csv").decode())))
    assert [int(row["step"]) for row in rows] == list(range(1, 302))
    assert float(rows[0]["train_loss"]) == pytest.approx(2 + 2 * np.exp(-1 / 60), rel=1e-6)
    assert {row["step"]: row["validation_loss"] for row in rows if row["validation_loss"]} == {
        "100": "2.5", "300": "2.25", "301": "2.125",
    }  # fmt: skip
    assert rows[-1]["train_loss"] == ""
    assert {row["run"] for row in rows} == {"this run"}
    assert {row["seconds"] for row in rows} == {""}, "nothing told it"


def test_a_table_and_a_drawing_hold_all_runs(qtbot: QtBot) -> None:
    plot = learned(qtbot)
    alone = plot.exported(".png")
    plot.describe("mine", "ab")
    plot.set_comparisons([another("Salt, pepper & “more”"), another()])
    rows = list(csv.DictReader(io.StringIO(plot.exported(".csv").decode())))
    assert [row["run"] for row in rows].count("mine") == 300
    last = next(row for row in rows if row["run"] == "Salt, pepper & “more”" and row["step"] == "300")
    assert list(last.values())[1:] == ["300", "30000", "1.5", "12.5", "2.5", "2.375", "0.25", "0.5", "1.0"]
    drawing = " ".join(ET.fromstring(plot.exported(".svg")).itertext())
    for wanted in ("Salt, pepper & “more”", "another", "Lowest on held-out text: this run"):
        assert wanted in drawing
    plot.canvas.setFixedHeight(300)
    assert QImage.fromData(plot.exported(".png")).height() > 2 * 300 and alone
    plot.set_view("gradient")
    assert "Gradient norms (by step)" in " ".join(ET.fromstring(plot.exported(".svg")).itertext())


@pytest.mark.parametrize("size", [(320, 203), (726, 203), (850, 243), (786, 293), (1500, 480)])
def test_the_sentence_keeps_its_distance(qtbot: QtBot, size: tuple[int, int]) -> None:
    plot = learned(qtbot)
    plot.set_smoothing(0.5)
    plot.resize(*size)
    # What a page does that shares its height: the card takes what it is given, whatever it would like.
    plot.layout().setSizeConstraint(plot.layout().SizeConstraint.SetNoConstraint)
    plot.setMinimumSize(0, 0)
    plot.resize(*size)
    QApplication.processEvents()
    plot.redraw()
    QApplication.processEvents()
    bottom = plot.canvas.mapTo(plot, QPoint(0, plot.canvas.height())).y()
    assert plot._sentence.y() - bottom >= 8
    assert plot._sentence.height() >= plot._sentence.heightForWidth(plot._sentence.width()), "all of its lines"
    assert plot._sentence.geometry().bottom() < plot.height()


def test_names_stay_on_a_low_plot(qtbot: QtBot) -> None:
    plot = learned(qtbot)
    plot.set_comparisons([another()])
    plot.canvas.setFixedHeight(105)
    QApplication.processEvents()
    plot.redraw()
    names = sorted((name for name in plot.canvas.names if name.isVisible()), key=lambda label: label.y())
    assert len(names) == 3
    assert all(plot.canvas.rect().contains(name.geometry()) for name in names)
    assert all(above.geometry().bottom() < below.y() for above, below in itertools.pairwise(names))
