"""Buttons, cards, rail, labels, fold, banner, progress, device chip: what they do, by mouse and by key."""

import gc
import weakref

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets import focus_ring
from chargen.gui.widgets.banner import InlineBanner
from chargen.gui.widgets.buttons import GhostButton, IconButton, PrimaryButton, SecondaryButton, ToggleButton
from chargen.gui.widgets.cards import Card, ChoiceCard, ChoiceCards, EmptyState
from chargen.gui.widgets.device_chip import DeviceChip
from chargen.gui.widgets.fields import SeedField
from chargen.gui.widgets.fold import Fold
from chargen.gui.widgets.labelled import ElidedLabel, FieldLabel, SectionLabel, escape_tooltip
from chargen.gui.widgets.progress_bar import ThinProgress
from chargen.gui.widgets.rail import Rail, RailItem
from chargen.gui.widgets.status_line import StatusLine

EVIL = "<b>bold</b><img src=x>"


def rail() -> Rail:
    return Rail([RailItem(k, k.title(), k, f"Ctrl+{i}") for i, k in enumerate(("corpus", "train", "write"), 1)])


def choices() -> ChoiceCards:
    return ChoiceCards([("quick", "Quick", "1 min"), ("best", "Best", "35 min")], "Preset")


@pytest.mark.parametrize("make", [PrimaryButton, SecondaryButton, GhostButton])
def test_enter_and_space_press_a_button(make, qtbot) -> None:
    button = make("Train")
    qtbot.addWidget(button)
    presses: list[int] = []
    button.clicked.connect(lambda: presses.append(1))
    QTest.keyClick(button, Qt.Key.Key_Return)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(presses) == 2


@pytest.mark.parametrize(
    "widget",
    [
        lambda: PrimaryButton("T"),
        lambda: SecondaryButton("T"),
        lambda: GhostButton("T"),
        lambda: IconButton("copy", "Copy"),
        lambda: ToggleButton("unlock", "lock", "Free", "Locked"),
        lambda: ChoiceCard("quick", "Quick", "1 min"),
        lambda: Fold("Advanced"),
    ],
)
def test_hit_areas_are_large_enough(widget, qtbot) -> None:
    made = widget()
    qtbot.addWidget(made)
    made.adjustSize()
    made.ensurePolished()
    assert made.sizeHint().expandedTo(made.minimumSize()).height() >= theme.HIT
    assert made.accessibleName() or getattr(made, "text", str)() or isinstance(made, Fold)


def test_icon_button_says_its_name(qtbot) -> None:
    button = IconButton("copy", "Copy", "Ctrl+Shift+C")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Copy"
    assert "Ctrl+Shift+C" in button.toolTip()
    assert not button.icon().isNull()


def test_toggle_tells_by_icon_and_name(qtbot) -> None:
    lock = ToggleButton("unlock", "lock", "Seed is free", "Seed is locked")
    qtbot.addWidget(lock)
    with qtbot.waitSignal(lock.changed) as told:
        QTest.mouseClick(lock, Qt.MouseButton.LeftButton)
    assert told.args == [True]
    assert (lock.accessibleName(), lock.icon_name()) == ("Seed is locked", "lock")


def test_icons_are_tinted_again_with_the_theme(qapp: QApplication, qtbot) -> None:
    button = IconButton("stop", "Stop")
    qtbot.addWidget(button)

    def darkest() -> int:
        image = button.icon().pixmap(18, 18).toImage()
        shown = [image.pixelColor(x, y) for x in range(18) for y in range(18)]
        return min(c.lightness() for c in shown if c.alpha() > 200)

    light = darkest()
    theme.apply(qapp, "dark")
    assert darkest() > light + 40


def test_rail_moves_with_arrows_and_is_one_tab_stop(qtbot) -> None:
    widget = rail()
    qtbot.addWidget(widget)
    told: list[str] = []
    widget.selected.connect(told.append)
    QTest.keyClick(widget, Qt.Key.Key_Down)
    QTest.keyClick(widget, Qt.Key.Key_End)
    QTest.keyClick(widget, Qt.Key.Key_Down)
    QTest.keyClick(widget, Qt.Key.Key_Up)
    assert told == ["train", "write", "train"]
    stops = [b for b in widget._buttons.values() if b.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert [b.item.key for b in stops] == ["train"]
    assert stops[0].toolTip() == "Train  (Ctrl+2)"
    widget.set_current("corpus")
    assert told == ["train", "write", "train"], "set_current must not tell"


def test_rail_click_and_paint(qapp: QApplication, qtbot) -> None:
    widget = rail()
    qtbot.addWidget(widget)
    widget.resize(widget.width(), 400)
    widget.show()
    with qtbot.waitSignal(widget.selected) as told:
        QTest.mouseClick(widget._buttons["write"], Qt.MouseButton.LeftButton)
    assert told.args == ["write"]
    button = widget._buttons["write"]
    spot = QPoint(button.x() + button.width() // 2, button.y() + 4)
    assert widget.grab().toImage().pixelColor(spot) == QColor(theme.LIGHT.accent_soft)
    theme.apply(qapp, "dark")
    assert widget.grab().toImage().pixelColor(spot) == QColor(theme.DARK.accent_soft)


def test_choice_cards_choose_one(qtbot) -> None:
    cards = choices()
    qtbot.addWidget(cards)
    cards.show()
    cards.activateWindow()
    qtbot.waitUntil(cards.isActiveWindow)
    told: list[str] = []
    cards.selected.connect(told.append)
    cards.set_current("quick")
    assert told == []
    cards.card("quick").setFocus()
    QTest.keyClick(cards.card("quick"), Qt.Key.Key_Down)
    assert (told, cards.current()) == (["best"], "best")
    QTest.mouseClick(cards.card("quick"), Qt.MouseButton.LeftButton, pos=QPoint(100, 8))
    assert (told, cards.current()) == (["best", "quick"], "quick")
    assert not cards.card("best").isChecked()
    cards.card("best").set_line("40 min")
    assert cards.card("best").accessibleDescription() == "40 min"
    assert cards.card("best").height() >= 56, "the stylesheet must not squeeze it"


def test_empty_state_has_one_button(qtbot) -> None:
    empty = EmptyState("states", EVIL, "Capture")
    qtbot.addWidget(empty)
    assert empty.sentence.textFormat() == Qt.TextFormat.PlainText
    with qtbot.waitSignal(empty.activated):
        QTest.mouseClick(empty.button, Qt.MouseButton.LeftButton)


def test_no_label_interprets_its_text(qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = QVBoxLayout(holder)
    banner = InlineBanner("bad", EVIL, EVIL)
    for widget in (SectionLabel(EVIL), FieldLabel(EVIL, QLineEdit(), EVIL), banner, Card(EVIL)):
        layout.addWidget(widget)
    labels = holder.findChildren(QLabel)
    assert len(labels) >= 3
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)


def test_tooltips_of_files_stay_text() -> None:
    assert escape_tooltip("a & b.txt") == "a & b.txt"
    assert escape_tooltip(EVIL) == "<span>&lt;b&gt;bold&lt;/b&gt;&lt;img src=x&gt;</span>"


def test_elided_label_never_clips(qtbot) -> None:
    label = ElidedLabel("a very long name of a file that cannot fit.txt")
    qtbot.addWidget(label)
    label.show()
    label.resize(90, 20)
    assert label.shown_text().endswith("…")
    assert label.fontMetrics().horizontalAdvance(label.shown_text()) <= 90
    assert label.toolTip() == label.text()
    label.resize(900, 20)
    assert label.shown_text() == label.text()
    assert label.toolTip() == ""


def test_field_label_names_its_control(qtbot) -> None:
    box = QLineEdit()
    field = FieldLabel("Prompt", box, "How it begins.")
    qtbot.addWidget(field)
    assert (box.accessibleName(), box.accessibleDescription()) == ("Prompt", "How it begins.")
    assert field.label.buddy() is box


def test_fold_opens_by_key_and_mouse(qtbot) -> None:
    fold = Fold("Advanced")
    qtbot.addWidget(fold)
    inner = QLineEdit()
    fold.body.addWidget(inner)
    fold.show()
    assert not inner.isVisible()
    with qtbot.waitSignal(fold.toggled) as told:
        QTest.keyClick(fold.heading, Qt.Key.Key_Return)
    assert told.args == [True]
    assert inner.isVisible()
    assert "open" in fold.heading.accessibleName()
    QTest.keyClick(fold.heading, Qt.Key.Key_Left)
    assert not fold.is_open()
    assert not inner.isVisible()


def test_banner_says_acts_and_goes(qtbot) -> None:
    banner = InlineBanner()
    qtbot.addWidget(banner)
    assert banner.isHidden()
    banner.show_message("bad", "The disk is full: free some space.", "Save again")
    assert banner.accessibleName() == "Error: The disk is full: free some space."
    with qtbot.waitSignal(banner.action):
        QTest.mouseClick(banner.button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(banner.dismissed):
        QTest.keyClick(banner._close, Qt.Key.Key_Return)
    assert banner.isHidden()
    banner.show_message("good", "Saved.")
    assert banner.button.isHidden()


def test_progress_clamps_and_may_be_unknown(qtbot) -> None:
    bar = ThinProgress()
    qtbot.addWidget(bar)
    bar.resize(200, 6)
    for given, shown in ((0.25, 0.25), (7.0, 1.0), (-1.0, 0.0)):
        bar.set_fraction(given)
        assert bar.fraction() == pytest.approx(shown)
    bar.set_fraction(0.5)
    image = bar.grab().toImage()
    assert image.pixelColor(50, 3) == QColor(theme.LIGHT.accent)
    assert image.pixelColor(150, 3) == QColor(theme.LIGHT.line)
    bar.set_fraction(None)
    assert bar.fraction() is None


def test_device_chip_tells_the_truth(qtbot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    chip = line.device
    chip.set_device("CPU · 2 threads", "no CUDA device found", "busy")
    assert chip.text() == "CPU · 2 threads — no CUDA device found"
    assert chip.toolTip() == "no CUDA device found"
    assert chip.accessibleName() == "Device: CPU · 2 threads, working"
    chip.set_state("ready")
    assert chip.accessibleName() == "Device: CPU · 2 threads, ready"
    line.set_activity("Training 64,100 characters/s")
    assert line.activity() == "Training 64,100 characters/s"
    lone = DeviceChip()
    qtbot.addWidget(lone)
    QTest.keyClick(lone, Qt.Key.Key_A)  # other keys pass by


def test_focus_ring_surrounds_what_has_the_keyboard(qapp: QApplication, qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(30, 30, 30, 30)
    first, second = SecondaryButton("One"), SecondaryButton("Two")
    layout.addWidget(first)
    layout.addWidget(second)
    holder.resize(240, 160)
    holder.show()
    qtbot.waitExposed(holder)
    holder.activateWindow()
    ring = focus_ring.install(qapp)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: ring.ring() is not None)
    shown = ring.ring()
    assert shown is not None
    assert shown.geometry() == first.geometry().adjusted(-4, -4, 4, 4)
    image = holder.grab().toImage()
    outside = QPoint(first.geometry().center().x(), first.geometry().top() - 3)
    assert image.pixelColor(outside) == QColor(theme.LIGHT.accent)
    assert image.pixelColor(outside + QPoint(0, 2)) != QColor(theme.LIGHT.accent), "two pixels off the control"
    QTest.keyClick(first, Qt.Key.Key_Tab)
    moved = ring.ring()
    assert moved is not None
    assert moved.geometry() == second.geometry().adjusted(-4, -4, 4, 4)
    second.hide()
    qtbot.waitUntil(lambda: (r := ring.ring()) is None or not r.geometry().contains(second.geometry()))


def test_focus_ring_scrolls_with_its_page(qapp: QApplication, qtbot) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    page = QWidget()
    layout = QVBoxLayout(page)
    buttons = [SecondaryButton(str(i)) for i in range(20)]
    for button in buttons:
        layout.addWidget(button)
    area.setWidget(page)
    area.resize(200, 200)
    area.show()
    area.activateWindow()
    buttons[3].setFocus()
    ring = focus_ring.install(qapp)
    qtbot.waitUntil(lambda: ring.ring() is not None)
    shown = ring.ring()
    assert shown is not None
    assert shown.parentWidget() is page
    area.setWidget(QWidget())  # the page dies with its ring
    QApplication.processEvents()
    theme.apply(qapp, "dark")


def test_widgets_die_without_a_trace(qapp: QApplication) -> None:
    made = [rail(), choices(), PrimaryButton("x", "play"), ThinProgress(), Fold("x"), StatusLine()]
    gone = [weakref.ref(widget) for widget in made]
    for widget in made:
        widget.deleteLater()
    del made, widget
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete
    gc.collect()
    assert [ref() for ref in gone] == [None] * len(gone)
    theme.apply(qapp, "dark")  # nothing dead is called


def test_painted_widgets_repaint_when_told(qtbot) -> None:
    painted: list[int] = []

    class Watched(ThinProgress):
        def paintEvent(self, event) -> None:
            painted.append(1)
            super().paintEvent(event)

    bar = Watched()
    qtbot.addWidget(bar)
    bar.show()
    qtbot.waitUntil(lambda: bool(painted))
    qtbot.wait(20)
    painted.clear()
    theme.signals.changed.emit()  # alone, without the stylesheet's own repaint
    qtbot.waitUntil(lambda: bool(painted), timeout=1000)


@pytest.mark.parametrize("lockable", [True, False])
def test_the_lock_of_a_seed_belongs_to_it_and_is_shown_where_it_can_be_locked(lockable: bool, qtbot) -> None:
    seed = SeedField("Random seed", lockable)
    qtbot.addWidget(seed)
    seed.show()
    assert seed.lock.parent() is seed
    assert seed.lock.isVisible() is lockable
