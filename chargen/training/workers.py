"""Threads that share one learning step by streams.

PyTorch can split every product of a step over several threads, but then the threads wait for each other
at every character, spinning; when anything else runs on the machine (a window, a browser), one of them
loses its core, the others wait for it, and a step takes up to thirty times as long. Streams do not
depend on each other within a step: here each thread takes its share of them through the whole unroll, forwards
and backwards, and they meet once a step. It is as fast on an idle machine and loses little on a busy one.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")


class Workers:
    """``count`` threads, the caller among them, each with ``threads`` of PyTorch's own. They live until closed."""

    def __init__(self, count: int, threads: int = 1) -> None:
        self.count = count
        self._pool: ThreadPoolExecutor | None = None
        if count > 1:
            self._pool = ThreadPoolExecutor(
                count - 1,
                thread_name_prefix="chargen-learning",
                initializer=torch.set_num_threads,
                initargs=(threads,),
            )

    def map(self, function: Callable[[int], T]) -> list[T]:
        """``[function(0), …, function(count − 1)]``, side by side; an error is raised after all have ended."""
        if self._pool is None:
            return [function(index) for index in range(self.count)]
        futures = [self._pool.submit(function, index) for index in range(1, self.count)]
        try:
            first = function(0)
        finally:
            for future in futures:
                future.exception()  # waits: nothing may still run when an error leaves here
        return [first, *(future.result() for future in futures)]

    def close(self) -> None:
        """End the threads. Safe to call twice."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)


MINIMUM_STREAMS = 4
"""A thread with fewer streams reads its weights too often for what it computes."""


def worker_count(device: str, threads: int, streams: int) -> int:
    """How many threads share a step: on a processor as many as there are, each with at least four streams."""
    return max(1, min(threads, streams // MINIMUM_STREAMS)) if device == "cpu" else 1
