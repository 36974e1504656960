"""Another run's curve beside the one that is shown: a menu of the newest runs, read in jobs."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.widgets.banner import InlineBanner
from chargen.gui.widgets.loss_plot import LossPlot
from chargen.jobs import Done, Failed, Job, Worker
from chargen.model.library import RunCard, list_runs, read_curve
from chargen.paths import runs_dir

MOST = 12  # runs in the menu


class Comparison(QObject):
    """Answers the plot's Compare button. ``menu`` is the one that was shown last."""

    def __init__(self, desk: Desk, plot: LossPlot, banner: InlineBanner) -> None:
        super().__init__(plot)
        self._desk, self._plot, self._banner = desk, plot, banner
        self._reading: Job | None = None
        self.menu: QMenu | None = None
        plot.compare_wanted.connect(self._look)

    def _look(self) -> None:
        def work(worker: Worker) -> list[RunCard]:
            return list_runs(runs_dir(), worker.check)

        self._run(work, self._offer)

    def _offer(self, cards: list[RunCard]) -> None:
        shown = self._desk.run_folder
        others = [card for card in cards if card.folder != shown and card.loss is not None][:MOST]
        if not others:
            self._banner.show_message("info", "There is no other run to compare with yet.")
            return
        if self.menu is not None:
            self.menu.deleteLater()
        self.menu = menu = QMenu(self._plot)
        for card in others:
            action = menu.addAction(f"{card.name} · {card.created:%d %b %H:%M} · {card.loss:.3f}".replace("&", "&&"))
            action.triggered.connect(partial(self._read, card.folder, card.name))
        menu.addSeparator()
        menu.addAction("No comparison").triggered.connect(partial(self._plot.set_comparison, "", [], []))
        button = self._plot.compare_button
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def _read(self, folder: Path, name: str, _checked: bool = False) -> None:
        def work(_worker: Worker) -> Any:
            return read_curve(folder)

        def show(curve: Any) -> None:
            if not curve.validations:
                self._banner.show_message("info", f"Nothing was measured on held-out text in “{name}”.")
                return
            steps, losses = zip(*curve.validations, strict=True)
            self._plot.set_comparison(name, steps, losses)

        self._run(work, show)

    def _run(self, work: Any, then: Any) -> None:
        """The newest question is the one that is answered."""

        def on_event(event: Any) -> None:
            if job is not self._reading:
                return
            if isinstance(event, Done):
                then(event.result)
            elif isinstance(event, Failed):
                self._banner.show_message("bad", words.in_window(event.sentence))

        job = self._reading = self._desk.run_job("compare", work, on_event)
