"""Everything an exact continuation needs, in one file: one rename makes it whole or not at all.

Parameters, the optimizer's momenta and the carried state are tensors; the rest (step, rate, best loss,
seconds spent) is JSON in the file's metadata. Dropout masks and stream offsets follow from the seed
and the step, so no random generator has to be saved.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as safetensors_load
from safetensors.numpy import save as safetensors_save

from chargen.errors import FileError, RunError
from chargen.files import parse_json, previous_of, read_capped, write_atomic
from chargen.model.network import CharRNN, State
from chargen.safetensors_header import read_metadata
from chargen.training.optimizer import Optimizer
from chargen.training.step import distinct_parameters

MAXIMUM_RESUME_BYTES = 30 * 2**30
_KEY = "chargen_resume"
_FORMAT = 1


@dataclass(frozen=True)
class ResumePoint:
    """A step boundary. ``progress`` holds step, seconds, rate_scale, best_loss, … (plain JSON)."""

    progress: dict[str, Any]
    tensors: dict[str, NDArray[Any]]


def capture(network: CharRNN, optimizer: Optimizer, state: State, progress: dict[str, Any]) -> ResumePoint:
    """Copy everything off the device."""
    tensors: dict[str, NDArray[Any]] = {}
    for index, (name, parameter) in enumerate(distinct_parameters(network)):
        tensors[f"parameter.{name}"] = _copy(parameter)
        tensors[f"first.{name}"] = _copy(optimizer.first[index])
        if optimizer.second[index].numel():
            tensors[f"second.{name}"] = _copy(optimizer.second[index])
    for index, part in enumerate(state):
        tensors[f"state.{index}"] = _copy(part)
    return ResumePoint({**progress, "updates": optimizer.updates}, tensors)


def _copy(tensor: torch.Tensor) -> NDArray[Any]:
    return np.array(tensor.detach().to("cpu", torch.float32).numpy(), copy=True)


def restore(point: ResumePoint, network: CharRNN, optimizer: Optimizer) -> State:
    """Put everything back; returns the carried state. Raises RunError where it does not fit."""
    try:
        with torch.no_grad():
            for index, (name, parameter) in enumerate(distinct_parameters(network)):
                parameter.copy_(torch.from_numpy(point.tensors[f"parameter.{name}"]))
                optimizer.first[index].copy_(torch.from_numpy(point.tensors[f"first.{name}"]))
                if optimizer.second[index].numel():
                    optimizer.second[index].copy_(torch.from_numpy(point.tensors[f"second.{name}"]))
        optimizer.updates = point.progress["updates"]
        device, parts = network.head.bias.device, len(network.config.state_parts)
        return tuple(torch.from_numpy(point.tensors[f"state.{index}"].copy()).to(device) for index in range(parts))
    except (KeyError, RuntimeError, TypeError) as error:
        raise RunError("What was saved to continue this run does not fit its network; the file is damaged.") from error


def save(path: Path, point: ResumePoint) -> None:
    """Write the file; the one before stays as ``.previous``. Raises FileError."""
    header = json.dumps({"format": _FORMAT, "progress": point.progress}, allow_nan=False)
    data = safetensors_save(point.tensors, metadata={_KEY: header})
    write_atomic(path, data, keep_previous=True)


def load(path: Path) -> ResumePoint:
    """Read the newest whole file. Raises RunError where there is none."""
    for candidate in (path, previous_of(path)):
        if not candidate.exists():
            continue
        try:
            data = read_capped(candidate, MAXIMUM_RESUME_BYTES)
            header = parse_json(read_metadata(data)[_KEY], str(candidate))
            tensors = safetensors_load(data)
            if header["format"] > _FORMAT:
                raise RunError(f"“{candidate}” was made by a newer chargen; update to continue this run.")
            if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
                continue
            return ResumePoint(header["progress"], tensors)
        except (FileError, SafetensorError, KeyError, TypeError, ValueError):
            continue
    raise RunError(
        f"The run “{path.parent}” has nothing to continue from; train it anew, or from its model with --from."
    )
