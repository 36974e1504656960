"""A plain-text file, or what comes in by standard input, as chunks of characters."""

import codecs
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from chargen.corpus.readers.encoding import EncodingGuess
from chargen.corpus.readers.survey import CHUNK_BYTES, Survey
from chargen.errors import CorpusError
from chargen.files import describe_os_error

STANDARD_INPUT = "-"


class PlainText:
    """One text whose encoding is known; made by :func:`open_plain`.

    Attributes:
        guess: its encoding. size: its bytes. replaced: how many undecodable places became U+FFFD so far.
    """

    def __init__(
        self, file: BinaryIO, size: int, guess: EncodingGuess, *, as_text: bool,
        check: Callable[[], None], progress: Callable[[int], None],
    ) -> None:
        self.guess, self.size, self.replaced = guess, size, 0
        self.bytes_read = 0
        self._file, self._as_text, self._check, self._progress = file, as_text, check, progress

    def chunks(self) -> Iterator[str]:
        """The text in order, about a million characters at a time."""
        make = codecs.getincrementaldecoder(self.guess.name)
        decoder = make("replace" if self._as_text else "strict")
        # What a decoder puts in for bad bytes looks like a replacement character of the text itself.
        # A second decoder that leaves bad bytes out finds only the latter: the difference is the count.
        counter = make("ignore") if self._as_text else None
        data = b" "
        while data:
            self._check()
            data = self._file.read(CHUNK_BYTES)
            self.bytes_read += len(data)
            text = decoder.decode(data, final=not data)
            if counter:
                genuine = counter.decode(data, final=not data).count("\ufffd")
                # Some decoders (UTF-7) let half characters through; UTF-16 tells them from whole ones.
                text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
                self.replaced += text.count("\ufffd") - genuine
            self._progress(len(data))
            yield text


@contextmanager
def open_plain(
    path: Path, *, encoding: str | None = None, as_text: bool = False,
    check: Callable[[], None] = lambda: None, progress: Callable[[int], None] = lambda count: None,
) -> Iterator[PlainText]:
    """Open ``path`` (``-`` is standard input), find its encoding, and watch that it stays as it is.

    Args:
        path: a regular file.
        encoding: the user's choice; None guesses.
        as_text: accept binary files, and put U+FFFD for bytes that cannot be decoded.
        check: called between chunks; may raise to cancel.
        progress: called with numbers of bytes; the file's size passes by at least twice (it is surveyed,
            then read).

    Raises:
        CorpusError: it cannot be read, is empty, binary or undecodable, or changed while it was read.
    """
    if str(path) == STANDARD_INPUT:
        with _standard_input(check) as file:
            size = file.seek(0, os.SEEK_END)
            survey = Survey(file, "standard input", as_text=as_text, check=check, progress=progress)
            guess = survey.encoding(encoding)
            yield PlainText(file, size, guess, as_text=as_text, check=check, progress=progress)
        return
    try:
        _refuse_other_than_files(path)
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            survey = Survey(file, str(path), as_text=as_text, check=check, progress=progress)
            try:
                guess = survey.encoding(encoding)
                text = PlainText(file, before.st_size, guess, as_text=as_text, check=check, progress=progress)
                yield text
            except UnicodeError as error:  # the survey decoded all of it a moment ago
                raise _changed(path) from error
            if _identity(os.fstat(file.fileno())) != _identity(before) or text.bytes_read != before.st_size:
                raise _changed(path)
        if _identity(path.stat()) != _identity(before):
            raise _changed(path)
    except FileNotFoundError as error:
        raise CorpusError(f"There is no file “{path}”, or it vanished while it was read.") from error
    except OSError as error:
        raise CorpusError(describe_os_error("read", path, error)) from error


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _changed(path: Path) -> CorpusError:
    return CorpusError(f"“{path}” changed while it was read; try again when nothing writes to it.")


def _refuse_other_than_files(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except ValueError as error:  # a zero character in the name
        raise CorpusError("A file's name cannot hold zero characters.") from error
    if stat.S_ISDIR(mode):
        raise CorpusError(f"“{path}” is a folder, not a file.")
    if not stat.S_ISREG(mode):  # opening a pipe or a device may wait for ever
        raise CorpusError(f"“{path}” is a device or a pipe, not a file; give - and feed it to standard input.")


@contextmanager
def _standard_input(check: Callable[[], None]) -> Iterator[BinaryIO]:
    """Standard input copied to a temporary file: it must be read twice, and memory is promised."""
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise CorpusError("There is no standard input to read.")
    try:
        with tempfile.TemporaryFile() as copy:
            while data := stream.read(CHUNK_BYTES):
                check()
                copy.write(data)
            copy.seek(0)
            yield cast(BinaryIO, copy)
    except OSError as error:
        raise CorpusError(describe_os_error("read", Path("standard input"), error)) from error
