"""What of a window cannot be read: texts that do not fit where they stand, and widgets that lie outside.

A widget that paints its own text tells what it cuts with ``shortened()``. What a user named may be cut, where the
widget says so (``may_shorten``) and its tooltip has the whole.
"""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QTabBar,
    QToolButton,
    QWidget,
)

SLACK = 1  # of a rounded pixel
_ICON_GAP = 4  # that Qt leaves between a button's picture and its text


def faults(window: QWidget) -> list[str]:
    """One line for each visible widget of ``window`` whose text is cut, or that lies partly outside."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.window() is not window.window():
            continue
        what = _outside(widget, window) or _cut(widget)
        if what:
            found.append(f"{_path(widget, window)}: {what}")
    return found


def _path(widget: QWidget, window: QWidget) -> str:
    names: list[str] = []
    at: QWidget | None = widget
    while at is not None and at is not window:
        if type(at) is not QWidget:
            names.append(type(at).__name__)
        at = at.parentWidget()
    return "/".join(reversed(names[:4]))


# --- outside


def _outside(widget: QWidget, window: QWidget) -> str:
    """Within its parent and the window; within a page that scrolls up and down only the width counts."""
    if widget.isWindow() or not widget.width() or not widget.height():
        return ""
    parent = widget.parentWidget()
    scrolled = parent is not None and isinstance(parent.parentWidget(), QAbstractScrollArea)
    inside = parent.rect() if parent is not None else window.rect()
    mine = widget.geometry()
    over = _over(inside, mine, width_only=scrolled)
    if not over:
        area = _scrolling(widget)
        port = area.viewport() if area is not None else window
        mine = QRect(widget.mapTo(port, QPoint(0, 0)), widget.size())
        over = _over(port.rect(), mine, width_only=area is not None)
    return f"lies outside by {over} ({_text(widget)!r})" if over else ""


def _over(inside: QRect, mine: QRect, width_only: bool) -> str:
    beyond = {"left": inside.left() - mine.left(), "right": mine.right() - inside.right()}
    if not width_only:
        beyond |= {"top": inside.top() - mine.top(), "bottom": mine.bottom() - inside.bottom()}
    return ", ".join(f"{pixels} px {side}" for side, pixels in beyond.items() if pixels > SLACK)


def _scrolling(widget: QWidget) -> QAbstractScrollArea | None:
    at = widget.parentWidget()
    while at is not None:
        above = at.parentWidget()
        if isinstance(above, QAbstractScrollArea) and at is above.viewport():
            return above
        at = above
    return None


# --- cut


def _cut(widget: QWidget) -> str:
    if hasattr(widget, "shortened"):
        cut = widget.shortened()
        return f"cuts {cut!r}" if cut and not _allowed(widget) else ""
    needed, room = _sizes(widget)
    if needed.width() <= room.width() + SLACK and needed.height() <= room.height() + SLACK:
        return ""
    size = f"needs {needed.width()}×{needed.height()}, has {room.width()}×{room.height()}"
    return "" if _allowed(widget) else f"cuts {_text(widget)!r}: {size}"


def _allowed(widget: QWidget) -> bool:
    """What a user named, with the whole in the tooltip."""
    return bool(widget.property("mayShorten")) and bool(widget.toolTip())


def _text(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QTabBar):
        return " | ".join(widget.tabText(index) for index in range(widget.count()))
    text = getattr(widget, "text", None)
    return str(text()) if callable(text) else ""


def _sizes(widget: QWidget) -> tuple[QSize, QSize]:
    """What the text needs, and what there is; both nothing for a widget without text."""
    nothing = QSize(0, 0)
    text = _text(widget)
    if not text and not (isinstance(widget, QLineEdit) and widget.placeholderText()):
        return nothing, nothing
    match widget:
        case QLabel():
            return _label(widget)
        case QPushButton() | QCheckBox() | QRadioButton():
            return _line(widget, text), _button_room(widget)
        case QToolButton() | QTabBar():
            return widget.sizeHint(), widget.size()
        case QComboBox():
            combo = QStyleOptionComboBox()
            widget.initStyleOption(combo)
            field = QStyle.SubControl.SC_ComboBoxEditField
            return _line(widget, text), widget.style().subControlRect(
                QStyle.ComplexControl.CC_ComboBox, combo, field, widget
            ).size()
        case QLineEdit():
            frame = QStyleOptionFrame()
            widget.initStyleOption(frame)
            room = widget.style().subElementRect(QStyle.SubElement.SE_LineEditContents, frame, widget).size()
            typed = isinstance(widget.parentWidget(), QAbstractSpinBox)  # ours to size; what is typed else may be long
            return _line(widget, text if typed else widget.placeholderText()), room
    return nothing, nothing


def _line(widget: QWidget, text: str) -> QSize:
    return widget.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, text)


def _label(label: QLabel) -> tuple[QSize, QSize]:
    margin = label.margin()
    room = label.contentsRect().adjusted(margin, margin, -margin, -margin)
    if not label.wordWrap():
        return label.fontMetrics().size(0, label.text()), room.size()
    tall = QRect(0, 0, room.width(), 100_000)
    return label.fontMetrics().boundingRect(tall, Qt.TextFlag.TextWordWrap, label.text()).size(), room.size()


def _button_room(button: QPushButton | QCheckBox | QRadioButton) -> QSize:
    option = QStyleOptionButton()
    button.initStyleOption(option)
    element = {
        QPushButton: QStyle.SubElement.SE_PushButtonContents,
        QCheckBox: QStyle.SubElement.SE_CheckBoxContents,
        QRadioButton: QStyle.SubElement.SE_RadioButtonContents,
    }
    which = next(value for kind, value in element.items() if isinstance(button, kind))
    room = button.style().subElementRect(which, option, button).size()
    if not button.icon().isNull() and button.text():
        room.setWidth(room.width() - button.iconSize().width() - _ICON_GAP)
    return room
