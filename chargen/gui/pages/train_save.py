"""Saving the plot: a name, a job that writes, a sentence about how it went."""

import re
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from chargen.errors import FileError
from chargen.files import write_atomic
from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.pickers import Pickers
from chargen.gui.widgets.banner import InlineBanner
from chargen.gui.widgets.loss_plot import LossPlot
from chargen.jobs import Done, Failed, Worker

FILTERS = "Picture (*.png);;Drawing (*.svg);;Table of losses (*.csv)"
_SUFFIXES = (".png", ".svg", ".csv")


def ask_and_save(desk: Desk, files: Pickers, parent: QWidget, banner: InlineBanner, plot: LossPlot) -> None:
    """Ask for a name without blocking; draw ``plot`` then, and write the file in a job."""

    def chosen(path: Path) -> None:
        if path.suffix.lower() not in _SUFFIXES:
            banner.show_message("bad", "Choose a name that ends in .png, .svg or .csv.")
            return
        data = plot.exported(path.suffix.lower())

        def work(_worker: Worker) -> None:
            if not data:
                raise FileError(f"Cannot write “{path}”: the plot could not be drawn.")
            write_atomic(path, data)

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                banner.show_message("good", f"Saved to “{path}”.")
            elif isinstance(event, Failed):
                banner.show_message("bad", words.in_window(event.sentence))

        desk.run_job("save", work, on_event)

    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", desk.training_name).strip(" .-")[:60]
    files.name_file(parent, "Save the plot", f"{name} loss.png".strip(), FILTERS, chosen)
