"""Every widget, light and dark, as pictures: ``python -m chargen.gui.widgets.gallery OUT_DIR``.

For people who judge with their eyes, and for the documentation. Runs without a display.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from chargen.gui import icons, theme
from chargen.gui.widgets import focus_ring
from chargen.gui.widgets.banner import InlineBanner
from chargen.gui.widgets.buttons import GhostButton, IconButton, PrimaryButton, SecondaryButton, ToggleButton
from chargen.gui.widgets.cards import Card, ChoiceCards, EmptyState
from chargen.gui.widgets.drop_zone import DropOverlay, DropZone
from chargen.gui.widgets.fold import Fold
from chargen.gui.widgets.labelled import (
    ElidedLabel,
    FieldLabel,
    HintLabel,
    NumberLabel,
    PageTitle,
    SectionLabel,
)
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.progress_bar import ThinProgress
from chargen.gui.widgets.rail import Rail, RailItem
from chargen.gui.widgets.status_line import StatusLine


def _sheet(width: int, height: int) -> QWidget:
    sheet = QWidget()
    sheet.resize(width, height)
    return sheet


def _controls() -> QWidget:
    sheet = _sheet(1000, 700)
    whole = QVBoxLayout(sheet)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.setSpacing(0)
    row = QHBoxLayout()
    row.setSpacing(0)
    whole.addLayout(row, 1)
    row.addWidget(
        Rail(
            [
                RailItem("corpus", "Corpus", "corpus", "Ctrl+1"),
                RailItem("train", "Train", "train", "Ctrl+2"),
                RailItem("write", "Write", "write", "Ctrl+3"),
                RailItem("states", "States", "states", "Ctrl+4"),
                RailItem("insight", "Insight", "insight", "Ctrl+5"),
            ]
        )
    )
    middle = QVBoxLayout()
    middle.setContentsMargins(28, 20, 28, 20)
    middle.setSpacing(12)
    row.addLayout(middle, 1)
    middle.addWidget(PageTitle("Train"))
    buttons = QHBoxLayout()
    primary = PrimaryButton("Train", "play")
    for widget in (
        primary,
        SecondaryButton("Continue"),
        SecondaryButton("Export…", "export"),
        GhostButton("Drafts 3"),
        IconButton("copy", "Copy"),
        IconButton("trash", "Delete"),
    ):
        buttons.addWidget(widget)
    lock = ToggleButton("unlock", "lock", "Seed changes each time", "Seed is locked")
    lock.setChecked(True)
    buttons.addWidget(lock)
    buttons.addStretch(1)
    middle.addLayout(buttons)
    off = QHBoxLayout()
    for widget in (PrimaryButton("Write"), SecondaryButton("Again"), GhostButton("Runs")):
        widget.setEnabled(False)
        off.addWidget(widget)
    off.addStretch(1)
    middle.addLayout(off)
    for kind, sentence, action in (
        ("info", "This text is short: the network will learn it by heart within a minute.", None),
        ("caution", "12 characters of your prompt are unknown to this model and were left out.", "Show them"),
        ("bad", "The disk is full: free some space, then save again.", "Save again"),
        ("good", "Saved as harbour.safetensors.", None),
    ):
        middle.addWidget(InlineBanner(kind, sentence, action))  # type: ignore[arg-type]
    card = Card("Live sample")
    card.add_header_widget(HintLabel("step 3,400"))
    card.body.addWidget(HintLabel("Content of a card."))
    middle.addWidget(card)
    long = ElidedLabel("A very long name of a corpus file that nobody would ever type by hand.txt " * 3)
    middle.addWidget(long)
    middle.addStretch(1)
    panel = QVBoxLayout()
    panel.setContentsMargins(20, 20, 20, 20)
    panel.setSpacing(16)
    side = QWidget()
    side.setFixedWidth(theme.PANEL_WIDTH)
    side.setLayout(panel)
    row.addWidget(side)
    presets = ChoiceCards(
        [
            ("quick", "Quick", "1 min · 0.2 M parameters · loss near 1.75"),
            ("balanced", "Balanced", "4 min · 0.5 M parameters · loss near 1.58"),
            ("best", "Best", "35 min · 2.1 M parameters · loss near 1.49"),
        ],
        "Preset",
    )
    presets.set_current("balanced")
    panel.addWidget(FieldLabel("Preset", presets))
    panel.addWidget(FieldLabel("Temperature", NumberSlider(0.05, 2, 0.05, 0.8)))
    rate = NumberSlider(1e-5, 0.1, 0.0001, 0.1, decimals=5, log=True)
    panel.addWidget(FieldLabel("Learning rate", rate, "Takes effect at the next step."))
    panel.addWidget(FieldLabel("Validation", NumberSlider(0, 50, 1, 0, decimals=0, suffix="%")))
    box = QComboBox()
    box.addItems(["UTF-8", "Windows 1252"])
    panel.addWidget(FieldLabel("Encoding", box))
    prompt = QLineEdit()
    prompt.setPlaceholderText("How the text begins")
    panel.addWidget(prompt)
    check = QCheckBox("Straighten quotation marks")
    check.setChecked(True)
    panel.addWidget(check)
    panel.addStretch(1)
    status = StatusLine()
    status.device.set_device("CPU · 2 threads · float32", "no CUDA device found", "busy")
    status.set_activity("Training 64,100 characters/s · step 3,412 · 0:47 left")
    whole.addWidget(status)
    primary.setFocus()
    return sheet


def _progress() -> QWidget:
    sheet = _sheet(360, 300)
    layout = QVBoxLayout(sheet)
    layout.setContentsMargins(20, 20, 20, 20)
    layout.addWidget(SectionLabel("Now"))
    layout.addWidget(NumberLabel("1.583"))
    bar = ThinProgress()
    bar.set_fraction(0.8)
    layout.addWidget(bar)
    unknown = ThinProgress()
    unknown.set_fraction(None)
    layout.addWidget(HintLabel("80 % · 3:12 gone · 0:47 left"))
    layout.addWidget(unknown)
    fold = Fold("Advanced", opened=True)
    fold.body.addWidget(FieldLabel("Dropout", NumberSlider(0, 0.9, 0.05, 0.9)))
    layout.addWidget(fold)
    layout.addWidget(Fold("Decoding"))
    layout.addStretch(1)
    return sheet


def _drop() -> QWidget:
    sheet = _sheet(900, 420)
    layout = QHBoxLayout(sheet)
    layout.setContentsMargins(28, 28, 28, 28)
    layout.setSpacing(20)
    layout.addWidget(DropZone(), 2)
    layout.addWidget(EmptyState("states", "Capture a state from any draft and it waits here.", "Write a draft"), 1)
    return sheet


def _overlay() -> QWidget:
    sheet = _drop()
    overlay = DropOverlay(sheet)
    overlay.setGeometry(sheet.rect())
    overlay.show()
    return sheet


def _icons() -> QWidget:
    sheet = _sheet(720, 340)
    layout = QVBoxLayout(sheet)
    row: QHBoxLayout | None = None
    for number, name in enumerate(icons.names()):
        if number % 10 == 0:
            row = QHBoxLayout()
            layout.addLayout(row)
        assert row is not None
        cell = QVBoxLayout()
        cell.addWidget(IconButton(name, name), 0, Qt.AlignmentFlag.AlignHCenter)
        cell.addWidget(HintLabel(name), 0, Qt.AlignmentFlag.AlignHCenter)
        row.addLayout(cell)
    return sheet


SHEETS: dict[str, Callable[[], QWidget]] = {
    "controls": _controls,
    "progress": _progress,
    "drop": _drop,
    "overlay": _overlay,
    "icons": _icons,
}


def settle(milliseconds: int = 250) -> None:
    """Let timers fire and layouts settle before a picture is taken."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def render(folder: Path, only: list[str] | None = None) -> list[Path]:
    """Draw the sheets in both themes; returns the files."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    focus_ring.install(app)
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for choice in ("light", "dark"):
        theme.apply(app, choice)  # type: ignore[arg-type]
        for name, make in SHEETS.items():
            if only and name not in only:
                continue
            sheet = make()
            sheet.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            sheet.show()
            sheet.activateWindow()
            settle()
            file = folder / f"{name}-{choice}.png"
            sheet.grab().save(str(file))
            files.append(file)
            sheet.close()
            sheet.deleteLater()
    return files


def main() -> int:
    if len(sys.argv) < 2:
        print("usage: python -m chargen.gui.widgets.gallery OUT_DIR [SHEET ...]", file=sys.stderr)
        return 2
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(sys.argv[:1])
    for file in render(Path(sys.argv[1]), sys.argv[2:]):
        print(file)
    app.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
