"""Our own icons: SVG on a 24-pixel grid, drawn in the colour that is asked for.

The files say ``currentColor``; it is replaced by a token's value when an icon is drawn, so that one
set of files serves both themes.
"""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from chargen.gui import theme
from chargen.paths import assets_dir

_SCALES = (1.0, 2.0)


def names() -> list[str]:
    """Every icon there is."""
    return sorted(file.stem for file in (assets_dir() / "icons").glob("*.svg"))


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    return (assets_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))


def paint(painter: QPainter, name: str, rect: QRectF, colour: str) -> None:
    """Draw an icon into ``rect``, sharp at any scale."""
    _renderer(name, colour).render(painter, rect)


def pixmap(name: str, size: int, colour: str, scale: float | None = None, gap: int = 0) -> QPixmap:
    """An icon as a picture of ``size`` logical pixels, with ``gap`` empty ones at its right."""
    if scale is None:
        screen = QGuiApplication.primaryScreen()
        scale = screen.devicePixelRatio() if screen else 1.0
    result = QPixmap(QSize(round((size + gap) * scale), round(size * scale)))
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    paint(painter, name, QRectF(0, 0, size * scale, size * scale), colour)
    painter.end()
    result.setDevicePixelRatio(scale)
    return result


def icon(name: str, colour: str | None = None, size: int = theme.ICON, gap: int = 0) -> QIcon:
    """An icon for Qt's own controls; ask again after ``theme.signals.changed``."""
    value = colour or theme.tokens().ink
    result = QIcon()
    for scale in _SCALES:
        for mode, tint in ((QIcon.Mode.Normal, value), (QIcon.Mode.Disabled, theme.tokens().ink_3)):
            result.addPixmap(pixmap(name, size, tint, scale, gap), mode)
    return result


def app_icon() -> QIcon:
    """The application's own picture."""
    return QIcon(str(assets_dir() / "app-icon.svg"))
