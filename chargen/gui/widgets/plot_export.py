"""A plot as a picture or a table, in memory: PNG, SVG and CSV."""

import csv
import io

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from chargen.gui import theme
from chargen.gui.widgets.curves import Series

PNG_SCALE = 2  # pixels of the picture for one of the window


def to_png(plot: QWidget, title: str, sentence: str) -> bytes:
    """``plot`` as it looks now, with its title above and the reading of it beneath."""
    size = _Layout(plot, title, sentence).size
    image = QImage(size * PNG_SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(PNG_SCALE)
    painter = QPainter(image)
    try:
        _paint(painter, plot, title, sentence)
    finally:
        painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    buffer.close()
    return bytes(data.data())


def to_svg(plot: QWidget, title: str, sentence: str) -> bytes:
    """The same with lines and letters that stay lines and letters."""
    size = _Layout(plot, title, sentence).size
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
        _paint(painter, plot, title, sentence)
    finally:
        painter.end()
    buffer.close()
    return bytes(data.data())


def to_csv(train: Series, validation: Series) -> bytes:
    """A row for each step that has a loss, in nats a character; what was not measured there is empty."""
    rows: dict[int, list[str]] = {}
    for column, series in enumerate((train, validation)):
        for step, loss in zip(series.x, series.y, strict=True):
            rows.setdefault(int(step), ["", ""])[column] = f"{np.float32(loss)}"
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("step", "train_loss", "validation_loss"))
    writer.writerows((step, *rows[step]) for step in sorted(rows))
    return table.getvalue().encode()


class _Layout:
    """Where title, plot and sentence stand."""

    def __init__(self, plot: QWidget, title: str, sentence: str) -> None:
        edge, gap = theme.SPACE_4, theme.SPACE_2
        width = plot.width()
        self.title = QRect(edge, edge, width, QFontMetrics(_title_font()).height())
        self.plot = QPoint(edge, self.title.bottom() + gap)
        free = QRect(edge, self.plot.y() + plot.height() + gap, width, 10_000)
        metrics = QFontMetrics(_sentence_font())
        self.sentence = metrics.boundingRect(free, Qt.TextFlag.TextWordWrap, sentence) if sentence else free
        bottom = self.sentence.bottom() if sentence else free.top()
        self.sentence.setWidth(width)
        self.size = QSize(width + 2 * edge, bottom + edge)


def _title_font() -> QFont:
    return theme.ui_font(semibold=True)


def _sentence_font() -> QFont:
    return theme.ui_font(theme.TEXT_SMALL)


def _paint(painter: QPainter, plot: QWidget, title: str, sentence: str) -> None:
    t = theme.tokens()
    where = _Layout(plot, title, sentence)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(QRect(QPoint(0, 0), where.size), theme.colour(t.surface))
    painter.setFont(_title_font())
    painter.setPen(theme.colour(t.ink))
    painter.drawText(where.title, Qt.AlignmentFlag.AlignLeft, title)
    painter.setFont(_sentence_font())
    painter.setPen(theme.colour(t.ink_2))
    painter.drawText(where.sentence, Qt.TextFlag.TextWordWrap, sentence)
    # A widget's way of rendering, with the names that stand over the curves; a view's own leaves them out.
    QWidget.render(plot, painter, where.plot, QRegion(), QWidget.RenderFlag.DrawChildren)
