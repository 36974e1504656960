"""Texts that every Python carries: the source of its standard library, and its help topics."""

import os
import platform
import sysconfig
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chargen.corpus.builder import TextBuilder

VERSION = platform.python_version()

# Not the standard library's own, or there to be wrong: tests hold files in broken encodings on purpose.
_LEFT_OUT = {"site-packages", "dist-packages", "__pycache__", "test", "tests", "idle_test"}


@dataclass(frozen=True)
class SourceText:
    """The files of the standard library.

    Attributes:
        folder: where they are. files: in the order of their names. size: bytes in all.
    """

    folder: Path
    files: tuple[Path, ...]
    size: int

    @classmethod
    def of_this_python(cls) -> "SourceText":
        """Those of the running Python; none where it comes without source."""
        folder = Path(sysconfig.get_path("stdlib"))
        files: list[Path] = []
        for place, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name not in _LEFT_OUT]
            files += [Path(place) / name for name in names if name.endswith(".py")]
        files.sort(key=lambda path: path.relative_to(folder).as_posix())
        return cls(folder, tuple(files), sum(path.stat().st_size for path in files))

    def add_to(self, builder: TextBuilder) -> None:
        """Append all files, one after the other; a notice says how many could not be read."""
        unreadable: list[Path] = []
        builder.add_text(self._texts(unreadable), "python-source")
        read = len(self.files) - len(unreadable)
        builder.note(
            f"{read:,} files of the standard library of Python {VERSION}"
            + (f"; {len(unreadable):,} could not be read." if unreadable else ".")
        )

    def _texts(self, unreadable: list[Path]) -> Iterator[str]:
        for path in self.files:
            try:
                with tokenize.open(path) as file:  # in the encoding that the file declares
                    text = file.read()
            except (OSError, SyntaxError, UnicodeDecodeError):
                unreadable.append(path)
                continue
            yield text if text.endswith("\n") or not text else text + "\n"


def help_topics() -> list[str]:
    """The help topics of the running Python in the order of their names, each ending in an empty line."""
    try:
        from pydoc_data.topics import topics  # large: loaded where it is asked for
    except ImportError:
        return []
    return [topics[name].strip() + "\n\n\n" for name in sorted(topics)]
