"""The runs at hand: listed, named, shared, deleted. Reads descriptions and the ends of logs, never a whole model.

A run's name and note stand in ``card.json`` in its folder; the folder itself is never moved or renamed.
Deleting a run means: its whole folder goes to the system's trash, from which it can be taken back. Models that
were shared lie elsewhere and stay. Nothing here deletes for good.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from chargen.errors import ChargenError, FileError, ModelFileError, RunError
from chargen.files import describe_os_error, parse_json, previous_of, read_capped, read_json, write_atomic, write_json
from chargen.model.model_file import MAXIMUM_MODEL_BYTES, METADATA_KEY, model_from_bytes, resolve_model
from chargen.model.runs import RunFolder
from chargen.safetensors_header import read_metadata

LONGEST_NAME, LONGEST_NOTE = 80, 2_000
RECITES = "A model can recite passages of the text it learned; share it only where you would share that text."

_DESCRIPTION_LIMIT = 2**20
_CARD_LIMIT = 2**16
_TAIL = 2**16
_CURVE = 2**24
_MOST_NORMS = 64
_PROGRESS = b'{"event": "progress"'
_HEADER_LIMIT = 2**23

State = Literal["finished", "interrupted", "in use", "damaged"]


@dataclass(frozen=True)
class RunCard:
    """What is known of a run without opening its model.

    Attributes:
        name: as the user named it, else as the text is called. note: the user's.
        text: the name of the text; ``text_sha256`` says which it was.
        created: when it began; for a damaged one, when its folder last changed.
        seconds: of learning, over all sessions. loss: the best on the validation split, in nats.
        state: ``finished`` (its budget is used, or more would do harm), ``interrupted`` (stopped, or cut
            off), ``in use`` (a process trains it), ``damaged``; ``problem`` says then what is wrong.
        can_continue: everything to train it on is there, and nobody does.
        timed: its budget was a time.
    """

    folder: Path
    name: str
    state: State
    note: str = ""
    text: str = ""
    text_sha256: str = ""
    cell: str = ""
    layers: int = 0
    hidden: int = 0
    created: datetime = field(default=datetime.fromtimestamp(0))
    steps: int = 0
    seconds: float = 0.0
    loss: float | None = None
    can_continue: bool = False
    has_model: bool = False
    timed: bool = False
    problem: str = ""


def list_runs(runs: Path, check: Callable[[], None] = lambda: None) -> list[RunCard]:
    """The runs in a folder, newest first; damaged ones are among them, and say so.

    ``check`` is called between two runs, and may raise to end it. Raises FileError if ``runs`` cannot be listed.
    """
    try:
        folders = [entry for entry in runs.iterdir() if not entry.name.startswith(".") and entry.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FileError(describe_os_error("list", runs, error)) from error
    cards = []
    for folder in folders:
        check()
        cards.append(read_card(folder))
    return sorted(cards, key=lambda card: (card.created, card.folder.name), reverse=True)


def read_card(folder: Path) -> RunCard:
    """What is known of one run; whatever its files hold, this does not fail."""
    used = in_use(folder)
    try:
        description = _object(read_json(folder / "run.json", _DESCRIPTION_LIMIT))
        return _card(RunFolder(folder), description, used)
    except (ChargenError, OSError, ValueError):
        missing = not (folder / "run.json").exists()
        problem = "It ended before its training began." if missing else "Its description is damaged."
        name, note = _named(folder)
        return RunCard(
            folder, name or folder.name, "in use" if used else "damaged", note, created=_changed(folder),
            has_model=_has_model(folder), problem="" if used else problem,
        )  # fmt: skip


def in_use(folder: Path) -> bool:
    """Whether a process trains this run now."""
    file = folder / "lock"
    if not file.is_file():
        return False
    lock = FileLock(file, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except (OSError, NotImplementedError):  # it cannot be locked here, so nobody does
        return False
    lock.release()
    return False


def name_run(folder: Path, name: str, note: str) -> None:
    """Give a run a name and a note; an empty name is that of its text again. Raises RunError, FileError."""
    name, note = " ".join(name.split()), note.strip()
    if len(name) > LONGEST_NAME:
        raise RunError(f"A run's name has at most {LONGEST_NAME} characters; this has {len(name):,}.")
    if len(note) > LONGEST_NOTE:
        raise RunError(f"A run's note has at most {LONGEST_NOTE:,} characters; this has {len(note):,}.")
    if not folder.is_dir():
        raise RunError(f"The run “{folder}” is not there any more.")
    write_json(folder / "card.json", {"name": name, "note": note}, keep_previous=True)


def share_model(folder: Path, destination: Path) -> None:
    """Copy the best model of a run (else its newest) to ``destination``; the old file or the new one, whole.

    Whoever offers this says :data:`RECITES`.

    Raises:
        ModelFileError: there is no model, or it is damaged. FileError: it cannot be written.
        RunError: the destination lies in the run's own folder.
    """
    source = resolve_model(folder)
    if destination.parent.resolve() == folder.resolve():
        raise RunError("Choose a place outside of the run's own folder; its files belong together.")
    data = read_capped(source, MAXIMUM_MODEL_BYTES)
    model_from_bytes(data, str(source))  # a damaged one is not passed on
    write_atomic(destination, data)


def delete_run(folder: Path, to_trash: Callable[[Path], bool]) -> None:
    """Put a run's whole folder in the trash; ``to_trash`` says whether it could.

    Raises:
        RunError: a process trains it, it is not there, or there is no trash; nothing was changed.
    """
    if not folder.is_dir():
        raise RunError(f"The run “{folder}” is not there any more.")
    if in_use(folder):
        raise RunError("This run is being trained; stop that first.")
    if not to_trash(folder):
        raise RunError(f"The system did not take “{folder}” into its trash; nothing was deleted.")


@dataclass(frozen=True, eq=False)
class Curve:
    """How a run learned so far; n reports, L layers.

    Attributes:
        steps: [n] int64, rising. losses: [n] float32, the mean training loss of each report, in nats.
        characters, epochs, seconds: [n] float64, what was read by then, and seconds of learning over all sessions;
            NaN where the log does not tell.
        norms: [n, L + 2] float32, the gradient norms of embedding, layers and head; NaN where the log (of an older
            version) has none, and [n, 0] where it never has any.
        validations: (step, loss in nats), rising. damaged: how many lines of the log could not be read.
    """

    steps: NDArray[np.int64]
    losses: NDArray[np.float32]
    validations: tuple[tuple[int, float], ...]
    characters: NDArray[np.float64]
    epochs: NDArray[np.float64]
    seconds: NDArray[np.float64]
    norms: NDArray[np.float32]
    damaged: int = 0


def read_curve(folder: Path) -> Curve:
    """The curve from the end of the log, up to the point from which the run is continued; what is damaged is left out.

    Steps that were taken again after a sudden end are in it once.
    """
    try:
        lines = _end(RunFolder(folder).events, _CURVE)
    except OSError:
        lines = []
    until = _count(_summary(RunFolder(folder).latest).get("step")) or math.inf
    points: list[tuple[int, float, float, float, float, list[float]]] = []
    validations: list[tuple[int, float]] = []
    damaged, before = 0, 0.0  # seconds of earlier sessions
    for line in lines:
        if not line.strip():
            continue
        try:
            event = parse_json(line, "log")
        except FileError:
            damaged += 1
            continue
        if not isinstance(event, dict):
            damaged += 1
            continue
        kind, step = event.get("event"), _count(event.get("step"))
        loss = _number(event.get("train_loss" if kind == "progress" else "loss"))
        if kind == "started":
            points = [point for point in points if point[0] <= step]
            validations = [point for point in validations if point[0] <= step]
            before = points[-1][4] if points and step and math.isfinite(points[-1][4]) else 0.0
        elif kind == "validated" and loss is not None and step <= until:
            if not validations or step > validations[-1][0]:
                validations.append((step, loss))
        elif kind == "progress" and loss is not None and step <= until and (not points or step > points[-1][0]):
            characters, epoch, seconds = (_or_nan(event.get(name)) for name in ("characters", "epoch", "seconds"))
            points.append((step, loss, characters, epoch, before + seconds, _norms(event)))
    groups = next((len(point[5]) for point in reversed(points) if point[5]), 0)
    norms = np.full((len(points), groups), np.nan, np.float32)
    for row, point in enumerate(points):
        if len(point[5]) == groups:
            norms[row] = point[5]
    columns = np.array([point[:5] for point in points], np.float64).reshape(-1, 5).T
    steps, losses, characters_read, epochs, spent = columns
    return Curve(
        steps.astype(np.int64),
        losses.astype(np.float32),
        tuple(validations),
        characters_read,
        epochs,
        spent,
        norms,
        damaged,
    )


def _norms(event: dict[str, Any]) -> list[float]:
    """[L + 2] norms of a report; empty where it has none, or foreign ones."""
    found = event.get("layer_gradient_norms")
    if not isinstance(found, list) or len(found) > _MOST_NORMS:
        return []
    norms = [_number(value) for value in found]
    return [] if None in norms else [norm for norm in norms if norm is not None]


def _or_nan(value: Any) -> float:
    number = _number(value)
    return math.nan if number is None else number


# --- reading


def _card(run: RunFolder, description: dict[str, Any], used: bool) -> RunCard:
    model, training = _object(description.get("model")), _object(description.get("training"))
    corpus = description.get("corpus")
    name, note = _named(run.folder)
    text = _word(description.get("text"))
    log = _tail(run.events)
    finished = log.get("finished")
    last = finished or log.get("progress") or log.get("validated") or log.get("started") or {}
    cell = _word(model.get("cell"))
    if cell not in ("lstm", "gru", "rnn"):
        raise ValueError("cell")
    whole = any(file.is_file() for file in (run.resume, previous_of(run.resume))) and run.corpus.is_file()
    done = finished is not None and finished.get("reason") in ("budget", "by heart")
    return RunCard(
        folder=run.folder,
        name=name or text or run.folder.name,
        state="in use" if used else "finished" if done else "interrupted",
        note=note,
        text=text,
        text_sha256=_word(corpus.get("sha256")) if isinstance(corpus, dict) else "",
        cell=cell,
        layers=_count(model.get("layers")),
        hidden=_count(model.get("hidden")),
        created=_moment(description.get("created")) or _changed(run.folder),
        steps=_count(last.get("step")),
        # The log tells the time of one session; the newest model that of all before it was saved.
        seconds=max(_number(last.get("seconds")) or 0.0, _number(_summary(run.latest).get("seconds")) or 0.0),
        loss=_number(finished.get("loss")) if finished else _best(log, run.model),
        can_continue=whole and not used,
        has_model=_has_model(run.folder),
        timed=training.get("minutes") is not None,
    )


def _tail(path: Path) -> dict[str, dict[str, Any]]:
    """The last event of each kind near the end of the log; ``best`` is the last validation that was the best.

    ``finished`` is left out where training began again after it.
    """
    try:
        lines = _end(path, _TAIL)
    except OSError:
        return {}
    # Most lines are reports of progress, of which the last one counts.
    newest = max((at for at, line in enumerate(lines) if line.startswith(_PROGRESS) and line.endswith(b"}")), default=0)
    found: dict[str, dict[str, Any]] = {}
    for at, line in enumerate(lines):
        if line.startswith(_PROGRESS) and at < newest:
            continue
        try:
            event = parse_json(line, "log")
        except FileError:
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            kind = event["event"]
            if kind != "finished":
                found.pop("finished", None)
            found[kind] = event
            if kind == "validated" and event.get("best") is True:
                found["best"] = event
    return found


def _end(path: Path, limit: int) -> list[bytes]:
    """The whole lines among the last ``limit`` bytes of a log."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - limit))
        lines = file.read(limit).split(b"\n")
    return lines[1 if size > limit else 0 :]


def _best(log: dict[str, dict[str, Any]], model: Path) -> float | None:
    """The best loss of a run that has not ended: from the log, else from the head of its model file."""
    if "best" in log:
        return _number(log["best"].get("loss"))
    return _number(_summary(model).get("validation_loss"))


def find_model(runs: Path, fingerprint: str, check: Callable[[], None] = lambda: None) -> Path | None:
    """The model file of that fingerprint among the best and the newest of all runs; None where there is none.

    Only the heads of the files are read: loading the file says whether its head tells the truth.
    """
    try:
        folders = sorted(entry for entry in runs.iterdir() if entry.is_dir())
    except OSError:
        return None
    for folder in folders:
        check()
        for model in (RunFolder(folder).model, RunFolder(folder).latest):
            if fingerprint and _head(model).get("fingerprint") == fingerprint:
                return model
    return None


def _summary(model: Path) -> dict[str, Any]:
    """What the head of a model file tells of its training; empty where it does not."""
    return _object(_head(model).get("training") or {})


def _head(model: Path) -> dict[str, Any]:
    """The description in the head of a model file; empty where it cannot be read."""
    try:
        with model.open("rb") as file:
            size = file.read(8)
            length = int.from_bytes(size, "little")
            if length > _HEADER_LIMIT:
                return {}
            head = read_metadata(size + file.read(length))
        return _object(parse_json(head[METADATA_KEY], "head"))
    except (OSError, ValueError, KeyError, TypeError, FileError):
        return {}


def _named(folder: Path) -> tuple[str, str]:
    """Name and note; empty where there is no card, or a damaged one."""
    for file in (folder / "card.json", previous_of(folder / "card.json")):
        try:
            card = _object(read_json(file, _CARD_LIMIT))
        except (FileError, ValueError):
            continue
        return " ".join(_word(card.get("name")).split())[:LONGEST_NAME], _word(card.get("note"))[:LONGEST_NOTE]
    return "", ""


def _has_model(folder: Path) -> bool:
    try:
        resolve_model(folder)
    except (ModelFileError, OSError):
        return False
    return True


def _changed(folder: Path) -> datetime:
    try:
        return datetime.fromtimestamp(folder.stat().st_mtime)
    except (OSError, OverflowError, ValueError):
        return datetime.fromtimestamp(0)


def _moment(value: Any) -> datetime | None:
    """Local time without its zone, to be compared and shown."""
    try:
        moment = datetime.fromisoformat(_word(value))
        return (moment.astimezone() if moment.tzinfo is not None else moment).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _word(value: Any) -> str:
    return value[:1_000] if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 10**12 else 0


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value) if abs(value) < 10**15 else math.nan
    return number if math.isfinite(number) and number >= 0 else None
