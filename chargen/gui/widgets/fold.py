"""A disclosure: its heading folds the content open and shut."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import icons, theme
from chargen.gui.widgets.themed import follow_theme


class _Heading(QPushButton):
    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setCheckable(True)
        self.setProperty("kind", "bare")
        self.setAutoDefault(False)
        self.setFixedHeight(theme.HIT)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        follow_theme(self)

    def sizeHint(self) -> QSize:
        width = QFontMetrics(theme.ui_font(medium=True)).horizontalAdvance(self.text())
        return QSize(width + theme.ICON_SMALL + theme.SPACE_2 + theme.SPACE_1, theme.HIT)

    def shortened(self) -> str:
        """The title, if it does not fit now."""
        return self.text() if self.width() < self.sizeHint().width() else ""

    def focus_rect(self) -> QRect:
        return self.rect().adjusted(0, 4, 0, -4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, opened = event.key(), self.isChecked()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif (key == Qt.Key.Key_Right and not opened) or (key == Qt.Key.Key_Left and opened):
            self.setChecked(not opened)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        font = theme.ui_font(medium=True)
        tone = t.ink if self.underMouse() or self.isChecked() else t.ink_2
        painter.setFont(font)
        painter.setPen(theme.colour(tone))
        width = QFontMetrics(font).horizontalAdvance(self.text())
        painter.drawText(QRect(0, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        size = theme.ICON_SMALL
        where = QRectF(width + theme.SPACE_1 + 2, (self.height() - size) / 2, size, size)
        icons.paint(painter, "chevron-down" if self.isChecked() else "chevron-right", where, tone)


class Fold(QWidget):
    """``Fold("Advanced")``: put content into ``body``. ``toggled`` carries whether it is open."""

    toggled = Signal(bool)

    def __init__(self, title: str, opened: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = _Heading(title)
        self.content = QWidget()
        self.body = QVBoxLayout(self.content)
        self.body.setContentsMargins(0, theme.SPACE_2, 0, 0)
        self.body.setSpacing(theme.SPACE_4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.heading)
        layout.addWidget(self.content)
        self.heading.toggled.connect(self._toggled)
        self.heading.setChecked(opened)
        self._apply(opened)

    def is_open(self) -> bool:
        return self.heading.isChecked()

    def set_open(self, opened: bool) -> None:
        self.heading.setChecked(opened)

    def _apply(self, opened: bool) -> None:
        self.content.setVisible(opened)
        self.heading.setAccessibleName(f"{self.heading.text()}, {'open' if opened else 'folded'}")

    def _toggled(self, opened: bool) -> None:
        self._apply(opened)
        self.toggled.emit(opened)
