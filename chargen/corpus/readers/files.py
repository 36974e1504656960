"""Files and folders of texts: which files to read, and in which order."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from chargen.corpus.readers.binary import MOST_CONTROL_BYTES, control_bytes, looks_like
from chargen.corpus.readers.encoding import SAMPLE_BYTES, guess_by_beginning, is_wide
from chargen.errors import CorpusError
from chargen.files import describe_os_error

_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class FoundFile:
    """A file to read.

    Attributes:
        path: where. size: in bytes, 0 where it is not known. in_folder: it was not named, but found in a folder.
    """

    path: Path
    size: int
    in_folder: bool


@dataclass(frozen=True)
class Listing:
    """What a folder holds.

    Attributes:
        texts: files that begin like text, in natural order (chapter 2 before chapter 10).
        others: files that are empty, binary or unreadable, and folders that cannot be opened.
    """

    texts: tuple[Path, ...]
    others: tuple[Path, ...]


@dataclass(frozen=True)
class Found:
    """What to read for what the user named.

    Attributes:
        files: in order. notices: sentences about what was left out.
    """

    files: tuple[FoundFile, ...]
    notices: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes in all, as far as they are known."""
        return sum(file.size for file in self.files)


def find_files(paths: Iterable[Path], check: Callable[[], None] = lambda: None) -> Found:
    """The files to read: folders become the texts in them. Raises CorpusError."""
    files: list[FoundFile] = []
    notices: list[str] = []
    for path in paths:
        if _is_folder(path):
            listing = list_texts(path, check)
            files += [FoundFile(each, _size(each), True) for each in listing.texts]
            if listing.others:
                notices.append(_left_out(path, listing.others))
        else:
            files.append(FoundFile(path, _size(path), False))
    return Found(tuple(files), tuple(notices))


def _left_out(folder: Path, others: tuple[Path, ...]) -> str:
    names = ", ".join(f"“{path.relative_to(folder)}”" for path in others[:_NAMED_AT_MOST])
    more = f" and {len(others) - _NAMED_AT_MOST:,} more" if len(others) > _NAMED_AT_MOST else ""
    return f"Left out of “{folder}”, as they are empty, not text, or cannot be opened: {names}{more}."


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder above it cannot be entered; opening it says so
        return False


def _size(path: Path) -> int:
    """For planning only: whoever opens the file looks again."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def list_texts(folder: Path, check: Callable[[], None] = lambda: None) -> Listing:
    """The text files in ``folder`` and the folders in it, of any extension.

    Hidden files and folders (a leading dot) are passed over in silence; links to folders are not followed.

    Raises:
        CorpusError: the folder cannot be read, or holds no text.
    """
    texts: list[Path] = []
    others: list[Path] = []

    def refuse_or_note(error: OSError) -> None:
        if error.filename is None or Path(error.filename) == folder:
            raise CorpusError(describe_os_error("read the folder", folder, error)) from error
        others.append(Path(error.filename))

    for place, folders, names in os.walk(folder, onerror=refuse_or_note):
        check()
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = Path(place) / name
                (texts if _begins_like_text(path) else others).append(path)
    if not texts:
        raise CorpusError(f"The folder “{folder}” holds no text file.")
    return Listing(tuple(sorted(texts, key=_natural)), tuple(sorted(others, key=_natural)))


def _natural(path: Path) -> list[list[tuple[int, int, str]]]:
    """A key that compares the numbers in names as numbers; the names themselves break ties."""
    return [
        [*((0, int(word), "") if word.isdigit() else (1, 0, word) for word in re.findall("[0-9]+|[^0-9]+", part)),
         (2, 0, part)]
        for part in path.parts
    ]


def _begins_like_text(path: Path) -> bool:
    """By the first bytes alone, so that a large binary file costs no more than a small one."""
    if not path.is_file():  # a broken link, a device, a pipe
        return False
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
    except OSError:
        return False
    if not sample or looks_like(sample):
        return False
    guess = guess_by_beginning(sample)
    if guess and is_wide(guess.name):
        return True
    return 0 not in sample and control_bytes(sample) <= MOST_CONTROL_BYTES * len(sample)
