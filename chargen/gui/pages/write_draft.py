"""The text on the Write page as a file, so that it is there again after a restart. No Qt.

Everything an export to .json holds, the state after the last character, and surprises as exact numbers.
"""

import base64
import binascii
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chargen.errors import ChargenError, ExportError, FileError
from chargen.files import ensure_folder, parse_json, read_capped, write_atomic
from chargen.model.state import HiddenState
from chargen.paths import data_dir
from chargen.sampling.provenance import sample_from_json, sample_to_json, state_from_json, state_to_json
from chargen.sampling.sample import Sample

FORMAT = 1
KIND = "chargen draft"
LONGEST = 1_000_000
"""A longer text is not kept: export it."""
_LIMIT = 2**27
_NO_SURPRISES = np.zeros(0, np.float32)


@dataclass(frozen=True, eq=False)
class Draft:
    """Attributes: ``state`` after the last character; ``goes_on`` whether a continuation would be one with it."""

    name: str
    parts: tuple[Sample, ...]
    state: HiddenState | None
    goes_on: bool


def draft_file() -> Path:
    """Where the draft is kept."""
    return data_dir() / "draft.json"


def save_draft(draft: Draft) -> None:
    """Keep it; one that is too long takes the place of nothing. Raises FileError."""
    if sum(len(part.text) for part in draft.parts) > LONGEST:
        return
    value = {
        "kind": KIND,
        "format": FORMAT,
        "name": draft.name,
        "parts": [_part(sample) for sample in draft.parts],
        "state": None if draft.state is None else state_to_json(draft.state),
        "goes_on": draft.goes_on,
    }
    ensure_folder(draft_file().parent)
    write_atomic(draft_file(), json.dumps(value, allow_nan=False).encode())


def load_draft() -> Draft | None:
    """The draft of last time; None where there is none. A damaged one is kept aside.

    Raises:
        ExportError: it was damaged; the sentence says where it is now. FileError: it cannot be read.
    """
    path = draft_file()
    if not path.exists():
        return None
    data = read_capped(path, _LIMIT)
    try:
        return _draft(parse_json(data, str(path)), str(path))
    except (ChargenError, KeyError, TypeError, ValueError, binascii.Error):
        aside = path.with_name(path.name + ".damaged")
        try:
            write_atomic(aside, data)
            path.unlink()
        except (FileError, OSError):
            pass
        raise ExportError(
            f"The text on the Write page was damaged and is not shown again; its file is “{aside}”."
        ) from None


def _part(sample: Sample) -> dict[str, Any]:
    bits = base64.b64encode(sample.surprises.astype("<f4").tobytes()).decode("ascii")
    return {**sample_to_json(replace(sample, surprises=_NO_SURPRISES)), "bits": bits}


def _draft(value: dict[str, Any], what: str) -> Draft:
    if value["kind"] != KIND or value["format"] != FORMAT or not isinstance(value["name"], str):
        raise ValueError("kind")
    parts = []
    for part in value["parts"]:
        bits = np.frombuffer(base64.b64decode(part["bits"], validate=True), "<f4")
        parts.append(sample_from_json({**part, "surprises": bits.tolist()}, what))
    if not parts:
        raise ValueError("parts")
    state = None if value["state"] is None else state_from_json(value["state"], what)
    return Draft(value["name"][:200], tuple(parts), state, value["goes_on"] is True)
