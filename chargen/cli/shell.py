"""Commands to copy, written as this system's shell reads them."""

import os
import shlex
import subprocess
from pathlib import Path


def command_line(*words: str) -> str:
    """The words as one command, quoted where needed."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def short_path(path: str | Path) -> str:
    """The path from the current folder where that is shorter, else as it is."""
    absolute = str(path)
    try:
        relative = os.path.relpath(absolute)
    except ValueError:  # another drive
        return absolute
    return relative if len(relative) < len(absolute) and not relative.startswith(f"..{os.sep}..") else absolute
