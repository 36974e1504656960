"""The one door for writing: atomic, synced, verified.

A file is written beside its destination under a temporary name, flushed, synced, read back and
compared, and only then renamed over the old one; the folder is synced last. Whatever happens (a
kill, a full disk, a power cut), the destination is either the old file or the new one, whole.
"""

import contextlib
import errno
import json
import math
import os
import re
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chargen.errors import FileError

Verify = Callable[[bytes], None]
Data = bytes | Sequence[bytes | memoryview]

_PART = 4 * 2**20


def _reason(error: OSError) -> str:
    return {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EFBIG: "the file would be larger than this system allows",
        errno.EACCES: "there is no permission",
        errno.EPERM: "there is no permission",
        errno.EROFS: "the disk is read-only",
        errno.ENOENT: "it does not exist",
        errno.ENOTDIR: "a part of the path is not a folder",
        errno.EISDIR: "it is a folder",
        errno.ENAMETOOLONG: "the name is too long",
    }.get(error.errno or 0, (error.strerror or str(error)).lower())


def describe_os_error(action: str, path: Path, error: OSError) -> str:
    """One sentence for an operating-system error, e.g. ``Cannot write “x.txt”: the disk is full.``"""
    return f"Cannot {action} “{path}”: {_reason(error)}."


def ensure_folder(folder: Path) -> Path:
    """Make ``folder`` with its parents. Raises FileError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(describe_os_error("create the folder", folder, error)) from error
    return folder


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder for syncing; its rename is journalled.
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # A folder that may be written but not listed cannot be synced.
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # Some network file systems cannot.
            raise
    finally:
        os.close(descriptor)


def _temporary_beside(path: Path) -> Path:
    # Without the name of the file: the longest allowed name would become too long.
    return path.with_name(f".chargen-{secrets.token_hex(8)}.part")


def write_atomic(
    path: Path, data: Data, *, verify: Verify | None = None, keep_previous: bool = False
) -> None:
    """Write ``data`` to ``path``: the old file or the new one, never a torn one.

    Args:
        path: destination; its folder must exist.
        data: the whole content, or its pieces in order (large ones are then never copied).
        verify: called with the bytes read back before the rename; whatever it raises aborts the write.
        keep_previous: keep the replaced file as ``<name>.previous``.

    Raises:
        FileError: the write failed; the destination is untouched and nothing is left behind. (If
            only the last sync of the folder failed, the new file is there, but may not survive a
            power cut; the old one then does.)
    """
    pieces = [data] if isinstance(data, bytes) else data
    path = _destination(Path(path))
    temporary = _temporary_beside(path)
    try:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            descriptor = os.open(temporary, flags, 0o666)
            with os.fdopen(descriptor, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if not _holds(temporary, pieces):
                raise FileError(f"Cannot write “{path}”: what was read back differs; check the disk.")
            if verify is not None:
                verify(temporary.read_bytes())
            if keep_previous and path.exists():
                _keep_previous(path)
            os.replace(temporary, path)
            _sync_folder(path.parent)
        except OSError as error:
            raise FileError(describe_os_error("write", path, error)) from error
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _holds(path: Path, pieces: Sequence[bytes | memoryview]) -> bool:
    """Whether the file is exactly these pieces, compared a part at a time."""
    with path.open("rb") as file:
        for piece in pieces:
            whole = memoryview(piece).cast("B")
            for start in range(0, len(whole), _PART):
                part = whole[start : start + _PART]
                if file.read(len(part)) != part:
                    return False
        return not file.read(1)


def _destination(path: Path) -> Path:
    """``path`` with links followed, so that a link stays one. Devices, pipes and folders are refused.

    (A rename over ``/dev/null`` would replace it, for every program of the machine.)
    """
    try:
        path = path.resolve()
        mode = path.stat().st_mode
    except FileNotFoundError:
        return path
    except OSError as error:
        raise FileError(describe_os_error("write", path, error)) from error
    except (RuntimeError, ValueError) as error:  # links in a circle, or a zero byte in the name
        raise FileError(f"Cannot write “{path}”: this cannot be the name of a file.") from error
    if stat.S_ISDIR(mode):
        raise FileError(f"Cannot write “{path}”: it is a folder.")
    if not stat.S_ISREG(mode):
        raise FileError(f"Cannot write “{path}”: it is a device or a pipe, not a file.")
    return path


def move(path: Path, target: Path) -> None:
    """Give a file another name on the same disk, or another folder; what has that name already is refused.

    Raises:
        FileError: there is no such file, the name is taken, or it cannot be moved.
    """
    if target.exists():
        raise FileError(f"Cannot move “{path}” to “{target}”: that name is taken.")
    try:
        os.replace(path, target)
        _sync_folder(target.parent)
        if path.parent != target.parent:
            _sync_folder(path.parent)
    except OSError as error:
        raise FileError(describe_os_error("move", path, error)) from error


def previous_of(path: Path) -> Path:
    """The name under which :func:`write_atomic` keeps the file it replaced."""
    return path.with_name(path.name + ".previous")


def _keep_previous(path: Path) -> None:
    """Give the current file a second name; the current name never disappears meanwhile."""
    link = _temporary_beside(path)
    try:
        try:
            os.link(path, link)
        except OSError:  # A file system without hard links: a synced copy does the same, more slowly.
            write_atomic(link, path.read_bytes())
        os.replace(link, previous_of(path))
    finally:
        # Still there when this failed, and where both were names of one file already: such a rename does nothing.
        with contextlib.suppress(OSError):
            link.unlink()


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, newlines as they are. Lone surrogates are refused with FileError."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FileError(f"Cannot write “{path}”: the text holds half a character (a lone surrogate).") from error
    write_atomic(path, data)


def _json_bytes(value: Any, *, indent: int | None = None) -> bytes:
    """UTF-8 JSON for people to read; all escaped where half a character (a lone surrogate) is in it."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    try:
        return (text + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(value, indent=indent, allow_nan=False) + "\n").encode()


def write_json(path: Path, value: Any, *, keep_previous: bool = False) -> None:
    """Write ``value`` as indented UTF-8 JSON; NaN and infinity are refused with ValueError."""
    write_atomic(path, _json_bytes(value, indent=2), keep_previous=keep_previous)


def read_capped(path: Path, limit: int) -> bytes:
    """The bytes of ``path``, read into memory (never mapped), refused beyond ``limit`` bytes.

    Raises:
        FileError: it cannot be read, is no file (a pipe would wait for ever), is larger than
            ``limit``, or changes while it is read.
    """
    path = Path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "it is a folder" if path.is_dir() else "it is a device or a pipe, not a file"
            raise FileError(f"Cannot read “{path}”: {kind}.")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise FileError(f"“{path}” is larger than the {limit:,} bytes that such a file may have.")
            data = file.read(size + 1)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error if isinstance(error, OSError) else OSError(errno.ENOENT, "")
        raise FileError(describe_os_error("read", path, reason)) from error
    if len(data) != size:
        raise FileError(f"“{path}” changed while it was read; try again.")
    return data


def read_json(path: Path, limit: int = 16 * 2**20) -> Any:
    """Parse a JSON file of at most ``limit`` bytes. Raises FileError when unreadable or not JSON."""
    return parse_json(read_capped(path, limit), str(path))


def parse_json(data: bytes | str, what: str, *, max_depth: int = 32) -> Any:
    """Parse JSON from a stranger: bounded depth, no NaN or infinity.

    Raises:
        FileError: not valid JSON, nested deeper than ``max_depth``, or with a non-finite number.
    """

    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        depth = 0
        for token in _STRING_OR_BRACKET.finditer(text):  # json recurses: count the nesting before it does
            first = token[0][0]
            if first in "[{":
                depth += 1
                if depth > max_depth:
                    raise ValueError("nested too deeply")
            elif first in "]}":
                depth -= 1
        return json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise FileError(f"“{what}” is not valid JSON; it may be damaged or of another kind.") from error


# Possessive, and the closing quote optional: linear time, whatever a stranger writes.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _refuse_number(token: str) -> Any:
    raise ValueError(f"the number {token}")


def _finite(token: str) -> float:
    number = float(token)
    return number if math.isfinite(number) else _refuse_number(token)


class LineFile:
    """A log of JSON lines: appended and flushed, opened for one writer. Each line is whole or torn off."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Unbuffered: one line, one write; nothing lingers here that a failed write left over.
            self._file = path.open("ab", buffering=0)
            self._torn = self._ends_torn()
        except OSError as error:
            raise FileError(describe_os_error("write", path, error)) from error

    def _ends_torn(self) -> bool:
        """Whether a kill in the middle of a line left it without an end."""
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    def append(self, value: Any) -> None:
        """Append one object as one line. Raises FileError; NaN and infinity are refused with ValueError."""
        line = _json_bytes(value)
        if self._torn:  # end it, so that the next line stands alone
            line = b"\n" + line
        self._torn = True
        try:
            written = self._file.write(line)
        except OSError as error:
            raise FileError(describe_os_error("write", self._path, error)) from error
        if written != len(line):  # the disk filled up in the middle
            raise FileError(describe_os_error("write", self._path, OSError(errno.ENOSPC, "")))
        self._torn = False

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()


def read_lines(path: Path, limit: int = 256 * 2**20) -> list[Any]:
    """The objects of a JSON-lines file; torn or foreign lines are left out."""
    if not path.exists():
        return []
    values = []
    for line in read_capped(path, limit).split(b"\n"):  # not splitlines: a sample may hold U+2028
        if line.strip():
            with contextlib.suppress(FileError):
                values.append(parse_json(line, str(path)))
    return values
