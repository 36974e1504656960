"""Where assets, corpora, runs, states and settings live.

Assets and corpora are found in an installed wheel (inside the package) and in a checkout or an
editable install (beside it). Everything of the user's goes to the folders their system reserves
for it; ``CHARGEN_HOME`` moves all of that to one folder (tests, portable installs).
"""

import os
from pathlib import Path

import platformdirs

from chargen.errors import FileError

_PACKAGE = Path(__file__).resolve().parent


def _bundled(name: str) -> Path:
    inside, beside = _PACKAGE / name, _PACKAGE.parent / name
    for folder in (inside, beside):
        if folder.is_dir():
            return folder
    raise FileError(f"The folder “{name}” is missing from this installation; reinstall chargen.")


def assets_dir() -> Path:
    """Icons, fonts, desktop files. Raises FileError where the installation is incomplete."""
    return _bundled("assets")


def corpora_dir() -> Path:
    """The bundled texts and their catalog. Raises FileError where the installation is incomplete."""
    return _bundled("corpora")


def _home() -> Path | None:
    home = os.environ.get("CHARGEN_HOME")
    return Path(home).expanduser().absolute() if home else None


def data_dir() -> Path:
    """The user's data folder (not created here)."""
    return _home() or Path(platformdirs.user_data_dir("chargen", appauthor=False))


def runs_dir() -> Path:
    """Where runs live unless ``--run`` says otherwise."""
    return data_dir() / "runs"


def states_dir() -> Path:
    """The library of seed states."""
    return data_dir() / "states"


def drafts_dir() -> Path:
    """The drafts of the Write page, and in a folder of it those that were deleted."""
    return data_dir() / "drafts"


def settings_file() -> Path:
    """The window's settings (JSON)."""
    return (_home() or Path(platformdirs.user_config_dir("chargen", appauthor=False))) / "settings.json"


def cache_dir() -> Path:
    """What can be made again: measurements of this machine."""
    home = _home()
    return home / "cache" if home else Path(platformdirs.user_cache_dir("chargen", appauthor=False))


def log_file() -> Path:
    """Where unexpected errors are written in full."""
    return data_dir() / "chargen.log"
