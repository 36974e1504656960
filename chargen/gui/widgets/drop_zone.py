"""Texts and models come in by dropping them: on the whole window, or on the Corpus page's panel.

Nothing here opens a file: the paths are handed on, and who reads them decides what they are.
"""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import icons, theme
from chargen.gui.widgets.buttons import SecondaryButton
from chargen.gui.widgets.labelled import plain_label
from chargen.gui.widgets.themed import follow_theme


def paths_from_mime(urls: Iterable[QUrl]) -> tuple[list[Path], str]:
    """The local paths among dropped addresses, and a sentence about what was refused ("" if nothing).

    A drop of local files and others keeps the local ones; duplicates count once.
    """
    paths: list[Path] = []
    foreign = 0
    for url in urls:
        local = url.toLocalFile() if url.isLocalFile() else ""
        if not local:
            foreign += 1
            continue
        path = Path(local)
        if path not in paths:
            paths.append(path)
    if paths and foreign:
        word = "item is" if foreign == 1 else "items are"
        return paths, f"{foreign} dropped {word} not on this computer and was left out."
    if foreign:
        return [], "Only files on this computer can be dropped here: save the page or text as a file first."
    return paths, "" if paths else "Nothing in this drop is a file."


def _urls(mime: QMimeData | None) -> list[QUrl]:
    return list(mime.urls()) if mime is not None and mime.hasUrls() else []


class DropOverlay(QWidget):
    """Covers ``window`` while something is dragged over it, and says what dropping will do."""

    dropped = Signal(object)  # list[Path]
    refused = Signal(str)

    def __init__(self, window: QWidget, sentence: str = "Drop a text or a model to open it") -> None:
        super().__init__(window)
        self._window = window
        self._sentence = sentence
        self.setAccessibleName(sentence)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        follow_theme(self)
        self.hide()

    def set_sentence(self, sentence: str) -> None:
        self._sentence = sentence
        self.setAccessibleName(sentence)
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.setGeometry(self._window.rect())
        elif kind == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            if _urls(event.mimeData()):
                event.acceptProposedAction()
                self.setGeometry(self._window.rect())
                self.show()
                self.raise_()
                return True
        elif kind == QEvent.Type.DragMove and isinstance(event, QDragMoveEvent):
            if _urls(event.mimeData()):
                event.acceptProposedAction()
                return True
        elif kind == QEvent.Type.DragLeave:
            self.hide()
        elif kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self.hide()
            paths, refusal = paths_from_mime(_urls(event.mimeData()))
            if paths:
                event.acceptProposedAction()
                self.dropped.emit(paths)
            if refusal:
                self.refused.emit(refusal)
            return True
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour(t.paper, 0.78))
        inset = theme.SPACE_4
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.setPen(QPen(theme.colour(t.accent), 2))
        painter.setBrush(theme.colour(t.accent_soft, 0.82))
        painter.drawRoundedRect(frame, theme.RADIUS_CARD, theme.RADIUS_CARD)
        font = theme.ui_font(theme.TEXT_TITLE, semibold=True)
        height = QFontMetrics(font).height()
        size = theme.ICON_LARGE
        top = self.height() / 2 - (size + theme.SPACE_3 + height) / 2
        icons.paint(painter, "drop", QRectF((self.width() - size) / 2, top, size, size), t.accent)
        painter.setFont(font)
        painter.setPen(theme.colour(t.ink))
        row = QRectF(frame.left(), top + size + theme.SPACE_3, frame.width(), height)
        painter.drawText(row, Qt.AlignmentFlag.AlignCenter, self._sentence)


class DropZone(QWidget):
    """The Corpus page with nothing on it: a dashed place to drop a text, and Browse."""

    browse = Signal()
    dropped = Signal(object)  # list[Path]
    refused = Signal(str)

    def __init__(
        self,
        sentence: str = "Drop a text here",
        hint: str = "A file, several, or a whole folder. It stays on this computer.",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(sentence)
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._over = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_6, theme.SPACE_6, theme.SPACE_6, theme.SPACE_6)
        layout.setSpacing(theme.SPACE_2)
        layout.addStretch(1)
        layout.addSpacing(theme.ICON_LARGE + theme.SPACE_2)
        title = plain_label(sentence)
        title.setFont(theme.ui_font(theme.TEXT_TITLE, semibold=True))
        self._title = title
        layout.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        line = plain_label(hint, "secondary")
        line.setWordWrap(True)
        line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(line)
        layout.addSpacing(theme.SPACE_2)
        self.button = SecondaryButton("Browse…", "folder")
        self.button.clicked.connect(self._browse)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        follow_theme(self)

    def sizeHint(self) -> QSize:
        return QSize(520, 280)

    def _browse(self) -> None:
        self.browse.emit()

    def _set_over(self, over: bool) -> None:
        self._over = over
        self.update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _urls(event.mimeData()):
            event.acceptProposedAction()
            self._set_over(True)

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._set_over(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._set_over(False)
        paths, refusal = paths_from_mime(_urls(event.mimeData()))
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)
        if refusal:
            self.refused.emit(refusal)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(theme.colour(t.accent if self._over else t.ink_3), 1.5, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([5, 4])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(theme.colour(t.accent_soft if self._over else t.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), theme.RADIUS_CARD, theme.RADIUS_CARD)
        size = theme.ICON_LARGE
        top = self._title.geometry().top() - size - theme.SPACE_3
        tint = t.accent if self._over else t.ink_2
        icons.paint(painter, "drop", QRectF((self.width() - size) / 2, top, size, size), tint)
