"""What the window's jobs do, in their own threads. No Qt here.

Torch, and everything that imports it, is imported inside these functions only: it takes seconds, and
meanwhile the window is already there.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from chargen.errors import DeviceError
from chargen.jobs import Worker

if TYPE_CHECKING:
    from chargen.corpus.corpus import Corpus
    from chargen.model.model_file import Model
    from chargen.model.state import HiddenState
    from chargen.training.device import Device
    from chargen.training.speed import Speed

Work = Callable[[Worker], Any]


@dataclass(frozen=True)
class ReadingProgress:
    """The share of a text that is read. Latest wins."""

    latest_wins: ClassVar[bool] = True

    fraction: float


@dataclass(frozen=True)
class TextChoices:
    """How to read a text. Reading again with other choices needs the same paths.

    Attributes:
        paths: files and folders, in order; empty for a text of the catalog.
        entry: the name of that text, else empty.
        encoding: the user's choice; None guesses.
        as_text: read what looks binary all the same.
        newlines: ``normalise`` or ``keep``.
        validation: the last share of the text, kept aside.
    """

    paths: tuple[Path, ...] = ()
    entry: str = ""
    encoding: str | None = None
    as_text: bool = False
    newlines: str = "normalise"
    validation: float = 0.1


class _Attentive(MetaPathFinder):
    """Finds nothing; looks at every import of its thread whether the job was asked to end."""

    def __init__(self, worker: Worker) -> None:
        self._worker, self._thread = worker, threading.get_ident()

    def find_spec(self, *_names: Any) -> None:
        if threading.get_ident() == self._thread:
            self._worker.check()


@contextlib.contextmanager
def cancellable_imports(worker: Worker) -> Iterator[None]:
    """Let a cancelled job leave between two modules of a long import: the window closes without waiting for torch.

    Half an import stays behind, so only for jobs that are cancelled when the program ends.
    """
    watch = _Attentive(worker)
    sys.meta_path.insert(0, watch)
    try:
        yield
    finally:
        sys.meta_path.remove(watch)


def find_device(worker: Worker) -> "Device":
    """Import torch and choose the device. Raises DeviceError where torch cannot be loaded."""
    try:
        with cancellable_imports(worker):
            from chargen.training.device import choose_device
    except (ImportError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DeviceError(
            f"PyTorch could not be loaded ({reason}); writing works, training does not. `chargen doctor` says more."
        ) from error
    worker.check()
    return choose_device()


def measure_speed(device: "Device") -> Work:
    """How fast the device learns, measured once a machine; the result is a Speed."""

    def work(worker: Worker) -> "Speed":
        from chargen.training.speed import measured_speed

        return measured_speed(device, check=worker.check)

    return work


def read(choices: TextChoices) -> Work:
    """Read a text; the result is a Corpus."""

    def work(worker: Worker) -> "Corpus":
        from chargen.corpus.catalog import entries, load_entry
        from chargen.corpus.corpus import read_corpus

        def report(fraction: float) -> None:
            worker.post(ReadingProgress(fraction))

        if choices.entry:
            corpus = load_entry(choices.entry, validation=choices.validation, check=worker.check, report=report)
            titles = {entry.name: entry.title for entry in entries()}
            return replace(corpus, name=titles[choices.entry])
        return read_corpus(
            choices.paths, encoding=choices.encoding, as_text=choices.as_text,
            newlines="keep" if choices.newlines == "keep" else "normalise",
            validation=choices.validation, check=worker.check, report=report,
        )  # fmt: skip

    return work


def load_model(path: Path) -> Work:
    """Read a model file or the model of a run folder; the result is a Model."""

    def work(worker: Worker) -> "Model":
        from chargen.model.model_file import load_model as load

        return load(path)

    return work


def load_state(path: Path) -> Work:
    """Read a ``.state`` file; the result is a HiddenState."""

    def work(worker: Worker) -> "HiddenState":
        from chargen.model.state import HiddenState

        return HiddenState.load(path)

    return work


def train(
    corpus: "Corpus | None" = None, overrides: dict[str, Any] | None = None, continued: Path | None = None
) -> Work:
    """Train on ``corpus``, or continue the run in ``continued``; events are those of chargen.training.events."""

    def work(worker: Worker) -> Any:
        find_device(worker)  # the import of torch is no part of the training's clock
        with cancellable_imports(worker):
            from chargen.training.device import choose_device
            from chargen.training.job import train as training
            from chargen.training.session import TrainingRequest
            from chargen.training.speed import measured_speed

        # Off the clock, too; and what measures the speed for the page must have ended before this network learns.
        wanted = (overrides or {}).get("device") or "auto"
        measured_speed(choose_device(wanted), (overrides or {}).get("threads"), worker.check)
        request: TrainingRequest = TrainingRequest(
            corpus=corpus, run=continued, resume=continued is not None, overrides=dict(overrides or {})
        )
        return training(request)(worker)

    return work


MODEL_SUFFIXES = (".safetensors",)
STATE_SUFFIXES = (".state",)
_EXPORT = b'{"kind":"chargen samples",'
_WORDS = {"model": "model", "state": "seed state", "export": "export"}


def what_to_open(paths: Sequence[Path]) -> tuple[str, str]:
    """What a drop or a choice of files means: ``texts``, ``model``, ``state``, ``export``; or ``refused``, and why."""
    if not paths:
        return "refused", "Nothing in this drop is a file."
    kinds = {_kind(path) for path in paths}
    if kinds == {"texts"}:
        return "texts", ""
    if len(paths) == 1:
        return kinds.pop(), ""
    if len(kinds) > 1:
        return "refused", "Open either texts, or one model, one seed state or one export; not several kinds together."
    return "refused", f"Open one {_WORDS[kinds.pop()]} at a time."


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in STATE_SUFFIXES:
        return "state"
    if suffix in MODEL_SUFFIXES:
        return "model"
    try:
        if suffix == ".json" and path.is_file():  # by how it begins: any other JSON is a text
            with path.open("rb") as file:
                return "export" if file.read(len(_EXPORT)) == _EXPORT else "texts"
        return "model" if (path / "run.json").is_file() else "texts"
    except OSError:
        return "texts"
