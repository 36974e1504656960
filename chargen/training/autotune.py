"""Picks the fastest correct backend on this machine, for this shape, by measuring.

On processors the ways to compute one and the same LSTM step differ by up to sixty times, in both
directions, with the size: no rule of thumb holds. Each candidate runs a few real learning steps on a
copy of the network; the answer, and how long a step takes that way, is kept per machine, PyTorch build
and shape: what is predicted of a run (:mod:`chargen.training.prediction`) stands on it.
"""

import contextlib
import copy
import functools
import hashlib
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from chargen.errors import FileError
from chargen.files import ensure_folder, read_json, write_json
from chargen.model.config import ModelConfig
from chargen.model.network import CharRNN
from chargen.paths import cache_dir
from chargen.training.backend import Backend, candidates
from chargen.training.config import TrainingConfig
from chargen.training.speed import shape_key
from chargen.training.step import LearningStep, make_optimizer
from chargen.training.workers import worker_count

TOLERANCE = 0.02
"""A candidate whose loss on the first step differs by more than this share from the reference's is not correct."""

SHORT_UNROLL = 16
"""Candidates are compared on the first characters of a block; only those that come close are timed on all of it."""

CLOSE = 1.3
"""As slow as that, compared with the fastest, is close."""

TRIALS = 3
MAXIMUM_TRIALS = 30
ENOUGH_SECONDS = 0.1
"""What a run's time is predicted from is timed for at least so long."""

TRIAL_SECONDS = 0.4
"""A candidate whose steps are slow is timed by fewer of them."""

MAXIMUM_ENTRIES = 200


def _machine(device: str, threads: int) -> str:
    """A short name for everything that a timing depends on besides the shape."""
    facts = {
        "torch": torch.__version__,
        "machine": platform.machine(),
        "processor": processor_name(device),
        "device": device,
        "threads": threads,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


@functools.cache
def processor_name(device: str) -> str:
    """What computes there: a folder of caches may be shared by machines, and processors of one kind differ in speed."""
    if device == "cuda" and torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    name = platform.processor()
    with contextlib.suppress(OSError):  # Linux tells it here alone
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{name} {torch.backends.cpu.get_cpu_capability()}"


def _entries() -> dict[str, Any]:
    """What is remembered; nothing where the cache is missing, damaged or foreign."""
    try:
        entries = read_json(cache_dir() / "backends.json", limit=2**20)
    except FileError:
        return {}
    return entries if isinstance(entries, dict) else {}


def _seconds(entry: Any) -> float | None:
    seconds = entry.get("seconds") if isinstance(entry, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 1e6:
        return None
    return float(seconds)


def timings(device: str, threads: int) -> dict[str, float]:
    """Seconds of a learning step for every shape that was timed on this machine, by its ``shape_key``."""
    machine, found = _machine(device, threads) + " ", {}
    for key, entry in _entries().items():
        seconds = _seconds(entry)
        if key.startswith(machine) and seconds is not None:
            found[key[len(machine) :]] = seconds
    return found


def _cached(key: str, options: list[Backend]) -> Backend | None:
    entry = _entries().get(key)
    try:
        backend = Backend(**{name: value for name, value in entry.items() if name != "seconds"})  # type: ignore[union-attr]
    except (AttributeError, TypeError):
        return None
    return backend if backend in options and _seconds(entry) is not None else None


def _remember(key: str, backend: Backend, seconds: float) -> None:
    """Keep the answer; a cache that cannot be written is no reason to stop."""
    path = cache_dir() / "backends.json"
    entries = _entries()
    entries.pop(key, None)  # what was timed anew is the newest
    newest = list(entries.items())[-MAXIMUM_ENTRIES:]
    with contextlib.suppress(FileError):
        ensure_folder(path.parent)
        write_json(path, {**dict(newest), key: {**backend.to_json(), "seconds": round(seconds, 9)}})


def remember_pace(
    network: CharRNN,
    config: TrainingConfig,
    device: str,
    threads: int,
    shape: tuple[int, int],
    backend: Backend,
    seconds: float,
) -> None:
    """Put what a step took on average over a whole run in the place of what the trials took.

    Args:
        shape: streams and unroll as they were read. seconds: of a step.
    """
    key = f"{_machine(device, threads)} {shape_key(network.config, config, *shape)}"
    if _cached(key, [backend]) is not None:
        _remember(key, backend, seconds)


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
    unroll, streams = block.shape[0] - 1, block.shape[1]
    workers = worker_count(device, threads, streams)
    options = candidates(network.config.cell, device, config.precision, threads, workers)
    key = f"{_machine(device, threads)} {shape_key(network.config, config, streams, unroll)}"
    known = _cached(key, options)
    if known is not None:
        yield known
        return
    short = block[: SHORT_UNROLL + 1]
    measured: list[tuple[float, Backend]] = []
    reference: float | None = None
    for backend in options if len(options) > 1 else []:
        backend.configure()
        loss, seconds = _measure(network, config, backend, short)
        reference = loss if reference is None else reference
        if abs(loss - reference) <= TOLERANCE * abs(reference):
            measured.append((seconds, backend))
        yield None
        if hurried():
            break
    measured.sort(key=lambda timing: timing[0])
    if hurried() or (len(options) > 1 and not measured):  # without any: the training will say that its loss is none
        yield measured[0][1] if measured else options[0]
        return
    close = [backend for seconds, backend in measured if seconds <= CLOSE * measured[0][0]] or options
    best: tuple[float, Backend] | None = None
    for backend in close:
        backend.configure()
        seconds = _measure(network, config, backend, block)[1]
        if best is None or seconds < best[0]:
            best = (seconds, backend)
        yield None
        if hurried():
            break
    assert best is not None
    if not hurried():
        _remember(key, best[1], best[0])
    yield best[1]


def time_shape(
    model: ModelConfig, config: TrainingConfig, device: str, threads: int, check: Callable[[], None] = lambda: None
) -> None:
    """Time a shape on random characters and remember it; ``check`` is called between trials and may raise."""
    generator = torch.Generator().manual_seed(0)
    network = CharRNN(model, generator).to(device)
    block = torch.randint(model.vocabulary_size, (config.unroll + 1, config.streams), generator=generator)
    before = torch.get_num_threads()
    try:
        for _ in choose_backend(network, config, device, threads, block.to(device)):
            check()
    finally:
        torch.set_num_threads(before)


def _measure(network: CharRNN, config: TrainingConfig, backend: Backend, block: Tensor) -> tuple[float, float]:
    """(loss of the first step, seconds of the one in the middle of the next) on a copy of the network."""
    trial = copy.deepcopy(network)
    step = LearningStep(trial, make_optimizer(trial, config), config, backend)
    state = tuple(part.detach() for part in trial.start_state(block.shape[1]))
    times: list[float] = []
    enough = ENOUGH_SECONDS if block.shape[0] > SHORT_UNROLL + 1 else 0.0
    try:
        first = float(step.run(block, state, 0.0, 0).loss)
        while len(times) < MAXIMUM_TRIALS and sum(times) < TRIAL_SECONDS:
            begin = time.perf_counter()
            float(step.run(block, state, 0.0, len(times) + 1).loss)
            times.append(time.perf_counter() - begin)
            if len(times) >= TRIALS and sum(times) >= enough:
                break
    finally:
        step.close()
    return first, statistics.median(times)
