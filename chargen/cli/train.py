"""``chargen train``: learn a text and show it."""

import argparse
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli import signals
from chargen.cli.output import print_event
from chargen.cli.parser import HelpFormatter, add_options, given
from chargen.cli.progress import NoView, View, choose_view
from chargen.cli.torch_import import import_torch
from chargen.errors import ChargenError, RunError
from chargen.settings import group

if TYPE_CHECKING:
    from chargen.corpus.corpus import Corpus
    from chargen.training.clock import Clock
    from chargen.training.prediction import Prediction
    from chargen.training.ranks import Place
    from chargen.training.session import TrainingRequest
    from chargen.training.trainer import Trainer

_BUDGET = ("minutes", "epochs", "steps", "preset")
_MODEL = tuple(option.name for option in group("model"))
_TRAINING = tuple(option.name for option in group("training") if option.name not in _BUDGET)
_CORPUS = tuple(option.name for option in group("corpus"))


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="learn a text",
        formatter_class=HelpFormatter,
        description="Learns a text and keeps the best model in a run folder. Stop it at any time with Ctrl-C:\n"
        "it saves, and --resume goes on from there. Without options, sizes and time suit the text.",
        epilog="Examples:\n  chargen train --minutes 1                    the bundled play\n"
        "  chargen train my.txt notes/ --run my-run     a file and a folder, kept in my-run\n"
        "  chargen train --run my-run --resume          go on",
    )
    parser.add_argument(
        "texts",
        nargs="*",
        metavar="TEXT",
        help="Files, folders, names from “chargen corpora”, or - for standard input (default: the bundled play).",
    )
    run = parser.add_argument_group("the run")
    run.add_argument(
        "--run",
        dest="run_folder",
        type=Path,
        metavar="DIR",
        help="The run folder (default: a new one in your data folder).",
    )
    run.add_argument("--resume", action="store_true", help="Continue the run named by --run, with its own text.")
    run.add_argument(
        "--from",
        dest="start_from",
        type=Path,
        metavar="MODEL",
        help="Start from the weights of a model file or run folder.",
    )
    run.add_argument("--json", action="store_true", help="Print one JSON object per event.")
    add_options(parser.add_argument_group("how long"), *_BUDGET)
    add_options(parser.add_argument_group("the network"), *_MODEL)
    add_options(parser.add_argument_group("learning"), *_TRAINING)
    add_options(parser.add_argument_group("the text"), *_CORPUS)
    parser.set_defaults(run=run_train)


def run_train(arguments: argparse.Namespace) -> int:
    """Train, show, save."""
    from chargen.training.clock import Clock  # importing chargen.training loads no torch
    from chargen.training.ranks import place

    clock = Clock()
    overrides = given(arguments, *_BUDGET, *_MODEL, *_TRAINING, *_CORPUS)
    here = place()
    first = here is None or here.rank == 0
    view = choose_view(json=arguments.json) if first else NoView()
    try:
        # A signal until here may end it anywhere: a new run has no folder before its training begins.
        trainer = _prepare(arguments, overrides, clock) if here is None else _join(arguments, overrides, clock, here)
        from chargen.training.session import prediction_of

        return _Watch(trainer, view, prediction_of if first else None, launched=here is not None).run()
    except (ChargenError, RuntimeError, ValueError, MemoryError) as error:
        if arguments.json and first:
            with contextlib.suppress(OSError):
                print_event("failed", {"message": str(error) or type(error).__name__})
        raise
    finally:
        view.close()


def _prepare(arguments: argparse.Namespace, overrides: dict[str, Any], clock: "Clock") -> "Trainer":
    """A trainer. What can be refused without torch is refused at once, not after the seconds it takes to load."""
    corpus = None
    if arguments.resume:
        _check_resume(arguments.run_folder)
    else:
        _check_new(arguments.run_folder, arguments.start_from)
        corpus = _read(arguments.texts, overrides)
    with clock.excluded():
        import_torch()
        from chargen.training.session import prepare
    return prepare(_request(arguments, overrides, corpus), clock)


def _join(arguments: argparse.Namespace, overrides: dict[str, Any], clock: "Clock", here: "Place") -> "Trainer":
    """A trainer that learns together with those of the other processes; see :mod:`chargen.training.distributed`."""
    if "-" in arguments.texts:
        raise RunError("Several processes cannot share standard input; give the text as a file.")
    with clock.excluded():
        import_torch()
        from chargen.training.distributed import join
        from chargen.training.together import prepare

        ranks = join(here)

    def read() -> "Corpus":
        if here.rank == 0:  # the others need neither
            _check_new(arguments.run_folder, arguments.start_from)
        return _read(arguments.texts, overrides)

    try:
        return prepare(_request(arguments, overrides, None), read, clock, here, ranks)
    except BaseException:
        ranks.close()
        raise


def _request(arguments: argparse.Namespace, overrides: dict[str, Any], corpus: "Corpus | None") -> "TrainingRequest":
    from chargen.training.session import TrainingRequest

    return TrainingRequest(
        texts=tuple(arguments.texts),
        corpus=corpus,
        run=arguments.run_folder,
        resume=arguments.resume,
        start_from=arguments.start_from,
        overrides=overrides,
    )


def _check_resume(run: Path | None) -> None:
    from chargen.model.runs import open_run

    if run is None:
        raise RunError("Name the run to continue: chargen train --run FOLDER --resume")
    open_run(run)


def _check_new(run: Path | None, start_from: Path | None) -> None:
    from chargen.model.model_file import resolve_model
    from chargen.model.runs import check_new

    if run is not None:
        check_new(run)
    if start_from is not None:
        resolve_model(start_from)


def _read(texts: list[str], overrides: dict[str, Any]) -> "Corpus":
    from chargen.corpus.catalog import resolve

    return resolve(texts, **{name: overrides[name] for name in _CORPUS if name in overrides})


class _Watch:
    """Shows a trainer's events until the last, and stops it when a signal or a closed pipe asks for it.

    The trainer is closed at the end: threads that were left running would keep the process from ending.
    """

    def __init__(
        self,
        trainer: "Trainer",
        view: View,
        predict: "Callable[[Trainer], Prediction] | None" = None,
        *,
        launched: bool = False,
    ) -> None:
        self._trainer = trainer
        self._launched = launched  # by torchrun, which passes on a signal that the terminal may have sent us already
        self._predict = predict
        self._view = view
        self._signal: int | None = None
        self._trouble: OSError | None = None
        self._announced = False
        self._ending = False

    def run(self) -> int:
        """The exit code."""
        with signals.handled(self._on_signal):
            try:
                for event in self._trainer.steps():
                    self._show(event)
            finally:
                self._ending = True
                self._trainer.close()
        if self._trouble is not None:
            raise self._trouble
        return 0 if self._signal is None else 128 + self._signal

    def _on_signal(self, number: int) -> None:
        # Only flags here: printing inside a handler may interrupt another print.
        if self._ending or (self._launched and self._signal is not None):
            return
        if self._signal is not None:
            self._ending = True
            raise signals.Interrupted(number)  # a second one: leave at once; the last save stays whole
        self._signal = number
        self._trainer.stop("interrupted")

    def _show(self, event: Any) -> None:
        try:
            if self._signal is not None and not self._announced:
                self._announced = True
                self._view.stopping()
            self._view.show(event)
            if self._predict is not None and type(event).__name__ == "Started":
                self._view.predicted(self._predict(self._trainer))
        except OSError as error:  # the reader has gone or the disk behind stdout is full: save, then say so
            self._trouble, self._view = error, NoView()
            self._trainer.stop("interrupted")
