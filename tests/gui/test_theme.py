"""Tokens, contrast, fonts, icons, and switching live."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontInfo, QFontMetricsF, QImage, QPalette
from PySide6.QtWidgets import QApplication, QPushButton

import chargen.gui
from chargen.gui import icons, theme
from chargen.paths import assets_dir

THEMES = [theme.LIGHT, theme.DARK]


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    theme.apply(qapp, "light")


def test_contrast_of_known_pairs() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#777777") == pytest.approx(1.0)
    assert theme.contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("t", THEMES, ids=lambda t: t.name)
def test_every_text_can_be_read_where_it_stands(t: theme.Tokens) -> None:
    grounds = {"paper": t.paper, "surface": t.surface, "rail": t.rail, "accent_soft": t.accent_soft}
    grounds |= {"hover": t.hover, "selection": t.selection}
    pairs = [(f"ink on {name}", t.ink, ground) for name, ground in grounds.items()]
    pairs += [(f"ink_2 on {name}", t.ink_2, grounds[name]) for name in grounds if name != "selection"]
    pairs += [("ink on line (pressed)", t.ink, t.line), ("tooltip", t.paper, t.ink)]
    pairs += [
        ("on_accent", t.on_accent, t.accent),
        ("on_accent, hover", t.on_accent, t.accent_hover),
        ("on_accent, pressed", t.on_accent, t.accent_pressed),
        ("accent on paper", t.accent, t.paper),
        ("accent on surface", t.accent, t.surface),
        ("data_1 on surface", t.data_1, t.surface),
        ("data_2 on surface", t.data_2, t.surface),
    ]
    for ground in ("paper", "surface"):
        pairs += [(f"{w} on {ground}", getattr(t, w), grounds[ground]) for w in ("good", "caution", "bad")]
    pairs += [(f"heat {i}", t.heat_ink(i), t.heat[i]) for i in range(5)]
    for kind in ("data_1", "caution", "bad", "good"):
        pairs.append((f"banner {kind}", t.ink, theme.mix(t.surface, getattr(t, kind), 0.07)))
    pairs.append(("mark in the preview", t.ink, theme.mix(t.paper, t.caution, 0.16)))
    weak = {name: round(theme.contrast(a, b), 2) for name, a, b in pairs if theme.contrast(a, b) < 4.5}
    assert not weak


@pytest.mark.parametrize("t", THEMES, ids=lambda t: t.name)
def test_signs_and_rings_stand_out(t: theme.Tokens) -> None:
    for ground in (t.paper, t.surface, t.rail, t.accent_soft):
        assert theme.contrast(t.accent, ground) >= 3
    assert theme.contrast(t.ink_3, t.surface) >= 3


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
