"""A plot as a picture or a table, in memory: PNG, SVG and CSV."""

import csv
import io
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from chargen.gui import theme
from chargen.gui.widgets.curves import Series
from chargen.gui.widgets.plot_legend import Legend
from chargen.gui.widgets.run_curve import AXES, RunCurve

PNG_SCALE = 2  # pixels of the picture for one of the window


def to_png(plot: QWidget, title: str, sentence: str, legend: Legend | None = None) -> bytes:
    """``plot`` as it looks now, with its title above, its lines' names and the reading of it beneath."""
    size = _Layout(plot, sentence, legend).size
    image = QImage(size * PNG_SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(PNG_SCALE)
    painter = QPainter(image)
    try:
        _paint(painter, plot, title, sentence, legend)
    finally:
        painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    buffer.close()
    return bytes(data.data())


def to_svg(plot: QWidget, title: str, sentence: str, legend: Legend | None = None) -> bytes:
    """The same with lines and letters that stay lines and letters."""
    size = _Layout(plot, sentence, legend).size
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    drawing = QSvgGenerator()
    drawing.setOutputDevice(buffer)
    drawing.setSize(size)
    drawing.setViewBox(QRect(QPoint(0, 0), size))
    drawing.setTitle(title)
    drawing.setDescription(sentence)
    painter = QPainter(drawing)
    try:
        _paint(painter, plot, title, sentence, legend)
    finally:
        painter.end()
    buffer.close()
    return bytes(data.data())


def to_csv(runs: Sequence[RunCurve]) -> bytes:
    """A row for each run and step that has a number: losses in nats a character, gradient norms by part.

    What was not measured there is empty; a run that never had a name is called ``this run``.
    """
    most = max((len(run.norms) for run in runs), default=0)
    names = next((run.norm_names() for run in runs if len(run.norms) == most), [])
    norms = [f"gradient_{name.replace(' ', '_')}" for name in names]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("run", "step", "characters", "epochs", "seconds", "train_loss", "validation_loss", *norms))
    for run in runs:
        writer.writerows(_rows(run, names))
    return table.getvalue().encode()


def _rows(run: RunCurve, names: Sequence[str]) -> list[list[str]]:
    cells: dict[int, list[str]] = {}
    parts = dict(zip(run.norm_names(), run.norms, strict=True))
    columns = [run.train.raw, run.validation, *(parts[name].raw if name in parts else Series() for name in names)]
    for place, series in enumerate(columns):
        for step, number in zip(series.x, series.y, strict=True):
            cells.setdefault(int(step), [""] * len(columns))[place] = str(np.float32(number))
    steps = np.array(sorted(cells), dtype=np.float64)
    places = {axis: run.place(steps, axis) for axis in AXES[1:] if run.knows(axis)}
    whole = [f"{value:.0f}" for value in places["characters"]] if "characters" in places else [""] * len(steps)
    broken = [[f"{value:.6g}" for value in places[axis]] if axis in places else [""] * len(steps) for axis in AXES[2:]]
    return [
        [run.name or "this run", f"{step:.0f}", *where, *cells[int(step)]]
        for step, *where in zip(steps, whole, *broken, strict=True)
    ]


class _Layout:
    """Where title, plot, legend and sentence stand."""

    def __init__(self, plot: QWidget, sentence: str, legend: Legend | None) -> None:
        edge, gap = theme.SPACE_4, theme.SPACE_2
        width = plot.width()
        self.title = QRect(edge, edge, width, QFontMetrics(_title_font()).height())
        self.plot = QPoint(edge, self.title.bottom() + gap)
        self.legend = QPoint(edge, self.plot.y() + plot.height() + gap)
        rows = legend.heightForWidth(width) + gap if legend is not None and legend.names() else 0
        free = QRect(edge, self.legend.y() + rows, width, 10_000)
        metrics = QFontMetrics(_sentence_font())
        self.sentence = metrics.boundingRect(free, Qt.TextFlag.TextWordWrap, sentence) if sentence else free
        bottom = self.sentence.bottom() if sentence else free.top()
        self.sentence.setWidth(width)
        self.size = QSize(width + 2 * edge, bottom + edge)


def _title_font() -> QFont:
    return theme.ui_font(semibold=True)


def _sentence_font() -> QFont:
    return theme.ui_font(theme.TEXT_SMALL)


def _paint(painter: QPainter, plot: QWidget, title: str, sentence: str, legend: Legend | None) -> None:
    t = theme.tokens()
    where = _Layout(plot, sentence, legend)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(QRect(QPoint(0, 0), where.size), theme.colour(t.surface))
    painter.setFont(_title_font())
    painter.setPen(theme.colour(t.ink))
    painter.drawText(where.title, Qt.AlignmentFlag.AlignLeft, title)
    painter.setFont(_sentence_font())
    painter.setPen(theme.colour(t.ink_2))
    painter.drawText(where.sentence, Qt.TextFlag.TextWordWrap, sentence)
    if legend is not None:
        painter.save()
        painter.translate(where.legend)
        legend.painted(painter, plot.width())
        painter.restore()
    # A widget's way of rendering, with the names that stand over the curves; a view's own leaves them out.
    QWidget.render(plot, painter, where.plot, QRegion(), QWidget.RenderFlag.DrawChildren)
