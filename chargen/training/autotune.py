"""Picks the fastest correct backend on this machine, for this shape, by measuring.

On processors the ways to compute one and the same LSTM step differ by up to sixty times, in both
directions, with the size: no rule of thumb holds. Each candidate runs a few real learning steps on a
copy of the network; the answer is kept per machine, PyTorch build and shape.
"""

import contextlib
import copy
import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from chargen.errors import FileError
from chargen.files import ensure_folder, read_json, write_json
from chargen.model.network import CharRNN
from chargen.paths import cache_dir
from chargen.training.backend import Backend, candidates
from chargen.training.config import TrainingConfig
from chargen.training.step import LearningStep, make_optimizer
from chargen.training.workers import worker_count

TOLERANCE = 0.02
"""A candidate whose loss on the first step differs by more than this share from the reference's is not correct."""

TRIALS = 3
MAXIMUM_ENTRIES = 200


def _cache_key(network: CharRNN, config: TrainingConfig, device: str, threads: int) -> str:
    facts = {
        "torch": torch.__version__,
        "machine": platform.machine(),
        "processor": _processor(),
        "device": device,
        "threads": threads,
        "model": network.config.to_json(),
        "V": network.config.vocabulary_size,
        "B": config.streams,
        "T": config.unroll,
        "dropout": config.dropout > 0,
        "precision": config.precision,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


def _processor() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    return f"{platform.processor()} {torch.backends.cpu.get_cpu_capability()}"


def _entries() -> dict[str, Any]:
    """What is remembered; nothing where the cache is missing, damaged or foreign."""
    try:
        entries = read_json(cache_dir() / "backends.json", limit=2**20)
    except FileError:
        return {}
    return entries if isinstance(entries, dict) else {}


def _cached(key: str, options: list[Backend]) -> Backend | None:
    try:
        backend = Backend(**_entries()[key])
    except (KeyError, TypeError):
        return None
    return backend if backend in options else None


def _remember(key: str, backend: Backend) -> None:
    """Keep the answer; a cache that cannot be written is no reason to stop."""
    path = cache_dir() / "backends.json"
    newest = list(_entries().items())[-MAXIMUM_ENTRIES:]
    with contextlib.suppress(FileError):
        ensure_folder(path.parent)
        write_json(path, {**dict(newest), key: backend.to_json()})


def choose_backend(
    network: CharRNN,
    config: TrainingConfig,
    device: str,
    threads: int,
    block: Tensor,
    hurried: Callable[[], bool] = lambda: False,
) -> Iterator[Backend | None]:
    """Measure the candidates. Yields None between trials (commands are heard there) and at last the chosen backend.

    Args:
        block: characters of one step, [T + 1, B], on the device.
        hurried: asked between trials; True ends them with the best so far, which is not remembered.
    """
    workers = worker_count(device, threads, block.shape[1])
    options = candidates(network.config.cell, device, config.precision, threads, workers)
    if len(options) == 1:
        yield options[0]
        return
    key = _cache_key(network, config, device, threads)
    known = _cached(key, options)
    if known is not None:
        yield known
        return
    timings: list[tuple[float, Backend]] = []
    reference: float | None = None
    for backend in options:
        backend.configure()
        loss, seconds = _measure(network, config, backend, block)
        reference = loss if reference is None else reference
        if abs(loss - reference) <= TOLERANCE * abs(reference):
            timings.append((seconds, backend))
        yield None
        if hurried():
            break
    best = min(timings, key=lambda timing: timing[0])[1]
    if not hurried():
        _remember(key, best)
    yield best


def _measure(network: CharRNN, config: TrainingConfig, backend: Backend, block: Tensor) -> tuple[float, float]:
    """(loss of the first step, seconds of the fastest of the next) on a copy of the network."""
    trial = copy.deepcopy(network)
    step = LearningStep(trial, make_optimizer(trial, config), config, backend)
    state = tuple(part.detach() for part in trial.start_state(block.shape[1]))
    try:
        first = float(step.run(block, state, 0.0, 0).loss)
        fastest = float("inf")
        for number in range(TRIALS):
            begin = time.perf_counter()
            float(step.run(block, state, 0.0, number + 1).loss)
            fastest = min(fastest, time.perf_counter() - begin)
    finally:
        step.close()
    return first, fastest
