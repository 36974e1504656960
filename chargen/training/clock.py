"""The clock of a run: seconds of work, without pauses and without the import of torch."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Starts when made. Monotonic; unaffected by changes of the system's time."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._excluded = 0.0
        self._stopped_at: float | None = None

    def seconds(self) -> float:
        """Seconds of work so far."""
        now = self._stopped_at if self._stopped_at is not None else time.perf_counter()
        return now - self._start - self._excluded

    def pause(self) -> None:
        """Stand still until :meth:`resume`; a second call changes nothing."""
        if self._stopped_at is None:
            self._stopped_at = time.perf_counter()

    def resume(self) -> None:
        """Go on after :meth:`pause`."""
        if self._stopped_at is not None:
            self._excluded += time.perf_counter() - self._stopped_at
            self._stopped_at = None

    @contextmanager
    def excluded(self) -> Iterator[None]:
        """Time spent inside does not count."""
        self.pause()
        try:
            yield
        finally:
            self.resume()
