"""How much memory a training will need, said before it starts."""

from chargen.errors import DeviceError
from chargen.model.config import ModelConfig
from chargen.training.config import TrainingConfig
from chargen.training.device import Device, free_memory

LIBRARIES = 55 * 2**20
"""What PyTorch's kernels and threads take once they run, measured."""

_KEPT = {"lstm": 1.15, "gru": 3.0, "rnn": 3.0}
"""Only the LSTM has a kernel that keeps an unroll in few pieces; the others keep every step's, measured."""


def estimate_bytes(model: ModelConfig, training: TrainingConfig, characters: int) -> int:
    """Bytes that training will take beyond the program itself, roughly.

    Parameters count six times (values, gradients, two moments of AdamW, a copy to save, a copy to write with). An
    unroll keeps for every character and layer the gates, their gradients and the activations on both sides, and at
    the end the scores twice. The text takes its bytes and half as much again while it is read.
    """
    parameters = 4 * model.parameter_count() * 6
    per_character = (
        model.layers * model.hidden * (3 * model.gates + 6) + 4 * model.vocabulary_size + 2 * model.embedding
    )
    unroll = 4 * per_character * training.streams * training.unroll * _KEPT[model.cell]
    width = 1 if model.vocabulary_size <= 256 else 2 if model.vocabulary_size <= 65_536 else 4
    return round(LIBRARIES + parameters + unroll + characters * width * 1.5)


def check_memory(model: ModelConfig, training: TrainingConfig, characters: int, device: Device) -> int:
    """The estimate in bytes. Raises DeviceError, naming it, where it is more than there is."""
    need, have = estimate_bytes(model, training, characters), free_memory(device.kind)
    if need > have:
        raise DeviceError(
            f"This size needs about {need / 2**30:.1f} GiB of memory, but the {device.name} has "
            f"{have / 2**30:.1f} GiB; choose fewer hidden units, streams or a shorter unroll."
        )
    return need


def smaller(model: ModelConfig, training: TrainingConfig) -> str:
    """The next smaller size to propose after memory ran out."""
    if training.streams > 8:
        return f"--streams {training.streams // 2}"
    return f"--hidden {max(8, model.hidden // 2)}"
