"""The drafts of a user: one file each in one folder; deleted ones in a folder of it, damaged ones beside.

Nothing that was written is ever removed here: deleting moves a file, and so does finding it damaged.
"""

import re
from collections.abc import Callable
from pathlib import Path

from chargen import paths
from chargen.errors import FileError
from chargen.files import describe_os_error, ensure_folder, move, read_capped, write_atomic
from chargen.sampling.draft_file import MAXIMUM_BYTES, MAXIMUM_HEADER, DraftCard, pack, read_card, unpack
from chargen.sampling.drafts import Draft

SUFFIX = ".draft"
MAXIMUM_LISTED = 1_000
_NAME = re.compile(r"[0-9a-f]{16}\.draft")


def draft_file(id: str) -> Path:
    """Where the draft of that name is kept."""
    return paths.drafts_dir() / f"{id}{SUFFIX}"


def deleted_file(id: str) -> Path:
    """Where it is after it was deleted."""
    return paths.drafts_dir() / "deleted" / f"{id}{SUFFIX}"


def save(draft: Draft) -> None:
    """Write it down: the old file or the new one. Raises FileError; also where it is too long to be kept."""
    content = pack(draft)
    ensure_folder(paths.drafts_dir())
    write_atomic(draft_file(draft.id), content)


def listed(check: Callable[[], None] = lambda: None) -> tuple[list[DraftCard], list[str]]:
    """The cards of all drafts, newest first, and a sentence for each that was damaged and is put aside.

    Only the heads of the files are read. ``check`` is called between two of them, and may raise.
    """
    return _cards(paths.drafts_dir(), check, aside=True)


def deleted(check: Callable[[], None] = lambda: None) -> list[DraftCard]:
    """The cards of the deleted drafts, the one deleted last first."""
    folder = paths.drafts_dir() / "deleted"
    cards = _cards(folder, check, aside=False)[0]
    return sorted(cards, key=lambda card: _age(folder / f"{card.id}{SUFFIX}"))


def load(id: str) -> Draft:
    """Read a draft whole.

    Raises:
        FileError: it cannot be read; or it is damaged, and the sentence says where it is now.
    """
    path = draft_file(id)
    data = read_capped(path, MAXIMUM_BYTES)
    try:
        return unpack(data, id)
    except FileError as error:
        raise FileError(_put_aside(path, str(error))) from None


def delete(id: str) -> None:
    """Move it to the deleted ones. Raises FileError."""
    ensure_folder(deleted_file(id).parent)
    move(draft_file(id), deleted_file(id))


def restore(id: str) -> None:
    """Take it back from the deleted ones. Raises FileError."""
    move(deleted_file(id), draft_file(id))


def _cards(folder: Path, check: Callable[[], None], aside: bool) -> tuple[list[DraftCard], list[str]]:
    cards, problems = [], []
    try:
        files = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError:  # there is none yet, or it cannot be read; saving will say why
        return [], []
    for path in sorted(files, key=_age)[:MAXIMUM_LISTED]:
        check()
        try:
            head, size = _head(path)
        except FileError as error:
            problems.append(str(error))
            continue
        try:
            cards.append(read_card(head, size, path.stem))
        except FileError as error:
            if aside:
                problems.append(_put_aside(path, str(error)))
    return sorted(cards, key=lambda card: -card.created), problems


def _head(path: Path) -> tuple[bytes, int]:
    """The eight bytes and the header, as long as they claim, and the size of the file."""
    try:
        if not path.is_file():  # a pipe would wait for ever
            raise FileError(f"Cannot read the draft “{path}”: it is not a file.")
        with path.open("rb") as file:
            start = file.read(8)
            length = min(int.from_bytes(start, "little"), MAXIMUM_HEADER)
            return start + file.read(length), path.stat().st_size
    except OSError as error:
        raise FileError(describe_os_error("read", path, error)) from error


def _put_aside(path: Path, reason: str) -> str:
    """Take a file out of the way that is no draft; a sentence about it."""
    if "newer" in reason:
        return f"The draft “{path}” is not shown: {reason}; update to open it."
    for number in range(1, 1_000):
        aside = path.with_name(f"{path.name}.damaged{'' if number == 1 else f'-{number}'}")
        try:
            move(path, aside)
        except FileError:
            if aside.exists():
                continue
            return f"The draft “{path}” is damaged and is not shown."
        return f"A draft was damaged and is not shown; its file is kept as “{aside}”."
    return f"The draft “{path}” is damaged and is not shown."


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0
