"""Every widget, light and dark, as pictures: ``python -m chargen.gui.widgets.gallery OUT_DIR``.

For people who judge with their eyes, and for the documentation. Runs without a display.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
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
from chargen.gui.widgets.loss_plot import LossPlot
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.progress_bar import ThinProgress
from chargen.gui.widgets.rail import Rail, RailItem
from chargen.gui.widgets.run_curve import RunCurve
from chargen.gui.widgets.state_strip import StateStrip
from chargen.gui.widgets.status_line import StatusLine
from chargen.gui.widgets.text_preview import Mark, TextPreview
from chargen.gui.widgets.text_view import SampleView
from chargen.gui.widgets.vocabulary_grid import VocabularyGrid


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


_PLAY = """KEEPER: The lamp was low before the tide had turned,
And every stair remembered someone's step.

MARA: Then count them. Count the ones that did not come
And set a bowl of salt for every name that no one in the harbour would say aloud again.

KEEPER: I counted once. The sum was more than ships,
Than any clerk that ever licked a pen. \U0001f30a 港の灯り · Привет · Ωμέγα"""


def _reading() -> QWidget:
    sheet = _sheet(900, 520)
    layout = QVBoxLayout(sheet)
    view = SampleView()
    view.append_prompt("KEEPER:")
    rest = _PLAY[7:]
    view.append_characters(rest, [(i * 37 % 60) / 10 if i % 3 == 0 else 0.2 for i in range(len(rest))])
    view.set_tint(True)
    view.set_streaming(True)
    layout.addWidget(view)
    return sheet


def _preview() -> QWidget:
    sheet = _sheet(760, 420)
    layout = QVBoxLayout(sheet)
    preview = TextPreview()
    preview.set_text("*** START OF THE BOOK ***\n\n" + _PLAY * 3, 1_115_394)
    preview.set_marks([Mark(0, 25, "removed"), Mark(110, 118), Mark(200, 290)])
    layout.addWidget(preview)
    code = SampleView()
    code.set_monospace(True)
    code.set_text("def f(x):\n\treturn x != 1  # a tab, and control: \x00 \x1b\n", 9)
    layout.addWidget(code)
    return sheet


def _loss() -> QWidget:
    sheet = _sheet(880, 1_120)
    layout = QVBoxLayout(sheet)
    layout.setContentsMargins(20, 20, 20, 20)
    layout.setSpacing(12)
    steps = np.arange(1, 3413)
    noise = np.random.default_rng(1).normal(0, 0.06, len(steps))
    losses = 1.38 + 2.9 * np.exp(-steps / 320) + 0.25 * np.exp(-steps / 1500) + noise
    plot = LossPlot()
    plot.append_train(steps, losses)
    for step in range(160, 3400, 280):
        plot.append_validation(step, 1.52 + 2.6 * np.exp(-step / 330))
    others = []
    for place, name in enumerate(("Quick", "Best of Sunday, with a name that goes on and on", "Balanced")):
        other = RunCurve(name)
        for step in range(100, 2_400 + 500 * place, 200):
            other.append_validation(step, 1.6 + 0.08 * place + 2.6 * np.exp(-step / 400))
        others.append(other)
    plot.set_comparisons(others)
    plot.set_reading_place(1_200)
    layout.addWidget(plot, 1)
    gradient = LossPlot()
    scales = np.array([0.03, 0.4, 0.6, 0.9]) * np.exp(-steps / 2_000)[:, None]
    noisy = scales * np.exp(np.random.default_rng(2).normal(0, 0.2, (len(steps), 4)))
    gradient.append_train(steps, losses, noisy)
    gradient.set_view("gradient")
    layout.addWidget(gradient, 1)
    layout.addWidget(LossPlot(), 1)
    return sheet


def _vocabulary() -> QWidget:
    sheet = _sheet(420, 460)
    layout = QVBoxLayout(sheet)
    layout.setContentsMargins(20, 20, 20, 20)
    strip = StateStrip()
    strip.set_state(np.tanh(np.random.default_rng(2).normal(0, 0.8, (2, 256))).astype(np.float32))
    layout.addWidget(strip)
    grid = VocabularyGrid()
    grid.set_counts([(c, 90_000 // (i + 1) ** 2 + 1) for i, c in enumerate(" etaoinshr\nldu\tcmfwypvbgk\u200b港<&я")])
    layout.addWidget(grid)
    return sheet


SHEETS: dict[str, Callable[[], QWidget]] = {
    "controls": _controls,
    "progress": _progress,
    "drop": _drop,
    "overlay": _overlay,
    "icons": _icons,
    "reading": _reading,
    "preview": _preview,
    "loss": _loss,
    "vocabulary": _vocabulary,
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
        theme.apply(app, choice)
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
