"""The focus ring: 2 pixels of accent, 2 pixels off whatever has the keyboard.

A stylesheet cannot draw outside a control, so one transparent overlay follows the focus. It lives in
the window, or in the page of the scroll area that the control is in, and so scrolls with it. A widget
opts out with the property ``noFocusRing``; one that draws a smaller thing inside itself gives a
``focus_rect()`` method, in its own coordinates.
"""

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QAbstractScrollArea, QAbstractSpinBox, QApplication, QComboBox, QWidget

from chargen.gui import theme

_REACH = theme.FOCUS_GAP + theme.FOCUS_WIDTH
_MOVES = {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.ParentChange}


class _Ring(QWidget):
    """The drawn ring. Masked to its own stroke, so that what is inside repaints alone."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def surround(self, rect: QRect) -> None:
        outer = rect.adjusted(-_REACH, -_REACH, _REACH, _REACH)
        host = self.parentWidget()
        if host is not None:
            outer = outer.intersected(host.rect())  # a control at the very edge gets its ring inside
        self.setGeometry(outer)
        inside = QRect(0, 0, outer.width(), outer.height())
        hole = inside.adjusted(_REACH, _REACH, -_REACH, -_REACH)
        corner = theme.RADIUS_CONTROL  # the arcs reach into the hole's corners
        middle = QRegion(hole.adjusted(corner, 0, -corner, 0)).united(hole.adjusted(0, corner, 0, -corner))
        self.setMask(QRegion(inside).subtracted(middle))
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour(theme.tokens().accent), theme.FOCUS_WIDTH))
        half = theme.FOCUS_WIDTH / 2
        rect = QRectF(self.rect()).adjusted(half, half, -half, -half)
        radius = min(theme.RADIUS_CONTROL + _REACH - half, rect.height() / 2)
        painter.drawRoundedRect(rect, radius, radius)


class FocusRing(QObject):
    """Follows the application's focus."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._ring: _Ring | None = None
        self._target: QWidget | None = None
        self._watched: list[QWidget] = []
        app.focusChanged.connect(self._focus_changed)
        theme.signals.changed.connect(self._repaint)

    def ring(self) -> QWidget | None:
        """The ring now shown, or None."""
        return self._ring

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._drop()
        if new is None or new.isWindow() or new.property("noFocusRing"):
            return
        # The field inside a spin box or an editable choice has the focus; the ring goes round the whole.
        parent = new.parentWidget()
        if isinstance(parent, QAbstractSpinBox | QComboBox):
            new = parent
        host: QWidget = new
        self._watched = [new]
        while not host.isWindow():
            above = host.parentWidget()
            if above is None or (host is not new and isinstance(above.parentWidget(), QAbstractScrollArea)):
                break
            host = above
            self._watched.append(host)
        if host is new:
            return
        self._target = new
        self._ring = _Ring(host)
        self._ring.destroyed.connect(self._forget)
        for widget in self._watched:
            widget.installEventFilter(self)
        self._place()

    def _drop(self) -> None:
        for widget in self._watched:
            try:
                widget.removeEventFilter(self)
            except RuntimeError:
                continue  # already deleted by Qt
        self._watched = []
        self._target = None
        ring, self._ring = self._ring, None
        if ring is not None:
            try:
                ring.destroyed.disconnect(self._forget)  # or its end would be taken for that of the next ring
                ring.hide()
                ring.setParent(None)
                ring.deleteLater()
            except RuntimeError:
                pass  # its window took it along

    def _forget(self) -> None:
        self._ring = None

    def _place(self) -> None:
        target, ring = self._target, self._ring
        if target is None or ring is None:
            return
        host = ring.parentWidget()
        if host is None or not target.isVisibleTo(host):
            ring.hide()
            return
        inner = getattr(target, "focus_rect", None)
        rect: QRect = inner() if callable(inner) else target.rect()
        ring.surround(QRect(target.mapTo(host, rect.topLeft()), rect.size()))

    def _repaint(self) -> None:
        if self._ring is not None:
            self._ring.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES and watched is not self._ring:
            try:
                self._place()
            except RuntimeError:
                self._drop()
        return False


def install(app: QApplication) -> FocusRing:
    """Start following the focus; a second call returns the first ring."""
    existing = app.findChild(FocusRing)
    return existing if isinstance(existing, FocusRing) else FocusRing(app)
