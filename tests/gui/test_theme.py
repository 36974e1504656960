"""Tokens, contrast, fonts, icons, and switching live."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontInfo, QFontMetricsF, QImage, QPalette
from PySide6.QtWidgets import QApplication, QPushButton

import chargen.gui
from chargen.bench import plot
from chargen.gui import icons, theme
from chargen.paths import assets_dir

THEMES = [theme.LIGHT, theme.DARK]


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> Iterator[None]:
    """Dressing everything that other tests left open takes a while: only where it is not dressed so."""

    def dress() -> None:
        if theme.signals.choice != "light" or theme.tokens() is not theme.LIGHT or not qapp.styleSheet():
            theme.apply(qapp, "light")

    dress()
    yield
    dress()


def test_contrast_of_known_pairs() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#777777") == pytest.approx(1.0)
    assert theme.contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


# What is written on what is not listed here by hand: it is collected from the stylesheet, from the palette and from
# the code that paints.

TEXT, SIGN = 4.5, 3.0  # the least contrast of words, and of icons, rings and lines that mean something
PAGES = ("paper", "surface", "rail")
"""What a widget that paints no ground of its own may stand on."""
INKS = {"ink", "ink_2", "ink_3", "accent", "data_1", "data_2", "curves", "good", "caution", "bad", "deepest"}
GROUNDS = {"paper", "surface", "rail", "accent_soft", "hover", "selection"}
QUIET = {("ink_3", "hover"), ("ink_3", "accent_soft"), ("ink_3", "rail")}
"""The dashes round the place to drop, and a resting dot: they mean nothing that is not also said."""
NEVER = {"widgets/reading_view.py: ink_2 0 on selection"}  # the placeholder stands where nothing can be selected
WITH_TEXT = ("item", "tab", "section")  # parts of a control that are written on


def of(t: theme.Tokens, name: str) -> list[str]:
    """The colours of a token: several of a scale."""
    value = getattr(t, name)
    return [value] if isinstance(value, str) else list(value)


def weak_pairs(pairs: dict[str, tuple[str, str]], least: float) -> dict[str, float]:
    found = {name: round(theme.contrast(ink, ground), 2) for name, (ink, ground) in pairs.items()}
    return {name: value for name, value in found.items() if value < least}


def rules(sheet: str) -> dict[str, dict[str, str]]:
    """Selector by selector, what it declares; later ones go over earlier ones."""
    found: dict[str, dict[str, str]] = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        declared = {
            part.partition(":")[0].strip(): part.partition(":")[2].strip() for part in body.split(";") if ":" in part
        }
        for selector in selectors.split(","):
            found.setdefault(" ".join(selector.split()), {}).update(declared)
    return found


def less_special(selector: str) -> list[str]:
    """Whose declarations also hold for it, the most general first: ``QPushButton[kind="x"]:hover`` is a QPushButton."""
    plain = re.sub(r":(?!:)[\w-]+$", "", selector)  # its state
    state = selector[len(plain) :]
    general = re.sub(r"\[[^\]]*\]", "", plain)  # its kind
    base = re.sub(r"::[\w-]+", "", general)  # its part
    return list(dict.fromkeys(["QWidget", base, general, general + state, plain, selector]))


def written_in_the_stylesheet(t: theme.Tokens) -> dict[str, tuple[str, str]]:
    """Every colour of a text with every ground that it can stand on."""
    sheet = rules(theme.stylesheet(t))
    pairs = {}
    for selector in sheet:
        part = re.search(r"::([\w-]+)", selector)
        if part is not None and part[1] not in WITH_TEXT:
            continue
        style: dict[str, str] = {}
        for each in less_special(selector):
            style |= sheet.get(each, {})
        ground = style.get("background", "transparent")
        grounds = [ground] if ground.startswith("#") else [t.paper, t.surface]
        for on in grounds:
            pairs[f"{selector} on {on}"] = (style["color"], on)
        for what in ("selection", "placeholder-text"):
            chosen = style.get(f"{what}-color")
            if chosen is not None:
                pairs[f"{selector}, {what}"] = (chosen, style.get(f"{what}-background-color", grounds[0]))
    return pairs


def in_the_palette(t: theme.Tokens) -> dict[str, tuple[str, str]]:
    role, palette = QPalette.ColorRole, theme.palette(t)
    on = {
        role.WindowText: (role.Window, role.Base, role.AlternateBase), role.Text: (role.Base, role.AlternateBase),
        role.ButtonText: (role.Button,), role.HighlightedText: (role.Highlight,), role.BrightText: (role.Window,),
        role.ToolTipText: (role.ToolTipBase,), role.PlaceholderText: (role.Base,), role.Link: (role.Window, role.Base),
        role.LinkVisited: (role.Window, role.Base),
    }  # fmt: skip
    return {
        f"{ink.name} on {ground.name}, {group.name}": (
            palette.color(group, ink).name(), palette.color(group, ground).name()
        )
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive, QPalette.ColorGroup.Disabled)
        for ink, grounds in on.items()
        for ground in grounds
    }  # fmt: skip


class Painting(ast.NodeVisitor):
    """Which tokens a module writes with, which it draws with, and which it fills with."""

    def __init__(self, source: str) -> None:
        self.text: set[str] = set()
        self.all: set[str] = set()
        self._values: dict[str, set[str]] = {}
        self._pen: set[str] = set()
        self.visit(ast.parse(source))

    def named(self, node: ast.AST) -> set[str]:
        names = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                names |= self._values.get(each.id, set())
        return names & (INKS | GROUNDS)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._values, self._pen = {}, set()
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._values[target.id] = self.named(node.value)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.all |= {node.attr} & (INKS | GROUNDS)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        given = set().union(*(self.named(argument) for argument in node.args))
        if name == "setPen":
            self._pen = given
        elif name == "drawText":
            self.text |= self._pen & INKS
        elif name in ("setTextPen", "setForeground"):
            self.text |= given & INKS
        self.generic_visit(node)


FOLDER = Path(chargen.gui.__file__).parent
PAINTERS = {
    file.relative_to(FOLDER).as_posix(): Painting(file.read_text(encoding="utf-8"))
    for file in sorted(FOLDER.rglob("*.py"))
    if file.name != "theme.py"
}


def painted(t: theme.Tokens, text: bool) -> dict[str, tuple[str, str]]:
    """Of every module that paints: its inks on the grounds that it paints, and on those that it may stand on."""
    pairs = {}
    for module, painting in PAINTERS.items():
        inks = painting.text if text else (painting.all & INKS) - painting.text
        for ink in inks:
            for ground in (painting.all & GROUNDS) | set(PAGES):
                if text or (ink, ground) not in QUIET:
                    for number, colour in enumerate(of(t, ink)):
                        pairs[f"{module}: {ink} {number} on {ground}"] = (colour, getattr(t, ground))
    return pairs


@pytest.mark.parametrize("t", THEMES, ids=lambda t: t.name)
def test_every_text_of_the_stylesheet_can_be_read(t: theme.Tokens) -> None:
    pairs = written_in_the_stylesheet(t)
    assert len(pairs) > 100
    assert not weak_pairs(pairs, TEXT)


@pytest.mark.parametrize("t", THEMES, ids=lambda t: t.name)
def test_every_text_of_the_palette_can_be_read(t: theme.Tokens) -> None:
    assert not weak_pairs(in_the_palette(t), TEXT)


@pytest.mark.parametrize("t", THEMES, ids=lambda t: t.name)
def test_every_painted_text_can_be_read(t: theme.Tokens) -> None:
    pairs = painted(t, text=True)
    assert {name.partition(":")[0] for name in pairs} >= {"widgets/cards.py", "widgets/chip.py", "pages/runs_card.py"}
    assert not weak_pairs({name: pair for name, pair in pairs.items() if name not in NEVER}, TEXT)


@pytest.mark.parametrize("t", THEMES, ids=lambda t: t.name)
def test_every_painted_sign_stands_out(t: theme.Tokens) -> None:
    assert not weak_pairs(painted(t, text=False), SIGN)


@pytest.mark.parametrize("t", THEMES, ids=lambda t: t.name)
def test_text_on_a_ground_that_is_mixed_can_be_read(t: theme.Tokens) -> None:
    pairs = {f"heat {i}": (t.heat_ink(i), t.heat[i]) for i in range(5)}
    for kind in ("data_1", "caution", "bad", "good"):
        pairs[f"banner {kind}"] = (t.ink, theme.mix(t.surface, getattr(t, kind), 0.07))
    pairs["mark in the preview"] = (t.ink, theme.mix(t.paper, t.caution, 0.16))
    pairs["the most frequent symbol"] = (t.ink, theme.mix(t.rail, t.heat[2], 0.6))
    pairs["icon of the primary button, tick of a box"] = (t.on_accent, t.accent)
    assert not weak_pairs(pairs, TEXT)


def test_a_pair_that_cannot_be_read_is_found() -> None:
    pale = dataclasses.replace(theme.LIGHT, ink_2="#A9A196")
    assert 'QLabel[kind="secondary"] on #FBF9F5' in weak_pairs(written_in_the_stylesheet(pale), TEXT)
    assert 'QPushButton[kind="primary"]:disabled on #F3EFE7' in weak_pairs(written_in_the_stylesheet(pale), TEXT)
    assert "PlaceholderText on Base, Active" in weak_pairs(in_the_palette(pale), TEXT)
    assert "widgets/chip.py: ink_2 0 on rail" in weak_pairs(painted(pale, text=True), TEXT)
    weak = dataclasses.replace(theme.LIGHT, accent="#F7C6B4")
    assert "widgets/focus_ring.py: accent 0 on paper" in weak_pairs(painted(weak, text=False), SIGN)


def test_nothing_is_written_in_the_colour_of_ticks() -> None:
    assert [module for module, painting in PAINTERS.items() if "ink_3" in painting.text] == []


@pytest.mark.parametrize("t", THEMES, ids=lambda t: t.name)
def test_heat_is_ordered_by_lightness(t: theme.Tokens) -> None:
    steps = [theme.contrast(colour, t.heat[0]) for colour in t.heat]
    assert steps == sorted(steps)
    assert steps[-1] > steps[1] * 2


def test_tokens_are_those_of_the_design() -> None:
    assert (theme.LIGHT.paper, theme.LIGHT.accent, theme.LIGHT.data_1) == ("#FBF9F5", "#B04A2F", "#0F6E84")
    assert (theme.DARK.paper, theme.DARK.accent, theme.DARK.heat[4]) == ("#1B1A18", "#F0906F", "#C2752F")


def test_switching_dresses_everything_and_tells(qapp: QApplication, qtbot) -> None:
    with qtbot.waitSignal(theme.signals.changed, timeout=1000):
        theme.apply(qapp, "dark")
    assert theme.tokens() is theme.DARK
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(theme.DARK.paper)
    assert theme.DARK.accent in qapp.styleSheet()
    assert theme.LIGHT.accent not in qapp.styleSheet()


def test_a_plain_button_changes_its_pixels_with_the_theme(qapp: QApplication, qtbot) -> None:
    button = QPushButton("Write")
    qtbot.addWidget(button)
    button.resize(120, 40)
    light = button.grab().toImage().pixelColor(12, 20)
    theme.apply(qapp, "dark")
    dark = button.grab().toImage().pixelColor(12, 20)
    assert (light, dark) == (QColor(theme.LIGHT.surface), QColor(theme.DARK.surface))


def test_system_choice_resolves(qapp: QApplication) -> None:
    theme.apply(qapp, "system")
    assert theme.signals.choice == "system"
    assert theme.tokens().name == theme.system_theme()


def test_bundled_faces_are_used(qapp: QApplication) -> None:
    families = theme.load_fonts()
    assert {theme.UI_FAMILY, theme.MONO_FAMILY} <= set(families)
    assert any("Garamond" in family for family in families)
    assert QFontInfo(theme.ui_font()).family() == "Inter"
    assert "Garamond" in QFontInfo(theme.book_font()).family()
    assert QFontInfo(theme.mono_font()).family() == "JetBrains Mono"


def test_tabular_digits_have_one_width(qapp: QApplication) -> None:
    metrics = QFontMetricsF(theme.ui_font(tabular=True))
    assert metrics.horizontalAdvance("1111") == pytest.approx(metrics.horizontalAdvance("0000"))
    loose = QFontMetricsF(theme.ui_font())
    assert loose.horizontalAdvance("1111") < loose.horizontalAdvance("0000")


def test_every_face_has_its_licence_and_all_are_small() -> None:
    folder = assets_dir() / "fonts"
    faces = list(folder.glob("*.[ot]tf"))
    assert faces
    assert sum(face.stat().st_size for face in faces) < 4_000_000
    for prefix in {re.split(r"[-0-9]", face.stem)[0] for face in faces}:
        assert "SIL OPEN FONT LICENSE" in (folder / f"OFL-{prefix}.txt").read_text(encoding="utf-8")


NEEDED = (
    "corpus train write states insight play pause stop save copy export dice lock unlock open trash settings "
    "chevron-down chevron-right close info warning device plus undo branch sun moon search folder download"
)


@pytest.mark.parametrize("name", NEEDED.split())
def test_needed_icons_are_there(name: str) -> None:
    assert name in icons.names()


@pytest.mark.parametrize("name", icons.names())
def test_icons_are_drawn_in_the_colour_asked_for(name: str, qapp: QApplication) -> None:
    source = (assets_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    assert 'viewBox="0 0 24 24"' in source
    assert not re.search("#[0-9a-fA-F]{3}", source), "an icon names a colour"
    image = icons.pixmap(name, 24, "#FF0000", 1.0).toImage().convertToFormat(QImage.Format.Format_ARGB32)
    painted = [image.pixelColor(x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).alpha() > 200]
    assert len(painted) > 4, "nothing is drawn"
    assert all(c.red() > 240 and c.green() < 16 and c.blue() < 16 for c in painted)
    edges = [image.pixelColor(i, j).alpha() for i in range(24) for j in (0, 23)]
    edges += [image.pixelColor(j, i).alpha() for i in range(24) for j in (0, 23)]
    assert max(edges) == 0, "the icon is clipped"


def test_only_the_theme_names_colours() -> None:
    folder = Path(chargen.gui.__file__).parent
    named = re.compile(r"[\"']#[0-9A-Fa-f]{3,8}[\"']|QColor\(\s*(\d|[\"'])|GlobalColor\.(?!transparent)")
    guilty = [
        f"{file.name}:{number}"
        for file in folder.rglob("*.py")
        if file.name != "theme.py"
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if named.search(line)
    ]
    assert not guilty


def test_pictures_made_without_a_window_have_its_colours() -> None:
    for tokens, colours in ((theme.LIGHT, plot.LIGHT), (theme.DARK, plot.DARK)):
        assert colours == {name: getattr(tokens, name) for name in colours}
