"""How a learning step is computed: which kernels, which number type, how many threads."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Backend:
    """One way to compute the same step.

    Attributes:
        kernels: ``own`` (:mod:`chargen.training.backpropagation`), ``onednn`` or ``native`` on the CPU; ``library``
            elsewhere (cuDNN, MPS, …).
        precision: ``float32`` or ``bfloat16``: the type of the products; parameters and optimizer are float32 always.
        threads: processor threads in all.
        workers: threads that share a step by streams (see :mod:`chargen.training.workers`); PyTorch's own do the rest.
    """

    kernels: str
    precision: str
    threads: int
    workers: int = 1

    @property
    def dtype(self) -> torch.dtype | None:
        """The reduced type, or None for float32."""
        return torch.bfloat16 if self.precision == "bfloat16" else None

    @property
    def threads_each(self) -> int:
        """PyTorch's own threads for each worker."""
        return max(1, self.threads // self.workers)

    def describe(self) -> str:
        return f"{self.kernels} {self.precision}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def configure(self) -> None:
        """Give the calling thread its share of PyTorch's own threads."""
        torch.set_num_threads(self.threads_each)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Inside, torch uses these kernels. The switch is global to the process: one trainer at a time uses it."""
        if self.kernels not in ("onednn", "native"):
            yield
            return
        switch: Any = torch.backends.mkldnn
        before = switch.enabled
        switch.enabled = self.kernels == "onednn"
        try:
            yield
        finally:
            switch.enabled = before


def candidates(cell: str, device: str, precision: str, threads: int, workers: int = 1) -> list[Backend]:
    """The backends worth measuring for a cell on a device; the first is the reference.

    Ours stands beside the library's. PyTorch hands only the LSTM to oneDNN; its native bfloat16 cells are up to sixty
    times slower than float32 and are not tried. A ``precision`` other than ``auto`` keeps only that type.
    """
    if device != "cpu":
        found = [Backend("library", "float32", threads)]
        if device == "cuda" and torch.cuda.is_bf16_supported():
            found.append(Backend("library", "bfloat16", threads))
    else:
        found = [Backend("native", "float32", threads, workers), Backend("own", "float32", threads, workers)]
        if torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            reduced = torch.ops.mkldnn._is_mkldnn_bf16_supported()
            precisions = ["float32", "bfloat16"] if reduced else ["float32"]
            if cell == "lstm":
                found += [Backend("onednn", precision, threads, workers) for precision in precisions]
            if reduced:
                found.append(Backend("own", "bfloat16", threads, workers))
    chosen = [backend for backend in found if precision in ("auto", backend.precision)]
    # A precision that was asked for and has no quick way still works, the slow way.
    return chosen or [Backend("native" if device == "cpu" else "library", precision, threads, workers)]
