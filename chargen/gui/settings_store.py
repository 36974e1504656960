"""What the window remembers: its place, page, theme, what lay on the desk and what was chosen. One JSON file.

A damaged file costs nothing but the memory: it is kept aside as ``settings.json.damaged`` and the
defaults hold.
"""

import logging
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from chargen.errors import FileError
from chargen.files import ensure_folder, parse_json, read_capped, write_atomic, write_json
from chargen.paths import settings_file

_LIMIT = 2**20
_log = logging.getLogger(__name__)


@dataclass
class WindowSettings:
    """What is remembered; what a page remembers is its own business, and checked by it.

    Attributes:
        theme: light, dark or system. folder: of the last file. geometry: as Qt saves it, in hex.
        texts: how the last texts were read, newest first. text_open: whether the first of them lay on the desk.
        model, model_name: the file or run folder of the model on the desk, and what it was called.
        training, writing, states, insight: the choices of these pages.
        layout: which folds are open, and where the splitters stand, by page.
    """

    theme: str = "system"
    page: str = "corpus"
    folder: str = ""
    geometry: str = ""
    texts: list[Any] = field(default_factory=list)
    text_open: bool = False
    model: str = ""
    model_name: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    writing: dict[str, Any] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    insight: dict[str, Any] = field(default_factory=dict)
    layout: dict[str, Any] = field(default_factory=dict)


_CHOICES = {"theme": ("light", "dark", "system"), "page": ("corpus", "train", "write", "states", "insight")}


def load() -> tuple[WindowSettings, str]:
    """The settings, and a sentence for the user where the file was damaged (else empty)."""
    path = settings_file()
    if not path.exists():
        return WindowSettings(), ""
    try:
        data = read_capped(path, _LIMIT)
    except FileError as error:
        return WindowSettings(), str(error)
    try:
        return _checked(parse_json(data, str(path))), ""
    except (FileError, ValueError):
        aside = path.with_name(path.name + ".damaged")
        try:
            write_atomic(aside, data)
        except FileError as error:
            _log.warning("%s", error)
        return WindowSettings(), f"The window's settings were damaged and start afresh; the old file is “{aside}”."


def _checked(values: Any) -> WindowSettings:
    """Raises ValueError unless ``values`` are settings; names it does not know are left out."""
    if not isinstance(values, dict):
        raise ValueError("no object")
    known = {field.name: values[field.name] for field in fields(WindowSettings) if field.name in values}
    defaults = WindowSettings()
    for name, value in known.items():
        if type(value) is not type(getattr(defaults, name)):
            raise ValueError(name)
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(name)
    bytes.fromhex(known.get("geometry", ""))
    return WindowSettings(**known)


def save(settings: WindowSettings) -> None:
    """Write them; a failure is only logged, for closing the window must not depend on it."""
    path = settings_file()
    try:
        ensure_folder(Path(path).parent)
        write_json(path, asdict(settings))
    except FileError as error:
        _log.warning("%s", error)
