"""Who takes part in a training: one process alone, or one of several that ``torchrun`` has started.

The processes of a training (*ranks*, numbered from 0) hold the same network and read the same streams, and each learns
from its share of them. All run the same :class:`~chargen.training.trainer.Trainer` and must decide the same at the
same step: what they decide by is the clock of rank 0 and the stop that any of them was asked for, exchanged once a
step together with the gradients; everything else is computed from equal numbers. Nothing here loads torch.distributed:
several processes are :mod:`chargen.training.distributed`, one alone is :class:`Ranks` itself.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from chargen.errors import SettingError

if TYPE_CHECKING:
    from torch import Tensor

    from chargen.training.backend import Backend
    from chargen.training.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """What ``torchrun`` tells a process of itself.

    Attributes:
        rank, count: of all processes. local_rank, local_count: of those on this machine.
        restarts: how often all were started anew after one was lost; ``restarts_allowed``: the most.
    """

    rank: int
    count: int
    local_rank: int = 0
    local_count: int = 1
    restarts: int = 0
    restarts_allowed: int = 0


_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def place() -> Place | None:
    """This process's place, from the environment; None where nobody started several.

    Raises:
        SettingError: the environment contradicts itself.
    """
    if not all(name in os.environ for name in _NEEDED):
        return None
    try:
        found = Place(
            *(int(os.environ[name]) for name in ("RANK", "WORLD_SIZE")),
            *(int(os.environ.get(name, other)) for name, other in (("LOCAL_RANK", "0"), ("LOCAL_WORLD_SIZE", "1"))),
            *(int(os.environ.get(f"TORCHELASTIC_{name}", "0")) for name in ("RESTART_COUNT", "MAX_RESTARTS")),
        )
    except ValueError:
        found = None
    if found is None or not (0 <= found.rank < found.count and 0 <= found.local_rank < found.local_count):
        words = " ".join(f"{name}={os.environ[name]}" for name in _NEEDED[:2])
        raise SettingError(f"The environment names no process of a training ({words}); start several with torchrun.")
    return found


class Threads(Protocol):
    """Threads that share work, see :class:`chargen.training.workers.Workers`."""

    count: int

    def map(self, function: Callable[[int], T]) -> list[T]: ...


class Ranks:
    """One process alone: it has all streams, decides for itself and waits for nobody.

    Attributes:
        rank, count: this one, of so many. asked: the stop that this process was asked for.
    """

    rank = 0
    count = 1

    def __init__(self) -> None:
        self.asked: str | None = None

    @property
    def first(self) -> bool:
        """Whether this is the one that prints and writes."""
        return self.rank == 0

    @property
    def stop_reason(self) -> str | None:
        """The stop that all know of."""
        return self.asked

    def clock(self, clock: "Clock") -> "Clock":
        """The clock that decisions are made by."""
        return clock

    def meet(self) -> None:
        """Agree on the time and on a stop, outside of a step."""

    def same_backend(self, backend: "Backend | None") -> "Backend | None":
        """Rank 0's."""
        return backend

    def level(self, tensors: "Sequence[Tensor]") -> None:
        """Give all ranks rank 0's numbers, in place."""

    def shares(self, streams: int, workers: int) -> list[slice]:
        """The streams of each of this rank's ``workers`` threads, of all the ranks' as even as possible."""
        whole, before = self.count * workers, self.rank * workers
        return [
            slice(index * streams // whole, (index + 1) * streams // whole) for index in range(before, before + workers)
        ]

    def gather(
        self, loss: "Tensor", gradients: "list[Tensor]", state: "tuple[Tensor, ...]", shares: list[slice], streams: int
    ) -> "tuple[Tensor, list[Tensor], tuple[Tensor, ...]]":
        """From the ranks' parts of a step the whole.

        Args:
            loss, gradients: parts of the mean over all streams. state: after the step, each part [L, share, H].
            shares: from :meth:`shares`. streams: B, of all ranks.

        Returns:
            The mean loss, its gradients, and the state of all streams [L, B, H].
        """
        return loss, gradients, state

    def divide(self, blocks: "Sequence[Tensor]") -> Callable[[int], bool]:
        """Which matrices of an update, by their numbers, this rank computes: where they are large, its part of them."""
        return lambda _number: True

    def trade(self, blocks: "Sequence[Tensor]") -> None:
        """Take from the other ranks, in place, what :meth:`divide` left to them."""

    def reading(self, workers: Threads) -> Threads:
        """Threads that share a text by streams, here and on the other ranks."""
        return workers

    def total(self, nats: float, characters: int, left: bool) -> tuple[float, int, bool]:
        """Sums over all ranks of what :meth:`reading` gave, and whether any of them ``left`` in the middle of it."""
        return nats, characters, left

    def close(self) -> None:
        """Take part no longer. Safe to call twice."""
