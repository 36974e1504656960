"""Everything an exact continuation needs, in one file: one rename makes it whole or not at all.

Parameters, the optimizer's momenta, the carried state and the guard's last good point are tensors; the rest (step,
rate, best loss, seconds spent) is JSON in the file's metadata. Dropout masks and stream offsets follow from the seed
and the step, so no random generator has to be saved. A run that has made no step yet is its seed alone: its file holds
no tensors, unless it started from a model.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as safetensors_load
from safetensors.numpy import save as safetensors_save

from chargen.corpus.corpus import Corpus
from chargen.errors import FileError, RunError
from chargen.files import parse_json, previous_of, read_capped, write_atomic
from chargen.model.network import State
from chargen.safetensors_header import read_metadata
from chargen.training.guard import Guard
from chargen.training.learner import Learner

MAXIMUM_RESUME_BYTES = 60 * 2**30
_KEY = "chargen_resume"
_FORMAT = 1


@dataclass(frozen=True)
class ResumePoint:
    """A step boundary. ``progress`` holds step, seconds, rate_scale, best_loss, … (plain JSON).

    ``older``: a newer one is there, but damaged.
    """

    progress: dict[str, Any]
    tensors: dict[str, NDArray[Any]] = field(default_factory=dict)
    older: bool = False


def corpus_mark(corpus: Corpus) -> str:
    """SHA-256, in hex, of a text and of the ids its characters have: what a resume point belongs to."""
    vocabulary = json.dumps(list(corpus.vocabulary.characters))
    return hashlib.sha256(f"{corpus.sha256} {corpus.validation_share} {vocabulary}".encode()).hexdigest()


def capture(learner: Learner, state: State, guard: Guard, progress: dict[str, Any]) -> ResumePoint:
    """Copy everything off the device. Where the guard's good point is this very step, it is kept once."""
    good, keys = guard.good, learner.keys()
    tensors = _named("", keys, learner.tensors(), state)
    if good.step != progress["step"]:
        tensors |= _named("good.", keys, good.tensors, good.state)
    described = {
        "step": good.step,
        "loss": None if math.isinf(good.loss) else good.loss,
        "updates": good.updates,
        "since": [float(loss) for losses in guard.stretch for loss in losses],
    }
    return ResumePoint({**progress, "good": described}, tensors)


def _named(
    prefix: str, keys: list[str], tensors: Iterable[torch.Tensor], state: State
) -> dict[str, NDArray[np.float32]]:
    """Copies by the names of the file. Empty ones (what Muon does not keep) are left out."""
    found = {prefix + key: _copy(tensor) for key, tensor in zip(keys, tensors, strict=True) if tensor.numel()}
    return found | {f"{prefix}state.{index}": _copy(part) for index, part in enumerate(state)}


def _copy(tensor: torch.Tensor) -> NDArray[Any]:
    return np.array(tensor.detach().to("cpu", torch.float32).numpy(), copy=True)


@torch.no_grad()
def restore(point: ResumePoint, learner: Learner, state: State) -> Guard:
    """Put everything back into ``learner`` and ``state``; returns the guard with its last good point.

    Raises:
        RunError: what was saved does not fit, in names, shapes or number types.
    """
    progress, point = point.progress, _with_averages(point)
    if progress["step"] == 0 and not point.tensors:
        return Guard(learner, 0, state)  # made from its seed
    places = {key: tensor for key, tensor in zip(learner.keys(), learner.tensors(), strict=True) if tensor.numel()}
    places |= {f"state.{index}": part for index, part in enumerate(state)}
    good = progress.get("good")  # a version before this one kept none
    apart = good is not None and good["step"] != progress["step"]
    _check_fit(point, places, ("", "good.") if apart else ("",))
    if apart:  # the guard copies what is live: first its good point, then what the run goes on from
        _put(point, "good.", places)
    else:
        _put(point, "", places)
    guard = Guard(learner, progress["step"], state)
    if good is not None:
        loss = math.inf if good["loss"] is None else good["loss"]
        guard.good = replace(guard.good, step=good["step"], loss=loss, updates=good["updates"])
        guard.stretch = [np.array(good["since"], np.float32)]
    _put(point, "", places)
    learner.optimizer.updates = progress["updates"]
    return guard


def _with_averages(point: ResumePoint) -> ResumePoint:
    """A point of a version that kept none: they begin from the weights."""
    if any("average." in key for key in point.tensors):
        return point
    weights = {key: tensor for key, tensor in point.tensors.items() if "parameter." in key}
    begun = {key.replace("parameter.", "average.", 1): tensor for key, tensor in weights.items()}
    return replace(point, tensors={**point.tensors, **begun})


def _check_fit(point: ResumePoint, places: dict[str, torch.Tensor], prefixes: tuple[str, ...]) -> None:
    expected = {prefix + key: tuple(place.shape) for prefix in prefixes for key, place in places.items()}
    found = {key: tensor.shape for key, tensor in point.tensors.items() if tensor.dtype == np.float32}
    if found != expected or len(found) != len(point.tensors):
        wrong = min(key for key in expected.keys() | point.tensors.keys() if expected.get(key) != found.get(key))
        raise RunError(
            f"What was saved to continue this run does not fit it (“{wrong}”): the file is damaged or another run's. "
            "Start a new run from its model with --from."
        )


def _put(point: ResumePoint, prefix: str, places: dict[str, torch.Tensor]) -> None:
    for key, place in places.items():
        place.copy_(torch.from_numpy(point.tensors[prefix + key]))


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
            if header["format"] > _FORMAT:
                raise RunError(f"“{candidate}” was made by a newer chargen; update to continue this run.")
            _check_progress(header["progress"])
            tensors = safetensors_load(data)
            if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
                continue
            return ResumePoint(header["progress"], tensors, older=candidate != path and path.exists())
        except (FileError, SafetensorError, AttributeError, KeyError, TypeError, ValueError):
            continue
    raise RunError(
        f"The run “{path.parent}” has nothing to continue from; train it anew, or from its model with --from."
    )


def _check_progress(values: dict[str, Any]) -> None:
    """Raise KeyError or ValueError where a number that a trainer needs is missing or is none."""
    good = values.get("good") or {"step": 0, "updates": 0, "loss": None, "since": []}
    counts = [values["step"], values["updates"], good["step"], good["updates"]]
    counts += [values.get("returns", 0), values.get("worse", 0)]
    numbers = [values["spent"], values["rate_scale"], *good["since"]]
    perhaps = (values["best_loss"], values.get("minutes_left"), good["loss"])
    numbers += [number for number in perhaps if number is not None]
    if not all(type(count) is int and count >= 0 for count in counts) or type(values["best_step"]) is not int:
        raise ValueError("a count")
    if not all(type(number) in (int, float) and number >= 0 for number in numbers):
        raise ValueError("a number")
    if good["step"] > values["step"]:
        raise ValueError("order")
