"""Labels: small capitals over a section, a field with its name and hint, a line that is never clipped."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme


def may_shorten(widget: QWidget) -> None:
    """Say that ``widget`` shows what a user named: it may be cut to fit, and its tooltip then has the whole.

    A test looks for everything else that does not fit. Painting widgets tell it what they cut: ``shortened()``.
    """
    widget.setProperty("mayShorten", True)


def plain_label(text: str = "", kind: str | None = None, parent: QWidget | None = None) -> QLabel:
    """A label that never interprets its text; ``kind``: secondary, good, caution, bad."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    if kind is not None:
        label.setProperty("kind", kind)
    return label


class SectionLabel(QLabel):
    """The heading of a group in a panel: 11, semibold, upper case."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("kind", "secondary")
        self.setFont(theme.label_font())
        self.set_text(text)

    def set_text(self, text: str) -> None:
        self.setText(text.upper())
        self.setAccessibleName(text)  # read as words, not letter by letter


class PageTitle(QLabel):
    """The name of a page, 20 semibold."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setFont(theme.ui_font(theme.TEXT_TITLE, semibold=True))


class NumberLabel(QLabel):
    """The one number of a page, 28 semibold, digits of one width."""

    def __init__(self, text: str = "–", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setFont(theme.ui_font(theme.TEXT_NUMBER, semibold=True, tabular=True))


class HintLabel(QLabel):
    """One explaining line in secondary ink; wraps rather than clips."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setProperty("kind", "secondary")
        self.setFont(theme.ui_font(theme.TEXT_SMALL))
        self.setWordWrap(True)


class FieldLabel(QWidget):
    """A control with its name above it and, where needed, a hint below."""

    def __init__(self, name: str, control: QWidget, hint: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = SectionLabel(name)
        self.label.setBuddy(control)
        self.control = control
        self.hint = HintLabel(hint or "")
        self.hint.setVisible(bool(hint))
        if not control.accessibleName():
            control.setAccessibleName(name)
        if hint and not control.accessibleDescription():
            control.setAccessibleDescription(hint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_1 + 2)
        layout.addWidget(self.label)
        layout.addWidget(control)
        layout.addWidget(self.hint)

    def set_hint(self, hint: str) -> None:
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))


class ElidedLabel(QWidget):
    """One line that shortens itself with an ellipsis and shows the whole in its tooltip."""

    def __init__(
        self,
        text: str = "",
        kind: str | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text = ""
        self._kind = kind
        self._mode = mode
        self._alignment = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        follow_theme(self)
        self.set_text(text)

    def text(self) -> str:
        """The whole text, shortened or not."""
        return self._text

    def shown_text(self) -> str:
        """What fits now."""
        return QFontMetrics(self.font()).elidedText(self._text, self._mode, self.width())

    def shortened(self) -> str:
        """The text, if it does not fit now."""
        return "" if self.shown_text() == self._text else self._text

    def set_text(self, text: str) -> None:
        self._text = " ".join(text.split())  # a file name may hold a line break
        self.setAccessibleName(self._text)
        self._tell()
        self.updateGeometry()
        self.update()

    def set_alignment(self, alignment: Qt.AlignmentFlag) -> None:
        self._alignment = alignment
        self.update()

    def _tell(self) -> None:
        self.setToolTip(escape_tooltip(self.shortened()))

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance("…") * 3, metrics.height() + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._tell()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._tell()
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setPen(theme.colour(t.ink_2 if self._kind == "secondary" else t.ink))
        painter.drawText(self.rect(), self._alignment, self.shown_text())


def escape_tooltip(text: str) -> str:
    """A tooltip guesses whether it is HTML; file-supplied text must stay text.

    Without a "<" Qt cannot take it for HTML; with one it is escaped, and is then HTML of that very text.
    """
    if "<" not in text:
        return text
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span>{escaped}</span>"
