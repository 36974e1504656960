"""The one door for writing: atomic, synced, verified.

A file is written beside its destination under a temporary name, flushed, synced, read back and
compared, and only then renamed over the old one; the folder is synced last. Whatever happens (a
kill, a full disk, a power cut), the destination is either the old file or the new one, whole.
"""

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chargen.errors import FileError

Verify = Callable[[bytes], None]


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
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(
    path: Path, data: bytes, *, verify: Verify | None = None, keep_previous: bool = False
) -> None:
    """Write ``data`` to ``path``: the old file or the new one, never a torn one.

    Args:
        path: destination; its folder must exist.
        data: the whole content.
        verify: called with the bytes read back before the rename; whatever it raises aborts the write.
        keep_previous: keep the replaced file as ``<name>.previous``.

    Raises:
        FileError: the write failed; the destination is untouched and nothing is left behind.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            written = temporary.read_bytes()
            if written != data:
                raise FileError(f"Cannot write “{path}”: what was read back differs; check the disk.")
            if verify is not None:
                verify(written)
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


def previous_of(path: Path) -> Path:
    """The name under which :func:`write_atomic` keeps the file it replaced."""
    return path.with_name(path.name + ".previous")


def _keep_previous(path: Path) -> None:
    """Give the current file a second name; the current name never disappears meanwhile."""
    previous = previous_of(path)
    link = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        os.link(path, link)
    except OSError:  # A file system without hard links: a synced copy does the same, more slowly.
        write_atomic(link, path.read_bytes())
    os.replace(link, previous)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, newlines as they are. Lone surrogates are refused with FileError."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FileError(f"Cannot write “{path}”: the text holds half a character (a lone surrogate).") from error
    write_atomic(path, data)


def write_json(path: Path, value: Any, *, keep_previous: bool = False) -> None:
    """Write ``value`` as indented UTF-8 JSON; NaN and infinity are refused with ValueError."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    write_atomic(path, (text + "\n").encode("utf-8", "surrogatepass"), keep_previous=keep_previous)


def read_capped(path: Path, limit: int) -> bytes:
    """The bytes of ``path``, read into memory (never mapped), refused beyond ``limit`` bytes.

    Raises:
        FileError: it cannot be read, or is larger than ``limit``.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise FileError(describe_os_error("read", path, error)) from error
    if len(data) > limit:
        raise FileError(f"“{path}” is larger than the {limit:,} bytes that such a file may have.")
    return data


def read_json(path: Path, limit: int = 16 * 2**20) -> Any:
    """Parse a JSON file of at most ``limit`` bytes. Raises FileError when unreadable or not JSON."""
    return parse_json(read_capped(path, limit), str(path))


def parse_json(data: bytes | str, what: str, *, max_depth: int = 32) -> Any:
    """Parse JSON from a stranger: bounded depth, no NaN or infinity.

    Raises:
        FileError: not valid JSON, nested deeper than ``max_depth``, or with a non-finite number.
    """

    def refuse(token: str) -> Any:
        raise ValueError(f"the number {token}")

    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        depth = deepest = 0
        in_string = escaped = False
        for character in text:  # json recurses in C: count the nesting before it does
            if in_string:
                if escaped:
                    escaped = False
                elif character == "\\":
                    escaped = True
                elif character == '"':
                    in_string = False
            elif character == '"':
                in_string = True
            elif character in "[{":
                depth += 1
                deepest = max(deepest, depth)
                if deepest > max_depth:
                    raise ValueError("nested too deeply")
            elif character in "]}":
                depth -= 1
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise FileError(f"“{what}” is not valid JSON; it may be damaged or of another kind.") from error


class LineFile:
    """A log of JSON lines: appended and flushed, opened for one writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._end_torn_line()
            self._file = path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise FileError(describe_os_error("write", path, error)) from error

    def _end_torn_line(self) -> None:
        """After a kill in the middle of a line: end it, so that the next line stands alone."""
        if not self._path.exists() or self._path.stat().st_size == 0:
            return
        with self._path.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")

    def append(self, value: Any) -> None:
        """Append one object as one line. Raises FileError."""
        try:
            self._file.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise FileError(describe_os_error("write", self._path, error)) from error

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()


def read_lines(path: Path, limit: int = 256 * 2**20) -> list[Any]:
    """The objects of a JSON-lines file; torn or foreign lines are left out."""
    if not path.exists():
        return []
    values = []
    for line in read_capped(path, limit).decode("utf-8", "replace").splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            values.append(json.loads(line))
    return values
