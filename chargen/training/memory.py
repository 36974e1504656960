"""How much memory a training will need, said before it starts."""

from typing import TYPE_CHECKING

from chargen.corpus.streams import fit_streams
from chargen.errors import DeviceError
from chargen.model.config import ModelConfig
from chargen.training import calibration
from chargen.training.config import TrainingConfig

if TYPE_CHECKING:
    from chargen.training.device import Device

_VALIDATION_PIECE = 32_768  # characters that are validated together, see chargen.model.scoring


def estimate_bytes(model: ModelConfig, training: TrainingConfig, characters: int, validation: float = 0.1) -> int:
    """Bytes that training will take beyond the program itself, roughly: at the highest of three points.

    At a learning step, the parameters (values, moments, gradients) and what an unroll keeps: for every character and
    layer the gates, their gradients and the activations on both sides, and at the end the scores twice. At a
    validation, the scores of a piece of text. At a save, the parameters and moments several times over. Always there:
    PyTorch's kernels, and the text.
    """
    parameters = 4 * model.parameter_count()
    learned = int(characters * (1 - validation))
    shape = fit_streams(max(3, learned), training.streams, training.unroll)
    per_character = (
        model.layers * model.hidden * (3 * model.gates + 6) + 4 * model.vocabulary_size + 2 * model.embedding
    )
    unroll = 4 * per_character * shape.streams * shape.unroll
    piece = min(_VALIDATION_PIECE, max(characters - learned, 2))
    scores = 4 * piece * (model.vocabulary_size * calibration.MEMORY_VALIDATION + model.layers * model.hidden)
    learning = parameters * calibration.MEMORY_COPIES_LEARNING
    points = [
        learning + unroll * calibration.MEMORY_KEPT[model.cell],
        learning + scores,
        parameters * calibration.MEMORY_COPIES_SAVING,
    ]
    width = 1 if model.vocabulary_size <= 256 else 2 if model.vocabulary_size <= 65_536 else 4
    text = characters * width * calibration.MEMORY_PER_CHARACTER
    return round(calibration.MEMORY_LIBRARIES[model.cell] + text + max(points))


def check_memory(
    model: ModelConfig, training: TrainingConfig, characters: int, device: "Device", validation: float = 0.1
) -> int:
    """The estimate in bytes. Raises DeviceError, naming it, where it is more than there is."""
    from chargen.training.device import free_memory  # loads torch

    need, have = estimate_bytes(model, training, characters, validation), free_memory(device.kind)
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
