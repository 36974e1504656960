"""An export opened on the Write page: written again with the models that wrote it, and put on the page as a draft."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from chargen import paths
from chargen.errors import ExportError
from chargen.gui import words
from chargen.gui.pages.write_columns import WriteColumns
from chargen.gui.pages.write_panel import escape
from chargen.jobs import Cancelled, CancelledError, Done, Failed, Worker
from chargen.model.library import find_model, read_card
from chargen.model.model_file import load_model
from chargen.sampling.commands import Stop
from chargen.sampling.events import Reading
from chargen.sampling.export import load_export
from chargen.sampling.reopen import Again, as_draft, check_size, write_again
from chargen.sampling.requests import Pen

Named = tuple[Pen, str]
"""A pen, and what its model is called."""


def written_again(path: Path, at_hand: list[Named]) -> Callable[[Worker], tuple[list[Again], list[Pen]]]:
    """The work: every text of an export once more, with its model: one at hand, or one among the runs.

    Raises ExportError where the model is neither, and as :func:`load_export` and :func:`write_again` do.
    """

    def work(worker: Worker) -> tuple[list[Again], list[Pen]]:
        records = load_export(path)
        check_size(records)
        known = {pen.model.fingerprint: (pen, name) for pen, name in at_hand}
        for fingerprint in dict.fromkeys(record.model_fingerprint for record in records):
            if fingerprint not in known:
                known[fingerprint] = _found(fingerprint, path, worker)
        total, before = sum(len(record.text) for record in records), 0

        def check(written: int) -> None:
            worker.check()
            if any(isinstance(command, Stop) for command in worker.commands()):
                raise CancelledError
            worker.post(Reading(before + written, total))

        again = []
        for record in records:
            pen, name = known[record.model_fingerprint]
            again.append(write_again(record, pen.sampler, name, check))
            before += len(record.text)
        return again, [pen for pen, _ in known.values()]

    return work


def _found(fingerprint: str, path: Path, worker: Worker) -> Named:
    file = find_model(paths.runs_dir(), fingerprint, worker.check)
    if file is None:
        raise ExportError(
            f"“{path.name}” was written by a model ({fingerprint[:12]}) that is neither open nor among the runs; "
            "open that model first."
        )
    return Pen(load_model(file)), read_card(file.parent).name


class WriteAgain(WriteColumns):
    """The page with what is opened on it."""

    def open_export(self, path: Path) -> None:
        """Write the texts of an export again; the draft on the page stays in the list."""
        self._when_done(lambda: self._open_export(path))

    def _open_export(self, path: Path) -> None:
        at_hand = [(self._pen, self._open.name)] if self._pen is not None and self._open is not None else []

        def on_event(event: Any) -> None:
            match event:
                case Reading(done, total) if total:
                    self.figures.set_text(f"Writing “{path.name}” again: {min(done / total, 1):.0%}")
                case Done((again, pens)):
                    self._opened_again(path, again, pens)
                case Failed():
                    self._export_left()
                    self._fail(event.sentence)
                case Cancelled():
                    self._export_left()

        self.banner.hide()
        self._job = self._desk.run_job("write", written_again(path, at_hand), on_event)
        self._tell()

    def _opened_again(self, path: Path, again: list[Again], pens: list[Pen]) -> None:
        self._job = None
        for pen in pens:
            self._remember_pen(pen)
        draft, stops = as_draft(again), again[0].sample.settings.stop
        self.shelf.begin(replace(draft, settings={**draft.settings, "stop": escape(stops[0]) if stops else ""}))
        self.shelf.note_change(at_once=True)
        wrong = [(number, each.problem) for number, each in enumerate(again, 1) if each.problem]
        if wrong:
            told = " ".join(f"Text {number}: {problem}" if len(again) > 1 else problem for number, problem in wrong[:3])
            self.banner.show_message("caution", words.in_window(told))
        else:
            what = "The text" if len(again) == 1 else f"All {len(again)} texts"
            was = "was" if len(again) == 1 else "were"
            self.banner.show_message("good", f"{what} of “{path.name}” {was} written again, byte for byte.")
        self._export_left()

    def _export_left(self) -> None:
        self._job = None
        then, self._then = self._then, None
        self._tell()
        if then is not None:
            then()
