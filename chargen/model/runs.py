"""The run folder: one training, its files and its lock.

::

    run.json              what is trained: configuration, text, device, backend (written once)
    model.safetensors     the best model on the validation split
    latest.safetensors    the newest model
    resume.safetensors    everything an exact continuation needs
    corpus.safetensors    the encoded text
    events.jsonl          losses over time
    samples.jsonl         the live samples
    card.json             the user's name for it, and a note
    lock                  held by the process that trains
"""

import contextlib
import errno
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chargen.errors import FileError, RunError
from chargen.files import describe_os_error, ensure_folder, read_json, write_json


@dataclass(frozen=True)
class RunFolder:
    """Names of the files of one run."""

    folder: Path

    @property
    def description(self) -> Path:
        return self.folder / "run.json"

    @property
    def model(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def latest(self) -> Path:
        return self.folder / "latest.safetensors"

    @property
    def resume(self) -> Path:
        return self.folder / "resume.safetensors"

    @property
    def corpus(self) -> Path:
        return self.folder / "corpus.safetensors"

    @property
    def events(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def samples(self) -> Path:
        return self.folder / "samples.jsonl"

    def lock(self) -> FileLock:
        """Take the run for writing; released when closed or when the process dies.

        Raises:
            RunError: another process trains it.
        """
        lock = FileLock(self.folder / "lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise RunError(f"The run “{self.folder}” is being trained by another process; stop that first.") from None
        except OSError as error:
            raise FileError(describe_os_error("lock", self.folder, error)) from error
        return lock

    def describe(self) -> dict[str, Any]:
        """The content of ``run.json``. Raises RunError where the folder is no run."""
        if not self.description.is_file():
            raise RunError(f"“{self.folder}” is not a run; it has no run.json.")
        values = read_json(self.description)
        if not isinstance(values, dict):
            raise RunError(f"The description of the run “{self.folder}” is damaged.")
        return values

    def write_description(self, values: dict[str, Any]) -> None:
        """Write ``run.json``, keeping the one before."""
        write_json(self.description, values, keep_previous=True)


_BEGINNING = frozenset(
    ("run.json", "run.json.previous", "corpus.safetensors", "resume.safetensors", "events.jsonl", "samples.jsonl",
     "lock", "card.json", "card.json.previous")
)  # fmt: skip


def check_new(folder: Path) -> None:
    """Raise RunError where no new run can begin: something is there already. FileError: no folder can be made there.

    What a training left that was killed before its first save may be begun anew as well as continued: nothing was
    learned.
    """
    if folder.exists() and not (folder.is_dir() and _holds_nothing(folder)):
        raise RunError(f"“{folder}” exists already; add --resume to continue it, or name another folder.")
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise FileError(describe_os_error("create the folder", folder, NotADirectoryError(errno.ENOTDIR, "")))
    if not os.access(there, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise FileError(describe_os_error("create the folder", folder, PermissionError(errno.EACCES, "")))


def _holds_nothing(folder: Path) -> bool:
    """Whether the folder is empty, or a run without anything learned: its lock and text, and what is told of them."""
    names = {path.name for path in folder.iterdir()}
    whole = {name for name in names if not (name.startswith(".chargen-") and name.endswith(".part"))}
    ours = whole == {"lock"} or {"lock", "corpus.safetensors"} <= whole  # made in this order, then the others
    return not names or (ours and whole <= _BEGINNING)


def create_run(folder: Path) -> RunFolder:
    """Make a new run folder; see :func:`check_new` for what may be there. Raises RunError, FileError."""
    check_new(folder)
    return RunFolder(ensure_folder(folder))


def remove_beginning(run: RunFolder) -> None:
    """Remove what a training wrote before it learned anything. Whoever calls this holds the run's lock."""
    remove_unfinished(run)
    for path in (
        run.description, run.folder / "run.json.previous", run.events, run.samples, run.corpus, run.resume
    ):  # fmt: skip
        with contextlib.suppress(OSError):
            path.unlink()


def remove_unfinished(run: RunFolder) -> None:
    """Remove the halves of files that a killed training was writing. Whoever calls this holds the run's lock."""
    for path in run.folder.glob(".chargen-*.part"):
        with contextlib.suppress(OSError):
            path.unlink()


def open_run(folder: Path) -> RunFolder:
    """An existing run. Raises RunError where there is none."""
    run = RunFolder(folder)
    run.describe()
    return run


def fresh_name(runs: Path, text_name: str) -> Path:
    """A folder name that does not exist yet: date, time and the text's name."""
    word = re.sub(r"[^\w.-]+", "-", Path(text_name).stem).strip("-.")[:40] or "text"
    base = runs / f"{datetime.now():%Y-%m-%d-%H%M%S}-{word}"
    candidate, number = base, 2
    while candidate.exists():
        candidate, number = base.with_name(f"{base.name}-{number}"), number + 1
    return candidate
