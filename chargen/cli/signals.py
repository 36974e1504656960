"""What SIGINT, SIGTERM and SIGHUP mean: save what there is to save, then leave with 128 + the signal."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # SIGHUP: the terminal was closed; Windows has none


class Interrupted(BaseException):
    """A signal asks the program to end. Not an Exception: only the top may catch it.

    Attributes:
        code: the exit code, 128 + the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextlib.contextmanager
def handled(on_signal: Callable[[int], None]) -> Iterator[None]:
    """Within the block, call ``on_signal(number)`` for each of the signals that is not ignored.

    A signal ignored from outside (``nohup``, a background job of a script) stays ignored, and so does one that
    :func:`ignore` was called for within the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may install handlers; a test or an embedder keeps its own
        return
    previous: dict[signal.Signals, Any] = {}

    def handler(number: int, _frame: FrameType | None) -> None:
        on_signal(number)

    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            previous[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in previous.items():
            if signal.getsignal(number) is handler:
                signal.signal(number, old)


def raise_interrupted(number: int) -> None:
    """The handler of every command that has nothing to save."""
    if _importing(sys._getframe()):
        leave_at_once(number)
    raise Interrupted(number)


def leave_at_once(number: int) -> None:
    """The handler while modules are imported: nothing is to be saved, and an exception amid an import is not safe.

    Libraries in C print or swallow what they do not expect, and so does Python where it takes an import's lock back.
    """
    os._exit(128 + number)


def _importing(frame: FrameType | None) -> bool:
    """Whether this thread is amid an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def ignore() -> None:
    """From here on nothing is left to do but end, with the exit code that is known."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
