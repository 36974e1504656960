"""Ink on paper: the only file that names a colour or a size.

Everything drawn asks ``tokens()`` for its colours and takes its sizes from the constants here.
``apply(app, "light" | "dark" | "system")`` installs Fusion, a palette and one stylesheet made from
the tokens; ``signals.changed`` tells custom-painted widgets to take their colours again.
"""

import atexit
import logging
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from chargen.errors import FileError
from chargen.paths import assets_dir

ThemeName = Literal["light", "dark"]
ThemeChoice = Literal["light", "dark", "system"]


# ---------------------------------------------------------------------------------------- colours


@dataclass(frozen=True)
class Tokens:
    """The colours of one theme, by what they are for."""

    name: ThemeName
    paper: str
    surface: str
    rail: str
    line: str
    ink: str
    ink_2: str
    ink_3: str
    accent: str
    on_accent: str
    accent_soft: str
    data_1: str
    data_2: str
    curves: tuple[str, str, str, str, str]  # further lines of a plot, told apart by eyes that confuse colours
    heat: tuple[str, str, str, str, str]
    good: str
    caution: str
    bad: str
    deepest: str  # the text for a background too strong for ink

    @property
    def is_dark(self) -> bool:
        return self.name == "dark"

    @property
    def accent_hover(self) -> str:
        return mix(self.accent, self.ink, 0.12)

    @property
    def accent_pressed(self) -> str:
        return mix(self.accent, self.ink, 0.24)

    @property
    def hover(self) -> str:
        """Under the pointer, on paper, surface or rail alike."""
        return mix(self.rail, self.line, 0.55)

    @property
    def selection(self) -> str:
        """Behind selected text, which keeps its own ink."""
        return mix(self.surface, self.accent, 0.22)

    def heat_ink(self, level: int) -> str:
        """The text colour that reads best on heat ``level``."""
        return _best_ink((self.ink, self.deepest), self.heat[level])


LIGHT = Tokens(
    name="light", paper="#FBF9F5", surface="#FFFFFF", rail="#F3EFE7", line="#E3DDD1",
    ink="#22201C", ink_2="#655E53", ink_3="#8F877A",
    accent="#B04A2F", on_accent="#FFFFFF", accent_soft="#F7E6DF",
    data_1="#0F6E84", data_2="#B04A2F", curves=("#B04A2F", "#BB26D9", "#1F2E7A", "#6C1313", "#5C2349"),
    heat=("#FBF9F5", "#FBEBCB", "#F8CF8E", "#EFA663", "#D9743F"),
    good="#2F7D4F", caution="#8A6100", bad="#B3261E", deepest="#22201C",
)  # fmt: skip
DARK = Tokens(
    name="dark", paper="#1B1A18", surface="#242320", rail="#151412", line="#3A3731",
    ink="#ECE7DD", ink_2="#B0A899", ink_3="#857D70",
    accent="#F0906F", on_accent="#23120B", accent_soft="#3B2A22",
    data_1="#62C4D8", data_2="#F0906F", curves=("#F0906F", "#BB67E4", "#9DD926", "#F4E2BE", "#6E981B"),
    heat=("#1B1A18", "#3A2E1C", "#5E431D", "#8A5A22", "#C2752F"),
    good="#7CC79A", caution="#E0B458", bad="#F2948B", deepest="#23120B",
)  # fmt: skip


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(first: str, second: str, share: float) -> str:
    """``share`` of ``second`` in ``first``, both "#RRGGBB"."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def contrast(first: str, second: str) -> float:
    """The WCAG contrast ratio of two "#RRGGBB" colours, 1 to 21."""

    def luminance(colour: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (channel / 255 for channel in _channels(colour))
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@cache
def _best_ink(inks: tuple[str, ...], ground: str) -> str:
    return max(inks, key=lambda ink: contrast(ink, ground))


def colour(value: str, alpha: float = 1.0) -> QColor:
    """A token's value as Qt wants it."""
    result = QColor(value)
    result.setAlphaF(alpha)
    return result


# ------------------------------------------------------------------------------------------ sizes

SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_5, SPACE_6 = 4, 8, 12, 16, 20, 28
RADIUS_CONTROL, RADIUS_CARD = 8, 12
HAIRLINE, FOCUS_WIDTH, FOCUS_GAP = 1, 2, 2
HIT = 32  # nothing that can be pressed is smaller
CONTROL_HEIGHT = 36
RAIL_WIDTH, PANEL_WIDTH, DRAWER_BELOW, STATUS_HEIGHT = 84, 320, 1100, 34
ICON, ICON_BUTTON, ICON_SMALL, ICON_LARGE = 20, 18, 16, 44
TEXT, TEXT_SMALL, TEXT_LABEL, TEXT_TITLE, TEXT_NUMBER = 13, 12, 11, 20, 28
TEXT_BOOK, TEXT_MONO = 20, 15
LINE_HEIGHT, MEASURE = 1.5, 66  # of the reading column: times the size; characters

# ------------------------------------------------------------------------------------------ fonts

UI_FAMILY, BOOK_FAMILY, MONO_FAMILY = "Inter", "EB Garamond", "JetBrains Mono"
# After our own face come common faces for the scripts that it lacks; Qt then asks the system.
_OTHER_SCRIPTS = [
    "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Thai", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Yu Gothic",
    "Malgun Gothic", "Segoe UI", "Arial Unicode MS", "DejaVu Sans", "Noto Color Emoji", "Apple Color Emoji",
    "Segoe UI Emoji",
]  # fmt: skip
_UI_FALLBACK = ["Helvetica Neue", "Segoe UI", *_OTHER_SCRIPTS, "sans-serif"]
_BOOK_FALLBACK = [
    "Source Serif 4", "Noto Serif", "Noto Serif CJK SC", "Songti SC", "SimSun", "Georgia", "DejaVu Serif",
    *_OTHER_SCRIPTS, "serif",
]  # fmt: skip
_MONO_FALLBACK = ["Noto Sans Mono", "DejaVu Sans Mono", "Menlo", "Consolas", *_OTHER_SCRIPTS, "monospace"]

_loaded: list[str] = []


def load_fonts() -> list[str]:
    """Register the bundled faces, once; returns the families. Missing files only cost the look."""
    if _loaded:
        return list(_loaded)
    try:
        files = sorted((assets_dir() / "fonts").glob("*.[ot]tf"))
    except FileError:
        files = []
    families: set[str] = set()
    for file in files:
        number = QFontDatabase.addApplicationFont(str(file))
        if number < 0:
            logging.getLogger(__name__).warning("font %s could not be loaded", file.name)
            continue
        families.update(QFontDatabase.applicationFontFamilies(number))
    _loaded.extend(sorted(families))
    return list(_loaded)


def _font(families: list[str], size: int, weight: QFont.Weight, italic: bool = False) -> QFont:
    font = QFont()
    font.setFamilies(families)
    font.setPixelSize(size)
    font.setWeight(weight)
    font.setItalic(italic)
    return font


def ui_font(size: int = TEXT, semibold: bool = False, medium: bool = False, tabular: bool = False) -> QFont:
    """The interface face; ``tabular`` gives every digit one width, so that changing numbers stand still."""
    weight = QFont.Weight.DemiBold if semibold else QFont.Weight.Medium if medium else QFont.Weight.Normal
    font = _font([UI_FAMILY, *_UI_FALLBACK], size, weight)
    if tabular:
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def label_font() -> QFont:
    """Section labels: 11, semibold, slight tracking."""
    font = ui_font(TEXT_LABEL, semibold=True)
    font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 104)
    return font


def book_font(size: int = TEXT_BOOK, italic: bool = False) -> QFont:
    """The face of generated text."""
    # 0.016 of EB Garamond registers its text cut under both names, by platform.
    return _font([BOOK_FAMILY, "EB Garamond 12", *_BOOK_FALLBACK], size, QFont.Weight.Normal, italic)


def mono_font(size: int = TEXT_MONO) -> QFont:
    """Code corpora and character tables."""
    font = _font([MONO_FAMILY, *_MONO_FALLBACK], size, QFont.Weight.Normal)
    font.setStyleHint(QFont.StyleHint.Monospace)
    # Programming ligatures would join characters that the network wrote one by one.
    font.setFeature(QFont.Tag("calt"), 0)
    return font


# ------------------------------------------------------------------------------------- the current


class ThemeManager(QObject):
    """Holds the current theme; ``changed`` fires after the palette and stylesheet are in place."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.current: Tokens = LIGHT
        self.choice: ThemeChoice = "light"


signals = ThemeManager()


def tokens() -> Tokens:
    """The colours now in force."""
    return signals.current


def system_theme() -> ThemeName:
    """What the desktop asks for; light where it does not say."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


def apply(app: QApplication, choice: ThemeChoice = "system") -> None:
    """Dress the application: Fusion, fonts, palette, stylesheet. Call again to switch, live."""
    load_fonts()
    if app.property("chargenDressed") is None:
        app.setStyle(QStyleFactory.create("Fusion"))
        app.styleHints().colorSchemeChanged.connect(_system_changed)
        app.setProperty("chargenDressed", True)
    signals.choice = choice
    chosen: ThemeName = system_theme() if choice == "system" else choice
    signals.current = DARK if chosen == "dark" else LIGHT
    app.setFont(ui_font())
    app.setPalette(palette(signals.current))
    app.setStyleSheet(stylesheet(signals.current))
    signals.changed.emit()


def _system_changed(_scheme: Qt.ColorScheme) -> None:
    app = QApplication.instance()
    follows = signals.choice == "system" and system_theme() != signals.current.name
    if follows and isinstance(app, QApplication):
        apply(app, "system")


def palette(t: Tokens) -> QPalette:
    """The tokens as Qt's roles, for whatever the stylesheet does not reach."""
    role = QPalette.ColorRole
    result = QPalette()
    for which, value in {
        role.Window: t.paper, role.WindowText: t.ink, role.Base: t.surface, role.AlternateBase: t.rail,
        role.Text: t.ink, role.PlaceholderText: t.ink_2, role.Button: t.surface, role.ButtonText: t.ink,
        role.BrightText: t.bad, role.ToolTipBase: t.ink, role.ToolTipText: t.paper,
        role.Highlight: t.selection, role.HighlightedText: t.ink, role.Link: t.accent,
        role.LinkVisited: t.accent, role.Accent: t.accent, role.Light: t.surface, role.Midlight: t.rail,
        role.Mid: t.line, role.Dark: t.ink_3, role.Shadow: t.rail,
    }.items():  # fmt: skip
        result.setColor(which, QColor(value))
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.ink_2))
    return result


_arrows: tempfile.TemporaryDirectory[str] | None = None


def _icon_file(name: str, value: str) -> str:
    """A stylesheet takes pictures only as files: the icon in one colour, in a folder of this process."""
    global _arrows
    try:
        if _arrows is None:
            _arrows = tempfile.TemporaryDirectory(prefix="chargen-icons-")
            atexit.register(_arrows.cleanup)
        file = Path(_arrows.name) / f"{name}-{value[1:]}.svg"
        if not file.exists():
            source = (assets_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
            file.write_text(source.replace("currentColor", value), encoding="utf-8")
        return file.as_posix()
    except (OSError, FileError):
        return ""  # without the picture the control still works


def stylesheet(t: Tokens) -> str:
    """The one stylesheet. Widgets of our own are addressed by class name or by their ``kind`` property."""
    down, up = _icon_file("chevron-down", t.ink_2), _icon_file("chevron-up", t.ink_2)
    tick, submenu = _icon_file("check", t.on_accent), _icon_file("chevron-right", t.ink_2)
    field = f"""
        background: {t.paper}; color: {t.ink}; border: 1px solid {t.line};
        border-radius: {RADIUS_CONTROL}px; min-height: {HIT - 2}px;
        selection-background-color: {t.selection}; selection-color: {t.ink};"""
    return f"""
    QWidget {{ color: {t.ink}; }}
    QMainWindow, QDialog, QMessageBox {{ background: {t.paper}; }}
    QToolTip {{ background: {t.ink}; color: {t.paper}; border: none; padding: 6px 8px; }}
    QLabel {{ background: transparent; }}
    QLabel[kind="secondary"] {{ color: {t.ink_2}; }}
    QLabel[kind="good"] {{ color: {t.good}; }}
    QLabel[kind="caution"] {{ color: {t.caution}; }}
    QLabel[kind="bad"] {{ color: {t.bad}; }}
    QScrollArea {{ background: transparent; border: none; }}
    QScrollArea > QWidget > QWidget {{ background: transparent; }}

    Card, QFrame[kind="card"] {{
        background: {t.surface}; border: 1px solid {t.line}; border-radius: {RADIUS_CARD}px; }}
    QFrame[kind="panel"] {{ background: {t.surface}; border: none; border-left: 1px solid {t.line}; }}
    QFrame[kind="hairline"] {{
        background: {t.line}; border: none; min-height: 1px; max-height: 1px; }}

    QPushButton {{
        background: {t.surface}; color: {t.ink}; border: 1px solid {t.line};
        border-radius: {RADIUS_CONTROL}px; padding: 0 {SPACE_4}px;
        min-height: {CONTROL_HEIGHT - 2}px; outline: none; }}
    QPushButton:hover {{ background: {t.hover}; }}
    QPushButton:pressed {{ background: {t.line}; }}
    QPushButton:checked {{ background: {t.accent_soft}; border-color: {t.accent}; }}
    QPushButton:disabled {{ background: transparent; color: {t.ink_2}; border-color: {t.line}; }}
    QPushButton[kind="primary"] {{
        background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; font-weight: 600;
        padding: 0 {SPACE_5}px; }}
    QPushButton[kind="primary"]:hover {{ background: {t.accent_hover}; border-color: {t.accent_hover}; }}
    QPushButton[kind="primary"]:pressed {{
        background: {t.accent_pressed}; border-color: {t.accent_pressed}; }}
    QPushButton[kind="primary"]:disabled {{ background: {t.rail}; color: {t.ink_2}; border-color: {t.line}; }}
    QPushButton[kind="ghost"], QPushButton[kind="icon"] {{
        background: transparent; border: 1px solid transparent; color: {t.ink_2};
        min-height: {HIT - 2}px; padding: 0 {SPACE_3}px; }}
    QPushButton[kind="icon"] {{ padding: 0; min-width: {HIT - 2}px; }}
    QPushButton[kind="ghost"]:hover, QPushButton[kind="icon"]:hover {{
        background: {t.hover}; color: {t.ink}; }}
    QPushButton[kind="ghost"]:pressed, QPushButton[kind="icon"]:pressed {{ background: {t.line}; }}
    QPushButton[kind="ghost"]:checked, QPushButton[kind="icon"]:checked {{
        background: {t.accent_soft}; color: {t.ink}; }}
    QPushButton[kind="bare"] {{ min-height: 0; padding: 0; border: none; }}

    QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {{ {field} padding: 0 {SPACE_2}px; }}
    QLineEdit, QPlainTextEdit, QTextEdit {{ placeholder-text-color: {t.ink_2}; }}
    QPlainTextEdit, QTextEdit {{ {field} padding: {SPACE_1}px; }}
    QLineEdit:hover, QSpinBox:hover, QDoubleSpinBox:hover, QComboBox:hover {{ border-color: {t.ink_3}; }}
    QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus,
    QPlainTextEdit:focus, QTextEdit:focus {{ border-color: {t.accent}; }}
    QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{
        color: {t.ink_2}; background: {t.rail}; }}
    QSpinBox QLineEdit, QDoubleSpinBox QLineEdit, QComboBox QLineEdit {{
        border: none; background: transparent; padding: 0; min-height: 0; }}
    QSpinBox QLineEdit, QDoubleSpinBox QLineEdit {{ padding-left: {SPACE_2}px; }}
    QDoubleSpinBox[kind="exact"] QLineEdit {{ padding-left: 0; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{
        width: 20px; border: none; background: transparent; subcontrol-origin: border; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button {{ subcontrol-position: top right; }}
    QSpinBox::down-button, QDoubleSpinBox::down-button {{ subcontrol-position: bottom right; }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url({up}); width: 12px; height: 12px; }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url({down}); width: 12px; height: 12px; }}
    QComboBox::drop-down {{ border: none; width: 28px; }}
    QComboBox::down-arrow {{ image: url({down}); width: 16px; height: 16px; }}
    QComboBox QAbstractItemView {{
        background: {t.surface}; color: {t.ink}; border: 1px solid {t.line}; outline: none; padding: 4px;
        selection-background-color: {t.accent_soft}; selection-color: {t.ink}; }}
    QComboBox QAbstractItemView::item {{ min-height: {HIT - 4}px; }}

    QCheckBox, QRadioButton {{ spacing: {SPACE_2}px; min-height: {HIT}px; background: transparent; }}
    ChoiceCard {{ min-height: 0; }}
    QCheckBox::indicator, QRadioButton::indicator {{
        width: 16px; height: 16px; border: 1px solid {t.ink_3}; background: {t.paper}; }}
    QCheckBox::indicator {{ border-radius: 5px; }}
    QRadioButton::indicator {{ border-radius: 9px; }}
    QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; image: url({tick}); }}
    QRadioButton::indicator:checked {{ border: 5px solid {t.accent}; width: 8px; height: 8px; }}
    QCheckBox:disabled, QRadioButton:disabled {{ color: {t.ink_2}; }}

    QListView, QTreeView, QTableView {{
        background: {t.surface}; alternate-background-color: {t.paper}; border: 1px solid {t.line};
        border-radius: {RADIUS_CONTROL}px; gridline-color: {t.line}; outline: none;
        selection-background-color: {t.accent_soft}; selection-color: {t.ink}; }}
    QListView[kind="plain"] {{ background: transparent; border: none; padding: 0; }}
    QListView::item, QTreeView::item {{ min-height: {HIT}px; padding: 0 {SPACE_2}px; }}
    QListView::item:hover, QTreeView::item:hover {{ background: {t.hover}; }}
    QListView::item:selected, QTreeView::item:selected {{ background: {t.accent_soft}; color: {t.ink}; }}
    QHeaderView::section {{
        background: {t.surface}; color: {t.ink_2}; border: none; border-bottom: 1px solid {t.line};
        padding: 6px 8px; }}

    QTabWidget::pane {{ border: none; }}
    QTabBar {{ qproperty-drawBase: 0; background: transparent; }}
    QTabBar::tab {{
        color: {t.ink_2}; background: transparent; border: none; border-bottom: 2px solid transparent;
        padding: 0 {SPACE_2}px; margin-right: {SPACE_3}px; min-height: {CONTROL_HEIGHT}px; }}
    QTabBar::tab:hover {{ color: {t.ink}; }}
    QTabBar::tab:selected {{ color: {t.ink}; border-bottom-color: {t.accent}; }}

    QMenuBar {{ background: {t.rail}; color: {t.ink}; }}
    QMenuBar::item {{ background: transparent; padding: 6px 10px; border-radius: 6px; }}
    QMenuBar::item:selected {{ background: {t.hover}; }}
    QMenu {{ background: {t.surface}; color: {t.ink}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 7px 28px 7px 12px; border-radius: 6px; }}
    QMenu::item:selected {{ background: {t.accent_soft}; }}
    QMenu::item:disabled {{ color: {t.ink_2}; }}
    QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
    QMenu::right-arrow {{ image: url({submenu}); width: 16px; height: 16px; }}

    QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
    QScrollBar::handle {{ background: {t.line}; border: none; border-radius: 3px; margin: 3px; }}
    QScrollBar::handle:vertical {{ min-height: 32px; }}
    QScrollBar::handle:horizontal {{ min-width: 32px; }}
    QScrollBar::handle:hover, QScrollBar::handle:pressed {{ background: {t.ink_3}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

    QSplitter::handle {{ background: {t.line}; }}
    QSplitter::handle:horizontal {{ width: 1px; }}
    QSplitter::handle:vertical {{ height: 1px; }}
    QStatusBar {{ background: {t.rail}; color: {t.ink_2}; border-top: 1px solid {t.line}; }}
    QStatusBar::item {{ border: none; }}
    QGroupBox {{ border: none; margin-top: {SPACE_5}px; }}
    """
