"""The kept seed states, as the Write page lists them: their files, and keeping another one."""

import re
from collections.abc import Callable
from pathlib import Path

from chargen import paths
from chargen.errors import FileError
from chargen.files import ensure_folder
from chargen.jobs import Worker
from chargen.model.state import HiddenState

LISTED_AT_MOST = 200
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def file_of(name: str) -> Path:
    """Where a state of that name is kept; the name is made fit for every system."""
    stem = _NOT_IN_NAMES.sub("-", name).strip(" .-")[:80] or "state"
    return paths.states_dir() / f"{'state ' if _RESERVED.fullmatch(stem) else ''}{stem}.state"


def saved_states() -> list[Path]:
    """The state files of the library, by name; empty where there is none or it cannot be read."""
    try:
        return sorted(paths.states_dir().glob("*.state"), key=lambda path: path.name.casefold())[:LISTED_AT_MOST]
    except OSError:
        return []


def keep(state: HiddenState, path: Path) -> Callable[[Worker], Path]:
    """The work that writes a state to its file; the result is where it lies. Raises FileError."""

    def work(_worker: Worker) -> Path:
        ensure_folder(path.parent)
        if path.exists():
            raise FileError(f"There is a state named “{path.stem}” already; choose another name.")
        state.save(path)
        return path

    return work
