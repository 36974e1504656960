"""The kept seed states, as the Write page lists them: their files, reading and keeping; which one was chosen."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chargen import paths
from chargen.errors import FileError
from chargen.files import ensure_folder
from chargen.jobs import Worker
from chargen.model.state import HiddenState
from chargen.sampling.drafts import SeedChoice
from chargen.sampling.events import Made
from chargen.sampling.job import load
from chargen.sampling.requests import Pen
from chargen.settings import SEED_MAXIMUM

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


def remembered(choice: SeedChoice) -> dict[str, Any]:
    """The choice without a captured state, which is kept with its draft only."""
    return {
        "kind": "zeros" if choice.kind == "held" else choice.kind, "text": choice.text,
        "random_seed": choice.random_seed, "scale": choice.scale, "chosen": choice.chosen,
    }  # fmt: skip


def choice_of(values: Any, kinds: Sequence[str], largest_scale: float) -> SeedChoice | None:
    """The choice that was remembered as these values; what makes no sense is left out, None where nothing does."""
    if not isinstance(values, dict) or values.get("kind") not in kinds:
        return None
    text, seed, scale = values.get("text"), values.get("random_seed"), values.get("scale")
    return SeedChoice(
        values["kind"], text if isinstance(text, str) else "",
        seed if type(seed) is int and 0 <= seed <= SEED_MAXIMUM else None,
        float(scale) if isinstance(scale, int | float) and 0 <= scale <= largest_scale else 1.0,
        chosen=values.get("chosen") is True,
    )  # fmt: skip


def read(path: Path, pen: Pen | None) -> Callable[[Worker], Made]:
    """The work that reads a state from its file and holds it against the model."""

    def work(worker: Worker) -> Made:
        state = HiddenState.load(path)
        return load(pen, lambda: state)(worker) if pen is not None else Made(state)

    return work


def keep(state: HiddenState, path: Path) -> Callable[[Worker], Path]:
    """The work that writes a state to its file; the result is where it lies. Raises FileError."""

    def work(_worker: Worker) -> Path:
        ensure_folder(path.parent)
        if path.exists():
            raise FileError(f"There is a state named “{path.stem}” already; choose another name.")
        state.save(path)
        return path

    return work
