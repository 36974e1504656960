"""Several processes that learn as one, through PyTorch's process groups: gloo between processors, NCCL between GPUs.

A step costs one exchange: the sum of one flat buffer that holds the gradients, the loss, each rank's part of the
carried state (the others' parts zero there, so that the sum is the whole), rank 0's clock and everybody's wish to stop.
All ranks then make the same update; where matrices are large, each computes some of them and gives them to the others.
(Data parallelism, as in Li et al. 2020, "PyTorch Distributed: experiences on accelerating data parallel training",
without the buckets: by truncated back-propagation all gradients are ready at the same moment.)
"""

import contextlib
import datetime
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from chargen.errors import RankError
from chargen.training.backend import Backend
from chargen.training.clock import Clock
from chargen.training.ranks import Place, Ranks, T, Threads

PATIENCE_SECONDS = 120.0
"""A rank that was not heard of for so long is given up. One that has ended is noticed at once, by its connection."""

WORTH_TRADING = 5e7
"""Rows times columns times the smaller of both, over all matrices of an update: below, each rank computes all of them
sooner than it would hear of the others'."""

_PATIENCE = datetime.timedelta(seconds=PATIENCE_SECONDS)
_STOPS = ("stopped", "interrupted")


def join(place: Place) -> "ProcessGroup":
    """Meet the other processes.

    Raises:
        RankError: they cannot be reached.
    """
    gpu = torch.cuda.is_available()
    if gpu and place.local_rank < torch.cuda.device_count():
        torch.cuda.set_device(place.local_rank)  # from here on "cuda" is this one
    try:
        with _stdout_to_stderr():  # gloo greets on stdout, where results go
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if gpu else "gloo",
                store=_fresh_store(place),
                rank=place.rank,
                world_size=place.count,
                timeout=_PATIENCE,
            )
            dist.all_reduce(torch.zeros(1))  # connects now, not at the first step
    except (RuntimeError, ValueError, OSError) as error:
        raise RankError(
            f"Process {place.rank} of this training cannot reach the others at {os.environ['MASTER_ADDR']} port "
            f"{os.environ['MASTER_PORT']}; check the address given to torchrun, and name the network to use in "
            "GLOO_SOCKET_IFNAME (such as eth0) where a machine has several."
        ) from error
    return ProcessGroup(place)


def _fresh_store(place: Place) -> Store:
    """Where the processes leave their addresses; nothing of an earlier attempt is in it.

    ``torchrun`` keeps one store for all attempts. A process that finds there where its predecessor's peers used to
    listen waits for them in vain. Hence rank 0 makes up a name for this attempt, and tells it under words that the
    others have just made up.
    """
    served_by_launcher = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    store = TCPStore(
        address, port, is_master=place.rank == 0 and not served_by_launcher, timeout=_PATIENCE, multi_tenant=True
    )
    mine = uuid.uuid4().hex
    if place.rank > 0:
        store.set(f"hello/{place.rank}", mine)
        name = store.get(f"welcome/{mine}").decode()  # waits
        store.set(f"{name}/here/{place.rank}", "")
        return PrefixStore(name, store)
    missing, until = set(range(1, place.count)), time.monotonic() + PATIENCE_SECONDS
    while missing:
        for rank in sorted(missing):
            if store.check([f"hello/{rank}"]):  # perhaps its predecessor's, whom nobody hears any more
                store.set(f"welcome/{store.get(f'hello/{rank}').decode()}", mine)
            if store.check([f"{mine}/here/{rank}"]):
                missing.remove(rank)
        if time.monotonic() > until:
            raise RuntimeError(f"rank {min(missing)} did not come")
        time.sleep(0.01)
    return PrefixStore(mine, store)


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Within, whatever a library prints on stdout goes to stderr."""
    if sys.stdout is not None:
        sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no stdout
        yield
        return
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


class _AgreedClock(Clock):
    """Rank 0's clock as it was at the last exchange: between two, time stands still, alike on all ranks."""

    def __init__(self, own: Clock) -> None:
        super().__init__()
        self.own, self.agreed = own, own.seconds()

    def seconds(self) -> float:
        return self.agreed


class _Shared:
    """Threads here and on the other ranks: the others' parts stay empty."""

    def __init__(self, workers: Threads, rank: int, ranks: int) -> None:
        self.count, self._workers = workers.count * ranks, workers
        self._before = rank * workers.count

    def map(self, function: Callable[[int], Any]) -> list[Any]:
        mine = self._workers.map(lambda index: function(self._before + index))
        losses, state = mine[0]
        nothing = (losses[:, :0], state)
        return [nothing] * self._before + mine + [nothing] * (self.count - self._before - len(mine))


class ProcessGroup(Ranks):
    """One of several processes; see :func:`join`. What each method does, :class:`Ranks` says.

    Every method that exchanges something must be called by all ranks in the same order.

    Raises:
        RankError: in every such method, where another process has ended or is not heard of any more.
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.rank, self.count = place.rank, place.count
        self._stop: str | None = None
        self._clock: _AgreedClock | None = None
        self._buffer = torch.empty(0)
        self._open = True

    # -- what all decide by ------------------------------------------------------------------------

    @property
    def stop_reason(self) -> str | None:
        return self._stop

    def clock(self, clock: Clock) -> Clock:
        self._clock = _AgreedClock(clock)
        return self._clock

    def _words(self) -> list[float]:
        """[whole seconds, the rest, wishes to stop, wishes to leave], to be summed; a float32 holds each."""
        seconds = self._clock.own.seconds() if self._clock is not None and self.first else 0.0
        return [float(int(seconds)), seconds - int(seconds), *(float(self.asked == reason) for reason in _STOPS)]

    def _hear(self, words: list[float]) -> None:
        if self._clock is not None:
            self._clock.agreed = words[0] + words[1]
        for reason, wishes in zip(_STOPS, words[2:], strict=True):  # to leave goes before to stop
            if wishes:
                self._stop = reason

    def meet(self) -> None:
        self.total(0.0, 0, False)

    def total(self, nats: float, characters: int, left: bool) -> tuple[float, int, bool]:
        numbers = torch.tensor([nats, float(characters), float(left), *self._words()], dtype=torch.float64)
        self._sum(numbers)
        whole = numbers.tolist()
        self._hear(whole[3:])
        return whole[0], int(whole[1]), whole[2] > 0

    # -- a step ------------------------------------------------------------------------------------

    @torch.no_grad()
    def gather(
        self, loss: Tensor, gradients: list[Tensor], state: tuple[Tensor, ...], shares: list[slice], streams: int
    ) -> tuple[Tensor, list[Tensor], tuple[Tensor, ...]]:
        wholes = [(part.shape[0], streams, part.shape[2]) for part in state]
        shapes = [
            *(gradient.shape for gradient in gradients),
            torch.Size(()),
            *map(torch.Size, wholes),
            torch.Size([4]),
        ]
        sizes = [shape.numel() for shape in shapes]
        if self._buffer.numel() != sum(sizes) or self._buffer.device != loss.device:
            self._buffer = torch.zeros(sum(sizes), device=loss.device)
        views = [view.view(shape) for view, shape in zip(torch.split(self._buffer, sizes), shapes, strict=True)]
        count = len(gradients)
        torch._foreach_copy_(views[: count + 1], [*gradients, loss])
        for whole, part in zip(views[count + 1 : -1], state, strict=True):
            whole.zero_()
            whole[:, shares[0].start : shares[-1].stop] = part
        on_processor = loss.device.type == "cpu"
        # Elsewhere the words go their own way, between processors: reading them off a device would wait for the step.
        views[-1].copy_(torch.tensor(self._words() if on_processor else [0.0] * 4))
        self._sum(self._buffer)
        if on_processor:
            self._hear(views[-1].tolist())
        else:
            self.meet()
        # The buffer is the next step's: what is kept longer than this one is copied.
        return views[count].clone(), views[:count], tuple(view.clone() for view in views[count + 1 : -1])

    def _divided(self, blocks: Sequence[Tensor]) -> bool:
        return sum(block.numel() * min(block.shape) for block in blocks) >= WORTH_TRADING

    def divide(self, blocks: Sequence[Tensor]) -> Callable[[int], bool]:
        if not self._divided(blocks):
            return lambda _number: True
        return lambda number: number % self.count == self.rank

    def trade(self, blocks: Sequence[Tensor]) -> None:
        if not self._divided(blocks):
            return
        parts = [blocks[rank :: self.count] for rank in range(self.count)]
        sizes = [[block.numel() for block in part] for part in parts]
        rows = list(blocks[0].new_zeros(self.count, max(map(sum, sizes))))
        pieces = [torch.split(row[: sum(size)], size) for row, size in zip(rows, sizes, strict=True)]
        for block, piece in zip(parts[self.rank], pieces[self.rank], strict=True):
            piece.copy_(block.reshape(-1))
        self._exchange(lambda: dist.all_gather(rows, rows[self.rank].clone()))
        for part, found in zip(parts, pieces, strict=True):
            for block, piece in zip(part, found, strict=True):
                block.copy_(piece.view(block.shape))

    def reading(self, workers: Threads) -> Threads:
        return _Shared(workers, self.rank, self.count)

    def level(self, tensors: Sequence[Tensor]) -> None:
        with torch.no_grad():
            flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
            self._exchange(lambda: dist.broadcast(flat, 0))
            pieces = torch.split(flat, [tensor.numel() for tensor in tensors])
            for tensor, values in zip(tensors, pieces, strict=True):
                tensor.copy_(values.view(tensor.shape))

    # -- what is told ------------------------------------------------------------------------------

    def same_backend(self, backend: Backend | None) -> Backend | None:
        told = self.tell(json.dumps(None if backend is None else backend.to_json()).encode())
        values = json.loads(told)
        return None if values is None else Backend(**values)

    def tell(self, data: bytes) -> bytes:
        """Rank 0's bytes, on all ranks."""
        length = torch.tensor([len(data)])
        self._exchange(lambda: dist.broadcast(length, 0))
        content = _tensor(data, int(length))
        if len(content):
            self._exchange(lambda: dist.broadcast(content, 0))
        return content.numpy().tobytes()

    def ask_all(self, data: bytes) -> list[bytes]:
        """Everybody's bytes, in the order of the ranks."""
        lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(self.count)]
        self._exchange(lambda: dist.all_gather(lengths, torch.tensor([len(data)])))
        mine = _tensor(data, max(int(length) for length in lengths))
        found = [torch.empty_like(mine) for _ in range(self.count)]
        if len(mine):
            self._exchange(lambda: dist.all_gather(found, mine))
        return [one.numpy().tobytes()[: int(length)] for one, length in zip(found, lengths, strict=True)]

    # -- the wire ----------------------------------------------------------------------------------

    def _sum(self, numbers: Tensor) -> None:
        self._exchange(lambda: dist.all_reduce(numbers))

    def _exchange(self, collective: Callable[[], T]) -> None:
        try:
            collective()
        except RuntimeError as error:
            self._open = False  # nothing is to be expected of the others any more, not even a goodbye
            raise RankError(
                "Another process of this training has ended or cannot be reached. What was saved last is kept: "
                "start all of them again with --resume to go on."
            ) from error

    def close(self) -> None:
        if self._open:
            self._open = False
            with contextlib.suppress(RuntimeError):
                dist.destroy_process_group()


def _tensor(data: bytes, length: int) -> Tensor:
    """The bytes, filled up or cut to ``length``."""
    content = torch.zeros(length, dtype=torch.uint8)
    known = min(length, len(data))
    if known:
        content[:known] = torch.frombuffer(bytearray(data[:known]), dtype=torch.uint8)
    return content
