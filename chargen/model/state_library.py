"""The library of seed states: a folder of ``.state`` files, listed, found, named, annotated, deleted.

A state's file is named after it, made fit for every system (:func:`file_stem`), so the name is as unique as the
file; the name as typed and the note stand inside. Nothing deletes for good: what is deleted goes to the system's
trash, or else to the folder ``deleted`` in the library. Files come from strangers; a damaged one is listed with
its problem.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from chargen import paths
from chargen.errors import ChargenError, FileError, StateError
from chargen.files import describe_os_error, ensure_folder
from chargen.model.state import HiddenState

SUFFIX = ".state"
LONGEST_NAME, LONGEST_NOTE = 80, 2_000
THUMBNAIL_COLUMNS = 48
DELETED = "deleted"
RESERVED_WORDS = ("zero", "zeros", "learned", "random")
"""What a seed state is called that is made, not kept; no kept state can have these names."""

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_WORDS = 2_000


@dataclass(frozen=True, eq=False)
class StateCard:
    """What is known of a kept state.

    Attributes:
        path: its file. name, note: the user's words.
        cell, layers, hidden, kind, fingerprint: of the state; ``kind`` is its recipe's.
        changed: when the file last changed, local time.
        words: the texts and names in its recipe, to be searched.
        recipe: how it was made, see :class:`HiddenState`.
        thumbnail: [L, at most 48] of h: of the units that share a column, the strongest.
        problem: why it cannot be used, one sentence; empty for a sound one.
    """

    path: Path
    name: str
    note: str = ""
    cell: str = ""
    layers: int = 0
    hidden: int = 0
    kind: str = ""
    fingerprint: str = ""
    changed: datetime = field(default=datetime.fromtimestamp(0))
    words: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    thumbnail: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    problem: str = ""


def file_stem(name: str) -> str:
    """``name`` as the stem of a file on every system."""
    stem = _NOT_IN_NAMES.sub("-", name).strip(" .-")[:LONGEST_NAME] or "state"
    return f"state {stem}" if _DEVICES.fullmatch(stem) else stem


def thumbnail(state: HiddenState, columns: int = THUMBNAIL_COLUMNS) -> NDArray[np.float32]:
    """[L, min(H, columns)] of the first stream's h: of the units that share a column, the strongest; read-only."""
    values = state.h[:, 0]
    edges = np.linspace(0, state.hidden, min(columns, state.hidden) + 1).astype(int)
    shares = [values[:, start:end] for start, end in pairwise(edges)]
    rows = np.arange(state.layers)
    small = np.stack([share[rows, np.abs(share).argmax(axis=1)] for share in shares], axis=1)
    small.flags.writeable = False
    return small


def search(cards: Iterable[StateCard], words: str) -> list[StateCard]:
    """The cards in which every one of ``words`` occurs: in name, note, kind of cell, or what it was made from."""
    wanted = words.casefold().split()
    return [
        card
        for card in cards
        if all(
            word in f"{card.name}\n{card.note}\n{card.cell}\n{card.kind}\n{card.words}".casefold() for word in wanted
        )
    ]


class StateLibrary:
    """The states in one folder, by default the user's. The folder is made when something is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = paths.states_dir() if folder is None else folder

    # -- looking ---------------------------------------------------------------------------------

    def cards(self, check: Callable[[], None] = lambda: None) -> list[StateCard]:
        """All kept states by name, damaged ones among them; ``check`` is called between two, and may raise.

        Raises:
            FileError: the folder cannot be listed.
        """
        cards = []
        for path in self._files():
            check()
            cards.append(_card(path))
        return sorted(cards, key=lambda card: (card.name.casefold(), card.path.name))

    def find(self, name: str) -> Path:
        """The file of the state of that name, capitals aside. Raises StateError if there is none, FileError."""
        stem = file_stem(_plain(name)).casefold()
        found = [path for path in self._files() if path.stem.casefold() == stem]
        exact = [path for path in found if path.stem == file_stem(_plain(name))]
        if not found:
            raise StateError(f"No state is kept under the name “{name[:80]}”; see chargen state list.")
        return (exact or found)[0]

    def load(self, name: str) -> HiddenState:
        """The state of that name. Raises StateError, FileError."""
        return HiddenState.load(self.find(name))

    def _files(self) -> list[Path]:
        try:
            return sorted(
                path for path in self.folder.iterdir() if path.suffix == SUFFIX and not path.name.startswith(".")
            )
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FileError(describe_os_error("list", self.folder, error)) from error

    def check(self, name: str | None, note: str | None) -> None:
        """Whether something could be kept under a name with a note, before it is made. Raises StateError, FileError."""
        if name is not None:
            self._free(_check_name(name))
        _check_note(note or "")

    # -- changing --------------------------------------------------------------------------------

    def keep(self, state: HiddenState, name: str = "", note: str | None = None) -> Path:
        """Keep a state under a name, by default its own, with a note; returns its file.

        Raises:
            StateError: the name is taken or cannot be one, or the note is too long. FileError: it cannot be written.
        """
        named = state.renamed(_check_name(name or state.name), _check_note(state.note if note is None else note))
        with self._alone():
            path = self._free(named.name)
            named.save(path)
        return path

    def change_name(self, name: str, new: str) -> Path:
        """Give a kept state another name; returns its file. Raises StateError, FileError."""
        with self._alone():
            old = self.find(name)
            state = HiddenState.load(old)
            path = self._free(_check_name(new), besides=old)
            state.renamed(_check_name(new), state.note).save(path)
            # Written first, removed then: whatever happens between, the state is there.
            if path != old and not path.samefile(old):
                _remove(old)
        return path

    def annotate(self, name: str, note: str) -> None:
        """Change the note of a kept state; an empty one removes it. Raises StateError, FileError."""
        with self._alone():
            path = self.find(name)
            state = HiddenState.load(path)
            state.renamed(_shown_name(state, path), _check_note(note)).save(path)

    def delete(self, name: str, to_trash: Callable[[Path], bool] | None = None) -> Path | None:
        """Put a kept state, damaged or not, in the trash; without one in the folder of deleted ones.

        Args:
            to_trash: the system's trash; says whether it took the file.

        Returns:
            Where the file is now, None if that is the trash.

        Raises:
            StateError: there is no such state. FileError: it cannot be moved; nothing was changed.
        """
        with self._alone():
            path = self.find(name)
            if to_trash is not None:
                if not to_trash(path):
                    raise FileError(f"The system did not take “{path}” into its trash; nothing was deleted.")
                return None
            folder = ensure_folder(self.folder / DELETED)
            target, number = folder / path.name, 2
            while target.exists():
                target, number = folder / f"{path.stem} {number}{SUFFIX}", number + 1
            try:
                path.rename(target)
            except OSError as error:
                raise FileError(describe_os_error("move", path, error)) from error
            return target

    def restore(self, deleted: Path, stem: str) -> Path:
        """Put back what :meth:`delete` moved to ``deleted``, as the file of that stem; returns it.

        Raises:
            StateError: another state has its name by now. FileError: it cannot be moved.
        """
        with self._alone():
            path = self._free(stem)
            try:
                deleted.rename(path)
            except OSError as error:
                raise FileError(describe_os_error("move", deleted, error)) from error
            return path

    def _free(self, name: str, besides: Path | None = None) -> Path:
        """The file for a new name. Raises StateError where it is taken; capitals make no other name."""
        stem = file_stem(name)
        taken = [path for path in self._files() if path.stem.casefold() == stem.casefold() and path != besides]
        if taken:
            raise StateError(f"A state named “{taken[0].stem}” is kept already; choose another name.")
        return self.folder / f"{stem}{SUFFIX}"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, whichever process makes it."""
        ensure_folder(self.folder)
        lock = FileLock(self.folder / ".lock", timeout=10, thread_local=False)
        try:
            lock.acquire()
        except OSError as error:  # Timeout is one, too
            raise FileError(describe_os_error("change", self.folder, error)) from error
        try:
            yield
        finally:
            lock.release()


def resolve_state(word: str, library: StateLibrary | None = None) -> HiddenState:
    """The state that a word means: a file if there is one, else what the library keeps under that name.

    Raises:
        StateError: there is neither, or the file is no state. FileError: it cannot be read.
    """
    folder = False
    with contextlib.suppress(OSError, ValueError):  # too long for a path, or a zero byte in it
        folder = Path(word).is_dir()
        if Path(word).exists() and not folder:
            return HiddenState.load(Path(word))
    library = StateLibrary() if library is None else library
    try:
        path = library.find(word)
    except StateError:
        if folder:
            raise StateError(f"“{word}” is a folder, not a state, and none is kept under that name.") from None
        raise StateError(
            f"There is no state “{word[:80]}”: no file is there, and none is kept under that name; "
            "see chargen state list."
        ) from None
    return HiddenState.load(path)


# -- reading and checking ------------------------------------------------------------------------------


def _card(path: Path) -> StateCard:
    """What is known of one file; whatever it holds, this does not fail."""
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime)
    except (OSError, OverflowError, ValueError):
        changed = datetime.fromtimestamp(0)
    try:
        state = HiddenState.load(path)
        if state.layers == 0 or state.streams != 1 or state.hidden == 0:
            raise StateError(
                f"It holds {state.streams} streams of {state.layers}×{state.hidden}; a seed state has one."
            )
    except ChargenError as error:
        return StateCard(path, _plain(path.stem), changed=changed, problem=str(error))
    return StateCard(
        path,
        _shown_name(state, path),
        state.note[:LONGEST_NOTE],
        state.cell,
        state.layers,
        state.hidden,
        str(state.recipe.get("kind"))[:60],
        state.fingerprint[:200],
        changed,
        " ".join(_strings(state.recipe))[:_LONGEST_WORDS],
        state.recipe,
        thumbnail(state),
    )


def _plain(name: str) -> str:
    """On one line, visible, not too long."""
    return "".join(character if character.isprintable() else " " for character in " ".join(name.split()))[:LONGEST_NAME]


def _shown_name(state: HiddenState, path: Path) -> str:
    """The name as typed, unless the file has been renamed or copied since."""
    name = _plain(state.name)
    return name if file_stem(name) == path.stem else _plain(path.stem)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:_LONGEST_WORDS]
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)


def _check_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise StateError("A kept state needs a name.")
    if len(name) > LONGEST_NAME:
        raise StateError(f"A state's name has at most {LONGEST_NAME} characters; this has {len(name):,}.")
    if not name.isprintable():
        raise StateError("A state's name is made of characters that can be seen.")
    if name.casefold() in RESERVED_WORDS or name.casefold().startswith("random:"):
        raise StateError(f"“{name}” means a state that is made, not kept; choose another name.")
    return name


def _check_note(note: str) -> str:
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise StateError(f"A state's note has at most {LONGEST_NOTE:,} characters; this has {len(note):,}.")
    return note


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise FileError(describe_os_error("remove", path, error)) from error
