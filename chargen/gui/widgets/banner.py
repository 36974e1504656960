"""A message that stands where it happened: in words, with the next step."""

from typing import Literal

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from chargen.gui import icons, theme
from chargen.gui.widgets.buttons import IconButton, SecondaryButton
from chargen.gui.widgets.labelled import plain_label
from chargen.gui.widgets.themed import follow_theme

Kind = Literal["info", "caution", "bad", "good"]
_SIGNS: dict[Kind, tuple[str, str]] = {
    "info": ("info", "Note"),
    "caution": ("warning", "Caution"),
    "bad": ("error", "Error"),
    "good": ("good", "Done"),
}


class _Sign(QWidget):
    """The kind's sign: shape as well as colour."""

    def __init__(self) -> None:
        super().__init__()
        self.kind: Kind = "info"
        self.setFixedSize(theme.ICON, theme.ICON)
        follow_theme(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        icons.paint(QPainter(self), _SIGNS[self.kind][0], QRectF(self.rect()), tint(self.kind))


def tint(kind: Kind) -> str:
    """The colour of a kind's sign and edge."""
    t = theme.tokens()
    return {"info": t.data_1, "caution": t.caution, "bad": t.bad, "good": t.good}[kind]


class InlineBanner(QWidget):
    """One sentence, an optional action, a way to dismiss. Hidden until ``show_message``."""

    action = Signal()
    dismissed = Signal()

    def __init__(
        self,
        kind: Kind = "info",
        sentence: str = "",
        action: str | None = None,
        dismissable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kind: Kind = kind
        self._sign = _Sign()
        self.label = plain_label()
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )  # an error is often copied into a search
        self.button = SecondaryButton("")
        self.button.clicked.connect(self._acted)
        self._close = IconButton("close", "Dismiss")
        self._close.setVisible(dismissable)
        self._close.clicked.connect(self.dismiss)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_4, theme.SPACE_2, theme.SPACE_2, theme.SPACE_2)
        layout.setSpacing(theme.SPACE_3)
        layout.addWidget(self._sign)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.button)
        layout.addWidget(self._close)
        follow_theme(self)
        if sentence:
            self.show_message(kind, sentence, action)
        else:
            self.hide()

    def show_message(self, kind: Kind, sentence: str, action: str | None = None) -> None:
        self._kind = self._sign.kind = kind
        self.label.setText(sentence)
        self.setAccessibleName(f"{_SIGNS[kind][1]}: {sentence}")
        self.button.setText(action or "")
        self.button.setVisible(bool(action))
        self.setVisible(True)
        self._sign.update()
        self.update()

    def kind(self) -> Kind:
        return self._kind

    def sentence(self) -> str:
        return self.label.text()

    def dismiss(self) -> None:
        self.hide()
        self.dismissed.emit()

    def _acted(self) -> None:
        self.action.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        edge = tint(self._kind)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour(theme.mix(t.surface, edge, 0.45)), theme.HAIRLINE))
        painter.setBrush(theme.colour(theme.mix(t.surface, edge, 0.07)))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, theme.RADIUS_CONTROL, theme.RADIUS_CONTROL)
