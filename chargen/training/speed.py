"""How fast this machine learns: measured once with one little network, and known exactly where a size was timed.

Nothing here imports torch before something is measured: the window asks while it draws.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from chargen.model.config import ModelConfig
from chargen.training import calibration
from chargen.training.config import TrainingConfig

if TYPE_CHECKING:
    from chargen.training.device import Device

WORTH_MEASURING_SECONDS = 15.0
"""A run shorter than this is not kept waiting by a measurement; it takes what is remembered."""

_SLOWEST, _FASTEST = 0.02, 50.0  # times the machine of the figures; beyond it something went wrong
_measuring = threading.Lock()


@dataclass(frozen=True)
class Speed:
    """What is known of a device's speed; plain numbers, good in any thread.

    Attributes:
        kind: of the device. threads: of the processor, as they were when it was measured (0: not known).
        factor: times as fast as the machine that the tables were made on.
        steps: seconds of a learning step by :func:`shape_key`, for the shapes that were timed here.
        free: bytes free on a device with memory of its own; None where it shares the machine's.
        ranks: processes that share each step, each as fast as that.
    """

    kind: str = "cpu"
    threads: int = 0
    factor: float = 1.0
    steps: Mapping[str, float] = field(default_factory=dict)
    free: int | None = None
    ranks: int = 1

    def free_memory(self) -> int:
        """Bytes that a training could take now."""
        return self.free if self.free is not None else int(psutil.virtual_memory().available)

    def estimated_step(self, model: ModelConfig, training: TrainingConfig, streams: int, unroll: int) -> float:
        """Seconds of a step of ``streams`` times ``unroll`` characters, by what it has to compute."""
        figures = calibration.STEP_SECONDS[model.cell] if self.kind == "cpu" else calibration.GPU_STEP_SECONDS
        seconds = sum(a * b for a, b in zip(figures, work(model, streams, unroll), strict=True)) / self.factor
        if self.kind == "cpu" and self.threads and training.threads:
            seconds *= self.threads / training.threads
        return seconds

    def step(self, model: ModelConfig, training: TrainingConfig, streams: int, unroll: int) -> tuple[float, bool]:
        """(seconds of a step of all ranks, whether this very shape was timed here)."""
        streams = -(-streams // self.ranks)
        if training.threads in (None, self.threads):
            timed = self.steps.get(shape_key(model, training, streams, unroll))
            if timed is not None:
                return timed, True
        return self.estimated_step(model, training, streams, unroll), False


def work(model: ModelConfig, streams: int, unroll: int) -> tuple[float, float, float, float, float, float]:
    """What a step computes: one step, time steps of layers, weights read at each, products, gates, parameters."""
    weights, inputs = 0, model.embedding
    for _ in range(model.layers):
        weights += model.gates * model.hidden * (inputs + model.hidden)
        inputs = model.hidden
    characters = streams * unroll
    products = characters * (weights + model.vocabulary_size * model.hidden)
    gates = characters * model.layers * model.gates * model.hidden
    return 1.0, unroll * model.layers, unroll * weights, products, gates, model.parameter_count()


def shape_key(model: ModelConfig, training: TrainingConfig, streams: int, unroll: int) -> str:
    """What a timing depends on besides the machine, in one line."""
    tied = " tied" if model.tied else ""
    dropout = " dropout" if training.dropout > 0 else ""
    return (
        f"{model.cell} L{model.layers} H{model.hidden} E{model.embedding} V{model.vocabulary_size} "
        f"{model.initial_state}{tied} B{streams} T{unroll}{dropout} {training.precision}"
    )


def reference(kind: str) -> tuple[ModelConfig, TrainingConfig]:
    """The network that every device of a kind is timed with, and how."""
    layers, hidden, streams, unroll = calibration.REFERENCE_SHAPE["cpu" if kind == "cpu" else "gpu"]
    model = ModelConfig("lstm", layers, hidden, calibration.REFERENCE_EMBEDDING, calibration.REFERENCE_SYMBOLS)
    return model, TrainingConfig(steps=1, streams=streams, unroll=unroll)


def remembered_speed(device: "Device", threads: int | None = None) -> Speed:
    """What was measured before on this device with these threads (None: all). Measures nothing."""
    from chargen.training import autotune
    from chargen.training.device import free_memory, processor_threads

    threads = threads or processor_threads()
    steps = autotune.timings(device.kind, threads)
    model, training = reference(device.kind)
    seconds = steps.get(shape_key(model, training, training.streams, training.unroll))
    calibrated = calibration.REFERENCE_SECONDS.get(device.kind)
    factor = 1.0
    if seconds is not None and calibrated is not None:
        factor = min(max(calibrated / seconds, _SLOWEST), _FASTEST)
    return Speed(device.kind, threads, factor, steps, free_memory(device.kind) if device.kind == "cuda" else None)


def measured_speed(device: "Device", threads: int | None = None, check: Callable[[], None] = lambda: None) -> Speed:
    """What is remembered; where the device was never timed, time it now (a few learning steps, remembered).

    Args:
        check: called between two pieces of work; may raise to leave.
    """
    from chargen.training import autotune
    from chargen.training.device import processor_threads

    threads = threads or processor_threads()
    model, training = reference(device.kind)
    with _measuring:  # two at once would time each other
        if shape_key(model, training, training.streams, training.unroll) not in autotune.timings(device.kind, threads):
            autotune.time_shape(model, training, device.kind, threads, check)
        return remembered_speed(device, threads)
