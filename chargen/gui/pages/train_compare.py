"""Other runs' curves beside the one that is shown: a list to tick, its curves read in jobs."""

from typing import Any

from PySide6.QtCore import QObject

from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.widgets.banner import InlineBanner
from chargen.gui.widgets.check_list import CheckList, Choice
from chargen.gui.widgets.loss_plot import LossPlot
from chargen.gui.widgets.plot_lines import MOST_RUNS
from chargen.gui.widgets.run_curve import RunCurve
from chargen.jobs import Done, Failed, Job, Worker
from chargen.model.library import Curve, RunCard, list_runs, read_curve
from chargen.paths import runs_dir


def to_run_curve(curve: Curve, name: str, text: str = "") -> RunCurve:
    """A curve from a run folder as the plot takes it. Without training losses the validations stand alone."""
    run = RunCurve(name, text=text)
    run.append_train(curve.steps, curve.losses)
    run.append_norms(curve.steps, curve.norms)
    for place in zip(curve.steps, curve.characters, curve.epochs, curve.seconds, strict=True):
        run.append_place(*(float(value) for value in place))
    for step, loss in curve.validations:
        run.append_validation(step, loss)
    return run


def without_a_curve(name: str, curve: Curve) -> str:
    """Why nothing can be drawn of a run."""
    if curve.damaged:
        return f"The log of “{name}” is damaged: nothing of its curve can be drawn."
    return f"The log of “{name}” is empty or not there: it has no curve to draw."


class Comparison(QObject):
    """Answers the plot's Compare button. ``list`` is the one that was shown last."""

    def __init__(self, desk: Desk, plot: LossPlot, banner: InlineBanner) -> None:
        super().__init__(plot)
        self._desk, self._plot, self._banner = desk, plot, banner
        self._reading: Job | None = None
        self._cards: dict[str, RunCard] = {}
        self._curves: dict[str, RunCurve] = {}  # those that are shown, by folder
        self.list: CheckList | None = None
        plot.compare_wanted.connect(self._look)

    def _look(self) -> None:
        def work(worker: Worker) -> list[RunCard]:
            return list_runs(runs_dir(), worker.check)

        self._run(work, self._offer)

    def _offer(self, cards: list[RunCard]) -> None:
        shown = self._desk.run_folder if not self._plot.run.is_empty() else None
        others = [card for card in cards if card.folder != shown and (card.steps or card.loss is not None)]
        if not others:
            self._banner.show_message("info", "There is no other run to compare with yet.")
            return
        if self.list is not None:
            self.list.deleteLater()
        self._cards = {str(card.folder): card for card in others}
        ticked = [key for key, curve in self._curves.items() if curve in self._plot.compared()]
        choices = [Choice(key, _line(card), card.note) for key, card in self._cards.items()]
        self.list = CheckList("Runs to compare with", choices, ticked, MOST_RUNS, self._plot)
        self.list.changed.connect(self._chosen)
        self.list.open_below(self._plot.compare_button)

    def _chosen(self, keys: list[str]) -> None:
        """Read what is newly ticked, and show all that are."""
        shown = self._plot.compared()
        known = {key: curve for key, curve in self._curves.items() if key in keys and curve in shown}
        unread = [self._cards[key] for key in keys if key not in known]

        def work(worker: Worker) -> list[Curve]:
            curves = []
            for card in unread:
                worker.check()
                curves.append(read_curve(card.folder))
            return curves

        def show(curves: list[Curve]) -> None:
            wrong = ""
            for card, curve in zip(unread, curves, strict=True):
                twice = sum(other.name == card.name for other in self._cards.values()) > 1
                name = f"{card.name}, {card.created:%d %b %H:%M}" if twice else card.name
                run = to_run_curve(curve, name, card.text_sha256)
                if run.is_empty():
                    wrong = without_a_curve(card.name, curve)
                else:
                    known[str(card.folder)] = run
            self._curves = {key: known[key] for key in keys if key in known}
            corpus = self._desk.corpus
            self._plot.run.text = corpus.sha256 if corpus is not None and not self._plot.run.is_empty() else ""
            self._plot.set_comparisons(list(self._curves.values()))
            if wrong:
                self._banner.show_message("info", wrong)

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


def _line(card: RunCard) -> str:
    loss = "" if card.loss is None else f" · {card.loss:.3f}"
    return f"{card.name} · {card.created:%d %b %H:%M}{loss}"
